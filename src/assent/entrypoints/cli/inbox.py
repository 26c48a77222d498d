"""`assent inbox`: what waits for a person, once or live."""

import json
import time
from typing import Any

import click

from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.text import age, visible_line
from assent.errors import UnavailableError

LIMIT = 50
WAYS = "assent show N | approve N | reject N --reason TEXT | modify N | delay N --until 30m"
RETRY_S = 2.0
FIRST = b"retry:"
"""How the stream begins. Nothing that happens after it is missed."""


@click.command()
@click.option("--watch", is_flag=True, help="Stay, and show what arrives and what is decided.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(watch: bool, as_json: bool) -> None:
    """List what waits for you, oldest first."""
    client = connect()
    if watch:
        follow(client)
        return
    listed = client.get(f"/api/requests?state=waiting&limit={LIMIT}")
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    click.echo(table(listed))


def table(listed: dict[str, Any]) -> str:
    """The waiting requests, one line each, and how to decide them."""
    if not listed["requests"]:
        return "Nothing waits for you."
    lines = [row(request) for request in listed["requests"]]
    more = listed["waiting"] - len(listed["requests"])
    if more > 0:
        lines.append(f"and {more} more")
    lines.append(WAYS)
    return "\n".join(lines)


def row(request: dict[str, Any]) -> str:
    waited = age(int(time.time() * 1000) - request["created_at"])
    title = click.style(visible_line(request["title"]), bold=True)
    return (
        f"{request['name']:>8}  {mark(request['class'])}  {title}  "
        f"{request['agent_title']} in {visible_line(request['workspace'])}, {waited}"
    )


def follow(client: Client) -> None:
    """Show the inbox, and each change of it as it happens, until interrupted."""
    shown: set[int] = set()
    while True:
        try:
            _follow_once(client, shown)
        except (UnavailableError, OSError):
            click.echo("Assent is not answering; trying again.", err=True)
            time.sleep(RETRY_S)
            client = _reconnected(client)


def _reconnected(client: Client) -> Client:
    try:
        return connect()
    except UnavailableError:
        return client


def _follow_once(client: Client, shown: set[int]) -> None:
    for line in client.stream("/api/events"):
        if line.startswith((FIRST, b"data:")):
            _show_new(client, shown)
        if line.startswith(FIRST) and not shown:
            click.echo("Nothing waits for you. Watching; Ctrl-C ends.")
    raise UnavailableError("The stream ended.")


def _show_new(client: Client, shown: set[int]) -> None:
    """Print requests not printed before, and the outcome of those that are no longer waiting."""
    listed = client.get(f"/api/requests?state=waiting&limit={LIMIT}")
    waiting = {request["number"] for request in listed["requests"]}
    for request in listed["requests"]:
        if request["number"] not in shown:
            click.echo(row(request))
    for number in sorted(shown - waiting):
        ended = client.get(f"/api/requests/{number}")
        click.echo(f"{ended['name']:>8}  {ended['standing']}")
    shown.clear()
    shown.update(waiting)
