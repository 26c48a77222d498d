"""A call of an agent, written by a person who wants to know what would become of it."""

import posixpath
from pathlib import Path

from assent.adapters.agents.edits import changed_file
from assent.core.actions import Action, Command, FileEdit, FileRead, ToolCall
from assent.core.proposals import AgentSession, Proposal
from assent.errors import UsageError

AGENT = "claude-code"
"""The agent that is meant where none is named."""
KINDS = ("command", "edit", "read", "tool")


def proposed(
    kind: str,
    text: str,
    *,
    project: Path,
    cwd: str = "",
    content: str = "",
    agent: str = AGENT,
) -> Proposal:
    """The call as an agent in `project` would make it.

    `text` is the command, the path, or `server/tool`; `content` the file's new text, or the
    tool's arguments. Raises UsageError for an unknown kind.
    """
    root = str(project)
    folder = posixpath.normpath(posixpath.join(root, cwd)) if cwd else root
    session = AgentSession(agent=agent, session_id="", workspace=root, cwd=folder)
    action = _action(kind, text, folder=folder, content=content)
    return Proposal(session=session, call_id="", tool=kind, action=action, payload=b"")


def _action(kind: str, text: str, *, folder: str, content: str) -> Action:
    match kind:
        case "command":
            return Command(text, folder)
        case "edit":
            return _edit(text, folder, content)
        case "read":
            return FileRead((posixpath.join(folder, text),), folder)
        case "tool":
            server, _, tool = text.partition("/")
            return ToolCall(server, tool, content or "{}")
        case _:
            raise UsageError(f"Unknown kind `{kind}`.", hint=f"Known: {', '.join(KINDS)}")


def _edit(path: str, folder: str, content: str) -> FileEdit:
    target = Path(folder) / path
    before = target.read_bytes() if target.is_file() else None
    change = changed_file(str(target), before=before, after=content.encode())
    return FileEdit((change,), folder)
