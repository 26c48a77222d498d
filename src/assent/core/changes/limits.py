"""How large a change may be to be looked at in one piece, and how a larger one could be split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath

from assent.core.changes.model import HunkId, HunkRef, Revision
from assent.core.risk.edits.classes import PathClass, classes_of

_ROOTS = frozenset({"src", "lib", "libs", "packages", "apps", "services", "crates", "pkg"})
"""Folders that say nothing of what is in them."""
_MARKS = ("test_", "_test", "_spec", ".test", ".spec", "Test", "Tests")


@dataclass(frozen=True, slots=True)
class Group:
    """Hunks that could be a change of their own."""

    title: str
    hunks: tuple[HunkId, ...]
    paths: tuple[str, ...]
    lines: int


def split(revision: Revision, limit: int) -> tuple[Group, ...]:
    """Groups of at most `limit` changed lines that together are the revision.

    Lock files, documentation and code stay apart, code by its folder and with its tests. A single
    hunk that is larger stands alone.
    """
    units = _units(revision.hunks)
    groups: list[Group] = []
    for title, members in _by_title(units):
        groups += _packed(title, members, max(limit, 1))
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Files that belong together: code and its tests."""

    title: str
    hunks: tuple[HunkRef, ...]

    @property
    def lines(self) -> int:
        return _lines(self.hunks)


def _lines(hunks: Iterable[HunkRef]) -> int:
    return sum(hunk.added + hunk.removed for hunk in hunks)


def _units(hunks: Sequence[HunkRef]) -> list[_Unit]:
    files: dict[str, list[HunkRef]] = {}
    for hunk in hunks:
        files.setdefault(hunk.path, []).append(hunk)
    code = {_stem(path): path for path in files if _kind(path) == "" and not _is_test(path)}
    owners: dict[str, list[HunkRef]] = {}
    for path, own in files.items():
        owner = code.get(_stem(path), path) if _is_test(path) else path
        owners.setdefault(owner, []).extend(own)
    return [_Unit(_title(path), tuple(own)) for path, own in owners.items()]


def _title(path: str) -> str:
    return _kind(path) or _folder(path)


def _kind(path: str) -> str:
    """What a file is apart from code; empty for code."""
    classes = classes_of(path)
    if PathClass.LOCKFILE in classes:
        return "lock files"
    if PathClass.GENERATED in classes:
        return "generated files"
    return "documentation" if PathClass.DOCS in classes else ""


def _is_test(path: str) -> bool:
    return PathClass.TESTS in classes_of(path)


def _stem(path: str) -> str:
    """A file's name without what marks it as a test of another."""
    stem = PurePosixPath(path).stem
    for mark in _MARKS:
        stem = stem.removeprefix(mark) if mark.endswith("_") else stem.removesuffix(mark)
    return stem


def _folder(path: str) -> str:
    """The first folder that says something: `src/assent/core` for `src/assent/core/risk/x.py`."""
    folders = PurePosixPath(path).parts[:-1]
    if not folders:
        return "the top folder"
    return "/".join(folders[:3] if folders[0] in _ROOTS else folders[:1])


def _by_title(units: Sequence[_Unit]) -> list[tuple[str, list[_Unit]]]:
    ordered = sorted(units, key=lambda unit: (unit.title, unit.hunks[0].path))
    return [(title, list(found)) for title, found in groupby(ordered, key=lambda unit: unit.title)]


def _packed(title: str, units: Sequence[_Unit], limit: int) -> list[Group]:
    """Units one after another, as many in a group as fit; one that is too large by its hunks."""
    packs: list[list[HunkRef]] = [[]]
    for unit in units:
        pieces = [unit.hunks] if unit.lines <= limit else [(hunk,) for hunk in unit.hunks]
        for piece in pieces:
            if packs[-1] and _lines(packs[-1]) + _lines(piece) > limit:
                packs.append([])
            packs[-1].extend(piece)
    return [_group(_numbered(title, n, len(packs)), pack) for n, pack in enumerate(packs, start=1)]


def _numbered(title: str, number: int, count: int) -> str:
    return title if count == 1 else f"{title}, part {number} of {count}"


def _group(title: str, hunks: Sequence[HunkRef]) -> Group:
    return Group(
        title=title,
        hunks=tuple(hunk.id for hunk in hunks),
        paths=tuple(dict.fromkeys(hunk.path for hunk in hunks)),
        lines=_lines(hunks),
    )
