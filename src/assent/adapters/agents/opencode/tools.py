"""opencode's built-in tools: what each call is as an Action (names of 1.18.33 and before).

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
from assent.adapters.agents.edits import read_before
from assent.adapters.agents.exact_patches import exactly_patched_files
from assent.adapters.agents.opencode import text_files
from assent.adapters.agents.payloads import Fields, UnreadablePayload
from assent.core.actions import Action, Command, FileEdit, FileRead, ToolCall, Vouched

AGENT: Final = "opencode"

MCP: Final = "_"
"""Between the names of an MCP server and its tool, and in names of custom tools as well."""
UNTOLD_SERVER: Final = "mcp"
"""Stands for the server where its name and the tool's cannot be told apart."""

EDITING: Final = Editing(
    members={
        "apply_patch": ("patchText", "patch"),
        "bash": ("command", "command"),
        "edit": ("newString", "new text"),
        "patch": ("patchText", "patch"),
        "write": ("content", "content"),
    }
)


def read_tool(call: Call) -> Action:
    """The action that `call` is. Raises UnreadablePayload and UnforeseeableEdit."""
    reader = _READERS.get(call.tool)
    if reader is not None:
        return reader(call)
    if MCP not in call.tool.strip(MCP):
        return unknown_tool(call)
    server, tool = UNTOLD_SERVER, call.tool
    if call.tool.count(MCP) == 1:
        server, _, tool = call.tool.partition(MCP)
    return ToolCall(server=server, tool=tool, arguments=call.input.canonical())


def _bash(call: Call) -> Command:
    cwd = (
        call.input.path("workdir", cwd=call.cwd) if call.input.members.get("workdir") else call.cwd
    )
    return Command(script=call.input.text("command"), cwd=cwd)


def _write(call: Call) -> FileEdit:
    path = call.input.path("filePath", cwd=call.cwd)
    before = read_before(call.files, path)
    after = text_files.written(before, call.input.text("content"))
    return file_edit(call, path, before=before, after=after)


def _edit(call: Call) -> FileEdit:
    path = call.input.path("filePath", cwd=call.cwd)
    before = read_before(call.files, path)
    return file_edit(call, path, before=before, after=_replaced(before, call.input, path))


def _multi_edit(call: Call) -> FileEdit:
    path = call.input.path("filePath", cwd=call.cwd)
    before = after = read_before(call.files, path)
    for edit in call.input.objects("edits"):
        after = _replaced(after, edit, path)
    if after is None:
        raise UnreadablePayload("the edit changes nothing")
    return file_edit(call, path, before=before, after=after)


def _replaced(before: bytes | None, edit: Fields, path: str) -> bytes:
    return text_files.replaced(
        before,
        old=edit.text("oldString"),
        new=edit.text("newString"),
        every=edit.flag("replaceAll", default=False),
        path=path,
    )


def _apply_patch(call: Call) -> FileEdit:
    changes = exactly_patched_files(call.files, call.input.text("patchText"), cwd=call.cwd)
    return FileEdit(changes=changes, cwd=call.cwd)


def _read(call: Call) -> FileRead:
    return FileRead((call.input.path("filePath", cwd=call.cwd),), call.cwd)


def _folder(call: Call) -> str:
    return call.input.path("path", cwd=call.cwd) if call.input.members.get("path") else call.cwd


def _grep(call: Call) -> FileRead:
    return FileRead((_folder(call),), call.cwd)


def _glob(call: Call) -> FileRead:
    pattern = call.input.text("pattern")
    return FileRead((globs.searched_folder(pattern, _folder(call)),), call.cwd)


_INERT: Final = (
    "StructuredOutput",
    "invalid",  # tells the model that its call was malformed
    "question",
    "skill",
    "task",
    "todoread",
    "todowrite",
)
"""Change nothing but the conversation."""

_NOT_VOUCHED: Final = (
    "list_mcp_resource_templates",
    "list_mcp_resources",
    "plan_enter",
    "plan_exit",
    "read_mcp_resource",
)
"""Known by name and shown with their arguments, but what they do is open."""

_NETWORK: Final = ("codesearch", "webfetch", "websearch")

_READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(_INERT, vouched_tool(AGENT, Vouched.INERT)),
    **dict.fromkeys(_NOT_VOUCHED, vouched_tool(AGENT, Vouched.NOTHING)),
    **dict.fromkeys(_NETWORK, vouched_tool(AGENT, Vouched.NETWORK_READ)),
    "apply_patch": _apply_patch,
    "bash": _bash,
    "edit": _edit,
    "glob": _glob,
    "grep": _grep,
    "list": _grep,
    "lsp": _read,
    "multiedit": _multi_edit,
    "patch": _apply_patch,
    "read": _read,
    "write": _write,
}
