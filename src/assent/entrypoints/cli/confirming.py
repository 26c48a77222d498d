"""What the hand does in a terminal before a request is approved, as its tier wants."""

import sys
from typing import Any

import click

from assent.entrypoints.cli.show import describe
from assent.errors import UsageError

ACKNOWLEDGE = "acknowledge"
APPROVE = "approve"


def confirmed(request: dict[str, Any], confirm: str) -> str:
    """The words that confirm an approval: those given, or what the person at the terminal does.

    An acknowledgement needs none. Otherwise the whole request is shown first; then a review is
    confirmed by a yes, and an approval by typing the request's name. Raises UsageError where
    nobody can be asked, and click.Abort when the person does not confirm.
    """
    tier, name = request["tier"], str(request["name"])
    if confirm or tier == ACKNOWLEDGE or request["state"] != "pending":
        return confirm
    if not sys.stdin.isatty():
        raise UsageError(
            f"{name} needs to be confirmed ({tier}), and there is no terminal to ask in.",
            hint=f"Look at it first: assent show {request['number']}. Then add --confirm {name}",
        )
    click.echo("\n".join(describe(request)))
    return _typed(name) if tier == APPROVE else _read()


def shown(request: dict[str, Any]) -> str:
    """Show the whole request before it is signed: the signature confirms it, so no word does."""
    click.echo("\n".join(describe(request)), err=True)
    return ""


def _typed(name: str) -> str:
    said: str = click.prompt(f"Type {name} to approve it", default="", show_default=False)
    if said.strip().upper() != name:
        click.echo("Nothing was approved.")
        raise click.Abort
    return said


def _read() -> str:
    if not click.confirm("You read all of it, and it may run?", default=False):
        click.echo("Nothing was approved.")
        raise click.Abort
    return "read"
