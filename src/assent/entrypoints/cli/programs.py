"""`assent policy programs`: what this project's manifests name, and what of it is accepted."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

import click

from assent.adapters.project import LocalProject
from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.text import moment, visible_line
from assent.entrypoints.home import Home
from assent.entrypoints.wiring import current_project
from assent.errors import UnavailableError

SHOWN = 12
"""Names of one kind that are listed before the rest is counted."""


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--accept", is_flag=True, help="Accept all that the manifests name now.")
@click.option("--yes", is_flag=True, help="With --accept: do not ask first.")
@click.pass_context
def programs(ctx: click.Context, as_json: bool, accept: bool, yes: bool) -> None:
    """List the programs and tasks of this project that run without asking."""
    if ctx.invoked_subcommand is not None:
        return
    workspace, client = str(current_project()), connect()
    found = client.get(programs_path(workspace))
    if accept:
        accept_found(client, workspace, found, ask=not yes)
    elif as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo("\n".join(_listed(found)))


@programs.command()
@click.argument("name")
def forget(name: str) -> None:
    """Ask again about the program or task NAME."""
    fields = {"workspace": str(current_project()), "name": name}
    connect().post("/api/programs/forget", fields)
    click.echo(f"{visible_line(name)} is asked about again.")


def programs_path(workspace: str) -> str:
    return f"/api/programs?{urlencode({'workspace': workspace})}"


def new_programs(home: Home, workspace: str) -> dict[str, Any]:
    """What the manifests name and nobody accepted, whether or not the daemon is up.

    As the API tells it: `new` with programs and tasks, and the `digest` of all that is found.
    """
    try:
        found: dict[str, Any] = Client(home).get(programs_path(workspace))
    except UnavailableError:
        here = LocalProject().programs(workspace)
        tasks = [{"runner": task.runner, "name": task.name} for task in here.tasks]
        new = {"programs": sorted(here.programs), "tasks": tasks}
        return {"new": new, "digest": here.digest}
    return found


def has_new(found: dict[str, Any]) -> bool:
    return bool(found["new"]["programs"] or found["new"]["tasks"])


def accept_found(client: Client, workspace: str, found: dict[str, Any], *, ask: bool) -> None:
    """Show what is new and accept it, once a person agreed if `ask` is set."""
    if not has_new(found):
        click.echo("Programs: nothing new in this project's manifests.")
        return
    click.echo(summary(found["new"]))
    if ask and not click.confirm("Let these run without asking?", default=True):
        click.echo("They are asked about. Later: assent policy programs --accept")
        return
    accept_shown(client, workspace, found)


def accept_shown(client: Client, workspace: str, found: dict[str, Any]) -> None:
    """Accept what a person was shown. Raises ConflictError when the manifests changed since."""
    fields = {"workspace": workspace, "digest": found["digest"]}
    client.post("/api/programs/accept", fields)


def summary(new: dict[str, Any]) -> str:
    """`34 programs and tasks of this project will run without asking: npm test, ruff, ...`."""
    tasks, names = _task_names(new["tasks"]), list(new["programs"])
    some = [*tasks[:SHOWN], *names[: max(SHOWN // 2, SHOWN - len(tasks))]]
    more = len(tasks) + len(names) - len(some)
    rest = f" and {more} more" if more else ""
    count = len(tasks) + len(names)
    return (
        f"Programs: {count} programs and tasks of this project will run without asking: "
        f"{', '.join(visible_line(name) for name in some)}{rest}"
    )


def _task_names(tasks: Sequence[dict[str, Any]]) -> list[str]:
    """`npm test` once, whichever of the runners that read package.json may run it."""
    same = {"pnpm": "npm", "yarn": "npm", "bun": "npm", "gmake": "make"}
    named = (
        task["name"]
        if task["runner"] == "file"
        else f"{same.get(task['runner'], task['runner'])} {task['name']}"
        for task in tasks
    )
    return list(dict.fromkeys(named))


def _listed(found: dict[str, Any]) -> Iterator[str]:
    accepted = found["accepted"]
    if accepted is None:
        yield "Nothing is accepted here yet: assent policy programs --accept"
    else:
        who = visible_line(accepted["by"])
        yield f"Accepted by {who} on {moment(accepted['at'])}:"
        yield from _lines("programs", accepted["programs"])
        yield from _lines("tasks", _task_names(accepted["tasks"]))
    if found["vouched"]:
        yield "Allowed by an answer:"
        yield from _lines("programs", found["vouched"])
    new = found["new"]
    if has_new(found):
        yield "Named by the manifests and not accepted (assent policy programs --accept):"
        yield from _lines("programs", new["programs"])
        yield from _lines("tasks", _task_names(new["tasks"]))


def _lines(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"  {what}: {', '.join(visible_line(name) for name in names)}"
