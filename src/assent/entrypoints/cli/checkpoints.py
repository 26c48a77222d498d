"""`assent checkpoints`: what can be gone back to in this project."""

import json
import time
from typing import Any
from urllib.parse import urlencode

import click

from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.text import age, visible_line
from assent.entrypoints.wiring import current_project

LIMIT_S = 120.0
"""A first look at a large project takes longer than other answers."""
WAYS = "assent undo CP-N --dry-run | assent undo CP-N | assent undo CP-N --path FILE"


@click.command()
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=500),
    default=20,
    show_default=True,
    help="How many.",
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(limit: int, as_json: bool) -> None:
    """List the checkpoints of this project, newest first."""
    query = urlencode(
        {"workspace": str(current_project()), "limit": limit}, errors="surrogateescape"
    )
    listed = connect().get(f"/api/checkpoints?{query}", limit_s=LIMIT_S)
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    rows = listed["checkpoints"]
    if not rows:
        click.echo(f"No checkpoints of {visible_line(listed['workspace'])} yet.")
        return
    click.echo("\n".join(_line(row) for row in rows))
    if listed["trouble"]:
        click.echo(f"What differs now cannot be told: {visible_line(listed['trouble'])}", err=True)
    click.echo(WAYS)


def _line(row: dict[str, Any]) -> str:
    ago = age(int(time.time() * 1000) - row["at"])
    by = visible_line(row["by"] or "-")
    title = click.style(visible_line(row["title"]), bold=True)
    return f"{row['name']:>8}  {ago:>6}  {by:12}  {title}  {_since(row)}".rstrip()


def _since(row: dict[str, Any]) -> str:
    """How many files differ from it now."""
    count = row["differs"]
    if count is None:
        return ""
    if count == 0:
        return "(as now)"
    return f"({count:,} file{'s' * (count != 1)} changed since)"
