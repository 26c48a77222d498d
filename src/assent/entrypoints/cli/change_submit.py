"""`assent change submit`: hand in what was made, and wait for what comes of it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from assent.adapters.git.capture import find_place
from assent.adapters.git.run import ask
from assent.entrypoints.cli.change_calls import change_url, submit_fields
from assent.entrypoints.cli.change_wait import REFUSED, wait_for
from assent.entrypoints.cli.change_words import row
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.text import visible_block
from assent.errors import UsageError

SUBMIT_LIMIT_S = 600.0
"""Fetching a large repository for the first time takes its time."""
SORTS = ("config", "memory", "data")


FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
"""A file, or `-` for standard input."""


@click.command()
@click.option("--title", default="", help="What it does. Default: the newest commit's subject.")
@click.option("--plan", type=FILE, help="File with the plan that it serves; - is standard input.")
@click.option("--report", type=FILE, help="File with what was done and how it was checked; or -.")
@click.option("--note", default="", help="What is new in this revision.")
@click.option("--branch", default="", help="Submit this branch, and not what is checked out.")
@click.option("--target", default="", help="The branch to merge into.")
@click.option(
    "--committed/--uncommitted",
    default=None,
    help="Without or with what is not committed yet. Default: with it, but for --branch.",
)
@click.option("--change", default="", metavar="CHANGE", help="As a new revision of CHANGE.")
@click.option("--draft", is_flag=True, help="Not for review yet.")
@click.option("--agent", default="", help="Who made it, where the environment does not tell.")
@click.option("--session", default="", help="The agent's session, with --agent.")
@click.option("--model", default="", help="The agent's model.")
@click.option(
    "--value", metavar="FILE[#/POINTER]", help="One value of a file, and not a work tree."
)
@click.option("--to", "after", metavar="JSON|@FILE", help="What the value becomes.")
@click.option("--remove", is_flag=True, help="The value goes.")
@click.option("--sort", type=click.Choice(SORTS), default="config", show_default=True)
@click.option("--wait", is_flag=True, help="Stay until it is merged or comes back.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def submit(**given: Any) -> int:
    """Hand in the work tree, a branch, or one value of a file, for review and merge.

    Exit code: 0 handed in (with --wait: merged), 1 (with --wait) it came back.
    """
    client = connect()
    fields = _fields(given)
    made = client.post("/api/changes", fields, limit_s=SUBMIT_LIMIT_S)
    if not given["as_json"]:
        click.echo(row(made).strip())
        click.echo(f"Its page: {change_url(client, made['name'])}")
        if fields.get("agent"):
            click.echo(visible_block(made["told"]))
    if given["wait"] and not given["draft"]:
        made = wait_for(client, made["name"], quiet=given["as_json"])
    if given["as_json"]:
        click.echo(json.dumps(made, indent=2))
    came_back = given["wait"] and not given["draft"] and made["state"] != "merged"
    return REFUSED if came_back else 0


def _fields(given: dict[str, Any]) -> dict[str, object]:
    """What is sent. Raises UsageError for what does not go together."""
    folder = Path.cwd()
    fields: dict[str, object] = {
        **submit_fields(folder),
        "title": given["title"],
        "plan": _read(given["plan"]),
        "report": _read(given["report"]),
        "note": given["note"],
        "branch": given["branch"],
        "target": given["target"],
        "change": given["change"],
        "draft": given["draft"],
        "uncommitted": _uncommitted(given),
    }
    fields |= {key: given[key] for key in ("agent", "session", "model") if given[key]}
    if given["value"] is not None:
        fields["value"] = _value(given)
        fields["uncommitted"] = False
    elif given["after"] is not None or given["remove"]:
        raise UsageError("--to and --remove say what a value becomes.", hint="Name it: --value")
    if not fields["title"] and not given["change"]:
        fields["title"] = _title(folder, given)
    return fields


def _uncommitted(given: dict[str, Any]) -> bool:
    """A branch is what is committed; a work tree is all that it holds."""
    if given["branch"] and given["committed"] is False:
        raise UsageError("A branch holds only what is committed.", hint="Leave out --uncommitted.")
    return not given["branch"] and not given["committed"]


def _read(source: Path | None) -> str:
    if source is None:
        return ""
    data = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    return data.decode("utf-8", "replace")


def _value(given: dict[str, Any]) -> dict[str, object]:
    if (given["after"] is None) == (not given["remove"]):
        raise UsageError("Say what the value becomes: --to JSON, --to @FILE, or --remove.")
    file, _, pointer = given["value"].partition("#")
    if pointer and not pointer.startswith("/"):
        raise UsageError(f"`{pointer}` is no JSON pointer.", hint="Write FILE#/name/0.")
    return {
        "sort": given["sort"],
        "file": os.path.abspath(file),
        "pointer": pointer,
        "after": None if given["remove"] else _after(given["after"], pointer),
    }


def _after(text: str, pointer: str) -> str:
    if text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    if pointer:
        try:
            json.loads(text)
        except ValueError as error:
            raise UsageError(
                f"What the value becomes is no JSON: {error}.", hint="Put a text into quotes."
            ) from error
    return text


def _title(folder: Path, given: dict[str, Any]) -> str:
    if given["value"] is not None:
        file, _, pointer = given["value"].partition("#")
        return f"{'remove' if given['remove'] else 'set'} {pointer or 'all'} of {Path(file).name}"
    return default_title(folder, branch=given["branch"], target=given["target"])


def default_title(folder: Path, *, branch: str = "", target: str = "") -> str:
    """The newest commit's subject, where there is one of this work; else the branch's name.

    Empty outside of a repository.
    """
    place = find_place(str(folder))
    if place is None:
        return ""
    tip = f"refs/heads/{branch}" if branch else "HEAD"
    into = target or place.target
    ahead = ask(folder, "log", "-1", "--format=%s", tip, f"^refs/heads/{into}", "--")
    name = branch or place.branch
    return ahead or (name if name != into else "") or f"work in {folder.name}"
