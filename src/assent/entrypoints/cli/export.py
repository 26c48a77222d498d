"""`assent export`: what was decided in a period, signed, for whoever has to check it."""

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.adapters.identity.ssh_agent import key_at
from assent.adapters.store import open_reader
from assent.app.export.files import Exported, write_table
from assent.app.export.tables import Period
from assent.app.proof.ports import ProofPorts
from assent.core.proof.keys import ServerPublicKey
from assent.entrypoints.cli.text import moment, visible_line
from assent.entrypoints.exports import (
    CSV,
    FORMATS,
    JSON,
    TABLE_NAMES,
    check_export,
    period_of,
    table_named,
    write_export,
)
from assent.entrypoints.home import Home, find_home, read_config
from assent.entrypoints.wiring import SystemClock, database_url
from assent.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.option("--from", "since", default="", metavar="DATE", help="`2026-11-01`, in local time.")
@click.option("--to", "until", default="", metavar="DATE", help="Before this; default: now.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=JSON, show_default=True)
@click.option("--table", type=click.Choice(TABLE_NAMES), help="One table as CSV, unsigned.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; without it: standard output.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check an export instead: whole, and signed by whom. Needs nothing else.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --check: the public key of the server that must have signed it.",
)
def command(
    *,
    since: str,
    until: str,
    form: str,
    table: str | None,
    output: Path | None,
    check: Path | None,
    key: Path | None,
) -> None:
    """Export requests, decisions, merges, policies, people and overrides of a period."""
    if check is not None:
        _check(check, key)
        return
    if not since:
        raise UsageError("Say from when on.", hint="assent export --from 2026-11-01")
    now = SystemClock().now()
    period = period_of(since, until, now=now, zone=None)
    home = find_home()
    with _opened(output, binary=form == CSV and table is None) as out:
        _write(home, period, out, form=form, table=table, now=now)
    if output is not None:
        click.echo(f"{output}: from {moment(period.since)} to {moment(period.until)}.")


def _write(
    home: Home, period: Period, out: BinaryIO, *, form: str, table: str | None, now: int
) -> None:
    proof = ProofPorts(CheckedSignatures(), ServerKeyFile(home.server_key))
    with open_reader(database_url(home, read_config(home))) as reader:
        if table is not None:
            named = table_named(table)
            reader.read(lambda view: write_table(view, period, named, write=out.write))
            return
        is_csv = form == CSV
        reader.read(
            lambda view: write_export(view, period, out, as_csv=is_csv, proof=proof, now=now)
        )


@contextmanager
def _opened(output: Path | None, *, binary: bool) -> "Iterator[BinaryIO]":
    """Where to write; a file that could not be finished is not left behind."""
    if output is None:
        if binary and sys.stdout.isatty():
            raise UsageError("An archive is no text for a terminal.", hint="Add: -o export.zip")
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    draft = output.with_name(f"{output.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _check(path: Path, key: Path | None) -> None:
    expected = _expected(key)
    try:
        found = check_export(path, signatures=CheckedSignatures(), key=expected)
    except ValueError as error:
        raise IntegrityError(
            f"{path} does not hold: {error}.", hint="Ask whoever made it for the export again."
        ) from error
    click.echo("\n".join(map(visible_line, _words(path, found, is_known=expected is not None))))


def _expected(key: Path | None) -> ServerPublicKey | None:
    """The key that must have signed it: the one named, or that of the Assent here, if any."""
    if key is not None:
        named = key_at(key) if key.suffix == ".pub" else None
        if named is None:
            raise UsageError(f"{key} is no public key.", hint="Name a file ending in .pub")
        return ServerPublicKey(named.blob)
    here = find_home().server_key
    return ServerKeyFile(here).public if here.exists() else None


def _words(path: Path, found: Exported, *, is_known: bool) -> list[str]:
    signed = "signed by the server" if is_known else "signed by a server that is not known here"
    at = datetime.fromtimestamp(found.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    rows = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    return [
        f"{path}: whole, {signed} {found.server.keyid} at {at}.",
        f"  from {moment(found.since)} to {moment(found.until)}: {rows}",
        f"  checkpoint of the ledger: {found.checkpoint or 'none'}",
    ]
