"""The steps of a request as they are stored: row, timers, ledger entry and event together."""

from collections.abc import Mapping
from types import MappingProxyType

from assent.app import records
from assent.app.agents import HookAnswer, LetThrough, LetThroughChanged
from assent.app.notifications.items import Occasion
from assent.app.notifications.news import tell_of_request
from assent.app.ports import Tx, View
from assent.core.approvals import (
    Receipt,
    Refusal,
    Request,
    ballot_of,
    consume,
    deciding,
    is_own_approval,
    lapse,
    supersede,
)
from assent.core.canonical import Json
from assent.core.due import asked_next, climb, escalate, expire, resume, timers_of
from assent.core.facts import PlanState
from assent.core.people.groups import is_group
from assent.core.people.voices import active_names, is_anybody
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
            "needs": [
                {"group": need.group, "people": list(need.people), "count": need.count}
                for need in request.also
            ],
            "asker": request.asker,
            "separate": request.separate,
            "signed": request.signed,
        },
    )
    tell_of_request(tx, request, Occasion.OPENED, now=now)
    tx.publish("request", request.id, at=now)


def set_plan(tx: Tx, session: AgentSession, state: PlanState, now: int) -> None:
    tx.set_plan_state(agent=session.agent, session_id=session.session_id, state=state, at=now)


def time_is_up(
    tx: Tx, request: Request, now: int, *, people: tuple[str, ...] | None = None
) -> Request | Refusal:
    """What is due happens, whether or not its timer has run: the step that comes first.

    A delay ends, the next rung is asked, the next ones are, or else it expires. `people` are those
    whom the step asks, by name; None: not looked up. Then words that mean a group are left to the
    timer, which looks them up, and the request is as it was.
    """
    if request.delayed_until is not None and request.delayed_until <= now:
        return come_back(tx, request, now)
    words = asked_next(request)
    if people is None and any(is_group(word) for word in words):
        return request
    asked = words if people is None else people
    climbed = climb(request, version=request.version, now=now, people=asked)
    if isinstance(climbed, Request):
        _store_asked(tx, climbed, now, words=words, people=asked)
        return climbed
    others = escalate(request, version=request.version, now=now, people=asked)
    if isinstance(others, Request):
        _store_asked(tx, others, now, words=words, people=asked)
        return others
    closed = expire(request, version=request.version, now=now)
    if isinstance(closed, Request):
        store_step(tx, closed, "expired", now, more={"advice": closed.advice})
    return closed


def come_back(tx: Tx, request: Request, now: int) -> Request | Refusal:
    """A delay is over."""
    step = resume(request, version=request.version, now=now)
    if isinstance(step, Request):
        store_step(tx, step, "resumed", now)
        tell_of_request(tx, step, Occasion.REMINDER, to=unanswered(tx, step), now=now)
    return step


def remind(tx: Tx, request: Request, due_at: int, now: int) -> int:
    """Tell those who have not answered again, and set the next reminder: how many were told.

    The request stays as it is, so that nobody who looks at it has to look again. The timer is the
    record of which reminder is next; it moves on with the same commit that puts this one out.
    """
    told = tell_of_request(
        tx,
        request,
        Occasion.REMINDER,
        to=unanswered(tx, request),
        now=now,
        mark=f"/{due_at}",
    )
    tx.set_timers(request.id, timers_of(request, since=now))
    return told


def unanswered(view: View, request: Request) -> tuple[str, ...]:
    """Who could still agree to what is missing, and has not."""
    people = view.people()
    ballot = ballot_of(request, active=active_names(people))
    open_needs = [each for each in ballot.progress if not each.is_met]
    names = [name for each in open_needs for name in each.can]
    if any(is_anybody(each.need) for each in open_needs):
        names += [person.name for person in people if ballot.bars.lets(person.name)]
    spoke = {voice.by for voice in ballot.voices}
    return tuple(name for name in dict.fromkeys(names) if name not in spoke)


def _store_asked(
    tx: Tx, step: Request, now: int, *, words: tuple[str, ...], people: tuple[str, ...]
) -> None:
    """Others are asked from now on: recorded as whom the policy named, and who that was."""
    more: Mapping[str, Json] = {
        "asked": list(words),
        "people": list(people),
        "reviewers": list(step.reviewers),
        "until": step.expires_at,
    }
    store_step(tx, step, "escalated", now, more=more)
    tell_of_request(tx, step, Occasion.ESCALATED, to=people or None, now=now)


def replace_by_newer(tx: Tx, request: Request, now: int) -> None:
    """Close an open question because the same call is being asked anew."""
    closed = supersede(request)
    if isinstance(closed, Request):
        store_step(tx, closed, "superseded", now)


def lapse_unprotected(tx: Tx, request: Request, now: int) -> None:
    """Close an approval that was given before it was known that no checkpoint can be made."""
    _lapse(tx, request, now, why="no checkpoint can be made now")


def _lapse(tx: Tx, request: Request, now: int, *, why: str) -> None:
    closed = lapse(request)
    if isinstance(closed, Request):
        store_step(tx, closed, "superseded", now, more={"why": why})


def store_step(
    tx: Tx, request: Request, kind: str, now: int, *, more: Mapping[str, Json] = NOTHING_MORE
) -> None:
    """Store the next version of a request that nobody's word moved: timers and clashes."""
    tx.save_request(request)
    tx.set_timers(request.id, timers_of(request, since=now))
    tx.append(
        records.request_stream(request),
        kind,
        at=now,
        fields={"request": request.number, "action": request.subject, **more},
    )
    tx.publish("request", request.id, at=now)


def use_receipt(tx: Tx, request: Request, proposal: Proposal, now: int) -> HookAnswer | None:
    """Consume the approval for `proposal`; None when it was not there to be used.

    Where asker and approver are apart, nobody's agent uses what that person approved for another's:
    it is asked anew.
    """
    if is_own_approval(request, proposal.session.person):
        _lapse(tx, request, now, why="who approved it runs the agent that would use it")
        return None
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
            "asker": used.asker,
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
