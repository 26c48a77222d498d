"""One call, read by a table of tools: for agents whose payloads name a tool and its arguments."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from assent.adapters.agents.edits import UnforeseeableEdit, changed_file
from assent.adapters.agents.payloads import (
    Fields,
    UnreadablePayload,
    is_object,
    read_json,
    unreadable,
)
from assent.app.agents import Files, ToolProposed
from assent.core.actions import Action, FileEdit, ToolCall, Vouched
from assent.core.canonical import Json, canonical, digest_of
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.errors import UsageError

ARGUMENTS: Final = "arguments"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the payload tells it, and what reading it may need."""

    session: AgentSession
    call_id: str
    tool: str
    input: Fields
    files: Files

    @property
    def cwd(self) -> str:
        return self.session.cwd

    def identity(self) -> bytes:
        """Bytes that are the same when the same call is made again."""
        return canonical({"tool": self.tool, "input": self.input.members, "cwd": self.cwd})


Reader: TypeAlias = Callable[[Call], Action]


@dataclass(frozen=True, slots=True)
class Editing:
    """What of a call a person may change before it runs."""

    members: Mapping[str, tuple[str, str]]
    """By tool: the member of its arguments, and its label. Of other tools all arguments."""
    fixed: frozenset[str] = frozenset()
    """Tools of which nothing can be changed."""
    may_drop: bool = True
    """Whether the agent forgets an argument that is taken away."""


def call_id_of(tool: str, arguments: Mapping[str, Json]) -> str:
    """A name for a call whose agent gives it none: equal calls share it."""
    return digest_of(canonical({"tool": tool, "input": arguments}))


def proposal_of(call: Call, read: Reader, *, payload: bytes, editing: Editing) -> ToolProposed:
    """The proposal that `call` is; an UnknownAction where `read` cannot tell what it does."""
    try:
        action = read(call)
    except (UnreadablePayload, UnforeseeableEdit) as error:
        return unreadable(
            call.session.agent,
            payload=payload,
            reason=str(error),
            tool=call.tool,
            call_id=call.call_id,
            session=call.session,
            call=call.identity(),
        )
    said = call.input.members.get("description")
    return ToolProposed(
        Proposal(
            session=call.session,
            call_id=call.call_id,
            tool=call.tool,
            action=action,
            payload=payload,
            prose=said if isinstance(said, str) else "",
            editable=editable_part(call.tool, call.input.members, editing),
        )
    )


def editable_part(tool: str, arguments: Mapping[str, Json], editing: Editing) -> Editable | None:
    if tool in editing.fixed:
        return None
    if tool not in editing.members:
        return Editable(ARGUMENTS, json.dumps(arguments, indent=2))
    member, label = editing.members[tool]
    text = arguments.get(member)
    return Editable(label, text) if isinstance(text, str) else None


def edited_arguments(
    tool: str, arguments: Mapping[str, Json], text: str, *, editing: Editing
) -> dict[str, Json]:
    """The arguments with their editable part replaced by `text`. Raises UsageError."""
    part = editable_part(tool, arguments, editing)
    if part is None:
        raise UsageError(f"A call of {tool} has nothing that can be changed.")
    if part.label != ARGUMENTS:
        member, _ = editing.members[tool]
        return {**arguments, member: text}
    try:
        value = read_json(text.encode("utf-8"))
    except (UnreadablePayload, UnicodeEncodeError) as error:
        raise UsageError(f"The arguments cannot be changed so: {error}.") from error
    if not is_object(value):
        raise UsageError("The arguments must be a JSON object.")
    if not editing.may_drop and not value.keys() >= arguments.keys():
        raise UsageError(
            "This agent keeps arguments that are left out.", hint="Give every argument a value."
        )
    return dict(value)


def vouched_tool(agent: str, vouched: Vouched) -> Reader:
    """Reads a tool built into the agent, of which no more is known than `vouched`."""
    return lambda call: ToolCall(
        server=agent, tool=call.tool, arguments=call.input.canonical(), vouched=vouched
    )


def mcp_tool(call: Call, name: str) -> Action:
    """A tool of an MCP server; `name` is `SERVER__TOOL`, as several agents write it."""
    server, separator, tool = name.partition("__")
    if not (server and separator and tool):
        raise UnreadablePayload(f"{call.tool!r} names no MCP server and tool")
    return ToolCall(server=server, tool=tool, arguments=call.input.canonical())


def unknown_tool(call: Call) -> Action:
    raise UnreadablePayload(f"the tool {call.tool!r} is not known")


def file_edit(call: Call, path: str, *, before: bytes | None, after: bytes) -> FileEdit:
    change = changed_file(path, before=before, after=after)
    return FileEdit(changes=(change,), cwd=call.cwd)
