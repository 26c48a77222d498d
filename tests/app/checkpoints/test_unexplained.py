"""What changes although no call accounts for it is recorded, and holds agents until it is answered.

`/w` holds `a.py` and `b.py`; a command may change anything, an edit its own file.
"""

import asyncio
from collections.abc import Callable

import pytest

from assent.app.agents import LetThrough, Refuse
from assent.app.question import Waiting
from assent.app.run_timers import run_timers
from assent.core.actions import FileRead, UnexplainedChange
from assent.core.approvals import Request, State, Verdict
from assent.core.checkpoints import Occasion
from assent.core.risk.factors import RiskClass
from tests.app.checkpoints.conftest import HOUR, Yard, command, edit
from tests.app.world import WORKSPACE


async def bypassed(yard: Yard, **files: str | None) -> Request:
    """An edit ran, and something else was changed beside it."""
    await yard.runs(edit("a.py"), does={"a_py": "ONE\n", **(files or {"b_py": "sneaky\n"})})
    [asked] = yard.waiting()
    return asked


def paths_of(request: Request) -> list[str]:
    action = request.proposal.action
    assert isinstance(action, UnexplainedChange)
    return [change.path for change in action.changes]


async def test_what_calls_change_is_explained(yard: Yard) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "ONE\n"})
    await yard.runs(command(), call="c2", does={"new_py": "made\n", "b_py": None})
    await yard.runs(edit("a.py"), call="c3", does={"a_py": "1\n"})
    assert yard.waiting() == []
    assert yard.entries("unexplained") == []
    assert all(row.closed_at is not None and row.after for row in yard.rows(Occasion.CALL))


async def test_what_else_changes_is_asked_about_and_shown(yard: Yard) -> None:
    asked = await bypassed(yard)
    assert paths_of(asked) == ["/w/b.py"]
    action = asked.proposal.action
    assert isinstance(action, UnexplainedChange)
    assert "+sneaky" in action.changes[0].diff
    assert asked.rule == "unexplained"
    assert asked.assessment.risk is RiskClass.MEDIUM
    assert asked.assessment.title == "b.py changed that no approved action explains"
    assert "reject to undo" in asked.assessment.undo
    [entry] = yard.entries("unexplained")
    assert (entry["paths"], entry["request"]) == (["b.py"], asked.number)
    assert (entry["before"], entry["after"]) == (action.before, action.after)


async def test_the_change_is_read_for_what_it_is(yard: Yard) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7h8"
    asked = await bypassed(yard, b_py=f'KEY = "{token}"\n')
    assert asked.assessment.risk >= RiskClass.HIGH
    assert "reject to undo" in asked.assessment.undo


async def test_it_holds_every_agents_next_change_and_no_read(yard: Yard) -> None:
    asked = await bypassed(yard)
    for call in (edit("a.py"), command()):
        for session in ("s1", "s2"):
            waits = await yard.asks(call, session=session, call="c9")
            assert isinstance(waits, Waiting)
            assert waits.request == asked
    read = await yard.asks(FileRead(("/w/a.py",), WORKSPACE))
    assert read == LetThrough()
    assert await yard.asks(command("ls")) == LetThrough()
    assert len(yard.entries("unexplained")) == 1


async def test_kept_it_is_as_it_is_and_agents_go_on(yard: Yard) -> None:
    asked = await bypassed(yard)
    kept = await yard.says(asked.number, Verdict.APPROVE)
    assert isinstance(kept, Request)
    assert kept.state is State.CONSUMED
    assert yard.files["b.py"] == "sneaky\n"
    assert await yard.runs(edit("a.py"), call="c2", does={"a_py": "2\n"}) == LetThrough()
    assert yard.waiting() == []
    assert [entry["by"] for entry in yard.entries("kept")] == ["ana"]


