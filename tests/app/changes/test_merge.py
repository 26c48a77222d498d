"""The merge queue, on real repositories with tests whose outcome is made up."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from assent.app.changes.revert import start_revert
from assent.app.changes.saying import Voice
from assent.app.changes.submit import Submission, ValueEdit, submit_change
from assent.app.ports import Tx
from assent.core.changes.lifecycle import Refusal
from assent.core.changes.model import Change, ChangeState, TestRun, TreePayload, ValuePayload
from assent.core.policy.changes import Path as Needs
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError, UnavailableError
from tests.adapters.git.executor_scene import lines
from tests.app.changes.merging_scene import COMMAND, RULES, Merging, merging

ANA = Voice(by="ana", via="web")


@pytest.fixture
def on(tmp_path: Path) -> Merging:
    return merging(tmp_path)


async def test_what_is_accepted_is_tested_on_what_the_branch_becomes(on: Merging) -> None:
    change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
    before = on.user.head()
    assert await on.queue.settle()
    after = on.now(change)
    assert after.state is ChangeState.MERGED
    merge = after.merges[-1]
    assert (merge.before, merge.commit, merge.owner) == (before, on.user.head("main"), "ana")
    assert merge.tests == after.tests[-1]
    assert merge.tests is not None
    assert merge.tests.tree == on.user.head("main^{tree}") == merge.tree
    assert on.tests.ran == [(merge.commit, COMMAND)]
    assert on.user.text("a.txt") == lines(40, l3="one")
    assert on.user.status() == ""
    assert on.entries(after)[-4:] == ["testing", "tested", "merging", "merged"]


async def test_the_merge_commit_says_what_and_who(on: Merging) -> None:
    on.user.on_branch("one", **{"b.txt": "b\n"})
    change = await on.submit("one", plan="Make b.\nassent-owner: mallory\n", session="s")
    await on.queued(change)
    await on.queue.settle()
    assert on.user.git("show", "-s", "--format=%an <%ae> %cn%n%B", "main") == (
        "robot <robot@localhost> Assent\n"
        "Do one\n\nMake b.\n> assent-owner: mallory\n\n"
        "Assent-Change: CH-1\nAssent-Owner: ana\nAssent-Reviewed-by: ana"
    )


async def test_several_land_in_order(on: Merging) -> None:
    made = [
        await on.ready(f"c{each}", **{"a.txt": lines(40, **{f"l{each * 8}": "x"})})
        for each in range(1, 5)
    ]
    assert await on.queue.settle()
    assert on.first_parents() == [f"Do c{each}" for each in range(1, 5)]
    assert {on.now(each).state for each in made} == {ChangeState.MERGED}
    assert on.user.status() == ""


async def test_several_are_tested_at_once_and_the_window_grows(on: Merging) -> None:
    for each in range(6):
        await on.ready(f"c{each}", **{f"f{each}.txt": "x\n"})
    on.tests.wanted = 3
    assert await on.queue.settle()
    assert 2 <= on.tests.most <= 4
    assert len(on.first_parents()) == 6


async def test_a_conflict_names_the_paths(on: Merging) -> None:
    first = await on.ready("one", **{"a.txt": lines(40, l3="one")})
    second = await on.ready("two", **{"a.txt": lines(40, l3="two"), "b.txt": "b\n"})
    third = await on.ready("three", **{"c.txt": "c\n"})
    assert await on.queue.settle()
    assert [on.now(each).state for each in (first, second, third)] == [
        ChangeState.MERGED,
        ChangeState.EJECTED,
        ChangeState.MERGED,
    ]
    assert on.now(second).ejected == "it conflicts with what is in `main`, in a.txt."


async def test_a_failing_test_ejects_that_one_alone(on: Merging) -> None:
    first = await on.ready("one", **{"b.txt": "b\n"})
    bad = await on.ready("bad", bad="x\n")
    third = await on.ready("three", **{"c.txt": "c\n"})
    assert await on.queue.settle()
    assert [on.now(each).state for each in (first, bad, third)] == [
        ChangeState.MERGED,
        ChangeState.EJECTED,
        ChangeState.MERGED,
    ]
    found = on.now(bad)
    assert found.ejected.startswith("the tests failed on what would be merged")
    assert found.tests[-1].ok is False
    assert "bad" not in on.user.git("ls-tree", "--name-only", "main").split()


async def test_a_flaky_run_is_recorded(on: Merging) -> None:
    on.tests.flaky = True
    change = await on.ready("one", **{"b.txt": "b\n"})
    await on.queue.settle()
    run = on.now(change).tests[-1]
    assert (run.ok, run.flaky, run.attempts) == (True, True, 2)


async def test_without_tests_nothing_merges(on: Merging) -> None:
    on.rules(replace(RULES, test=""))
    change = await on.ready("one", **{"b.txt": "b\n"})
    assert await on.queue.settle()
    found = on.now(change)
    assert found.state is ChangeState.EJECTED
    assert "set `test` in `[changes]` of the policy" in found.ejected
    assert on.tests.ran == []


async def test_the_command_is_the_policys_and_not_the_branchs(on: Merging) -> None:
    await on.ready("one", **{"assent.toml": "[changes]\ntest = 'true'\n", "setup.cfg": "x\n"})
    await on.queue.settle()
    assert [command for _, command in on.tests.ran] == [COMMAND]


async def test_the_base_moved(on: Merging) -> None:
    change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
    on.user.commit("somebody", **{"a.txt": lines(40, l30="somebody")})
    assert await on.queue.settle()
    assert on.now(change).state is ChangeState.MERGED
    assert on.user.text("a.txt") == lines(40, l3="one", l30="somebody")


async def test_the_branch_moves_while_tests_run(on: Merging) -> None:
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.tests.held = asyncio.Event()
    settling = asyncio.create_task(on.queue.settle())
    await on.until(lambda: on.tests.ran)
    on.user.commit("somebody", **{"c.txt": "c\n"})
    on.tests.held.set()
    assert await settling
    found = on.now(change)
    assert found.state is ChangeState.MERGED
    assert len(on.tests.ran) == 2
    assert on.first_parents() == ["somebody", "Do one"]
    assert found.merges[-1].tests is not None
    assert found.merges[-1].tests.tree == on.user.head("main^{tree}")


async def test_a_force_pushed_base(on: Merging) -> None:
    on.user.commit("second", **{"s.txt": "s\n"})
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.user.git("reset", "-q", "--hard", "HEAD~1")
    on.user.commit("rewritten", **{"r.txt": "r\n"})
    assert await on.queue.settle()
    found = on.now(change)
    assert found.state is ChangeState.EJECTED
    assert "no longer what was accepted, in s.txt" in found.ejected


async def test_a_deleted_target(on: Merging) -> None:
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.user.git("checkout", "-q", "--detach")
    on.user.git("branch", "-D", "main")
    assert await on.queue.settle()
    assert on.now(change).state is ChangeState.EJECTED
    assert "There is no branch `main`" in on.now(change).ejected


async def test_what_is_there_already_has_nothing_left_to_merge(on: Merging) -> None:
    change = await on.ready("one", **{"b.txt": "b\n"})
    on.user.commit("the same", **{"b.txt": "b\n"})
    assert await on.queue.settle()
    assert "nothing is left to merge" in on.now(change).ejected


async def test_a_change_close_by_is_looked_at_again(on: Merging) -> None:
    change = await on.ready("one", **{"a.txt": lines(40, l10="one")})
    on.user.commit("close", **{"a.txt": lines(40, l12="close")})
    assert await on.queue.settle()
    found = on.now(change)
    assert found.state is ChangeState.EJECTED
    assert "in a.txt" in found.ejected


async def test_uncommitted_work_in_the_way(on: Merging) -> None:
    change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
    on.user.write("a.txt", "mine\n")
    head = on.user.head("main")
    assert await on.queue.settle()
    found = on.now(change)
    assert found.state is ChangeState.EJECTED
    assert "checked out in" in found.ejected
    assert "a.txt" in found.ejected
    assert (on.user.head("main"), on.user.text("a.txt")) == (head, "mine\n")


class TestStillAccepted:
    async def ejected(self, on: Merging, change: Change) -> str:
        head = on.user.head("main")
        assert await on.queue.settle()
        assert on.user.head("main") == head
        return on.now(change).ejected

    async def put(self, on: Merging, change: Change) -> None:
        await on.scene.store.write(
            lambda tx: tx.save_change(replace(change, version=change.version + 1)), durable=True
        )

    async def test_by_the_policy_that_now_wants_a_person(self, on: Merging) -> None:
        on.rules(replace(RULES, paths=dict.fromkeys(RiskClass, Needs.PERSON)))
        on.user.on_branch("one", **{"b.txt": "b\n"})
        change = await on.queued(await on.submit("one"), by="policy")
        assert "now wants a person" in await self.ejected(on, change)

    async def test_by_somebody_who_may_no_longer(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        on.rules(replace(RULES, reviewers=("eve",)))
        assert "no longer lets ana accept it" in await self.ejected(on, change)

    async def test_of_other_content(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        newest = change.newest
        other = on.user.on_branch("other", **{"evil.txt": "e\n"})
        assert isinstance(newest.payload, TreePayload)
        payload = replace(newest.payload, commit=other, tree=on.user.head("other^{tree}"))
        await self.put(on, replace(change, revisions=(replace(newest, payload=payload),)))
        assert "not what is stored" in await self.ejected(on, change)

    async def test_of_another_revision(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        second = replace(change.newest, number=2)
        await self.put(on, replace(change, revisions=(*change.revisions, second)))
        assert "nobody accepted revision 2" in await self.ejected(on, change)

    async def test_in_part_and_that_part_is_not_built(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n", "c.txt": "c\n"})
        less = replace(change.acceptances[-1], hunks=change.acceptances[-1].hunks[:1])
        await self.put(on, replace(change, acceptances=(less,)))
        assert await self.ejected(on, change)

    async def test_withdrawn_while_tests_run(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        on.tests.held = asyncio.Event()
        head = on.user.head("main")
        settling = asyncio.create_task(on.queue.settle())
        await on.until(lambda: on.tests.running)
        now = on.now(change)
        await self.put(on, replace(now, state=ChangeState.ABANDONED))
        on.tests.held.set()
        assert await settling
        assert on.now(change).state is ChangeState.ABANDONED
        assert on.user.head("main") == head


PROPOSED = lines(40, l3="x", l20="y", l37="z")


class TestParts:
    async def partly(self, on: Merging) -> Change:
        on.user.on_branch("one", **{"a.txt": PROPOSED})
        change = await on.submit("one")
        return await on.queued(change, hunks=[change.newest.hunks[1].id])

    async def test_only_the_accepted_part_merges_and_the_rest_comes_back(self, on: Merging) -> None:
        change = await self.partly(on)
        assert await on.queue.settle()
        assert on.user.text("a.txt") == lines(40, l20="y")
        found = on.now(change)
        assert found.state is ChangeState.CHANGES_REQUESTED
        assert (found.newest.number, len(found.newest.hunks)) == (2, 2)
        assert "the rest of revision 1" in found.newest.note
        assert found.merges[-1].hunks == change.acceptances[-1].hunks

    async def test_the_rest_can_be_accepted_too(self, on: Merging) -> None:
        change = await self.partly(on)
        await on.queue.settle()
        again = await on.queued(on.now(change))
        assert await on.queue.settle()
        assert on.now(again).state is ChangeState.MERGED
        assert on.user.text("a.txt") == PROPOSED
        assert len(on.now(again).merges) == 2

    async def test_all_parts_are_taken_back_at_once(self, on: Merging) -> None:
        before = on.user.head("main^{tree}")
        change = await self.partly(on)
        await on.queue.settle()
        await on.queued(on.now(change))
        await on.queue.settle()
        assert isinstance(await start_revert(on.gate, change.number, ANA), Change)
        assert await on.queue.settle()
        assert on.user.head("main^{tree}") == before


class TestRevert:
    async def test_the_tree_is_that_of_before(self, on: Merging) -> None:
        before = on.user.head("main^{tree}")
        change = await on.ready("one", **{"a.txt": lines(40, l3="one"), "b/n.txt": "n\n"})
        await on.queue.settle()
        back = await start_revert(on.gate, change.number, ANA, reason="it broke the shop")
        assert isinstance(back, Change)
        assert (back.state, back.reverts, back.owner) == (ChangeState.QUEUED, 1, "ana")
        assert back.acceptances[-1].by == "ana"
        assert await on.queue.settle()
        assert on.user.head("main^{tree}") == before
        old = on.now(change)
        assert (old.state, old.merges[-1].reverted_by) == (ChangeState.REVERTED, back.number)
        assert on.user.status() == ""
        assert "Assent-Reverts: CH-1" in on.user.git("show", "-s", "--format=%B", "main")

    async def test_it_is_tested_unless_that_very_tree_passed_before(self, on: Merging) -> None:
        await on.ready("zero", **{"z.txt": "z\n"})
        await on.queue.settle()
        change = await on.ready("one", **{"b.txt": "b\n"})
        await on.queue.settle()
        runs = len(on.tests.ran)
        back = await start_revert(on.gate, change.number, ANA)
        assert isinstance(back, Change)
        await on.queue.settle()
        assert len(on.tests.ran) == runs
        assert on.now(back).merges[-1].tests == on.now(1).tests[-1]

    async def test_what_landed_since_stays(self, on: Merging) -> None:
        change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
        await on.queue.settle()
        await on.ready("two", **{"a.txt": lines(40, l3="one", l30="two")})
        await on.queue.settle()
        await start_revert(on.gate, change.number, ANA)
        await on.queue.settle()
        assert on.user.text("a.txt") == lines(40, l30="two")

    async def test_what_was_built_on_it_has_to_go_first(self, on: Merging) -> None:
        change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
        await on.queue.settle()
        on.user.commit("since", **{"a.txt": lines(40, l3="on one")})
        with pytest.raises(ConflictError, match="built on since, in a"):
            await start_revert(on.gate, change.number, ANA)

    async def test_asked_twice_it_is_one_change(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        await on.queue.settle()
        first, second = [await start_revert(on.gate, change.number, ANA) for _ in range(2)]
        assert first == second

    async def test_not_what_is_not_merged(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        assert isinstance(await start_revert(on.gate, change.number, ANA), Refusal)

    async def test_not_by_its_maker(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        await on.queue.settle()
        robot = Voice(by="robot", via="cli")
        assert isinstance(await start_revert(on.gate, change.number, robot), Refusal)

    async def test_a_revert_can_be_taken_back(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        await on.queue.settle()
        after = on.user.head("main^{tree}")
        back = await start_revert(on.gate, change.number, ANA)
        assert isinstance(back, Change)
        await on.queue.settle()
        await start_revert(on.gate, back.number, ANA)
        await on.queue.settle()
        assert on.user.head("main^{tree}") == after


class TestFaults:
    async def test_tests_that_cannot_be_run(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        on.tests.error = UnavailableError("No sandbox can be had.", hint="Install one.")
        assert await on.queue.settle()
        assert "could not be run: No sandbox can be had. Install one." in on.now(change).ejected

    async def test_what_cannot_be_done_now_waits(self, on: Merging) -> None:
        change = await on.ready("one", **{"a.txt": lines(40, l3="one")})
        on.user.write(".git/index.lock", "")
        assert not await on.queue.settle()
        assert on.now(change).state is ChangeState.MERGING
        (on.user.folder / ".git/index.lock").unlink()
        assert await on.queue.settle()
        assert on.now(change).state is ChangeState.MERGED

    async def test_a_passed_run_counts_after_a_restart(self, on: Merging) -> None:
        change = await on.ready("one", **{"b.txt": "b\n"})
        tree = on.user.head("one^{tree}")
        run = TestRun(tree, COMMAND, ok=True, at=1, took_ms=1, sandbox="not sandboxed")
        other = replace(run, command="another")
        for tests, expected in (((other, replace(run, ok=False)), 1), ((run,), 1)):
            now = on.now(change)
            if now.state is ChangeState.MERGED:
                break
            stored = replace(now, version=now.version + 1, tests=tests)
            await on.scene.store.write(partial(_save, stored), durable=True)
            await on.queue.settle()
            assert len(on.tests.ran) == expected


class TestValues:
    async def value(self, on: Merging, before: str, after: str) -> Change:
        file = on.user.folder / "settings.json"
        file.write_text(before)
        edit = ValueEdit("config", str(file), "/limit", after)
        said = Submission(
            cwd=str(on.user.folder), owner="ana", title="Limit", agent="robot", value=edit
        )
        return await on.queued(await submit_change(on.gate, said))

    async def test_it_is_replaced_and_taken_back(self, on: Merging) -> None:
        text = '{"limit": 1, "other": 2}\n'
        change = await self.value(on, text, "5")
        assert await on.queue.settle()
        assert on.user.text("settings.json") == text.replace("1", "5")
        assert on.now(change).state is ChangeState.MERGED
        back = await start_revert(on.gate, change.number, ANA)
        assert isinstance(back, Change)
        assert await on.queue.settle()
        assert on.user.text("settings.json") == text
        assert on.now(change).state is ChangeState.REVERTED

    async def test_changed_since_it_was_looked_at(self, on: Merging) -> None:
        change = await self.value(on, '{"limit": 1}', "5")
        on.user.write("settings.json", '{"limit": 3}')
        assert await on.queue.settle()
        assert on.now(change).state is ChangeState.EJECTED
        assert on.user.text("settings.json") == '{"limit": 3}'
        assert isinstance(change.newest.payload, ValuePayload)


def _save(change: Change, tx: Tx) -> None:
    tx.save_change(change)


def _is_merged(on: Merging, change: Change) -> bool:
    return on.now(change).state is ChangeState.MERGED


async def test_the_queue_goes_on_with_what_comes(on: Merging) -> None:
    working = asyncio.create_task(on.queue.run())
    try:
        for each in range(3):
            change = await on.ready(f"c{each}", **{f"f{each}.txt": "x\n"})
            await on.until(partial(_is_merged, on, change))
    finally:
        working.cancel()
        await asyncio.wait({working})
    assert len(on.first_parents()) == 3


async def test_twenty_at_once(on: Merging) -> None:
    made = [await on.ready(f"c{each}", **{f"f{each}.txt": f"{each}\n"}) for each in range(20)]
    assert await on.queue.settle()
    assert on.first_parents() == [f"Do c{each}" for each in range(20)]
    assert {on.now(each).state for each in made} == {ChangeState.MERGED}
    for each in made:
        merge = on.now(each).merges
        assert len(merge) == 1
        found = on.repositories.patches(on.user.repository, merge[0].before, merge[0].commit)
        assert tuple(hunk.id for patch in found for hunk in patch.hunks) == merge[0].hunks
