"""A person, or the policy, accepts a revision or some of its hunks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.core.canonical import Digest
from assent.core.changes.agreement import (
    Agreement,
    Ground,
    agreement,
    named_ground,
    present_voices,
    why_not_count,
)
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import (
    IN_HAND,
    Cause,
    Refusal,
    Says,
    Step,
    errors_of,
    fits,
    not_now,
    step,
    unknown_hunk,
    with_stances,
    with_word,
)
from assent.core.changes.model import (
    Acceptance,
    Change,
    ChangeState,
    HunkId,
    Opinion,
    ReviewerKind,
    Stance,
    Verdict,
)
from assent.core.policy.changes import ChangeRules, Path
from assent.core.risk.factors import RiskClass

BY_POLICY = "policy"
"""`Acceptance.via` and `by` of what needed no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepts:
    """What a person accepts, and what they did to say so."""

    says: Says
    via: str
    hunks: tuple[HunkId, ...] | None = None
    """None: those with an accepting stance, or all when nothing was said of any hunk."""
    version: int | None = None
    revision: int | None = None
    """The one that was looked at; None takes whatever it is now."""
    digest: Digest | None = None
    """Of what was looked at; see `binding`."""
    confirm: str = ""
    """The change's name, typed, where hunks are accepted one by one."""
    in_name_of: str = ""
    """Who let this person decide for them; empty: they speak for themselves."""
    delegation: str = ""
    """Id of the delegation by which they do."""
    is_named: bool = False
    """Whether each hunk was named: signed like that, each was accepted by itself."""
    shown_ms: int = 0
    read: bool = False


def accepted(
    change: Change,
    accepts: Accepts,
    rules: ChangeRules,
    *,
    policy: Digest,
    ground: Ground | None = None,
) -> Step:
    """Accept hunks of the newest revision. Once all who have to accepted the same hunks, the change
    is accepted with them alone; until then it waits for the others.

    `ground` is that of the very hunks; without one the names of reviewers are all that counts.
    """
    says = accepts.says
    ground = named_ground(rules.reviewers or change.reviewers) if ground is None else ground
    refusal = _refuse(change, accepts, ground)
    if refusal is not None:
        return refusal
    hunks = chosen(change, accepts.hunks)
    if isinstance(hunks, Refusal):
        return hunks
    refusal = _refuse_hunks(change, hunks, accepts, rules)
    if refusal is not None:
        return refusal
    said = Verdict(
        reviewer=says.by,
        kind=ReviewerKind.PERSON,
        revision=change.newest.number,
        opinion=Opinion.APPROVE,
        at=says.at,
        summary=says.reason,
        via=accepts.via,
        factor=says.factor,
        envelope=says.envelope,
        entry=says.entry,
    )
    stances = with_stances(change, hunks, Stance.ACCEPT, says)
    whole = replace(change, verdicts=with_word(change, said), stances=stances)
    given = _with_voice(whole, hunks, accepts, policy=policy)
    return _counted(given, agreement(given, hunks, ground))


def accepted_whole(change: Change, accepts: Accepts, *, policy: Digest, ground: Ground) -> Step:
    """All of it, by whoever asked for exactly that: a change that takes another one back."""
    refusal = _refuse(change, accepts, ground)
    if refusal is not None:
        return refusal
    hunks = tuple(dict.fromkeys(hunk.id for hunk in change.newest.hunks))
    given = _with_voice(change, hunks, accepts, policy=policy)
    return _counted(given, agreement(given, hunks, ground))


def accepted_by_policy(change: Change, *, why: str, at: int, policy: Digest) -> Step:
    """All of the newest revision, for a class that needs no person beforehand."""
    if change.state is not ChangeState.IN_REVIEW:
        return not_now(change, "accepted")
    says = Says(by=BY_POLICY, at=at, reason=why)
    hunks = tuple(hunk.id for hunk in change.newest.hunks)
    given = _with_voice(change, hunks, Accepts(says=says, via=BY_POLICY), policy=policy)
    return _taken(given, hunks)


def owner_of(change: Change, accepted: Acceptance | None) -> str:
    """Who answers for what merges: who accepted it, or whose change it is where the policy did."""
    return change.owner if accepted is None or accepted.via == BY_POLICY else accepted.by


def chosen(change: Change, named: Sequence[HunkId] | None) -> tuple[HunkId, ...] | Refusal:
    """The hunks that an acceptance is about, in the order of the revision."""
    known = tuple(dict.fromkeys(hunk.id for hunk in change.newest.hunks))
    if named is None:
        named = tuple(each.hunk for each in change.stances if each.stance is Stance.ACCEPT)
        named = named if change.stances else known
    if not set(known) >= set(named):
        return unknown_hunk(change)
    if not named:
        return Refusal(
            Cause.NOTHING_ACCEPTED,
            f"No hunk of {change.name} is accepted: accept some of them, or send it back.",
        )
    wanted = set(named)
    return tuple(each for each in known if each in wanted)


