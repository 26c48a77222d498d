"""Whether the next snapshot will hold files completely, so that deleting them can be undone."""

import os
import stat
from collections.abc import Iterator, Sequence
from typing import Final

from assent.adapters.git.run import Git
from assent.adapters.git.shadow_scan import ignored

MOST: Final = 20_000
"""Files that are looked at to answer; a folder with more is in doubt."""


class _Doubt(Exception):
    """Something here is not captured."""


def held(git: Git, workspace: str, paths: Sequence[str], *, largest: int) -> frozenset[str]:
    """Those of the real `paths` that are captured completely."""
    left = MOST
    files: dict[str, list[str]] = {}
    for path in paths:
        try:
            files[path] = list(_files(workspace, path, largest=largest, most=left))
        except (_Doubt, OSError):
            continue
        left -= len(files[path])
    asked = {one for inside in files.values() for one in inside}
    left_out = ignored(git, sorted(asked))
    return frozenset(path for path, inside in files.items() if left_out.isdisjoint(inside))


def _files(workspace: str, path: str, *, largest: int, most: int) -> Iterator[str]:
    """The files at or below `path`, from the root. Raises _Doubt when one cannot be captured."""
    name = os.path.relpath(path, workspace)
    if name == "." or name.startswith("../") or name == ".." or not os.path.isabs(path):
        raise _Doubt
    above = os.path.dirname(name)
    while above:
        if os.path.islink(f"{workspace}/{above}") or os.path.lexists(f"{workspace}/{above}/.git"):
            raise _Doubt
        above = os.path.dirname(above)
    if ".git" in name.lower().split("/"):
        raise _Doubt
    for count, one in enumerate(_walk(workspace, name, largest=largest)):
        if count >= most:
            raise _Doubt
        yield one


def _walk(workspace: str, name: str, *, largest: int) -> Iterator[str]:
    full = f"{workspace}/{name}"
    found = os.lstat(full)
    if stat.S_ISDIR(found.st_mode):
        for inner in os.listdir(full):
            if inner.lower() == ".git":
                raise _Doubt
            yield from _walk(workspace, f"{name}/{inner}", largest=largest)
        return
    special = not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode))
    rights = found.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX)
    if special or rights or found.st_size > largest or not _is_readable(full, found):
        raise _Doubt
    yield name


def _is_readable(full: str, found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or os.access(full, os.R_OK)
