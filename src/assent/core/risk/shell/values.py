"""What a variable or a part of a word may be, as far as that is known before it runs."""

import re
from dataclasses import dataclass, replace

from assent.core.risk.shell.model import NUMBERS

HOME = "\ue000"
"""The home, inside of texts: a character that no script that is read may hold."""
MAX_TEXT = 4096
"""Characters of the longest text that operators are computed on."""
MAX_STARS = 3
_MARKS = re.compile(r"[0-9.,:-]*")
_PLACES = re.compile(r"\s*(-?\d{1,6}|\(-\d{1,6}\))\s*(?::\s*(\d{1,6})\s*)?")


@dataclass(frozen=True, slots=True)
class Value:
    """A text, or what is known of it. The fields mean what those of `Word` do."""

    text: str | None = None
    prefix: str = ""
    suffix: str = ""
    holds: frozenset[str] = frozenset()
    outputs: bool = False
    root: bool = False
    number: bool = False
    pattern: bool = False
    """`text` is a pattern, and the value one of the names of files that it stands for."""
    program: str = ""
    """The value is where the program of this name is: what `which` prints."""


EMPTY = Value("")
NUMBER = Value(number=True)
PRINTED = Value(outputs=True)
ANYTHING = Value()


def environment(name: str) -> Value:
    """What a variable is that the script does not assign."""
    if name == "HOME":
        return Value(HOME)
    if name in NUMBERS:
        return NUMBER
    return Value(holds=frozenset({name}))


def together(left: Value, right: Value) -> Value:
    """One text after the other."""
    if left == EMPTY:
        return right
    if right == EMPTY:
        return left
    holds, outputs = left.holds | right.holds, left.outputs or right.outputs
    if left.text is not None and right.text is not None:
        pattern = left.pattern or right.pattern
        return Value(left.text + right.text, holds=holds, outputs=outputs, pattern=pattern)
    return Value(
        text=None,
        prefix=left.prefix if left.text is None else left.text + right.prefix,
        suffix=right.suffix if right.text is None else left.suffix + right.text,
        holds=holds,
        outputs=outputs,
        root=left.root and right.text is not None,
        number=_number(left, right),
    )


def _number(left: Value, right: Value) -> bool:
    if left.text is not None or right.text is not None:
        return left.number or right.number
    return left.number and right.number and bool(_MARKS.fullmatch(left.suffix + right.prefix))


def any_of(values: tuple[Value, ...]) -> Value:
    """What is known of a value that may be each of these."""
    if len(values) == 1:
        return values[0]
    return Value(
        holds=frozenset(name for value in values for name in value.holds),
        outputs=any(value.outputs for value in values),
        number=all(value.number or (value.text or "").isdigit() for value in values),
    )


def covers(general: Value, value: Value) -> bool:
    """Whether everything that `value` may be is also what `general` may be."""
    if general.text is not None or general.prefix or general.suffix or general.root:
        return False
    if general.program or not value.holds <= general.holds:
        return False
    if value.outputs and not general.outputs:
        return False
    return not general.number or value.number or (value.text or "").isdigit()


def unknown(value: Value) -> Value:
    """A value computed in ways that are not followed from this one."""
    return Value(holds=value.holds, outputs=value.outputs)


# --- ${X…}


def length(value: Value) -> Value:
    if value.text is None or value.pattern or HOME in value.text:
        return NUMBER
    return Value(str(len(value.text)))


def stripped(value: Value, operator: str, argument: Value) -> Value:
    """`${X#…}`, `${X##…}`, `${X%…}` and `${X%%…}`."""
    text, pattern = value.text, argument.text
    if text is None or pattern is None or len(text) > MAX_TEXT or not _computable(pattern):
        return unknown(value)
    if value.pattern:
        return _stripped_name(value, operator, pattern)
    expression = _expression(pattern)
    if expression is None:
        return unknown(value)
    return replace(value, text=_strip(text, operator, expression))


def _strip(text: str, operator: str, expression: re.Pattern[str]) -> str:
    places = range(len(text) + 1)
    if operator[0] == "#":
        ends = places if operator == "#" else reversed(places)
        end = next((n for n in ends if expression.fullmatch(text, 0, n)), None)
        return text if end is None else text[end:]
    starts = reversed(places) if operator == "%" else places
    start = next((n for n in starts if expression.fullmatch(text, n)), None)
    return text if start is None else text[:start]


