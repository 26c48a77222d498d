"""What a person says about a request, and whether it is theirs to say."""

from collections.abc import Sequence
from dataclasses import replace

from assent.core.approvals import (
    AGENT_PROMPT,
    AGREEING,
    Cause,
    Decision,
    Refusal,
    Request,
    State,
    Step,
    Verdict,
    ballot_of,
    bars_of,
    outcome_of,
)
from assent.core.people.delegation import givers_for
from assent.core.people.model import Delegation
from assent.core.people.voices import Voice, is_member
from assent.core.policy.model import AskIn, Tier
from assent.core.proposals import Proposal

NO_DELEGATIONS: Sequence[Delegation] = ()
WEIGHTY = AGREEING | {Verdict.REFER}
"""What lets something run, or others decide. Of everything else no harm comes."""


def spoken_for(
    request: Request,
    by: str,
    *,
    at: int,
    delegations: Sequence[Delegation],
    active: frozenset[str] | None = None,
) -> str:
    """In whose name `by` should speak at `at`; empty: in their own.

    In that of somebody who let them, where their voice counts for more so.
    """
    if by == request.asker:
        return ""
    ballot = ballot_of(request, active=active)
    givers = givers_for(by, delegations, request.matter, at)
    return ballot.best_name(by, [name for name in givers if ballot.bars.lets(name)])


def decide(
    request: Request,
    decision: Decision,
    *,
    delegations: Sequence[Delegation] = NO_DELEGATIONS,
    active: frozenset[str] | None = None,
) -> Step:
    """Apply what a person said. Any rejection decides at once; approvals are counted by needs.

    `delegations` are those in force, no wider than the policy allows; `active` are the people who
    count at all. Only in the name of somebody who let them, by such a delegation, does one speak
    for another. A modification is taken only where one person's approval is enough, since the
    others would have approved something else. A delay moves the expiry along, so that what comes
    back can be decided. Who refers a request adds people to those who may decide in their place.
    """
    refusal = _refuse(request, decision, delegations=delegations, active=active)
    if refusal is not None:
        return refusal
    said = replace(request, version=request.version + 1, decisions=(*request.decisions, decision))
    match decision.verdict:
        case Verdict.REJECT:
            return replace(said, state=State.REJECTED)
        case Verdict.WITHDRAW:
            return replace(said, state=State.CANCELLED)
        case Verdict.DELAY:
            return _delay(said, decision.until)
        case Verdict.REFER:
            return _referred(said, decision)
        case Verdict.APPROVE | Verdict.MODIFY:
            return _count(said, active)


def _refuse(
    request: Request,
    decision: Decision,
    *,
    delegations: Sequence[Delegation],
    active: frozenset[str] | None,
) -> Refusal | None:
    """The reason why `decision` cannot be taken, or None."""
    closed = _closed(request, decision.at)
    if closed is not None:
        return closed
    if request.asked_in is AskIn.AGENT and decision.via != AGENT_PROMPT:
        return Refusal(
            Cause.ASKED_ELSEWHERE, f"{request.name} is being asked at the agent's own prompt."
        )
    if decision.version != request.version:
        return Refusal(
            Cause.STALE_VERSION,
            f"{request.name} changed while you looked at it; look again.",
        )
    if decision.subject != request.subject:
        return Refusal(Cause.OTHER_SUBJECT, f"{request.name} asks for another action.")
    # Taking a question back needs no reviewer: it lets nothing run.
    if decision.verdict is not Verdict.WITHDRAW:
        refusal = _refuse_speaker(request, decision, delegations=delegations, active=active)
        if refusal is not None:
            return refusal
    return _refuse_verdict(request, decision, active)


def _refuse_speaker(
    request: Request,
    decision: Decision,
    *,
    delegations: Sequence[Delegation],
    active: frozenset[str] | None,
) -> Refusal | None:
    """Why it is not for this person to say, whatever it is."""
    by, giver = decision.by, decision.in_name_of
    bars = bars_of(request, active)
    if not bars.is_active(by):
        return Refusal(Cause.NOT_ACTIVE, f"{by} is not an active person here, and decides nothing.")
    if decision.verdict in WEIGHTY:
        at_prompt = request.separate and decision.via == AGENT_PROMPT
        if bars.is_asker(by) or bars.is_asker(giver) or at_prompt:
            return Refusal(
                Cause.ASKED_IT,
                f"{request.name} was asked by an agent of {request.asker or by}; the policy wants "
                "somebody else to decide.",
            )
    if giver:
        lets = givers_for(by, delegations, request.matter, decision.at)
        if giver not in lets or by == request.asker or not bars.is_active(giver):
            return Refusal(
                Cause.NOT_DELEGATED, f"{giver} did not let {by} decide about {request.name}."
            )
    speaker = giver if giver and decision.verdict is not Verdict.REFER else by
    if is_member(speaker, request.needs) or is_member(by, request.needs):
        return None
    names = ", ".join(dict.fromkeys(name for need in request.needs for name in need.people))
    groups = names or " and ".join(need.group for need in request.needs)
    return Refusal(Cause.NOT_A_REVIEWER, f"{request.name} is for {groups} to decide, not for {by}.")


