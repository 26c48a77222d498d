"""Hunks that need others, so that nobody accepts a part which cannot stand alone.

What cannot be built at all is certain (`clashes`). The rest is a heuristic by names, and only told:
whether a part works is decided by the tests, which run on that part alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from posixpath import basename, dirname
from typing import TypeAlias

from assent.core.changes.dependencies import LOCKS
from assent.core.changes.hunks import SUBMODULE, FilePatch, Hunk, outcome
from assent.core.changes.model import HunkId
from assent.core.changes.names import Names, family_of, keys, names_of, python_names

MOST = 500
"""Needs that are told of one part."""


@dataclass(frozen=True, slots=True)
class Need:
    """An accepted hunk that needs another one, which is not accepted."""

    hunk: HunkId
    needs: HunkId
    why: str
    """What that one does, in words: `defines parse`. To be read after `needs the hunk that`."""


def needs(patches: Sequence[FilePatch], accepted: Collection[HunkId]) -> tuple[Need, ...]:
    """What the accepted hunks seem to need of those that are not, in order of the hunks.

    At most `MOST`. Of each pair of hunks the first reason is told.
    """
    chosen = frozenset(accepted)
    every = [
        _Piece(patch, hunk, names_of(patch, hunk)) for patch in patches for hunk in patch.hunks
    ]
    taken = [piece for piece in every if piece.hunk.id in chosen]
    left = [piece for piece in every if piece.hunk.id not in chosen]
    if not taken or not left:
        return ()
    found = {(need.hunk, need.needs): need for need in reversed(clashes(patches, chosen))}
    for source in (_beside(taken, left), _files(taken, left), _Uses(taken, left).needs()):
        for need in islice(source, MOST):
            found.setdefault((need.hunk, need.needs), need)
    order = {piece.hunk.id: at for at, piece in enumerate(every)}
    ordered = sorted(found.values(), key=lambda need: (order[need.hunk], order[need.needs]))
    return tuple(ordered[:MOST])


@dataclass(frozen=True, slots=True)
class _Piece:
    """A hunk in its file."""

    patch: FilePatch
    hunk: Hunk
    names: Names

    @property
    def path(self) -> str:
        return self.patch.path

    @property
    def comes(self) -> bool:
        return self.patch.old_mode is None

    @property
    def goes(self) -> bool:
        return self.patch.new_mode is None


def clashes(patches: Sequence[FilePatch], accepted: Collection[HunkId]) -> tuple[Need, ...]:
    """Where the accepted part cannot be built: one path would be a file and a folder at once."""
    there = {patch.path: patch for patch in patches if outcome(patch, accepted).mode is not None}
    return tuple(
        _clash(patch, there[folder])
        for patch in there.values()
        for folder in _folders(patch.path)
        if folder in there
    )


def _folders(path: str) -> Iterator[str]:
    """All folders that `path` lies in."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _clash(inner: FilePatch, outer: FilePatch) -> Need:
    """One of the two comes with the change, and the other was to go with it."""
    comes, goes = (inner, outer) if inner.old_mode is None else (outer, inner)
    what = "file" if goes is outer else "folder"
    return Need(
        comes.hunks[0].id,
        goes.hunks[0].id,
        f"removes {goes.path}, for {outer.path} cannot stay a {what}",
    )


# Files that belong together


def _beside(taken: Sequence[_Piece], left: Sequence[_Piece]) -> Iterator[Need]:
    """Manifests and their lock files, submodules and their list, and both ends of a rename."""
    by_path: dict[str, list[_Piece]] = defaultdict(list)
    for piece in left:
        by_path[piece.path].append(piece)
    listed = [piece for piece in left if basename(piece.path) == ".gitmodules"]
    renamed = {piece.patch.renamed_from: piece for piece in left if piece.patch.renamed_from}
    locks = _locks(left)
    told: set[str] = set()
    for piece in taken:
        path = piece.path
        if piece.patch.renamed_from:
            for other in by_path[piece.patch.renamed_from]:
                yield _need(piece, other, f"removes {other.path}, its name before")
        if path in renamed:
            yield _need(piece, renamed[path], f"creates {renamed[path].path}, its new name")
        if SUBMODULE in (piece.patch.old_mode, piece.patch.new_mode) and (
            piece.comes or piece.goes
        ):
            yield from (_need(piece, other, "lists the submodules") for other in listed)
        if path not in told:
            told.add(path)
            yield from (
                _need(piece, other, f"updates {basename(other.path)}")
                for other in locks.get(_locked(path), ())
                if other.path != path
            )


def _locked(path: str) -> tuple[str, str]:
    """The folder and the manifest that a manifest or its lock file stands for."""
    name = basename(path).lower()
    return dirname(path), LOCKS.get(name, name)


def _locks(left: Sequence[_Piece]) -> Mapping[tuple[str, str], Sequence[_Piece]]:
    """Manifests and lock files that are not accepted."""
    found: dict[tuple[str, str], list[_Piece]] = defaultdict(list)
    for piece in left:
        folder, manifest = _locked(piece.path)
        if manifest in _MANIFESTS:
            found[folder, manifest].append(piece)
    return found


_MANIFESTS = frozenset(LOCKS.values())


def _need(piece: _Piece, other: _Piece, why: str) -> Need:
    return Need(piece.hunk.id, other.hunk.id, why)


