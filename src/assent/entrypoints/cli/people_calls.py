"""What the commands about people share: where the API has a person, and who may type them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from assent.adapters.agents.registry import AGENTS
from assent.entrypoints.cli.change_calls import running_agent
from assent.entrypoints.cli.client import Client, connect
from assent.errors import UsageError


def person_path(name: str) -> str:
    """Where the API has the person who is called `name`, or would have."""
    return f"/api/people/{quote(name, safe='')}"


def person_only() -> Client:
    """The daemon, for a command that changes people. Raises UsageError where an agent runs it."""
    agent = running_agent()
    if agent:
        raise UsageError(
            f"A person says who decides, and this is run by {AGENTS[agent].title}.",
            hint="Ask your person to do it.",
        )
    return connect()


def change(name: str, what: str, fields: Mapping[str, object]) -> dict[str, Any]:
    """Do `what` about a person; the answer. Raises as `person_only` and the API do."""
    answer: dict[str, Any] = person_only().post(f"{person_path(name)}/{what}", fields)
    return answer
