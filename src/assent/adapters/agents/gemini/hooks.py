"""Gemini CLI's hooks: payloads read into proposals, answers written in its JSON."""

import json
from collections.abc import Mapping
from typing import Final, assert_never

from assent.adapters.agents.briefing import at_start
from assent.adapters.agents.calls import Call, call_id_of, edited_arguments, proposal_of
from assent.adapters.agents.gemini import plans, tools
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
from assent.core.actions import Action
from assent.core.canonical import Json
from assent.core.proposals import AgentSession
from assent.errors import UsageError

NAME: Final = tools.AGENT

PRE_TOOL: Final = "BeforeTool"
POST_TOOL: Final = "AfterTool"
SESSION_START: Final = "SessionStart"
SESSION_END: Final = "SessionEnd"

HOOK_TIMEOUT_MS: Final = 86_400_000
"""Written into the settings. From 2^31 on, the timer runs out at once and the call runs."""


class Gemini:
    """The hook surface of Gemini CLI.

    It cannot ask there: a headless run that is told to ask ends silently, and neither payload nor
    environment tells whether somebody sits at the prompt.
    """

    name = NAME
    title = "Gemini CLI"
    abilities = Abilities(max_wait_ms=HOOK_TIMEOUT_MS - 600_000)
    gating_events = frozenset({PRE_TOOL})
    informing_events = frozenset({POST_TOOL, SESSION_START, SESSION_END})
    forwarded_env: tuple[str, ...] = (plans.PLANS_DIR,)

    def read(
        self, event: str, payload: bytes, *, env: Mapping[str, str], files: Files
    ) -> HookEvent:
        session: AgentSession | None = None
        try:
            fields = read_object(payload)
            session = session_at(
                NAME,
                session_id=fields.text("session_id"),
                cwd=working_folder(fields),
                files=files,
            )
            if fields.text("hook_event_name", default=event) != event:
                raise UnreadablePayload("the payload belongs to another event")
            match event:
                case "BeforeTool":
                    return _proposal(fields, session, payload=payload, env=env, files=files)
                case "AfterTool":
                    return _finished(fields, session, payload)
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
            tool, arguments = fields.text("tool_name"), fields.object("tool_input").members
            edited = edited_arguments(tool, arguments, text, editing=tools.EDITING)
            return changed(fields.members, ("tool_input",), edited)
        except UnreadablePayload as error:
            raise UsageError(f"This call cannot be changed: {error}.") from error

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        return _decision(payload, answer) if event == PRE_TOOL else at_start(event, answer)


def _proposal(
    fields: Fields,
    session: AgentSession,
    *,
    payload: bytes,
    env: Mapping[str, str],
    files: Files,
) -> ToolProposed:
    tool, arguments = fields.text("tool_name"), fields.object("tool_input")
    context = fields.object("mcp_context") if "mcp_context" in fields else None

    def read(call: Call) -> Action:
        if context is not None:
            return tools.read_mcp(call, context)
        if call.tool == tools.EXIT_PLAN:
            return tools.read_plan(call, folder=plans.plans_folder(fields, env))
        return tools.read_builtin(call)

    call = Call(
        session=session,
        call_id=call_id_of(tool, arguments.members),
        tool=tool,
        input=arguments,
        files=files,
    )
    return proposal_of(call, read, payload=payload, editing=tools.EDITING)


def _finished(fields: Fields, session: AgentSession, payload: bytes) -> ToolFinished:
    tool, failed = fields.text("tool_name"), "error" in fields.object("tool_response")
    # Of a command only the text of its output tells whether it failed.
    ran = None if tool == tools.SHELL else True
    return ToolFinished(
        session=session,
        call_id=call_id_of(tool, fields.object("tool_input").members),
        tool=tool,
        ok=False if failed else ran,
        payload=payload,
    )


def _decision(payload: bytes, answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            # Gemini CLI's own rules and prompts go on to apply: this only does not object.
            return _print({})
        case LetThroughChanged():
            return _changed(payload, answer.payload)
        case Refuse() | AskThere() | Park():
            return _refuse(answer.message)
        case Noted() | Tell():
            return _refuse("Assent has no decision on this call.")
        case _:
            assert_never(answer)


def _changed(payload: bytes, instead: bytes) -> HookOutput:
    try:
        original, fields = read_object(payload), read_object(instead)
        if original.text("tool_name") != fields.text("tool_name"):
            raise UnreadablePayload("another tool")
        arguments = fields.object("tool_input").members
        if not arguments.keys() >= original.object("tool_input").members.keys():
            raise UnreadablePayload("an argument that is left out would stay")
    except UnreadablePayload:
        return _refuse("Assent could not hand over the changed call.")
    return _print({"hookSpecificOutput": {"hookEventName": PRE_TOOL, "tool_input": arguments}})


def _refuse(message: str) -> HookOutput:
    return _print({"decision": "deny", "reason": message})


def _print(said: Json) -> HookOutput:
    return HookOutput(stdout=json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n")