def _closed(request: Request, now: int) -> Refusal | None:
    if request.state is not State.PENDING:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is already {outcome_of(request)}.")
    if now >= request.expires_at:
        return Refusal(Cause.EXPIRED, f"{request.name} expired before this was said.")
    return None


def _refuse_verdict(
    request: Request, decision: Decision, active: frozenset[str] | None
) -> Refusal | None:
    match decision.verdict:
        case Verdict.REJECT if not decision.reason.strip():
            return Refusal(Cause.NO_REASON, "A rejection needs a reason: the agent reads it.")
        case Verdict.DELAY if decision.until is None or decision.until <= decision.at:
            return Refusal(Cause.NOT_LATER, "A delay needs a time that is still to come.")
        case Verdict.REFER:
            return _refuse_referral(request, decision, active)
        case Verdict.APPROVE | Verdict.MODIFY:
            return _refuse_hand(request, decision) or _refuse_voice(request, decision, active)
        case _:
            return None


def _refuse_hand(request: Request, decision: Decision) -> Refusal | None:
    if decision.verdict is Verdict.MODIFY and decision.replacement is None:
        return Refusal(Cause.NO_REPLACEMENT, "A modification needs the action to run instead.")
    if request.signed and not (decision.envelope and decision.factor.is_human):
        return Refusal(
            Cause.NOT_SIGNED,
            f"{request.name} is approved by a signature: with a passkey, or a key that is touched.",
        )
    if decision.hand.strictness < request.tier.strictness:
        return Refusal(Cause.NOT_CONFIRMED, _TO_CONFIRM[request.tier].format(request.name))
    return None


def _refuse_voice(
    request: Request, decision: Decision, active: frozenset[str] | None
) -> Refusal | None:
    ballot, voice = ballot_of(request, active=active), Voice(decision.by, decision.in_name_of)
    if not ballot.brings(voice):
        whom = decision.in_name_of or decision.by
        return Refusal(Cause.SAME_PERSON_TWICE, f"{whom} has approved already.")
    alone = replace(ballot, voices=(voice,))
    if decision.verdict is Verdict.MODIFY and not alone.is_met:
        others = " and ".join(alone.missing)
        return Refusal(
            Cause.NEEDS_OTHERS,
            f"{request.name} needs {others}; reject it and say what to change.",
        )
    return None


def _refuse_referral(
    request: Request, decision: Decision, active: frozenset[str] | None
) -> Refusal | None:
    """Nobody hands on what was handed to them, and nobody is asked who could not decide."""
    bars = bars_of(request, active)
    if not decision.to or set(decision.to) <= {decision.by}:
        return Refusal(Cause.NOT_A_PERSON, "To refer a request, name the people to decide it.")
    for name in decision.to:
        if not name or not bars.is_active(name):
            return Refusal(Cause.NOT_A_PERSON, f"{name or 'That'} is not an active person here.")
        if bars.is_asker(name):
            return Refusal(
                Cause.ASKED_IT,
                f"{request.name} was asked by an agent of {name}, who cannot decide.",
            )
    return None


_TO_CONFIRM = {
    Tier.ACKNOWLEDGE: "{0} needs an approval.",
    Tier.REVIEW: "{0} is approved once it was opened to its end: confirm that you read it.",
    Tier.APPROVE: "{0} is approved in two steps: type {0} to confirm it.",
}


def _delay(said: Request, until: int | None) -> Request:
    lifetime = said.expires_at - said.created_at
    expires_at = said.expires_at if until is None else max(said.expires_at, until + lifetime)
    return replace(said, delayed_until=until, expires_at=expires_at)


def _referred(said: Request, decision: Decision) -> Request:
    """The named people join each group that the referrer is in; how many have to agree stays."""

    def joined(people: tuple[str, ...]) -> tuple[str, ...]:
        is_in = decision.by in people
        return tuple(dict.fromkeys((*people, *decision.to))) if is_in else people

    return replace(
        said,
        reviewers=joined(said.reviewers),
        also=tuple(replace(need, people=joined(need.people)) for need in said.also),
    )


def _count(said: Request, active: frozenset[str] | None) -> Request:
    if not ballot_of(said, active=active).is_met:
        return said
    return replace(
        said,
        state=State.APPROVED,
        runnable=_to_run(said.decisions[-1], said.proposal),
        delayed_until=None,
    )


def _to_run(last: Decision, asked: Proposal) -> Proposal:
    """What was asked, unless the last word was a modification: an approval changes nothing."""
    changed = last.replacement if last.verdict is Verdict.MODIFY else None
    return asked if changed is None else changed
