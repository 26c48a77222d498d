"""`assent up`: start the daemon, wait until it answers, print the link to the inbox."""

import os
import subprocess
import sys
import time

import click

from assent.entrypoints.cli.client import Client, held
from assent.entrypoints.home import Home, find_home
from assent.errors import IntegrityError, UnavailableError

READY_LIMIT_S = 20.0
POLL_S = 0.05


@click.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal, for service managers.")
@click.option("--no-link", is_flag=True, help="Do not print a login link.")
def command(foreground: bool, no_link: bool) -> None:
    """Start Assent and print the link to the inbox."""
    home = find_home()
    if foreground:
        sys.exit(run_here())
    client = start_daemon(home)
    click.echo(f"Assent is up (pid {client.pid}) at {client.page}")
    if not no_link:
        click.echo(f"Open your inbox, once and within 10 minutes: {login_link(client)}")


def run_here() -> int:
    """Run the daemon in this process until it is stopped."""
    from assent.entrypoints.daemon import main  # noqa: PLC0415  (costs most of a second)

    return main()


def start_daemon(home: Home) -> Client:
    """The running daemon, started first when there is none.

    Raises UnavailableError with the daemon's own last line when it does not come up, and
    IntegrityError when its database is damaged.
    """
    running = reach(home)
    if running is not None:
        return running
    home.make()
    errors = home.log.with_name("daemon.err")
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "assent.entrypoints.daemon"],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            # The home may be named relative to the folder we are in, which the daemon leaves.
            env={**os.environ, "ASSENT_HOME": str(home.root)},
            cwd="/",
            start_new_session=True,
        )
    give_up = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < give_up:
        running = reach(home)
        if running is not None:
            return running
        # One that ended because another was first leaves that other to be waited for.
        if process.poll() is not None and not held(home):
            break
        time.sleep(POLL_S)
    said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    why = said[-1].removeprefix("assent: ") if said else f"no answer in {READY_LIMIT_S:.0f} s"
    kind = IntegrityError if process.poll() == IntegrityError.exit_code else UnavailableError
    raise kind(f"Assent did not start: {why}", hint=f"See: {home.log}")


def reach(home: Home) -> Client | None:
    """The daemon, if it answers."""
    try:
        client = Client(home)
        client.get("/api/status")
    except UnavailableError:
        return None
    return client


def login_link(client: Client) -> str:
    return client.page + str(client.post("/api/login-links", {})["path"])
