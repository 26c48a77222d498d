"""Bringing a work tree along when the branch that is checked out in it has moved.

Only files that the move changes are touched, and only when they hold what the branch held before
(or hold already what it holds now): nothing that is not committed is overwritten. git runs under
the executor's configuration, so that no filter of the user's repository is started: a file that
is stored by a filter program is written as it is stored.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assent.adapters.git.bare import Bare
from assent.adapters.git.conventions import conventions
from assent.adapters.git.run import Git
from assent.errors import UnavailableError

Version = tuple[str, str]
"""Mode and blob, as git writes them."""
ABSENT: Version = ("", "")
OTHER: Version = ("other", "")
"""Something that git would not have put there."""
SUBMODULE = "160000"
SYMLINK = "120000"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree of the user's repository."""

    folder: Path
    git_dir: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A path that differs between two commits."""

    path: str
    before: Version
    after: Version

    @property
    def submodule(self) -> bool:
        return SUBMODULE in (self.before[0], self.after[0])


@dataclass(frozen=True, slots=True)
class _Index:
    entries: dict[str, Version]
    skipped: frozenset[str]
    """Paths that a sparse checkout leaves out."""


# Which work trees, which paths


def checkouts_of(common: Path, ref: str) -> tuple[Checkout, ...]:
    """The work trees in which `ref` is checked out.

    A work tree counts only when it names the repository as the repository names it: else one of
    the two was put there to have files written elsewhere.
    """
    found = []
    main = common.parent if common.name == ".git" else conventions(common).main
    if main is not None and _leads_to(main, common):
        found.append(Checkout(main, common))
    for git_dir in _folders(common / "worktrees"):
        folder = _line_of(git_dir / "gitdir")
        if folder and _leads_to(Path(folder).parent, git_dir):
            found.append(Checkout(Path(folder).parent, git_dir))
    return tuple(each for each in found if _line_of(each.git_dir / "HEAD") == f"ref: {ref}")


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _line_of(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).rstrip("\n")
    except OSError:
        return ""


def _leads_to(folder: Path, git_dir: Path) -> bool:
    pointer = folder / ".git"
    if pointer.is_dir():
        return pointer.resolve() == git_dir.resolve()
    named = _line_of(pointer).removeprefix("gitdir: ")
    return bool(named) and (folder / named).resolve() == git_dir.resolve()


def differences(git: Git, before: str, after: str) -> tuple[Entry, ...]:
    """The paths that differ between two commits."""
    items = git.items("diff-tree", "-r", "-z", "--raw", "--no-renames", before, after)
    found = []
    for record, path in zip(items[::2], items[1::2], strict=True):
        old_mode, new_mode, old, new, _ = record[1:].split(" ")
        found.append(Entry(path, _version(old_mode, old), _version(new_mode, new)))
    return tuple(found)


def _version(mode: str, blob: str) -> Version:
    return ABSENT if mode == "000000" else (mode, blob)


# One work tree


@dataclass(frozen=True, slots=True)
class Follower:
    """One work tree, and the paths in question."""

    bare: Bare
    checkout: Checkout
    entries: tuple[Entry, ...]
    settings: Mapping[str, str]
    """The conventions of the user's repository, as git takes them."""

    @property
    def folder(self) -> str:
        return str(self.checkout.folder)

    def in_the_way(self, before: str, after: str) -> tuple[str, ...]:
        """Paths that hold something which would be lost. Nothing is changed.

        Raises UnavailableError while git is at work there.
        """
        source = self.checkout.git_dir / "index"
        self._refuse_busy(source)
        with tempfile.TemporaryDirectory(dir=self.bare.path.parent, prefix="follow-") as made:
            index = Path(made) / "index"
            if source.exists():
                # With its times: an index that looks newer than it is hides edits.
                shutil.copy2(source, index)
            git = self._git(index)
            found = _look(git, self.entries, folder=self.checkout.folder)
            blocked = tuple(state.entry.path for state in found if not state.may_follow)
            if blocked:
                return blocked
            _take_over(git, found)
            tried = git.run("read-tree", "-m", "-u", "--dry-run", before, after)
            if tried.returncode == 0:
                return ()
            return tuple(entry.path for entry in self.entries)

    def follow(self, before: str, after: str) -> None:
        """Write index and files as `after` has them.

        Raises UnavailableError when something is in the way, or git is at work there: git itself
        looks once more, and writes all or nothing.
        """
        index = self.checkout.git_dir / "index"
        self._refuse_busy(index)
        git = self._git(index)
        found = _look(git, self.entries, folder=self.checkout.folder)
        blocked = [state.entry.path for state in found if not state.may_follow]
        if blocked:
            raise UnavailableError(f"uncommitted changes in {', '.join(blocked[:3])}")
        _take_over(git, found)
        git.output("read-tree", "-m", "-u", before, after)

    def _git(self, index: Path) -> Git:
        return self.bare.at(self.checkout.folder, index=index, env=self.settings)

    def _refuse_busy(self, index: Path) -> None:
        if index.with_name("index.lock").exists():
            raise UnavailableError(
                f"git is at work in {self.folder}, or was stopped there.",
                hint=f"If no git runs there, remove {index}.lock.",
            )


