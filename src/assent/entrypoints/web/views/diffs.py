"""Unified diffs as table rows. Nothing of the text is dropped: what is no diff line is a note."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)

ROWS = 400
"""Rows up to which a diff is shown whole."""
LINE = 2_000
"""Characters of one line that are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row. `kind` is `hunk`, `same`, `add`, `del` or `note`; `changed` marks what differs."""

    kind: str
    text: str
    old: int | None = None
    new: int | None = None
    changed: tuple[int, int] | None = None
    cut: int = 0
    """Characters at the end that are left out."""


@dataclass(frozen=True, slots=True)
class Diff:
    lines: tuple[Line, ...]
    added: int
    removed: int
    folded: int = 0
    """Rows at the end that are left out."""

    @property
    def is_folded(self) -> bool:
        return self.folded > 0 or any(line.cut for line in self.lines)


def read_diff(text: str, *, whole: bool = False) -> Diff:
    """Rows of a unified diff of one file; with `whole` none is left out."""
    lines = _with_changes(tuple(_lines(text)))
    added = sum(1 for line in lines if line.kind == "add")
    removed = sum(1 for line in lines if line.kind == "del")
    if whole:
        return Diff(lines, added, removed)
    shown = tuple(_cut(line) for line in lines[:ROWS])
    return Diff(shown, added, removed, folded=max(0, len(lines) - ROWS))


def compare(before: str, after: str) -> Diff:
    """What changed between two texts, with three lines of context."""
    changes = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=3)
    return read_diff("\n".join(changes))


def _cut(line: Line) -> Line:
    if len(line.text) <= LINE:
        return line
    inside = line.changed if line.changed and line.changed[1] <= LINE else None
    return replace(line, text=line.text[:LINE], cut=len(line.text) - LINE, changed=inside)


def _lines(text: str) -> Iterator[Line]:
    # Only \n ends a line here: \r and the Unicode line ends are content, and are shown as such.
    old = new = old_left = new_left = 0
    rows = text.split("\n")
    if rows and rows[-1] == "":
        rows.pop()
    for number, row in enumerate(rows):
        sign, rest = row[:1], row[1:]
        if old_left <= 0 and new_left <= 0:
            start = _HUNK.fullmatch(row)
            if start:
                old, new = int(start[1]), int(start[3])
                old_left, new_left = int(start[2] or 1), int(start[4] or 1)
                yield Line("hunk", row)
            elif not (number < 2 and row.startswith(("--- ", "+++ "))):
                yield Line("note", row)
        elif sign == "+":
            yield Line("add", rest, new=new)
            new, new_left = new + 1, new_left - 1
        elif sign == "-":
            yield Line("del", rest, old=old)
            old, old_left = old + 1, old_left - 1
        elif sign in (" ", ""):
            yield Line("same", rest, old=old, new=new)
            old, new, old_left, new_left = old + 1, new + 1, old_left - 1, new_left - 1
        else:
            yield Line("note", row)


def _with_changes(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Mark the part that differs in lines that were replaced one for one."""
    result = list(lines)
    for start, middle, end in _replacements(lines):
        if middle - start != end - middle:
            continue
        for first, second in zip(range(start, middle), range(middle, end), strict=True):
            marks = differing(lines[first].text, lines[second].text)
            if marks is not None:
                result[first] = replace(lines[first], changed=marks[0])
                result[second] = replace(lines[second], changed=marks[1])
    return tuple(result)


def _replacements(lines: Sequence[Line]) -> Iterator[tuple[int, int, int]]:
    """Runs of removed lines with the added lines right after: start, first added, end."""
    position = 0
    while position < len(lines):
        start = position
        while position < len(lines) and lines[position].kind == "del":
            position += 1
        middle = position
        while position < len(lines) and lines[position].kind == "add":
            position += 1
        if start < middle < position:
            yield start, middle, position
        if position == start:
            position += 1


def differing(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The middle parts that differ, or None where too little is common to be worth a mark."""
    limit = min(len(old), len(new))
    head = _alike(old, new, limit)
    tail = _alike(old[::-1], new[::-1], limit - head)
    if (head + tail) * 2 < limit:
        return None
    return (head, len(old) - tail), (head, len(new) - tail)


def _alike(one: str, other: str, limit: int) -> int:
    """How many characters both begin with, at most `limit`; long lines are halved, not walked."""
    if one[:limit] == other[:limit]:
        return limit
    low, high = 0, limit
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
