"""Values in files on this machine."""

import json
import os
import stat
import tempfile
from pathlib import Path

from assent.adapters.values.spans import Found, Missing, find
from assent.errors import UnavailableError, UsageError

LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is read."""


class JsonFiles:
    """Implements `Values`: whole text files, and values of JSON files by pointer.

    A value's text is JSON without spaces at its ends; two texts are the same value when they say
    the same, whatever their spelling.
    """

    def read(self, file: str, pointer: str) -> str | None:
        text = _read(Path(file))
        if not pointer:
            return text
        place = _find(file, text, pointer)
        if text is None or not isinstance(place, Found):
            return None
        return text[place.start : place.end]

    def replace(self, file: str, pointer: str, *, before: str | None, after: str | None) -> bool:
        now = self.read(file, pointer)
        if _same(now, after, whole=not pointer):
            return True
        if not _same(now, before, whole=not pointer):
            return False
        path = Path(file)
        if not pointer:
            _write(path, after)
            return True
        text = _read(path)
        place = _find(file, text, pointer)
        _write(path, _changed(text or "", place, after))
        return True


def _same(left: str | None, right: str | None, *, whole: bool) -> bool:
    if whole or left is None or right is None:
        return left == right
    try:
        return left == right or _canonical(left) == _canonical(right)
    except ValueError:
        return False


def _canonical(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


def _find(file: str, text: str | None, pointer: str) -> Found | Missing:
    if not pointer.startswith("/"):
        raise UsageError(f"{pointer!r} is not a JSON pointer.", hint="It begins with `/`.")
    if text is None:
        raise UsageError(f"{file} is not there, so it has no {pointer}.")
    try:
        return find(text, pointer)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} has no {pointer}: {error}.") from error


def _changed(text: str, place: Found | Missing, after: str | None) -> str:
    """`text` with the value put there, replaced or (None) taken out; all else as it is."""
    if after is not None:
        try:
            json.loads(after)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"The new value is not JSON: {error}.") from error
    if isinstance(place, Found):
        if after is None:
            return text[: place.first] + text[place.last :]
        return text[: place.start] + after + text[place.end :]
    if after is None:
        return text
    name = "" if place.name is None else f"{json.dumps(place.name)}: "
    return text[: place.at] + ("" if place.empty else ", ") + name + after + text[place.at :]


def _read(path: Path) -> str | None:
    """The text of a regular file; None when it is not there."""
    try:
        with path.open("rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise UsageError(f"{path} is not a file.")
            content = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except IsADirectoryError as error:
        raise UsageError(f"{path} is a folder.") from error
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 1024 // 1024} MiB.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.") from error


def _write(path: Path, text: str | None) -> None:
    """In one step, through links to the file itself, with its mode."""
    real = Path(os.path.realpath(path))
    try:
        if text is None:
            real.unlink(missing_ok=True)
            return
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = stat.S_IMODE(real.stat().st_mode) if real.exists() else 0o644
        with tempfile.NamedTemporaryFile(dir=real.parent, delete=False) as fresh:
            fresh.write(text.encode("utf-8"))
            fresh.flush()
            os.fchmod(fresh.fileno(), mode)
            os.fsync(fresh.fileno())
        os.replace(fresh.name, real)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from error
