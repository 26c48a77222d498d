"""`assent delegate`: let somebody decide in one's name, see who does, and end it."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.delay import moment_of
from assent.entrypoints.cli.people_calls import person_only
from assent.entrypoints.cli.signing import signed_fields, signing_options
from assent.entrypoints.cli.text import age, moment, visible_line
from assent.errors import NotFoundError, UsageError

CLASSES = ("low", "medium", "high", "irreversible")
SHORT = 8
"""Characters at the end of an id that name it in a list."""


@click.group(invoke_without_command=True)
@click.option("--to", default="", metavar="NAME", help="Who decides in your name.")
@click.option("--for", "span", default="2d", help="How long: `8h`, `2d`, or until `18:00`.")
@click.option("--class", "worst", type=click.Choice(CLASSES), default="high", help="Up to which.")
@click.option("--path", "paths", multiple=True, help="Only about these files: `src/pay/**`.")
@click.option("--workspace", default="", help="Only in this project: its folder, such as `.`")
@click.option("--reason", default="", help="Kept in the record.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@signing_options
@click.pass_context
def command(ctx: click.Context, /, *, to: str, as_json: bool, **given: Any) -> None:
    """Let NAME decide in your name for a while. They cannot pass it on; you see what they did."""
    if ctx.invoked_subcommand is not None:
        if to:
            raise UsageError("--to gives a delegation; `list` and `revoke` take none.")
        return
    if not to:
        raise UsageError("Who is to decide?", hint="assent delegate --to NAME --for 2d")
    client = person_only()
    fields = signed_fields(
        "/api/delegations/statement",
        "delegate",
        _fields(to, given),
        sign_key=given["sign_key"],
        as_name=given["as_name"],
    )
    made = client.post("/api/delegations", fields)
    click.echo(json.dumps(made, indent=2) if as_json else _line(made))


def _fields(to: str, given: Mapping[str, Any]) -> dict[str, object]:
    until = moment_of(given["span"], now=datetime.now().astimezone())
    workspace = given["workspace"]
    return {
        "to": to,
        "until": int(until.timestamp() * 1000),
        "class": given["worst"],
        "paths": list(given["paths"]),
        "workspace": str(Path(workspace).resolve()) if workspace else "",
        "reason": given["reason"],
    }


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_(as_json: bool) -> None:
    """List who decides in your name, for whom you do, and what was decided so."""
    found = connect().get("/api/delegations")
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(_lines(found)))


@command.command()
@click.argument("delegation_id", metavar="ID")
def revoke(delegation_id: str) -> None:
    """End the delegation ID; the end of its name is enough."""
    client = person_only()
    found = client.get("/api/delegations")
    ids = {each["id"] for each in (*found["given"], *found["taken"])}
    named = [id_ for id_ in ids if id_.endswith(delegation_id)]
    if len(named) != 1:
        raise NotFoundError(
            f"There is no delegation {delegation_id} of yours, or several end so.",
            hint="See: assent delegate list",
        )
    ended = client.post(f"/api/delegations/{named[0]}/revoke", {})
    click.echo(_line(ended))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    given, taken = found["given"], found["taken"]
    if not given and not taken:
        yield "Nobody decides in your name, and you in nobody's."
    for each in (*given, *taken):
        yield _line(each)
    if found["decided"]:
        yield ""
        yield "Decided in your name:"
    for said in found["decided"]:
        reason = f": {visible_line(said['reason'])}" if said["reason"] else ""
        yield (
            f"{moment(said['at'])}  {said['request']}  {said['verdict']} by "
            f"{visible_line(said['by'])}{reason}  ({said['class']}) {visible_line(said['title'])}"
        )


def _line(made: Mapping[str, Any]) -> str:
    who = f"{visible_line(made['taker'])} decides for {visible_line(made['giver'])}"
    parts = [f"up to {made['class']}"]
    parts += [f"in {visible_line(made['workspace'])}"] if made["workspace"] else []
    parts += [f"about {visible_line(', '.join(made['paths']))}"] if made["paths"] else []
    how = f"signed ({made['factor']})" if made["envelope"] else "the server says so"
    return f"{made['id'][-SHORT:]}  {who}, {', '.join(parts)}, {_until(made)}; {how}"


def _until(made: Mapping[str, Any]) -> str:
    if made["state"] == "in force":
        left = made["until"] - int(time.time() * 1000)
        return f"until {moment(made['until'])}, for {age(left)} more"
    return str(made["state"])
