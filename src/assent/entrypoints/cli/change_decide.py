"""What people say about a change: accept, reject, comment, merge, revert, abandon, ready."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from assent.entrypoints.cli.change_calls import by_a_person, change_path, one_change, say
from assent.entrypoints.cli.change_pick import pick
from assent.entrypoints.cli.change_words import describe, row
from assent.entrypoints.cli.client import connect
from assent.entrypoints.cli.signing import signed_fields, signing_options, wants_signature
from assent.errors import UsageError

Hunk = Mapping[str, Any]
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<line>\d{1,9}))?")
_PREFIX = 6
"""Characters of a hunk's id that are enough to name it."""

json_option = click.option("--json", "as_json", is_flag=True, help="For scripts.")
change_argument = click.argument("name", metavar="CHANGE")


def _tell(change: Mapping[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(change, indent=2) if as_json else row(change).strip())


@click.command()
@change_argument
@click.option("--all", "every", is_flag=True, help="All hunks.")
@click.option("--hunk", "hunks", multiple=True, metavar="ID", help="These hunks.")
@click.option("--file", "files", multiple=True, metavar="PATH", help="All hunks of these files.")
@click.option("--except", "out", multiple=True, metavar="ID|PATH", help="But not these.")
@click.option("--confirm", default="", help="The change's name, for scripts: ask nothing.")
@click.option("--reason", "--despite", default="", help="Why, for instance despite an error found.")
@click.option(
    "--for", "in_name_of", default="", metavar="NAME", help="Who let you decide for them."
)
@signing_options
@json_option
def accept(
    name: str,
    every: bool,
    hunks: tuple[str, ...],
    files: tuple[str, ...],
    out: tuple[str, ...],
    confirm: str,
    reason: str,
    as_json: bool,
    **voice: str,
) -> None:
    """Accept CHANGE, or a part of it: what is not accepted stays out and goes back to its maker.

    Without options, in a terminal, its hunks are shown one by one.
    """
    by_a_person()
    change: Mapping[str, Any] = one_change(name)
    if every or hunks or files:
        chosen = choose(change, every=every, hunks=hunks, files=files, out=out)
        if not confirm and sys.stdin.isatty():
            click.echo("\n".join(describe(change)))
    elif out:
        raise UsageError("--except takes something out of --all or --file.")
    elif not sys.stdin.isatty():
        raise UsageError(
            f"Say what of {change['name']} you accept, for there is no terminal to ask in.",
            hint="Look at it first: assent change show. Then: --all, --file PATH or --hunk ID",
        )
    else:
        change, chosen = pick(change)
    if not chosen:
        raise UsageError(f"No hunk of {change['name']} is accepted, so nothing was decided.")
    in_name_of, signing = voice.pop("in_name_of"), voice
    signs = wants_signature(**signing)
    change = _one_by_one(change, chosen, named=bool(hunks), signs=signs)
    fields = {
        "version": change["version"],
        "revision": change["revision"],
        "hunks": [hunk["id"] for hunk in chosen],
        "reason": reason,
        # To sign it is deliberate enough.
        "confirm": confirm if signs else _confirmed(change, chosen, confirm),
        "in_name_of": in_name_of,
    }
    signed = _signed(name, "accept", fields, **signing)
    _tell(say(name, "accept", signed), as_json=as_json)


def _signed(
    name: str, word: str, fields: Mapping[str, object], *, sign_key: str, as_name: str
) -> Mapping[str, object]:
    path = change_path(name, "statement")
    return signed_fields(path, word, fields, sign_key=sign_key, as_name=as_name)


def choose(
    change: Mapping[str, Any],
    *,
    every: bool = False,
    hunks: Sequence[str] = (),
    files: Sequence[str] = (),
    out: Sequence[str] = (),
) -> list[Hunk]:
    """The hunks that options name. Raises UsageError for what names none."""
    left_out = {hunk["id"] for word in out for hunk in _named(change, word)}
    words = (*hunks, *files)
    named = {hunk["id"] for word in words for hunk in _named(change, word)}
    return [
        hunk
        for hunk in change["hunks"]
        if (every or hunk["id"] in named) and hunk["id"] not in left_out
    ]


def _named(change: Mapping[str, Any], word: str) -> list[Hunk]:
    of_path = [hunk for hunk in change["hunks"] if hunk["path"] == word]
    begun = [
        hunk
        for hunk in change["hunks"]
        if len(word) >= _PREFIX and hunk["id"].startswith(word.lower())
    ]
    if of_path or len(begun) == 1:
        return of_path or begun
    raise UsageError(
        f"`{word}` names no hunk and no file of {change['name']}.",
        hint=f"See: assent change show {change['number']}",
    )


def _one_by_one(
    change: Mapping[str, Any], chosen: Sequence[Hunk], *, named: bool, signs: bool
) -> Mapping[str, Any]:
    """Say by itself of each hunk that cannot be taken back that it is accepted; what is signed
    names each of them."""
    if not change["one_by_one"]:
        return change
    grave = [
        hunk for hunk in chosen if hunk["class"] == "irreversible" and hunk["stance"] != "accepted"
    ]
    if grave and not sys.stdin.isatty() and not named:
        ids = " ".join(f"--hunk {hunk['id'][:12]}" for hunk in chosen)
        raise UsageError(
            f"{len(grave)} of these cannot be taken back, and each is accepted by itself.",
            hint=f"Name what you accept one by one: {ids}",
        )
    for hunk in grave:
        if sys.stdin.isatty() and not named:
            question = f"{hunk['path']} line {hunk['line']}: {hunk['what']}. Accept this one?"
            if not click.confirm(question, default=False):
                click.echo("Nothing was accepted.")
                raise click.Abort
        if signs:
            continue
        fields = {"hunks": [hunk["id"]], "stance": "accept", "revision": change["revision"]}
        change = say(change["name"], "stance", fields)
    return change


def _confirmed(change: Mapping[str, Any], chosen: Sequence[Hunk], confirm: str) -> str:
    """The words that confirm it: those given, or what the person at the terminal does.

    Raises UsageError where nobody can be asked, and click.Abort when it is not confirmed.
    """
    name, every = str(change["name"]), len(change["hunks"])
    if confirm:
        return confirm
    if not sys.stdin.isatty():
        if not change["one_by_one"]:
            return ""
        raise UsageError(
            f"{name} needs to be confirmed, and there is no terminal to ask in.",
            hint=f"Look at it first: assent change show {change['number']}. "
            f"Then add --confirm {name}",
        )
    part = "all of it" if len(chosen) == every else f"{len(chosen)} of {every} hunks"
    if change["one_by_one"]:
        said: str = click.prompt(f"Type {name} to accept {part}", default="", show_default=False)
        if said.strip().upper() == name:
            return said
    elif click.confirm(f"Accept {part}?", default=False):
        return name
    click.echo("Nothing was accepted.")
    raise click.Abort


@click.command()
@change_argument
@click.option("--reason", required=True, help="Its maker reads it: say what to do instead.")
@click.option("--hunk", "hunks", multiple=True, metavar="ID", help="Reject these hunks.")
@click.option("--file", "files", multiple=True, metavar="PATH", help="Reject these files.")
@signing_options
@json_option
def reject(
    name: str,
    reason: str,
    hunks: tuple[str, ...],
    files: tuple[str, ...],
    sign_key: str,
    as_name: str,
    as_json: bool,
) -> None:
    """Send CHANGE back to its maker, with the reason and all open comments."""
    by_a_person()
    change = one_change(name)
    fields = {
        "reason": reason,
        "version": change["version"],
        "revision": change["revision"],
        "hunks": [hunk["id"] for hunk in choose(change, hunks=hunks, files=files)],
    }
    signed = _signed(name, "reject", fields, sign_key=sign_key, as_name=as_name)
    _tell(say(name, "reject", signed), as_json=as_json)


@click.command()
@change_argument
@click.argument("text")
@click.option("--at", metavar="PATH[:LINE]", default="", help="About a file, or a line of it.")
@json_option
def comment(name: str, text: str, at: str, as_json: bool) -> None:
    """Say TEXT about CHANGE, a file of it or a line. It stays open until it is resolved."""
    change = one_change(name)
    fields: dict[str, object] = {"text": text, "revision": change["revision"]}
    if at:
        fields |= _where(name, change, at)
    _tell(say(name, "comment", fields), as_json=as_json)


def _where(name: str, change: Mapping[str, Any], at: str) -> dict[str, object]:
    """The place of a comment, with the line's text. Raises UsageError for one that is not there."""
    paths = {hunk["path"] for hunk in change["hunks"]}
    match = _PLACE.fullmatch(at)
    path, line = (at, 0) if match is None else (match["path"], int(match["line"] or 0))
    if at in paths:
        path, line = at, 0
    if path not in paths:
        raise UsageError(
            f"{change['name']} does not change {path}.",
            hint=f"See: assent change show {change['number']}",
        )
    quote = ""
    for file in connect().get(change_path(name, "diff"))["files"]:
        if file["path"] == path and line:
            quote = _text_of(file, line)
    return {"path": path, "line": line, "quote": quote[:1000]}


def _text_of(file: Mapping[str, Any], wanted: int) -> str:
    """A line of the new file, where the difference shows it."""
    for hunk in file["hunks"]:
        number = hunk["new_start"]
        for line in hunk["lines"]:
            if line[:1] in ("+", " "):
                if number == wanted:
                    return str(line[1:])
                number += 1
    return ""


@click.command()
@change_argument
@json_option
def merge(name: str, as_json: bool) -> None:
    """Put CHANGE into the queue again after it left it, or now after it was accepted."""
    by_a_person()
    change = one_change(name)
    _tell(say(name, "merge", {"version": change["version"]}), as_json=as_json)


@click.command()
@change_argument
@click.option("--reason", default="", help="Kept in the record.")
@json_option
def revert(name: str, reason: str, as_json: bool) -> None:
    """Take a merged CHANGE back, by a change of its own that goes through the queue."""
    by_a_person()
    _tell(say(name, "revert", {"reason": reason}), as_json=as_json)


@click.command()
@change_argument
@click.option("--reason", default="", help="Kept in the record.")
@json_option
def abandon(name: str, reason: str, as_json: bool) -> None:
    """Give CHANGE up. Nothing of it is merged; its branch stays as it is."""
    _tell(say(name, "abandon", {"reason": reason}), as_json=as_json)


@click.command()
@change_argument
@json_option
def ready(name: str, as_json: bool) -> None:
    """Hand a draft in for review."""
    _tell(say(name, "ready", {}), as_json=as_json)
