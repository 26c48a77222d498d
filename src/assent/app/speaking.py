"""Whether a decision is a person's to take, by who they are, who let them, and what they read."""

from assent.app.gatehouse import Gatehouse
from assent.app.ports import Opened, View
from assent.core.approvals import Cause, Decision, Refusal, Request, Step, Verdict
from assent.core.deciding import WEIGHTY, decide, spoken_for
from assent.core.people.delegation import within
from assent.core.people.model import Delegation, Person
from assent.core.people.voices import active_names, is_proven
from assent.core.policy.model import Policy, Tier

PAGE = "web"
"""`Decision.via` of the page, where it is known how far somebody read."""


def taken(gate: Gatehouse, view: View, request: Request, decision: Decision) -> Step:
    """`request` after `decision`, by people, delegations and policy as they are now; or why not."""
    unproven = _unproven(view, request, decision)
    if unproven is not None:
        return unproven
    return decide(
        request,
        decision,
        delegations=delegations_for(gate, view, request, at=decision.at),
        active=active_names(view.people()),
    )


def delegations_for(
    gate: Gatehouse, view: View, request: Request, *, at: int
) -> tuple[Delegation, ...]:
    """Those in force at `at`, no wider than the policy of the request's workspace lets them be."""
    found = view.delegations(now=at)
    if not found:
        return ()
    policy = _policy(gate, view, request.proposal.session.workspace)
    return within(policy.handing, found)


def name_for(gate: Gatehouse, view: View, request: Request, *, by: str, at: int) -> str:
    """In whose name `by` speaks about `request`; empty: in their own."""
    delegations = delegations_for(gate, view, request, at=at)
    if not any(each.taker == by for each in delegations):
        return ""
    active = active_names(view.people())
    return spoken_for(request, by, at=at, delegations=delegations, active=active)


def reading_of(view: View, request: Request, name: str) -> Opened | None:
    """How far `name` read `request`, in whichever of its versions: what is asked stays the same."""
    found = [
        opened
        for version in range(request.version, 0, -1)
        if (opened := view.opened(request.id, name, version)) is not None
    ]
    return max(found, key=lambda each: (each.read, each.shown_ms), default=None)


def hand_with(hand: Tier, reading: Opened | None, *, via: str) -> Tier:
    """What the hand amounts to. On the page a click says only of what was read that it was."""
    unread = reading is None or not reading.read
    return Tier.ACKNOWLEDGE if hand is Tier.REVIEW and via == PAGE and unread else hand


def _unproven(view: View, request: Request, decision: Decision) -> Refusal | None:
    """Whoever has a key or a passkey lets things run, and others decide, only with that."""
    if decision.verdict not in WEIGHTY:
        return None
    person = view.person(decision.by)
    if person is None:
        return None
    if must_sign(person, request.tier, via=decision.via) and not decision.envelope:
        return _unsigned(request, decision)
    if is_proven(person, decision.factor):
        return None
    return Refusal(
        Cause.NEEDS_FACTOR,
        f"{person.name} registered a passkey or a key, so to {_WORDS[decision.verdict]} "
        f"{request.name} takes one of them: log in with the passkey, or sign.",
    )


def must_sign(person: Person, tier: Tier, *, via: str) -> bool:
    """Whether this person agrees on the page by a signature alone.

    The cookie of a session can be copied, also one that a passkey opened; what only wants a click
    is all that it is good for.
    """
    return via == PAGE and bool(person.passkeys) and tier is not Tier.ACKNOWLEDGE


def _unsigned(request: Request, decision: Decision) -> Refusal | None:
    if decision.verdict is Verdict.REFER:
        return None
    return Refusal(
        Cause.NOT_SIGNED,
        f"{decision.by} has a passkey, so {request.name} is approved by signing it with that.",
    )


_WORDS = {Verdict.APPROVE: "approve", Verdict.MODIFY: "modify", Verdict.REFER: "refer"}


def _policy(gate: Gatehouse, view: View, workspace: str) -> Policy:
    accepted = view.policy_in_force(workspace)
    return gate.policies.default() if accepted is None else gate.policies.parse(accepted.text)
