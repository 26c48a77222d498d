"""`assent policy replay`: what a draft would have said about what is on record."""

import json
from pathlib import Path

import click

from assent.app.replay_policy import Changed, Replay, replay_fields
from assent.app.replay_policy import replay as replay_entries
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.policy.sources import json_option, place
from assent.entrypoints.cli.text import moment, visible_line

LIMIT = 20_000


@click.command()
@click.argument(
    "draft",
    metavar="[FILE]",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=LIMIT,
    show_default=True,
    help="How many of the newest entries are looked at.",
)
@json_option
def replay(draft: Path | None, number: int, as_json: bool) -> None:
    """Route the calls on record again under FILE (the repository's policy file).

    Says how many questions the draft would have saved or added, and which decisions it would have
    changed; first those that a person rejected and it would let through.
    """
    with place() as here:
        policy = here.policy(draft or here.own_file())
        entries = here.gate.store.read(lambda view: view.entries(limit=number))
        found = replay_entries(entries, policy, workspace=str(here.project))
    click.echo(json.dumps(replay_fields(found), indent=2) if as_json else _words(found))


def _words(found: Replay) -> str:
    if not found.calls:
        return "Nothing is on record for this repository yet."
    before, after = found.asked_before, found.asked_after
    lines = [
        f"{found.calls} calls on record: {before} asked about, by the draft {after}.",
        f"Saved {found.saved} questions, added {found.added}; refused {found.refused} more calls.",
    ]
    if found.released:
        lines.append(f"It would let through {found.released} that a person rejected.")
    if found.lacking:
        lines.append(f"{found.lacking} were recorded without what is needed to route them again.")
    lines += map(_line, found.changed)
    return "\n".join(lines)


def _line(each: Changed) -> str:
    person = f", a person said {each.person}" if each.person else ""
    return (
        f"  {moment(each.at)}  {mark(each.risk)}  {visible_line(each.title)}  "
        f"{each.before.value} -> {each.after.value} (rule `{each.rule}`{person})"
    )
