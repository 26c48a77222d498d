"""Codex's tools: what each call is as an Action (names seen in 0.169.0).

Every form of running a command reaches the hook as `Bash`; the other names are those of older and
newer versions. A tool that is not in the table is an UnknownAction.
"""

from collections.abc import Mapping
from typing import Final

from assent.adapters.agents.calls import (
    Call,
    Editing,
    Reader,
    mcp_tool,
    unknown_tool,
    vouched_tool,
)
from assent.adapters.agents.codex.terminals import reads_typing
from assent.adapters.agents.patches import patched_files
from assent.adapters.agents.payloads import Fields, UnreadablePayload, absolute
from assent.core.actions import Action, Command, FileEdit, FileRead, Vouched

AGENT: Final = "codex"

MCP: Final = "mcp__"


def editing(arguments: Fields) -> Editing:
    """What of a call with these arguments a person may change."""
    return Editing(
        members={
            **dict.fromkeys(_COMMANDS, (_command_member(arguments), "command")),
            "apply_patch": (_patch_member(arguments), "patch"),
        }
    )


def read_tool(call: Call) -> Action:
    """The action that `call` is. Raises UnreadablePayload and UnforeseeableEdit."""
    if call.tool.startswith(MCP):
        return mcp_tool(call, call.tool.removeprefix(MCP))
    return _READERS.get(call.tool, unknown_tool)(call)


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


_COMMANDS: Final = frozenset(
    {"Bash", "container.exec", "exec_command", "local_shell", "shell", "shell_command"}
)

_COLLABORATION: Final = (
    "close_agent",
    "followup_task",
    "interrupt_agent",
    "list_agents",
    "resume_agent",
    "send_input",
    "send_message",
    "spawn_agent",
    "wait_agent",
)
"""Start, steer and await sub-agents, whose own calls come to the gate alone."""

_NAMESPACES: Final = ("", "multi_agent_v1", "collaboration")
"""Where they live; hooks see some of them with and some without it (`multi_agent_v1wait_agent`)."""

_INERT: Final = (
    *(f"{namespace}{name}" for namespace in _NAMESPACES for name in _COLLABORATION),
    "clock.sleep",
    "create_goal",
    "get_goal",
    "request_user_input",
    "request_user_input_async",
    "sleep",
    "tool_search",
    "update_goal",
    "update_plan",
    "wait",
    "web_search",
)
"""Change nothing but the conversation. A web search goes to the model's own provider."""

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_COMMANDS, _command),
    **dict.fromkeys(_INERT, vouched_tool(AGENT, Vouched.INERT)),
    "apply_patch": _apply_patch,
    "view_image": _view_image,
    # Typing into a terminal: no version seen asks its hooks, but if one does, a person looks.
    "write_stdin": vouched_tool(AGENT, Vouched.NOTHING),
}
