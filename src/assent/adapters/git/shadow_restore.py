"""Bringing files back: what would be done, and doing it.

A file is touched only when it is, byte for byte, what the safety snapshot holds; so whatever a
restore overwrites or deletes can be brought back. Between the look and the touch its inode, size
and times must not have changed. Nothing is written through a symlink.
"""

import json
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assent.adapters.git.shadow_files import (
    EXECUTABLE,
    FOLDER,
    PLAIN,
    SYMLINK,
    Blocked,
    Hands,
    Kind,
    Seen,
    folder_of,
    is_unchanged,
    look,
)
from assent.app.checkpoints.ports import Preview
from assent.core.checkpoints import PathChange, Skipped

CHANGED: Final = "changed since the files were looked at"
OCCUPIED: Final = "a folder with files that no snapshot holds is there"


@dataclass(frozen=True, slots=True)
class Step:
    change: PathChange
    """From what `now` holds to what the restored tree holds."""
    seen: Seen


@dataclass(slots=True)
class Plan:
    deletes: list[Step] = field(default_factory=list)
    writes: list[Step] = field(default_factory=list)
    leaves: list[Skipped] = field(default_factory=list)

    def leave(self, path: str, why: str) -> None:
        self.leaves.append(Skipped(path, why))

    def as_preview(self) -> Preview:
        return Preview(
            tuple(step.change.path for step in self.writes),
            tuple(step.change.path for step in self.deletes),
            tuple(self.leaves),
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan must respect beside the two trees."""

    now: Sequence[Skipped] = ()
    """What is there and not captured."""
    then: Sequence[Skipped] = ()
    """What was there and not captured when the restored tree was."""
    ignored_then: Collection[str] = ()
    """Paths that git ignored then."""


def plan(root: str, changes: Sequence[PathChange], around: Surroundings) -> Plan:
    """What a restore does, from a look at every file it would touch."""
    made = Plan()
    then = {one.path: one.why for one in around.then}
    for change in changes:
        if change.after_blob is None:
            _plan_delete(made, root, change, then=then, ignored=around.ignored_then)
    gone = {step.change.path for step in made.deletes}
    now = {one.path: one.why for one in around.now}
    for change in changes:
        if change.after_blob is not None:
            _plan_write(made, root, change, gone=gone, now=now)
    return made


def _plan_delete(
    made: Plan, root: str, change: PathChange, *, then: dict[str, str], ignored: Collection[str]
) -> None:
    assert change.before_blob is not None
    seen = look(root, change.path, like=change.before_blob)
    if seen.kind is Kind.ABSENT:
        return
    uncaptured = next((then[path] for path in _upwards(change.path) if path in then), None)
    if uncaptured is not None:
        made.leave(change.path, f"was there and was not captured then: {uncaptured}")
    elif change.path in ignored:
        made.leave(change.path, "was ignored by git then")
    elif seen.is_entry(change.before_mode, change.before_blob):
        made.deletes.append(Step(change, seen))
    else:
        made.leave(change.path, CHANGED)


def _plan_write(
    made: Plan, root: str, change: PathChange, *, gone: set[str], now: dict[str, str]
) -> None:
    assert change.after_blob is not None
    seen = look(root, change.path, like=change.after_blob)
    if seen.is_entry(change.after_mode, change.after_blob):
        return
    why = _why_not_write(root, change, seen=seen, gone=gone, now=now)
    if why is None:
        made.writes.append(Step(change, seen))
    else:
        made.leave(change.path, why)


def _why_not_write(
    root: str, change: PathChange, *, seen: Seen, gone: set[str], now: dict[str, str]
) -> str | None:
    path = change.path
    if change.after_mode not in (PLAIN, EXECUTABLE, SYMLINK) or ".git" in path.lower().split("/"):
        return "not a file that a restore writes"
    uncaptured = next((now[above] for above in _upwards(path) if above in now), None)
    if uncaptured is not None:
        return uncaptured
    if seen.blocked_by and seen.blocked_by not in gone:
        return f"{seen.blocked_by}, which is not a folder, is in its way"
    if seen.kind is Kind.ABSENT:
        return None
    if seen.kind is Kind.FOLDER:
        return None if _holds_only(Path(root, path), path, gone) else OCCUPIED
    if seen.is_entry(change.before_mode, change.before_blob) and change.before_blob is not None:
        return None
    return CHANGED if change.before_blob is not None else "no snapshot holds what is there"


def _holds_only(folder: Path, path: str, gone: set[str]) -> bool:
    """Whether nothing but folders stays in `folder` when `gone` is deleted."""
    with os.scandir(folder) as entries:
        return all(
            _holds_only(Path(entry.path), f"{path}/{entry.name}", gone)
            if entry.is_dir(follow_symlinks=False)
            else f"{path}/{entry.name}" in gone
            for entry in entries
        )


def _upwards(path: str) -> Iterator[str]:
    """The path and the folders above it, without the root."""
    while path:
        yield path
        path = path.rpartition("/")[0]


# Doing it


class Restorer:
    """Carries out a plan. `journal` names what a kill would leave behind, for `recover`."""

    def __init__(self, root: str, journal: Path, hands: Hands) -> None:
        self._root = root
        self._journal = journal
        self._hands = hands
        self._part = f".assent-restore-{secrets.token_hex(8)}"

    def carry_out(
        self, made: Plan, *, content: Callable[[str], bytes], folders: Collection[str]
    ) -> Preview:
        """What was done. `folders` are those of the restored tree."""
        emptied = _emptied(made, folders)
        self._write_journal(made, emptied)
        done = Plan(leaves=list(made.leaves))
        for step in made.deletes:
            self._note(done, done.deletes, step, self._delete(step))
        for folder in emptied:
            self._remove_empty(folder)
        for step in made.writes:
            self._note(done, done.writes, step, self._write(step, content))
        self._journal.unlink()
        return done.as_preview()

    def _note(self, done: Plan, steps: list[Step], step: Step, why_not: str | None) -> None:
        if why_not is None:
            steps.append(step)
        else:
            done.leave(step.change.path, why_not)

    def _write_journal(self, made: Plan, emptied: Sequence[str]) -> None:
        parts = {
            os.path.join(os.path.dirname(step.change.path), self._part) for step in made.writes
        }
        content = json.dumps({"parts": sorted(parts), "emptied": emptied})
        whole = self._journal.with_name(f"{self._journal.name}.part")
        whole.write_text(content, encoding="ascii")
        whole.replace(self._journal)

    def _delete(self, step: Step) -> str | None:
        """Why it was left; None when it is gone."""
        name = os.path.basename(step.change.path)
        try:
            with folder_of(self._root, step.change.path) as folder:
                if not is_unchanged(folder, name, step.seen.mark):
                    return CHANGED
                self._hands.unlink(folder, name)
        except (OSError, Blocked) as error:
            return _reason(error)
        return None

    def _remove_empty(self, path: str) -> None:
        try:
            with folder_of(self._root, path) as folder:
                self._hands.rmdir(folder, os.path.basename(path))
        except (OSError, Blocked):
            return

    def _write(self, step: Step, content: Callable[[str], bytes]) -> str | None:
        """Why it was left; None when it is as the tree has it."""
        change, seen = step.change, step.seen
        assert change.after_blob is not None
        name = os.path.basename(change.path)
        # Read first: when the snapshot has lost it, nothing is touched.
        wanted = content(change.after_blob)
        try:
            with folder_of(self._root, change.path, make=True) as folder:
                if seen.kind is Kind.FOLDER:
                    with suppress(FileNotFoundError):
                        self._clear(folder, name)
                mark = seen.mark if seen.kind is Kind.FILE else None
                if not is_unchanged(folder, name, mark):
                    return CHANGED
                if _only_mode_differs(step):
                    self._hands.chmod(folder, name, _rights(folder, name, change.after_mode))
                    return None
                self._put(folder, step, wanted)
                if not is_unchanged(folder, name, mark):
                    self._hands.unlink(folder, self._part)
                    return CHANGED
                self._hands.replace(folder, self._part, name)
        except (OSError, Blocked) as error:
            return _reason(error)
        return None

    def _put(self, folder: int, step: Step, wanted: bytes) -> None:
        """The new content under a name of its own. An overwritten file's rights are kept."""
        mode = step.change.after_mode
        if mode == SYMLINK:
            self._hands.create(folder, self._part, content=wanted, mode=None)
            return
        fresh = 0o777 if mode == EXECUTABLE else 0o666
        self._hands.create(folder, self._part, content=wanted, mode=fresh)
        if step.seen.kind is Kind.FILE and step.seen.mode != SYMLINK:
            rights = _rights(folder, os.path.basename(step.change.path), mode)
            self._hands.chmod(folder, self._part, rights)

    def _clear(self, folder: int, name: str) -> None:
        """Remove a folder of empty folders. Raises OSError when it holds anything else."""
        below = os.open(name, FOLDER, dir_fd=folder)
        try:
            for inner in os.listdir(below):
                self._clear(below, inner)
        finally:
            os.close(below)
        self._hands.rmdir(folder, name)


def recover(root: str, journal: Path) -> None:
    """Remove what a killed restore left: its unfinished file, and folders that it had emptied."""
    try:
        left = json.loads(journal.read_bytes())
    except FileNotFoundError:
        return
    hands = Hands()
    work = [(hands.unlink, path) for path in left["parts"]]
    work += [(hands.rmdir, path) for path in left["emptied"]]
    for remove, path in work:
        try:
            with folder_of(root, path) as folder:
                remove(folder, os.path.basename(path))
        except (OSError, Blocked):
            continue
    journal.unlink()


def _emptied(made: Plan, folders: Collection[str]) -> list[str]:
    """Folders that may be empty after the deletes and that the tree does not have, inner first."""
    above: Iterable[str] = {
        folder
        for step in made.deletes
        for folder in _upwards(os.path.dirname(step.change.path))
        if folder not in folders
    }
    return sorted(above, key=lambda path: (-path.count("/"), path))


def _only_mode_differs(step: Step) -> bool:
    modes = {step.seen.mode, step.change.after_mode}
    return step.seen.blob == step.change.after_blob and modes == {PLAIN, EXECUTABLE}


def _rights(folder: int, name: str, mode: str | None) -> int:
    """The rights of a file with those to execute given, to all who may read it, or taken."""
    now = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode & 0o777
    return now | 0o100 | ((now & 0o444) >> 2) if mode == EXECUTABLE else now & ~0o111


def _reason(error: OSError | Blocked) -> str:
    if isinstance(error, Blocked):
        return f"{error}, which is not a folder, is in its way"
    return error.strerror or "cannot be changed"
