"""`assent undo`: bring the project's files back to a checkpoint."""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.text import moment, visible_line
from assent.entrypoints.wiring import current_project
from assent.errors import NotFoundError, UsageError

LISTED = 40
"""Files of each sort that are listed before the rest is counted."""
LIMIT_S = 120.0
"""A first look at a large project takes longer than other answers."""
_NAME = re.compile(r"(?:cp-)?[0-9]{1,15}", re.IGNORECASE)


@click.command()
@click.argument("name", metavar="[ID]", default="newest")
@click.option("--path", "paths", multiple=True, help="Only this file or folder; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only show what would happen.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(name: str, paths: tuple[str, ...], dry_run: bool, yes: bool) -> None:
    """Go back to the checkpoint ID; without one, to before the last call that changed files.

    What is there now is kept in a checkpoint of its own first, so that an undo can be undone.
    """
    if name != "newest" and not _NAME.fullmatch(name):
        raise NotFoundError(
            "There is no such checkpoint.", hint="They are named like CP-7; see: assent checkpoints"
        )
    project, client = current_project(), connect()
    wanted = _from_root(paths, project)
    query = [("workspace", str(project)), *(("path", path) for path in wanted)]
    asked = urlencode(query, errors="surrogateescape")
    foreseen = client.get(f"/api/checkpoints/{name}/preview?{asked}", limit_s=LIMIT_S)
    click.echo("\n".join(_described(foreseen)))
    if not (foreseen["writes"] or foreseen["deletes"]) or dry_run:
        return
    if not yes:
        _ask(foreseen)
    number = foreseen["checkpoint"]["number"]
    fields: dict[str, object] = {"seen": foreseen["now"]}
    if wanted:
        fields["paths"] = list(wanted)
    undone = client.post(f"/api/checkpoints/{number}/restore", fields, limit_s=LIMIT_S)
    left = [item for item in undone["leaves"] if item not in foreseen["leaves"]]
    for item in left:
        click.echo(f"left as it is: {visible_line(item['path'])}: {visible_line(item['why'])}")
    click.echo(f"Undone. To take this back: assent undo {undone['safety']['name']}")


def _from_root(paths: Sequence[str], project: Path) -> tuple[str, ...]:
    """The paths as the project has them. Raises UsageError for one that lies elsewhere."""
    found = []
    for path in paths:
        written = Path(path)
        folder = (written if written.is_absolute() else Path.cwd() / written).parent.resolve()
        whole = folder / written.name if written.name not in ("", "..") else written.resolve()
        if not whole.is_relative_to(project):
            raise UsageError(f"{visible_line(path)} does not lie in {visible_line(str(project))}.")
        found.append(str(whole.relative_to(project)))
    return tuple(found)


def _ask(foreseen: dict[str, Any]) -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "There is no terminal to ask in.", hint="Add --yes if all of it may be undone."
        )
    count = len(foreseen["writes"]) + len(foreseen["deletes"])
    if not click.confirm(f"Undo {count:,} file{'s' * (count != 1)}?", default=False):
        click.echo("Nothing was undone.")
        raise click.Abort


def _described(foreseen: dict[str, Any]) -> Iterator[str]:
    """What would happen, file by file."""
    made = foreseen["checkpoint"]
    yield f"{made['name']}, {moment(made['at'])}: {visible_line(made['title'])}"
    if not (foreseen["writes"] or foreseen["deletes"]):
        yield "Nothing differs from it."
    yield from _files("write", foreseen["writes"])
    yield from _files("delete", foreseen["deletes"])
    leaves = [f"{item['path']}: {item['why']}" for item in foreseen["leaves"]]
    yield from _files("leave", leaves)


def _files(what: str, paths: Sequence[str]) -> Iterator[str]:
    for path in paths[:LISTED]:
        yield f"  {what:6}  {visible_line(path)}"
    if len(paths) > LISTED:
        yield f"  {what:6}  and {len(paths) - LISTED:,} more"
