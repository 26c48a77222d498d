"""What every wire format is reduced to: a conversation read, a reply to write."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_MARKER = re.compile(r"\[\[script ([\w-]+)\]\]")
_NOT_PROSE = frozenset(
    {"type", "id", "call_id", "tool_use_id", "tool_call_id", "name", "role", "status"}
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool offered to the model. `freeform` tools take a text instead of JSON arguments."""

    name: str
    namespace: str | None = None
    freeform: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request to the model, reduced to what a script needs.

    `results` holds the text of each tool result, oldest first; `raw` is the request's whole text,
    where the agents put such things as the place of the plan file.
    """

    model: str
    stream: bool
    prompts: tuple[str, ...]
    results: tuple[str, ...]
    tools: tuple[Tool, ...]
    raw: str

    def script(self) -> str | None:
        """The script named last in the prompts, or None for the agent's own side requests."""
        names = [name for prompt in self.prompts for name in _MARKER.findall(prompt)]
        return names[-1] if names else None

    def tool(self, name: str) -> Tool | None:
        return next((tool for tool in self.tools if tool.name == name), None)


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: `arguments` is a text for a freeform tool, else a JSON object."""

    name: str
    arguments: Mapping[str, Any] | str
    namespace: str | None = None


Part: TypeAlias = Text | Call


def prose(value: object) -> Iterator[str]:
    """Every text inside a JSON value, without the identifiers and type names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from prose(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _NOT_PROSE:
                yield from prose(item)


def flat(value: object) -> str:
    return "\n".join(prose(value))
