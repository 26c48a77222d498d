"""What the commands about people share: where the API has a person, and who may type them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from assent.adapters.agents.registry import AGENTS
from assent.entrypoints.cli.change_calls import running_agent
from assent.entrypoints.cli.client import Client, connect
from assent.entrypoints.cli.signing import signed_fields, wants_signature
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


@dataclass(frozen=True, slots=True)
class Sign:
    """Whether and by whose key a command is signed."""

    key: str = ""
    as_name: str = ""


UNSIGNED = Sign()


def change(
    name: str, what: str, fields: Mapping[str, object], sign: Sign = UNSIGNED
) -> dict[str, Any]:
    """Do `what` about a person, signed where it is wanted; the answer.

    Raises as `person_only`, signing and the API do.
    """
    client = person_only()
    if wants_signature(sign.key, sign.as_name):
        path = f"{person_path(name)}/statement"
        fields = signed_fields(path, what, fields, sign_key=sign.key, as_name=sign.as_name)
    answer: dict[str, Any] = client.post(
        "/api/people" if what == "add" else f"{person_path(name)}/{what}", fields
    )
    return answer