def _refuse(change: Change, accepts: Accepts, ground: Ground) -> Refusal | None:
    if change.state not in IN_HAND:
        return not_now(change, "accepted")
    stale = fits(change, version=accepts.version, revision=accepts.revision)
    if stale is not None:
        return stale
    says = accepts.says
    refusal = why_not_count(change, says.by, ground, in_name_of=accepts.in_name_of)
    if refusal is not None:
        return refusal
    if ground.signed and not (says.envelope and says.factor.is_human):
        return Refusal(
            Cause.NOT_SIGNED,
            f"What is {change.newest.risk.word} is accepted by a signature: with a passkey on the "
            f"page, or: assent change accept {change.name} --sign",
        )
    return None


def _refuse_hunks(
    change: Change, hunks: Sequence[HunkId], accepts: Accepts, rules: ChangeRules
) -> Refusal | None:
    digest = binding(change.newest.payload, hunks)
    if accepts.digest is not None and accepts.digest != digest:
        return Refusal(Cause.OTHER_CONTENT, f"{change.name} is not what you looked at; look again.")
    if any(
        (each.voice, each.by, each.digest) == (_voice(accepts), accepts.says.by, digest)
        for each in present_voices(change)
    ):
        return Refusal(
            Cause.SAME_PERSON_TWICE,
            f"{_voice(accepts)} accepted that of {change.name} already; it waits for others.",
        )
    open_errors = errors_in(change, hunks)
    if open_errors and not accepts.says.reason.strip():
        return Refusal(
            Cause.OPEN_ERRORS,
            f"Reviewers found errors in {change.name} ({open_errors[0]}): say why you accept it "
            "despite them.",
        )
    if needs_one_by_one(change, rules):
        return _refuse_in_one(change, hunks, accepts)
    return None


def errors_in(change: Change, hunks: Sequence[HunkId]) -> list[str]:
    """Messages of the errors found in files of which a hunk is accepted, or in no file."""
    accepted = set(hunks)
    paths = {hunk.path for hunk in change.newest.hunks if hunk.id in accepted}
    return [each.message for each in errors_of(change) if not each.path or each.path in paths]


def needs_one_by_one(change: Change, rules: ChangeRules) -> bool:
    """Whether hunks that cannot be taken back are accepted one by one."""
    return rules.paths[change.newest.risk] is Path.ONE_BY_ONE


def _refuse_in_one(change: Change, hunks: Sequence[HunkId], accepts: Accepts) -> Refusal | None:
    by_itself = {each.hunk for each in change.stances if each.stance is Stance.ACCEPT}
    wanted = set(hunks)
    signed_by_name = accepts.is_named and bool(accepts.says.envelope)
    for hunk in change.newest.hunks:
        grave = hunk.risk is RiskClass.IRREVERSIBLE and hunk.id in wanted
        if grave and hunk.id not in by_itself and not signed_by_name:
            return Refusal(
                Cause.ONE_BY_ONE,
                f"{hunk.path} cannot be taken back: accept that hunk by itself first.",
            )
    typed = accepts.confirm.strip().upper() in (change.name, str(change.number))
    if not typed and not accepts.says.envelope:
        return Refusal(
            Cause.NOT_CONFIRMED,
            f"{change.name} is accepted in two steps: type {change.name} to confirm it.",
        )
    return None


def _voice(accepts: Accepts) -> str:
    return accepts.in_name_of or accepts.says.by


def _with_voice(
    change: Change, hunks: tuple[HunkId, ...], accepts: Accepts, *, policy: Digest
) -> Change:
    says, newest = accepts.says, change.newest
    made = Acceptance(
        by=says.by,
        at=says.at,
        revision=newest.number,
        via=accepts.via,
        hunks=hunks,
        digest=binding(newest.payload, hunks),
        reason=says.reason,
        policy=policy,
        factor=says.factor,
        envelope=says.envelope,
        entry=says.entry,
        in_name_of=accepts.in_name_of,
        delegation=accepts.delegation,
        version=change.version,
        shown_ms=accepts.shown_ms,
        read=accepts.read,
    )
    return replace(step(change, says.at), acceptances=(*change.acceptances, made))


def _counted(given: Change, found: Agreement) -> Step:
    """Accepted, or waiting for the others; not where somebody's return stands."""
    if found.void and found.void[-1][0] == given.acceptances[-1]:
        return Refusal(Cause.NOT_A_REVIEWER, f"That would not count: {found.void[-1][1]}.")
    if found.vetoes:
        who = " and ".join(found.vetoes)
        return Refusal(
            Cause.SENT_BACK,
            f"{who} sent {given.name} back: it waits for a new revision, or until {who} accepts "
            "it.",
        )
    if found.is_met:
        return _taken(given, found.hunks)
    # One that is still under review goes on with that.
    others = "" if given.state is ChangeState.IN_REVIEW else "others have to accept it, too"
    return replace(
        given,
        state=ChangeState.IN_REVIEW,
        asked=given.asked or others,
        awaited=found.awaited,
    )


def _taken(given: Change, hunks: Sequence[HunkId]) -> Change:
    everything = set(hunks) == {hunk.id for hunk in given.newest.hunks}
    return replace(
        given,
        state=ChangeState.APPROVED if everything else ChangeState.PARTLY_APPROVED,
        part=None,
        ejected="",
        reviewing=(),
        asked="",
        awaited=(),
    )
