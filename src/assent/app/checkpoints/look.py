"""Look at a work tree: what changed since the last look is held against the calls at work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assent.app.checkpoints import matters
from assent.app.checkpoints.place import Place
from assent.app.checkpoints.rows import Draft, Matter, Standing, close, standing, store
from assent.app.ports import Tx, View
from assent.core.approvals import Request, State
from assent.core.checkpoints import (
    IDLE_MS,
    Known,
    Occasion,
    PathChange,
    Snapshot,
    unexplained,
)
from assent.core.proposals import AgentSession

POLICY_FILE = ".assent/policy.toml"
"""Asked about by itself, and without effect until a person accepts it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found."""

    snapshot: Snapshot
    at: int
    """When, in ms since the epoch: later than any look before."""
    held: Request | None
    """The question about changes that no call accounts for, until a person answers it."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that may begin with this look: then what changed until now is nobody's doing."""

    session: AgentSession
    is_one: Callable[[View, Standing], bool]


async def look(
    place: Place,
    *,
    paths: Sequence[str] | None = None,
    begins: Beginning | None = None,
    restored: Sequence[str] = (),
) -> Looked:
    """Take a snapshot, whole or of `paths`, and settle what it shows.

    `restored` are paths that a person just went back with: nobody is asked about them any more.
    Raises UnavailableError when it cannot be looked at, and NotCaptured where that is never done.
    """
    stood, is_start = place.gate.store.read(lambda view: _stands(view, place, begins))
    known, matter = stood.known, stood.matter
    undoing = matter is not None and matter.request.state is State.REJECTED
    now = await place.take(None if is_start or undoing else paths)
    at = max(place.gate.clock.now(), 0 if known is None else known.at + 1)
    if known is not None and now.tree == known.tree:
        now = replace(now, commit=known.commit)
    extra = () if is_start else await _unaccounted(place, stood, now)
    await _note(place, stood, _beginning(place, begins, now, at=at) if is_start else None, at=at)
    if matter is not None and undoing:
        extra = tuple(change for change in extra if change.path not in matter.paths)
        now = await matters.undo_found(place, matter, now, at=at)
        at += matters.UNDO_STEPS
    held = await _settle(place, stood, now, at=at, extra=extra, restored=restored)
    return Looked(now, at, held)


def _stands(view: View, place: Place, begins: Beginning | None) -> tuple[Standing, bool]:
    stood = standing(view, place.workspace)
    is_start = stood.known is None or (begins is not None and begins.is_one(view, stood))
    return stood, is_start


async def _unaccounted(place: Place, stood: Standing, now: Snapshot) -> tuple[PathChange, ...]:
    if stood.known is None:
        return ()
    changes = await place.differing(stood.known.tree, now.tree)
    left = unexplained(changes, stood.at_work)
    return tuple(change for change in left if change.path != POLICY_FILE)


def _beginning(place: Place, begins: Beginning | None, now: Snapshot, *, at: int) -> Draft | None:
    if begins is None:
        return None
    return Draft(
        id=place.gate.ids.new(),
        workspace=place.workspace,
        at=at,
        occasion=Occasion.START,
        snapshot=now,
        agent=begins.session.agent,
        session=begins.session.session_id,
        title="as the run began",
        closed_at=at,
    )


async def _note(place: Place, stood: Standing, start: Draft | None, *, at: int) -> None:
    """Calls of which nothing was heard for an hour account for nothing from now on.

    Nor does an undo: it holds the turn as long as it is at work.
    """
    old = [row for row in stood.at_work if row.occasion is Occasion.UNDO or row.at <= at - IDLE_MS]
    if not old and start is None:
        return

    def work(tx: Tx) -> None:
        for row in old:
            close(tx, row, at=at)
        if start is not None:
            store(tx, start)

    await place.gate.store.write(work, durable=False)


_KEPT = frozenset({State.APPROVED, State.CONSUMED})


async def _settle(
    place: Place,
    stood: Standing,
    now: Snapshot,
    *,
    at: int,
    extra: Sequence[PathChange],
    restored: Sequence[str],
) -> Request | None:
    """Ask about what nothing explains, or go on asking about it as it is now."""
    matter = stood.matter
    if matter is not None and matter.request.state in _KEPT:
        await matters.drop(place, matter, at=at)
    if matter is None or matter.request.state in (*_KEPT, State.REJECTED):
        return await _found(place, stood.known, now, at=at, extra=extra) if extra else None
    is_open = matter.request.state is State.PENDING
    if is_open and not extra and now.tree == matter.row.snapshot.tree:
        return matter.request
    if is_open and extra and await _has_moved(place, stood, matter, extra):
        return await _found(place, stood.known, now, at=at, extra=extra)
    wanted = {*matter.paths, *(change.path for change in extra)} - {*restored}
    left = await _of(place, matter.action.before, now.tree, wanted)
    if not left:
        await matters.drop(place, matter, at=at)
        return None
    if is_open and left == await _asked(place, matter):
        return matter.request
    return await matters.ask(
        place, matter.action.before, now, at=at, changes=left, instead_of=matter
    )


async def _has_moved(
    place: Place, stood: Standing, matter: Matter, extra: Sequence[PathChange]
) -> bool:
    """Whether calls changed these files since the open question's `before`: then going back to
    that would undo their work too, and the files are asked about by themselves."""
    known = matter.action.before if stood.known is None else stood.known.tree
    new = {change.path for change in extra} - {*matter.paths}
    return bool(new and await _of(place, matter.action.before, known, new))


async def _of(place: Place, before: str, after: str, paths: set[str]) -> list[PathChange]:
    return [each for each in await place.differing(before, after) if each.path in paths]


async def _asked(place: Place, matter: Matter) -> list[PathChange]:
    return await _of(place, matter.action.before, matter.row.snapshot.tree, {*matter.paths})


async def _found(
    place: Place, known: Known | None, now: Snapshot, *, at: int, extra: Sequence[PathChange]
) -> Request | None:
    before = "" if known is None else known.tree
    if place.policy.changes.unexplained == "notify":
        await matters.note(place, before, now, at=at, changes=extra)
        return None
    return await matters.ask(place, before, now, at=at, changes=extra)
