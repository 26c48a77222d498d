"""Frozen dataclasses as JSON, and back: strictly by their types, so that nothing is guessed.

Fields of a type are `str`, `int`, `bool`, enumerations, other dataclasses, tuples of one of these,
and unions of them. Unlike pydantic it takes text that is not valid Unicode, as paths may be.
"""

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from assent.core.canonical import Json

T = TypeVar("T")


def to_plain(value: object) -> Json:
    """The JSON of a dataclass; `from_plain` with its type is the inverse."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return cast("Json", value.value)
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, bool)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a record")


def from_plain(kind: type[T], value: Json) -> T:
    """Raises TypeError, ValueError or KeyError when `value` is not what `to_plain` writes.

    A field that is not there has its default: records of before it was added stay readable.
    """
    return cast("T", _read(kind, value))


def _read(kind: Any, value: Json) -> object:
    kind = getattr(kind, "__supertype__", kind)
    if get_origin(kind) in (Union, types.UnionType):
        return _read_union(get_args(kind), value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TypeError("expected a list")
        return tuple(_read(get_args(kind)[0], item) for item in value)
    if is_dataclass(kind):
        return _read_dataclass(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is types.NoneType and value is None:
        return None
    if type(value) is not kind:
        raise TypeError(f"expected {kind}, found {type(value).__name__}")
    return value


def _read_union(kinds: Sequence[Any], value: Json) -> object:
    for kind in kinds:
        if _may_be(getattr(kind, "__supertype__", kind), value):
            return _read(kind, value)
    raise TypeError("fits none of the types it may have")


def _may_be(kind: Any, value: Json) -> bool:
    if is_dataclass(kind):
        return isinstance(value, Mapping) and _needed(cast("type", kind)) <= value.keys()
    if get_origin(kind) is tuple:
        return isinstance(value, list)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return any(each.value == value for each in kind)
    return type(value) is kind


def _read_dataclass(kind: Any, value: Json) -> object:
    if not isinstance(value, Mapping):
        raise TypeError("expected an object")
    hints = _hints(kind)
    missing = _needed(kind) - value.keys()
    if missing or value.keys() - hints.keys():
        raise KeyError(f"{kind.__name__}: {sorted(missing | (value.keys() - hints.keys()))}")
    return kind(**{name: _read(hints[name], found) for name, found in value.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _needed(kind: Any) -> frozenset[str]:
    """The fields without which there is no such value."""
    return frozenset(
        each.name
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    )
