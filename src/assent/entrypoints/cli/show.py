"""`assent show`: one request in full, in the order a person needs it."""

import json
from collections.abc import Iterator
from typing import Any

import click

from assent.entrypoints.cli.client import connect, request_path
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.show_who import who_lines
from assent.entrypoints.cli.text import moment, visible_block, visible_line

HARMLESS = frozenset({"trivial", "low"})


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def command(request_name: str, as_json: bool) -> None:
    """Show the request ID (`12` or `REQ-12`) in full."""
    request = connect().get(request_path(request_name))
    click.echo(json.dumps(request, indent=2) if as_json else "\n".join(describe(request)))


def describe(request: dict[str, Any]) -> Iterator[str]:
    """What exactly, why asked, what if it goes wrong, for what, what the agent says, what now."""
    title = click.style(visible_line(request["title"]), bold=True)
    yield f"{request['name']}  {mark(request['class'])}  {title}"
    yield visible_line(request["standing"])
    yield ""
    yield from _action(request["action"])
    if request["runs"] is not None and request["runs"] != request["action"]:
        yield "Changed by a person; this runs instead:"
        yield from _action(request["runs"])
    yield ""
    for item in _reasons(request):
        yield f"Asked because: {visible_line(item['what'])} (rule `{item['rule']}`)"
    if all(item["what"] != request["why"] for item in _reasons(request)):
        yield f"Policy: {visible_line(request['why'])} (rule `{request['rule']}`)"
    yield f"Undo: {visible_line(request['undo'])}"
    agent = f"{request['agent_title']} {visible_line(request['model'])}".rstrip()
    yield (
        f"From: {agent} in {visible_line(request['cwd'])}, "
        f"session {visible_line(request['session'])}"
    )
    yield f"Asked {moment(request['created_at'])}, expires {moment(request['expires_at'])}"
    yield from who_lines(request)
    if request["purpose"]:
        yield f"For, as the agent says, unverified: {visible_line(request['purpose'])}"
    if request["rollback"]:
        yield f"Undo, as the agent says, unverified: {visible_line(request['rollback'])}"
    if request["prose"] and request["prose"] != request["purpose"]:
        yield f"The agent says, unverified: {visible_line(request['prose'])}"
    for said in request["decisions"]:
        reason = f": {visible_line(said['reason'])}" if said["reason"] else ""
        name = said["in_name_of"]
        who = visible_line(f"{said['by']} for {name}" if name else said["by"])
        known = f"{said['via']}, {how_known(said)}"
        yield f"{moment(said['at'])} {said['verdict']} by {who} ({known}){reason}"
    if request["state"] == "pending" and request["asked_in"] == "inbox":
        yield ""
        yield from _ways(request)


def how_known(said: dict[str, Any]) -> str:
    """What shows that it was this person who said it."""
    return _KNOWN_BY.get(said["factor"], _SERVER) if said["envelope"] else _SERVER


_SERVER = "the server says so"
_KNOWN_BY = {
    "passkey": "signed with a passkey",
    "touch": "signed with a key that was touched",
    "key": "signed with a key",
}


def _ways(request: dict[str, Any]) -> Iterator[str]:
    """The commands that decide it."""
    number = request["number"]
    confirm = f" --confirm {request['name']}" if request["tier"] == "approve" else ""
    yield f"assent approve {number}{confirm}"
    if request["makes_known"]:
        names = ", ".join(visible_line(name) for name in request["makes_known"])
        yield f"    From then on {names} runs in this project without asking; not so with --once."
    for scope in dict.fromkeys(_scopes(request)):
        yield f"assent approve {number} --grant '{visible_line(scope)}' --for 8h"
    yield f"assent reject {number} --reason TEXT"
    if request["editable"] is not None:
        yield f"assent modify {number}"
    yield f"assent delay {number} --until 30m"
    yield f"assent refer {number} --to NAME"


def _scopes(request: dict[str, Any]) -> Iterator[str]:
    """What may be allowed for longer: never what cannot be taken back."""
    for item in request["evidence"]:
        if item["scope"] and item["class"] != "irreversible" and not item["scope"].endswith(" "):
            yield item["scope"]


def _reasons(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The evidence that matters: what is harmless stays out unless there is nothing else."""
    evidence: list[dict[str, Any]] = request["evidence"]
    return [item for item in evidence if item["class"] not in HARMLESS] or evidence


def _action(action: dict[str, Any]) -> Iterator[str]:
    """The exact action; a terminal cannot be made to hide or move any of it."""
    match action["kind"]:
        case "command":
            yield from _command(action)
        case "edit" | "unexplained":
            for change in action["changes"]:
                yield from _change(change)
        case "plan":
            yield visible_block(action["text"].rstrip("\n"), indent="    ")
        case _:
            for name, value in action.items():
                text = "\n".join(value) if isinstance(value, list) else str(value)
                yield f"{name}: {visible_block(text)}"


def _command(action: dict[str, Any]) -> Iterator[str]:
    script = action["script"]
    text = script if isinstance(script, str) else json.dumps(script)
    yield visible_block(text, indent="    ")
    yield f"in {visible_line(action['cwd'])}"
    for name, value in action["env"]:
        yield f"with {visible_line(f'{name}={value}')}"
    for path, digest in action.get("operands", ()):
        yield f"runs {visible_line(path)} as it is now ({digest[:19]}…)"
    if action["interactive"]:
        yield "in a terminal into which more can be typed without asking again"


def _change(change: dict[str, Any]) -> Iterator[str]:
    moved = change["moved_to"]
    target = "" if moved is None else f" to {visible_line(moved)}"
    yield f"{change['kind']} {visible_line(change['path'])}{target}"
    if change["diff"]:
        yield visible_block(change["diff"], indent="    ")
    elif change["before"] != change["after"]:
        before, after = (change[when] or "no file" for when in ("before", "after"))
        yield f"    not text: {before} becomes {after}"
