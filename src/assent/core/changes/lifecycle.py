"""The steps of a change while it is made and reviewed; see `landing` for the queue.

Every step is a pure function of the change and what happened, and returns the next change or a
`Refusal`. Each adds one to `version`. Nothing leaves `merged` but taking it back, and nothing
leaves `reverted` and `abandoned`. Times are whole milliseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from assent.core.changes.findings import Standing, Tracked, tracked
from assent.core.changes.model import (
    Acceptance,
    Change,
    ChangeState,
    Comment,
    Finding,
    HunkId,
    HunkStance,
    Opinion,
    Reason,
    ReviewerKind,
    Revision,
    Severity,
    Stance,
    Verdict,
)
from assent.core.changes.since import compare
from assent.core.people.model import Factor
from assent.core.risk.factors import RiskClass


class Cause(StrEnum):
    WRONG_STATE = "wrong-state"
    STALE_VERSION = "stale-version"
    STALE_REVISION = "stale-revision"
    OTHER_CONTENT = "other-content"
    MAKER = "maker"
    APART = "apart"
    NOT_A_REVIEWER = "not-a-reviewer"
    OPEN_ERRORS = "open-errors"
    ONE_BY_ONE = "one-by-one"
    NOT_CONFIRMED = "not-confirmed"
    NOTHING_ACCEPTED = "nothing-accepted"
    UNKNOWN_HUNK = "unknown-hunk"
    UNKNOWN_COMMENT = "unknown-comment"
    NO_REASON = "no-reason"
    NOT_ACCEPTED = "not-accepted"
    NOT_TESTED = "not-tested"
    CANNOT_BE_SPLIT = "cannot-be-split"
    SENT_BACK = "sent-back"
    SAME_PERSON_TWICE = "same-person-twice"
    NOT_SIGNED = "not-signed"
    NEEDS_FACTOR = "needs-factor"
    NOT_HANDED = "not-handed"
    NOT_PROVEN = "not-proven"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step did not happen. The change stays as it was."""

    cause: Cause
    message: str


Step: TypeAlias = Change | Refusal

IN_HAND = frozenset({ChangeState.IN_REVIEW, ChangeState.CHANGES_REQUESTED})
"""States in which a person may still say what is taken of the newest revision."""
_MAY_BE_REVISED = IN_HAND | {ChangeState.DRAFT, ChangeState.EJECTED}
_MAY_BE_RETURNED = frozenset(ChangeState) - {
    ChangeState.DRAFT,
    ChangeState.CHANGES_REQUESTED,
    ChangeState.MERGING,
    ChangeState.MERGED,
    ChangeState.REVERTED,
    ChangeState.ABANDONED,
}

STATE_WORDS = {
    ChangeState.DRAFT: "a draft",
    ChangeState.IN_REVIEW: "in review",
    ChangeState.CHANGES_REQUESTED: "with its maker, who was asked to change it",
    ChangeState.PARTLY_APPROVED: "accepted in part",
    ChangeState.APPROVED: "accepted",
    ChangeState.QUEUED: "in the merge queue",
    ChangeState.TESTING: "being tested",
    ChangeState.MERGING: "being merged",
    ChangeState.MERGED: "merged",
    ChangeState.EJECTED: "out of the queue, since it could not be merged",
    ChangeState.REVERTED: "reverted",
    ChangeState.ABANDONED: "abandoned",
}


def not_now(change: Change, what: str) -> Refusal:
    """`what` cannot be done in the state that the change is in."""
    said = f"{change.name} is {STATE_WORDS[change.state]}, so it cannot be {what} now."
    return Refusal(Cause.WRONG_STATE, said)


def step(change: Change, at: int) -> Change:
    """The same change, one version on."""
    return replace(change, version=change.version + 1, updated_at=max(at, change.updated_at))


def fits(change: Change, *, version: int | None, revision: int | None) -> Refusal | None:
    """Why what was said about this version or revision no longer holds; None when it does."""
    if revision is not None and revision != change.newest.number:
        return Refusal(
            Cause.STALE_REVISION,
            f"{change.name} has a newer revision ({change.newest.number}) than the one you looked "
            f"at ({revision}); look again.",
        )
    if version is not None and version != change.version:
        return Refusal(
            Cause.STALE_VERSION, f"{change.name} changed while you looked at it; look again."
        )
    return None


# --- by its maker


def revised(change: Change, revision: Revision, *, at: int, draft: bool = False) -> Step:
    """A new revision. What was said about hunks that are in it again stays; the rest is void."""
    if change.state not in _MAY_BE_REVISED:
        return not_now(change, "revised")
    numbered = replace(revision, number=change.newest.number + 1)
    return replace(
        step(with_revision(change, numbered), at),
        state=ChangeState.DRAFT if draft else ChangeState.IN_REVIEW,
    )


