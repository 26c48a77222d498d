"""Codex's hooks: payloads read into proposals, answers written as Codex understands them.

An answer that Codex does not understand lets the call run, so there is no bare `allow` and no
`ask`: a call runs by silence, or by `allow` together with the changed input.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from assent.adapters.agents.briefing import at_start
from assent.adapters.agents.calls import Call, edited_arguments, proposal_of
from assent.adapters.agents.codex import tools
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
    Tell,
    ToolFinished,
    ToolProposed,
)
from assent.core.canonical import Json
from assent.core.proposals import AgentSession
from assent.errors import UsageError

NAME: Final = tools.AGENT

PRE_TOOL: Final = "PreToolUse"
POST_TOOL: Final = "PostToolUse"
SESSION_START: Final = "SessionStart"

SESSION_FOLDER: Final = "PWD"
"""Codex runs its hooks through a shell in the session's folder, which the shell calls so."""

CODEX_HOME: Final = "CODEX_HOME"

HOOK_TIMEOUT_S: Final = 86_400
"""Written into hooks.json. A hook that runs into it lets the call run, so we answer before."""


class Codex:
    """The hook surface of Codex CLI."""

    name = NAME
    title = "Codex CLI"
    abilities = Abilities(
        ask_there=False, park=False, change=True, max_wait_ms=(HOOK_TIMEOUT_S - 600) * 1000
    )
    gating_events = frozenset({PRE_TOOL})
    informing_events = frozenset({POST_TOOL, SESSION_START})
    forwarded_env: tuple[str, ...] = (SESSION_FOLDER,)

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
                    return _proposal(fields, session, payload=payload, files=files)
                case "PostToolUse":
                    return ToolFinished(
                        session=session,
                        call_id=fields.text("tool_use_id", default=""),
                        tool=fields.text("tool_name"),
                        ok=None,
                        payload=payload,
                    )
                case "SessionStart":
                    return SessionEvent(session=session, what="start")
                case _:
                    raise UnreadablePayload(f"the event {event!r} is not known")
        except UnreadablePayload as error:
            return unreadable(NAME, payload=payload, reason=str(error), session=session)

    def change(self, payload: bytes, text: str) -> bytes:
        try:
            fields = read_object(payload)
            tool, arguments = fields.text("tool_name"), fields.object("tool_input")
            edited = edited_arguments(
                tool, arguments.members, text, editing=tools.editing(arguments)
            )
            return changed(fields.members, ("tool_input",), edited)
        except UnreadablePayload as error:
            raise UsageError(f"This call cannot be changed: {error}.") from error

    def answer(
        self,
        event: str,
        payload: bytes,  # noqa: ARG002 - part of the port; Codex's answers need nothing of it
        answer: HookAnswer,
    ) -> HookOutput:
        return _decision(answer) if event in self.gating_events else at_start(event, answer)


def _session(fields: Fields, env: Mapping[str, str], files: Files) -> AgentSession:
    session = session_at(
        NAME,
        session_id=fields.text("session_id"),
        cwd=working_folder(fields),
        files=files,
        project=env.get(SESSION_FOLDER, ""),
    )
    return replace(
        session,
        mode=fields.text("permission_mode", default=""),
        model=fields.text("model", default=""),
        subagent=fields.text("agent_id", default=""),
    )


def _proposal(
    fields: Fields, session: AgentSession, *, payload: bytes, files: Files
) -> ToolProposed:
    arguments = fields.object("tool_input")
    call = Call(
        session=session,
        call_id=fields.text("tool_use_id", default=""),
        tool=fields.text("tool_name"),
        input=arguments,
        files=files,
    )
    editing = tools.editing(arguments)
    return proposal_of(call, tools.read_tool, payload=payload, editing=editing)


def _decision(answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            return HookOutput()
        case LetThroughChanged():
            try:
                arguments = read_object(answer.payload).object("tool_input").members
            except UnreadablePayload:
                return _deny("Assent could not hand over the changed call.")
            return _say({"permissionDecision": "allow", "updatedInput": arguments})
        case Refuse() | AskThere() | Park():
            return _deny(answer.message)
        case Noted() | Tell():
            return _deny("")
        case _:
            assert_never(answer)


def _deny(reason: str) -> HookOutput:
    # A denial without a reason is not understood.
    shown = reason if reason.strip() else "Assent has not let this call through."
    return _say({"permissionDecision": "deny", "permissionDecisionReason": shown})


def _say(said: Mapping[str, Json]) -> HookOutput:
    output = {"hookSpecificOutput": {"hookEventName": PRE_TOOL, **said}}
    return HookOutput(stdout=json.dumps(output, separators=(",", ":")).encode("ascii") + b"\n")
