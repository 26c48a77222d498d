"""`assent change list` and `show`."""

import json
from typing import Any

import click

from assent.entrypoints.cli.change_agreement import log_lines
from assent.entrypoints.cli.change_calls import change_path
from assent.entrypoints.cli.change_words import describe, difference, row
from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.text import visible_block

LIMIT = 50


@click.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are merged or given up.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_changes(every: bool, as_json: bool) -> None:
    """List the open changes, the newest first."""
    state = "all" if every else "open"
    listed = connect().get(f"/api/changes?state={state}&limit={LIMIT}")
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    for change in listed["changes"]:
        click.echo(row(change))
    more = listed["open"] - len(listed["changes"])
    if more > 0:
        click.echo(f"and {more} more")
    if not listed["changes"]:
        click.echo("There is no change." if every else "No change is open.")


@click.command()
@click.argument("name", metavar="CHANGE")
@click.option("--diff", is_flag=True, help="With the difference, and findings at their lines.")
@click.option("--tests", is_flag=True, help="With the whole log of its last test run.")
@click.option("--log", is_flag=True, help="Its decision log instead, for whoever audits it.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def show(name: str, diff: bool, tests: bool, log: bool, as_json: bool) -> None:
    """Show CHANGE: where it stands, why it has its class, what it changes, what was said."""
    client = connect()
    if log:
        decided = client.get(change_path(name, "log"))
        click.echo(json.dumps(decided, indent=2) if as_json else "\n".join(log_lines(decided)))
        return
    change: dict[str, Any] = client.get(change_path(name))
    files = client.get(change_path(name, "diff"))["files"] if diff else []
    text = _log(client, change) if tests else ""
    if as_json:
        more: dict[str, object] = ({"files": files} if diff else {}) | (
            {"log": text} if tests else {}
        )
        click.echo(json.dumps({**change, **more}, indent=2))
        return
    click.echo("\n".join(describe(change)))
    if diff:
        click.echo("\n".join(difference(files, change["findings"])))
    if tests:
        click.echo("\n" + (visible_block(text.rstrip("\n")) or "No tests have run yet."))


def _log(client: Client, change: dict[str, Any]) -> str:
    """The log of the last test run that has one; empty when none has."""
    digests = [run["log"] for run in change["tests"] if run["log"]]
    return client.text(f"/api/tests/{digests[-1]}") if digests else ""


def outcome(change: dict[str, Any]) -> str:
    """One line about where a change stands now."""
    return row(change).strip()