def with_revision(change: Change, revision: Revision) -> Change:
    """`revision` as the newest; nothing that was decided about the ones before goes on."""
    said = compare((each.hunk for each in change.stances), (hunk.id for hunk in revision.hunks))
    carried = tuple(
        replace(each, revision=revision.number) for each in change.stances if each.hunk in said.same
    )
    return replace(
        change,
        revisions=(*change.revisions, revision),
        stances=carried,
        part=None,
        queued_at=None,
        ejected="",
        landing=None,
        reviewing=(),
        asked="",
        awaited=(),
    )


def ready(change: Change, *, at: int) -> Step:
    """A draft goes into review."""
    if change.state is not ChangeState.DRAFT:
        return not_now(change, "made ready")
    return replace(step(change, at), state=ChangeState.IN_REVIEW)


def abandoned(change: Change, *, at: int) -> Step:
    if not change.is_open or change.state is ChangeState.MERGING:
        return not_now(change, "abandoned")
    return replace(
        step(change, at),
        state=ChangeState.ABANDONED,
        queued_at=None,
        landing=None,
        reviewing=(),
        asked="",
        awaited=(),
    )


# --- by reviewers


def review_started(change: Change, names: Sequence[str], *, at: int) -> Step:
    """These reviewers are under way; an empty list: none is any more."""
    if change.state is not ChangeState.IN_REVIEW:
        return not_now(change, "reviewed")
    return replace(step(change, at), reviewing=tuple(names))


def reviewed(change: Change, verdict: Verdict, *, at: int) -> Step:
    """What a reviewer said of the newest revision, in the place of what it said before.

    A class that it raises the revision to holds when it is higher than the assessed one.
    """
    if change.state not in _MAY_BE_REVISED:
        return not_now(change, "reviewed")
    stale = fits(change, version=None, revision=verdict.revision)
    if stale is not None:
        return stale
    said = replace(verdict, findings=_distinct(verdict.findings))
    others = tuple(
        each
        for each in change.verdicts
        if (each.reviewer, each.kind, each.revision) != (said.reviewer, said.kind, said.revision)
    )
    return replace(
        step(_raised(change, said), at),
        verdicts=(*others, said),
        reviewing=tuple(name for name in change.reviewing if name != said.reviewer),
    )


