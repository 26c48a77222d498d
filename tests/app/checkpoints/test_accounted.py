"""What Assent itself changes in a work tree, as it merges, is asked about by nobody."""

from dataclasses import replace

import pytest

from assent.app.agents import LetThrough
from assent.app.checkpoints.accounted import accounted, accounted_merge
from assent.app.question import Waiting
from assent.core.changes.model import TreePayload, ValuePayload
from assent.core.checkpoints import Occasion
from tests.app.checkpoints.conftest import Yard, command, edit
from tests.app.world import WORKSPACE
from tests.core.changes.changes import change, hunk, revision


async def test_a_merge_explains_its_own_files_and_no_others(yard: Yard) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    async with accounted(yard.gate, [WORKSPACE, "/v"], title="merge CH-1", paths=["/w/b.py"]):
        yard.change(b_py="merged\n")
    assert await yard.asks(edit("a.py"), call="c2") == LetThrough()
    yard.change(c_py="sneaky\n")
    await yard.ends(call="c2")
    [asked] = yard.waiting()
    assert asked.assessment.title == "c.py changed that no approved action explains"


async def test_it_ends_with_the_merge(yard: Yard) -> None:
    await yard.runs(command(), does={"a_py": "1\n"})
    async with accounted(yard.gate, [WORKSPACE], title="merge CH-1", paths=["/w/b.py"]):
        yard.change(b_py="merged\n")
    yard.change(b_py="sneaky\n")
    assert isinstance(await yard.asks(command(), call="c2"), Waiting)


async def test_where_nobody_is_at_work_nothing_is_stored(yard: Yard) -> None:
    async with accounted(yard.gate, [WORKSPACE], title="merge CH-1", paths=["/w/b.py"]):
        yard.change(b_py="merged\n")
    assert yard.rows() == []


async def test_a_checkpoint_that_fails_stops_no_merge(yard: Yard) -> None:
    await yard.runs(command(), does={"a_py": "1\n"})
    yard.shadow.fault = "the disk is full"
    async with accounted(yard.gate, [WORKSPACE], title="merge CH-1", paths=["/w/b.py"]):
        yard.change(b_py="merged\n")
    assert yard.files["b.py"] == "merged\n"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(TreePayload("b", "c", "t"), id="tree"),
        pytest.param(ValuePayload("config", "/w/b.py", "", "two\n", "merged\n"), id="value"),
    ],
)
async def test_of_a_change_its_own_paths_are_accounted_for(
    yard: Yard, payload: TreePayload | ValuePayload
) -> None:
    made = revision(hunk("b", path="b.py"))
    merged = replace(
        change(replace(made, payload=payload)), workspace=WORKSPACE, repository=f"{WORKSPACE}/.git"
    )
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    async with accounted_merge(yard.gate, merged):
        yard.change(b_py="merged\n")
    assert yard.rows(Occasion.CALL)[-1].title == f"merge {merged.name}"
    assert await yard.asks(command(), call="c2") == LetThrough()
