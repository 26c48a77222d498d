"""Copilot CLI's built-in tools: what each call is as an Action (names of 1.0.102 and before).

A tool that is not in the table is an UnknownAction. Sub-agents, skills and to-do lists change
nothing by themselves: the calls they lead to come to the gate alone.
"""

import re
from collections.abc import Mapping
from typing import Final

from assent.adapters.agents import globs
from assent.adapters.agents.calls import (
    Call,
    Editing,
    Reader,
    file_edit,
    unknown_tool,
    vouched_tool,
)
from assent.adapters.agents.copilot import text_files
from assent.adapters.agents.edits import read_before
from assent.adapters.agents.exact_patches import exactly_patched_files
from assent.adapters.agents.payloads import UnreadablePayload
from assent.core.actions import Action, Command, FileEdit, FileRead, ToolCall, Vouched

AGENT: Final = "copilot"

SHELL: Final = "bash"

MCP: Final = "-"
"""Between the names of an MCP server and its tool; no built-in tool has it in its name."""
BUILT_IN_SERVERS: Final = ("github-mcp-server", "githubiq")
UNTOLD_SERVER: Final = "mcp"
"""Stands for the server where its name and the tool's cannot be told apart."""

PATCH: Final = "patch"
"""Our member for the text of a call that has no members: apply_patch is its patch."""

EDITING: Final = Editing(
    members={
        "apply_patch": (PATCH, "patch"),
        SHELL: ("command", "command"),
        "create": ("file_text", "content"),
        "edit": ("new_str", "new text"),
    }
)


def read_tool(call: Call) -> Action:
    """The action that `call` is. Raises UnreadablePayload and UnforeseeableEdit."""
    if MCP in call.tool:
        server, tool = _server_and_tool(call.tool)
        return ToolCall(server=server, tool=tool, arguments=call.input.canonical())
    return _READERS.get(call.tool, unknown_tool)(call)


def _server_and_tool(name: str) -> tuple[str, str]:
    for server in BUILT_IN_SERVERS:
        if name.startswith(f"{server}{MCP}"):
            return server, name.removeprefix(f"{server}{MCP}")
    if name.count(MCP) > 1:
        return UNTOLD_SERVER, name
    server, _, tool = name.partition(MCP)
    if not server or not tool:
        raise UnreadablePayload(f"{name!r} names no MCP server and tool")
    return server, tool


def _bash(call: Call) -> Command:
    return Command(script=call.input.text("command"), cwd=call.cwd)


def _write_bash(call: Call) -> Command:
    """Keys typed into a program that runs; which one reads them is not told."""
    return Command(script=call.input.text("input"), cwd=call.cwd, interactive=True)


def _create(call: Call) -> FileEdit:
    path = call.input.path("path", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.created(before, call.input.text("file_text"), path=path)
    return file_edit(call, path, before=before, after=after)


def _edit(call: Call) -> FileEdit:
    path = call.input.path("path", cwd=call.cwd)
    before = read_before(call.files, path)
    old, new = call.input.text("old_str"), call.input.text("new_str", default="")
    after = text_files.replaced(before, old=old, new=new, path=path)
    return file_edit(call, path, before=before, after=after)


def _str_replace_editor(call: Call) -> Action:
    """One tool for what are three in newer versions."""
    readers: dict[str, Reader] = {"create": _create, "str_replace": _edit, "view": _view}
    command = call.input.text("command")
    if command not in readers:
        raise UnreadablePayload(f"its command {command!r} is not known")
    return readers[command](call)


def _apply_patch(call: Call) -> FileEdit:
    member = PATCH if PATCH in call.input else "input"
    changes = exactly_patched_files(call.files, call.input.text(member), cwd=call.cwd)
    return FileEdit(changes=changes, cwd=call.cwd)


def _view(call: Call) -> FileRead:
    return FileRead((call.input.path("path", cwd=call.cwd),), call.cwd)


def _folders(call: Call) -> tuple[str, ...]:
    """The folders a search works in: one, many or none are named."""
    for member in ("paths", "path"):
        named = call.input.members.get(member)
        if isinstance(named, str) and named:
            return (call.input.path(member, cwd=call.cwd),)
        if named:
            return tuple(globs.searched_folder(each, call.cwd) for each in call.input.texts(member))
    return (call.cwd,)


def _grep(call: Call) -> FileRead:
    return FileRead(_folders(call), call.cwd)


def _glob(call: Call) -> FileRead:
    pattern = call.input.text("pattern")
    return FileRead(
        tuple(globs.searched_folder(pattern, folder) for folder in _folders(call)), call.cwd
    )


_REACHES_OUT: Final = re.compile(
    r"attach|vacuum|pragma|extension|readfile|writefile|tokenizer|edit\s*\(", re.IGNORECASE
)
"""What takes SQLite out of the session's own database."""


def _sql(call: Call) -> ToolCall:
    """The to-do lists of the session are tables that the model writes."""
    out = _REACHES_OUT.search(call.input.text("query"))
    return ToolCall(
        server=AGENT,
        tool=call.tool,
        arguments=call.input.canonical(),
        vouched=Vouched.NOTHING if out else Vouched.INERT,
    )


_INERT: Final = (
    "ask_user",
    "fetch_copilot_cli_documentation",
    "list_agents",
    "list_bash",
    "read_agent",
    "read_bash",
    "report_intent",
    "skill",
    "stop_bash",
    "task",
    "task_complete",
    "update_todo",
    "web_search",
    "write_agent",
)
"""Change nothing but the conversation, or stop what the agent itself started. A web search goes
to the model's own provider, which sees the conversation anyway."""

_NOT_VOUCHED: Final = (
    "exit_plan_mode",
    "session_store_sql",  # reads other sessions, here and at GitHub
    "store_memory",  # writes into every later run
)
"""Known by name and shown with their arguments, but what they do is open."""

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_INERT, vouched_tool(AGENT, Vouched.INERT)),
    **dict.fromkeys(_NOT_VOUCHED, vouched_tool(AGENT, Vouched.NOTHING)),
    "apply_patch": _apply_patch,
    SHELL: _bash,
    "create": _create,
    "edit": _edit,
    "glob": _glob,
    "grep": _grep,
    "rg": _grep,
    "sql": _sql,
    "str_replace_editor": _str_replace_editor,
    "view": _view,
    "web_fetch": vouched_tool(AGENT, Vouched.NETWORK_READ),
    "write_bash": _write_bash,
}