def _stripped_name(value: Value, operator: str, pattern: str) -> Value:
    """The same for a name that is known by its pattern: where every such name agrees."""
    text = value.text or ""
    first, last = (min(_wild(text)), max(_wild(text))) if _wild(text) else (0, 0)
    literal = not _wild(pattern) and "\\" not in pattern
    found: str | None = None
    if operator[0] == "%" and literal and text[last + 1 :].endswith(pattern):
        found = text[: len(text) - len(pattern)]
    elif operator[0] == "#" and literal and text[:first].startswith(pattern):
        found = text[len(pattern) :]
    elif (operator, pattern) == ("##", "*/") and "/" not in text[first:]:
        found = text[text.rfind("/") + 1 :]
    elif (operator, pattern) == ("%", "/*") and "/" in text and "/" not in text[first:]:
        found = text[: text.rfind("/")]
    elif (operator, pattern) == ("%", ".*") and "." in text[last + 1 :]:
        found = text[: text.rfind(".")]
    if found is None:
        return unknown(value)
    return replace(value, text=found, pattern=bool(_wild(found)))


def _wild(text: str) -> list[int]:
    return [place for place, c in enumerate(text) if c in "*?[]"]


def replaced(value: Value, operator: str, *, argument: Value, by: Value) -> Value:
    """`${X/a/b}` and `${X//a/b}`."""
    text, pattern = value.text, argument.text
    if text is None or pattern is None or by.text is None or value.pattern:
        return unknown(together(value, by))
    anchor = pattern[:1] if operator == "/" and pattern[:1] in ("#", "%") else ""
    pattern = pattern[len(anchor) :]
    expression = _expression(pattern) if _computable(pattern) and pattern else None
    if expression is None or len(text) > MAX_TEXT or "&" in by.text or "\\" in by.text:
        return unknown(together(value, by))
    count = 0 if operator == "//" else 1
    if anchor in ("#", "%"):
        begin = r"\A" if anchor == "#" else ""
        expression = re.compile(
            f"{begin}(?:{expression.pattern})" + (r"\Z" if anchor == "%" else ""), re.DOTALL
        )
    new = by.text
    whole = expression.sub(lambda _: new, text, count=count)
    return replace(value, text=whole[: MAX_TEXT * 2], holds=value.holds | by.holds)


def cut(value: Value, argument: Value) -> Value:
    """`${X:2:3}`."""
    text = value.text
    match = _PLACES.fullmatch(argument.text or "")
    if text is None or match is None or value.pattern or HOME in text:
        return unknown(value)
    start = int(match[1].strip("()"))
    if start < 0 and not match[1].startswith("("):
        start = max(len(text) + start, 0) if argument.text and argument.text[0] == " " else -1
    elif start < 0:
        start = max(len(text) + start, 0)
    if start < 0:
        return unknown(value)
    end = len(text) if match[2] is None else start + int(match[2])
    return replace(value, text=text[start:end])


def recased(value: Value, operator: str, argument: Value) -> Value:
    """`${X^^}` and its likes."""
    if value.text is None or value.pattern or argument.text != "" or not value.text.isascii():
        return unknown(value)
    change = str.upper if operator[0] == "^" else str.lower
    text = value.text if len(operator) == 2 else value.text[:1]
    return replace(value, text=change(text) + value.text[len(text) :])


def _computable(pattern: str) -> bool:
    return pattern.count("*") <= MAX_STARS and len(pattern) <= 200 and HOME not in pattern


def _expression(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the shell as a regular expression; None where shells may not agree."""
    pieces: list[str] = []
    place = 0
    while place < len(pattern):
        c = pattern[place]
        place += 1
        if c == "*":
            pieces.append(".*")
        elif c == "?":
            pieces.append(".")
        elif c == "\\":
            pieces.append(re.escape(pattern[place : place + 1]))
            place += 1
        elif c == "[":
            match = re.compile(r"([!^]?)([A-Za-z0-9 _./,:=+-]+)\]").match(pattern, place)
            if match is None:
                return None
            pieces.append(f"[{'^' if match[1] else ''}{_members(match[2])}]")
            place = match.end()
        elif c in "(|)":
            return None
        else:
            pieces.append(re.escape(c))
    try:
        return re.compile("".join(pieces), re.DOTALL)
    except re.error:
        return None


def _members(text: str) -> str:
    return re.sub(r"([\]^\\])", r"\\\1", text)
