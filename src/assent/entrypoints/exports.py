"""What the command line and the page share to export a period: its moments, its file."""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from assent.app.export.files import (
    SIGNED,
    Exported,
    check_json,
    check_tables,
    sign_tables,
    write_json,
    write_table,
)
from assent.app.export.tables import Period, Table, tables
from assent.app.ports import View
from assent.app.proof.ports import ProofPorts, Signatures
from assent.core.proof.keys import ServerPublicKey
from assent.errors import UsageError

JSON, CSV = "json", "csv"
FORMATS = (JSON, CSV)
TABLE_NAMES = tuple(table.name for table in tables())
CHUNK = 64 * 1024
SIGNED_LIMIT = 1024 * 1024


def period_of(since: str, until: str, *, now: int, zone: tzinfo | None) -> Period:
    """From `2026-11-01` on and before `2026-12-01`, in `zone`; an empty end is now.

    Raises UsageError.
    """
    period = Period(_moment(since, zone), _moment(until, zone) if until else now + 1)
    if period.since >= period.until:
        raise UsageError("The period ends before it begins.", hint="Say --from first, then --to.")
    return period


def _moment(text: str, zone: tzinfo | None) -> int:
    try:
        found = datetime.fromisoformat(text.strip())
        at = found if found.tzinfo else found.replace(tzinfo=zone) if zone else found.astimezone()
        return max(int(at.timestamp() * 1000), 0)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"`{text[:40]}` is no date.", hint="Write 2026-11-01, or 2026-11-01T18:00."
        ) from error


def table_named(name: str) -> Table:
    """Raises UsageError for a table that there is not."""
    found = next((table for table in tables() if table.name == name), None)
    if found is None:
        raise UsageError(f"There is no table `{name[:40]}`.", hint=f"Known: {_NAMES}.")
    return found


_NAMES = ", ".join(TABLE_NAMES)


def write_export(
    view: View, period: Period, out: BinaryIO, *, as_csv: bool, proof: ProofPorts, now: int
) -> None:
    """The whole export, signed: one document of JSON, or an archive of tables."""
    if not as_csv:
        write_json(view, period, proof=proof, now=now, write=out.write)
        return
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        made = []
        for table in tables():
            with archive.open(f"{table.name}.csv", "w", force_zip64=True) as file:
                made.append(write_table(view, period, table, write=file.write))
        archive.writestr(SIGNED, sign_tables(view, period, made, proof=proof, now=now))


def check_export(path: Path, *, signatures: Signatures, key: ServerPublicKey | None) -> Exported:
    """What the export at `path` is about, when nothing of it was changed.

    Raises ValueError, saying what is wrong, and OSError.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return check_json(signatures, file, key)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) != len(names) or SIGNED not in names:
                raise ValueError("the archive is not one that Assent made")
            digests = {name: _digest(archive, name) for name in names if name != SIGNED}
            with archive.open(SIGNED) as file:
                signed = file.read(SIGNED_LIMIT)
    except _UNREADABLE as error:
        raise ValueError(f"the archive cannot be read: {error}") from error
    return check_tables(signatures, digests, signed, key)


_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
"""What zipfile raises for archives that somebody else made."""


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    hasher = hashlib.sha256()
    with archive.open(name) as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            hasher.update(chunk)
    return hasher.hexdigest()


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of `file` from its start, which is closed after that."""
    with file:
        file.seek(0)
        yield from iter(lambda: file.read(CHUNK), b"")
