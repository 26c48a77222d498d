"""What checkpoints need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assent.core.actions import FileChange
from assent.core.checkpoints import PathChange, Skipped, Snapshot
from assent.errors import UnavailableError


class NotCaptured(UnavailableError):
    """No checkpoints are made of this workspace at all: it is `/` or the home, or no folder."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restore would do. Paths from the work tree's root."""

    writes: tuple[str, ...]
    """Files that would be written: their content or mode differs, or they are not there."""
    deletes: tuple[str, ...]
    """Files that would go, all of them held by the safety snapshot."""
    leaves: tuple[Skipped, ...] = ()
    """What would stay as it is since no snapshot holds it."""

    @property
    def is_nothing(self) -> bool:
        return not (self.writes or self.deletes)


class Shadow(Protocol):
    """The shadow repositories: one for each workspace, outside of it; git of the user is untouched.

    Every method blocks (call it in a thread) and raises UnavailableError with the reason and a way
    out when it cannot be done: too slow, too large, no git; and NotCaptured where it never is.
    """

    def snapshot(self, workspace: str, *, paths: Sequence[str] | None = None) -> Snapshot:
        """What is there now. With `paths` (from the root) only these are looked at.

        Safe to call from several threads; calls for one workspace take turns.
        """
        ...

    def difference(self, workspace: str, before: str, after: str) -> tuple[PathChange, ...]:
        """The paths that differ between two trees."""
        ...

    def as_edit(self, workspace: str, changes: Sequence[PathChange]) -> tuple[FileChange, ...]:
        """The changes as a person is shown them: absolute paths, digests, unified diffs."""
        ...

    def preview(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        """What `restore` would do, given what is there `now`. Changes nothing."""
        ...

    def restore(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        """Bring the files (or only `paths`) to what `tree` holds, bytes, modes and symlinks.

        `now` is a whole snapshot just taken: only what it holds, and still holds as it is on disk,
        is overwritten or deleted. Doing it again after a kill ends in the same. Returns what was
        done; files that changed since `now` are left and named in `leaves`.
        """
        ...

    def forget(self, workspace: str, *, keep: Sequence[str]) -> int:
        """Drop all snapshots but the commits in `keep` and those of the last minute, of which
        nothing may be stored yet; the bytes that the shadow takes then."""
        ...

    def holds(self, workspace: str, paths: Sequence[str]) -> frozenset[str]:
        """Those of these real paths (files or folders) that the next whole snapshot will hold
        completely: not ignored, not too large, not in another repository. Empty on any doubt."""
        ...
