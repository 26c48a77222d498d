"""A person, or the policy, accepts a revision or some of its hunks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.core.canonical import Digest
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import (
    IN_HAND,
    Cause,
    Refusal,
    Says,
    Step,
    errors_of,
    fits,
    may_decide,
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


def accepted(change: Change, accepts: Accepts, rules: ChangeRules, *, policy: Digest) -> Step:
    """Accept hunks of the newest revision; what nobody accepted is left out."""
    says = accepts.says
    refusal = _refuse(change, accepts, rules)
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
    )
    stances = with_stances(change, hunks, Stance.ACCEPT, says)
    whole = replace(change, verdicts=with_word(change, said), stances=stances)
    return _take(whole, hunks, accepts, policy=policy)


def accepted_by_policy(change: Change, *, why: str, at: int, policy: Digest) -> Step:
    """All of the newest revision, for a class that needs no person beforehand."""
    if change.state is not ChangeState.IN_REVIEW:
        return not_now(change, "accepted")
    says = Says(by=BY_POLICY, at=at, reason=why)
    hunks = tuple(hunk.id for hunk in change.newest.hunks)
    return _take(change, hunks, Accepts(says=says, via=BY_POLICY), policy=policy)


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


def _refuse(change: Change, accepts: Accepts, rules: ChangeRules) -> Refusal | None:
    if change.state not in IN_HAND:
        return not_now(change, "accepted")
    stale = fits(change, version=accepts.version, revision=accepts.revision)
    return stale or may_decide(change, accepts.says.by, rules.reviewers or change.reviewers)


def _refuse_hunks(
    change: Change, hunks: Sequence[HunkId], accepts: Accepts, rules: ChangeRules
) -> Refusal | None:
    if accepts.digest is not None and accepts.digest != binding(change.newest.payload, hunks):
        return Refusal(Cause.OTHER_CONTENT, f"{change.name} is not what you looked at; look again.")
    open_errors = _errors_in(change, hunks)
    if open_errors and not accepts.says.reason.strip():
        return Refusal(
            Cause.OPEN_ERRORS,
            f"Reviewers found errors in {change.name} ({open_errors[0]}): say why you accept it "
            "despite them.",
        )
    if needs_one_by_one(change, rules):
        return _refuse_in_one(change, hunks, accepts)
    return None


def _errors_in(change: Change, hunks: Sequence[HunkId]) -> list[str]:
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
    for hunk in change.newest.hunks:
        grave = hunk.risk is RiskClass.IRREVERSIBLE and hunk.id in wanted
        if grave and hunk.id not in by_itself:
            return Refusal(
                Cause.ONE_BY_ONE,
                f"{hunk.path} cannot be taken back: accept that hunk by itself first.",
            )
    if accepts.confirm.strip().upper() not in (change.name, str(change.number)):
        return Refusal(
            Cause.NOT_CONFIRMED,
            f"{change.name} is accepted in two steps: type {change.name} to confirm it.",
        )
    return None


def _take(change: Change, hunks: tuple[HunkId, ...], accepts: Accepts, *, policy: Digest) -> Change:
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
    )
    everything = set(hunks) == {hunk.id for hunk in newest.hunks}
    return replace(
        step(change, says.at),
        state=ChangeState.APPROVED if everything else ChangeState.PARTLY_APPROVED,
        acceptances=(*change.acceptances, made),
        part=None,
        ejected="",
        reviewing=(),
        asked="",
    )
