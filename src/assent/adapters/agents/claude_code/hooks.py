"""Claude Code's hooks: payloads read into proposals, answers written in its JSON."""

import json
import posixpath
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from assent.adapters.agents.claude_code import tools
from assent.adapters.agents.edits import UnforeseeableEdit
from assent.adapters.agents.payloads import (
    Fields,
    UnreadablePayload,
    changed,
    is_object,
    read_json,
    read_object,
    session_at,
    unreadable,
    working_folder,
)
from assent.app.agents import (
    Abilities,
    AskThere,
    Files,
    HookAnswer,
    HookEvent,
    HookOutput,
    LetThrough,
    LetThroughChanged,
    Noted,
    Park,
    Refuse,
    SessionEvent,
    SettingsChange,
    ToolFinished,
    ToolProposed,
)
from assent.core.canonical import Json
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.errors import UsageError

NAME: Final = tools.AGENT

PRE_TOOL: Final = "PreToolUse"
CONFIG_CHANGE: Final = "ConfigChange"
POST_TOOL: Final = "PostToolUse"
POST_TOOL_FAILURE: Final = "PostToolUseFailure"
SESSION_START: Final = "SessionStart"
SESSION_END: Final = "SessionEnd"

ATTENDED: Final = "CLAUDE_CODE_SESSION_ATTENDED"
ENTRYPOINT: Final = "CLAUDE_CODE_ENTRYPOINT"
CONFIG_DIR: Final = "CLAUDE_CONFIG_DIR"
PROJECT_DIR: Final = "CLAUDE_PROJECT_DIR"
HOME: Final = "HOME"

HOOK_TIMEOUT_S: Final = 86_400
"""Written into the settings. Longer than anybody waits; Claude Code accepts it."""


class ClaudeCode:
    """The hook surface of Claude Code."""

    name = NAME
    title = "Claude Code"
    abilities = Abilities(
        ask_there=True, park=True, change=True, max_wait_ms=(HOOK_TIMEOUT_S - 600) * 1000
    )
    gating_events = frozenset({PRE_TOOL, CONFIG_CHANGE})
    forwarded_env: tuple[str, ...] = (ATTENDED, ENTRYPOINT, PROJECT_DIR, CONFIG_DIR, HOME)

    def read(
        self, event: str, payload: bytes, *, env: Mapping[str, str], files: Files
    ) -> HookEvent:
        session: AgentSession | None = None
        try:
            fields = read_object(payload)
            session = _session(fields, env, files)
            if fields.text("hook_event_name", default=event) != event:
                raise UnreadablePayload("the payload belongs to another event")
            match event:
                case "PreToolUse":
                    return _proposal(fields, session, payload=payload, env=env, files=files)
                case "ConfigChange":
                    return SettingsChange(
                        session=session,
                        source=fields.text("source", default=""),
                        path=fields.text("file_path", default=""),
                    )
                case "PostToolUse" | "PostToolUseFailure":
                    return ToolFinished(
                        session=session,
                        call_id=fields.text("tool_use_id", default=""),
                        tool=fields.text("tool_name"),
                        ok=event == POST_TOOL,
                        payload=payload,
                    )
                case "SessionStart" | "SessionEnd":
                    what = "start" if event == SESSION_START else "end"
                    return SessionEvent(session=session, what=what)
                case _:
                    raise UnreadablePayload(f"the event {event!r} is not known")
        except UnreadablePayload as error:
            return unreadable(NAME, payload=payload, reason=str(error), session=session)

    def change(self, payload: bytes, text: str) -> bytes:
        try:
            fields = read_object(payload)
            tool, arguments = fields.text("tool_name"), fields.object("tool_input")
            editable = _editable(tool, arguments)
            if editable is None:
                raise UsageError(f"A call of {tool} has nothing that can be changed.")
            if editable.label != tools.ARGUMENTS:
                member, _ = tools.EDITABLE[tool]
                return changed(fields.members, ("tool_input", member), text)
            value = read_json(text.encode("utf-8"))
        except (UnreadablePayload, UnicodeEncodeError) as error:
            raise UsageError(f"This call cannot be changed so: {error}.") from error
        if not is_object(value):
            raise UsageError("The arguments must be a JSON object.")
        return changed(fields.members, ("tool_input",), value)

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        match event:
            case "PreToolUse":
                return _decision(payload, answer)
            case "ConfigChange":
                return _settings_decision(answer)
            case _:
                return HookOutput()


