"""The merge queue against the line it could be: changes merged in the time of one test run.

Real repositories, the real store and real runs, whose command only waits. The ideal line has the
same window and the same failing changes, and needs no time but that of the tests.
"""

import asyncio
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from assent.app.changes.merge import MergeQueue
from assent.app.changes.submit import Submission, submit_change
from assent.app.gatehouse import Gatehouse
from assent.app.ports import PolicyVersion, Tx
from assent.core.canonical import digest_of
from assent.core.changes import landing
from assent.core.changes.acceptance import accepted_by_policy
from assent.core.changes.model import Change, ChangeState
from assent.core.merging.line import (
    Built,
    Eject,
    Entry,
    Land,
    Line,
    Rebuild,
    Step,
    Stop,
    Test,
    Tests,
    plan,
)
from assent.entrypoints.home import Config, Home
from assent.entrypoints.wiring import open_gatehouse
from benchmarks.report import Row

WINDOW = 5
RATES = (0.01, 0.05, 0.15)
CHANGES = 40
WARM_UP = 8
"""Changes that are merged before: the window starts at one."""
TEST_S = 5.0
SHARE = 0.8


def run(*, quick: bool) -> Sequence[Row]:
    rates, changes, test_s = ((0.15,), 6, 0.2) if quick else (RATES, CHANGES, TEST_S)
    rows = []
    for rate in rates:
        failing = _failing(rate, changes)
        ideal = capacity(changes, failing)
        measured, runs = asyncio.run(_measure(changes, failing, test_s))
        rows.append(
            Row(
                f"merges in the time of a test run, {rate:.0%} fail: of the ideal line",
                measured / ideal,
                "x",
                at_least=SHARE,
                detail=(
                    f"{measured:.2f} of {ideal:.2f}; window {WINDOW}, {changes} changes, "
                    f"{runs / changes:.2f} runs for each, {test_s:g} s a run"
                ),
            )
        )
    return rows


def _failing(rate: float, changes: int) -> frozenset[int]:
    """Which fail; the same in every run."""
    chance = random.Random(0)
    return frozenset(chance.sample(range(changes), max(round(rate * changes), 1)))


# The ideal line


@dataclass
class _Ideal:
    """The line with all that takes no time; a commit is the changes it is made of."""

    failing: frozenset[int]
    entries: list[Entry]
    head: str = ""
    now: int = 0
    merged: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    """When the runs under way end."""

    def step(self, step: Step) -> None:
        at = next(i for i, entry in enumerate(self.entries) if entry.change == step.change)
        running = self.ends
        match step:
            case Rebuild(change, onto):
                running.pop(change, None)
                made = f"{onto} {change}"
                self.entries[at] = Entry(change, Built(onto, made, made))
            case Test(change):
                running[change] = self.now + 1
                self.entries[at] = replace(self.entries[at], tests=Tests.RUNNING)
            case Stop(change):
                running.pop(change, None)
                self.entries[at] = Entry(change)
            case Land():
                self.merged += 1
                self.head = _commit(self.entries.pop(at))
            case Eject():
                del self.entries[at]

    def wait(self) -> None:
        """Until the next runs end."""
        running = self.ends
        self.now = min(running.values())
        for change in [change for change, end in running.items() if end <= self.now]:
            del running[change]
            at = next(i for i, entry in enumerate(self.entries) if entry.change == change)
            held = {int(name) for name in _commit(self.entries[at]).split()}
            tests = Tests.FAILED if held & self.failing else Tests.PASSED
            self.entries[at] = replace(self.entries[at], tests=tests)


def _commit(entry: Entry) -> str:
    return entry.build.commit if isinstance(entry.build, Built) else ""


def capacity(changes: int, failing: frozenset[int]) -> float:
    """Merges in the time of one run, with a window that stays wide and nothing else to do."""
    ideal = _Ideal(failing, [Entry(str(number)) for number in range(changes)])
    while ideal.entries:
        # What passed and waits keeps its place in the window, as in the simulations of others.
        steps = plan(Line(ideal.head, tuple(ideal.entries[:WINDOW]), WINDOW))
        for step in steps:
            ideal.step(step)
        if not steps:
            ideal.wait()
    return ideal.merged / ideal.now


# The queue


def git(folder: Path, *words: str) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "u" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "u@localhost" for who in ("AUTHOR", "COMMITTER")},
    }
    subprocess.run(["git", *words], cwd=folder, env=env, check=True, capture_output=True)


async def _measure(changes: int, failing: frozenset[int], test_s: float) -> tuple[float, int]:
    """Merges in the time of one run, and how many runs there were."""
    with _opened() as (gate, folder):
        try:
            await _accept_policy(gate, folder, test_s)
            queue = MergeQueue(gate)
            warm = [f"warm-{number}" for number in range(WARM_UP)]
            await _queue(gate, folder, warm)
            await queue.settle()
            names = [
                f"bad-{number}" if number in failing else f"good-{number}"
                for number in range(changes)
            ]
            made = await _queue(gate, folder, names)
            began = time.perf_counter()
            await queue.settle()
            took = time.perf_counter() - began
            after = [_now(gate, change) for change in made]
        finally:
            await gate.store.close()
    merged = sum(change.state is ChangeState.MERGED for change in after)
    assert merged == changes - len(failing), "the queue merged what it should not"
    return merged * test_s / took, sum(len(change.tests) for change in after)


@contextmanager
def _opened() -> Iterator[tuple[Gatehouse, Path]]:
    with tempfile.TemporaryDirectory(prefix="assent-queue-") as made:
        home, folder = Home(Path(made) / "home"), Path(made).resolve() / "project"
        home.make()
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main")
        (folder / "start.txt").write_text("start\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "start")
        git(folder, "checkout", "-q", "--detach")
        yield open_gatehouse(home, Config()), folder


async def _accept_policy(gate: Gatehouse, folder: Path, test_s: float) -> None:
    command = f"sleep {test_s}; ! ls | grep -q bad"
    text = f'[changes]\ntest = "{command}"\nwindow = {WINDOW}\nretries = 0\n'.encode()
    version = PolicyVersion(str(folder), digest_of(text), text, "ana", 1)
    await gate.store.write(lambda tx: tx.accept_policy(version), durable=False)


async def _queue(gate: Gatehouse, folder: Path, names: Sequence[str]) -> list[Change]:
    """Changes of one new file each, accepted and queued."""
    made: list[Change] = []
    for name in names:
        git(folder, "checkout", "-q", "-b", name, "main")
        (folder / name).write_text(f"{name}\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", name)
        said = Submission(
            cwd=str(folder), owner="ana", title=name, agent="robot", branch=name, target="main"
        )
        made.append(await _accept(gate, await submit_change(gate, said), at=len(made)))
    git(folder, "checkout", "-q", "--detach")
    return made


async def _accept(gate: Gatehouse, change: Change, *, at: int) -> Change:
    digest = digest_of(b"")
    approved = accepted_by_policy(change, why="it is measured", at=1, policy=digest)
    assert isinstance(approved, Change)
    queued = landing.queued(approved, at=gate.clock.now() + at)
    assert isinstance(queued, Change)

    def work(tx: Tx) -> None:
        tx.save_change(approved)
        tx.save_change(queued)

    await gate.store.write(work, durable=False)
    return queued


def _now(gate: Gatehouse, change: Change) -> Change:
    found = gate.store.read(lambda view: view.change(change.id))
    assert found is not None
    return found