@dataclass(frozen=True, slots=True)
class _State:
    """A path that the move changes, as it is in index and folder."""

    entry: Entry
    index: Version
    disk: Version
    left_out: bool
    """A sparse checkout leaves it out."""

    @property
    def may_follow(self) -> bool:
        before, after = self.entry.before, self.entry.after
        if self.index == after and (after == ABSENT or self.disk == after):
            return True
        return self.index == before and self.disk in (before, after)

    @property
    def there_already(self) -> bool:
        return self.left_out or (self.disk == self.entry.after and not self.entry.submodule)


def _look(git: Git, entries: Sequence[Entry], *, folder: Path) -> list[_State]:
    git.run("update-index", "-q", "--refresh")
    index = _read_index(git)
    dirty = set(git.items("diff-files", "--name-only", "-z", "--ignore-submodules=all"))
    asked = [
        entry.path for entry in entries if entry.path in dirty or entry.path not in index.entries
    ]
    found = _on_disk(git, [path for path in asked if path not in index.skipped], folder=folder)
    states = []
    for entry in entries:
        held = index.entries.get(entry.path, ABSENT)
        left_out = entry.path in index.skipped and not os.path.lexists(folder / entry.path)
        disk = held if left_out or entry.submodule else found.get(entry.path, held)
        states.append(_State(entry, index=held, disk=disk, left_out=left_out))
    return states


def _read_index(git: Git) -> _Index:
    """Unmerged paths are `OTHER`."""
    entries: dict[str, Version] = {}
    skipped = set()
    for item in git.items("ls-files", "-s", "-t", "-z"):
        facts, _, path = item.partition("\t")
        tag, mode, blob, stage = facts.split(" ")
        entries[path] = (mode, blob) if stage == "0" else OTHER
        if tag == "S":
            skipped.add(path)
    return _Index(entries, frozenset(skipped))


def _on_disk(git: Git, paths: Iterable[str], *, folder: Path) -> dict[str, Version]:
    """What git would store of the files, by a hash of each."""
    found: dict[str, Version] = {}
    regular: list[str] = []
    for path in paths:
        found[path] = _kind_of(git, path, folder=folder)
        if found[path][0].startswith("100"):
            regular.append(path)
    # In a list git takes one name a line, and a quotation mark as the start of an escaped one.
    plain = [path for path in regular if "\n" not in path and not path.startswith('"')]
    hashed = _hashes(git, plain)
    for path in regular:
        blob = hashed.get(path) or git.line("hash-object", "--", path)
        found[path] = (found[path][0], blob)
    return found


def _hashes(git: Git, paths: Sequence[str]) -> dict[str, str]:
    if not paths:
        return {}
    given = b"".join(os.fsencode(path) + b"\n" for path in paths)
    printed = git.output("hash-object", "--stdin-paths", given=given).decode("ascii").split()
    return dict(zip(paths, printed, strict=True))


def _kind_of(git: Git, path: str, *, folder: Path) -> Version:
    """The mode, and the blob of a symlink. A folder is not a file: nothing is there."""
    for above in PurePosixPath(path).parents:
        if (folder / above).is_symlink():
            return OTHER
    try:
        status = (folder / path).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    if stat.S_ISLNK(status.st_mode):
        return SYMLINK, _blob_id(os.fsencode(os.readlink(folder / path)), git)
    if stat.S_ISDIR(status.st_mode):
        return ABSENT
    if not stat.S_ISREG(status.st_mode):
        return OTHER
    return "100755" if status.st_mode & stat.S_IXUSR else "100644", ""


def _blob_id(content: bytes, git: Git) -> str:
    form = git.line("rev-parse", "--show-object-format")
    return hashlib.new(form, b"blob %d\0%s" % (len(content), content)).hexdigest()


def _take_over(git: Git, states: Sequence[_State]) -> None:
    """Enter into the index what the folder holds already, and what is never put there."""
    done = [state for state in states if state.there_already and state.index != state.entry.after]
    gone = [state for state in done if state.entry.after == ABSENT]
    come = [state for state in done if state.entry.after != ABSENT]
    if not done:
        return
    git.output(
        *("update-index", "-z", "--index-info"),
        given=b"".join(_info(state.entry) for state in (*gone, *come)),
    )
    left_out = [state.entry.path for state in come if state.left_out]
    if left_out:
        given = b"".join(os.fsencode(path) + b"\0" for path in left_out)
        git.output("update-index", "--skip-worktree", "-z", "--stdin", given=given)
    git.run("update-index", "-q", "--refresh")


def _info(entry: Entry) -> bytes:
    mode, blob = entry.after if entry.after != ABSENT else ("0", "0" * len(entry.before[1]))
    return f"{mode} {blob} 0\t".encode() + os.fsencode(entry.path) + b"\0"
