"""Claude Code's built-in tools: what each call is as an Action (names seen in 2.1.329).

A tool that is not in the table is an UnknownAction. Sub-agents, skills and to-do lists change
nothing by themselves: the calls they lead to come to the gate alone.
"""

from collections.abc import Mapping
from typing import Final

from assent.adapters.agents.calls import (
    Call,
    Editing,
    Reader,
    file_edit,
    mcp_tool,
    unknown_tool,
    vouched_tool,
)
from assent.adapters.agents.claude_code import notebooks, skills, text_files
from assent.adapters.agents.edits import UnforeseeableEdit, read_before
from assent.adapters.agents.globs import searched_folder
from assent.adapters.agents.payloads import Fields, UnreadablePayload
from assent.core.actions import Action, Command, FileEdit, FileRead, Plan, Vouched

AGENT: Final = "claude-code"

MCP: Final = "mcp__"


EXIT_PLAN: Final = "ExitPlanMode"

EDITING: Final = Editing(
    members={
        "Bash": ("command", "command"),
        "Monitor": ("command", "command"),
        "Write": ("content", "content"),
        "Edit": ("new_string", "new text"),
        "NotebookEdit": ("new_source", "new text"),
        EXIT_PLAN: ("plan", "plan"),
    }
)


def read_tool(call: Call, *, config: str) -> Action:
    """The action that `call` is. `config` is Claude Code's own folder; empty when not known.

    Raises UnreadablePayload and UnforeseeableEdit.
    """
    if call.tool.startswith(MCP):
        return mcp_tool(call, call.tool.removeprefix(MCP))
    if call.tool == "Skill":
        return _skill(call, config)
    return _READERS.get(call.tool, unknown_tool)(call)


def _bash(call: Call) -> Command:
    return Command(script=call.input.text("command"), cwd=call.cwd)


def _monitor(call: Call) -> Action:
    if call.input.members.get("ws") is not None:
        return vouched_tool(AGENT, Vouched.NOTHING)(call)
    return _bash(call)


def _write(call: Call) -> FileEdit:
    path = call.input.path("file_path", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.written(before, call.input.text("content"))
    return file_edit(call, path, before=before, after=after)


def _edit(call: Call) -> FileEdit:
    return _replace(call, (_replacement(call.input),))


def _multi_edit(call: Call) -> FileEdit:
    return _replace(call, tuple(_replacement(item) for item in call.input.objects("edits")))


def _replace(call: Call, replacements: tuple[text_files.Replacement, ...]) -> FileEdit:
    path = call.input.path("file_path", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.edited(before, replacements, path=path)
    return file_edit(call, path, before=before, after=after)


def _replacement(fields: Fields) -> text_files.Replacement:
    return text_files.Replacement(
        old=fields.text("old_string"),
        new=fields.text("new_string"),
        every=fields.flag("replace_all", default=False),
    )


def _notebook_edit(call: Call) -> FileEdit:
    path = call.input.path("notebook_path", cwd=call.cwd)
    before = read_before(call.files, path)
    cell = call.input.text("cell_id", default="")
    mode = call.input.text("edit_mode", default="replace")
    if mode == "replace" and call.input.members.get("cell_type") is None:
        source = call.input.text("new_source")
        after = notebooks.source_replaced(before, cell=cell, source=source, path=path)
    elif mode == "delete":
        after = notebooks.cell_deleted(before, cell=cell, path=path)
    else:
        raise UnforeseeableEdit("what this edit makes of the notebook cannot be foretold")
    return file_edit(call, path, before=before, after=after)


def _read(member: str) -> Reader:
    return lambda call: FileRead((call.input.path(member, cwd=call.cwd),), call.cwd)


def _grep(call: Call) -> FileRead:
    return FileRead((_folder(call),), call.cwd)


def _glob(call: Call) -> FileRead:
    pattern = call.input.text("pattern")
    return FileRead((searched_folder(pattern, _folder(call)),), call.cwd)


def _folder(call: Call) -> str:
    if call.input.members.get("path") is None:
        return call.cwd
    return call.input.path("path", cwd=call.cwd)


def _sub_agent(call: Call) -> Action:
    """A sub-agent's own calls come to the gate, unless it runs on another machine."""
    remote = call.input.text("isolation", default="") == "remote"
    return vouched_tool(AGENT, Vouched.NOTHING if remote else Vouched.INERT)(call)


def _skill(call: Call, config: str) -> Action:
    name = call.input.text("skill")
    plain = skills.is_only_text(name, cwd=call.cwd, config=config, files=call.files)
    return vouched_tool(AGENT, Vouched.INERT if plain else Vouched.NOTHING)(call)


def _exit_plan_mode(call: Call) -> Plan:
    """The plan's text; when only its file is named, what the file holds."""
    path = None
    if call.input.members.get("planFilePath") is not None:
        path = call.input.path("planFilePath", cwd=call.cwd)
    if call.input.members.get("plan") is not None:
        return Plan(text=call.input.text("plan"), path=path)
    content = None if path is None else read_before(call.files, path)
    if content is None:
        raise UnreadablePayload("there is no plan to be shown")
    return Plan(text=content.decode("utf-8", "surrogateescape"), path=path)


_INERT: Final = (
    "AskUserQuestion",
    "BashOutput",
    "CronDelete",
    "CronList",
    "DeferredToolPlaceholder",
    "EndConversation",
    "EnterPlanMode",
    "KillBash",
    "KillShell",
    "ListAgents",
    "ListMcpResourcesTool",
    "ReadNotifications",
    "ReportFindings",
    "ScheduleWakeup",
    "SendUserMessage",
    "SetGoal",
    "StructuredOutput",
    "SubagentHandback",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoRead",
    "TodoWrite",
    "ToolSearch",
    "WaitForMcpServers",
    "WebSearch",
)
"""Change nothing but the conversation, or stop what the agent itself started. A web search goes
to the model's own provider, which sees the conversation anyway."""

_NOT_VOUCHED: Final = (
    "CronCreate",  # may outlive the session
    "EnterWorktree",
    "ExitWorktree",  # may discard changes
    "PushNotification",
    "ReadMcpResourceDirTool",
    "ReadMcpResourceTool",
    "RemoteTrigger",
    "SendMessage",  # may reach other sessions
    "SlashCommand",  # may run commands while it is loaded, as skills do
    "Workflow",
)
"""Known by name and shown with their arguments, but what they do is open."""

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_INERT, vouched_tool(AGENT, Vouched.INERT)),
    **dict.fromkeys(_NOT_VOUCHED, vouched_tool(AGENT, Vouched.NOTHING)),
    "Agent": _sub_agent,
    "Bash": _bash,
    "Edit": _edit,
    EXIT_PLAN: _exit_plan_mode,
    "Glob": _glob,
    "Grep": _grep,
    "LS": _grep,
    "LSP": _read("filePath"),
    "Monitor": _monitor,
    "MultiEdit": _multi_edit,
    "NotebookEdit": _notebook_edit,
    "NotebookRead": _read("notebook_path"),
    "Read": _read("file_path"),
    "Task": _sub_agent,
    "WebFetch": vouched_tool(AGENT, Vouched.NETWORK_READ),
    "Write": _write,
}
