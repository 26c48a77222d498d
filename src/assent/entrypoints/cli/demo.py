"""`assent demo`: see the whole of it at work, without touching anything of the user's."""

import os
import shlex
import shutil
import signal
import sys
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import click

from assent.entrypoints.cli.up import login_link
from assent.entrypoints.demo import screen
from assent.entrypoints.demo.checks import check_all, outcome_of
from assent.entrypoints.demo.play import Cast, Played, cast
from assent.entrypoints.demo.script import Step, last_try, steps
from assent.entrypoints.demo.stage import Stage, set_stage

SCRIPTED_PERSON = "the demo's script"


@click.command()
@click.option("--auto", is_flag=True, help="Decide by a script, check the outcome, and end.")
@click.option("--open", "open_browser", is_flag=True, help="Open the inbox in your browser.")
def command(auto: bool, open_browser: bool) -> None:
    """Try Assent: a sample repository and a scripted agent through the real hooks."""
    if auto:
        _decide_by_script()
        return
    try:
        _let_decide(open_browser=open_browser)
    except KeyboardInterrupt:
        click.echo("\nThe demo is over, and all of it is removed.")


def _decide_by_script() -> None:
    started = time.monotonic()
    with _every_end_cleans_up(), set_stage(person=SCRIPTED_PERSON) as stage:
        screen.scene(stage)
        screen.title("The agent works, and a script decides")
        with cast(stage) as agent:
            played = []
            for step in steps(stage.sample.repo):
                done = agent.play(step, lambda step, number: _reply(stage, step, number))
                screen.played(done)
                played.append(done)
            screen.title("Assent is stopped, and the agent tries once more")
            stage.stop_daemon()
            unguarded = agent.play(last_try(), _nobody)
            screen.played(unguarded)
        checks = check_all(outcome_of(stage, played, unguarded))
    screen.checked(checks, seconds=time.monotonic() - started)
    if not all(check.holds for check in checks):
        raise click.exceptions.Exit(1)


def _reply(stage: Stage, step: Step, number: int) -> None:
    """Say what the script says about a step, the way any person's command line would."""
    reply = step.reply
    if reply is None:
        # Nothing was to be asked here: the checks will tell.
        stage.client.post(f"/api/requests/REQ-{number}/reject", {"reason": "Not in the script."})
        return
    said = {"reason": reply.reason, "text": reply.text, "confirm": str(number)}
    stage.client.post(f"/api/requests/REQ-{number}/{reply.verdict.value}", said)


def _nobody(_step: Step, _number: int) -> None:
    """A stopped Assent asks nobody."""


def _let_decide(*, open_browser: bool) -> None:
    with _every_end_cleans_up(), set_stage() as stage:
        screen.scene(stage)
        link = _link(stage)
        click.echo(f"\n  Your inbox, for one browser: {link}")
        click.echo(f"  Or in another terminal: {_inbox_command(stage)}")
        if open_browser:
            webbrowser.open(link)
        screen.title("The agent works, and you decide")
        with cast(stage) as agent:
            done = [_play(agent, step) for step in steps(stage.sample.repo)]
        asked = sum(one.asked is not None for one in done)
        click.echo(f"\nThe agent is done: {len(done)} calls, you were asked {asked} times.")
        click.echo("Look at the inbox as long as you like. Ctrl-C removes everything.")
        signal.pause()


def _play(agent: Cast, step: Step) -> Played:
    """One step. A plan that was not approved is changed and shown again, as real agents do."""
    while True:
        done = agent.play(step, screen.waits)
        screen.played(done)
        if done.ran or done.asked is None or "plan" not in step.arguments:
            return done
        changed = f"{step.arguments['plan']}\nChanged after this answer: {done.reason}\n"
        step = replace(step, arguments={"plan": changed})


def _link(stage: Stage) -> str:
    """A login link that leaves the browser logged in to the user's own inbox.

    Cookies ignore ports, so one for localhost would replace the one that is there.
    """
    return login_link(stage.client).replace("//localhost:", "//127.0.0.1:", 1)


def _inbox_command(stage: Stage) -> str:
    """A line for another terminal, whichever way this program was found."""
    program = "assent" if shutil.which("assent") else os.path.abspath(sys.argv[0])
    home = shlex.quote(str(stage.home.root))
    return f"export ASSENT_HOME={home}; {shlex.quote(program)} inbox --watch"


@contextmanager
def _every_end_cleans_up() -> Iterator[None]:
    """Take a request to end, or a closed terminal, like a Ctrl-C."""
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
