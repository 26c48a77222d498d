"""A person decides about a request: approve, reject, modify, delay, refer or withdraw."""

from dataclasses import dataclass, replace

from assent.app import records, requests
from assent.app.agents import ToolProposed
from assent.app.checkpoints.ending import undo_rejected
from assent.app.checkpoints.matters import is_unfinished, keep
from assent.app.gatehouse import Gatehouse
from assent.app.grants import ONCE, Allowance, check_allowance, give_grants
from assent.app.notifications.news import tell_of_decision
from assent.app.ports import PolicyVersion, Tx
from assent.app.precedent import effects_of, note_agreement
from assent.app.proof.record import policy_accepted
from assent.app.proof.requests import Voucher, as_signed, fits, heard, revoked, vouch
from assent.app.speaking import hand_with, name_for, reading_of, taken
from assent.core.actions import Plan, PolicyEdit, UnexplainedChange, UnknownAction
from assent.core.approvals import (
    Decision,
    Refusal,
    Request,
    State,
    Verdict,
    consume,
    hand_of,
)
from assent.core.due import timers_of
from assent.core.facts import PlanState
from assent.core.people.model import Factor
from assent.core.proposals import Proposal
from assent.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person says about a request, and where."""

    verdict: Verdict
    by: str
    via: str
    version: int | None = None
    """The version the person looked at; None takes whatever it is now."""
    reason: str = ""
    text: str | None = None
    """For a modification: the changed editable part of the call."""
    until: int | None = None
    """For a delay: its end, in ms since the epoch."""
    to: tuple[str, ...] = ()
    """For a referral: the people who may decide from now on, too."""
    in_name_of: str | None = None
    """Who let this person decide for them; None: whoever did, where that counts for more."""
    confirm: str = ""
    """For an approval: `read`, or the request's name typed again, as its tier wants."""
    factor: Factor = Factor.NONE
    """What showed that it is this person, apart from `envelope`."""
    envelope: bytes | None = None
    """A signed statement that says all of this."""
    allowance: Allowance = ONCE
    """For an approval: what is allowed beyond this one call."""


async def decide_request(gate: Gatehouse, number: int, word: Word) -> Request | Refusal:
    """Apply a person's word; the request afterwards, or why nothing changed.

    Raises NotFoundError for an unknown number, UsageError for a text that the call cannot take,
    ConflictError for a signed statement that was used before, and UnavailableError when the
    decision cannot be recorded: then it was not taken.
    """
    seen = gate.store.read(lambda view: view.request_numbered(number))
    if seen is None:
        raise NotFoundError(f"There is no REQ-{number}.", hint="See: assent inbox")
    spoken = heard(gate, seen, word.envelope, caller=word.by, via=word.via)
    if isinstance(spoken, Refusal):
        return spoken
    said = word if spoken is None else replace(word, by=spoken.person.name)
    decision = as_signed(decision_from(gate, seen, said), spoken)
    voucher = Voucher(gate.proof, word.allowance, gate.ids, spoken)
    unproven = fits(voucher, seen, decision)
    if unproven is not None:
        return unproven

    def work(tx: Tx) -> Request | Refusal:
        decided = revoked(tx, voucher, seen) or _apply(
            gate, tx, seen, decision=decision, voucher=voucher
        )
        if isinstance(decided, Request):
            give_grants(tx, decided, word.allowance, ids=gate.ids)
            tx.seal(decision.at)
        return decided

    outcome = await gate.store.write(work, durable=True)
    if isinstance(outcome, Request) and is_unfinished(outcome):
        undo_rejected(gate, outcome.proposal.session.workspace)
    return outcome


def decision_from(gate: Gatehouse, seen: Request, word: Word) -> Decision:
    """What `word` decides about `seen`. Raises UsageError for what the call cannot take."""
    replacement = _changed(gate, seen, word.text) if word.verdict is Verdict.MODIFY else None
    check_allowance(seen, word.allowance)
    now = gate.clock.now()
    reading, giver = gate.store.read(
        lambda view: (
            reading_of(view, seen, word.by),
            name_for(gate, view, seen, by=word.by, at=now),
        )
    )
    return Decision(
        verdict=word.verdict,
        by=word.by,
        at=now,
        version=seen.version if word.version is None else word.version,
        subject=seen.subject,
        reason=word.reason.strip() or _reason_of(seen, word),
        via=word.via,
        replacement=replacement,
        until=word.until,
        hand=hand_with(hand_of(seen, word.confirm), reading, via=word.via),
        factor=word.factor,
        in_name_of=giver if word.in_name_of is None else word.in_name_of,
        shown_ms=0 if reading is None else reading.shown_ms,
        read=reading is not None and reading.read,
        to=tuple(dict.fromkeys(word.to)),
    )


