"""`assent status`: whether the gate stands, and how firmly."""

import json
from typing import Any

import click

from assent.entrypoints.cli.client import Client
from assent.entrypoints.home import find_home


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--link", is_flag=True, help="Print a new login link to the inbox.")
def command(as_json: bool, link: bool) -> None:
    """Say whether Assent runs, at which level, and how much waits. Exit 3 when it is down."""
    client = Client(find_home())
    status = client.get("/api/status")
    if link:
        status["link"] = client.post("/api/login-links", {})["url"]
    click.echo(json.dumps(status, indent=2) if as_json else _words(status))


def _words(status: dict[str, Any]) -> str:
    lines = [
        f"Assent {status['version']} is up at {status['url']} (pid {status['pid']})",
        f"Level: {status['level']}. {status['level_means']}",
        f"Waiting: {status['counts']['waiting']}, delayed: {status['counts']['delayed']}",
    ]
    lines += [f"{hook['title']}: {hook['state']}" for hook in status["agents"] if hook["found"]]
    if "link" in status:
        lines.append(f"Open your inbox, once and within 15 minutes: {status['link']}")
    return "\n".join(lines)
