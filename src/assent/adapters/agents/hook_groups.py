"""Hooks in the form several agents share: `hooks.<event>` lists groups, a group lists handlers.

    {"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": ...}]}]}}

A handler is ours when its command starts our relay; users' handlers are never touched.
"""

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from typing import Final

from assent.adapters.agents import json_text
from assent.core.canonical import Json

RELAYS: Final = frozenset({"assent-relay", "relay.py"})
FAILED: Final = "Assent's hook failed, so this call was not let through. Check it: assent status"

_CLOSED: Final = f'"$@" || {{ [ $? -eq 2 ] || echo "{FAILED}" >&2; exit 2; }}'

DIALECTS: Final = frozenset({"exit2", "json", "observe"})


def starts_relay(command: str, agent: str) -> bool:
    """Whether a hook's command line starts our relay for `agent`, wherever it is installed."""
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    return any(
        posixpath.basename(words[index]) in RELAYS
        and words[index + 2] in DIALECTS
        and words[index + 3] == agent
        for index in range(len(words) - 3)
    )


def closed(argv: Sequence[str]) -> str:
    """A command line that runs the relay `argv`, and refuses when that is missing or killed.

    For agents that let a call run unless a hook exits with 2 and says something. It works in every
    shell a user may have, because `sh` is what reads the script.
    """
    return shlex.join(("/bin/sh", "-c", _CLOSED, "assent", *argv))


def with_groups(text: str, wanted: Mapping[str, Json], *, agent: str) -> str:
    """`text` with exactly the groups `wanted` (by event) as ours; the same text when they are.

    Raises NotPlainJson when the user's settings have another form.
    """
    if our_groups(text, agent=agent) == {event: [group] for event, group in wanted.items()}:
        return text
    text = without_groups(text, agent=agent)
    for event, group in wanted.items():
        text = json_text.append(text, ("hooks", event), group)
    return text


def without_groups(text: str, *, agent: str) -> str:
    """`text` without our handlers, and without what is empty once they are gone."""
    for event, groups in _events(text).items():
        for index in reversed(range(len(groups))):
            mine = _our_handlers(groups[index], agent)
            text = _drop_handlers(text, event=event, index=index, mine=mine)
        if groups and not _events(text)[event]:
            text = json_text.drop(text, ("hooks", event))
            if not _hooks(text):
                text = json_text.drop(text, ("hooks",))
    return text


def our_groups(text: str, *, agent: str) -> dict[str, list[Json]]:
    """By event, the groups that hold a handler of ours."""
    found = {
        event: [group for group in groups if _our_handlers(group, agent)]
        for event, groups in _events(text).items()
    }
    return {event: groups for event, groups in found.items() if groups}


def place_of_ours(text: str, event: str, *, agent: str) -> tuple[int, int] | None:
    """Index of our first group in `event`, and of our handler in it."""
    for index, group in enumerate(_events(text).get(event, [])):
        mine = _our_handlers(group, agent)
        if mine:
            return index, mine[0]
    return None


def _drop_handlers(text: str, *, event: str, index: int, mine: list[int]) -> str:
    group = _events(text)[event][index]
    handlers = group.get("hooks") if isinstance(group, dict) else None
    if isinstance(handlers, list) and len(handlers) == len(mine) > 0:
        return json_text.drop(text, ("hooks", event, index))
    for handler in reversed(mine):
        text = json_text.drop(text, ("hooks", event, index, "hooks", handler))
    return text


def _hooks(text: str) -> Json:
    return json_text.parse(text).get("hooks")


def _events(text: str) -> dict[str, list[Json]]:
    """The groups by event; members of another form are left out."""
    hooks = _hooks(text)
    if not isinstance(hooks, dict):
        return {}
    return {event: groups for event, groups in hooks.items() if isinstance(groups, list)}


def _our_handlers(group: Json, agent: str) -> list[int]:
    handlers = group.get("hooks") if isinstance(group, Mapping) else None
    if not isinstance(handlers, list):
        return []
    return [index for index, handler in enumerate(handlers) if _is_ours(handler, agent)]


def _is_ours(handler: Json, agent: str) -> bool:
    command = handler.get("command") if isinstance(handler, Mapping) else None
    return isinstance(command, str) and starts_relay(command, agent)
