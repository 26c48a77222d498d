"""Hunk by hunk in the terminal, with the keys of the page: `y` accept, `u` undecide, `-` reject."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from assent.entrypoints.cli.change_calls import change_path, say
from assent.entrypoints.cli.change_words import (
    by_risk,
    describe,
    file_head,
    finding,
    hunk_lines,
    shows,
)
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.text import visible_line

KEYS = "y accept, - reject, u undecided, n next, p back, d done, q quit and decide nothing"
STANCES = {"y": "accept", "u": "undecide", "-": "reject"}

Hunk = Mapping[str, Any]
Change = Mapping[str, Any]


def _key() -> str:
    return click.getchar()


def _words(question: str) -> str:
    said: str = click.prompt(question, default="", show_default=False)
    return said


def pick(
    change: Change, *, key: Callable[[], str] = _key, words: Callable[[str], str] = _words
) -> tuple[Change, list[Hunk]]:
    """Show each hunk, the riskiest file first; the change then, and the hunks that are accepted.

    What is said of a hunk is kept with the change at once, also when the person quits, which
    raises click.Abort.
    """
    files = connect().get(change_path(change["name"], "diff"))["files"]
    shown = {hunk["id"]: (file, hunk) for file in files for hunk in file["hunks"]}
    order = [hunk["id"] for _, hunks in by_risk(change["hunks"]) for hunk in hunks]
    click.echo("\n".join(describe(change)))
    click.echo(f"\n{KEYS}")
    at = _first_undecided(change, order)
    while at < len(order):
        _show(change, order[at], at=at, of=len(order), shown=shown)
        pressed = key()
        if pressed in ("q", "\x03", "\x04", ""):
            click.echo("Nothing was decided; what you said of hunks is kept.")
            raise click.Abort
        if pressed == "d":
            break
        if pressed in STANCES:
            change = _say(change, order[at], STANCES[pressed], words)
        at = max(0, at - 1) if pressed == "p" else at + (pressed in STANCES or pressed == "n")
        if pressed not in STANCES and pressed not in ("n", "p"):
            click.echo(KEYS)
    return change, [hunk for hunk in change["hunks"] if hunk["stance"] == "accepted"]


def _first_undecided(change: Change, order: Sequence[str]) -> int:
    stances = {hunk["id"]: hunk["stance"] for hunk in change["hunks"]}
    undecided = (at for at, each in enumerate(order) if stances[each] == "undecided")
    return next(undecided, 0)


def _say(
    change: Change, hunk_id: str, stance: str, words: Callable[[str], str]
) -> Mapping[str, Any]:
    reason = words("Why? Its maker reads it") if stance == "reject" else ""
    return say(
        change["name"],
        "stance",
        {
            "hunks": [hunk_id],
            "stance": stance,
            "reason": reason,
            "revision": change["revision"],
        },
    )


def _show(
    change: Change,
    hunk_id: str,
    *,
    at: int,
    of: int,
    shown: Mapping[str, tuple[Mapping[str, Any], Hunk]],
) -> None:
    told = next(hunk for hunk in change["hunks"] if hunk["id"] == hunk_id)
    what = f"  {visible_line(told['what'])}" if told["what"] else ""
    click.echo("")
    if hunk_id in shown:
        file, hunk = shown[hunk_id]
        click.echo(file_head(file))
        click.echo("\n".join(hunk_lines(hunk)))
        for each in change["findings"]:
            here = each["path"] == file["path"] and shows(hunk, each["line"])
            if here and each["standing"] != "gone":
                click.echo("\n".join(finding(each)))
    click.echo(f"{at + 1} of {of}: {mark(told['class'])}, {told['stance']}{what}  [y/-/u/n/p/d/q]")
