"""What the commands about changes share: where the API has one, and who calls."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assent.adapters.agents.registry import AGENTS
from assent.entrypoints.cli.client import Client, connect
from assent.errors import NotFoundError, UsageError

_NAME = re.compile(r"(?:ch-)?[0-9]{1,15}", re.IGNORECASE)

SIGNS: Mapping[str, tuple[str, ...]] = {
    "claude-code": ("CLAUDECODE",),
    "codex": ("CODEX_THREAD_ID", "CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED", "CODEX_CI"),
    "gemini": ("GEMINI_CLI",),
    "copilot": ("COPILOT_CLI",),
    "opencode": ("OPENCODE",),
}
"""Variables that an agent sets for the commands it runs, by the agent's name."""
SESSIONS: Mapping[str, str] = {
    "claude-code": "CLAUDE_CODE_SESSION_ID",
    "codex": "CODEX_THREAD_ID",
    "gemini": "GEMINI_SESSION_ID",
}
"""Where an agent tells the commands it runs which session they belong to."""


def change_path(name: str, said: str = "") -> str:
    """Where the API has the change that a person calls `name`, or what is said about it.

    Raises NotFoundError for what names no change.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError("There is no such change.", hint="Changes are named like CH-4.")
    return f"/api/changes/{name}/{said}".rstrip("/")


def change_url(client: Client, name: str) -> str:
    """The address of a change's page."""
    return f"{client.page.rstrip('/')}/changes/{name}"


def running_agent(env: Mapping[str, str] = os.environ) -> str:
    """The agent that runs this command, as its environment says; empty when a person does."""
    found = [name for name, signs in SIGNS.items() if any(env.get(sign) for sign in signs)]
    return found[0] if found else ""


def submit_fields(folder: Path, env: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Where a change is submitted from, and by which agent."""
    agent = running_agent(env)
    fields: dict[str, object] = {"cwd": str(folder)}
    if agent:
        fields |= {"agent": agent, "session": env.get(SESSIONS.get(agent, ""), "")}
    return fields


def by_a_person(env: Mapping[str, str] = os.environ) -> None:
    """Raises UsageError where an agent runs the command: what is decided, a person decides."""
    agent = running_agent(env)
    if agent:
        raise UsageError(
            f"A person decides about changes, and this is run by {AGENTS[agent].title}.",
            hint="Ask your person to decide.",
        )


def say(name: str, word: str, fields: Mapping[str, object]) -> dict[str, Any]:
    """Say `word` about a change; the change as it is then.

    Raises ConflictError (exit 1) when it is refused, NotFoundError for an unknown change.
    """
    answer: dict[str, Any] = connect().post(change_path(name, word), fields)
    return answer


def one_change(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = connect().get(change_path(name))
    return answer
