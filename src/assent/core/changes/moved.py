"""Lines that a change only moves: for showing, so that nobody reads them as new."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import HunkId

LEAST = 3
"""Lines of a block, from which on it counts as moved."""
TELLING = 20
"""Letters and digits that it has at least: braces and empty lines are alike everywhere."""
_CANDIDATES = 30
"""Places that are looked at for one block."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A block of lines that goes in one place and comes in another, but for its indentation."""

    lines: int
    source: HunkId
    source_path: str
    source_line: int
    """In the old file, counted from one."""
    target: HunkId
    target_path: str
    target_line: int
    """In the new file, counted from one."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one hunk that come, or go, one after the other."""

    hunk: Hunk
    first: int
    """Number of the first, in its file."""
    lines: tuple[bytes, ...]
    """Without the white space around them."""


def moved(patches: Sequence[FilePatch]) -> tuple[Moved, ...]:
    """The blocks that a change moves, in order of where they come. No line goes to two places."""
    hunks = [hunk for patch in patches for hunk in patch.hunks]
    sources = _Sources([run for hunk in hunks for run in _runs(hunk, b"-")])
    return tuple(
        block for hunk in hunks for run in _runs(hunk, b"+") for block in _of_run(run, sources)
    )


class _Sources:
    """The lines that go, each of which is taken once."""

    def __init__(self, runs: Sequence[_Run]) -> None:
        self.runs = runs
        self._used: dict[int, set[int]] = defaultdict(set)
        self._places: dict[tuple[bytes, ...], list[tuple[int, int]]] = defaultdict(list)
        for at, run in enumerate(runs):
            for start in range(len(run.lines) - LEAST + 1):
                known = self._places[run.lines[start : start + LEAST]]
                if len(known) < _CANDIDATES:
                    known.append((at, start))

    def longest(self, run: _Run, start: int) -> tuple[int, int, int]:
        """Where the most lines from `start` on come from: their number, the run, and the first
        of them in it. Those of the same hunk do not count: they are changed, not moved."""
        return max(
            (
                (self._length(run, start, at, first), at, first)
                for at, first in self._places.get(run.lines[start : start + LEAST], ())
                if self.runs[at].hunk.id != run.hunk.id
            ),
            key=lambda found: (found[0], -found[1], -found[2]),
            default=(0, 0, 0),
        )

    def _length(self, run: _Run, start: int, at: int, first: int) -> int:
        lines, used = self.runs[at].lines, self._used[at]
        most = min(len(run.lines) - start, len(lines) - first)
        for step in range(most):
            if run.lines[start + step] != lines[first + step] or first + step in used:
                return step
        return most

    def take(self, at: int, first: int, size: int) -> None:
        self._used[at].update(range(first, first + size))


def _runs(hunk: Hunk, sign: bytes) -> Iterator[_Run]:
    """The runs of a hunk; a file that changes its type has two starts, of which each is right."""
    number = hunk.old_start if sign == b"-" else hunk.new_start
    lines: list[bytes] = []
    for line in hunk.lines:
        if line[:1] == sign:
            lines.append(line[1:].strip())
        elif line[:1] == b" ":
            if lines:
                yield _Run(hunk, number, tuple(lines))
            number += len(lines) + 1
            lines = []
    if lines:
        yield _Run(hunk, number, tuple(lines))


def _of_run(run: _Run, sources: _Sources) -> Iterator[Moved]:
    """The blocks of one run that come from elsewhere, one after the other."""
    start = 0
    while start + LEAST <= len(run.lines):
        size, at, first = sources.longest(run, start)
        if size < LEAST:
            start += 1
            continue
        if _tells(run.lines[start : start + size]):
            source = sources.runs[at]
            sources.take(at, first, size)
            yield Moved(
                lines=size,
                source=source.hunk.id,
                source_path=source.hunk.path,
                source_line=source.first + first,
                target=run.hunk.id,
                target_path=run.hunk.path,
                target_line=run.first + start,
            )
        start += size


def _tells(lines: Sequence[bytes]) -> bool:
    count = 0
    for line in lines:
        count += sum(byte > 127 or chr(byte).isalnum() for byte in line)
        if count >= TELLING:
            return True
    return False


def moved_words(blocks: Sequence[Moved]) -> Mapping[HunkId, str]:
    """For each hunk where its longest moved block comes from, or went, in words."""
    words: dict[HunkId, list[tuple[int, str]]] = defaultdict(list)
    for block in blocks:
        came = f"from {block.source_path}:{block.source_line}"
        went = f"to {block.target_path}:{block.target_line}"
        words[block.target].append((block.lines, f"{block.lines} lines moved {came}"))
        words[block.source].append((block.lines, f"{block.lines} lines moved {went}"))
    return {hunk: _longest(said) for hunk, said in words.items()}


def _longest(said: Sequence[tuple[int, str]]) -> str:
    longest = max(said, key=lambda each: each[0])[1]
    return longest if len(said) == 1 else f"{longest}, and {len(said) - 1} more"
