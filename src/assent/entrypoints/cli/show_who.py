"""Who can decide a request, who has, who is missing, and what time does, in a terminal."""

from collections.abc import Iterator
from typing import Any

from assent.entrypoints.cli.text import moment, visible_line


def who_lines(request: dict[str, Any]) -> Iterator[str]:
    """What it takes, by each need; then what happens when nobody decides."""
    is_open = request["state"] == "pending"
    what = [f"tier {request['tier']}"]
    what += ["signed with a passkey or a key that is touched"] if request["signed"] else []
    yield f"Asking: {', '.join(what)}"
    for need in request["needs"]:
        yield from _need(need, is_open=is_open)
    yield from _asker(request)
    if is_open:
        yield from _steps(request)


def _need(need: dict[str, Any], *, is_open: bool) -> Iterator[str]:
    if not need["group"] and need["count"] == 1 and not need["has"]:
        yield "  anybody who has access, alone"
        return
    yield f"  {'✓' if need['is_met'] else '·'} {visible_line(need['words'])}"
    for voice in need["has"]:
        giver = voice["in_name_of"]
        name = f"{voice['name']} in {giver}'s name" if giver else voice["name"]
        yield f"      has: {visible_line(name)}, {voice['how']}"
    if is_open and need["can"]:
        yield f"      missing: {need['missing']} of {visible_line('; '.join(need['can']))}"
    if need["unknown"]:
        yield f"      not known here, or disabled: {visible_line(', '.join(need['unknown']))}"
    if need["note"]:
        yield f"      {visible_line(need['note'])}"


def _asker(request: dict[str, Any]) -> Iterator[str]:
    if request["asker"]:
        barred = ", who is not one of those who approve" if request["separate"] else ""
        yield f"  asked by an agent of {visible_line(request['asker'])}{barred}"


def _steps(request: dict[str, Any]) -> Iterator[str]:
    if request["next_reminder"] is not None and request["delayed_until"] is None:
        yield f"  {moment(request['next_reminder'])}: those who are missing are reminded"
    for rung in request["ladder"]:
        if rung["at"] < request["expires_at"]:
            yield f"  {moment(rung['at'])}: {_people(rung['ask'])} may decide, too"
    end = moment(request["expires_at"])
    if request["then_ask"]:
        yield f"  {end}: {_people(request['then_ask'])} is asked instead"
    else:
        advice = f"; the agent is told: {visible_line(request['advice'])}"
        yield f"  {end}: it is denied{advice if request['advice'] else ''}"


def _people(names: list[str]) -> str:
    return visible_line(" or ".join(names))
