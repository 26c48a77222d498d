"""Checkpoints of a work tree: what it held before a call, and which changes calls explain.

Not to be taken for the ledger's checkpoints, which seal the record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

IDLE_MS = 3_600_000
"""A call that nobody heard of for so long has ended, and a run without calls is at rest."""


class Occasion(StrEnum):
    """Why a checkpoint was taken."""

    CALL = "call"
    """Before a call of an agent that may change something."""
    UNDO = "undo"
    """Before a restore, so that the restore can itself be undone."""
    START = "start"
    """As a run began, to know what was there before."""
    FOUND = "found"
    """As files had changed that no call accounts for; open until a person keeps or undoes it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the work tree that a checkpoint does not hold."""

    path: str
    why: str
    """`larger than 50 MB`, `nested repository`, `submodule`, `socket`, …"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a work tree held at a moment, as objects of its shadow repository."""

    tree: str
    commit: str
    skipped: tuple[Skipped, ...] = ()
    """What is not captured, named; many of one kind under their folder."""
    whole: bool = True
    """False when only the named paths were looked at, and the rest taken from the one before."""


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path that differs between two snapshots. Modes as git writes them; None: not there."""

    path: str
    """From the work tree's root."""
    before_mode: str | None
    before_blob: str | None
    after_mode: str | None
    after_blob: str | None

    @property
    def kind(self) -> str:
        """`create`, `delete` or `update`."""
        if self.before_blob is None:
            return "create"
        return "delete" if self.after_blob is None else "update"


@dataclass(frozen=True, slots=True)
class WorktreeCheckpoint:
    """A checkpoint as it is kept."""

    id: str
    number: int
    workspace: str
    at: int
    occasion: Occasion
    snapshot: Snapshot
    agent: str = ""
    session: str = ""
    call: str = ""
    """The call's id; of what was found the id of the request about it."""
    title: str = ""
    """What was about to happen: `edit src/app.py +3 -1`."""
    explains: tuple[str, ...] | None = ()
    """Paths from the workspace's root that the call may change; None: any. A folder covers what
    is below it. Of what was found: the paths that changed, which explain nothing."""
    closed_at: int | None = None
    """When the call ended; None: it may still be at work."""
    after: str = ""
    """The tree that was found when it ended; empty until then."""
    after_commit: str = ""
    """The snapshot that holds `after`."""

    @property
    def name(self) -> str:
        return f"CP-{self.number}"


def is_explained(path: str, explains: tuple[str, ...] | None) -> bool:
    """Whether a call that may change `explains` accounts for a change of `path`."""
    if explains is None:
        return True
    return any(path == one or path.startswith(f"{one}/") for one in explains)


@dataclass(frozen=True, slots=True)
class Known:
    """What a work tree held when it was last looked at."""

    at: int
    tree: str
    commit: str


def last_known(rows: Iterable[WorktreeCheckpoint]) -> Known | None:
    """The newest look among the checkpoints of one workspace; None when there is none."""
    newest: tuple[int, int] = (-1, -1)
    known: Known | None = None
    for row in rows:
        looks = [Known(row.at, row.snapshot.tree, row.snapshot.commit)]
        if row.closed_at is not None and row.after:
            looks.append(Known(row.closed_at, row.after, row.after_commit))
        for look in looks:
            if (look.at, row.number) >= newest:
                newest, known = (look.at, row.number), look
    return known


_EXPLAINING = frozenset({Occasion.CALL, Occasion.UNDO})


def unexplained(
    changes: Iterable[PathChange], at_work: Iterable[WorktreeCheckpoint]
) -> tuple[PathChange, ...]:
    """The changes for which no call or undo that is `at_work` accounts."""
    calls = [row.explains for row in at_work if row.occasion in _EXPLAINING]
    return tuple(
        change
        for change in changes
        if not any(is_explained(change.path, explains) for explains in calls)
    )
