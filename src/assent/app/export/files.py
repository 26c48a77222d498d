"""Exports as bytes: lines that are written as they are read, with their digest signed at the end.

As JSON it is one document of which each row is a line; `envelope` signs the digest of all bytes up
to the end of the rows. As CSV it is a file for each table, and `signed.json` names their digests.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.app.export.tables import Period, Table, tables
from assent.app.ports import View
from assent.app.proof.ports import ProofPorts, Signatures
from assent.app.proof.signing import attest, said_by_server
from assent.core.canonical import Json, canonical
from assent.core.ledger import Checkpoint
from assent.core.proof.dsse import read_envelope
from assent.core.proof.keys import ServerPublicKey
from assent.core.proof.statement import Statement, Subject, read_statement

EXPORT = "https://assent.dev/export/v1"
"""Predicate type: what was exported, of which period, by which checkpoint of the ledger."""
FORMAT = "assent-export/1"
SIGNED = "signed.json"
"""In an archive of tables: the envelope that names their digests."""
WHOLE = "rows"
"""Name of the subject of an export in JSON."""

_END = b"]"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Spreadsheets in East Asia also take the wide forms of `=+-@`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export is about, as it says itself."""

    since: int
    until: int
    at: int
    counts: Mapping[str, int]
    """Rows by table."""
    checkpoint: str
    """The newest checkpoint of the ledger; empty: there was none."""
    server: ServerPublicKey
    """Whose signature it bears."""


class _Hashed:
    """Passes on what is written, and remembers its digest."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._hash = hashlib.sha256()

    def __call__(self, data: bytes) -> None:
        self._hash.update(data)
        self._write(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def write_json(
    view: View,
    period: Period,
    *,
    proof: ProofPorts,
    now: int,
    write: Callable[[bytes], object],
) -> None:
    """Write the whole export. Raises UnavailableError when the server cannot sign."""
    rows = _Hashed(write)
    head: dict[str, Json] = {
        "format": FORMAT,
        "from": period.since,
        "until": period.until,
        "at": now,
    }
    rows(canonical(head)[:-1] + b',"rows":[\n')
    counts: dict[str, int] = {}
    is_first = True
    for table in tables():
        counts[table.name] = 0
        for row in table.rows(view, period):
            rows((b"" if is_first else b",\n") + canonical({"table": table.name, **row}))
            counts[table.name] += 1
            is_first = False
    rows(b"\n" + _END)
    subject = Subject(WHOLE, {"sha256": rows.digest})
    statement = _statement((subject,), period, counts, view.last_checkpoint(), proof, now)
    write(b',\n"envelope":' + attest(proof, statement)[1] + b"}\n")


def write_table(
    view: View, period: Period, table: Table, *, write: Callable[[bytes], object]
) -> tuple[Subject, int]:
    """One table as CSV: what names it in a statement, and how many rows it has."""
    out, count = _Hashed(write), 0
    lines = csv.writer(_Lines(out), lineterminator="\n")
    lines.writerow(table.columns)
    for row in table.rows(view, period):
        lines.writerow([cell(row.get(name)) for name in table.columns])
        count += 1
    return Subject(f"{table.name}.csv", {"sha256": out.digest}), count


class _Lines:
    """What csv writes to."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        self._write(text.encode("utf-8", "backslashreplace"))


def cell(value: Json) -> str:
    """A cell of CSV. What a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else _listed(value)
    return f"'{text}" if text.lstrip(" ").startswith(_RISKY) else text


def _listed(value: Json) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(map(str, value))
    return canonical(value).decode("ascii")


def sign_tables(
    view: View,
    period: Period,
    made: Sequence[tuple[Subject, int]],
    *,
    proof: ProofPorts,
    now: int,
) -> bytes:
    """The envelope that names all tables of an archive."""
    counts = {subject.name.removesuffix(".csv"): count for subject, count in made}
    subjects = tuple(subject for subject, _ in made)
    statement = _statement(subjects, period, counts, view.last_checkpoint(), proof, now)
    return attest(proof, statement)[1]


def _statement(
    subjects: tuple[Subject, ...],
    period: Period,
    counts: Mapping[str, int],
    last: Checkpoint | None,
    proof: ProofPorts,
    now: int,
) -> Statement:
    predicate: dict[str, Json] = {
        "from": period.since,
        "until": period.until,
        "at": now,
        "rows": dict(counts),
        "checkpoint": None if last is None else {"number": last.number, "hash": last.hash},
        "server": {"keyid": proof.server.public.keyid, "publicKey": proof.server.public.blob},
    }
    return Statement(EXPORT, subjects, predicate)


# Checking


def check_json(
    signatures: Signatures, lines: Iterable[bytes], key: ServerPublicKey | None
) -> Exported:
    """What an export in JSON says of itself, when nothing of it was changed since it was signed.

    `lines` keep their ends. `key` is the server's, where it is known; without it the key that the
    export names is taken, which shows only that it is whole. Raises ValueError, saying what is
    wrong.
    """
    rows, envelope = hashlib.sha256(), b""
    for line in lines:
        if envelope:
            raise ValueError("something follows the signature")
        if line.startswith(b'"envelope":'):
            envelope = line.removeprefix(b'"envelope":').removesuffix(b"}\n")
            continue
        rows.update(_END if line == _END + b",\n" else line)
    found = _checked(signatures, envelope, key)
    return _matching(found, {WHOLE: rows.hexdigest()})


def check_tables(
    signatures: Signatures,
    digests: Mapping[str, str],
    signed: bytes,
    key: ServerPublicKey | None,
) -> Exported:
    """The same for an archive of tables: `digests` are those of its files but `signed.json`."""
    return _matching(_checked(signatures, signed, key), digests)


def _checked(
    signatures: Signatures, envelope: bytes, key: ServerPublicKey | None
) -> tuple[Statement, ServerPublicKey]:
    if not envelope:
        raise ValueError("there is no signature")
    read = read_envelope(envelope)
    statement = read_statement(read.payload)
    if statement.kind != EXPORT:
        raise ValueError("what is signed is no export")
    server = statement.predicate.get("server")
    if not isinstance(server, Mapping):
        raise ValueError("it does not name the server that signed it")
    named = ServerPublicKey(str(server.get("publicKey", "")))
    if key is not None and key != named:
        raise ValueError(f"another server signed it: {named.keyid}, not {key.keyid}")
    if not said_by_server(signatures, read, [named]):
        raise ValueError("the signature does not fit")
    return statement, named


def _matching(found: tuple[Statement, ServerPublicKey], digests: Mapping[str, str]) -> Exported:
    statement, server = found
    signed = {each.name: each.digest.get("sha256", "") for each in statement.subjects}
    wrong = sorted(name for name in {*signed, *digests} if signed.get(name) != digests.get(name))
    if wrong:
        raise ValueError(f"changed since it was signed: {', '.join(wrong)}")
    return _exported(statement.predicate, server)


def _exported(predicate: Mapping[str, Json], server: ServerPublicKey) -> Exported:
    try:
        rows, last = predicate["rows"], predicate["checkpoint"]
        if not isinstance(rows, Mapping):
            raise TypeError("no rows")
        return Exported(
            since=int(str(predicate["from"])),
            until=int(str(predicate["until"])),
            at=int(str(predicate["at"])),
            counts={str(name): int(str(count)) for name, count in rows.items()},
            checkpoint=str(last["hash"]) if isinstance(last, Mapping) else "",
            server=server,
        )
    except (KeyError, TypeError) as error:
        raise ValueError("what is signed is no export of this version") from error
