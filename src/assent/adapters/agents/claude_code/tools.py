"""Claude Code's built-in tools: what each call is as an Action (names seen in 2.1.329).

A tool that is not in the table is an UnknownAction. Sub-agents, skills and to-do lists change
nothing by themselves: the calls they lead to come to the gate alone.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from assent.adapters.agents.claude_code import notebooks, skills, text_files
from assent.adapters.agents.edits import UnforeseeableEdit, changed_file, read_before
from assent.adapters.agents.payloads import Fields, UnreadablePayload
from assent.app.agents import Files
from assent.core.actions import Action, Command, FileEdit, FileRead, Plan, ToolCall, Vouched

AGENT: Final = "claude-code"

MCP: Final = "mcp__"


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the payload tells it, and what reading it may need."""

    tool: str
    input: Fields
    cwd: str
    config: str
    """Claude Code's own folder; empty when it is not known."""
    files: Files


Reader: TypeAlias = Callable[[Call], Action]

EDITABLE: Final[Mapping[str, tuple[str, str]]] = {
    "Bash": ("command", "command"),
    "Monitor": ("command", "command"),
    "Write": ("content", "content"),
    "Edit": ("new_string", "new text"),
    "NotebookEdit": ("new_source", "new text"),
    "ExitPlanMode": ("plan", "plan"),
}
"""Member of the tool's input that a person may change, and its label. Other tools: all of it."""

ARGUMENTS: Final = "arguments"


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


def _vouched(vouched: Vouched) -> Reader:
    return lambda call: _tool_call(call, vouched)


def _tool_call(call: Call, vouched: Vouched) -> ToolCall:
    return ToolCall(server=AGENT, tool=call.tool, arguments=call.input.canonical(), vouched=vouched)


def _bash(call: Call) -> Command:
    return Command(script=call.input.text("command"), cwd=call.cwd)


def _monitor(call: Call) -> Action:
    if call.input.members.get("ws") is not None:
        return _tool_call(call, Vouched.NOTHING)
    return _bash(call)


def _write(call: Call) -> FileEdit:
    path = call.input.path("file_path", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.written(before, call.input.text("content"))
    return _edit_of(call, path, before=before, after=after)


def _edit(call: Call) -> FileEdit:
    return _replace(call, (_replacement(call.input),))


def _multi_edit(call: Call) -> FileEdit:
    return _replace(call, tuple(_replacement(item) for item in call.input.objects("edits")))


def _replace(call: Call, replacements: tuple[text_files.Replacement, ...]) -> FileEdit:
    path = call.input.path("file_path", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.edited(before, replacements, path=path)
    return _edit_of(call, path, before=before, after=after)


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
    return _edit_of(call, path, before=before, after=after)


def _edit_of(call: Call, path: str, *, before: bytes | None, after: bytes) -> FileEdit:
    change = changed_file(path, before=before, after=after)
    return FileEdit(changes=(change,), cwd=call.cwd)


def _read(member: str) -> Reader:
    return lambda call: FileRead((call.input.path(member, cwd=call.cwd),), call.cwd)


def _grep(call: Call) -> FileRead:
    return FileRead((_folder(call),), call.cwd)


def _glob(call: Call) -> FileRead:
    """The folder that the pattern reaches into: its part before the first wildcard."""
    plain = []
    for part in call.input.text("pattern").split("/"):
        if any(wildcard in part for wildcard in "*?[{"):
            break
        plain.append(part)
    below = "/".join(plain) if len(plain) != 1 or plain[0] else "/"
    return FileRead((posixpath.join(_folder(call), below) if plain else _folder(call),), call.cwd)


def _folder(call: Call) -> str:
    if call.input.members.get("path") is None:
        return call.cwd
    return call.input.path("path", cwd=call.cwd)


def _skill(call: Call) -> ToolCall:
    name = call.input.text("skill")
    plain = skills.is_only_text(name, cwd=call.cwd, config=call.config, files=call.files)
    return _tool_call(call, Vouched.INERT if plain else Vouched.NOTHING)


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
    "Agent",
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
    "Task",
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
    **dict.fromkeys(_INERT, _vouched(Vouched.INERT)),
    **dict.fromkeys(_NOT_VOUCHED, _vouched(Vouched.NOTHING)),
    "Bash": _bash,
    "Edit": _edit,
    "ExitPlanMode": _exit_plan_mode,
    "Glob": _glob,
    "Grep": _grep,
    "LS": _grep,
    "LSP": _read("filePath"),
    "Monitor": _monitor,
    "MultiEdit": _multi_edit,
    "NotebookEdit": _notebook_edit,
    "NotebookRead": _read("notebook_path"),
    "Read": _read("file_path"),
    "Skill": _skill,
    "WebFetch": _vouched(Vouched.NETWORK_READ),
    "Write": _write,
}
