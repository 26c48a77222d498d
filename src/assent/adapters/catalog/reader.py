"""Read catalog files: TOML, one file for a family of programs, checked against a schema."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from assent.core.risk.catalog import TAILS, Call, Catalog, Program, Slot, catalog_of, is_use
from assent.core.risk.meanings import MEANINGS, Meaning
from assent.core.risk.readers import READERS
from assent.errors import UsageError

FOLDER = Path(__file__).parent
_NAMED = ("",)
"""Stands for the name of a subcommand, whichever it is."""
_VERSION = ("-v", "-V", "--version", "-version")
_HINT = "The policy in force stays as it is until this is put right."


def _meaning(word: str) -> str:
    if word not in MEANINGS:
        raise ValueError(f"unknown meaning `{word}`; known are: {', '.join(MEANINGS)}")
    return word


def _flag(text: str) -> str:
    name, equals, use = text.partition("=")
    if not name.startswith("-") or name.strip("-") == "" or (equals and not is_use(use)):
        raise ValueError(f"`{text}` is no flag; write `-x`, `--name`, `-x=` or `-x=read`")
    return text


def _slot(text: str) -> str:
    use = text.removesuffix("*")
    if not is_use(use):
        raise ValueError(f"unknown use `{use}` of an operand")
    return text


def _reader(name: str) -> str:
    if name not in READERS:
        raise ValueError(f"unknown reader `{name}`; known are: {', '.join(sorted(READERS))}")
    return name


Means = Annotated[str, AfterValidator(_meaning)]
Flags = list[Annotated[str, AfterValidator(_flag)]]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Shared(_Table):
    """What may stand at a program and at each of its calls."""

    flags: Flags = []
    raises: dict[str, Means] = {}
    instead: dict[str, Means] = {}
    other_flags: Annotated[Literal["harmless", "unknown"] | None, Field(alias="other-flags")] = None
    operands: list[Annotated[str, AfterValidator(_slot)]] | None = None
    reader: Annotated[str, AfterValidator(_reader)] | None = None
    undo: str = ""
    scope: str = ""


class _Call(_Shared):
    name: Annotated[list[str], Field(min_length=1)]
    means: Means


class _Program(_Shared):
    about: str
    also: list[str] = []
    means: Means = "unknown"
    calls: dict[Means, list[str]] = {}
    call: list[_Call] = []


class CatalogFile(_Table):
    """One file of a catalog."""

    summary: str = ""
    program: dict[str, _Program]


@lru_cache(maxsize=1)
def built_in_catalog() -> Catalog:
    """The catalog that Assent comes with."""
    files = sorted(FOLDER.glob("*.toml"))
    return catalog_of(
        item for file in files for item in parse_catalog(file.read_bytes(), file.name)
    )


def parse_catalog(text: bytes, name: str) -> tuple[tuple[str, Program], ...]:
    """Programs by every name they have. Raises UsageError that says where `text` is wrong."""
    try:
        file = CatalogFile.model_validate(tomllib.loads(text.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{name}: this is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{name}: {place}: {first['msg']}") from error
    return tuple(_named(file.program))


def read_programs(tables: Mapping[str, object]) -> tuple[tuple[str, Program], ...]:
    """Programs from the `[program]` tables of a policy file. Raises UsageError."""
    try:
        file = CatalogFile.model_validate({"program": tables})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"policy.toml: {place}: {first['msg']}", hint=_HINT) from error
    return tuple(_named(file.program))


def _named(tables: Mapping[str, _Program]) -> Iterator[tuple[str, Program]]:
    for name, table in tables.items():
        program = _program(name, table)
        yield from ((each, program) for each in (name, *table.also))


def _program(name: str, table: _Program) -> Program:
    detailed = [
        call
        for entry in table.call
        for call in _named_like(_call(_NAMED, MEANINGS[entry.means], table, entry), entry.name)
    ]
    plain = _call(_NAMED, MEANINGS["unknown"], table, None)
    listed = [
        call
        for means, several in table.calls.items()
        for call in _named_like(replace(plain, means=MEANINGS[means]), several)
    ]
    itself = _call((), MEANINGS[table.means], table, table)
    return Program(name=name, about=table.about, calls=(*detailed, *listed, itself))


def _named_like(call: Call, names: Sequence[str]) -> Iterator[Call]:
    """The call under each of the names; they share what holds for their flags."""
    return (replace(call, name=tuple(words.split())) for words in names)


def _call(name: tuple[str, ...], means: Meaning, program: _Program, entry: _Shared | None) -> Call:
    """A call, with what holds for its whole program under what it says itself."""
    own = entry or _Shared()
    other_flags = own.other_flags or program.other_flags
    reader = own.reader or program.reader or ""
    return Call(
        name=name,
        means=means,
        flags={**_flags(program.flags), **_flags(own.flags)},
        raises={**_by_flag(program.raises), **_by_flag(own.raises)},
        instead={**_shared_instead(name, program, own), **_by_flag(own.instead)},
        operands=_slots(own.operands),
        any_flag=other_flags == "harmless",
        reader=reader,
        scope=own.scope,
        undo=own.undo,
    )


def _shared_instead(name: tuple[str, ...], program: _Program, own: _Shared) -> dict[str, Meaning]:
    """What the program's flags mean instead, but for those that mean something else in this call:
    `docker -v` asks for the version, and `docker run -v` takes a folder."""
    spoken_for = {*_flags(own.flags), *_by_flag(own.raises), *(_VERSION if name else ())}
    shared = _by_flag(program.instead)
    return {flag: means for flag, means in shared.items() if flag not in spoken_for}


def _flags(texts: Sequence[str]) -> dict[str, str | None]:
    parted = (text.partition("=") for text in texts)
    return {name: use if equals else None for name, equals, use in parted}


def _by_flag(table: Mapping[str, str]) -> dict[str, Meaning]:
    return {flag: MEANINGS[means] for flags, means in table.items() for flag in flags.split()}


def _slots(texts: Sequence[str] | None) -> tuple[Slot, ...] | None:
    if texts is None:
        return None
    return tuple(
        Slot(use=text.removesuffix("*"), many=text.endswith("*") or text in TAILS) for text in texts
    )
