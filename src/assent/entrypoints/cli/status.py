"""`assent status`: whether the gate stands, and how firmly."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from assent.adapters.workspace import LocalWorld
from assent.entrypoints.cli.client import Client
from assent.entrypoints.cli.up import login_link
from assent.entrypoints.home import find_home
from assent.entrypoints.wiring import current_project, installed_hooks, policy_files
from assent.errors import UsageError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--link", is_flag=True, help="Print a new login link to the inbox.")
def command(as_json: bool, link: bool) -> None:
    """Say whether Assent runs, at which level, and how much waits. Exit 3 when it is down."""
    home = find_home()
    client = Client(home)
    hooks = installed_hooks(home, current_project())
    status: dict[str, Any] = {
        **client.get("/api/status"),
        **client.info,
        "page": client.page,
        "agents": [asdict(hook) for hook in hooks],
        "policy_fault": policy_fault(current_project()),
    }
    if link:
        status["link"] = login_link(client)
    click.echo(json.dumps(status, indent=2, default=str) if as_json else _words(status))


def policy_fault(project: Path) -> str:
    """What is wrong with the policy file of `project`; empty when nothing is."""
    text = LocalWorld(home="", assent_home="").policy_file(str(project))
    try:
        policy_files().parse(text or b"")
    except UsageError as error:
        return str(error)
    return ""


def _words(status: dict[str, Any]) -> str:
    today = status["today"]
    lines = [
        f"Assent {status['version']} is up at {status['page']} (pid {status['pid']})",
        f"Level: {status['level']}. {status['why']}",
        f"Waiting for a person: {status['counts']['waiting']}",
    ]
    if status["next_step"]:
        lines.insert(2, f"  To raise it: {status['next_step']}")
    ways = ("proceeded", "asked", "rejected", "refused")
    lines.append("Today: " + ", ".join(f"{today[way]} {way}" for way in ways))
    if status["policy_fault"]:
        lines.append(f"The policy file here cannot be read: {status['policy_fault']}")
    for hook in status["agents"]:
        if hook["found"]:
            lines.append(f"{hook['title']}: hooks {hook['state']}")
            lines.extend(f"  {note}" for note in hook["notes"])
    if not any(hook["found"] for hook in status["agents"]):
        lines.append("No coding agent found here. See: assent agents list")
    if "link" in status:
        lines.append(f"Open your inbox, once and within 10 minutes: {status['link']}")
    return "\n".join(lines)
