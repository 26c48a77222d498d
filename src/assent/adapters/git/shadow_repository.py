"""One workspace's shadow: its index, its last snapshot, and the snapshots that are kept.

Every method expects that nobody else works in this shadow meanwhile: `ShadowRepositories` sees to
that.
"""

import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from assent.adapters.git.run import Git, failed
from assent.adapters.git.shadow_blobs import Blobs
from assent.adapters.git.shadow_files import object_hash
from assent.adapters.git.shadow_place import (
    UserRepository,
    ignore_rules,
    ignore_sources,
    user_repository,
)
from assent.adapters.git.shadow_scan import Scan, Specials, by_folder, ignored, scan
from assent.adapters.git.shadow_seed import link_objects, make_shadow
from assent.core.checkpoints import PathChange, Skipped, Snapshot
from assent.errors import UnavailableError

MANY: Final = 500
"""Changed paths from which on the user's repository is asked for their objects first: a switch of
branches changes many files whose content git has already."""
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a checkpoint may take. Times in seconds."""

    snapshot_s: float = 10.0
    first_s: float = 60.0
    file_bytes: int = 50 * MEGABYTE
    """Larger files are not captured."""
    shadow_bytes: int = 2048 * MEGABYTE
    """Of one shadow, what it shares with the user's repository not counted."""
    untracked: int = 200_000
    failures: int = 3
    """After so many failures in a row no checkpoint is tried for `cool_down_s`."""
    cool_down_s: float = 30.0
    young_s: float = 60.0
    """A snapshot is not forgotten before it had this time to be written down."""


class ChangedMeanwhile(UnavailableError):
    """A file was swapped between the look at it and its capture."""


class Deadline:
    """The time that is left for one operation."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds, more than none. Raises UnavailableError when the time is over."""
        left = self._end - self._clock()
        if left <= 0:
            raise UnavailableError(
                f"A checkpoint took longer than {self._seconds:g} s.",
                hint="Name what is generated in .gitignore, or try again on a less busy machine.",
            )
        return left


@dataclass(frozen=True, slots=True)
class _Last:
    """The last snapshot, as it is kept beside the index. It is dropped before the index changes."""

    tree: str
    skipped: tuple[Skipped, ...]
    size: int
    """No less than the bytes that the shadow takes by itself."""


