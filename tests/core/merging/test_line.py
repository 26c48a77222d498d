"""The line of changes before a branch, driven by a made-up world until nothing waits."""

from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.merging.line import (
    Build,
    Built,
    Clash,
    Eject,
    Entry,
    Land,
    Line,
    Rebuild,
    Step,
    Stop,
    Test,
    Tests,
    narrower,
    plan,
    wider,
)

Contents = tuple[str, ...]


@dataclass
class World:
    """Commits are known by what they hold, in order; tests and merges go by that alone."""

    bad: frozenset[str]
    """Changes whose presence makes tests fail."""
    pairs: frozenset[frozenset[str]]
    """Changes of which two together make tests fail."""
    clashes: frozenset[frozenset[str]]
    """Changes of which two cannot be merged together."""
    order: list[str]
    head: Contents = ()
    window: int = 1
    most: int = 4
    entries: list[Entry] = field(default_factory=list)
    tested: dict[str, Contents] = field(default_factory=dict)
    """What the tests of a change run on, or passed on."""
    landed: list[str] = field(default_factory=list)
    ejected: dict[str, Contents] = field(default_factory=dict)
    """With what the branch held then."""
    building: int = 0

    def __post_init__(self) -> None:
        self.entries = [Entry(change) for change in self.order]

    def passes(self, contents: Contents) -> bool:
        held = set(contents)
        return not held & self.bad and not any(pair <= held for pair in self.pairs)

    def merge(self, onto: Contents, change: str) -> Build:
        if any(frozenset({change, other}) in self.clashes for other in onto):
            return Clash(name(onto), "conflict")
        made = (*onto, change)
        return Built(name(onto), commit=name(made), tree=name(made))

    def steps(self) -> tuple[Step, ...]:
        return plan(Line(name(self.head), tuple(self.entries), self.window))

    def do(self, step: Step) -> None:
        at = next(i for i, each in enumerate(self.entries) if each.change == step.change)
        entry = self.entries[at]
        match step:
            case Rebuild(change, onto):
                self.tested.pop(change, None)
                self.entries[at] = Entry(change, self.merge(contents_of(onto), change))
            case Test(change):
                assert isinstance(entry.build, Built)
                assert entry.tests is Tests.NONE
                assert len(self.running) < self.window, "too many at once"
                self.tested[change] = contents_of(entry.build.tree)
                self.entries[at] = replace(entry, tests=Tests.RUNNING)
            case Stop(change):
                assert entry.tests is Tests.RUNNING
                self.entries[at] = Entry(change)
            case Land(change):
                assert isinstance(entry.build, Built)
                after = contents_of(entry.build.tree)
                assert self.tested[change] == after, "tested on another tree"
                assert self.passes(after)
                assert entry.build.onto == name(self.head)
                assert change not in self.landed
                self.head = after
                self.landed.append(change)
                del self.entries[at]
                self.window = wider(self.window, self.most)
            case Eject(change):
                assert change not in self.landed
                self.ejected[change] = self.head
                del self.entries[at]
                self.window = narrower(self.window)

    def finish_tests(self, change: str) -> None:
        at = next(i for i, each in enumerate(self.entries) if each.change == change)
        ok = self.passes(self.tested[change])
        tests = Tests.PASSED if ok else Tests.FAILED
        self.entries[at] = replace(self.entries[at], tests=tests)

    @property
    def running(self) -> list[str]:
        return [each.change for each in self.entries if each.tests is Tests.RUNNING]


def name(contents: Contents) -> str:
    return "+".join(contents) or "nothing"


def contents_of(commit: str) -> Contents:
    return () if commit == "nothing" else tuple(commit.split("+"))


CHANGES = "abcdefgh"


@st.composite
def worlds(draw: st.DrawFn) -> World:
    order = draw(st.lists(st.sampled_from(CHANGES), unique=True, max_size=8))
    pairs = st.frozensets(
        st.sets(st.sampled_from(CHANGES), min_size=2, max_size=2).map(frozenset), max_size=4
    )
    return World(
        bad=draw(st.frozensets(st.sampled_from(CHANGES), max_size=3)),
        pairs=draw(pairs),
        clashes=draw(pairs),
        order=order,
        window=draw(st.integers(1, 4)),
        most=draw(st.integers(1, 5)),
    )