async def test_rejected_it_is_undone_and_what_was_there_is_kept(yard: Yard) -> None:
    asked = await bypassed(yard, b_py=None, c_py="new\n")
    rejected = await yard.says(asked.number, Verdict.REJECT)
    assert isinstance(rejected, Request)
    assert rejected.decisions[-1].reason == "undone"
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n"}
    [safety] = yard.rows(Occasion.UNDO)
    diff = yard.shadow.difference(WORKSPACE, safety.after, safety.snapshot.tree)
    assert [change.path for change in diff] == ["b.py", "c.py"]
    [entry] = yard.entries("undone")
    assert (entry["by"], entry["request"], entry["files"]) == ("ana", asked.number, 2)
    assert await yard.runs(edit("a.py"), call="c2", does={"a_py": "2\n"}) == LetThrough()
    assert yard.waiting() == []


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.REJECT], ids=["keep", "undo"])
async def test_a_held_call_goes_on_by_itself(yard: Yard, verdict: Verdict) -> None:
    asked = await bypassed(yard)
    held = await yard.waits(edit("a.py"), call="c2")
    assert not held.done()
    await yard.says(asked.number, verdict)
    assert await held == LetThrough()


async def test_a_held_call_that_gives_up_is_told_why(yard: Yard) -> None:
    asked = await bypassed(yard)
    held = await yard.waits(edit("a.py"), call="c2")
    yard.clock.advance(60_001)
    held.cancel()
    await asyncio.wait({held})
    again = await yard.waits(edit("a.py"), call="c2")
    await yard.says(asked.number, Verdict.DELAY, until=yard.clock.now() + HOUR)  # type: ignore[arg-type]
    answer = await again
    assert isinstance(answer, Refuse)
    assert asked.name in answer.message
    assert "keeps or undoes" in answer.message


# --- more of it, or less


async def test_more_of_it_takes_the_place_of_the_open_question(yard: Yard) -> None:
    first = await bypassed(yard)
    yard.change(c_py="more\n")
    waits = await yard.asks(command(), call="c2")
    assert isinstance(waits, Waiting)
    assert yard.state(first.number) is State.SUPERSEDED
    assert paths_of(waits.request) == ["/w/b.py", "/w/c.py"]
    await yard.says(waits.request.number, Verdict.REJECT)
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n"}


async def test_what_somebody_put_back_is_asked_no_more(yard: Yard) -> None:
    first = await bypassed(yard)
    yard.change(b_py="two\n")
    assert await yard.asks(command(), call="c2") == LetThrough()
    assert yard.state(first.number) is State.SUPERSEDED


@pytest.mark.parametrize("how", ["withdraw", "expire"])
async def test_what_nobody_answered_is_asked_again(yard: Yard, how: str) -> None:
    first = await bypassed(yard)
    if how == "withdraw":
        await yard.says(first.number, Verdict.WITHDRAW)
    else:
        yard.clock.advance(first.expires_at)
        await run_timers(yard.gate)
    waits = await yard.asks(command(), call="c2")
    assert isinstance(waits, Waiting)
    assert waits.request.number != first.number
    assert paths_of(waits.request) == ["/w/b.py"]


async def test_what_changes_beside_a_rejected_change_is_asked_about_itself(yard: Yard) -> None:
    first = await bypassed(yard)
    yard.change(c_py="more\n")
    await yard.says(first.number, Verdict.REJECT)
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n", "c.py": "more\n"}
    [second] = yard.waiting()
    assert paths_of(second) == ["/w/c.py"]


async def test_very_many_files_are_counted_and_all_undone(yard: Yard) -> None:
    asked = await bypassed(yard, **{f"f{n}_py": "x\n" for n in range(400)})
    action = asked.proposal.action
    assert isinstance(action, UnexplainedChange)
    assert (len(action.changes), action.left_out) == (300, 100)
    assert asked.assessment.title == "400 files changed that no approved action explains"
    await yard.says(asked.number, Verdict.REJECT)
    assert yard.files == {"a.py": "ONE\n", "b.py": "two\n"}


async def test_the_policy_may_only_want_to_be_told(yard: Yard) -> None:
    yard.under(*yard.policies.built_in.rules, unexplained="notify")
    await yard.runs(edit("a.py"), does={"a_py": "ONE\n", "b_py": "mine\n"})
    assert yard.waiting() == []
    [entry] = yard.entries("unexplained")
    assert (entry["paths"], entry["route"]) == (["b.py"], "notify")
    assert await yard.runs(edit("a.py"), call="c2", does={"a_py": "2\n"}) == LetThrough()
    assert len(yard.entries("unexplained")) == 1


# --- who is at work


async def test_two_agents_in_one_workspace_explain_their_own(yard: Yard) -> None:
    await yard.asks(edit("a.py"), session="s1", call="c1")
    await yard.asks(edit("b.py"), session="s2", call="c2")
    yard.change(a_py="1\n", b_py="2\n")
    await yard.ends(session="s1", call="c1")
    await yard.ends(session="s2", call="c2")
    assert yard.waiting() == []


