"""What a Python expression can stand for, as far as it matters for what the program does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from assent.core.risk.names import names


@dataclass(frozen=True, slots=True)
class Data:
    """Something that can do nothing by itself, and of which nothing is known."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Something made of known texts and numbers alone, such as a literal dict."""


@dataclass(frozen=True, slots=True)
class Const:
    """A known text, number or truth value."""

    value: str | int | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of which only the beginning is known."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Path:
    """A path object; None when it is not known which."""

    text: str | None


@dataclass(frozen=True, slots=True)
class Seq:
    """A list or tuple whose items are known."""

    items: tuple["Values", ...]
    depth: int = field(init=False, compare=False, repr=False)
    """How many lists are within each other."""

    def __post_init__(self) -> None:
        inner = (each.depth for item in self.items for each in item if isinstance(each, Seq))
        object.__setattr__(self, "depth", 1 + max(inner, default=0))


@dataclass(frozen=True, slots=True)
class Mod:
    """A module of Python's own library."""

    name: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A function, class or object of Python's own library, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Third:
    """Something of another package, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Func:
    """A function or class that the program defines, by its place among all of them."""

    place: int


@dataclass(frozen=True, slots=True)
class Environ:
    """The variables of the environment."""


@dataclass(frozen=True, slots=True)
class Database:
    """A connection to a SQLite database, or a cursor of it; empty when it is not known which."""

    path: str


Value: TypeAlias = (
    Data | Plain | Const | Text | Path | Seq | Mod | Ref | Third | Func | Environ | Database
)
Values: TypeAlias = frozenset[Value]

DATA: Values = frozenset({Data()})
MAX_VALUES = 16
MAX_ITEMS = 64
MAX_DEPTH = 4
MAX_TEXT = 4_096


def joined(several: Iterable[Values]) -> Values:
    """All that it can be. Too many known texts are no longer told apart; nothing else is lost."""
    found = frozenset(value for values in several for value in values)
    if len(found) <= MAX_VALUES:
        return found
    return (
        DATA
        | {value for value in found if not isinstance(value, Const | Text | Path | Seq)}
        | {Path(None) for value in found if isinstance(value, Path)}
    )


def sequence(items: tuple[Values, ...]) -> Values:
    """A list of these, as long as it is small; nothing in a larger one is told apart."""
    found = Seq(items) if len(items) <= MAX_ITEMS else None
    return frozenset({found}) if found is not None and found.depth <= MAX_DEPTH else DATA


def constant(value: str | int | None) -> Values:
    """A known text, number (truth values are numbers) or None."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return DATA
    return frozenset({Const(value)})


def texts(values: Values) -> list[str | None]:
    """The paths or texts that the values are; None for each that is not known."""
    if not values:
        return []
    found: list[str | None] = []
    for value in sorted(values, key=repr):
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append(value.value)
        elif isinstance(value, Path):
            found.append(value.text)
        elif not isinstance(value, Const):
            found.append(None)
    return found or [None]


def items(values: Values) -> Values:
    """What iterating over the values gives."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Seq):
            found += value.items
        elif isinstance(value, Path):
            found.append(frozenset({Path(None)}))
        elif isinstance(value, Third | Database):
            found.append(frozenset({value}))
        else:
            found.append(DATA)
    return joined(found)


def part_of_path(text: str | None, name: str) -> Values:
    """The attribute `name` of the path `text`."""
    if name == "parents":
        return frozenset({Path(None)})
    if name not in ("parent", "name", "stem", "suffix") or text is None or "*" in text:
        return frozenset({Path(None)}) if name == "parent" else DATA
    before, slash, last = text.rstrip("/").rpartition("/")
    if name == "parent":
        unknown = last in ("", ".", "..", "~")
        return frozenset({Path(None if unknown else before or slash or ".")})
    stem, dot, suffix = last.rpartition(".")
    parts = {"name": last, "stem": stem or last, "suffix": f".{suffix}" if dot and stem else ""}
    return constant(parts[name])


def joined_path(first: Values, rest: Iterable[Values]) -> Values:
    """Paths put one after another; an absolute one begins anew."""
    found = texts(first)
    for values in rest:
        found = [_put_after(one, two) for one in found for two in texts(values)]
    return frozenset(Path(each) for each in found)


def matching(root: Values, pattern: Values) -> Values:
    """The paths below `root` that match `pattern`: one path with stars in it for each.

    Only patterns for source files and texts below a named folder stand for themselves. Hidden
    folders, which hold what decides about agents and what runs later, are not below one.
    """
    found = [_matching(folder, each) for folder in texts(root) for each in texts(pattern)]
    return frozenset({Seq((frozenset(found),))})


def _matching(folder: str | None, pattern: str | None) -> Path:
    whole = _put_after(folder, pattern)
    if whole is None or pattern is None:
        return Path(None)
    before, _, last = whole.removeprefix("./").rpartition("/")
    named = re.fullmatch(r"(?:/|~/)?\w[\w.-]*(?:/(?!\.\.)[\w.-]*|/\*\*?)*", before)
    plain = re.fullmatch(r"[\w*-][\w.*-]*\.(\w+)", last)
    ends = _CODE_ENDS if before == "" else _PLAIN_ENDS
    return Path(whole if plain and plain[1] in ends and (named or not before) else None)


_CODE_ENDS = names("py pyi js jsx mjs cjs ts tsx go rs java kt c h cc cpp hpp cs rb swift pyc")
_PLAIN_ENDS = _CODE_ENDS | names(
    "scala md rst txt html css scss vue svelte sql ipynb tex csv log svg"
)


def _put_after(one: str | None, two: str | None) -> str | None:
    if two is not None and two.startswith("/"):
        return two
    if one is None or two is None:
        return None
    return f"{one.rstrip('/')}/{two}" if one != "." else two


def added(one: Value, two: Value) -> Values:
    """Two texts or lists put together."""
    match one, two:
        case Const(str(first)), Const(str(second)):
            return constant(first + second)
        case Const(str(first)), _:
            return frozenset({Text(first)})
        case Text(), _:
            return frozenset({one})
        case Seq(first_items), Seq(second_items):
            return sequence(first_items + second_items)
        case _:
            pass
    return DATA


def is_plain(values: Values) -> bool:
    """Whether the values are known, or made of what is."""
    return all(isinstance(each, Const | Plain) for each in values)


def as_shown(value: Value) -> Value:
    """A value as a format shows it."""
    if isinstance(value, Path) and value.text is not None:
        return Const(value.text)
    if isinstance(value, Const) and not isinstance(value.value, str):
        return Const(str(value.value))
    return value


def widened(values: Values) -> Values:
    """Without the texts, of which there may be ever more."""
    known = Const | Text | Seq
    found = {Path(None) if isinstance(each, Path) else each for each in values}
    kept = frozenset(each for each in found if not isinstance(each, known))
    return kept | DATA if len(kept) < len(found) else kept