@given(worlds(), st.integers(0, 2**32))
def test_what_lands_was_tested_as_it_lands_in_order_once_and_all_ends(
    world: World, seed: int
) -> None:
    chance = Random(seed)
    foreign = iter(["X", "Y", "", "Z"])
    for _ in range(2000):
        if not world.entries:
            break
        steps = world.steps()
        assert steps or world.running, "stuck"
        moves = [*steps, *world.running]
        other = next(foreign, None) if chance.random() < 0.1 else None
        if other is not None:
            # Somebody else moves the branch, once back to where it was.
            world.head = (*world.head, other) if other else world.head[:-1]
            continue
        move = chance.choice(moves)
        if isinstance(move, str):
            world.finish_tests(move)
        elif move is steps[0]:
            for step in steps:
                world.do(step)
    assert not world.entries
    assert world.landed == [each for each in world.order if each in world.landed]
    assert {*world.landed, *world.ejected} == set(world.order)
    for change, held in world.ejected.items():
        found = world.merge(held, change)
        assert isinstance(found, Clash) or not world.passes((*held, change)), "ejected unblamed"


@given(worlds())
def test_several_at_once_come_to_the_same_as_one_by_one(world: World) -> None:
    alone = replace(world, window=1, most=1, entries=[], tested={}, landed=[], ejected={})
    for each in (world, alone):
        while each.entries:
            for step in each.steps():
                each.do(step)
            for change in each.running:
                each.finish_tests(change)
    assert (world.landed, set(world.ejected)) == (alone.landed, set(alone.ejected))


def line(*entries: Entry, window: int = 4) -> Line:
    return Line("m", entries, window)


BUILT_A = Entry("a", Built("m", "ma", "ma"))
BUILT_B = Entry("b", Built("ma", "mab", "mab"))
PASSED, FAILED, RUNNING = Tests.PASSED, Tests.FAILED, Tests.RUNNING


@pytest.mark.parametrize(
    ("given_line", "steps"),
    [
        pytest.param(line(), (), id="nothing waits"),
        pytest.param(line(Entry("a")), (Rebuild("a", "m"),), id="the first is built"),
        pytest.param(
            line(BUILT_A, Entry("b")), (Test("a"), Rebuild("b", "ma")), id="the next on top of it"
        ),
        pytest.param(line(BUILT_A, Entry("b"), window=1), (Test("a"),), id="a window of one"),
        pytest.param(
            line(replace(BUILT_A, tests=RUNNING), replace(BUILT_B, tests=PASSED)),
            (),
            id="what passed behind one that runs waits",
        ),
        pytest.param(
            line(replace(BUILT_A, tests=PASSED), replace(BUILT_B, tests=RUNNING)),
            (Land("a"),),
            id="the first lands",
        ),
        pytest.param(
            line(replace(BUILT_A, tests=PASSED), BUILT_B),
            (Test("b"),),
            id="tests begin before it does",
        ),
        pytest.param(
            line(replace(BUILT_A, tests=FAILED), replace(BUILT_B, tests=RUNNING)),
            (Eject("a"),),
            id="the first failed",
        ),
        pytest.param(
            line(replace(BUILT_A, tests=RUNNING), replace(BUILT_B, tests=FAILED), Entry("c")),
            (Rebuild("c", "ma"),),
            id="behind a failure it is left out, and not blamed yet",
        ),
        pytest.param(
            line(replace(BUILT_A, tests=RUNNING), Entry("b", Clash("ma", "x")), Entry("c")),
            (Rebuild("c", "ma"),),
            id="so is a conflict with what stands before it",
        ),
        pytest.param(line(Entry("a", Clash("m", "x"))), (Eject("a"),), id="a conflict, first"),
        pytest.param(
            line(
                replace(BUILT_A, build=Built("old", "o", "o"), tests=RUNNING),
                replace(BUILT_B, tests=RUNNING),
            ),
            (Rebuild("a", "m"), Stop("b")),
            id="the branch moved: those behind stop",
        ),
    ],
)
def test_plan(given_line: Line, steps: tuple[Step, ...]) -> None:
    assert plan(given_line) == steps


@pytest.mark.parametrize(
    ("window", "most", "expected"), [(1, 4, 2), (4, 4, 4), (5, 3, 3), (1, 0, 1)]
)
def test_wider(window: int, most: int, expected: int) -> None:
    assert wider(window, most) == expected


@pytest.mark.parametrize(("window", "expected"), [(9, 6), (5, 4), (2, 1), (1, 1)])
def test_narrower(window: int, expected: int) -> None:
    assert narrower(window) == expected
