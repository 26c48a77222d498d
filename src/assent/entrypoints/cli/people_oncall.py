"""`assent people oncall`: who is asked when a policy says `@oncall`."""

import json
from datetime import datetime

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.delay import moment_of
from assent.entrypoints.cli.text import moment, visible_line


@click.command()
@click.option("--at", "when", default="", help="`18:00`, `2026-12-24 09:00`, `2d`; default: now.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def oncall(when: str, as_json: bool) -> None:
    """Say who is on call, and what is wrong with the schedule. Exit 1 when it is nobody."""
    now = datetime.now().astimezone()
    at = int((moment_of(when, now=now) if when else now).timestamp() * 1000)
    found = connect().get(f"/api/oncall?at={at}")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        names = ", ".join(visible_line(name) for name in found["names"]) or "nobody"
        click.echo(f"On call at {moment(at)}: {names}")
        for fault in found["faults"]:
            click.echo(visible_line(fault), err=True)
        for name in found["unknown"]:
            click.echo(f"{visible_line(name)} is no active person here.", err=True)
    if not set(found["names"]) - set(found["unknown"]):
        raise click.exceptions.Exit(1)
