"""Reading whole files without being held up or misled by what stands at their path."""

import errno
import os
import stat

from assent.app.agents import UnreadableFile

MAX_FILE = 8 * 1024 * 1024
"""Bytes of the largest file whose content is looked at."""
PROJECT_MARKS = (".git", ".assent")

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})


class LocalFiles:
    """The machine's file system."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes; None when there is no file.

        Raises UnreadableFile when it exists and cannot be read, is larger than `MAX_FILE`, or is a
        pipe, a socket or a device: what is written into one goes to somebody else.
        """
        content = read_regular(path, limit=MAX_FILE)
        if content is None and _is_special(path):
            raise UnreadableFile(f"{path}: not a regular file")
        return content

    def workspace_of(self, cwd: str) -> str:
        """Real path of the project `cwd` lies in; `cwd` itself when it lies in none.

        For a `cwd` that is not absolute it is `/`, in which nothing counts as inside.
        """
        start = real_path(cwd) if os.path.isabs(cwd) else "/"
        folder = start
        while True:
            if any(exists(os.path.join(folder, mark)) for mark in PROJECT_MARKS):
                return folder
            parent = os.path.dirname(folder)
            if parent == folder:
                return start
            folder = parent


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def read_regular(path: str, *, limit: int) -> bytes | None:
    """A regular file's bytes; None when there is none. Never waits for a pipe or a device."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _ABSENT:
            return None
        raise UnreadableFile(f"{path}: {error}") from error
    try:
        return _read_handle(handle, path, limit)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error}") from error
    finally:
        os.close(handle)


def _read_handle(handle: int, path: str, limit: int) -> bytes | None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        return None
    chunks, size = [], 0
    while chunk := os.read(handle, 1024 * 1024):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise UnreadableFile(f"{path}: larger than {limit} bytes")
    return b"".join(chunks)


def real_path(path: str) -> str:
    """`path` with every symlink resolved, also when it or its last parts are missing."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.normpath(path)


def exists(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False
