"""Shadow repositories: checkpoints of work trees that the user's git knows nothing of.

Every workspace has a git repository of its own below Assent's home. git is run with it as the git
dir and the workspace as the work tree; the user's repository is only read, once, to begin with its
objects and its index.
"""

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assent.adapters.git.shadow_blobs import Blobs
from assent.adapters.git.shadow_edits import as_edit, path_changes
from assent.adapters.git.shadow_files import Hands
from assent.adapters.git.shadow_holds import held
from assent.adapters.git.shadow_place import checked_workspace
from assent.adapters.git.shadow_repository import Deadline, Limits, WorktreeShadow
from assent.adapters.git.shadow_restore import Plan, Restorer, Surroundings, plan, recover
from assent.app.checkpoints.ports import Preview
from assent.core.actions import FileChange
from assent.core.checkpoints import PathChange, Snapshot
from assent.errors import UnavailableError

DEFAULT_LIMITS = Limits()
LOCK_STEP_S = 0.02


@dataclass(slots=True)
class _Workspace:
    shadow: WorktreeShadow
    turn: threading.Lock = field(default_factory=threading.Lock)
    failures: int = 0
    closed_until: float = 0.0
    reason: str = ""
    """Of the last failure."""


class ShadowRepositories:
    """Implements the port `Shadow`, with one repository for each workspace below `home`/shadows.

    Operations that change a shadow take turns, between threads and between processes.
    """

    def __init__(
        self,
        home: Path,
        *,
        user_home: Path | None = None,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
        hands: Hands | None = None,
    ) -> None:
        """`home` is Assent's own folder; `user_home`, by default the user's, and what is above it
        get no checkpoints. `hands` are what a restore changes files with."""
        self._home = home
        self._user_home = Path.home() if user_home is None else user_home
        self._limits = limits
        self._clock = clock
        self._hands = hands or Hands()
        self._workspaces: dict[str, _Workspace] = {}
        self._guard = threading.Lock()

    def snapshot(self, workspace: str, *, paths: Sequence[str] | None = None) -> Snapshot:
        """What is there now. After failures in a row it fails at once for a while, so that not
        every call of an agent waits for the deadline."""
        kept = self._workspace(workspace)
        wanted = None if paths is None else _inside(paths)
        self._check_open(kept)
        try:
            deadline = kept.shadow.deadline()
            with self._ready(kept, deadline):
                found = kept.shadow.snapshot(wanted, deadline)
        except UnavailableError as error:
            self._count_failure(kept, error.message)
            raise
        kept.failures = 0
        return found

    def _check_open(self, kept: _Workspace) -> None:
        left = kept.closed_until - self._clock()
        if left > 0:
            raise UnavailableError(
                f"No checkpoint of {kept.shadow.workspace} is tried for {left:.0f} s more, since "
                f"the last {self._limits.failures} failed. {kept.reason}",
            )

    def _count_failure(self, kept: _Workspace, reason: str) -> None:
        with self._guard:
            kept.reason = reason
            kept.failures += 1
            if kept.failures >= self._limits.failures:
                kept.failures = 0
                kept.closed_until = self._clock() + self._limits.cool_down_s

    def difference(self, workspace: str, before: str, after: str) -> tuple[PathChange, ...]:
        shadow = self._workspace(workspace).shadow
        return path_changes(shadow.git(self._long()), before, after)

    def as_edit(self, workspace: str, changes: Sequence[PathChange]) -> tuple[FileChange, ...]:
        shadow = self._workspace(workspace).shadow
        return as_edit(shadow.git(self._long()), shadow.workspace, changes)

    def preview(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        kept = self._workspace(workspace)
        deadline = self._long()
        with self._ready(kept, deadline):
            return self._plan(kept.shadow, tree, now=now, paths=paths).as_preview()

    def restore(
        self, workspace: str, tree: str, *, now: Snapshot, paths: Sequence[str] | None = None
    ) -> Preview:
        kept = self._workspace(workspace)
        deadline = self._long()
        shadow = kept.shadow
        with self._ready(kept, deadline):
            made = self._plan(shadow, tree, now=now, paths=paths)
            git = shadow.git(deadline)
            folders = frozenset(git.items("ls-tree", "-r", "-d", "-z", "--name-only", tree))
            restorer = Restorer(shadow.workspace, _journal(shadow), self._hands)
            with Blobs(git) as blobs:
                return restorer.carry_out(made, content=blobs.content, folders=folders)

    def _plan(
        self, shadow: WorktreeShadow, tree: str, *, now: Snapshot, paths: Sequence[str] | None
    ) -> Plan:
        deadline = self._long()
        changes = path_changes(shadow.git(deadline), now.tree, tree)
        if paths is not None:
            wanted = _inside(paths)
            changes = tuple(change for change in changes if _is_covered(change.path, wanted))
        around = Surroundings(
            shadow.skipped_now(now),
            shadow.skipped_in(tree),
            shadow.ignored_in(tree, changes, deadline),
        )
        return plan(shadow.workspace, changes, around)

    def forget(self, workspace: str, *, keep: Sequence[str]) -> int:
        """Snapshots of the last minute stay: they may not be written down yet."""
        kept = self._workspace(workspace)
        if not kept.shadow.exists:
            return 0
        deadline = self._long()
        with self._ready(kept, deadline):
            return kept.shadow.forget(frozenset(keep), deadline)

    def holds(self, workspace: str, paths: Sequence[str]) -> frozenset[str]:
        try:
            kept = self._workspace(workspace)
            self._check_open(kept)
            deadline = kept.shadow.deadline()
            with self._ready(kept, deadline):
                git = kept.shadow.git(deadline)
                return held(git, kept.shadow.workspace, paths, largest=self._limits.file_bytes)
        except UnavailableError:
            return frozenset()

    # Taking turns

    def _workspace(self, workspace: str) -> _Workspace:
        real = checked_workspace(workspace, home=self._home, user_home=self._user_home)
        with self._guard:
            kept = self._workspaces.get(real)
            if kept is None:
                name = hashlib.sha256(os.fsencode(real)).hexdigest()[:32]
                shadow = WorktreeShadow(
                    self._home / "shadows" / f"{name}.git",
                    real,
                    home=self._home,
                    limits=self._limits,
                    clock=self._clock,
                )
                kept = self._workspaces[real] = _Workspace(shadow)
            return kept

    def _long(self) -> Deadline:
        return Deadline(self._limits.first_s, self._clock)

    @contextmanager
    def _ready(self, kept: _Workspace, deadline: Deadline) -> Iterator[None]:
        """The shadow is there, and ours alone, and no killed restore has left anything."""
        place = kept.shadow.place
        while not kept.turn.acquire(timeout=deadline.left()):
            pass
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(place.with_suffix(".lock"), deadline):
                kept.shadow.make_ready(deadline)
                recover(kept.shadow.workspace, _journal(kept.shadow))
                yield
        except OSError as error:
            raise UnavailableError(
                f"The checkpoints of {kept.shadow.workspace} cannot be used: {error}."
            ) from error
        finally:
            kept.turn.release()


@contextmanager
def _locked(path: Path, deadline: Deadline) -> Iterator[None]:
    """The file is locked by this process. Raises UnavailableError when that takes too long."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(min(LOCK_STEP_S, deadline.left()))
        yield
    finally:
        os.close(handle)


def _journal(shadow: WorktreeShadow) -> Path:
    return shadow.place / "restoring.json"


def _inside(paths: Sequence[str]) -> tuple[str, ...] | None:
    """Paths from the root in their plain form, without those that lead out; None: everything."""
    plain = [os.path.normpath(path) for path in paths]
    if "." in plain:
        return None
    return tuple(p for p in dict.fromkeys(plain) if p[:1] != "/" and p.split("/")[0] != "..")


def _is_covered(path: str, wanted: Sequence[str] | None) -> bool:
    return wanted is None or any(path == one or path.startswith(f"{one}/") for one in wanted)
