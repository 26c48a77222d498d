"""Who accepts a change, and its decision log, in a terminal."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from assent.entrypoints.cli.text import visible_line

SHORT = 12
"""Characters of a digest that are printed; `--json` has all of them."""

Change = Mapping[str, Any]


def agreement_lines(change: Change) -> Iterator[str]:
    """Who has to accept it, who did, who is missing, and who does not count, and why."""
    found = change["agreement"]
    plain = len(found["needs"]) == 1 and found["needs"][0]["group"] == "anybody"
    if plain and not (found["voices"] or found["apart"] or found["vetoes"] or found["signed"]):
        return
    yield ""
    yield "Who accepts it:"
    others = [each for each in found["needs"] if each["group"] != "anybody"]
    for need in others or found["needs"]:
        yield f"    {_need(need)}"
    for each in found["voices"]:
        void = next((v["why"] for v in found["void"] if v["by"] == _voice(each)), "")
        other = "" if each["digest"] == found["digest"] else "other hunks than these"
        why = visible_line(void or other)
        count = f"{len(each['hunks'])} of {len(change['hunks'])} hunks"
        tail = click.style(f"  does not count: {why}", fg="yellow") if why else ""
        yield f"    {visible_line(_who(each))} accepted {count}{tail}"
    for name in found["vetoes"]:
        yield f"    {visible_line(name)} sent it back: it waits for a new revision"
    if found["signed"]:
        yield "    It is accepted by signatures only: --sign, or a passkey on its page"
    for name, why in sorted(found["apart"].items()):
        yield f"    {visible_line(name)} does not count: {visible_line(why)}"


def _need(need: Mapping[str, Any]) -> str:
    sign = click.style("✓", fg="green") if need["met"] else "·"
    have = ", ".join(_who(each) for each in need["have"])
    told = f": {have}" if have else ""
    missing = "" if need["met"] else f"  missing {visible_line(need['missing'])}"
    return f"{sign} {visible_line(need['group'])}{visible_line(told)}{missing}"


def _voice(each: Mapping[str, Any]) -> str:
    return str(each["in_name_of"] or each["by"])


def _who(each: Mapping[str, Any]) -> str:
    return f"{each['by']} for {each['in_name_of']}" if each["in_name_of"] else str(each["by"])


def log_lines(log: Mapping[str, Any]) -> Iterator[str]:
    """The decision log, section by section; times in UTC."""
    title = click.style(visible_line(log["title"]), bold=True)
    yield f"Decision log of {log['change']}: {title}"
    for section in log["sections"]:
        yield ""
        yield click.style(section["title"], bold=True)
        if not section["lines"] and section["none"]:
            yield f"    {section['none']}"
        for line in section["lines"]:
            yield from _line(line)
    if log["cut"]:
        yield ""
        yield f"The record goes on: assent log --stream change/{log['change'][3:]}"


def _line(line: Mapping[str, Any]) -> Iterator[str]:
    at = "" if line["at"] is None else f"{_utc(line['at'])}  "
    who = f"{visible_line(line['who'])}: " if line["who"] else ""
    yield f"    {at}{who}{visible_line(line['text'])}"
    for more in line["more"]:
        yield f"        {visible_line(more)}"
    proofs = [
        f"{visible_line(each['kind'])} {each['value'].removeprefix('sha256:')[:SHORT]}"
        for each in line["proofs"]
    ]
    if proofs:
        yield click.style(f"        {', '.join(proofs)}", fg="bright_black")


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
