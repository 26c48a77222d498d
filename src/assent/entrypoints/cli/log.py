"""`assent log`: what was recorded, newest first, running daemon or not."""

import json
from datetime import datetime

import click

from assent.adapters.store import open_reader
from assent.core.ledger import Entry
from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.home import find_home, read_config
from assent.entrypoints.wiring import database_url


@click.command()
@click.option("-n", "--number", default=30, show_default=True, help="How many entries.")
@click.option("--stream", help="Only one stream, such as request/12.")
@click.option("--json", "as_json", is_flag=True, help="For scripts: one entry a line.")
def command(number: int, stream: str | None, as_json: bool) -> None:
    """Show what was recorded, newest first."""
    home = find_home()
    with open_reader(database_url(home, read_config(home))) as reader:
        entries = reader.read(lambda view: view.entries(stream=stream, limit=number))
    for entry in entries:
        click.echo(_json_line(entry) if as_json else _line(entry))


def _json_line(entry: Entry) -> str:
    fields = {
        "stream": entry.stream,
        "seq": entry.seq,
        "hash": entry.hash,
        "prev": entry.prev,
        "body": json.loads(entry.body),
    }
    return json.dumps(fields)


def _line(entry: Entry) -> str:
    body = json.loads(entry.body)
    at = datetime.fromtimestamp(body["at"] / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    what = body.get("title") or body.get("verdict") or body.get("tool") or ""
    who = body.get("by") or body.get("agent") or ""
    request = f"REQ-{body['request']}" if "request" in body else ""
    parts = (at, str(body["kind"]), request, str(who), str(body.get("class", "")), str(what))
    return visible_line("  ".join(part for part in parts if part))
