"""What in a work tree differs from a shadow's index, and what of it cannot be captured."""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from assent.adapters.git.run import Git, failed
from assent.core.checkpoints import Skipped
from assent.errors import UnavailableError

SUBMODULE: Final = "submodule: its own changes are not captured"
NESTED: Final = "nested repository"
UNREADABLE: Final = "cannot be read"
UNNAMEABLE: Final = "a name that git cannot hold"
SHOWN: Final = 200
"""Skipped things that are named one by one; more are counted by folder."""

_KINDS: Final = {
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


@dataclass(slots=True)
class Scan:
    """Paths from the root."""

    updates: list[str] = field(default_factory=list)
    """Files and symlinks to be captured as they are now."""
    removals: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    size: int = 0
    """Bytes of the files in `updates`."""


def scan(
    git: Git,
    root: str,
    *,
    paths: Sequence[str] | None,
    most: int,
    largest: int,
    specials: "Specials | None" = None,
) -> Scan:
    """Compare the work tree, or only `paths`, with the index.

    `most` is how many untracked files there may be, `largest` how many bytes a file may have. While
    git works, `specials` are looked for.
    """
    wanted = [] if paths is None else ["--", *paths]
    changed, untracked = git.outputs(
        ("diff-files", "--name-status", "--no-renames", "-z", *wanted),
        ("ls-files", "-o", "--exclude-standard", "-z", *wanted),
        meanwhile=None if specials is None else specials.find,
    )
    if untracked.count(b"\0") > most:
        raise UnavailableError(
            f"{root} has more than {most:,} files that git does not keep and does not ignore.",
            hint="Name what is generated in .gitignore.",
        )
    # The last status of a path counts: a conflict comes before what is on disk.
    fields = os.fsdecode(changed).split("\0")
    statuses = dict(zip(fields[1::2], fields[0::2], strict=False))
    found = Scan()
    others = [os.fsdecode(path) for path in untracked.split(b"\0") if path]
    for path in dict.fromkeys((*statuses, *others)):
        _classify(
            found, root, path, is_kept=path in statuses, status=statuses.get(path), largest=largest
        )
    return found


def _classify(
    found: Scan, root: str, path: str, *, is_kept: bool, status: str | None, largest: int
) -> None:
    if path.endswith("/"):
        found.skipped.append(Skipped(path[:-1], _repository_kind(f"{root}/{path}")))
        return
    if status == "D":
        found.removals.append(path)
        return
    try:
        seen = os.lstat(f"{root}/{path}")
    except OSError:
        if is_kept:
            found.removals.append(path)
        return
    why = _why_not(f"{root}/{path}", path, seen=seen, largest=largest)
    if why is None and not stat.S_ISDIR(seen.st_mode):
        found.updates.append(path)
        found.size += seen.st_size
        return
    if is_kept:
        found.removals.append(path)
    if why is not None:
        found.skipped.append(Skipped(path, why))


def _why_not(full: str, path: str, *, seen: os.stat_result, largest: int) -> str | None:
    """Why this cannot be captured; None when it can, and for a folder."""
    name = os.path.basename(path).lower()
    if stat.S_ISLNK(seen.st_mode):
        return UNNAMEABLE if name == ".gitmodules" or _is_unnameable(path) else None
    if stat.S_ISDIR(seen.st_mode):
        return _repository_kind(full) if os.path.lexists(f"{full}/.git") else None
    if not stat.S_ISREG(seen.st_mode):
        return kind_of(seen.st_mode)
    if _is_unnameable(path):
        return UNNAMEABLE
    if seen.st_size > largest:
        return too_large(largest)
    return None if os.access(full, os.R_OK) else UNREADABLE


def _is_unnameable(path: str) -> bool:
    lowered = path.lower()
    return ".git" in lowered and ".git" in lowered.split("/")


def too_large(largest: int) -> str:
    return f"larger than {largest / 1e6:g} MB"


def kind_of(mode: int) -> str:
    """What is neither a file nor a folder nor a symlink."""
    return _KINDS.get(stat.S_IFMT(mode), "special file")


def _repository_kind(folder: str) -> str:
    """A `.git` that is a file leads to a submodule's, or to another work tree's, git dir."""
    try:
        with open(f"{folder.rstrip('/')}/.git", "rb") as pointer:
            named = pointer.read(4096)
    except OSError:
        return NESTED
    return SUBMODULE if b"/modules/" in named else "nested work tree"


def ignored(git: Git, paths: Iterable[str], *options: str) -> frozenset[str]:
    """Those of the paths, from the work tree's root, that git ignores.

    `check-ignore` takes no literal paths; the `./` keeps a name from being taken for a pattern.
    """
    given = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
    if not given:
        return frozenset()
    words = ("--no-literal-pathspecs", "check-ignore", *options, "-z", "--stdin")
    done = git.run(*words, given=given)
    if done.returncode not in (0, 1):
        raise failed(words[1:], done)
    return frozenset(os.fsdecode(path[2:]) for path in done.stdout.split(b"\0") if path)


class Specials:
    """Pipes, sockets and devices beside captured files. A folder is read again when it changed."""

    def __init__(self, root: str, folders: Iterable[str]) -> None:
        self._root = root
        self._seen: dict[str, tuple[int, tuple[Skipped, ...]]] = dict.fromkeys(folders, (-1, ()))

    def add(self, paths: Iterable[str]) -> None:
        """Look beside these files, too."""
        for path in paths:
            folder = os.path.dirname(path)
            while folder not in self._seen:
                self._seen[folder] = (-1, ())
                folder = os.path.dirname(folder)

    def find(self) -> list[Skipped]:
        found: list[Skipped] = []
        for folder, (time, before) in list(self._seen.items()):
            full = f"{self._root}/{folder}"
            try:
                now = os.lstat(full)
                if not stat.S_ISDIR(now.st_mode):
                    raise NotADirectoryError
                is_same = now.st_mtime_ns == time
                known = before if is_same else tuple(_specials_in(full, folder))
            except OSError:
                del self._seen[folder]
                continue
            self._seen[folder] = (now.st_mtime_ns, known)
            found += known
        return found


def _specials_in(full: str, folder: str) -> Iterable[Skipped]:
    with os.scandir(full) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) or entry.is_dir() or entry.is_symlink():
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            yield Skipped(os.path.join(folder, entry.name), kind_of(mode))


def by_folder(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """As they are, or, when they are too many, those of one kind by folder of the first level."""
    unique = tuple(skipped)
    if len(unique) <= SHOWN:
        return unique
    counts: dict[tuple[str, str], list[Skipped]] = {}
    for one in unique:
        counts.setdefault((one.path.partition("/")[0], one.why), []).append(one)
    return tuple(
        members[0] if len(members) == 1 else Skipped(folder, f"{len(members)} times: {why}")
        for (folder, why), members in counts.items()
    )
