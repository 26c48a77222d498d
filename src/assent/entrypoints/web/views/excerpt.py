"""Fold the dull middle of a very long text, and never the parts that somebody must see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Measure:
    """Up to `characters` in `lines` are shown whole; else this much of the head and the tail."""

    characters: int
    lines: int
    head: tuple[int, int]
    tail: tuple[int, int]
    """Characters and lines, whichever is reached first."""


SCRIPT = Measure(characters=8_000, lines=80, head=(3_000, 24), tail=(1_500, 12))
"""A script has places that matter; between them it may be long."""
PROSE = Measure(characters=24_000, lines=600, head=(8_000, 200), tail=(4_000, 100))
"""A plan or a payload has to be read."""
AROUND = 300
"""Characters kept on both sides of a place that must be seen."""


@dataclass(frozen=True, slots=True)
class Shown:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """Characters that are left out, and how many line ends are among them."""

    characters: int
    lines: int


Part: TypeAlias = Shown | Folded


def excerpt(
    text: str, places: Iterable[tuple[int, int]], measure: Measure = SCRIPT
) -> Sequence[Part]:
    """The parts of `text` in order: its head, its tail, the surroundings of `places`, and gaps."""
    size = len(text)
    if size <= measure.characters and text.count("\n") < measure.lines:
        return (Shown(0, size),)
    wanted = [(0, _head(text, *measure.head)), (_tail(text, *measure.tail), size)]
    for start, end in places:
        # A place can itself be huge: both of its ends are kept.
        wanted.append((max(0, start - AROUND), min(size, start + AROUND)))
        wanted.append((max(0, end - AROUND), min(size, end + AROUND)))
    return tuple(_with_gaps(text, _merged(wanted)))


def _head(text: str, characters: int, lines: int) -> int:
    """Where the head ends: after `lines` lines, or after `characters`."""
    end = 0
    for _ in range(lines):
        end = text.find("\n", end, characters) + 1
        if end == 0:
            return min(characters, len(text))
    return end


def _tail(text: str, characters: int, lines: int) -> int:
    """Where the tail begins."""
    first = max(0, len(text) - characters)
    start = len(text)
    for _ in range(lines + 1):
        start = text.rfind("\n", first, start)
        if start == -1:
            return first
    return start + 1


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[Shown]:
    start, end = 0, 0
    for next_start, next_end in sorted(ranges):
        if next_start > end:
            yield Shown(start, end)
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    yield Shown(start, end)


def _with_gaps(text: str, shown: Iterable[Shown]) -> Iterator[Part]:
    position = 0
    for part in shown:
        if part.start > position:
            yield Folded(part.start - position, text.count("\n", position, part.start))
        yield part
        position = part.end