def _reason_of(request: Request, word: Word) -> str:
    """No agent made these changes, so nobody has to be told why they are undone."""
    is_undo = isinstance(request.proposal.action, UnexplainedChange)
    return "undone" if is_undo and word.verdict is Verdict.REJECT else ""


def _changed(gate: Gatehouse, request: Request, text: str | None) -> Proposal:
    """The call as the person changed it, read again from a changed payload."""
    agent = gate.agents.get(request.proposal.session.agent)
    if agent is None or text is None or request.proposal.editable is None:
        raise UsageError(
            f"{request.name} has no part that can be changed.",
            hint="Reject it and say what the agent should do instead.",
        )
    payload = agent.change(request.proposal.payload, text)
    event = agent.read(request.proposal.event, payload, env={}, files=gate.files)
    if not isinstance(event, ToolProposed) or isinstance(event.proposal.action, UnknownAction):
        raise UsageError(
            f"The changed text does not make a call that {agent.title} can run.",
            hint="Change it again, or reject the request.",
        )
    return _in_the_run_of(request.proposal, event.proposal)


def _in_the_run_of(asked: Proposal, changed: Proposal) -> Proposal:
    return Proposal(
        session=asked.session,
        call_id=asked.call_id,
        tool=changed.tool,
        action=changed.action,
        payload=changed.payload,
        event=asked.event,
        prose=asked.prose,
        editable=changed.editable,
    )


def _apply(
    gate: Gatehouse, tx: Tx, seen: Request, *, decision: Decision, voucher: Voucher
) -> Request | Refusal:
    now = decision.at
    request = tx.request(seen.id)
    if request is None:
        raise NotFoundError(f"{seen.name} is gone.", hint="See: assent inbox")
    decided = taken(gate, tx, request, decision)
    if isinstance(decided, Refusal):
        return decided
    tx.save_request(decided)
    tx.set_timers(decided.id, timers_of(decided))
    tx.append(
        records.request_stream(decided),
        "decided",
        at=now,
        fields={
            **records.decision_fields(decided, decision),
            **vouch(tx, voucher, request, decision),
        },
    )
    tell_of_decision(tx, decided, now=now)
    tx.publish("request", decided.id, at=now)
    if decided.state is State.APPROVED:
        note_agreement(tx, decided.proposal.session, effects_of(decided.assessment), now)
    return _take_effect(gate, tx, decided, now=now)


def _take_effect(gate: Gatehouse, tx: Tx, decided: Request, *, now: int) -> Request:
    """What a decision changes at once, beyond the request itself."""
    action = decided.proposal.action
    if isinstance(action, PolicyEdit) and decided.state is State.APPROVED:
        return _accept_policy(gate, tx, decided, now=now)
    if isinstance(action, UnexplainedChange) and decided.state is State.APPROVED:
        return keep(tx, decided, now)
    if isinstance(action, Plan) and decided.state in _PLAN_AFTER:
        requests.set_plan(tx, decided.proposal.session, _PLAN_AFTER[decided.state], now)
    return decided


_PLAN_AFTER = {
    State.APPROVED: PlanState.APPROVED,
    State.REJECTED: PlanState.REJECTED,
    State.CANCELLED: PlanState.REJECTED,
}


def _accept_policy(gate: Gatehouse, tx: Tx, approved: Request, *, now: int) -> Request:
    """An approved policy is in force with the same commit; its receipt is used up by that."""
    outcome = consume(approved, subject=approved.subject, now=now)
    if isinstance(outcome, Refusal):
        return approved
    used, receipt = outcome
    action = receipt.runnable.action
    if not isinstance(action, PolicyEdit):
        return approved
    tx.save_request(used)
    tx.set_timers(used.id, timers_of(used))
    accepted = PolicyVersion(
        workspace=action.workspace,
        digest=action.after,
        text=receipt.runnable.payload,
        accepted_by=used.decisions[-1].by,
        at=now,
    )
    tx.accept_policy(accepted)
    policy_accepted(
        tx,
        accepted,
        before=action.before,
        ids=gate.ids,
        request=used.number,
        subject=receipt.runnable.subject,
    )
    tx.append(
        records.policy_stream(action.workspace),
        "policy-accepted",
        at=now,
        fields={
            "policy": action.after,
            "before": action.before,
            "by": used.decisions[-1].by,
            "request": used.number,
        },
    )
    return used
