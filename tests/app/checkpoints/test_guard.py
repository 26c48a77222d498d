"""Before a call that may change something there is a checkpoint, or a person said to go without."""

import pytest

from assent.app.agents import LetThrough, Refuse
from assent.app.question import Waiting
from assent.app.submit_action import submit_action
from assent.core.actions import Action, FileRead, Plan, ToolCall, Vouched
from assent.core.approvals import Request, State, Verdict
from assent.core.checkpoints import Occasion
from assent.core.policy import Rule
from assent.core.policy.model import Asks, RouteName
from assent.errors import UnavailableError
from tests.app.checkpoints.conftest import Yard, command, edit
from tests.app.conftest import proposal as plain
from tests.app.world import WORKSPACE

ASKS = Rule("all", RouteName.GATE, kinds=frozenset({"command", "edit", "tool"}))


@pytest.mark.parametrize(
    ("action", "explains"),
    [
        pytest.param(edit("src/a.py"), ("src/a.py",), id="edit"),
        pytest.param(command("make all"), None, id="command"),
        pytest.param(ToolCall("db", "write", "{}"), None, id="tool"),
    ],
)
async def test_a_call_that_may_change_something_has_a_checkpoint(
    yard: Yard, action: Action, explains: tuple[str, ...] | None
) -> None:
    assert await yard.asks(action) == LetThrough()
    [row] = yard.rows(Occasion.CALL)
    assert (row.agent, row.session, row.call, row.explains) == ("plain", "s1", "c1", explains)
    assert row.closed_at is None
    [entry] = yard.entries("proceeded")
    assert entry["checkpoint"] == row.number


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(command("ls -l"), id="command-that-reads"),
        pytest.param(FileRead(("a.py",), WORKSPACE), id="read"),
        pytest.param(Plan("do it"), id="plan"),
        pytest.param(ToolCall("plain", "todo", "{}", vouched=Vouched.INERT), id="inert-tool"),
        pytest.param(ToolCall("plain", "grep", "{}", vouched=Vouched.READ), id="reading-tool"),
    ],
)
async def test_what_only_reads_takes_none(yard: Yard, action: Action) -> None:
    yard.shadow.fault = "no git"
    await yard.asks(action)
    await yard.ends()
    assert yard.rows() == []
    assert yard.entries("unexplained") == []


async def test_a_refused_call_takes_none(yard: Yard) -> None:
    yard.under(Rule("no", RouteName.DENY, kinds=frozenset({"command"})))
    assert isinstance(await yard.asks(command()), Refuse)
    assert yard.rows() == []


async def test_a_call_that_is_asked_about_has_one_of_the_moment_it_runs(yard: Yard) -> None:
    yard.under(ASKS)
    waits = await yard.asks(command())
    assert isinstance(waits, Waiting)
    assert yard.rows(Occasion.CALL) == []
    await yard.says(waits.request.number, Verdict.APPROVE)
    assert await yard.asks(command()) == LetThrough()
    assert len(yard.rows(Occasion.CALL)) == 1


async def test_a_held_call_has_one_too(yard: Yard) -> None:
    yard.under(ASKS)
    held = await yard.waits(command())
    await yard.says(1, Verdict.APPROVE)
    assert await held == LetThrough()
    assert [row.call for row in yard.rows(Occasion.CALL)] == ["c1"]


async def test_edits_outside_of_the_workspace_need_none_and_say_so(yard: Yard) -> None:
    assert await yard.asks(edit("/elsewhere/x.py")) == LetThrough()
    assert yard.rows() == []
    both = edit("a.py")
    both = type(both)((*both.changes, *edit("/elsewhere/x.py").changes), WORKSPACE)
    await yard.asks(both)
    [row] = yard.rows(Occasion.CALL)
    assert row.explains == ("a.py",)
    assert "1 of them outside, not captured" in row.title


async def test_the_same_content_is_one_snapshot(yard: Yard) -> None:
    await yard.runs(command(), call="c1")
    await yard.runs(command(), call="c2")
    commits = {row.snapshot.commit for row in yard.rows()}
    assert len(commits) == 1
    assert len(yard.rows(Occasion.CALL)) == 2


# --- it cannot be made


async def test_a_call_that_cannot_be_protected_waits_and_says_why(yard: Yard) -> None:
    yard.shadow.fault = "the disk is full"
    waits = await yard.asks(edit())
    assert isinstance(waits, Waiting)
    asked = waits.request
    assert asked.rule == "no-checkpoint"
    assert "the disk is full" in asked.why
    assert "no checkpoint" in asked.assessment.undo
    assert any("the disk is full" in item.what for item in asked.assessment.evidence)
    await yard.says(asked.number, Verdict.APPROVE)
    assert await yard.asks(edit()) == LetThrough()
    assert yard.rows() == []


async def test_an_approval_that_did_not_know_it_is_not_used(yard: Yard) -> None:
    yard.under(ASKS)
    await yard.asks(command())
    await yard.says(1, Verdict.APPROVE)
    yard.shadow.fault = "the disk is full"
    again = await yard.asks(command())
    assert isinstance(again, Waiting)
    assert again.request.number == 2
    assert any(item.rule == "no-checkpoint" for item in again.request.assessment.evidence)
    assert yard.state(1) is State.SUPERSEDED
    await yard.says(2, Verdict.APPROVE)
    assert await yard.asks(command()) == LetThrough()


async def test_a_held_call_is_asked_about_again(yard: Yard) -> None:
    yard.under(ASKS)
    held = await yard.waits(command())
    yard.shadow.fault = "the disk is full"
    await yard.says(1, Verdict.APPROVE)
    asked = await yard.next_request(after=1)
    await yard.says(asked.number, Verdict.APPROVE)
    assert await held == LetThrough()


async def test_what_was_remembered_does_not_pass_unprotected(yard: Yard) -> None:
    yard.under(
        Rule("all", RouteName.GATE, kinds=frozenset({"command"}), asks=Asks(remember_ms=60_000))
    )
    await yard.asks(command("echo hi > a.py"))
    await yard.says(1, Verdict.APPROVE)
    assert await yard.asks(command("echo hi > a.py")) == LetThrough()
    assert await yard.asks(command("echo hi > a.py")) == LetThrough()
    yard.shadow.fault = "the disk is full"
    assert isinstance(await yard.asks(command("echo hi > a.py")), Waiting)


async def test_where_none_are_made_the_class_decides_and_it_is_recorded_once(yard: Yard) -> None:
    yard.shadow.uncaptured.add(WORKSPACE)
    assert await yard.asks(edit(), call="c1") == LetThrough()
    assert await yard.asks(edit(), call="c2") == LetThrough()
    said = [entry.get("no_checkpoint") for entry in yard.entries("proceeded")]
    assert said == ["/w is not captured.", None]


async def test_a_checkpoint_that_cannot_be_stored_lets_nothing_through(yard: Yard) -> None:
    yard.store.fault = "the disk is full"
    with pytest.raises(UnavailableError):
        await yard.asks(edit())
    yard.store.fault = ""
    assert yard.rows() == []
    assert yard.entries("proceeded") == []


async def test_a_changed_call_may_touch_anything(yard: Yard) -> None:
    yard.under(ASKS)
    wanted = plain("make release")
    assert isinstance(await submit_action(yard.gate, wanted), Waiting)
    changed = await yard.says(1, Verdict.MODIFY, text="make check")
    assert isinstance(changed, Request)
    await submit_action(yard.gate, wanted)
    [row] = yard.rows(Occasion.CALL)
    assert row.explains is None
