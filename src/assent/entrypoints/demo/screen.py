"""What the demo says in the terminal: one line for each thing that happened, verbs first."""

import shutil
import textwrap
from collections.abc import Sequence

import click

from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.demo.checks import Check
from assent.entrypoints.demo.play import Played
from assent.entrypoints.demo.script import Step
from assent.entrypoints.demo.stage import Stage

VERB, OBJECT = 10, 50
INDENT = " " * (VERB + 2)

_COLOURS = {
    "ran": "green",
    "approved": "green",
    "changed": "cyan",
    "waits": "yellow",
    "stopped": "red",
    "refused": "red",
    "failed": "red",
}


def title(text: str) -> None:
    click.echo(click.style(f"\n{text}", bold=True))


def scene(stage: Stage) -> None:
    """Where everything is."""
    title("A coding agent, and Assent between it and everything it can change")
    click.echo(f"  All of it is in {stage.root} and is removed at the end.")
    click.echo("  Your own Assent, agents and files are not touched.")


def waits(step: Step, number: int) -> None:
    _line("waits", step.shown, f"REQ-{number}, for you")


def played(done: Played) -> None:
    """The outcome of one step, with what the agent was told when it did not run."""
    verb = verb_of(done)
    if not done.ran:
        _line(verb, done.step.shown, "did not run")
        _told(done.reason)
        return
    note = {"ran": "at once", "approved": "ran", "changed": "ran as changed"}[verb]
    _line(verb, done.step.shown, note if done.is_ok else f"{note}, and failed")
    if done.is_changed:
        ran = done.arguments.get("command", "")
        click.echo(f"{INDENT}{click.style('ran:', dim=True)} {visible_line(str(ran))}")


def verb_of(done: Played) -> str:
    """What became of the call, in one word."""
    if done.ran:
        return "ran" if done.asked is None else "changed" if done.is_changed else "approved"
    return "refused" if done.asked is None else "stopped"


def _line(verb: str, what: str, note: str) -> None:
    word = click.style(f"{verb:{VERB}}", fg=_COLOURS[verb])
    click.echo(f"  {word}{visible_line(what):{OBJECT}} {click.style(note, dim=True)}".rstrip())


def _told(reason: str) -> None:
    width = max(shutil.get_terminal_size().columns - 2, 60)
    lead = f"{INDENT}the agent reads: "
    text = textwrap.fill(visible_line(reason), width, initial_indent=lead, subsequent_indent=INDENT)
    click.echo(click.style(text, dim=True))


def checked(checks: Sequence[Check], *, seconds: float) -> None:
    """The outcome of every check, and the sum."""
    title("Checked")
    for check in checks:
        mark = click.style("holds ", fg="green") if check.holds else click.style("BROKEN", fg="red")
        click.echo(f"  {mark}    {check.promise}")
        for fault in check.faults:
            click.echo(f"{INDENT}{visible_line(fault)}")
    held = sum(check.holds for check in checks)
    click.echo(f"\n{held} of {len(checks)} promises hold. {seconds:.1f} s")