def _files(taken: Sequence[_Piece], left: Sequence[_Piece]) -> Iterator[Need]:
    """Files that are used without being there, and files that go while they are still used."""
    created = {key: piece for piece in left if piece.comes for key in keys(piece.path)}
    for piece in taken:
        for key in sorted(created.keys() & piece.names.files):
            yield _need(piece, created[key], f"creates {created[key].path}")
    deleted = {key: piece for piece in taken if piece.goes for key in keys(piece.path)}
    for piece in left:
        for key in sorted(deleted.keys() & piece.names.left_files):
            yield _need(deleted[key], piece, f"stops using {deleted[key].path}")


# Names

_Name: TypeAlias = tuple[str, str]
"""A name with what it is known in: a language, or one file."""
_SOURCES = 20
"""Hunks that are looked at for one name."""


class _Uses:
    """Names that the accepted hunks use, held against what the others bring in."""

    def __init__(self, taken: Sequence[_Piece], left: Sequence[_Piece]) -> None:
        self._taken = taken
        self._known: dict[str, set[str]] = defaultdict(set)
        for piece in (*taken, *left):
            self._known[piece.path] |= piece.names.known
        self._here = {name for piece in taken for name in _of_family(piece, piece.names.defines)}
        self._defining = _by_name(left, lambda names: names.defines)
        self._signing = _by_name(left, lambda names: names.signs)
        self._recalling = _by_name(left, lambda names: names.recalls)
        self._leaving = _by_name(left, lambda names: names.leaves)
        self._importing: dict[_Name, _Piece] = {
            (piece.path, name): piece for piece in left for name in piece.names.imports
        }

    def needs(self) -> Iterator[Need]:
        for piece in self._taken:
            yield from self._brought_in(piece)
            yield from self._taken_away(piece)
            yield from self._called(piece)

    def _brought_in(self, piece: _Piece) -> Iterator[Need]:
        """What it uses that another hunk defines or imports."""
        code: frozenset[str] | None = None
        for key in sorted(_of_family(piece, piece.names.uses)):
            name = key[1]
            definer = self._definer(piece, key)
            importer = self._importing.get((piece.path, name))
            if definer is None and importer is None:
                continue
            if code is None:
                code = _code(piece)
            if name not in code:
                continue
            if definer is not None:
                yield _need(piece, definer, f"defines {name}")
            if importer is not None:
                yield _need(piece, importer, f"imports {name}")

    def _definer(self, piece: _Piece, key: _Name) -> _Piece | None:
        """The nearest hunk that brings a name in, if it was not there before."""
        if key in self._here or key[1] in self._known[piece.path]:
            return None
        every = [
            other
            for other in self._defining.get(key, ())
            if key[1] not in self._known[other.path] and _may_mean(piece, key[1], other)
        ]
        return min(every, key=lambda other: _distance(piece.path, other.path), default=None)

    def _taken_away(self, piece: _Piece) -> Iterator[Need]:
        """What it removes that another hunk stops using, or defines in another place."""
        for key in sorted(_of_family(piece, piece.names.drops)):
            if key in self._here:
                continue
            for other in self._defining.get(key, ()):
                yield _need(piece, other, f"defines {key[1]} in its new place")
            for other in self._leaving.get(key, ()):
                if _may_mean(other, key[1], piece) and key[1] not in other.names.drops:
                    yield _need(piece, other, f"stops using {key[1]}")

    def _called(self, piece: _Piece) -> Iterator[Need]:
        """Functions whose calls change together with what they take."""
        for key in sorted(_of_family(piece, piece.names.recalls)):
            for other in self._signing.get(key, ()):
                yield _need(piece, other, f"changes what {key[1]} takes")
        for key in sorted(_of_family(piece, piece.names.signs)):
            for other in self._recalling.get(key, ()):
                yield _need(piece, other, f"changes a call of {key[1]}")


_TESTS = re.compile(r"test_[^/]*|[^/]*(?:_test|[.-](?:test|spec))\.\w+")


def _may_mean(user: _Piece, name: str, definer: _Piece) -> bool:
    """Whether a name in one hunk can be the one of another: of another file only when that is
    made to be used by others."""
    if user.path == definer.path:
        return True
    return not name.startswith("_") and not _TESTS.fullmatch(basename(definer.path))


def _code(piece: _Piece) -> frozenset[str]:
    """The names that it uses as code, as far as that can be told."""
    found = python_names(piece.hunk) if family_of(piece.path) == "python" else None
    return piece.names.uses if found is None else found


def _of_family(piece: _Piece, names: frozenset[str]) -> Iterator[_Name]:
    family = family_of(piece.path)
    return ((family, name) for name in names)


def _by_name(
    pieces: Sequence[_Piece], names: Callable[[Names], frozenset[str]]
) -> Mapping[_Name, Sequence[_Piece]]:
    found: dict[_Name, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        for key in _of_family(piece, names(piece.names)):
            if len(found[key]) < _SOURCES:
                found[key].append(piece)
    return found


def _distance(path: str, other: str) -> tuple[int, int]:
    """How far apart two files are: the same file, the same folder, or by what they share."""
    if path == other:
        return (0, 0)
    shared = next(
        (at for at, (one, two) in enumerate(zip(path, other, strict=False)) if one != two), 0
    )
    return (1, -shared)
