"""Changing single places of a JSON text, leaving every other byte as its owner wrote it.

Texts are plain JSON objects: no comments, no trailing commas, no name twice in one object. A place
is named by the keys that lead to it. Line ends, indentation and order stay.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from assent.core.canonical import Json

Place: TypeAlias = Sequence[str | int]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder()


class OutOfForm(Exception):
    """A settings file that cannot be changed safely. The message says why."""


class NotPlainJson(OutOfForm):
    """The text is not JSON as described above, or holds another kind of value at a place."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One member or item: where it starts (a member at its key), and where its value lies."""

    key: str | int
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Container:
    """An object or array in a text: offsets of its brackets, and what it holds."""

    open: int
    close: int
    slots: tuple[_Slot, ...]

    def slot(self, key: str | int) -> _Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)


def parse(text: str) -> dict[str, Json]:
    """The object that `text` is; blank text is the empty object. Raises NotPlainJson."""
    if not text.strip():
        return {}
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as error:
        raise NotPlainJson("it is nested too deeply") from error
    except ValueError as error:
        raise NotPlainJson(str(error)) from error
    if not isinstance(value, dict):
        raise NotPlainJson("it is not a JSON object")
    return value


def put(text: str, place: Place, value: Json) -> str:
    """`text` with the member at `place` set; missing objects on the way are made."""
    return _set(_not_blank(text), place, value)


def append(text: str, place: Place, value: Json) -> str:
    """`text` with `value` as the last item of the array at `place`, made when it is missing."""
    text = _not_blank(text)
    start, rest = _descend(text, place)
    if rest:
        return _set(text, place, [value])
    if text[start] != "[":
        raise NotPlainJson(f"{_name(place)} is not an array")
    return _insert(text, _container(text, start), key=None, value=value)


def drop(text: str, place: Place) -> str:
    """`text` without the member or item at `place`, which must be there."""
    *parents, key = place
    start, rest = _descend(text, parents)
    container = _container(text, start)
    slot = container.slot(key)
    if rest or slot is None:
        raise NotPlainJson(f"{_name(place)} is missing")
    index = container.slots.index(slot)
    if len(container.slots) == 1:
        return text[: container.open + 1] + text[container.close :]
    if index == len(container.slots) - 1:
        return text[: container.slots[index - 1].end] + text[slot.end :]
    return text[: slot.start] + text[container.slots[index + 1].start :]


def _set(text: str, place: Place, value: Json) -> str:
    start, rest = _descend(text, place)
    if not rest:
        _, end = _DECODER.raw_decode(text, start)
        shown = _render(value, text, indent=_line_indent(text, start))
        return text[:start] + shown + text[end:]
    if text[start] != "{":
        raise NotPlainJson(f"{_name(place[: len(place) - len(rest)])} is not an object")
    key, *deeper = rest
    for inner in reversed(deeper):
        value = {str(inner): value}
    return _insert(text, _container(text, start), key=str(key), value=value)


def _descend(text: str, place: Place) -> tuple[int, Place]:
    """Offset of the deepest value on the way to `place`, and the keys that were not found."""
    start = _skip(text, 0)
    for depth, key in enumerate(place):
        if text[start] not in "{[":
            raise NotPlainJson(f"{_name(place[:depth])} is neither an object nor an array")
        slot = _container(text, start).slot(key)
        if slot is None:
            return start, place[depth:]
        start = slot.value
    return start, ()


def _container(text: str, start: int) -> _Container:
    """Read the members of the object or items of the array at `start`."""
    is_object = text[start] == "{"
    slots: list[_Slot] = []
    at = _skip(text, start + 1)
    while text[at] not in "}]":
        first = at
        key: str | int = len(slots)
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        slots.append(_Slot(key=key, start=first, value=at, end=end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return _Container(open=start, close=at, slots=tuple(slots))


def _insert(text: str, container: _Container, *, key: str | None, value: Json) -> str:
    label = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
    if container.slots:
        last = container.slots[-1]
        before = container.slots[-2].end if len(container.slots) > 1 else container.open
        lead = text[before : last.start].lstrip("{[").partition(",")
        space = lead[2] if lead[1] else lead[0]
        indent = space.rpartition("\n")[2] if "\n" in space else None
        shown = label + _render(value, text, indent=indent)
        return f"{text[: last.end]},{space}{shown}{text[last.end :]}"
    outer = _line_indent(text, container.open)
    if outer is None:
        shown = label + _render(value, text, indent=None)
        return text[: container.open + 1] + shown + text[container.close :]
    newline, inner = _newline(text), outer + _unit(text)
    shown = label + _render(value, text, indent=inner)
    opened = f"{text[: container.open + 1]}{newline}{inner}{shown}"
    return f"{opened}{newline}{outer}{text[container.close :]}"


def _render(value: Json, text: str, *, indent: str | None) -> str:
    """JSON of `value` in the manner of `text`; `indent` None means on one line."""
    if indent is None:
        return json.dumps(value, ensure_ascii=False)
    lines = json.dumps(value, ensure_ascii=False, indent=_unit(text)).split("\n")
    return f"{_newline(text)}{indent}".join(lines)


def _line_indent(text: str, at: int) -> str | None:
    """Indentation of the line that `at` is on; None when `text` is written on one line."""
    root = _container(text, _skip(text, 0))
    if root.slots and "\n" not in text[root.open : root.slots[0].start]:
        return None
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """One level of indentation as `text` uses it; two spaces when it uses none."""
    root = _container(text, _skip(text, 0))
    if not root.slots:
        return "  "
    space = text[root.open + 1 : root.slots[0].start]
    return space.rpartition("\n")[2] or "  "


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _not_blank(text: str) -> str:
    return text if text.strip() else "{}\n"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _name(place: Place) -> str:
    return ".".join(str(key) for key in place) or "the file"


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return members


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON number")
