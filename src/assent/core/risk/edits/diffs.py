"""What an edit takes away and what it adds, place by place.

Hunks come from two texts, or from a unified diff of one file. A diff that is not well formed is
read as far as it goes: its lines count by their first character.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from assent.core.risk.edits.model import FileVersion

SEARCH = 1_000_000
"""Product of the numbers of differing lines up to which the smallest difference is searched for;
above it everything between the equal ends counts as taken away and added."""

_HEAD = re.compile(r"@@ -(\d{1,9})(?:,\d+)? \+(\d{1,9})(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    """Counted from one, in the text it belongs to."""
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place that changes."""

    before_start: int
    after_start: int
    removed: tuple[Line, ...]
    added: tuple[Line, ...]
    context: tuple[str, ...] = ()
    """Unchanged lines before the first change, as far as the diff shows them."""


def hunks_of_diff(diff: str) -> tuple[Hunk, ...]:
    """The hunks of a unified diff of one file."""
    return tuple(_read(diff.split("\n")))


def _read(lines: Sequence[str]) -> Iterator[Hunk]:
    reader = _Reader()
    for line in lines:
        head = _HEAD.match(line)
        if head is not None:
            yield from reader.finish()
            reader = _Reader(int(head.group(1)), int(head.group(2)), started=True)
        elif reader.started or not line.startswith(("---", "+++")):
            reader.take(line)
    yield from reader.finish()


class _Reader:
    """One hunk while it is read."""

    def __init__(self, before: int = 1, after: int = 1, *, started: bool = False) -> None:
        self.started = started
        self.before, self.after = before, after
        self.starts = before, after
        self.removed: list[Line] = []
        self.added: list[Line] = []
        self.context: list[str] = []

    def take(self, line: str) -> None:
        mark, text = line[:1], line[1:]
        if mark == "-":
            self._first_change()
            self.removed.append(Line(self.before, text))
            self.before += 1
        elif mark == "+":
            self._first_change()
            self.added.append(Line(self.after, text))
            self.after += 1
        elif mark != "\\":
            if not self.removed and not self.added:
                self.context.append(text)
            self.before += 1
            self.after += 1

    def _first_change(self) -> None:
        if not self.removed and not self.added:
            self.starts = self.before, self.after

    def finish(self) -> Iterator[Hunk]:
        if self.removed or self.added:
            yield Hunk(
                before_start=self.starts[0],
                after_start=self.starts[1],
                removed=tuple(self.removed),
                added=tuple(self.added),
                context=tuple(self.context),
            )


def hunks_of(file: FileVersion) -> tuple[Hunk, ...]:
    """The hunks between the two texts of a file."""
    before, after = _lines(file.before), _lines(file.after)
    return tuple(_hunk(before, after, place) for place in _places(before, after))


def _lines(text: str | None) -> list[str]:
    if not text:
        return []
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


Place = tuple[int, int, int, int]


def _places(before: Sequence[str], after: Sequence[str]) -> Iterator[Place]:
    """Ranges of lines that differ."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) * len(new) > SEARCH:
        yield (head, len(before) - tail, head, len(after) - tail)
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            yield (head + i1, head + i2, head + j1, head + j2)


def _hunk(before: Sequence[str], after: Sequence[str], place: Place) -> Hunk:
    i1, i2, j1, j2 = place
    return Hunk(
        before_start=i1 + 1,
        after_start=j1 + 1,
        removed=tuple(Line(i + 1, before[i]) for i in range(i1, i2)),
        added=tuple(Line(j + 1, after[j]) for j in range(j1, j2)),
        context=tuple(after[max(0, j1 - 30) : j1]),
    )