async def test_an_ended_call_of_another_explains_nothing_more(yard: Yard) -> None:
    await yard.runs(command(), session="s2", call="c2")
    await yard.asks(edit("a.py"), session="s1")
    yard.change(a_py="1\n", b_py="2\n")
    await yard.ends(session="s1")
    [asked] = yard.waiting()
    assert paths_of(asked) == ["/w/b.py"]


async def test_what_changes_between_calls_is_seen_before_the_next(yard: Yard) -> None:
    await yard.runs(command())
    yard.change(b_py="sneaky\n")
    waits = await yard.asks(command(), call="c2")
    assert isinstance(waits, Waiting)
    assert paths_of(waits.request) == ["/w/b.py"]


async def test_an_edit_looks_at_its_own_files_only_before_it_runs(yard: Yard) -> None:
    await yard.runs(command())
    yard.change(b_py="sneaky\n")
    assert await yard.asks(edit("a.py"), call="c2") == LetThrough()
    await yard.ends(call="c2")
    [asked] = yard.waiting()
    assert paths_of(asked) == ["/w/b.py"]


async def test_calls_that_never_end_account_for_an_hour(yard: Yard) -> None:
    await yard.asks(command(), session="s1", call="lost")
    yard.clock.advance(HOUR // 2)
    yard.change(b_py="slow\n")
    assert await yard.runs(edit("a.py"), session="s2", call="c2") == LetThrough()
    yard.clock.advance(HOUR)
    assert await yard.runs(command("make x"), session="s2", call="c3") == LetThrough()
    yard.change(b_py="much later\n")
    assert isinstance(await yard.asks(command("make y"), session="s2", call="c4"), Waiting)


async def test_the_end_of_a_run_ends_its_calls(yard: Yard) -> None:
    await yard.asks(command(), call="lost")
    yard.change(b_py="by the call\n")
    await yard.session("end")
    assert yard.standing().at_work == ()
    assert yard.waiting() == []


# --- what people do while no agent runs


async def test_what_people_did_before_a_run_is_nobodys_doing(yard: Yard) -> None:
    await yard.session("start")
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    await yard.session("end")
    yard.change(a_py="mine\n", b_py=None)
    await yard.session("start", session="s2")
    assert await yard.runs(command(), session="s2", call="c2") == LetThrough()
    assert yard.waiting() == []
    assert [row.session for row in yard.rows(Occasion.START)] == ["s1", "s2"]


async def silent_for_long(yard: Yard) -> None:
    yard.clock.advance(HOUR + 1)


async def told_to_have_ended(yard: Yard) -> None:
    await yard.session("end")


@pytest.mark.parametrize("rests", [silent_for_long, told_to_have_ended], ids=["silent", "ended"])
async def test_the_first_call_of_a_run_begins_it_where_nobody_is_at_work(
    yard: Yard, rests: Callable[[Yard], object]
) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    await rests(yard)  # type: ignore[misc]
    yard.change(b_py="mine\n")
    assert await yard.asks(edit("a.py"), session="s2") == LetThrough()
    yard.change(a_py="2\n")
    await yard.ends(session="s2")
    assert yard.waiting() == []


@pytest.mark.parametrize("told", [True, False], ids=["told", "first-call"])
async def test_a_second_run_launders_nothing_while_another_is_at_work(
    yard: Yard, told: bool
) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    yard.change(b_py="sneaky\n")
    if told:
        await yard.session("start", session="s2")
    waits = await yard.asks(command(), session="s2", call="c2")
    assert isinstance(waits, Waiting)
    assert paths_of(waits.request) == ["/w/b.py"]


async def test_a_run_cannot_begin_twice_to_launder(yard: Yard) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    yard.change(b_py="sneaky\n")
    await yard.session("start", session="s1")
    assert isinstance(await yard.asks(command(), call="c2"), Waiting)


async def test_the_policy_file_is_asked_about_by_itself(yard: Yard) -> None:
    await yard.runs(edit("a.py"), does={"a_py": "1\n"})
    yard.files[".assent/policy.toml"] = "rules"
    assert await yard.asks(command(), call="c2") == LetThrough()
    assert yard.entries("unexplained") == []
