"""Hunks that need others, so that nobody accepts a part which cannot stand alone."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from assent.core.changes.hunks import FilePatch, outcome
from assent.core.changes.model import HunkId


@dataclass(frozen=True, slots=True)
class Need:
    """An accepted hunk that needs another one, which is not accepted."""

    hunk: HunkId
    needs: HunkId
    why: str
    """In words, to be read after `needs`: `removes lib, which is a folder here`."""


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
        f"removes {goes.path}: {outer.path} cannot be a {what} and something else at once",
    )
