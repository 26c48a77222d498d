"""Who answers for which files, as CODEOWNERS says it in GitHub's and in GitLab's words.

The last line that fits a path counts; one that names nobody says that nobody answers for it. In a
file with sections (`[Docs][2] @docs`, GitLab) that holds within each section, and each that fits
wants its own owners' agreement, but for optional ones (`^[Docs]`). Lines that are nothing that
both know (`!`, `[a-z]`) are passed over, so that the path keeps the owners it had.

Nothing here is run as a regular expression: the text comes from the repository.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeAlias

from assent.core.policy.globs import fits
from assent.core.policy.model import PathOwner

_SECTION = re.compile(r"(\^?)\[([^\[\]]+)\](?:\[(\d{1,3})\])?(?:[ \t]+(.*))?")

_Token: TypeAlias = tuple[str, bool]
"""A character, and whether it stands for itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """A pattern and those whom it names, as they are written: `@ana`, `@org/team`, an e-mail."""

    pattern: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of which the last one that fits a path counts."""

    name: str = ""
    count: int = 1
    """How many of the owners have to agree."""
    is_optional: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeOwners:
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Owned:
    """So many of these have to agree to a change of a path. Never without owners."""

    owners: tuple[str, ...]
    count: int = 1


@dataclass(slots=True)
class _Open:
    """The section that is being read."""

    section: Section
    defaults: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list)


def read_codeowners(text: str) -> CodeOwners:
    """What the file says. Never raises."""
    sections = {"": _Open(Section())}
    current = sections[""]
    for raw in text.splitlines():
        line = raw.strip()
        head = _SECTION.fullmatch(line)
        if head is not None:
            current = _open_section(sections, head)
            continue
        words = _words(line)
        if words and not words[0].startswith(("!", "[")):
            current.lines.append(Line(words[0], tuple(words[1:]) or current.defaults))
    read = (replace(each.section, lines=tuple(each.lines)) for each in sections.values())
    return CodeOwners(tuple(section for section in read if section.lines))


def _open_section(sections: dict[str, _Open], head: re.Match[str]) -> _Open:
    """Sections of one name are one; it is optional only where each says so."""
    name = head[2].strip()
    made = Section(name, count=max(1, int(head[3] or 1)), is_optional=bool(head[1]))
    known = sections.get(name.casefold())
    if known is None:
        known = sections[name.casefold()] = _Open(made)
    else:
        before = known.section
        known.section = replace(
            before,
            count=max(before.count, made.count),
            is_optional=before.is_optional and made.is_optional,
        )
    known.defaults = tuple(_words(head[4] or ""))
    return known


def _words(line: str) -> list[str]:
    """The words up to a comment; a space after a backslash belongs to its word."""
    words: list[str] = []
    word, is_escaped = "", False
    for character in line + " ":
        if is_escaped:
            word, is_escaped = f"{word}\\{character}", False
        elif character == "\\":
            is_escaped = True
        elif character == "#" and not word:
            return words
        elif character in " \t":
            words += [word] if word else []
            word = ""
        else:
            word += character
    return words


def owners_of(path: str, codeowners: CodeOwners) -> tuple[Owned, ...]:
    """Who has to agree to a change of `path`, relative to the root: one for each section."""
    parts = path.split("/")
    found = (
        (section, _last(section.lines, parts))
        for section in codeowners.sections
        if not section.is_optional
    )
    return tuple(
        Owned(line.owners, section.count)
        for section, line in found
        if line is not None and line.owners
    )


def _last(lines: Sequence[Line], parts: Sequence[str]) -> Line | None:
    return next((line for line in reversed(lines) if is_fitting(line.pattern, parts)), None)


def policy_owners_of(path: str, owners: Iterable[PathOwner]) -> tuple[Owned, ...]:
    """Whom the policy's `[[owners]]` name for `path`: as there, the last that fits counts."""
    last: tuple[str, ...] = ()
    for each in owners:
        if any(fits(glob, path) for glob in each.paths):
            last = each.people
    return (Owned(last),) if last else ()


# --- patterns


def is_fitting(pattern: str, parts: Sequence[str]) -> bool:
    """Whether `pattern` names the file with these parts, or a folder that it lies in.

    As in `.gitignore`, except that `docs/*` names the files of `docs` and not its folders.
    """
    wanted, is_folder = _read_pattern(pattern)
    if not wanted:
        return False
    places = {0}
    for number, part in enumerate(wanted):
        is_last = number == len(wanted) - 1
        places = set(_next(places, part, parts, is_last=is_last))
        if not places:
            return False
    if is_folder or wanted[-1] != _STAR:
        return any(0 < place < len(parts) for place in places) or (
            not is_folder and len(parts) in places
        )
    return len(parts) in places


_Part: TypeAlias = tuple[_Token, ...]
_STAR: _Part = (("*", False),)
_ANY: _Part = (("*", False), ("*", False))


def _next(places: set[int], part: _Part, parts: Sequence[str], *, is_last: bool) -> Iterator[int]:
    """How many parts of the path are used up after `part`, which fits from any of `places`."""
    if part == _ANY:
        # At the end `**` stands for what is inside, and in between for any folders or none.
        yield from range(min(places) + is_last, len(parts) + 1)
        return
    yield from (at + 1 for at in places if at < len(parts) and _fits_name(part, parts[at]))


@lru_cache(maxsize=4096)
def _read_pattern(pattern: str) -> tuple[tuple[_Part, ...], bool]:
    """Its parts, from the root on, and whether it names folders only."""
    is_folder = pattern.endswith("/")
    inner = pattern.strip("/")
    parts = tuple(_tokens(part) for part in inner.split("/") if part)
    is_rooted = pattern.startswith("/") or "/" in inner
    if parts and not is_rooted:
        parts = (_ANY, *parts)
    return parts, is_folder


def _tokens(part: str) -> _Part:
    tokens: list[_Token] = []
    is_escaped = False
    for character in part:
        if character == "\\" and not is_escaped:
            is_escaped = True
            continue
        tokens.append((character, is_escaped or character not in "*?"))
        is_escaped = False
    return tuple(tokens)


def _fits_name(part: _Part, name: str) -> bool:
    """`*` stands for any characters, `?` for one. In time of length times length at most."""
    at = token = 0
    star, resume = -1, 0
    while at < len(name):
        character, is_plain = part[token] if token < len(part) else ("", True)
        if character and (character == name[at] if is_plain else character == "?"):
            at, token = at + 1, token + 1
        elif character == "*" and not is_plain:
            star, resume, token = token, at, token + 1
        elif star >= 0:
            resume += 1
            at, token = resume, star + 1
        else:
            return False
    return all(rest == ("*", False) for rest in part[token:])
