"""`assent policy explain`: why a call would be let through, asked about or refused."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from assent.app.explain_policy import (
    Explanation,
    explain_call,
    explain_request,
    explanation_fields,
)
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.policy.calls import AGENT, proposed
from assent.entrypoints.cli.policy.sources import Place, json_option, place, policy_option
from assent.entrypoints.cli.text import visible_line
from assent.errors import NotFoundError, UsageError


@click.command()
@click.argument("command_text", metavar="[COMMAND]", default="")
@click.option("--edit", "edited", metavar="PATH", help="An edit of this file instead.")
@click.option(
    "--with",
    "source",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="For --edit: a file with the new content, or - for standard input.",
)
@click.option("--tool", metavar="SERVER/TOOL", help="A call of this tool instead.")
@click.option("--request", "request_name", metavar="ID", help="A request, as it was graded.")
@click.option("--agent", default=AGENT, show_default=True, help="Whose call it is.")
@policy_option
@json_option
def explain(
    command_text: str,
    edited: str | None,
    source: Path | None,
    tool: str | None,
    request_name: str | None,
    agent: str,
    file: Path | None,
    as_json: bool,
) -> None:
    """Explain what would become of COMMAND, an edit, a tool call, or a request. Runs nothing."""
    given = [each for each in (command_text, edited, tool, request_name) if each]
    if len(given) != 1:
        raise UsageError("Name one thing: a command, --edit PATH, --tool NAME or --request ID.")
    with place() as here:
        if request_name:
            explained = _request(here, request_name, file)
        else:
            kind = "edit" if edited else "tool" if tool else "command"
            content = _content(source) if kind == "edit" else ""
            proposal = proposed(kind, given[0], project=here.project, content=content, agent=agent)
            explained = explain_call(here.gate, proposal, here.policy(file))
    fields = explanation_fields(explained)
    click.echo(json.dumps(fields, indent=2) if as_json else "\n".join(describe(fields)))


def _content(source: Path | None) -> str:
    if source is None:
        raise UsageError("Say what the file would hold.", hint="Add --with FILE, or --with -")
    data = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    return data.decode("utf-8", "surrogateescape")


def _request(here: Place, name: str, file: Path | None) -> Explanation:
    digits = name.upper().removeprefix("REQ-")
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    request = here.gate.store.read(lambda view: view.request_numbered(number))
    if request is None:
        raise NotFoundError("There is no such request.", hint="Requests are named like REQ-7.")
    workspace = Path(request.proposal.session.workspace)
    return explain_request(request, Place(workspace, here.gate).policy(file))


def describe(found: Mapping[str, Any]) -> Iterator[str]:
    """The verdict, then each reason with its factors, then the rules."""
    title = click.style(visible_line(found["title"]), bold=True)
    yield f"{mark(found['class'])}  {title}"
    yield f"{_VERDICTS[found['route']]}, by {_decider(found)}"
    if found["why"]:
        yield f"  {visible_line(found['why'])}"
    yield f"Undo: {visible_line(found['undo'])}"
    yield "Reasons:"
    for number, item in enumerate(found["evidence"], start=1):
        yield from _reason(number, item)
    yield "Rules that fit:" if found["rules"] else "Rules that fit: none"
    for rule in found["rules"]:
        yield f"  {_rule(rule)}"
    yield from _left_over(found)
    if found["terms"]:
        yield f"Asking: {_terms(found['terms'])}"
    yield f"Mode: {found['mode']}. Policy: {found['policy'][:19]}, profile {found['profile']}"
    if found["asked_under"] not in ("", found["policy"]):
        yield f"It was asked under another policy: {found['asked_under'][:19]}"


_VERDICTS = {
    "proceed": "Proceeds",
    "notify": "Proceeds, and is shown afterwards",
    "gate": "Waits for a person",
    "deny": "Refused",
}


def _decider(found: Mapping[str, Any]) -> str:
    match found["decided_by"]:
        case "grant":
            return f"a {found['rule']}: see `assent policy grants`"
        case "rule":
            return f"the rule `{found['rule']}`"
        case "plan":
            return "the state of the plan"
        case "mode":
            return f"the mode {found['mode']}"
        case _:
            return f"its class ({found['class']}): no rule decides"


def _reason(number: int, item: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {number}. {mark(item['class'])}  {visible_line(item['what'])}  ({item['rule']})"
    factors, raised = item["factors"], item["raised_by"]
    cell = f"{factors['reversibility']} x {factors['reach']} = {item['cell']}"
    by = f", raised to {item['class']} by {' and '.join(raised)}" if raised else ""
    others = ", ".join(f"{name} {factors[name]}" for name in ("sensitivity", "cost", "precedent"))
    yield f"     {item['effect']}; {cell}{by}; {others}"
    about = [
        *([f"path {item['path']}"] if item["path"] else []),
        *([f"program {' '.join(item['program'][:4])}"] if item["program"] else []),
        *([f"scope {item['scope']}"] if item["scope"] else []),
        *([f"costs {item['amount'] / 100:.2f}"] if item["amount"] else []),
    ]
    if about:
        yield f"     {visible_line('; '.join(about))}"


def _rule(rule: Mapping[str, Any]) -> str:
    marked = "*" if rule["decided"] else " "
    about = ", ".join(str(place + 1) for place in rule["reasons"])
    fits = "; ".join(rule["fits"]) or "everything"
    return (
        f"{marked} {rule['name']}: {rule['route']} ({rule['from']}, {rule['conditions']} "
        f"conditions: {fits}) about reason {about}"
    )


def _left_over(found: Mapping[str, Any]) -> Iterator[str]:
    if found["guarded"]:
        yield "No rule lets this through: it could change what guards the agents, or is unreadable."
    if found["unanswered"] and found["rules"]:
        places = ", ".join(str(place + 1) for place in found["unanswered"])
        yield f"No rule that lets through answers reason {places}."


def _terms(terms: Mapping[str, Any]) -> str:
    parts = [f"tier {terms['tier']}"]
    parts += _people("decided by", terms["reviewers"])
    if terms["quorum"] > 1:
        parts.append(f"{terms['quorum']} people")
    for need in terms["needs"]:
        parts.append(f"and {need['count']} of {', '.join(need['who'])}")
    if terms["separate"]:
        parts.append("not by whoever runs the agent")
    if terms["signed"]:
        parts.append("signed")
    for rung in terms["ladder"]:
        parts.append(f"after {rung['after_ms'] // 60_000} min also {', '.join(rung['ask'])}")
    parts += _people("then", terms["then_ask"])
    if terms["remember_ms"]:
        parts.append(f"remembered for {terms['remember_ms'] // 60_000} min")
    if terms["needs_rollback"]:
        parts.append("sent back to the agent without purpose and rollback")
    return ", ".join(parts)


def _people(before: str, names: Sequence[str]) -> list[str]:
    return [f"{before} {' or '.join(names)}"] if names else []
