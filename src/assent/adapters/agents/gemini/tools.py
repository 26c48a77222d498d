"""Gemini CLI's built-in tools: what each call is as an Action (names of 0.61.0).

A tool that is not in the table is an UnknownAction. Sub-agents, skills and to-do lists change
nothing by themselves: the calls they lead to come to the gate alone.
"""

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
from assent.adapters.agents.edits import UnforeseeableEdit, read_before
from assent.adapters.agents.gemini import plans, text_files
from assent.adapters.agents.payloads import Fields, UnreadablePayload
from assent.core.actions import Action, Command, FileEdit, FileRead, Plan, ToolCall, Vouched

AGENT: Final = "gemini"
EXIT_PLAN: Final = "exit_plan_mode"
SHELL: Final = "run_shell_command"

EDITING: Final = Editing(
    members={
        SHELL: ("command", "command"),
        "write_file": ("content", "content"),
        "replace": ("new_string", "new text"),
    },
    # The plan is a file; a call that is let through can only name it.
    fixed=frozenset({EXIT_PLAN}),
    # Documented as a merge into the model's arguments, though 0.61.0 replaces them.
    may_drop=False,
)


def read_builtin(call: Call) -> Action:
    """The action that a call of a built-in tool is.

    Raises UnreadablePayload and UnforeseeableEdit.
    """
    return _READERS.get(call.tool, unknown_tool)(call)


def read_mcp(call: Call, context: Fields) -> Action:
    """The call of an MCP server's tool, as `mcp_context` names both."""
    server, tool = context.text("server_name"), context.text("tool_name")
    if not server or not tool:
        raise UnreadablePayload("the MCP server or its tool has no name")
    return ToolCall(server=server, tool=tool, arguments=call.input.canonical())


def read_plan(call: Call, *, folder: str) -> Plan:
    """The plan that is offered, with the text its file holds now."""
    path = plans.plan_file(call.input.text("plan_filename"), folder=folder, cwd=call.cwd)
    content = read_before(call.files, path)
    if content is None:
        raise UnreadablePayload("there is no plan to be shown")
    return Plan(text=content.decode("utf-8", "surrogateescape"), path=path)


def _shell(call: Call) -> Command:
    folder = next((name for name in ("dir_path", "directory") if call.input.members.get(name)), "")
    cwd = _path(call, folder) if folder else call.cwd
    return Command(script=call.input.text("command"), cwd=cwd)


def _write(call: Call) -> FileEdit:
    path = _path(call, "file_path")
    before = read_before(call.files, path)
    content = call.input.text("content")
    return file_edit(call, path, before=before, after=text_files.written(before, content))


def _replace(call: Call) -> FileEdit:
    path = _path(call, "file_path")
    before = read_before(call.files, path)
    if before is None and not call.input.text("file_path").startswith("/"):
        # Gemini CLI then takes a file of that name from anywhere in the workspace.
        raise UnforeseeableEdit(f"{path} does not exist, and which file is meant is open")
    counted = call.input.members.get("expected_replacements") is not None
    edit = text_files.Replacement(
        old=call.input.text("old_string"),
        new=call.input.text("new_string"),
        every=call.input.flag("allow_multiple", default=False),
        expected=call.input.number("expected_replacements") if counted else None,
    )
    after = text_files.replaced(before, edit, path=path)
    return file_edit(call, path, before=before, after=after)


def _read_file(call: Call) -> FileRead:
    member = "file_path" if "file_path" in call.input else "absolute_path"
    return FileRead((_path(call, member),), call.cwd)


def _read_many(call: Call) -> FileRead:
    member = "include" if "include" in call.input else "paths"
    patterns = call.input.texts(member)
    return FileRead(tuple(globs.searched_folder(each, call.cwd) for each in patterns), call.cwd)


def _folder(call: Call) -> str:
    """The folder a search works in; its member has had two names."""
    for member in ("dir_path", "path"):
        if call.input.members.get(member):
            return _path(call, member)
    return call.cwd


def _list(call: Call) -> FileRead:
    return FileRead((_folder(call),), call.cwd)


def _glob(call: Call) -> FileRead:
    pattern = call.input.text("pattern")
    return FileRead((globs.searched_folder(pattern, _folder(call)),), call.cwd)


def _path(call: Call, member: str) -> str:
    if call.input.text(member).startswith("@"):
        # Stripped or kept, depending on which files there are.
        raise UnreadablePayload(f"{member} begins with @, which Gemini CLI reads in its own way")
    return call.input.path(member, cwd=call.cwd)


_INERT: Final = (
    "activate_skill",
    "ask_user",
    "cli_help",
    "codebase_investigator",
    "complete_task",
    "enter_plan_mode",
    "generalist",
    "get_internal_docs",
    "google_web_search",
    "invoke_agent",
    "list_background_processes",
    "list_mcp_resources",
    "read_background_output",
    "tracker_add_dependency",
    "tracker_create_task",
    "tracker_get_task",
    "tracker_list_tasks",
    "tracker_update_task",
    "tracker_visualize",
    "update_topic",
    "write_todos",
)
"""Change nothing but the conversation. A web search goes to the model's own provider."""

_NOT_VOUCHED: Final = (
    "read_mcp_resource",
    "save_memory",  # writes into every later run
)
"""Known by name and shown with their arguments, but what they do is open."""

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_INERT, vouched_tool(AGENT, Vouched.INERT)),
    **dict.fromkeys(_NOT_VOUCHED, vouched_tool(AGENT, Vouched.NOTHING)),
    "glob": _glob,
    "grep_search": _list,
    "list_directory": _list,
    "read_file": _read_file,
    "read_many_files": _read_many,
    "replace": _replace,
    SHELL: _shell,
    "search_file_content": _list,
    "web_fetch": vouched_tool(AGENT, Vouched.NETWORK_READ),
    "write_file": _write,
}
