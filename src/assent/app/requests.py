"""The steps of a request as they are stored: row, timers, ledger entry and event together."""

from collections.abc import Mapping
from types import MappingProxyType

from assent.app import records
from assent.app.agents import HookAnswer, LetThrough, LetThroughChanged
from assent.app.ports import Tx
from assent.core.approvals import Receipt, Refusal, Request, consume, deciding, lapse, supersede
from assent.core.canonical import Json
from assent.core.due import escalate, expire, timers_of
from assent.core.facts import PlanState
from assent.core.policy.budget import amount_of
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.model import Assessment

NOTHING_MORE: Mapping[str, Json] = MappingProxyType({})


def open_request(
    tx: Tx, request: Request, now: int, *, more: Mapping[str, Json] = NOTHING_MORE
) -> None:
    """Store a new request with its timers, its record and its event."""
    tx.add_request(request)
    tx.set_timers(request.id, timers_of(request))
    fields = records.call_fields(
        request.proposal, request.assessment, rule=request.rule, policy=request.policy
    )
    tx.append(
        records.request_stream(request),
        "asked",
        at=now,
        fields={
            **fields,
            **more,
            "request": request.number,
            "asked_in": request.asked_in.value,
            "tier": request.tier.value,
            "reviewers": list(request.reviewers),
            "quorum": request.quorum,
        },
    )
    tx.publish("request", request.id, at=now)


def set_plan(tx: Tx, session: AgentSession, state: PlanState, now: int) -> None:
    tx.set_plan_state(agent=session.agent, session_id=session.session_id, state=state, at=now)


def time_is_up(tx: Tx, request: Request, now: int) -> Request | Refusal:
    """Ask the next ones, or else expire it, whether or not its timer has run."""
    asked_next = escalate(request, version=request.version, now=now)
    if isinstance(asked_next, Request):
        store_step(tx, asked_next, "escalated", now, more={"reviewers": list(asked_next.reviewers)})
        return asked_next
    closed = expire(request, version=request.version, now=now)
    if isinstance(closed, Request):
        store_step(tx, closed, "expired", now)
    return closed


def replace_by_newer(tx: Tx, request: Request, now: int) -> None:
    """Close an open question because the same call is being asked anew."""
    closed = supersede(request)
    if isinstance(closed, Request):
        store_step(tx, closed, "superseded", now)


def lapse_unprotected(tx: Tx, request: Request, now: int) -> None:
    """Close an approval that was given before it was known that no checkpoint can be made."""
    closed = lapse(request)
    if isinstance(closed, Request):
        store_step(tx, closed, "superseded", now, more={"why": "no checkpoint can be made now"})


def store_step(
    tx: Tx, request: Request, kind: str, now: int, *, more: Mapping[str, Json] = NOTHING_MORE
) -> None:
    """Store the next version of a request that nobody's word moved: timers and clashes."""
    tx.save_request(request)
    tx.set_timers(request.id, timers_of(request))
    tx.append(
        records.request_stream(request),
        kind,
        at=now,
        fields={"request": request.number, "action": request.subject, **more},
    )
    tx.publish("request", request.id, at=now)


def use_receipt(tx: Tx, request: Request, proposal: Proposal, now: int) -> HookAnswer | None:
    """Consume the approval for `proposal`; None when it was not there to be used."""
    outcome = consume(request, subject=proposal.subject, now=now)
    if isinstance(outcome, Refusal):
        return None
    used, receipt = outcome
    tx.save_request(used)
    tx.set_timers(used.id, timers_of(used))
    tx.append(
        records.request_stream(used),
        "let-through",
        at=now,
        fields={
            **records.session_fields(proposal.session),
            "request": used.number,
            "action": receipt.subject,
            "runs": receipt.runnable.subject,
            "call": proposal.call_id,
        },
    )
    _remember(tx, used, proposal, now)
    record_spending(tx, proposal, used.assessment, now)
    tx.publish("request", used.id, at=now)
    return _as_answer(receipt)


def _remember(tx: Tx, used: Request, proposal: Proposal, now: int) -> None:
    """Let the same call pass again for a while; not one that a person changed."""
    said = deciding(used)
    is_changed = used.runnable is not None and used.runnable.subject != used.subject
    if not used.remember_ms or said is None or is_changed:
        return
    tx.append(
        records.remembered_stream(proposal.session, used.subject),
        "remembered",
        at=now,
        fields={
            "request": used.number,
            "action": used.subject,
            "by": said.by,
            "approved_at": said.at,
            "until": said.at + used.remember_ms,
        },
    )


def record_spending(tx: Tx, proposal: Proposal, assessment: Assessment, now: int) -> None:
    """Count what a call costs that is let through."""
    if amount_of(assessment):
        tx.append(
            records.spent_stream(proposal.session.workspace, now),
            "spent",
            at=now,
            fields=records.spending_fields(proposal, assessment),
        )


def use_approval(tx: Tx, request_id: str, proposal: Proposal, now: int) -> HookAnswer | None:
    """`use_receipt` for the request as it is stored now."""
    current = tx.request(request_id)
    return None if current is None else use_receipt(tx, current, proposal, now)


def _as_answer(receipt: Receipt) -> HookAnswer:
    if receipt.runnable.subject == receipt.subject:
        return LetThrough()
    return LetThroughChanged(receipt.runnable.payload)
