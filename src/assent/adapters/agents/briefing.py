"""Telling an agent something when its session starts, for agents that read the same JSON there."""

import json
from typing import Final

from assent.app.agents import HookAnswer, HookOutput, Tell

SESSION_START: Final = "SessionStart"


def at_start(event: str, answer: HookAnswer) -> HookOutput:
    """What goes into the conversation at the start of a session; nothing at any other event."""
    if event != SESSION_START or not isinstance(answer, Tell):
        return HookOutput()
    said = {"hookEventName": SESSION_START, "additionalContext": answer.message}
    text = json.dumps({"hookSpecificOutput": said}, separators=(",", ":"))
    return HookOutput(stdout=text.encode("ascii") + b"\n")
