"""Waiting until a change is merged, or needs its maker again."""

import time
from typing import Any

import click

from assent.entrypoints.cli.change_calls import change_path
from assent.entrypoints.cli.change_words import standing
from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.text import visible_block
from assent.errors import UnavailableError

REFUSED = 1
RETRY_S = 2.0
ENDS = frozenset(("merged", "changes_requested", "ejected", "abandoned", "reverted", "draft"))
"""States in which Assent does nothing more by itself."""
_MOVES = (b"retry:", b"data:")
"""Lines of the stream after which a change may stand elsewhere."""


def wait_for(client: Client, name: str, *, quiet: bool = False) -> dict[str, Any]:
    """The change once it is merged or came back; what happens on the way is printed.

    A daemon that is stopped in between is waited for.
    """
    told = ""
    while True:
        try:
            for line in client.stream("/api/events"):
                if not line.startswith(_MOVES):
                    continue
                change: dict[str, Any] = client.get(change_path(name))
                now = standing(change)
                if now != told and not quiet:
                    click.echo(f"{change['name']}: {now}")
                told = now
                if change["state"] in ENDS:
                    if not quiet:
                        _tell(change)
                    return change
        except UnavailableError:
            pass
        time.sleep(RETRY_S)
        client = _reconnected(client)


def _tell(change: dict[str, Any]) -> None:
    """What its maker has to change, and where."""
    if change["state"] in ("changes_requested", "ejected"):
        click.echo(visible_block(change["to_do"]["text"]))


def _reconnected(client: Client) -> Client:
    try:
        return connect()
    except UnavailableError:
        return client
