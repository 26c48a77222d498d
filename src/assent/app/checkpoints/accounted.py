"""What Assent itself changes in a work tree, so that nobody is asked about it."""

import posixpath
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from assent.app.checkpoints.ending import place_of
from assent.app.checkpoints.look import look
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.rows import ASSENT, Draft, anybody_at_work, close, standing, store
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.changes.model import Change, ValuePayload
from assent.core.checkpoints import Occasion, WorktreeCheckpoint
from assent.core.risk.paths import lies_in
from assent.errors import AssentError


def accounted_merge(gate: Gatehouse, change: Change) -> AbstractAsyncContextManager[None]:
    """What merging `change` does to the work tree it came from, and to the repository's own."""
    payload = change.newest.payload
    if isinstance(payload, ValuePayload):
        workspaces, paths = [change.workspace], [payload.file]
    else:
        top = posixpath.dirname(change.repository)
        workspaces = [top, change.workspace]
        # A linked work tree lies elsewhere; a workspace may be a folder of the repository.
        tops = [top] if lies_in(change.workspace, top) else [top, change.workspace]
        paths = [posixpath.join(root, path) for root in tops for path in change.newest.paths]
    return accounted(gate, workspaces, title=f"merge {change.name}", paths=paths)


@asynccontextmanager
async def accounted(
    gate: Gatehouse, workspaces: Sequence[str], *, title: str, paths: Sequence[str]
) -> AsyncIterator[None]:
    """Whatever happens meanwhile to `paths` (absolute) in these workspaces is Assent's doing.

    Where no agent is at work nobody compares, and nothing is done. A checkpoint that cannot be made
    stops nothing: at worst a person is asked about what Assent did.
    """
    opened: list[WorktreeCheckpoint] = []
    for workspace in dict.fromkeys(workspaces):
        mine = tuple(
            path[len(workspace.rstrip("/")) + 1 :] for path in paths if lies_in(path, workspace)
        )
        with suppress(AssentError):
            row = await _open(gate, workspace, title, mine) if mine else None
            opened += [] if row is None else [row]
    try:
        yield
    finally:
        for row in opened:
            with suppress(AssentError):
                await _close(gate, row)


async def _open(
    gate: Gatehouse, workspace: str, title: str, paths: tuple[str, ...]
) -> WorktreeCheckpoint | None:
    place = await place_of(gate, workspace)
    if place is None or not _is_watched(place):
        return None
    async with gate.watch.turn(workspace):
        looked = await look(place)
        draft = Draft(
            id=gate.ids.new(),
            workspace=workspace,
            at=looked.at,
            occasion=Occasion.CALL,
            snapshot=looked.snapshot,
            agent=ASSENT,
            title=title,
            explains=paths,
        )
        return await gate.store.write(lambda tx: store(tx, draft), durable=False)


def _is_watched(place: Place) -> bool:
    now = place.gate.clock.now()
    return place.gate.store.read(
        lambda view: anybody_at_work(view, standing(view, place.workspace), now)
    )


async def _close(gate: Gatehouse, row: WorktreeCheckpoint) -> None:
    place = await place_of(gate, row.workspace)
    if place is None:
        return
    async with gate.watch.turn(row.workspace):
        looked = await look(place)

        def work(tx: Tx) -> None:
            close(tx, row, at=looked.at, after=looked.snapshot)

        await gate.store.write(work, durable=False)
