"""Putting our entries into files of the user, and giving the files back as they were.

Before a file is written, its bytes go to `backups/<agent>/` with a manifest of what was there and
what we write. Uninstalling a file that is still as we wrote it restores those bytes; of a file
that was edited since, only our entries are removed. Nothing is written when any file is not what
it should be.
"""

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from assent.adapters.agents.json_text import OutOfForm
from assent.app.agents import Change
from assent.errors import IntegrityError, UnavailableError

NEW_FILE_MODE: Final = 0o600
NEW_FOLDER_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class ManagedFile:
    """One file that holds entries of ours."""

    path: Path
    what: str
    """What installing does to it, as a sentence for the person who is asked."""
    merge: Callable[[bytes | None], bytes]
    """Content with our entries, from the present one (None: no file). The very same bytes when
    they are all there. Raises OutOfForm when the content is not what it should be."""
    without: Callable[[bytes], bytes]
    """Content without our entries; the very same bytes when it has none."""
    is_blank: Callable[[bytes], bool]
    """Whether such content holds nothing at all, so that a file we made can go."""


def own_file(path: Path, *, what: str, content: bytes, mark: bytes) -> ManagedFile:
    """A file that is ours as a whole; `mark` are bytes that every version of it holds."""
    return ManagedFile(
        path=path,
        what=what,
        merge=lambda _: content,
        without=lambda present: b"" if mark in present else present,
        is_blank=lambda left: not left,
    )


def json_file(
    path: Path, *, what: str, merge: Callable[[str], str], without: Callable[[str], str]
) -> ManagedFile:
    """A JSON file shared with the user; `merge` and `without` work on its text."""
    return text_file(path, what=what, merge=merge, without=without, blank=frozenset({"", "{}"}))


def text_file(
    path: Path,
    *,
    what: str,
    merge: Callable[[str], str],
    without: Callable[[str], str],
    blank: frozenset[str] = frozenset({""}),
) -> ManagedFile:
    """A UTF-8 file shared with the user. `blank` are texts, without white space, of no content."""
    return ManagedFile(
        path=path,
        what=what,
        merge=lambda present: merge(_text(present or b"")).encode("utf-8"),
        without=lambda present: without(_text(present)).encode("utf-8"),
        is_blank=lambda left: "".join(_text(left).split()) in blank,
    )


def state_of(files: Sequence[ManagedFile]) -> str:
    """`absent`, `installed` or `altered`, as in HookStatus.

    A file out of form holds no working hook of ours; it counts as altered when it mentions us.
    """
    stands = {_stand(file) for file in files}
    if stands == {"installed"}:
        return "installed"
    return "absent" if stands == {"absent"} else "altered"


def _stand(file: ManagedFile) -> str:
    content = None
    try:
        content = read(file.path)
        if content is None:
            return "absent"
        if file.merge(content) == content:
            return "installed"
        return "absent" if file.without(content) == content else "altered"
    except (OutOfForm, UnavailableError):
        return "altered" if content is not None and b"assent" in content else "absent"


def pending(files: Sequence[ManagedFile]) -> tuple[Change, ...]:
    """What `install` would write. Raises UnavailableError when a file is out of form."""
    return tuple(
        Change(path=file.path, what=file.what)
        for file, content, merged in _merged(files)
        if merged != content
    )


def install(files: Sequence[ManagedFile], backups: Path) -> None:
    """Write our entries. Raises UnavailableError, and then nothing was written."""
    work = [
        (file, content, merged) for file, content, merged in _merged(files) if merged != content
    ]
    manifest = _read_manifest(backups)
    for file, content, merged in work:
        original = _original(file, content, manifest=manifest, backups=backups)
        folders = _make_folder(_target(file.path).parent)
        known = manifest.files.get(str(file.path))
        manifest.files[str(file.path)] = _Record(
            original=_keep(original, backups),
            written=_sha256(merged),
            folders=[*(known.folders if known else []), *folders],
        )
        # Recorded first: a crash between the two leaves a file that uninstalling leaves alone.
        _write_manifest(manifest, backups)
        write(file.path, merged, expected=content)


def uninstall(files: Sequence[ManagedFile], backups: Path) -> None:
    """Take our entries out again. Raises UnavailableError when a file is out of form."""
    manifest = _read_manifest(backups)
    for file in files:
        content = read(file.path)
        record = manifest.files.get(str(file.path))
        if content is not None:
            left = _left(file, content, record=record, backups=backups)
            if left is None:
                _remove(file.path)
            elif left != content:
                write(file.path, left, expected=content)
        for folder in reversed(record.folders if record else []):
            _remove_if_empty(Path(folder))
        manifest.files.pop(str(file.path), None)
    _forget(manifest, backups)


