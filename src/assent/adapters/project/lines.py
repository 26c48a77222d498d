"""The lines of a plain YAML file, for manifests of which a few names are wanted.

This reads no YAML: what is not written the plain way is not seen, and names nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"^( *)((?:- +)*)(?:([\w./:-]+?|'[^']*'|\"[^\"]*\")[ ]*:(?:[ ]+(.*)|$)|(.*))$")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?")
MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """`key: value` with its indentation; a text block below it is its value."""

    indent: int
    key: str
    value: str
    is_item: bool
    """Begins an item of a list. Its `indent` is that of its key."""


def read_lines(text: str) -> Iterator[Line]:
    """The lines that say something, in order."""
    lines = text.expandtabs(8).splitlines()[:MAX_LINES]
    place = 0
    while place < len(lines):
        match = _LINE.match(lines[place])
        place += 1
        if match is None or _says_nothing(match):
            continue
        indent, value = len(match[1]) + len(match[2]), match[4] if match[3] else match[5]
        value = (value or "").strip()
        if _BLOCK.fullmatch(value.split(" #")[0].strip()):
            block, place = _block(lines, place, len(match[1]))
            value = block
        yield Line(indent, (match[3] or "").strip("'\""), _plain(value), bool(match[2]))


def _says_nothing(match: re.Match[str]) -> bool:
    whole = match[0].strip()
    return not whole or whole.startswith("#") or whole == "---"


def _block(lines: list[str], place: int, indent: int) -> tuple[str, int]:
    """The text below a `|`, and where it ends."""
    taken = []
    while place < len(lines):
        line = lines[place]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            break
        taken.append(line.strip())
        place += 1
    return "\n".join(taken).strip(), place


def _plain(value: str) -> str:
    if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
        return value[1:-1]
    return value if "\n" in value else value.split(" #")[0].rstrip()
