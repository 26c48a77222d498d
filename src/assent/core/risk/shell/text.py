"""Characters that make a text look like something it is not."""

import re
import unicodedata

_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EMOJI_JOINERS = "\u200d\ufe0e\ufe0f"
_KEYCAPS = "0123456789#*"
_NEW_EMOJI = range(0x1F300, 0x1FB00)
"""Not assigned in older tables of Unicode, and visible all the same."""
_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0d\uffa0"
    "\U000e0100-\U000e01ef]"
)
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]+[A-Za-z]")

_DASH = re.compile("[\u2010-\u2015\u2212]")
_LOOKALIKES = str.maketrans(
    dict(
        zip(
            "аеорсухіјѕԁһӏкмтвнгѵԝգոοανρτυικχβεηγωАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıⅼ",
            "aeopcyxijsdhlkmtbhrvwqnoavptuikxbenywABEKMHOPCTXIJSABEZHIKMNOPTYXagil",
            strict=True,
        )
    )
)


def hides(text: str) -> bool:
    """Whether `text` holds what a person would not see: controls, bidi marks, zero widths."""
    return hidden_place(text) is not None


def hidden_place(text: str) -> int | None:
    """Where `text` first holds a character that a person would not see."""
    control = _ASCII_CONTROL.search(text)
    if text.isascii() or control is not None:
        return None if control is None else control.start()
    blank = _BLANK_LETTERS.search(text)
    if blank is not None:
        return blank.start()
    before = ""
    for place, c in enumerate(text):
        if not _is_seen(c, before):
            return place
        before = c
    return None


def _is_seen(c: str, before: str) -> bool:
    if c.isprintable() or c in "\t\n":
        return c != "\ufe0f" or not before.isascii() or before in _KEYCAPS
    if c in _EMOJI_JOINERS:
        return bool(before) and (not before.isascii() or before in _KEYCAPS)
    if unicodedata.category(c) in _HIDDEN:
        return ord(c) in _NEW_EMOJI
    return True


def disguised(text: str) -> bool:
    """Whether the name of a program or flag is made to look like another, plain one."""
    if text.isascii():
        return False
    plain = _skeleton(text)
    return plain.isascii() and any(c.isalpha() for c in plain)


def disguised_operand(text: str) -> bool:
    """Whether an unquoted operand passes for a flag, for two words, or for another host."""
    if text.isascii():
        return False
    if text.startswith("-") and disguised(text.partition("=")[0]):
        return True
    if _SPACES.search(text) or _DASHES.match(text):
        return True
    scheme, found, rest = text.partition("://")
    return bool(found) and scheme.isascii() and disguised(re.split("[/?#]", rest)[0])


def _skeleton(text: str) -> str:
    """`text` in the plain letters that it looks like."""
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    return _DASH.sub("-", folded)
