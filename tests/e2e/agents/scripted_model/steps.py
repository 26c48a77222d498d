"""What a scripted model is told to do: steps as data, written by a test and read by the server.

A script is a tuple of steps. The server plays the step whose number is the count of tool results
in the conversation, so a model that must insist after a denial lists the same step twice.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """Create a file. A relative path is taken from the agent's working directory."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace one line of a file by another (both without their line end)."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Read:
    path: str


@dataclass(frozen=True, slots=True)
class Run:
    """Run a shell command."""

    command: str


@dataclass(frozen=True, slots=True)
class WritePlan:
    """Write the plan file at the place that the agent's own instructions name."""

    text: str


@dataclass(frozen=True, slots=True)
class ProposePlan:
    """Ask to leave plan mode with this plan (or with the file of an earlier `WritePlan`)."""

    text: str


@dataclass(frozen=True, slots=True)
class Delegate:
    """Start a sub-agent that plays the named script."""

    script: str


@dataclass(frozen=True, slots=True)
class AwaitDelegate:
    """Wait for the sub-agent, where starting one does not wait by itself (Codex)."""


@dataclass(frozen=True, slots=True)
class CallMcp:
    """Call a tool of the laboratory's MCP server."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallTool:
    """Call a tool by the agent's own name for it, for what the other steps cannot say."""

    name: str
    arguments: Mapping[str, Any]
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with text, which ends the turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Parallel:
    """Several calls in one assistant message. Each of them brings a tool result."""

    steps: tuple["Step", ...] = field(default=())


Step: TypeAlias = (
    Write
    | Edit
    | Read
    | Run
    | WritePlan
    | ProposePlan
    | Delegate
    | AwaitDelegate
    | CallMcp
    | CallTool
    | Say
    | Parallel
)
Script: TypeAlias = tuple[Step, ...]

MAIN = "main"
"""The script that the agent's first prompt names."""

_KINDS: Mapping[str, type[Step]] = {
    kind.__name__: kind
    for kind in (
        Write,
        Edit,
        Read,
        Run,
        WritePlan,
        ProposePlan,
        Delegate,
        AwaitDelegate,
        CallMcp,
        CallTool,
        Say,
        Parallel,
    )
}


def marker(script: str) -> str:
    """The text in a prompt that tells the server which script to play."""
    return f"[[script {script}]]"


def dump_scripts(scripts: Mapping[str, Script]) -> str:
    """Scripts by name as JSON, for `load_scripts` in the server's process."""
    return json.dumps({name: [_encode(step) for step in steps] for name, steps in scripts.items()})


def load_scripts(text: str) -> dict[str, Script]:
    """The inverse of `dump_scripts`."""
    return {name: _decode_all(steps) for name, steps in json.loads(text).items()}


def step_at(script: Script, results: int) -> Step:
    """The step to play after so many tool results; the last one is repeated for ever."""
    for step in script:
        width = len(step.steps) if isinstance(step, Parallel) else 1
        if results < width:
            return step
        results -= width
    return script[-1] if script else Say("nothing to do")


def _encode(step: Step) -> JsonObject:
    if isinstance(step, Parallel):
        return {"do": "Parallel", "steps": [_encode(inner) for inner in step.steps]}
    return {"do": type(step).__name__, **dataclasses.asdict(step)}


def _decode(row: JsonObject) -> Step:
    fields = {name: value for name, value in row.items() if name != "do"}
    if row["do"] == "Parallel":
        return Parallel(_decode_all(fields["steps"]))
    return _KINDS[row["do"]](**fields)


def _decode_all(rows: Sequence[JsonObject]) -> Script:
    return tuple(_decode(row) for row in rows)