class WorktreeShadow:
    """The shadow of one work tree. Made, and seeded, on first use."""

    def __init__(
        self, place: Path, workspace: str, *, home: Path, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self.place = place
        self.workspace = workspace
        self._home = home
        self._limits = limits
        self._clock = clock
        self._users: UserRepository | None = None
        self._rules: tuple[tuple[int, int] | None, ...] | None = None
        self._specials: Specials | None = None

    @property
    def exists(self) -> bool:
        return self.place.is_dir()

    def git(self, deadline: Deadline) -> Git:
        return Git(self.place, Path(self.workspace), limit_s=deadline.left())

    def deadline(self) -> Deadline:
        seconds = self._limits.snapshot_s if self.exists else self._limits.first_s
        return Deadline(seconds, self._clock)

    def make_ready(self, deadline: Deadline) -> None:
        """Make the shadow when it is not there, and bring its ignore rules up to date."""
        if self._users is None:
            self._users = user_repository(self.workspace)
        if self.exists:
            # Nobody else is here, so a lock was left by a killed git.
            (self.place / "index.lock").unlink(missing_ok=True)
        else:
            self._make(self._users, deadline)
        rules = tuple(_stamp(path) for path in ignore_sources(self._users, self.workspace))
        if rules != self._rules:
            text = ignore_rules(self._users, self.workspace, self._home)
            self._put(self.place / "info" / "exclude", text)
            self._rules = rules

    def _make(self, users: UserRepository, deadline: Deadline) -> None:
        making = self.place.with_suffix(".making")
        if making.exists():
            shutil.rmtree(making)
        making.mkdir(parents=True, mode=0o700)
        seeded = make_shadow(
            making, self.workspace, repository=users, home=self._home, limit_s=deadline.left()
        )
        making.rename(self.place)
        self._specials = Specials(self.workspace, seeded.folders)

    # Snapshots

    def snapshot(self, paths: Sequence[str] | None, deadline: Deadline) -> Snapshot:
        last = self._last()
        if last is None:
            paths = None
        if paths is not None and not paths:
            assert last is not None
            return self._kept(last, whole=False)
        found = self._scan(paths, deadline)
        try:
            tree, size = self._written(found, last, deadline)
        except ChangedMeanwhile:
            # Seldom twice; what is known of the index is dropped, so everything is looked at.
            paths = last = None
            found = self._scan(paths, deadline)
            tree, size = self._written(found, last, deadline)
        skipped = self._skipped(found, paths, last=last, tree=tree, deadline=deadline)
        now = _Last(tree, skipped, size)
        if now != last:
            self._remember(now)
        return self._kept(now, whole=paths is None)

    def _scan(self, paths: Sequence[str] | None, deadline: Deadline) -> Scan:
        return scan(
            self.git(deadline),
            self.workspace,
            paths=paths,
            most=self._limits.untracked,
            largest=self._limits.file_bytes,
            specials=self._specials if paths is None else None,
        )

    def _written(self, found: Scan, last: _Last | None, deadline: Deadline) -> tuple[str, int]:
        """The tree with what was found, and the size that the shadow has then at most."""
        if last is not None and not (found.updates or found.removals):
            return last.tree, last.size
        size = self._checked_size(found, last)
        (self.place / "last.json").unlink(missing_ok=True)
        if len(found.updates) >= MANY and self._users is not None:
            size += link_objects(self._users, self.place)
        if found.removals:
            self._update_index(found.removals, ("--force-remove",), deadline)
        if found.updates:
            self._update_index(found.updates, ("--add", "--remove", "--replace"), deadline)
        tree = self.git(deadline).line("write-tree", "--missing-ok")
        return tree, size

    def _update_index(
        self, paths: Iterable[str], options: Sequence[str], deadline: Deadline
    ) -> None:
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        words = ("update-index", *options, "-z", "--stdin")
        done = self.git(deadline).run(*words, given=given)
        if done.returncode != 0:
            raise ChangedMeanwhile(failed(words, done).message)

    def _checked_size(self, found: Scan, last: _Last | None) -> int:
        known = self.size() if last is None else last.size
        if known + found.size > self._limits.shadow_bytes and last is not None:
            known = self.size()
        if known + found.size > self._limits.shadow_bytes:
            raise UnavailableError(
                f"The checkpoints of {self.workspace} would take more than "
                f"{self._limits.shadow_bytes // MEGABYTE:,} MB.",
                hint="Drop old checkpoints, and name large generated files in .gitignore.",
            )
        return known + found.size

    def _skipped(
        self,
        found: Scan,
        paths: Sequence[str] | None,
        *,
        last: _Last | None,
        tree: str,
        deadline: Deadline,
    ) -> tuple[Skipped, ...]:
        if paths is not None and last is not None:
            kept = [one for one in last.skipped if not _covers(paths, one.path)]
            return _in_order((*kept, *found.skipped))
        if self._specials is None:
            listed = self.git(deadline).items("ls-tree", "-r", "-d", "-z", "--name-only", tree)
            self._specials = Specials(self.workspace, ("", *listed))
        self._specials.add(found.updates)
        return _in_order((*found.skipped, *self._specials.find()))

    def _kept(self, last: _Last, *, whole: bool) -> Snapshot:
        """Keep the snapshot under a ref, so that it outlives a clean-up."""
        commit = self._commit(last.tree)
        ref = self.place / "refs" / "assent" / "cp" / commit
        if ref.exists():
            os.utime(ref)
        else:
            self._put(ref, f"{commit}\n".encode())
        if last.skipped:
            self._note_skipped(last)
        return Snapshot(last.tree, commit, by_folder(last.skipped), whole)

    def _commit(self, tree: str) -> str:
        commit, stored = _commit_of(tree)
        target = self.place / "objects" / commit[:2] / commit[2:]
        if not target.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            self._put(target, zlib.compress(stored, 1))
        return commit

    def _put(self, target: Path, content: bytes) -> None:
        """Write a file of the shadow so that it is there whole or not at all."""
        part = self.place / "writing"
        part.write_bytes(content)
        part.replace(target)

    # What was not captured, by tree: what a restore must not take for new

    def _note_skipped(self, last: _Last) -> None:
        note = self.place / "skipped" / f"{last.tree}.json"
        known = self.skipped_in(last.tree)
        together = dict.fromkeys((*known, *last.skipped))
        if len(together) > len(known):
            note.parent.mkdir(mode=0o700, exist_ok=True)
            self._put(note, json.dumps([[one.path, one.why] for one in together]).encode())

    def skipped_in(self, tree: str) -> tuple[Skipped, ...]:
        """What was there and was not captured when this tree was."""
        try:
            listed = json.loads((self.place / "skipped" / f"{tree}.json").read_bytes())
        except OSError:
            return ()
        return tuple(Skipped(path, why) for path, why in listed)

    def ignored_in(
        self, tree: str, changes: Sequence[PathChange], deadline: Deadline
    ) -> frozenset[str]:
        """Those of the paths, new since `tree`, that the ignore rules of `tree` name."""
        new = [change.path for change in changes if change.after_blob is None]
        if not new or not any(os.path.basename(one.path) == ".gitignore" for one in changes):
            return frozenset()
        with tempfile.TemporaryDirectory(dir=self.place) as folder:
            git = self.git(deadline)
            with Blobs(git) as blobs:
                for path, blob in _rule_files(git, tree):
                    target = Path(folder, path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(blobs.content(blob))
            elsewhere = replace(git, work_tree=Path(folder))
            return ignored(elsewhere, new, "--no-index")

    def skipped_now(self, now: Snapshot) -> tuple[Skipped, ...]:
        """What was there and was not captured when `now` was taken, each by itself."""
        last = self._last()
        found = last.skipped if last and last.tree == now.tree else self.skipped_in(now.tree)
        return tuple(dict.fromkeys((*found, *now.skipped)))

    # The last snapshot

    def _last(self) -> _Last | None:
        try:
            text = (self.place / "last.json").read_bytes()
        except FileNotFoundError:
            return None
        kept = json.loads(text)
        skipped = tuple(Skipped(path, why) for path, why in kept["skipped"])
        return _Last(kept["tree"], skipped, kept["size"])

    def _remember(self, last: _Last) -> None:
        kept = {
            "tree": last.tree,
            "size": last.size,
            "skipped": [[one.path, one.why] for one in last.skipped],
        }
        self._put(self.place / "last.json", json.dumps(kept).encode())

    # Forgetting

    def forget(self, keep: Collection[str], deadline: Deadline) -> int:
        """Drop the snapshots that are not in `keep` and not young; the bytes taken then."""
        refs = self.place / "refs" / "assent" / "cp"
        old = time.time() - self._limits.young_s
        dropped = [
            ref for ref in refs.iterdir() if ref.name not in keep and ref.stat().st_mtime <= old
        ]
        if dropped:
            (self.place / "last.json").unlink(missing_ok=True)
            for ref in dropped:
                ref.unlink()
            self.git(deadline).output("prune", "--expire=now")
            self._drop_notes(refs)
        if self.size() > self._limits.shadow_bytes // 2:
            # Packs that the user's repository has dropped since.
            self.git(deadline).output("repack", "-a", "-d", "-q")
            self.git(deadline).output("prune-packed", "-q")
        return self.size()

    def _drop_notes(self, refs: Path) -> None:
        notes = self.place / "skipped"
        if not notes.is_dir():
            return
        kept = {ref.name for ref in refs.iterdir()}
        for note in notes.iterdir():
            if _commit_of(note.stem)[0] not in kept:
                note.unlink()

    def size(self) -> int:
        """Bytes of what only the shadow has: links to the user's objects take nothing."""
        taken = 0
        for folder, _, names in os.walk(self.place):
            for name in names:
                try:
                    found = os.lstat(os.path.join(folder, name))
                except FileNotFoundError:
                    continue
                taken += found.st_size if found.st_nlink == 1 else 0
        return taken


def _commit_of(tree: str) -> tuple[str, bytes]:
    """The commit of a tree and its object: always the same one, without a parent or a time."""
    who = "Assent <assent@localhost> 0 +0000"
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\ncheckpoint\n".encode()
    stored = b"commit %d\0%s" % (len(text), text)
    return object_hash(tree, stored).hexdigest(), stored


def _in_order(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(dict.fromkeys(skipped), key=lambda one: (one.path, one.why)))


def _rule_files(git: Git, tree: str) -> Iterator[tuple[str, str]]:
    """Paths and blobs of the files with ignore rules in a tree."""
    for line in git.items("ls-tree", "-r", "-z", tree):
        facts, _, path = line.partition("\t")
        mode, _, blob = facts.split(" ")
        if os.path.basename(path) == ".gitignore" and mode in ("100644", "100755"):
            yield path, blob


def _covers(paths: Iterable[str], path: str) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in paths)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
