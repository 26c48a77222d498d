"""Codex's tools: what each call is as an Action (names seen in 0.169.0).

Every form of running a command reaches the hook as `Bash`; the other names are those of older and
newer versions. A tool that is not in the table is an UnknownAction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from assent.adapters.agents.codex.terminals import reads_typing
from assent.adapters.agents.patches import patched_files
from assent.adapters.agents.payloads import Fields, UnreadablePayload, absolute
from assent.app.agents import Files
from assent.core.actions import Action, Command, FileEdit, FileRead, ToolCall, Vouched

AGENT: Final = "codex"

MCP: Final = "mcp__"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the payload tells it, and what reading it may need."""

    tool: str
    input: Fields
    cwd: str
    files: Files


Reader: TypeAlias = Callable[[Call], Action]


def editable_member(tool: str, arguments: Fields) -> tuple[str, str] | None:
    """Member of the call's input that a person may change, and its label; None: all of it."""
    if tool in _COMMANDS:
        return _command_member(arguments), "command"
    if tool == "apply_patch":
        return _patch_member(arguments), "patch"
    return None


def read_tool(call: Call) -> Action:
    """The action that `call` is. Raises UnreadablePayload and UnforeseeableEdit."""
    if call.tool.startswith(MCP):
        server, separator, tool = call.tool.removeprefix(MCP).partition("__")
        if not (server and separator and tool):
            raise UnreadablePayload(f"{call.tool!r} names no MCP server and tool")
        return ToolCall(server=server, tool=tool, arguments=call.input.canonical())
    reader = _READERS.get(call.tool)
    if reader is None:
        raise UnreadablePayload("this tool is not known")
    return reader(call)


def _command(call: Call) -> Command:
    member = _command_member(call.input)
    value = call.input.value(member)
    script = call.input.text(member) if isinstance(value, str) else call.input.texts(member)
    if not script:
        raise UnreadablePayload(f"{member} is empty")
    folder = call.input.text("workdir", default="")
    terminal = call.input.flag("tty", default=False)
    return Command(
        script=script,
        cwd=absolute(folder, cwd=call.cwd) if folder else call.cwd,
        interactive=terminal or reads_typing(script),
    )


def _command_member(arguments: Fields) -> str:
    return "cmd" if "cmd" in arguments and "command" not in arguments else "command"


def _apply_patch(call: Call) -> FileEdit:
    patch = call.input.text(_patch_member(call.input))
    return FileEdit(changes=patched_files(call.files, patch, cwd=call.cwd), cwd=call.cwd)


def _patch_member(arguments: Fields) -> str:
    return "input" if "input" in arguments and "command" not in arguments else "command"


def _view_image(call: Call) -> FileRead:
    return FileRead((call.input.path("path", cwd=call.cwd),), call.cwd)


def _vouched(vouched: Vouched) -> Reader:
    return lambda call: ToolCall(
        server=AGENT, tool=call.tool, arguments=call.input.canonical(), vouched=vouched
    )


_COMMANDS: Final = frozenset(
    {"Bash", "container.exec", "exec_command", "local_shell", "shell", "shell_command"}
)

_INERT: Final = (
    "clock.sleep",
    "close_agent",
    "create_goal",
    "followup_task",
    "get_goal",
    "interrupt_agent",
    "list_agents",
    "request_user_input",
    "request_user_input_async",
    "resume_agent",
    "send_input",
    "send_message",
    "sleep",
    "spawn_agent",
    "tool_search",
    "update_goal",
    "update_plan",
    "wait",
    "wait_agent",
    "web_search",
)
"""Change nothing but the conversation; what a sub-agent does comes to the gate alone. Messages go
to the session's own sub-agents. A web search goes to the model's own provider."""

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_COMMANDS, _command),
    **dict.fromkeys(_INERT, _vouched(Vouched.INERT)),
    "apply_patch": _apply_patch,
    "view_image": _view_image,
    # Typing into a terminal: no version seen asks its hooks, but if one does, a person looks.
    "write_stdin": _vouched(Vouched.NOTHING),
}
