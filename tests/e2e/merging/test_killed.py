"""Processes that are killed while they merge, and several at once: one history comes of it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from assent.app.changes.rules import ports_of
from assent.app.changes.submit import Submission, submit_change
from assent.app.gatehouse import Gatehouse
from assent.app.ports import PolicyVersion, Tx
from assent.app.verify_ledger import verify_ledger
from assent.core.canonical import digest_of
from assent.core.changes import landing
from assent.core.changes.acceptance import Accepts, accepted
from assent.core.changes.lifecycle import Says
from assent.core.changes.model import Change, ChangeState
from assent.core.policy.changes import ChangeRules
from assent.entrypoints.home import Config, Home
from assent.entrypoints.wiring import open_gatehouse
from tests.adapters.git.executor_scene import User, lines

ROOT = Path(__file__).parents[3]
POLICY = b"""
[changes]
test = "test ! -e bad"
window = 3
retries = 0
"""
STEPS = ("build", "test", "tested", "plan", "land", "transfer", "move", "follow", "followed")


@dataclass
class House:
    """A home with a queue, and the repository that it merges into."""

    home: Home
    user: User

    def fill(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        """Accept and queue changes, each of some files."""
        asyncio.run(self._fill(changes))

    async def _fill(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        gate = open_gatehouse(self.home, Config())
        try:
            digest = digest_of(POLICY)
            version = PolicyVersion(str(self.user.folder), digest, POLICY, "ana", 1)
            await gate.store.write(lambda tx: tx.accept_policy(version), durable=True)
            for at, (name, files) in enumerate(changes.items()):
                self.user.on_branch(name, **files)
                await self._queue(gate, name, at)
        finally:
            await gate.store.close()

    async def _queue(self, gate: Gatehouse, name: str, at: int) -> None:
        said = Submission(
            cwd=str(self.user.folder),
            owner="ana",
            title=name,
            agent="robot",
            branch=name,
            target="main",
        )
        change = await submit_change(gate, said)
        accepts = Accepts(says=Says(by="ana", at=1), via="web", confirm=change.name)
        approved = accepted(change, accepts, ChangeRules(), policy=digest_of(POLICY))
        assert isinstance(approved, Change), approved
        queued = landing.queued(approved, at=at)
        assert isinstance(queued, Change)

        def work(tx: Tx) -> None:
            tx.save_change(approved)
            tx.save_change(queued)

        await gate.store.write(work, durable=True)

    def start(self, *kill: str) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-m", "tests.e2e.merging.queue_process", str(self.home.root)]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "HOME": str(ROOT)}
        return subprocess.Popen([*words, *kill], cwd=ROOT, env=env, stderr=subprocess.PIPE)

    def check(self, expected: list[str], *, ejected: frozenset[str] = frozenset()) -> None:
        """One history: each change merged once, as it was accepted, onto the one before."""
        asyncio.run(self._check(expected, ejected))

    async def _check(self, expected: list[str], ejected: frozenset[str]) -> None:
        gate = open_gatehouse(self.home, Config())
        try:
            changes = gate.store.read(lambda view: view.changes(limit=100))
            merged = {each.title: each for each in changes if each.state is ChangeState.MERGED}
            others = {each.title for each in changes if each.state is not ChangeState.MERGED}
            assert others == ejected, [
                (each.name, each.title, each.state, each.ejected)
                for each in changes
                if each.title in others ^ ejected
            ]
            subjects = self.user.git("log", "--first-parent", "--reverse", "--format=%H %s", "main")
            history = [line.split(" ", 1) for line in subjects.splitlines()][1:]
            assert [title for _, title in history] == expected
            assert {*expected} == merged.keys()
            before = self.user.git("rev-list", "--max-parents=0", "main")
            git = ports_of(gate).repositories
            for commit, title in history:
                (merge,) = merged[title].merges
                assert (merge.before, merge.commit) == (before, commit)
                assert merge.tests is not None
                assert (merge.tests.ok, merge.tests.tree) == (True, merge.tree)
                found = git.patches(self.user.repository, before, commit)
                hunks = tuple(hunk.id for patch in found for hunk in patch.hunks)
                assert hunks == merge.hunks == merged[title].acceptances[-1].hunks
                before = commit
            assert self.user.status() == ""
            assert self.user.git("fsck", "--no-dangling") == ""
            assert gate.store.read(verify_ledger).breaks == ()
        finally:
            await gate.store.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    home = Home(tmp_path / "home")
    home.make()
    return House(home, User.make(tmp_path / "user", **{"a.txt": lines(40)}))


@pytest.mark.parametrize(
    ("step", "time"), [*((step, 1) for step in STEPS), ("plan", 2), ("move", 2), ("follow", 2)]
)
def test_killed_at_a_step_and_started_again(house: House, step: str, time: int) -> None:
    house.fill(
        {
            "one": {"a.txt": lines(40, l3="one"), "b/b.txt": "b\n"},
            "two": {"a.txt": lines(40, l30="two")},
        }
    )
    killed = house.start(step, str(time))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    again = house.start()
    assert again.communicate(timeout=60)[1] == b""
    assert again.returncode == 0
    house.check(["one", "two"])


def test_twenty_in_two_processes_at_once(house: House) -> None:
    names = [f"c{number}" for number in range(20)]
    bad = frozenset({"c7"})
    house.fill({name: {("bad" if name in bad else name): f"{name}\n"} for name in names})
    both = [house.start(), house.start()]
    for process in both:
        assert process.communicate(timeout=110)[1] == b""
        assert process.returncode == 0
    house.check([name for name in names if name not in bad], ejected=bad)


def test_one_of_two_processes_is_killed(house: House) -> None:
    names = [f"c{number}" for number in range(8)]
    house.fill({name: {name: f"{name}\n"} for name in names})
    dying, living = house.start("move", "2"), house.start()
    dying.communicate(timeout=110)
    assert living.communicate(timeout=110)[1] == b""
    last = house.start()
    assert last.communicate(timeout=60)[1] == b""
    assert last.returncode == 0
    house.check(names)
