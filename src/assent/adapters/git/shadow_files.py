"""Looking at and changing files below a root without ever following a symlink on the way."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Protocol

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
SYMLINK = "120000"
EXECUTABLE = "100755"
PLAIN = "100644"
_CHUNK = 1 << 20


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def object_hash(like: str, start: bytes) -> Hash:
    """A hash of the kind that made the object id `like`, fed with `start`."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return kind(start, usedforsecurity=False)


class Kind(Enum):
    ABSENT = "absent"
    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"


Mark = tuple[int, int, int, int, int]
"""Device, inode, size and the two times: whatever was written to since has another one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at a path. A symlink is a file whose bytes are its target."""

    kind: Kind
    mode: str | None = None
    """As git writes it; of files only."""
    blob: str | None = None
    mark: Mark | None = None
    blocked_by: str = ""
    """What is not a folder, and stands where a folder of the path would."""

    def is_entry(self, mode: str | None, blob: str | None) -> bool:
        """Whether this is what a tree holds there; None: nothing."""
        if blob is None:
            return self.kind is Kind.ABSENT
        return self.kind is Kind.FILE and (self.mode, self.blob) == (mode, blob)


class Blocked(Exception):
    """Something that is not a folder stands on the way; its path from the root."""


@contextmanager
def folder_of(root: str, path: str, *, make: bool = False) -> Iterator[int]:
    """The open folder that `path` lies in.

    Raises FileNotFoundError when it is not there, Blocked when something else stands on the way.
    """
    handle = os.open(root, FOLDER)
    try:
        at = ""
        for step in PurePosixPath(path).parts[:-1]:
            at = f"{at}/{step}" if at else step
            below = _opened(handle, step, at=at, make=make)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def _opened(handle: int, step: str, *, at: str, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(step, dir_fd=handle)
    try:
        return os.open(step, FOLDER, dir_fd=handle)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Blocked(at) from error


def look(root: str, path: str, *, like: str) -> Seen:
    """What stands at `path`; object ids of the kind of `like`."""
    try:
        with folder_of(root, path) as folder:
            return look_in(folder, os.path.basename(path), like=like)
    except FileNotFoundError:
        return Seen(Kind.ABSENT)
    except Blocked as blocked:
        return Seen(Kind.ABSENT, blocked_by=str(blocked))


def look_in(folder: int, name: str, *, like: str) -> Seen:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return Seen(Kind.ABSENT)
    if stat.S_ISDIR(found.st_mode):
        return Seen(Kind.FOLDER, mark=mark_of(found))
    if stat.S_ISLNK(found.st_mode):
        target = os.fsencode(os.readlink(name, dir_fd=folder))
        blob = object_hash(like, b"blob %d\0%s" % (len(target), target)).hexdigest()
        return Seen(Kind.FILE, SYMLINK, blob, mark_of(found))
    if stat.S_ISREG(found.st_mode):
        return _read(folder, name, like=like)
    return Seen(Kind.OTHER, mark=mark_of(found))


def _read(folder: int, name: str, *, like: str) -> Seen:
    try:
        handle = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
        )
    except OSError:
        return Seen(Kind.OTHER)
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        counted = object_hash(like, b"blob %d\0" % found.st_size)
        while chunk := file.read(_CHUNK):
            counted.update(chunk)
    mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else PLAIN
    return Seen(Kind.FILE, mode, counted.hexdigest(), mark_of(found))


def mark_of(found: os.stat_result) -> Mark:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_unchanged(folder: int, name: str, mark: Mark | None) -> bool:
    """Whether the same thing stands there, not written to since; None: nothing stood there."""
    try:
        return mark_of(os.stat(name, dir_fd=folder, follow_symlinks=False)) == mark
    except FileNotFoundError:
        return mark is None


class Hands:
    """The operations that change files. Each is one step that a kill may come before or after."""

    def unlink(self, folder: int, name: str) -> None:
        os.unlink(name, dir_fd=folder)

    def rmdir(self, folder: int, name: str) -> None:
        """Raises OSError when the folder is not empty."""
        os.rmdir(name, dir_fd=folder)

    def create(self, folder: int, name: str, *, content: bytes, mode: int | None) -> None:
        """A new file; `mode` None is a symlink to `content`."""
        if mode is None:
            os.symlink(content, os.fsencode(name), dir_fd=folder)
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(name, flags, mode, dir_fd=folder), "wb") as file:
            file.write(content)

    def chmod(self, folder: int, name: str, mode: int) -> None:
        handle = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
        )
        try:
            os.fchmod(handle, mode)
        finally:
            os.close(handle)

    def replace(self, folder: int, name: str, target: str) -> None:
        os.replace(name, target, src_dir_fd=folder, dst_dir_fd=folder)
