"""Syntax colours of lines. They are made for a file when somebody looks at it, and never before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from assent.entrypoints.web.views.patches import LINE, FileShown, lines_of
from assent.entrypoints.web.views.visible import visible

LONGEST = 200_000
"""Characters of a file up to which it is coloured."""

Span: TypeAlias = tuple[int, int, str]
"""Start, end and class of a run of characters in a line."""

_CLASSES = (
    ("Comment", "c"),
    ("Literal.String", "s"),
    ("Literal.Number", "m"),
    ("Keyword", "k"),
    ("Operator.Word", "k"),
    ("Name.Function", "f"),
    ("Name.Class", "f"),
    ("Name.Builtin", "i"),
    ("Name.Decorator", "i"),
    ("Name.Tag", "k"),
    ("Name.Attribute", "i"),
    ("Generic.Heading", "k"),
)


@dataclass(frozen=True, slots=True)
class Painted:
    """The spans of each line of a file; `lines[0]` is line 1."""

    lines: tuple[tuple[Span, ...], ...]

    def at(self, line: int) -> tuple[Span, ...]:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ()


def paint(path: str, text: str) -> Painted | None:
    """The colours of a file; None when its language is not known or it is too long."""
    # Pygments takes a while to load and memory to keep: only who looks at a file pays for it.
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]  # noqa: PLC0415
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # noqa: PLC0415

    if len(text) > LONGEST:
        return None
    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2])
    except ClassNotFound:
        return None
    lines: list[list[Span]] = [[]]
    start = 0
    for _, kind, value in lexer.get_tokens_unprocessed(text):
        name = _class_of(str(kind).removeprefix("Token."))
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
                start = 0
            if piece and name:
                lines[-1].append((start, start + len(piece), name))
            start += len(piece)
    return Painted(tuple(tuple(line) for line in lines))


def _class_of(kind: str) -> str:
    return next((name for prefix, name in _CLASSES if kind.startswith(prefix)), "")


def coloured(text: str, spans: Iterable[Span], marked: tuple[int, int] | None) -> str:
    """HTML of a line: its colours, the part that differs, and what hides in it made visible."""
    borders = {0, len(text)}
    colours = {}
    for start, end, name in spans:
        if start < len(text):
            borders |= {start, min(end, len(text))}
            colours[start] = (min(end, len(text)), name)
    if marked is not None:
        borders |= set(marked)
    parts: list[str] = []
    inside: tuple[int, str] = (0, "")
    ordered = sorted(borders)
    for start, end in pairwise(ordered):
        inside = colours.get(start, inside)
        piece = str(visible(text[start:end]))
        if inside[1] and start < inside[0]:
            piece = f"<i class={inside[1]}>{piece}</i>"
        if marked is not None and marked[0] <= start and end <= marked[1]:
            piece = f"<b>{piece}</b>"
        parts.append(piece)
    return "".join(parts)


def colours_of(
    file: FileShown, old: Painted | None, new: Painted | None
) -> dict[str, dict[str, str]]:
    """The HTML of the file's shown lines, by side and number; kept lines are on the new side."""
    found: dict[str, dict[str, str]] = {"old": {}, "new": {}}
    for shown in file.hunks:
        for sign, text, marked, numbers in lines_of(shown.hunk):
            side, painted = ("old", old) if sign == "-" else ("new", new)
            line = numbers[0] if sign == "-" else numbers[1]
            spans: Sequence[Span] = () if painted is None else painted.at(line)
            if spans and len(text) <= LINE:
                found[side][str(line)] = coloured(text, spans, marked)
    return found
