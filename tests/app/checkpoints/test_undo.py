"""A person goes back to a checkpoint, sees before what that does, and can take it back."""

import pytest

from assent.app.agents import LetThrough
from assent.app.checkpoints.ending import KEPT, TRIMMED_EVERY
from assent.app.checkpoints.undo import Undone, Wish, foresee, timeline, undo
from assent.core.checkpoints import Occasion
from assent.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from tests.app.checkpoints.conftest import Yard, command, edit
from tests.app.world import WORKSPACE

AT_FIRST = {"a.py": "one\n", "b.py": "two\n"}


async def worked(yard: Yard) -> None:
    """Two calls: the first makes `c.py` and changes `a.py`, the second deletes `b.py`."""
    await yard.runs(command("make one"), call="c1", does={"c_py": "new\n", "a_py": "1\n"})
    await yard.runs(command("make two"), call="c2", does={"b_py": None})


async def back(yard: Yard, number: int, **more: object) -> Undone:
    wish = Wish(number=number, by="ana", via="cli", **more)  # type: ignore[arg-type]
    return await undo(yard.gate, WORKSPACE, wish)


def calls(yard: Yard) -> list[int]:
    return [row.number for row in yard.rows(Occasion.CALL)]


async def test_the_timeline_tells_what_differs_now(yard: Yard) -> None:
    await worked(yard)
    found = await timeline(yard.gate, WORKSPACE, limit=10)
    told = [(row.made.call, row.differs) for row in found.rows if row.made.call]
    assert told == [("c2", 1), ("c1", 3)]
    assert found.trouble == ""
    [newest] = (await timeline(yard.gate, WORKSPACE, limit=1)).rows
    older = await timeline(yard.gate, WORKSPACE, limit=10, before=newest.made.number)
    assert newest.made.number not in [row.made.number for row in older.rows]


async def test_the_timeline_says_when_nothing_can_be_told(yard: Yard) -> None:
    await worked(yard)
    yard.shadow.fault = "no git"
    found = await timeline(yard.gate, WORKSPACE, limit=10)
    assert found.trouble == "no git"
    assert {row.differs for row in found.rows} == {None}


async def test_a_preview_tells_what_an_undo_does_and_changes_nothing(yard: Yard) -> None:
    await worked(yard)
    first, _ = calls(yard)
    before = dict(yard.files)
    foreseen = await foresee(yard.gate, WORKSPACE, first)
    assert foreseen.preview.writes == ("a.py", "b.py")
    assert foreseen.preview.deletes == ("c.py",)
    assert [change.path for change in foreseen.changes] == ["/w/a.py", "/w/b.py", "/w/c.py"]
    assert "+one" in foreseen.changes[0].diff
    assert yard.files == before


async def test_by_itself_it_is_the_newest_call_that_changed_something(yard: Yard) -> None:
    await worked(yard)
    await yard.runs(command("true x"), call="c3")
    foreseen = await foresee(yard.gate, WORKSPACE)
    assert foreseen.made.call == "c2"


async def test_an_undo_brings_back_and_is_itself_undoable(yard: Yard) -> None:
    await worked(yard)
    first, _ = calls(yard)
    after_calls = dict(yard.files)
    undone = await back(yard, first)
    assert yard.files == AT_FIRST
    assert undone.safety.title == f"before going back to CP-{first}"
    [entry] = yard.entries("undone")
    assert (entry["by"], entry["via"], entry["checkpoint"]) == ("ana", "cli", first)
    assert entry["safety"] == undone.safety.number
    await back(yard, undone.safety.number)
    assert yard.files == after_calls


async def test_what_an_undo_changed_is_explained(yard: Yard) -> None:
    await worked(yard)
    await back(yard, calls(yard)[0])
    assert await yard.runs(edit(), call="c3", does={"a_py": "3\n"}) == LetThrough()
    assert yard.waiting() == []


async def test_only_named_files_go_back(yard: Yard) -> None:
    await worked(yard)
    await back(yard, calls(yard)[0], paths=("c.py", "b.py"))
    assert yard.files == {"a.py": "1\n", "b.py": "two\n"}


async def test_going_back_beside_an_unexplained_change_hides_none_of_it(yard: Yard) -> None:
    await worked(yard)
    yard.change(d_py="sneaky\n", a_py="sneaky\n")
    await back(yard, calls(yard)[0], paths=("a.py",))
    [asked] = yard.waiting()
    assert asked.assessment.title == "d.py changed that no approved action explains"


async def test_an_undo_of_all_of_it_settles_the_question(yard: Yard) -> None:
    await worked(yard)
    yard.change(d_py="sneaky\n")
    await back(yard, calls(yard)[0])
    assert yard.files == AT_FIRST
    assert yard.waiting() == []


async def test_it_does_what_was_looked_at_or_nothing(yard: Yard) -> None:
    await worked(yard)
    _first, second = calls(yard)
    foreseen = await foresee(yard.gate, WORKSPACE, second)
    yard.change(b_py="written meanwhile\n")
    with pytest.raises(ConflictError):
        await back(yard, second, seen=foreseen.now)
    assert yard.files["b.py"] == "written meanwhile\n"
    again = await foresee(yard.gate, WORKSPACE, second)
    await back(yard, second, seen=again.now)
    assert yard.files["b.py"] == "two\n"


async def test_there_may_be_nothing_to_go_back_to(yard: Yard) -> None:
    with pytest.raises(NotFoundError):
        await foresee(yard.gate, WORKSPACE)
    await yard.runs(command(), call="c1")
    with pytest.raises(NotFoundError):
        await foresee(yard.gate, WORKSPACE)
    [number] = calls(yard)
    with pytest.raises(UsageError):
        await back(yard, number)
    with pytest.raises(NotFoundError):
        await back(yard, number + 1)
    with pytest.raises(NotFoundError):
        await foresee(yard.gate, "/other", number)


async def test_without_a_safety_checkpoint_nothing_is_undone(yard: Yard) -> None:
    await worked(yard)
    before = dict(yard.files)
    yard.store.fault = "the disk is full"
    with pytest.raises(UnavailableError):
        await back(yard, calls(yard)[0])
    assert yard.files == before


async def test_old_checkpoints_are_forgotten_and_the_rest_kept(yard: Yard) -> None:
    for number in range(TRIMMED_EVERY - 1):
        await yard.runs(command(), call=f"old{number}", does={"a_py": f"{number}\n"})
    yard.clock.advance(31 * 24 * 3_600_000)
    await yard.runs(command(), session="s2", call="new", does={"a_py": "new\n"})
    kept = yard.rows()
    assert [row.call for row in kept if row.occasion is Occasion.CALL] == ["new"]
    wanted = {row.snapshot.commit for row in kept} | {row.after_commit for row in kept} - {""}
    assert wanted <= set(yard.shadow.kept[WORKSPACE])
    assert len(kept) < KEPT