def read(path: Path) -> bytes | None:
    """The file's bytes, None when it is not there. Raises UnavailableError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be read: {error.strerror}.", hint="Nothing was changed."
        ) from error


def write(path: Path, content: bytes, *, expected: bytes | None) -> None:
    """Replace the file at once, keeping its mode, owner and the symlink that leads to it.

    `expected` is what it held when `content` was made. Raises UnavailableError.
    """
    target = _target(path)
    try:
        mode, owner = _mode_and_owner(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                if owner is not None:
                    os.fchown(file.fileno(), *owner)
                os.fsync(file.fileno())
            if read(path) != expected:
                raise UnavailableError(
                    f"{path} changed while it was being edited.", hint="Try again."
                )
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}.") from error


def _merged(files: Sequence[ManagedFile]) -> list[tuple[ManagedFile, bytes | None, bytes]]:
    """Each file with its content now and with our entries, all computed before any is written."""
    result = []
    for file in files:
        content = read(file.path)
        try:
            result.append((file, content, file.merge(content)))
        except OutOfForm as error:
            raise _out_of_form(file.path, error) from error
    return result


def _out_of_form(path: Path, error: OutOfForm) -> UnavailableError:
    return UnavailableError(
        f"{path} cannot be changed safely: {error}.",
        hint="Mend it (JSON must be plain, without comments and trailing commas) and try again.",
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise OutOfForm("it is not UTF-8") from error


def _target(path: Path) -> Path:
    """Where a symlink leads, so that replacing the file does not replace the link."""
    return Path(os.path.realpath(path))


def _mode_and_owner(target: Path) -> tuple[int, tuple[int, int] | None]:
    try:
        present = target.stat()
    except FileNotFoundError:
        return NEW_FILE_MODE, None
    owner = (present.st_uid, present.st_gid)
    return stat.S_IMODE(present.st_mode), None if owner == (os.geteuid(), os.getegid()) else owner


# --- what was there before ----------------------------------------------------------------------


class _Record(BaseModel):
    """What we did to one file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    original: str | None
    """Name of the backup in the same folder; None when there was no file."""
    written: str
    """SHA-256 of what we wrote."""
    folders: list[str]
    """Folders that were made for it, outermost first."""


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: int = 1
    files: dict[str, _Record] = {}


def _original(
    file: ManagedFile, content: bytes | None, *, manifest: _Manifest, backups: Path
) -> bytes | None:
    """What uninstalling should give back if nobody touches the file from now on."""
    if content is None:
        return None
    return _left(file, content, record=manifest.files.get(str(file.path)), backups=backups)


def _left(
    file: ManagedFile, content: bytes, *, record: _Record | None, backups: Path
) -> bytes | None:
    """The file as the user has it without us; None when there would be none."""
    if record is not None and record.written == _sha256(content):
        return _backup(record, backups)
    try:
        left = file.without(content)
    except OutOfForm as error:
        raise _out_of_form(file.path, error) from error
    if left == content or not file.is_blank(left):
        return left
    if record is None or record.original is None:
        return None
    return left or _backup(record, backups)


def _backup(record: _Record, backups: Path) -> bytes | None:
    if record.original is None:
        return None
    content = read(backups / record.original)
    if content is None or _sha256(content) != record.original.removesuffix(".bak"):
        raise IntegrityError(
            f"The backup {backups / record.original} is missing or altered.",
            hint="Move manifest.json beside it away; then only our entries are taken out.",
        )
    return content


def _keep(original: bytes | None, backups: Path) -> str | None:
    if original is None:
        return None
    name = f"{_sha256(original)}.bak"
    _make_folder(backups)
    if read(backups / name) != original:
        write(backups / name, original, expected=read(backups / name))
    return name


def _read_manifest(backups: Path) -> _Manifest:
    path = backups / "manifest.json"
    content = read(path)
    if content is None:
        return _Manifest()
    try:
        return _Manifest.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"{path} is not a manifest of ours.",
            hint="Move it away; then only our entries are taken out of the files.",
        ) from error


def _write_manifest(manifest: _Manifest, backups: Path) -> None:
    _make_folder(backups)
    path = backups / "manifest.json"
    content = json.dumps(manifest.model_dump(), indent=2, sort_keys=True).encode("ascii")
    write(path, content + b"\n", expected=read(path))


def _forget(manifest: _Manifest, backups: Path) -> None:
    """Drop the backups that no file needs any more."""
    if manifest.files:
        _write_manifest(manifest, backups)
    else:
        (backups / "manifest.json").unlink(missing_ok=True)
    needed = {record.original for record in manifest.files.values()}
    for backup in backups.glob("*.bak"):
        if backup.name not in needed:
            backup.unlink(missing_ok=True)
    _remove_if_empty(backups)


def _make_folder(folder: Path) -> list[str]:
    """Make `folder` and what is missing above it; returns what was made, outermost first."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        for parent in reversed(missing):
            parent.mkdir(mode=NEW_FOLDER_MODE)
    except OSError as error:
        raise UnavailableError(f"{folder} cannot be made: {error.strerror}.") from error
    return [str(parent) for parent in reversed(missing)]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be removed: {error.strerror}.") from error


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
