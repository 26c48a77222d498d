"""The life of a request, from the question to the one use of its answer.

    pending ──approve, modify──> approved ──consume──> consumed
       │ │                          └──expire──> expired
       │ └──escalate──> pending, and others are asked
       │ └──refer──> pending, and others may decide, too
       ├──reject──> rejected
       ├──expire──> expired
       ├──withdraw──> cancelled
       └──supersede──> superseded  (an unused approval: by lapse)

Every step is a pure function of the request and what was said, and returns the next request or a
`Refusal`: what people say in `core/deciding`, what time does in `core/due`, the rest here. Nothing
leaves `rejected`, `expired`, `cancelled`, `superseded` or `consumed`. Each step adds one to
`version`; a step that names another version or another digest changes nothing. Times are whole
milliseconds since the epoch, given by the caller.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from assent.core.canonical import Digest
from assent.core.people.matter import Matter, matter_of
from assent.core.people.model import Factor, Need, Rung
from assent.core.people.voices import Ballot, Bars, Voice
from assent.core.policy.model import AskIn, Tier
from assent.core.proposals import Proposal
from assent.core.risk.model import Assessment


class State(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    CONSUMED = "consumed"


FINAL = frozenset(
    {State.REJECTED, State.EXPIRED, State.CANCELLED, State.SUPERSEDED, State.CONSUMED}
)
"""States that nothing leaves."""


AGENT_PROMPT = "agent-prompt"
"""`Decision.via` of what a person said at the agent's own prompt, as far as we can see it."""


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    MODIFY = "modify"
    DELAY = "delay"
    WITHDRAW = "withdraw"
    REFER = "refer"


AGREEING = frozenset({Verdict.APPROVE, Verdict.MODIFY})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a principal said about one version of a request, and where they said it."""

    verdict: Verdict
    by: str
    at: int
    version: int
    """The version of the request that was looked at."""
    subject: Digest
    """The digest of the action that was looked at."""
    reason: str = ""
    via: str = ""
    """The surface: `web`, `cli`, `agent-prompt`, or the proposing agent for a withdrawal."""
    replacement: Proposal | None = None
    """For `modify`: the call that may run instead."""
    until: int | None = None
    """For `delay`: when the request comes back."""
    hand: Tier = Tier.ACKNOWLEDGE
    """What the hand did, as the surface tells it: the heaviest tier that it amounts to."""
    factor: Factor = Factor.NONE
    """What showed that it was this person."""
    envelope: str = ""
    """Digest of the signed statement; empty: the server says that they said so."""
    in_name_of: str = ""
    """Who let this person decide for them, where that is why it counts."""
    shown_ms: int = 0
    """How long they had it open, as far as the page could tell."""
    read: bool = False
    """Whether it was opened to its end."""
    to: tuple[str, ...] = ()
    """For `refer`: the people who may decide from now on, too."""


@dataclass(frozen=True, slots=True)
class Request:
    """An action that waits for a person, with what the person needs to decide."""

    id: str
    number: int
    proposal: Proposal
    assessment: Assessment
    rule: str
    """The policy rule that asked."""
    why: str
    """The rule's reason, in words."""
    policy: Digest
    """The policy in force when it was asked."""
    created_at: int
    expires_at: int
    asked_in: AskIn = AskIn.INBOX
    """Where the question was put. In the agent's own prompt it can be answered only there."""
    quorum: int = 1
    tier: Tier = Tier.ACKNOWLEDGE
    """What the hand has to do to approve."""
    reviewers: tuple[str, ...] = ()
    """Who may decide; empty: whoever has access."""
    then_ask: tuple[str, ...] = ()
    """Who is asked when time is up; empty: it is denied."""
    also: tuple[Need, ...] = ()
    """Who else has to agree, beside `quorum` of `reviewers`."""
    asker: str = ""
    """Whose agent asks; empty: not known."""
    separate: bool = False
    """Whether whoever asks is not one of those who approve."""
    signed: bool = False
    """Whether an approval has to be signed with a factor that no program has."""
    remind_ms: int = 0
    """How often those who have not answered are reminded; 0: never."""
    ladder: tuple[Rung, ...] = ()
    """Who may decide, too, from which time on; the steps that are still to come."""
    advice: str = ""
    """What the agent may do instead when nobody answers in time."""
    remember_ms: int = 0
    """How long the same call passes again once this was approved."""
    purpose: str = ""
    """What it is for, as the agent says; empty when the agent did not say."""
    rollback: str = ""
    """How to undo it, as the agent says; empty when the agent did not say."""
    state: State = State.PENDING
    version: int = 1
    decisions: tuple[Decision, ...] = ()
    runnable: Proposal | None = None
    """What may run: set by approval, equal to `proposal` unless modified."""
    delayed_until: int | None = None
    consumed_at: int | None = None

    @property
    def name(self) -> str:
        return f"REQ-{self.number}"

    @property
    def subject(self) -> Digest:
        """The digest of the action as asked: what decisions and the receipt are bound to."""
        return self.proposal.subject

    @property
    def needs(self) -> tuple[Need, ...]:
        """All who have to agree: `quorum` of `reviewers`, unless any of the others is that."""
        if self.also and not self.reviewers and self.quorum == 1:
            return self.also
        return Need(", ".join(self.reviewers), self.reviewers, self.quorum), *self.also

    @property
    def is_for_one(self) -> bool:
        """Whether one person's word is enough, whoever it is."""
        return [need.count for need in self.needs] == [1]

    @property
    def matter(self) -> Matter:
        """How bad, where, and which files."""
        return matter_of(self.proposal, self.assessment)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The right to run `runnable` once, used up at the moment it is handed out."""

    request_id: str
    number: int
    subject: Digest
    runnable: Proposal
    at: int


class Cause(StrEnum):
    ALREADY_DECIDED = "already-decided"
    STALE_VERSION = "stale-version"
    OTHER_SUBJECT = "other-subject"
    ASKED_ELSEWHERE = "asked-elsewhere"
    SAME_PERSON_TWICE = "same-person-twice"
    NO_REPLACEMENT = "no-replacement"
    NEEDS_OTHERS = "needs-others"
    NO_REASON = "no-reason"
    NOT_A_REVIEWER = "not-a-reviewer"
    NOT_CONFIRMED = "not-confirmed"
    NOT_LATER = "not-later"
    EXPIRED = "expired"
    NOT_YET_EXPIRED = "not-yet-expired"
    NOT_APPROVED = "not-approved"
    NOBODY_ELSE = "nobody-else"
    ASKED_IT = "asked-it"
    NOT_ACTIVE = "not-active"
    NOT_DELEGATED = "not-delegated"
    NOT_SIGNED = "not-signed"
    NEEDS_FACTOR = "needs-factor"
    NOT_A_PERSON = "not-a-person"
    NOT_PROVEN = "not-proven"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step did not happen. The request stays as it was."""

    cause: Cause
    message: str