def _distinct(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple({each.fingerprint: each for each in reversed(findings)}.values())[::-1]


def _raised(change: Change, verdict: Verdict) -> Change:
    newest, found = change.newest, verdict.raises_to
    if found is None or found <= newest.risk:
        return change
    why = Reason(
        rule=f"review-{verdict.kind.value}",
        risk=found,
        what=f"{verdict.reviewer} finds it to be {found.word}",
    )
    raised = replace(newest, risk=found, reasons=(why, *newest.reasons))
    return replace(change, revisions=(*change.revisions[:-1], raised))


def asked(change: Change, why: str, *, at: int, awaited: Sequence[str] = ()) -> Step:
    """Nothing more can be done without a person; `awaited` are those who could."""
    if change.state is not ChangeState.IN_REVIEW:
        return not_now(change, "put before a person")
    return replace(step(change, at), asked=why, reviewing=(), awaited=tuple(awaited))


def findings_of(change: Change) -> tuple[Tracked, ...]:
    """What reviewers found in the newest revision, or in an earlier one without having looked at
    it again; the gravest first."""
    found = tracked(change.verdicts, change.newest.number)
    return tuple(each for each in found if each.standing is not Standing.GONE)


def errors_of(change: Change) -> tuple[Finding, ...]:
    return tuple(
        each.finding
        for each in findings_of(change)
        if each.finding.severity is Severity.ERROR and each.finding.in_diff
    )


def verdicts_of(change: Change) -> tuple[Verdict, ...]:
    """Those about the newest revision."""
    return tuple(each for each in change.verdicts if each.revision == change.newest.number)


# --- by people


def commented(change: Change, comment: Comment, *, at: int) -> Step:
    if not comment.text.strip():
        return Refusal(Cause.NO_REASON, "A comment needs a text.")
    return replace(step(change, at), comments=(*change.comments, comment))


def resolved(change: Change, comment_id: str, *, at: int, is_resolved: bool = True) -> Step:
    if all(each.id != comment_id for each in change.comments):
        return Refusal(Cause.UNKNOWN_COMMENT, f"{change.name} has no such comment.")
    comments = tuple(
        replace(each, resolved=is_resolved) if each.id == comment_id else each
        for each in change.comments
    )
    return replace(step(change, at), comments=comments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """A person, and when they say something."""

    by: str
    at: int
    reason: str = ""
    via: str = ""
    """The surface they speak through."""
    factor: Factor = Factor.NONE
    """What showed that it was them."""
    envelope: str = ""
    """Digest of what they signed; empty: nothing."""
    entry: str = ""
    """Digest of the statement that goes into the log of decisions."""


def made_by(change: Change) -> frozenset[str]:
    """The agents that made it or a revision of it: they never accept it."""
    return frozenset({change.agent, *(each.by for each in change.revisions if each.session)} - {""})


def stances_set(
    change: Change, hunks: Sequence[HunkId], stance: Stance | None, says: Says, *, one_by_one: bool
) -> Step:
    """Accept, reject or, with None, undecide hunks of the newest revision.

    With `one_by_one` a hunk that cannot be taken back is accepted by itself, or not at all.
    """
    if change.state not in IN_HAND:
        return not_now(change, "decided")
    known = {hunk.id: hunk for hunk in change.newest.hunks}
    if not hunks or not known.keys() >= set(hunks):
        return unknown_hunk(change)
    grave = [each for each in hunks if known[each].risk is RiskClass.IRREVERSIBLE]
    if one_by_one and stance is Stance.ACCEPT and grave and len(set(hunks)) > 1:
        return Refusal(
            Cause.ONE_BY_ONE,
            f"{known[grave[0]].path} cannot be taken back: accept that hunk by itself.",
        )
    return replace(step(change, says.at), stances=with_stances(change, hunks, stance, says))


def unknown_hunk(change: Change) -> Refusal:
    return Refusal(
        Cause.UNKNOWN_HUNK,
        f"Revision {change.newest.number} of {change.name} has no such hunk; look again.",
    )


def with_stances(
    change: Change, hunks: Sequence[HunkId], stance: Stance | None, says: Says
) -> tuple[HunkStance, ...]:
    named = set(hunks)
    others = tuple(each for each in change.stances if each.hunk not in named)
    if stance is None:
        return others
    said = tuple(
        HunkStance(
            hunk=each,
            stance=stance,
            by=says.by,
            at=says.at,
            revision=change.newest.number,
            reason=says.reason,
        )
        for each in dict.fromkeys(hunks)
    )
    return (*others, *said)


def returned(change: Change, says: Says, *, comments: Sequence[Comment] = ()) -> Step:
    """Back to its maker, with what is to be changed."""
    if change.state not in _MAY_BE_RETURNED:
        return not_now(change, "sent back")
    if not says.reason.strip():
        return Refusal(Cause.NO_REASON, "Sending it back needs a reason: its maker reads it.")
    said = Verdict(
        reviewer=says.by,
        kind=ReviewerKind.PERSON,
        revision=change.newest.number,
        opinion=Opinion.CHANGES,
        at=says.at,
        summary=says.reason,
        via=says.via,
        factor=says.factor,
        envelope=says.envelope,
        entry=says.entry,
    )
    return replace(
        step(change, says.at),
        state=ChangeState.CHANGES_REQUESTED,
        verdicts=with_word(change, said),
        comments=(*change.comments, *comments),
        returned=change.returned + 1,
        part=None,
        queued_at=None,
        landing=None,
        ejected="",
        reviewing=(),
        asked="",
        awaited=(),
    )


def sent_back(change: Change, *, at: int) -> Step:
    """Back to its maker by what the reviewers found, before any person looked at it."""
    if change.state is not ChangeState.IN_REVIEW:
        return not_now(change, "sent back")
    return replace(
        step(change, at),
        state=ChangeState.CHANGES_REQUESTED,
        returned=change.returned + 1,
        reviewing=(),
        asked="",
        awaited=(),
    )


def with_word(change: Change, said: Verdict) -> tuple[Verdict, ...]:
    """All verdicts, with a person's last word about a revision in the place of earlier ones."""
    others = (
        each
        for each in change.verdicts
        if (each.reviewer, each.kind, each.revision) != (said.reviewer, said.kind, said.revision)
    )
    return (*others, said)


def acceptance_in_force(change: Change) -> Acceptance | None:
    """What may be merged: the last acceptance, if it is of the newest revision and still holds."""
    if not change.acceptances or change.state not in _ACCEPTED:
        return None
    last = change.acceptances[-1]
    return last if last.revision == change.newest.number else None


_ACCEPTED = frozenset(
    {
        ChangeState.APPROVED,
        ChangeState.PARTLY_APPROVED,
        ChangeState.QUEUED,
        ChangeState.TESTING,
        ChangeState.MERGING,
        ChangeState.EJECTED,
    }
)


def looked_after(change: Change, *, at: int) -> Step:
    """A person looked at what had merged by the policy."""
    if not change.review_due:
        return not_now(change, "looked after")
    return replace(step(change, at), review_due=False)
