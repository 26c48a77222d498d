"""A call or a run ended, or a run began: look at the work tree, with nobody waiting for it."""

from collections.abc import Callable, Sequence

from assent.app.agents import SessionEvent, ToolFinished
from assent.app.checkpoints.look import Beginning, look
from assent.app.checkpoints.matters import is_unfinished
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.rows import anybody_at_work, close, standing
from assent.app.gatehouse import Gatehouse
from assent.app.policy_in_force import policy_in_force
from assent.app.ports import Tx
from assent.core.actions import UnexplainedChange
from assent.core.checkpoints import Occasion, WorktreeCheckpoint

KEPT = 500
"""Checkpoints that are kept of a workspace."""
KEPT_MS = 30 * 24 * 3_600_000
TRIMMED_EVERY = 50
DECIDED = 200
"""Newest decided requests in which an undo that a kill cut short is looked for."""


def after_call(gate: Gatehouse, event: ToolFinished) -> None:
    """What the call changed is its own; what else changed is not explained by it any more."""
    session = event.session
    run = (session.agent, session.session_id)

    def is_mine(row: WorktreeCheckpoint) -> bool:
        return (row.agent, row.session) == run and row.call == event.call_id

    _end(gate, session.workspace, is_mine)


def after_run(gate: Gatehouse, event: SessionEvent) -> None:
    """None of the run's calls is at work any more; or what is there as it begins is known."""
    session = event.session
    if gate.shadow is None:
        return
    if event.what == "start":
        gate.watch.behind(_begin(gate, event))
        return
    run = (session.agent, session.session_id)
    _end(gate, session.workspace, lambda row: (row.agent, row.session) == run)


async def _begin(gate: Gatehouse, event: SessionEvent) -> None:
    place = await place_of(gate, event.session.workspace)
    if place is None:
        return
    now = gate.clock.now()
    async with gate.watch.turn(place.workspace):
        stood, is_busy = gate.store.read(
            lambda view: (
                (found := standing(view, place.workspace)),
                anybody_at_work(view, found, now),
            )
        )
        if is_busy and stood.known is not None:
            return
        await look(place, begins=Beginning(event.session, lambda _view, _stood: True))


def _end(gate: Gatehouse, workspace: str, is_mine: Callable[[WorktreeCheckpoint], bool]) -> None:
    if gate.shadow is not None and _at_work(gate, workspace, is_mine):
        gate.watch.behind(_close(gate, workspace, is_mine))


def _at_work(
    gate: Gatehouse, workspace: str, is_mine: Callable[[WorktreeCheckpoint], bool]
) -> Sequence[WorktreeCheckpoint]:
    unclosed = gate.store.read(lambda view: view.unclosed_checkpoints(workspace))
    return [row for row in unclosed if row.occasion is Occasion.CALL and is_mine(row)]


async def _close(
    gate: Gatehouse, workspace: str, is_mine: Callable[[WorktreeCheckpoint], bool]
) -> None:
    place = await place_of(gate, workspace)
    if place is None:
        return
    async with gate.watch.turn(workspace):
        looked = await look(place)
        ended = _at_work(gate, workspace, is_mine)

        def work(tx: Tx) -> None:
            for row in ended:
                close(tx, row, at=looked.at, after=looked.snapshot)

        await gate.store.write(work, durable=False)
        if gate.watch.count(workspace) % TRIMMED_EVERY == 0:
            await _trim(place)


async def place_of(gate: Gatehouse, workspace: str) -> Place | None:
    """The workspace, under the policy in force; None where no checkpoints are made."""
    if gate.shadow is None:
        return None
    return Place(gate, gate.shadow, workspace, await policy_in_force(gate, workspace))


async def undo_unfinished(gate: Gatehouse) -> None:
    """Undo what people rejected before a kill. To be called once, as Assent starts."""
    recent = gate.store.read(lambda view: view.recent(limit=DECIDED))
    for request in recent:
        action = request.proposal.action
        if is_unfinished(request) and isinstance(action, UnexplainedChange):
            undo_rejected(gate, action.workspace)


def undo_rejected(gate: Gatehouse, workspace: str) -> None:
    """A person rejected changes of this workspace: undo them, if that is still to be done."""
    if gate.shadow is not None:
        gate.watch.behind(_undo(gate, workspace))


async def _undo(gate: Gatehouse, workspace: str) -> None:
    place = await place_of(gate, workspace)
    if place is None:
        return
    async with gate.watch.turn(workspace):
        matter = gate.store.read(lambda view: standing(view, workspace)).matter
        if matter is not None and is_unfinished(matter.request):
            await look(place)


async def _trim(place: Place) -> None:
    """Forget the oldest checkpoints, and what nothing refers to."""
    gate, workspace = place.gate, place.workspace
    rows = gate.store.read(lambda view: view.worktree_checkpoints(workspace, limit=10 * KEPT))
    since = gate.clock.now() - KEPT_MS
    wanted = [row for row in rows[:KEPT] if row.at >= since] or list(rows[:1])
    unclosed = gate.store.read(lambda view: view.unclosed_checkpoints(workspace))
    below = min(row.number for row in (*wanted, *unclosed))
    kept = [row for row in rows if row.number >= below]

    def work(tx: Tx) -> None:
        tx.drop_worktree_checkpoints(workspace, below=below)

    await gate.store.write(work, durable=False)
    commits = {row.snapshot.commit for row in kept} | {row.after_commit for row in kept}
    await place.forget(sorted(commits - {""}))
