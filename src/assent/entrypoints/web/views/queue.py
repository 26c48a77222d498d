"""The merge queue: for each repository what goes in, in order, and what came of the last ones."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.app.ports import View
from assent.core.changes.model import IN_QUEUE, Change, ChangeState
from assent.entrypoints.web.views.changes import STATES, shortened
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.review import TestShown, test_shown

CLOSED = 100
"""Closed changes that are searched for those merged last."""
LAST = 5
"""Merged ones that are shown for each repository."""
_COMING = frozenset({ChangeState.APPROVED, ChangeState.PARTLY_APPROVED})


@dataclass(frozen=True, slots=True)
class QueuedShown:
    name: str
    href: str
    title: str
    risk: str
    state: str
    state_word: str
    since: str
    owner: str
    lines: int
    tests: TestShown | None
    """Its last run."""
    reason: str
    """Why it left the queue."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One target branch of one repository."""

    repository: str
    project: str
    target: str
    waiting: tuple[QueuedShown, ...]
    """In the order in which they go in."""
    ejected: tuple[QueuedShown, ...]
    merged: tuple[QueuedShown, ...]

    @property
    def testing(self) -> int:
        return sum(item.state == ChangeState.TESTING for item in self.waiting)


def read_queue(view: View, context: Context) -> tuple[Lane, ...]:
    """All lanes in which something waits, left the queue or was merged lately."""
    closed = view.changes(limit=CLOSED, is_open=False)
    merged = [change for change in closed if change.merges]
    return lanes([*view.open_changes(), *merged], context)


def lanes(changes: Iterable[Change], context: Context) -> tuple[Lane, ...]:
    found: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        found.setdefault((change.repository, change.target), []).append(change)
    made = (_lane(key, members, context) for key, members in sorted(found.items()))
    return tuple(lane for lane in made if lane.waiting or lane.ejected or lane.merged)


def _lane(key: tuple[str, str], members: Sequence[Change], context: Context) -> Lane:
    repository, target = key
    merged = sorted((one for one in members if one.merges), key=lambda one: -one.merges[-1].at)
    return Lane(
        repository=repository,
        project=_project(repository),
        target=target,
        waiting=tuple(
            _shown(change, context)
            for change in sorted(members, key=_place)
            if change.state in IN_QUEUE | _COMING
        ),
        ejected=tuple(
            _shown(change, context) for change in members if change.state is ChangeState.EJECTED
        ),
        merged=tuple(_shown(change, context) for change in merged[:LAST]),
    )


def _project(repository: str) -> str:
    """`/home/ana/shop/.git` is shop."""
    folder, name = posixpath.split(repository.rstrip("/"))
    return posixpath.basename(folder) if name == ".git" else name.removesuffix(".git")


def _place(change: Change) -> tuple[int, int]:
    """What merges first, then by when it came into the queue."""
    if change.queued_at is None:
        return (1, change.updated_at)
    return (0, change.queued_at)


def _shown(change: Change, context: Context) -> QueuedShown:
    return QueuedShown(
        name=change.name,
        href=f"/changes/{change.name}",
        title=shortened(change.title),
        risk=change.newest.risk.word,
        state=change.state.value,
        state_word=STATES[change.state],
        since=_since(change, context),
        owner=change.merges[-1].owner if change.merges else change.owner,
        lines=change.newest.lines,
        tests=test_shown(change.tests[-1], context) if change.tests else None,
        reason=change.ejected,
    )


def _since(change: Change, context: Context) -> str:
    if change.state in (ChangeState.MERGED, ChangeState.REVERTED) and change.merges:
        return context.moment(change.merges[-1].at)
    return context.age(change.updated_at)
