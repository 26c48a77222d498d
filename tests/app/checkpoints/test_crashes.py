"""Killed between any two steps, Assent ends where it would have ended, and loses no file.

A step is a write of the store or a use of the shadow repository; the kill comes before it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from assent.app.agents import LetThrough
from assent.app.checkpoints.ending import undo_unfinished
from assent.app.checkpoints.ports import Preview
from assent.app.checkpoints.undo import Wish, undo
from assent.app.ports import Tx
from assent.core.approvals import State, Verdict
from assent.core.checkpoints import Occasion, Snapshot
from assent.testing_shadow import MemoryShadow
from tests.app.checkpoints.conftest import Yard, command, edit
from tests.app.failing_store import FailingStore
from tests.app.world import WORKSPACE

T = TypeVar("T")
NEVER = -1
MOST = 16
"""No use takes more steps."""


class Killed(BaseException):
    """The process ends here."""


class Fate:
    """Counts steps, and kills before one of them."""

    def __init__(self) -> None:
        self.left = NEVER

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        if self.left > 0:
            self.left -= 1


class MortalStore(FailingStore):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        self._fate.step()
        return await super().write(work, durable=durable)


class MortalShadow(MemoryShadow):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate

    def snapshot(self, workspace: str, *, paths: Sequence[str] | None = None) -> Snapshot:
        self._fate.step()
        return super().snapshot(workspace, paths=paths)

    def restore(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        self._fate.step()
        wanted = super().preview(workspace, tree, now=now, paths=paths)
        first = [*wanted.writes, *wanted.deletes][:1]
        if first:
            super().restore(workspace, tree, now=now, paths=first)
        self._fate.step()
        return super().restore(workspace, tree, now=now, paths=paths)


@pytest.fixture
def fate() -> Fate:
    return Fate()


@pytest.fixture
def yard(fate: Fate) -> Yard:
    return Yard(store=MortalStore(fate), shadow=MortalShadow(fate))


async def bypassed(yard: Yard) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "ONE\n", "b_py": "sneaky\n", "c_py": "new\n"})


async def starts_again(yard: Yard, fate: Fate) -> None:
    fate.left = NEVER
    yard.start()
    await undo_unfinished(yard.gate)
    await yard.gate.watch.settled()


@pytest.mark.parametrize("step", range(MOST))
async def test_a_rejected_change_is_undone_after_a_kill(yard: Yard, fate: Fate, step: int) -> None:
    await bypassed(yard)
    [asked] = yard.waiting()
    fate.left = step
    try:
        await yard.says(asked.number, Verdict.REJECT)
    except Killed:
        await starts_again(yard, fate)
    fate.left = NEVER
    if yard.state(asked.number) is State.PENDING:
        assert yard.files["b.py"] == "sneaky\n"
        return
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n"}
    held = [row.snapshot.tree for row in yard.rows(Occasion.UNDO)]
    assert any(_holds(yard, tree, "b.py", "sneaky\n") for tree in held)
    assert await yard.runs(edit("a.py"), call="c2", does={"a_py": "2\n"}) == LetThrough()
    assert yard.waiting() == []


def _holds(yard: Yard, tree: str, path: str, text: str) -> bool:
    now = yard.shadow.snapshot(WORKSPACE)
    changes = yard.shadow.difference(WORKSPACE, now.tree, tree)
    return any(change.path == path and change.after_blob == text for change in changes)


@pytest.mark.parametrize("step", range(MOST))
async def test_it_is_asked_about_after_a_kill(yard: Yard, fate: Fate, step: int) -> None:
    await yard.asks(edit("a.py"))
    yard.change(a_py="ONE\n", b_py="sneaky\n")
    fate.left = step
    try:
        await yard.ends()
    except Killed:
        await starts_again(yard, fate)
    fate.left = NEVER
    await yard.asks(command(), call="c2")
    [asked] = yard.waiting()
    assert [change.path for change in asked.proposal.action.changes] == ["/w/b.py"]  # type: ignore[union-attr]
    assert len(yard.entries("unexplained")) == 1


@pytest.mark.parametrize("step", range(MOST))
async def test_an_undo_cut_short_lost_nothing_and_is_explained(
    yard: Yard, fate: Fate, step: int
) -> None:
    await yard.runs(command(), does={"a_py": "1\n", "b_py": None, "c_py": "new\n"})
    [call] = yard.rows(Occasion.CALL)
    fate.left = step
    try:
        await undo(yard.gate, WORKSPACE, Wish(number=call.number, by="ana", via="cli"))
    except Killed:
        await starts_again(yard, fate)
    fate.left = NEVER
    worked = {"a.py": "1\n", "c.py": "new\n"}
    if yard.files != worked:
        [safety] = yard.rows(Occasion.UNDO)
        assert await yard.asks(command(), call="c2") == LetThrough()
        assert yard.waiting() == []
        wish = Wish(number=safety.number, by="ana", via="cli")
        await undo(yard.gate, WORKSPACE, wish)
    assert yard.files == worked
