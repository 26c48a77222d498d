"""Show text that others wrote, so that what it is can be seen.

Characters that a terminal or a browser would act on, reorder or hide (ANSI escapes, bidirectional
controls, zero-width and other invisible characters, undecodable bytes, unusual spaces) are shown
by their names. What is left is exactly what can be seen.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from markupsafe import Markup, escape

_UNSURE = re.compile(r"[^\x20-\x7e]")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BLANK = re.compile(
    # Unicode's Default_Ignorable_Code_Point outside the categories above, and the blank Braille
    # pattern: all of them are drawn as nothing.
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_BYTES = range(0xDC80, 0xDD00)
"""How Python carries bytes that are not UTF-8 in text."""


@lru_cache(maxsize=4096)
def is_hidden(char: str) -> bool:
    """Whether `char` is drawn as nothing, as something else, or moves what is around it."""
    if " " <= char <= "~":
        return False
    return unicodedata.category(char) in _HIDDEN_CATEGORIES or _BLANK.match(char) is not None


def hidden_in(text: str) -> int:
    """How many characters of `text` cannot be seen; line ends and tabs are not counted."""
    return sum(1 for _, hidden in _pieces(text, lines=True) if hidden)


def visible(text: str) -> Markup:
    """HTML of one block of text; its line ends and tabs stay, everything hidden is boxed."""
    return Markup("").join(
        _box(piece) if hidden else escape(piece) for piece, hidden in _pieces(text, lines=True)
    )


def visible_line(text: str) -> Markup:
    """HTML of a text that belongs on one line: line ends and tabs are boxed too."""
    return Markup("").join(
        _box(piece) if hidden else escape(piece) for piece, hidden in _pieces(text, lines=False)
    )


def plain(text: str) -> str:
    """One line of text without markup, for attributes, page titles and JSON summaries."""
    return "".join(
        _bracketed(piece) if hidden else piece for piece, hidden in _pieces(text, lines=False)
    )


def _pieces(text: str, *, lines: bool) -> Iterator[tuple[str, bool]]:
    """Cut `text` into runs that can be shown as they are, and single hidden characters."""
    start = 0
    for match in _UNSURE.finditer(text):
        char = match[0]
        if not is_hidden(char) or (lines and char in "\n\t"):
            continue
        if start < match.start():
            yield text[start : match.start()], False
        yield char, True
        start = match.end()
    if start < len(text):
        yield text[start:], False


@lru_cache(maxsize=4096)
def _box(char: str) -> Markup:
    return Markup('<span class="esc" title="{}">{}</span>').format(_name(char), mark_of(char))


def _bracketed(char: str) -> str:
    return f"[{mark_of(char)}]"


_CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR"),
    *("SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB"),
    *("ESC", "FS", "GS", "RS", "US"),
)


def mark_of(char: str) -> str:
    """The visible stand-in of a hidden character: `ESC`, `U+202E`, or `\\xff` for a stray byte."""
    code = ord(char)
    if code < len(_CONTROLS):
        return _CONTROLS[code]
    if code == 0x7F:
        return "DEL"
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return f"U+{code:04X}"


def _name(char: str) -> str:
    code = ord(char)
    if code in _BYTES:
        return f"byte {code - 0xDC00:#04x}, not UTF-8"
    return f"U+{code:04X} {unicodedata.name(char, 'control character')}".lower().replace("u+", "U+")
