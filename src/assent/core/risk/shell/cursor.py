"""Where the parser stands in a text, and what all parsers of one script share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from assent.core.risk.shell.syntax import Heredoc

MAX_STEPS = 15_000
"""Words, expansions and statements that are looked at, loops counted as often as they run."""
MAX_DEPTH = 32
MAX_PROBLEMS = 50

_BLANK = re.compile(r"(?:[ \t]|\\\n)*")


class TooMuch(Exception):
    """Reading on would take too long."""


class Unreadable(Exception):
    """A word that has no end, or no meaning."""

    def __init__(self, what: str, start: int) -> None:
        super().__init__(what)
        self.what = what
        self.start = start


@dataclass(slots=True)
class Shared:
    """The limits of one script, and what was found wrong with it."""

    steps: int = MAX_STEPS
    depth: int = 0
    problems: list[tuple[str, int, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Variables in the order in which they are met."""

    def step(self, count: int = 1) -> None:
        self.steps -= count
        if self.steps < 0:
            raise TooMuch("takes too many steps to be read")

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooMuch("is nested too deeply to be read")
        try:
            yield
        finally:
            self.depth -= 1

    def complain(self, what: str, start: int, end: int) -> None:
        problem = (what, start, end)
        if problem not in self.problems:
            self.problems.append(problem)
        if len(self.problems) > MAX_PROBLEMS:
            raise TooMuch("has too many parts that are not understood")


@dataclass(slots=True)
class Cursor:
    """A place in `text`, which stands at `base` in the script, or for all of `fixed`."""

    text: str
    shared: Shared
    pos: int = 0
    base: int = 0
    fixed: tuple[int, int] | None = None
    pending: list[Heredoc] = field(default_factory=list)
    """Here-documents whose text comes after this line."""

    def at(self, pos: int) -> int:
        return self.base + pos if self.fixed is None else self.fixed[0]

    def until(self, pos: int) -> int:
        return self.base + pos if self.fixed is None else self.fixed[1]

    def blank(self) -> None:
        """Go over spaces and lines that go on."""
        match = _BLANK.match(self.text, self.pos)
        self.pos = match.end() if match is not None else self.pos

    def peek(self, length: int = 1) -> str:
        return self.text[self.pos : self.pos + length]

    def complain(self, what: str, start: int, end: int) -> None:
        end = min(end, len(self.text))
        self.shared.complain(what, self.at(min(start, end)), self.until(end))

    def part(self, start: int, end: int) -> "Cursor":
        """A cursor for a part of the text, read as it stands."""
        return Cursor(self.text[start:end], self.shared, base=self.base + start, fixed=self.fixed)

    def rewritten(self, text: str, start: int, end: int) -> "Cursor":
        """A cursor for what a part of the text becomes before it is read."""
        return Cursor(text, self.shared, fixed=(self.at(start), self.until(end)))
