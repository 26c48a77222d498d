"""`assent log`: what was recorded, newest first, running daemon or not."""

import json
from collections.abc import Mapping

import click

from assent.adapters.store import open_reader
from assent.core.ledger import Entry
from assent.entrypoints.cli.text import moment, visible_line
from assent.entrypoints.home import find_home, read_config
from assent.entrypoints.web.views.records import entry_record
from assent.entrypoints.wiring import database_url


@click.command()
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="How many entries.",
)
@click.option("--stream", help="Only one stream, such as request/12.")
@click.option("--json", "as_json", is_flag=True, help="For scripts: one entry a line.")
def command(number: int, stream: str | None, as_json: bool) -> None:
    """Show what was recorded, newest first."""
    home = find_home()
    with open_reader(database_url(home, read_config(home))) as reader:
        entries = reader.read(lambda view: view.entries(stream=stream, limit=number))
    for entry in entries:
        click.echo(_json_line(entry) if as_json else _line(entry))
    if not entries and not as_json:
        click.echo(f"Nothing is recorded in `{stream}`." if stream else "Nothing is recorded yet.")


def _json_line(entry: Entry) -> str:
    return json.dumps(entry_record(entry))


def _line(entry: Entry) -> str:
    body = entry_record(entry)["body"]
    if not isinstance(body, dict):
        return visible_line(f"{entry.stream} {entry.seq} cannot be read; see: assent verify")
    said = body.get("title") or _said(body) or body.get("tool")
    what = said or body.get("person") or ""
    who = body.get("by") or body.get("agent") or ""
    request = f"REQ-{body['request']}" if "request" in body else ""
    at, kind, risk = _moment(body.get("at")), body.get("kind"), body.get("class") or ""
    line = f"{at}  {kind!s:14}  {request:8}  {who!s:12}  {risk!s:12}  {what}"
    return visible_line(line).rstrip()


def _said(body: Mapping[str, object]) -> str:
    """What a decision says: its verdict, and until when or why."""
    until, reason = body.get("until"), body.get("reason")
    after = f" until {_moment(until)}" if until else ""
    return f"{body.get('verdict') or ''}{after}{f': {reason}' if reason else ''}"


def _moment(at: object) -> str:
    """Local time, or what stands there instead in an entry that somebody edited."""
    try:
        return moment(at) if isinstance(at, int) else str(at)
    except (ValueError, OverflowError, OSError):
        return str(at)