Step: TypeAlias = Request | Refusal


def ballot_of(request: Request, *, active: frozenset[str] | None = None) -> Ballot:
    """Who has to agree to `request` and who did. `active`: the people who count, None for all."""
    voices = (
        Voice(said.by, said.in_name_of) for said in request.decisions if said.verdict in AGREEING
    )
    return Ballot(request.needs, tuple(voices), bars_of(request, active))


def bars_of(request: Request, active: frozenset[str] | None) -> Bars:
    """Who does not count in `request`, whoever else may."""
    return Bars(asker=request.asker, separate=request.separate, active=active)


def hand_of(request: Request, confirm: str) -> Tier:
    """What a person did who confirmed with these words: nothing, `read`, or the request's name."""
    said = confirm.strip().upper()
    if said in (request.name, str(request.number)):
        return Tier.APPROVE
    return Tier.REVIEW if said else Tier.ACKNOWLEDGE


def is_own_approval(request: Request, person: str) -> bool:
    """Whether the agent of `person` would run what that person approved for another's agent,
    where whoever asks is not to approve."""
    if not request.separate or not person or person == request.asker:
        return False
    yes = [said for said in request.decisions if said.verdict in AGREEING]
    return any(person in (said.by, said.in_name_of) for said in yes)


def approvers(request: Request) -> frozenset[str]:
    """Who has approved so far."""
    return frozenset(said.by for said in request.decisions if said.verdict in AGREEING)


def outcome_of(request: Request) -> str:
    """How it ended, for whoever came second: `approved by ana at 2026-11-02 14:03 UTC`."""
    last = deciding(request)
    if last is None:
        return request.state.value
    at = datetime.fromtimestamp(last.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{request.state.value} by {last.by} at {at}"


def deciding(request: Request) -> Decision | None:
    """The decision that ended the wait, if a person ended it."""
    if request.state in (State.PENDING, State.EXPIRED, State.SUPERSEDED):
        return None
    return next(
        (said for said in reversed(request.decisions) if said.verdict not in _NOT_LAST), None
    )


_NOT_LAST = (Verdict.DELAY, Verdict.REFER)


def supersede(request: Request) -> Step:
    """A newer proposal takes the place of this open question."""
    if request.state is not State.PENDING:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is already {outcome_of(request)}.")
    return replace(request, state=State.SUPERSEDED, version=request.version + 1)


def lapse(request: Request) -> Step:
    """An unused approval no longer covers the call as it would run now: it is asked anew."""
    if request.state is not State.APPROVED:
        return Refusal(Cause.NOT_APPROVED, f"{request.name} is {outcome_of(request)}.")
    return replace(request, state=State.SUPERSEDED, version=request.version + 1)


def consume(request: Request, *, subject: Digest, now: int) -> tuple[Request, Receipt] | Refusal:
    """Hand out the single receipt for the action that was asked, if it was approved and is unused.

    `subject` is the digest of the action that is about to start, computed again at that moment.
    """
    if request.state is not State.APPROVED or request.runnable is None:
        return Refusal(Cause.NOT_APPROVED, f"{request.name} is {outcome_of(request)}.")
    if subject != request.subject:
        return Refusal(Cause.OTHER_SUBJECT, f"{request.name} approved another action.")
    if now >= request.expires_at:
        return Refusal(Cause.EXPIRED, f"The approval of {request.name} has expired.")
    used = replace(request, state=State.CONSUMED, version=request.version + 1, consumed_at=now)
    return used, Receipt(
        request_id=request.id,
        number=request.number,
        subject=request.subject,
        runnable=request.runnable,
        at=now,
    )
