"""Checkouts that stay from run to run: writing what differs is far quicker than writing all.

A slot is a folder that one run has at a time, whichever process asks. What a run leaves behind is
removed before the next one, and only within the slot's own folder.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assent.errors import UnavailableError

SLOTS = 64
"""Runs of one repository at once."""


class Trees(Protocol):
    """The files of commits."""

    def checkout(self, repository: str, commit: str, folder: Path) -> str:
        """Write a commit's files into `folder`; the id of its tree."""
        ...

    def files(self, repository: str, commit: str) -> frozenset[str]:
        """The paths of all its files."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A folder for one run."""

    tree: Path
    home: Path


@contextmanager
def taken_slot(root: Path, name: str) -> Iterator[Slot]:
    """A slot of `root`/`name` that nobody else has. Raises UnavailableError when all are taken."""
    base = root / name
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in range(SLOTS):
        held = os.open(base / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _locked(held):
                continue
            slot = Slot((base / str(number)).resolve(), (base / f"{number}.home").resolve())
            yield slot
            return
        finally:
            os.close(held)
    raise UnavailableError(
        f"All {SLOTS} places for test runs are taken.", hint="Lower `[changes] window`."
    )


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def prepare(slot: Slot, trees: Trees, wanted: tuple[str, str], shared: Mapping[str, str]) -> str:
    """Exactly the files of `wanted` (repository and commit), the shared folders as links, and an
    empty home; the tree's id."""
    _folder(slot.tree)
    if slot.home.exists():
        shutil.rmtree(slot.home, onerror=_force)
    slot.home.mkdir(mode=0o700)
    _remove_others(slot.tree, trees.files(*wanted))
    tree = trees.checkout(*wanted, slot.tree)
    for path, source in shared.items():
        _link(slot.tree, path, source)
    return tree


def _folder(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    path.mkdir(exist_ok=True, mode=0o700)
    path.chmod(0o700)


def _remove_others(folder: Path, wanted: frozenset[str]) -> None:
    """Everything that is no file of the commit, and folders that none lies in. Links are removed,
    never followed."""
    kept = {parent for path in wanted for parent in _parents(path)}
    for entry in _entries(folder):
        _sweep(entry, entry.name, wanted=wanted, kept=kept)


def _parents(path: str) -> Iterator[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as found:
        return list(found)


def _sweep(entry: "os.DirEntry[str]", path: str, *, wanted: frozenset[str], kept: set[str]) -> None:
    if not entry.is_dir(follow_symlinks=False):
        if path not in wanted:
            os.unlink(entry.path)
    elif path not in kept:
        shutil.rmtree(entry.path, onerror=_force)
    else:
        os.chmod(entry.path, 0o700)
        for inner in _entries(Path(entry.path)):
            _sweep(inner, f"{path}/{inner.name}", wanted=wanted, kept=kept)


def _force(function: Callable[[str], object], path: str, _: object) -> None:
    """Remove what a run made unwritable; what is gone already is fine."""
    parent = os.path.dirname(path)
    try:
        os.chmod(parent, stat.S_IRWXU)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, stat.S_IRWXU)
            shutil.rmtree(path)
        else:
            function(path)
    except FileNotFoundError:
        return


def _link(folder: Path, path: str, source: str) -> None:
    """What the commit itself has at the place stays as it is."""
    target = folder / path
    if not os.path.isdir(source) or os.path.lexists(target):
        return
    for parent in (target, *target.parents):
        if parent == folder:
            break
        if parent.is_symlink():
            return
    if ".." in Path(path).parts or Path(path).is_absolute():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
