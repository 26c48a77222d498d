"""The steps of a request as they are stored: row, timers, ledger entry and event together."""

from assent.app import records
from assent.app.agents import HookAnswer, LetThrough, LetThroughChanged
from assent.app.ports import Tx
from assent.core.approvals import (
    Receipt,
    Refusal,
    Request,
    consume,
    expire,
    supersede,
    timers_of,
)
from assent.core.facts import PlanState
from assent.core.proposals import AgentSession, Proposal


def open_request(tx: Tx, request: Request, now: int) -> None:
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
        fields={**fields, "request": request.number, "asked_in": request.asked_in.value},
    )
    tx.publish("request", request.id, at=now)


def set_plan(tx: Tx, session: AgentSession, state: PlanState, now: int) -> None:
    tx.set_plan_state(agent=session.agent, session_id=session.session_id, state=state, at=now)


def close_expired(tx: Tx, request: Request, now: int) -> None:
    """Expire a request whose time is up, whether or not its timer has run."""
    closed = expire(request, version=request.version, now=now)
    if isinstance(closed, Request):
        store_step(tx, closed, "expired", now)


def replace_by_newer(tx: Tx, request: Request, now: int) -> None:
    """Close an open question because the same call is being asked anew."""
    closed = supersede(request)
    if isinstance(closed, Request):
        store_step(tx, closed, "superseded", now)


def store_step(tx: Tx, request: Request, kind: str, now: int) -> None:
    """Store the next version of a request that nobody's word moved: timers and clashes."""
    tx.save_request(request)
    tx.set_timers(request.id, timers_of(request))
    tx.append(
        records.request_stream(request),
        kind,
        at=now,
        fields={"request": request.number, "action": request.subject},
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
    tx.publish("request", used.id, at=now)
    return _as_answer(receipt)


def use_approval(tx: Tx, request_id: str, proposal: Proposal, now: int) -> HookAnswer | None:
    """`use_receipt` for the request as it is stored now."""
    current = tx.request(request_id)
    return None if current is None else use_receipt(tx, current, proposal, now)


def _as_answer(receipt: Receipt) -> HookAnswer:
    if receipt.runnable.subject == receipt.subject:
        return LetThrough()
    return LetThroughChanged(receipt.runnable.payload)
