"""Claude Code's hooks: payloads read into proposals, answers written in its JSON."""

import json
import posixpath
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from assent.adapters.agents.briefing import at_start
from assent.adapters.agents.calls import Call, edited_arguments, proposal_of
from assent.adapters.agents.claude_code import plan_file, tools
from assent.adapters.agents.payloads import (
    Fields,
    UnreadablePayload,
    changed,
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
    Tell,
    ToolFinished,
    ToolProposed,
)
from assent.core.canonical import Json
from assent.core.proposals import AgentSession
from assent.errors import AssentError, UsageError

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
    informing_events = frozenset({POST_TOOL, POST_TOOL_FAILURE, SESSION_START, SESSION_END})
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
            edited = edited_arguments(tool, arguments.members, text, editing=tools.EDITING)
            return changed(fields.members, ("tool_input",), edited)
        except UnreadablePayload as error:
            raise UsageError(f"This call cannot be changed: {error}.") from error

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        match event:
            case "PreToolUse":
                return _decision(payload, answer)
            case "ConfigChange":
                return _settings_decision(answer)
            case _:
                return at_start(event, answer)


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
    """Whether nobody sits at Claude Code's prompt, as it tells its own child processes.

    True only when both signs say so: in a run with a prompt, a deferred call would be run.
    """
    attended, entry = env.get(ATTENDED), env.get(ENTRYPOINT, "")
    if attended == "1" or (attended is None and entry == "cli"):
        return False
    return True if attended == "0" and entry.startswith("sdk-") else None


def _proposal(
    fields: Fields,
    session: AgentSession,
    *,
    payload: bytes,
    env: Mapping[str, str],
    files: Files,
) -> ToolProposed:
    call = Call(
        session=session,
        call_id=fields.text("tool_use_id", default=""),
        tool=fields.text("tool_name"),
        input=fields.object("tool_input"),
        files=files,
    )
    read = partial(tools.read_tool, config=_config(env))
    return proposal_of(call, read, payload=payload, editing=tools.EDITING)


def _config(env: Mapping[str, str]) -> str:
    """Claude Code's own folder; empty when the environment does not tell."""
    home = env.get(HOME, "")
    return env.get(CONFIG_DIR) or (posixpath.join(home, ".claude") if home else "")


def _decision(payload: bytes, answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            return _allow(payload)
        case LetThroughChanged():
            return _allow_changed(payload, answer.payload)
        case Refuse():
            return _say("deny", answer.message)
        case AskThere():
            return _say("ask", answer.message)
        case Park():
            # A deferred call of a sub-agent is lost: the sub-agent ends and cannot be resumed.
            return _say("deny" if _of_subagent(payload) else "defer", answer.message)
        case Noted() | Tell():
            return _say("deny", "Assent has no decision on this call.")
        case _:
            assert_never(answer)


def _allow(payload: bytes) -> HookOutput:
    """`allow` and not silence: what was decided here is not to be asked again there.

    Claude Code leaves out its own dialog about a plan only when it is handed the input again.
    """
    try:
        fields = read_object(payload)
        if fields.text("tool_name") == tools.EXIT_PLAN:
            return _say("allow", updated=fields.object("tool_input").members)
    except UnreadablePayload:
        # A person has looked at the payload as it is; Claude Code knows what to do with it.
        return _say("allow")
    return _say("allow")


def _allow_changed(payload: bytes, wanted: bytes) -> HookOutput:
    try:
        fields = read_object(wanted)
        arguments = fields.object("tool_input")
        if fields.text("tool_name") == tools.EXIT_PLAN:
            plan_file.replace_plan(read_object(payload).object("tool_input"), arguments)
    except (UnreadablePayload, AssentError) as error:
        return _say("deny", f"Assent could not hand over the changed call: {error}")
    return _say("allow", updated=arguments.members)


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
        case LetThroughChanged() | Noted() | Tell():
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
