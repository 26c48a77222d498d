"""Where a value stands in a JSON text, so that it is replaced and all else stays byte for byte."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_TOKEN = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Found:
    """The value stands at `start` to `end`; with its name and comma it takes `first` to `last`."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such member; it would be put at `at`, into an object or array."""

    at: int
    name: str | None
    """None: an element of an array."""
    empty: bool
    """Whether nothing else is in there."""


Place: TypeAlias = Found | Missing


def find(text: str, pointer: str) -> Place:
    """Where `pointer` (RFC 6901, not empty) leads. Raises ValueError with the reason when it leads
    nowhere, when `text` is not JSON, or when a name on the way stands there twice."""
    json.loads(text)
    at = _skip(text, 0)
    place: Place = Found(at, len(text.rstrip()), at, len(text))
    tokens = [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
    for depth, token in enumerate(tokens):
        if isinstance(place, Missing):
            raise ValueError(f"there is no {'/'.join(tokens[:depth])}")
        place = _member(text, place.start, token)
    return place


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _member(text: str, at: int, token: str) -> Place:
    if text[at] == "{":
        return _in_object(text, at, token)
    if text[at] == "[":
        return _in_array(text, at, token)
    raise ValueError(f"{token!r} is asked for in something that has no parts")


def _in_object(text: str, at: int, name: str) -> Place:
    found = [place for key, place in _members(text, at) if key == name]
    if len(found) > 1:
        raise ValueError(f"{name!r} stands there twice")
    if found:
        return found[0]
    end, empty = _end(text, at)
    return Missing(end, name, empty)


def _in_array(text: str, at: int, token: str) -> Place:
    items = [place for _, place in _members(text, at)]
    if _TOKEN.fullmatch(token) and int(token) < len(items):
        return items[int(token)]
    if token in ("-", str(len(items))):
        end, empty = _end(text, at)
        return Missing(end, None, empty)
    raise ValueError(f"{token!r} is no place in a list of {len(items)}")


def _members(text: str, at: int) -> Iterator[tuple[str, Found]]:
    """The members of the object or array at `at`, which is known to be valid."""
    named = text[at] == "{"
    before = at + 1
    at = _skip(text, before)
    while text[at] not in "}]":
        key = ""
        if named:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        after = _skip(text, end)
        comma = text[after] == ","
        # Its comma goes with it: the one behind it, or for the last one the one before it.
        first = before - 1 if not comma and text[before - 1] == "," else before
        yield key, Found(at, end, first, after + 1 if comma else end)
        before = after + comma
        at = _skip(text, before)


def _end(text: str, at: int) -> tuple[int, bool]:
    """Behind the last member of the object or array at `at`, and whether there is none."""
    members = [place for _, place in _members(text, at)]
    return (members[-1].end, False) if members else (at + 1, True)
