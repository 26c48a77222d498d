"""Reading the whole record of a home, and naming every contradiction."""

import json
from dataclasses import asdict, replace

import click

from assent.adapters.identity.signatures import CheckedSignatures
from assent.adapters.identity.ssh_agent import key_at
from assent.adapters.store import open_reader
from assent.app.proof.verify_statements import check_statements
from assent.app.verify_ledger import Verification, verify_ledger
from assent.core.proof.keys import ServerPublicKey
from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.home import find_home, read_config
from assent.entrypoints.wiring import database_url
from assent.errors import IntegrityError


def verify_home(*, as_json: bool) -> None:
    """Print what was found. Raises IntegrityError when the record contradicts itself."""
    home = find_home()
    public = key_at(home.server_key)
    server = None if public is None else ServerPublicKey(public.blob)
    with open_reader(database_url(home, read_config(home))) as reader:
        chains = reader.read(verify_ledger)
        signed = reader.read(
            lambda view: tuple(
                check_statements(view, signatures=CheckedSignatures(), server=server)
            )
        )
    found = replace(chains, breaks=(*chains.breaks, *signed))
    click.echo(json.dumps(_fields(found), indent=2) if as_json else _words(found))
    if found.breaks:
        raise IntegrityError(
            f"The record contradicts itself in {len(found.breaks)} places.",
            hint="Keep a copy of the database, and compare it with your last backup.",
        )


def _fields(found: Verification) -> dict[str, object]:
    return {**asdict(found), "intact": not found.breaks}


def _words(found: Verification) -> str:
    size = f"{found.entries} entries in {found.streams} streams, {found.checkpoints} checkpoints"
    if not found.breaks:
        return f"Intact: {size}."
    places = (f"  {visible_line(f'{broken.where}: {broken.what}')}" for broken in found.breaks)
    return "\n".join((f"Broken: {size}.", *places))
