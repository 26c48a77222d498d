"""Diffs as values: files, hunks, their ids, and what a file is when only some are accepted."""

from dataclasses import dataclass

from assent.core.changes.model import HunkId


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place of a file that changes."""

    id: HunkId
    path: str
    old_start: int
    """Counted from one; 0 where the old side is empty, as git writes it."""
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[bytes, ...] = ()
    """With their sign (` `, `-`, `+`) and their line end; a last line without one has none."""
    section: str = ""
    """What git says after `@@`: the function it lies in."""
    whole: bool = False
    """The file as a whole: created, deleted, binary, a symlink, a submodule, or a new mode."""

    @property
    def added(self) -> int:
        return sum(line.startswith(b"+") for line in self.lines)

    @property
    def removed(self) -> int:
        return sum(line.startswith(b"-") for line in self.lines)


@dataclass(frozen=True, slots=True)
class FilePatch:
    """One file's part of a difference. Paths as git has them, undecodable bytes as surrogates."""

    path: str
    old_mode: str | None
    """As git writes it (`100644`); None: the file is not there."""
    new_mode: str | None
    old_blob: str | None
    new_blob: str | None
    hunks: tuple[Hunk, ...]
    binary: bool = False
    renamed_from: str = ""
    """A file with the same or nearly the same content that goes at the same time; only told."""

    @property
    def added(self) -> int:
        return sum(hunk.added for hunk in self.hunks)

    @property
    def removed(self) -> int:
        return sum(hunk.removed for hunk in self.hunks)
