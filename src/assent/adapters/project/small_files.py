"""Small files as text, read again only when they changed. Nothing here raises."""

import os
import stat
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_FILE = 512 * 1024
"""Bytes of the largest manifest that is read."""
MAX_KNOWN = 4_000

_Stamp = tuple[int, int, int, int]


def stamp_of(path: str) -> _Stamp | None:
    """What changes whenever a regular file does; None where there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def read_text(path: str, *, limit: int = MAX_FILE) -> str:
    """The text of a regular file; empty for whatever is none, is too large or is not UTF-8."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return ""
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        try:
            data = file.read(limit + 1)
        except OSError:
            return ""
    return data.decode("utf-8", "replace") if len(data) <= limit else ""


class Remembered(Generic[T]):
    """What was made of a file, for as long as the file stays as it was."""

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._known: dict[str, tuple[_Stamp, T]] = {}

    def of(self, path: str) -> T | None:
        """None where there is no regular file."""
        stamp = stamp_of(path)
        if stamp is None:
            return None
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        made = self._make(path)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[path] = (stamp, made)
        return made


class Listings:
    """The names in folders, listed again only when a name came or went."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int, int], frozenset[str]]] = {}

    def of(self, folder: str) -> frozenset[str]:
        """None at all where there is no folder that can be read."""
        try:
            found = os.stat(folder)
            stamp = (found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            known = self._known.get(folder)
            if known is not None and known[0] == stamp:
                return known[1]
            names = frozenset(os.listdir(folder))
        except (OSError, ValueError):
            return frozenset()
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[folder] = (stamp, names)
        return names


def names_in(folder: str, *, limit: int = 2_000) -> list[os.DirEntry[str]]:
    """The entries of a folder, sorted; at most `limit`, none where there is no folder."""
    found: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) == limit:
                    break
    except (OSError, ValueError):
        return []
    return sorted(found, key=lambda entry: entry.name)
