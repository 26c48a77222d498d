"""A person looks at the checkpoints of a workspace, and goes back to one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from assent.app.checkpoints.ending import place_of
from assent.app.checkpoints.look import look
from assent.app.checkpoints.matters import record_undone
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.ports import Preview
from assent.app.checkpoints.rows import Draft, close, store
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.actions import FileChange
from assent.core.canonical import Json
from assent.core.checkpoints import Occasion, PathChange, Snapshot, WorktreeCheckpoint
from assent.errors import ConflictError, NotFoundError, UnavailableError, UsageError

SEARCHED = 200
"""Newest checkpoints among which the one is looked for that an undo goes back to by itself."""
SHOWN = 300
"""Files whose difference a preview shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A checkpoint in the timeline."""

    made: WorktreeCheckpoint
    differs: int | None
    """How many files differ from it now; None when that cannot be told."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The checkpoints of one workspace, newest first."""

    workspace: str
    rows: tuple[Row, ...]
    trouble: str = ""
    """Why it cannot be told what differs now, or why there are none; empty: no trouble."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What going back to a checkpoint would do."""

    made: WorktreeCheckpoint
    now: str
    """The tree that is there now: what an undo is bound to."""
    preview: Preview
    changes: tuple[FileChange, ...]
    """From now to the checkpoint, as a person is shown them; at most `SHOWN`."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did."""

    made: WorktreeCheckpoint
    """Where it went back to."""
    safety: WorktreeCheckpoint
    """What takes it back."""
    done: Preview


async def timeline(
    gate: Gatehouse, workspace: str, *, limit: int, before: int | None = None
) -> Timeline:
    """The checkpoints of a workspace, and how many files differ from each now."""
    rows = gate.store.read(
        lambda view: view.worktree_checkpoints(workspace, limit=limit, before=before)
    )
    place = await place_of(gate, workspace)
    if place is None or not rows:
        return Timeline(workspace, tuple(Row(row, None) for row in rows))
    try:
        async with gate.watch.turn(workspace):
            now = await place.take()
            counts = {
                tree: len(await place.differing(tree, now.tree))
                for tree in dict.fromkeys(row.snapshot.tree for row in rows)
            }
    except UnavailableError as error:
        return Timeline(workspace, tuple(Row(row, None) for row in rows), str(error))
    return Timeline(workspace, tuple(Row(row, counts[row.snapshot.tree]) for row in rows))


async def foresee(
    gate: Gatehouse,
    workspace: str,
    number: int | None = None,
    *,
    paths: Sequence[str] | None = None,
) -> Foreseen:
    """What going back would do, to CP-`number` or to the newest one of a call that differs.

    Raises NotFoundError when there is none, UnavailableError when it cannot be looked at.
    """
    place = await _place(gate, workspace)
    async with gate.watch.turn(workspace):
        now = await place.take()
        made = await _target(place, now, number)
        return await _foreseen(place, made, now, paths)


async def _place(gate: Gatehouse, workspace: str) -> Place:
    place = await place_of(gate, workspace)
    if place is None:
        raise UnavailableError("No checkpoints are made here.")
    return place


async def _target(place: Place, now: Snapshot, number: int | None) -> WorktreeCheckpoint:
    view = place.gate.store.read
    if number is not None:
        made = view(lambda view: view.worktree_checkpoint(number))
        if made is None or made.workspace != place.workspace:
            raise NotFoundError(f"There is no CP-{number} here.", hint="See: assent checkpoints")
        return made
    rows = view(lambda view: view.worktree_checkpoints(place.workspace, limit=SEARCHED))
    for row in rows:
        if row.occasion is Occasion.CALL and row.snapshot.tree != now.tree:
            return row
    raise NotFoundError("There is nothing to undo here.", hint="See: assent checkpoints")


async def _foreseen(
    place: Place, made: WorktreeCheckpoint, now: Snapshot, paths: Sequence[str] | None
) -> Foreseen:
    preview = await asyncio.to_thread(
        place.shadow.preview, place.workspace, made.snapshot.tree, now=now, paths=paths
    )
    touched = {*preview.writes, *preview.deletes}
    differing = await place.differing(now.tree, made.snapshot.tree)
    shown: list[PathChange] = [each for each in differing if each.path in touched][:SHOWN]
    changes = await asyncio.to_thread(place.shadow.as_edit, place.workspace, shown)
    return Foreseen(made, now.tree, preview, changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to go back to, and where they say it."""

    number: int
    by: str
    via: str
    seen: str = ""
    """The tree that was there as they looked; empty: whatever is there now."""
    paths: tuple[str, ...] | None = None
    """Only these, from the workspace's root."""


async def undo(gate: Gatehouse, workspace: str, wish: Wish) -> Undone:
    """Go back to a checkpoint. What was there is kept in another one first.

    Raises NotFoundError, ConflictError when files changed since they were looked at, UsageError
    when nothing would change, and UnavailableError when it cannot be done.
    """
    place = await _place(gate, workspace)
    async with gate.watch.turn(workspace):
        looked = await look(place)
        made = await _target(place, looked.snapshot, wish.number)
        if wish.seen and wish.seen != looked.snapshot.tree:
            raise ConflictError(
                "Files changed while you looked at this.", hint="Look again, then undo."
            )
        foreseen = await _foreseen(place, made, looked.snapshot, wish.paths)
        if foreseen.preview.is_nothing:
            raise UsageError(f"Nothing differs from {made.name}.")
        undone = await _restore(place, foreseen, looked.snapshot, wish, at=looked.at)
        await look(place, restored=(*undone.done.writes, *undone.done.deletes))
        return undone


async def _restore(
    place: Place, foreseen: Foreseen, now: Snapshot, wish: Wish, *, at: int
) -> Undone:
    gate, made = place.gate, foreseen.made
    draft = Draft(
        id=gate.ids.new(),
        workspace=place.workspace,
        at=at,
        occasion=Occasion.UNDO,
        snapshot=now,
        agent=wish.by,
        title=f"before going back to {made.name}",
        explains=(*foreseen.preview.writes, *foreseen.preview.deletes),
    )
    safety = await gate.store.write(lambda tx: store(tx, draft), durable=True)
    done = await asyncio.to_thread(
        place.shadow.restore,
        place.workspace,
        made.snapshot.tree,
        now=now,
        paths=wish.paths,
    )
    after = await place.take()

    def work(tx: Tx) -> WorktreeCheckpoint:
        closed = close(tx, safety, at=at + 1, after=after)
        more: dict[str, Json] = {"by": wish.by, "via": wish.via, "checkpoint": made.number}
        record_undone(tx, closed, done, at=at + 1, more=more)
        return closed

    closed = await gate.store.write(work, durable=True)
    return Undone(made, closed, done)
