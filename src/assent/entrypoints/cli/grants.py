"""`assent policy grants`: what people allowed for longer than one call."""

import json
from typing import Any
from urllib.parse import urlencode

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.text import moment, visible_line
from assent.entrypoints.wiring import current_project

NAMED = 3
"""Parts of a plan that are listed before the rest is counted."""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_context
def grants(ctx: click.Context, as_json: bool) -> None:
    """List what is allowed in this project beyond single calls."""
    if ctx.invoked_subcommand is not None:
        return
    query = urlencode({"workspace": str(current_project())})
    found = connect().get(f"/api/grants?{query}")["grants"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif not found:
        click.echo("No grants here.")
    else:
        click.echo("\n".join(_line(grant) for grant in found))


@grants.command()
@click.argument("grant_id", metavar="ID")
def revoke(grant_id: str) -> None:
    """Take the grant ID back; the end of its name is enough."""
    fields = {"workspace": str(current_project()), "id": grant_id}
    revoked = connect().post("/api/grants/revoke", fields)["revoked"]
    click.echo(f"Revoked: {_what(revoked)}")


def _line(grant: dict[str, Any]) -> str:
    until = "until revoked" if grant["until"] is None else f"until {moment(grant['until'])}"
    of = visible_line(grant["agent"]) or "any agent"
    by = visible_line(grant["by"])
    given = f"by {by} with REQ-{grant['request']}"
    return f"{grant['id'][-8:]}  {_what(grant)}  for {of}, {until}; {given}"


def _what(grant: dict[str, Any]) -> str:
    named = [visible_line(item) for item in grant["what"]]
    more = len(named) - NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"{grant['kind']} {', '.join(named[:NAMED])}{rest}"
