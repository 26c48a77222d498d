"""The steps of an accepted change: into the queue, through the tests, into the target, and back.

Only what an acceptance in force names goes through, and each acceptance merges once.
"""

from collections.abc import Sequence
from dataclasses import replace

from assent.core.changes.acceptance import owner_of
from assent.core.changes.lifecycle import (
    Cause,
    Refusal,
    Step,
    acceptance_in_force,
    not_now,
    step,
    with_revision,
)
from assent.core.changes.model import (
    IN_QUEUE,
    KEPT_RUNS,
    Change,
    ChangeState,
    Landing,
    Merge,
    Part,
    Revision,
    TestRun,
    TreePayload,
)

_ACCEPTED_NOW = frozenset({ChangeState.APPROVED, ChangeState.PARTLY_APPROVED})


def queued(change: Change, *, at: int, part: Part | None = None) -> Step:
    """An accepted change waits for its turn. One accepted in part needs that `part`, built."""
    if change.state not in _ACCEPTED_NOW:
        return not_now(change, "queued")
    if acceptance_in_force(change) is None:
        return _not_accepted(change)
    in_part = change.state is ChangeState.PARTLY_APPROVED
    if in_part and (part is None or not isinstance(change.newest.payload, TreePayload)):
        return Refusal(
            Cause.CANNOT_BE_SPLIT, f"The accepted part of {change.name} is not built yet."
        )
    built = replace(part, revision=change.newest.number) if part is not None and in_part else None
    return replace(step(change, at), state=ChangeState.QUEUED, queued_at=at, part=built)


def testing(change: Change, *, at: int) -> Step:
    """Its tests run."""
    if change.state is not ChangeState.QUEUED:
        return not_now(change, "tested")
    if acceptance_in_force(change) is None:
        return _not_accepted(change)
    return replace(step(change, at), state=ChangeState.TESTING)


def tested(change: Change, run: TestRun, *, at: int) -> Step:
    """A run of the tests ended."""
    if change.state is not ChangeState.TESTING:
        return not_now(change, "tested")
    return replace(step(change, at), tests=_with_runs(change, (run,)))


def landing(change: Change, planned: Landing, *, at: int) -> Step:
    """What is about to happen to the target, kept before it happens.

    Files merge only with tests that passed on the very tree that becomes the target.
    """
    if change.state is not ChangeState.TESTING:
        return not_now(change, "merged")
    if acceptance_in_force(change) is None:
        return _not_accepted(change)
    run = planned.tests
    if isinstance(change.newest.payload, TreePayload) and (
        run is None or not run.ok or run.tree != planned.tree
    ):
        return Refusal(
            Cause.NOT_TESTED, f"The tests have not passed on what {change.name} would merge."
        )
    return replace(step(change, at), state=ChangeState.MERGING, landing=planned)


def back_in_queue(change: Change, *, at: int) -> Step:
    """The target moved, or the work was interrupted: it keeps its place and is tested anew."""
    if change.state not in (ChangeState.TESTING, ChangeState.MERGING):
        return not_now(change, "queued again")
    return replace(step(change, at), state=ChangeState.QUEUED, landing=None)


def merged(
    change: Change,
    *,
    at: int,
    rest: Revision | None = None,
    review_due: bool = False,
    entry: str = "",
) -> Step:
    """The target holds it; `entry` is the digest of the executor's statement about it.

    What is left of a change accepted in part is its next revision.
    """
    accepted, landed = acceptance_in_force(change), change.landing
    if change.state is not ChangeState.MERGING or landed is None:
        return not_now(change, "merged")
    if accepted is None:
        return _not_accepted(change)
    done = Merge(
        before=landed.before,
        commit=landed.after,
        tree=landed.tree,
        revision=change.newest.number,
        owner=owner_of(change, accepted),
        at=at,
        tests=landed.tests,
        hunks=accepted.hunks,
        entry=entry,
    )
    left = replace(
        step(change, at),
        state=ChangeState.MERGED,
        merges=(*change.merges, done),
        landing=None,
        queued_at=None,
        part=None,
        review_due=change.review_due or review_due,
    )
    if rest is None:
        return left
    again = replace(rest, number=change.newest.number + 1)
    return replace(with_revision(left, again), state=ChangeState.CHANGES_REQUESTED)


def ejected(change: Change, *, at: int, why: str, runs: Sequence[TestRun] = ()) -> Step:
    """It cannot be merged as it is: a conflict, tests that fail, or no way to test it."""
    if change.state not in IN_QUEUE | _ACCEPTED_NOW:
        return not_now(change, "taken out of the queue")
    return replace(
        step(change, at),
        state=ChangeState.EJECTED,
        ejected=why,
        tests=_with_runs(change, runs),
        queued_at=None,
        landing=None,
    )


def requeued(change: Change, *, at: int) -> Step:
    """A person wants it tried again as it was accepted."""
    if change.state is not ChangeState.EJECTED:
        return not_now(change, "queued again")
    accepted = acceptance_in_force(change)
    if accepted is None:
        return _not_accepted(change)
    everything = set(accepted.hunks) == {hunk.id for hunk in change.newest.hunks}
    if not everything and change.part is None:
        return replace(step(change, at), state=ChangeState.PARTLY_APPROVED, ejected="")
    return replace(step(change, at), state=ChangeState.QUEUED, queued_at=at, ejected="")


def reverted(change: Change, *, at: int, by: int) -> Step:
    """Change number `by` took back all that was merged of it."""
    if change.state is not ChangeState.MERGED:
        return not_now(change, "reverted")
    taken_back = tuple(replace(each, reverted_by=by) for each in change.merges)
    return replace(
        step(change, at), state=ChangeState.REVERTED, merges=taken_back, review_due=False
    )


def _with_runs(change: Change, runs: Sequence[TestRun]) -> tuple[TestRun, ...]:
    return (*change.tests, *runs)[-KEPT_RUNS:]


def _not_accepted(change: Change) -> Refusal:
    return Refusal(
        Cause.NOT_ACCEPTED, f"Nobody accepted revision {change.newest.number} of {change.name}."
    )
