"""How each agent writes a call, and what it makes of its hook's answer (see docs/agents).

An agent lets a call run unless it understands a refusal: that is what `Said.passed` means.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assent.app.agents import Dialect


@dataclass(frozen=True)
class Agent:
    name: str
    before: str
    """The event before a call of a tool."""
    after: str
    """The event after it, which only informs."""
    dialect: Dialect
    env: Mapping[str, str] = field(default_factory=dict)

    def dialect_of(self, event: str) -> Dialect:
        return "observe" if event == self.after else self.dialect

    def shell(self, command: str, *, cwd: str, session: str = "s-1", call: str = "c-1") -> bytes:
        """The payload before a command is run."""
        tool, arguments = _SHELLS[self.name](command)
        return self.call(tool, arguments, cwd=cwd, session=session, call=call)

    def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        cwd: str,
        session: str = "s-1",
        call: str = "c-1",
    ) -> bytes:
        """The payload before a call of any tool."""
        match self.name:
            case "copilot":
                fields = {
                    "sessionId": session,
                    "timestamp": 1795202482627,
                    "cwd": cwd,
                    "toolName": tool,
                    "toolArgs": arguments,
                }
            case "opencode":
                fields = {
                    "input": {"tool": tool, "sessionID": session, "callID": call},
                    "args": arguments,
                    "headless": False,
                    "directory": cwd,
                    "worktree": cwd,
                }
            case _:
                fields = {
                    "session_id": session,
                    "cwd": cwd,
                    "hook_event_name": self.before,
                    "tool_name": tool,
                    "tool_input": arguments,
                    "tool_use_id": call,
                }
        return json.dumps(fields).encode()


CLAUDE = Agent(
    "claude-code",
    "PreToolUse",
    "PostToolUse",
    "exit2",
    {"CLAUDE_CODE_SESSION_ATTENDED": "1", "CLAUDE_CODE_ENTRYPOINT": "cli"},
)
CODEX = Agent("codex", "PreToolUse", "PostToolUse", "exit2")
GEMINI = Agent("gemini", "BeforeTool", "AfterTool", "exit2")
COPILOT = Agent("copilot", "preToolUse", "postToolUse", "json", {"COPILOT_LOADER_PID": "1"})
OPENCODE = Agent("opencode", "tool.execute.before", "tool.execute.after", "exit2")
AGENTS = (CLAUDE, CODEX, GEMINI, COPILOT, OPENCODE)

_SHELLS: Mapping[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "claude-code": lambda command: ("Bash", {"command": command}),
    "codex": lambda command: ("Bash", {"command": command}),
    "gemini": lambda command: ("run_shell_command", {"command": command}),
    "copilot": lambda command: ("bash", {"command": command, "description": "d"}),
    "opencode": lambda command: ("bash", {"command": command, "description": "d"}),
}


@dataclass(frozen=True)
class Said:
    """How a hook ended."""

    agent: Agent
    code: int
    out: bytes
    err: bytes

    @property
    def passed(self) -> bool:
        """Whether the agent runs the call."""
        match self.agent.name:
            case "claude-code":
                # Installed with onFailure: block, so that nothing but 0 lets a call run.
                return self.code == 0 and self._verdict() in (None, "allow")
            case "opencode":
                return self.code == 0 and self._verdict() in ("proceed", "change")
            case "copilot":
                return self.code == 0 and self._verdict() in (None, "allow")
            case _:
                return self.code != 2 and self._verdict() in (None, "allow")

    @property
    def reason(self) -> str:
        """What the agent's model reads of a refusal."""
        said = self._fields()
        named = said.get("permissionDecisionReason", said.get("reason"))
        return self.err.decode() if named is None else str(named)

    @property
    def text(self) -> str:
        return (self.out + self.err).decode()

    def _verdict(self) -> str | None:
        said = self._fields()
        named = said.get("permissionDecision", said.get("decision"))
        return None if named is None else str(named)

    def _fields(self) -> Mapping[str, Any]:
        try:
            said = json.loads(self.out or b"{}")
        except ValueError:
            return {}
        found: Mapping[str, Any] = said.get("hookSpecificOutput", said)
        return found
