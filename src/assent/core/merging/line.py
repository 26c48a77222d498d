"""The line of changes before one branch: which are merged onto which, tested, landed or ejected.

Each change is built on the one before it as if that had landed, and several are tested at once.
Only the first lands, and only when its tests passed on the very tree that the branch then has.
Nothing is blamed for what stands before it: what fails or conflicts further back is left out by
those behind it, and ejected once it is first. Pure: whoever runs the line does what `plan` says,
puts what came of it into the line, and asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Built:
    """A commit that the branch could move to when it is at `onto`."""

    onto: str
    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class Clash:
    """It cannot be merged onto `onto`."""

    onto: str
    why: str


Build: TypeAlias = Built | Clash
DEPTH = 2
"""So many times the window is the line built from the front, with what passed and has to wait."""


class Tests(StrEnum):
    """Of what was built last."""

    __test__ = False

    NONE = "none"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change in the line."""

    change: str
    build: Build | None = None
    tests: Tests = Tests.NONE


@dataclass(frozen=True, slots=True)
class Line:
    """The branch and what waits for it, in order."""

    head: str
    """The commit that the branch is at."""
    entries: tuple[Entry, ...]
    window: int
    """How many are tested at once."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Merge the change onto this commit; tests of an earlier build of it are stopped."""

    change: str
    onto: str


@dataclass(frozen=True, slots=True)
class Test:
    """Run the tests on what was built."""

    __test__ = False

    change: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the tests: what they test will not land."""

    change: str


@dataclass(frozen=True, slots=True)
class Land:
    """Move the branch to what was built."""

    change: str


@dataclass(frozen=True, slots=True)
class Eject:
    """Take it out of the line, for what its own build or its own tests came to."""

    change: str


Step: TypeAlias = Rebuild | Test | Stop | Land | Eject


def plan(line: Line) -> tuple[Step, ...]:
    """What is to be done now. Empty: everything waits for tests that run, or nothing waits.

    Tests that can begin come before the landing of what passed: they run while it lands.
    """
    if not line.entries:
        return ()
    first = line.entries[0]
    settled = first.build is not None and first.build.onto == line.head
    if settled and (isinstance(first.build, Clash) or first.tests is Tests.FAILED):
        return (Eject(first.change),)
    steps = _begin(line)
    if not steps and settled and first.tests is Tests.PASSED:
        return (Land(first.change),)
    return steps


def _begin(line: Line) -> tuple[Step, ...]:
    """What can be built and tested."""
    steps: list[Step] = []
    window = max(line.window, 1)
    free = window - sum(entry.tests is Tests.RUNNING for entry in line.entries)
    onto = line.head
    for position, entry in enumerate(line.entries[: DEPTH * window]):
        stale = entry.build is None or entry.build.onto != onto
        if stale and (free > 0 or entry.tests is Tests.RUNNING):
            # What it becomes is not known yet, so nothing behind it can be built.
            return (*steps, Rebuild(entry.change, onto), *_stopped(line.entries[position + 1 :]))
        waits = entry.tests is Tests.NONE and isinstance(entry.build, Built)
        if stale or (waits and free <= 0):
            break
        if waits:
            steps.append(Test(entry.change))
            free -= 1
        onto = after(entry, onto)
    return tuple(steps)


def after(entry: Entry, onto: str) -> str:
    """The commit that the next in line is built on."""
    if isinstance(entry.build, Built) and entry.tests is not Tests.FAILED:
        return entry.build.commit
    return onto


def _stopped(entries: Sequence[Entry]) -> tuple[Step, ...]:
    return tuple(Stop(entry.change) for entry in entries if entry.tests is Tests.RUNNING)


# The window: one more for each that lands, a third less when tests fail.


def wider(window: int, most: int) -> int:
    """After a change landed."""
    return max(min(window + 1, most), 1)


def narrower(window: int) -> int:
    """After a change was ejected because its tests failed.

    Halving is usual, and costs a window of five a third of what it could merge where every seventh
    change fails; a third less costs a tenth, and comes down to one as well where most fail.
    """
    return max(window - max(window // 3, 1), 1)