def _session(fields: Fields, env: Mapping[str, str], files: Files) -> AgentSession:
    session = session_at(
        NAME,
        session_id=fields.text("session_id"),
        cwd=working_folder(fields),
        files=files,
        project=env.get(PROJECT_DIR, ""),
    )
    return replace(
        session,
        mode=fields.text("permission_mode", default=""),
        model=fields.text("model", default=""),
        subagent=fields.text("agent_id", default=""),
        headless=_headless(env),
    )


def _headless(env: Mapping[str, str]) -> bool | None:
    """Whether nobody sits at Claude Code's prompt, as it tells its own child processes."""
    if ATTENDED in env:
        return env[ATTENDED] != "1"
    return env[ENTRYPOINT] != "cli" if ENTRYPOINT in env else None


def _proposal(
    fields: Fields,
    session: AgentSession,
    *,
    payload: bytes,
    env: Mapping[str, str],
    files: Files,
) -> ToolProposed:
    tool, call_id = fields.text("tool_name"), fields.text("tool_use_id", default="")
    try:
        arguments = fields.object("tool_input")
        action = tools.read_tool(
            tools.Call(
                tool=tool, input=arguments, cwd=session.cwd, config=_config(env), files=files
            )
        )
        return ToolProposed(
            Proposal(
                session=session,
                call_id=call_id,
                tool=tool,
                action=action,
                payload=payload,
                prose=_prose(arguments),
                editable=_editable(tool, arguments),
            )
        )
    except (UnreadablePayload, UnforeseeableEdit) as error:
        return unreadable(
            NAME, payload=payload, reason=str(error), tool=tool, call_id=call_id, session=session
        )


def _config(env: Mapping[str, str]) -> str:
    """Claude Code's own folder; empty when the environment does not tell."""
    home = env.get(HOME, "")
    return env.get(CONFIG_DIR) or (posixpath.join(home, ".claude") if home else "")


def _prose(arguments: Fields) -> str:
    said = arguments.members.get("description")
    return said if isinstance(said, str) else ""


def _editable(tool: str, arguments: Fields) -> Editable | None:
    if tool not in tools.EDITABLE:
        shown = json.dumps(arguments.members, indent=2)
        return Editable(tools.ARGUMENTS, shown)
    member, label = tools.EDITABLE[tool]
    text = arguments.members.get(member)
    return Editable(label, text) if isinstance(text, str) else None


def _decision(payload: bytes, answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            # `allow` and not silence: what was decided here is not to be asked again there.
            return _say("allow")
        case LetThroughChanged():
            try:
                arguments = read_object(answer.payload).object("tool_input").members
            except UnreadablePayload:
                return _say("deny", "Assent could not hand over the changed call.")
            return _say("allow", updated=arguments)
        case Refuse():
            return _say("deny", answer.message)
        case AskThere():
            return _say("ask", answer.message)
        case Park():
            # A deferred call of a sub-agent is lost: the sub-agent ends and cannot be resumed.
            return _say("deny" if _of_subagent(payload) else "defer", answer.message)
        case Noted():
            return _say("deny", "Assent has no decision on this call.")
        case _:
            assert_never(answer)


def _of_subagent(payload: bytes) -> bool:
    try:
        return "agent_id" in read_object(payload)
    except UnreadablePayload:
        return True


def _settings_decision(answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            return HookOutput()
        case Refuse() | AskThere() | Park():
            return _print({"decision": "block", "reason": answer.message})
        case LetThroughChanged() | Noted():
            return _print({"decision": "block", "reason": "Assent keeps the settings as they are."})
        case _:
            assert_never(answer)


def _say(
    decision: str, reason: str = "", *, updated: Mapping[str, Json] | None = None
) -> HookOutput:
    said: dict[str, Json] = {"hookEventName": PRE_TOOL, "permissionDecision": decision}
    if reason:
        said["permissionDecisionReason"] = reason
    if updated is not None:
        said["updatedInput"] = updated
    return _print({"hookSpecificOutput": said})


def _print(said: Json) -> HookOutput:
    return HookOutput(stdout=json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n")
