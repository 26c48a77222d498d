"""`assent down`: stop the daemon and wait until it is gone."""

import os
import signal
import time
from contextlib import suppress

import click

from assent.entrypoints.cli.client import Client, held
from assent.entrypoints.home import find_home
from assent.errors import UnavailableError

GONE_LIMIT_S = 10.0
POLL_S = 0.05


@click.command()
def command() -> None:
    """Stop Assent. What waits for a person is kept; agents are refused until it is up again."""
    home = find_home()
    if not held(home):
        click.echo("Assent is not running.")
        return
    pid = Client(home).pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + GONE_LIMIT_S
    while held(home):
        if time.monotonic() > give_up:
            raise UnavailableError(
                f"Assent (pid {pid}) does not stop.",
                hint=f"End it: kill -9 {pid}. Nothing that waits is lost by that.",
            )
        time.sleep(POLL_S)
    click.echo("Assent is down. Agents with its hooks are refused until: assent up")
