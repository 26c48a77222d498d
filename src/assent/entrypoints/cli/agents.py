"""`assent agents`: which coding agents are here, and whether they pass through Assent."""

import json

import click

from assent.adapters.agents.registry import INSTALLERS
from assent.app.agents import HookStatus, Installer
from assent.entrypoints.home import find_home
from assent.entrypoints.wiring import current_project, installed_hooks, surroundings
from assent.errors import UsageError


@click.group()
def command() -> None:
    """List the coding agents here; install or uninstall their hooks."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_agents(as_json: bool) -> None:
    """List the agents and the state of their hooks."""
    rows = installed_hooks(find_home(), current_project())
    if as_json:
        click.echo(json.dumps([_row(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(f"{row.agent:12} hooks {row.state:10} {row.found or 'not found here'}")
        for note in row.notes:
            click.echo(f"{'':12} {note}")


def _row(row: HookStatus) -> dict[str, object]:
    return {
        "agent": row.agent,
        "title": row.title,
        "found": row.found,
        "state": row.state,
        "files": [str(path) for path in row.files],
        "notes": list(row.notes),
    }


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def install(name: str, yes: bool) -> None:
    """Put hooks into an agent's configuration.

    NAME is one of `assent agents list`. What would be written is shown first.
    """
    install_hooks(_installer(name), ask=not yes)


def install_hooks(installer: Installer, *, ask: bool) -> None:
    """Show what would be written, ask, write it, and say how the agent stands then."""
    here = surroundings(find_home(), current_project())
    changes = installer.preview(here)
    if not changes:
        click.echo(f"{installer.agent}: nothing to do, its hooks are in place.")
        return
    click.echo(f"{installer.agent}: this would be written")
    for change in changes:
        click.echo(f"  {change.path}: {change.what}")
    if ask and not click.confirm("Write this?", default=True):
        click.echo("Nothing was written.")
        raise click.Abort
    status = installer.install(here)
    click.echo(f"{installer.agent}: hooks {status.state}")
    for note in status.notes:
        click.echo(f"  {note}")


@command.command()
@click.argument("name")
def uninstall(name: str) -> None:
    """Take the hooks out again.

    Everything else in the configuration of the agent NAME stays as it was.
    """
    status = _installer(name).uninstall(surroundings(find_home()))
    click.echo(f"{status.agent}: hooks {status.state}")


def _installer(name: str) -> Installer:
    installer = INSTALLERS.get(name)
    if installer is None:
        raise UsageError(f"Unknown agent `{name}`.", hint=f"Known: {', '.join(INSTALLERS)}")
    return installer
