"""Copilot CLI's hooks: payloads read into proposals, answers written in its JSON."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from assent.adapters.agents.calls import Call, call_id_of, edited_arguments, proposal_of
from assent.adapters.agents.copilot import tools
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
    Tell,
    ToolFinished,
    ToolProposed,
)
from assent.core.canonical import Json
from assent.core.proposals import AgentSession
from assent.errors import UsageError

NAME: Final = tools.AGENT

PRE_TOOL: Final = "preToolUse"
POST_TOOL: Final = "postToolUse"
POST_TOOL_FAILURE: Final = "postToolUseFailure"
SESSION_START: Final = "sessionStart"
SESSION_END: Final = "sessionEnd"

INTERACTIVE: Final = "COPILOT_LOADER_PID"
"""Set for the hooks of an interactive run only (seen with 1.0.102, not documented)."""
PROJECT: Final = "COPILOT_PROJECT_DIR"

HOOK_TIMEOUT_S: Final = 86_400
MAX_OUTPUT: Final = 8 * 1024 * 1024
"""Copilot CLI cuts a hook's output at 10 MiB, cannot read what is left, and runs the call."""


class Copilot:
    """The hook surface of GitHub Copilot CLI."""

    name = NAME
    title = "GitHub Copilot CLI"
    abilities = Abilities(ask_there=True, max_wait_ms=(HOOK_TIMEOUT_S - 600) * 1000)
    gating_events = frozenset({PRE_TOOL})
    informing_events = frozenset({POST_TOOL, POST_TOOL_FAILURE, SESSION_START, SESSION_END})
    forwarded_env: tuple[str, ...] = (INTERACTIVE, PROJECT)

    def read(
        self, event: str, payload: bytes, *, env: Mapping[str, str], files: Files
    ) -> HookEvent:
        session: AgentSession | None = None
        try:
            fields = read_object(payload)
            session = _session(fields, env, files)
            match event:
                case "preToolUse":
                    return _proposal(fields, session, payload=payload, files=files)
                case "postToolUse" | "postToolUseFailure":
                    return _finished(fields, session, ok=event == POST_TOOL, payload=payload)
                case "sessionStart" | "sessionEnd":
                    what = "start" if event == SESSION_START else "end"
                    return SessionEvent(session=session, what=what)
                case _:
                    raise UnreadablePayload(f"the event {event!r} is not known")
        except UnreadablePayload as error:
            return unreadable(NAME, payload=payload, reason=str(error), session=session)

    def change(self, payload: bytes, text: str) -> bytes:
        try:
            fields = read_object(payload)
            tool, arguments = fields.text("toolName"), _arguments(fields)
            edited = edited_arguments(tool, arguments.members, text, editing=tools.EDITING)
            return changed(fields.members, ("toolArgs",), _as_sent(fields, edited))
        except UnreadablePayload as error:
            raise UsageError(f"This call cannot be changed: {error}.") from error

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        if event != PRE_TOOL:
            return HookOutput()
        said = _decision(payload, answer)
        if len(said.stdout) > MAX_OUTPUT:
            return _say("deny", "The changed call is too large for Copilot CLI.")
        return said


def _session(fields: Fields, env: Mapping[str, str], files: Files) -> AgentSession:
    known = session_at(
        NAME,
        session_id=fields.text("sessionId"),
        cwd=working_folder(fields),
        files=files,
        project=env.get(PROJECT, ""),
    )
    subagent = fields.text("agentId", default="")
    parent = fields.text("parentAgentId", default="")
    return replace(
        known,
        # A sub-agent has a session of its own; its parent's is the run that it belongs to.
        session_id=parent or known.session_id,
        subagent=subagent,
        headless=INTERACTIVE not in env,
    )


def _proposal(
    fields: Fields, session: AgentSession, *, payload: bytes, files: Files
) -> ToolProposed:
    tool, arguments = fields.text("toolName"), _arguments(fields)
    call = Call(
        session=session,
        call_id=call_id_of(tool, arguments.members),
        tool=tool,
        input=arguments,
        files=files,
    )
    return proposal_of(call, tools.read_tool, payload=payload, editing=tools.EDITING)


def _finished(fields: Fields, session: AgentSession, *, ok: bool, payload: bytes) -> ToolFinished:
    tool = fields.text("toolName")
    return ToolFinished(
        session=session,
        call_id=call_id_of(tool, _arguments(fields).members),
        tool=tool,
        # Of a command only the text of its output tells whether it failed.
        ok=None if ok and tool == tools.SHELL else ok,
        payload=payload,
    )


def _arguments(fields: Fields) -> Fields:
    """The arguments: an object, the JSON text of one, or the bare patch of apply_patch."""
    sent = fields.value("toolArgs")
    if isinstance(sent, str):
        text = fields.text("toolArgs")
        if fields.text("toolName") == "apply_patch" and not text.lstrip().startswith("{"):
            return Fields({tools.PATCH: text}, where="toolArgs")
        sent = read_json(text.encode("utf-8"))
    if not is_object(sent):
        raise UnreadablePayload("toolArgs is not an object")
    return Fields(sent, where="toolArgs")


def _as_sent(fields: Fields, arguments: Mapping[str, Json]) -> Json:
    """`arguments` in the form in which the payload carries them."""
    if not isinstance(fields.value("toolArgs"), str):
        return arguments
    if arguments.keys() == {tools.PATCH}:
        return arguments[tools.PATCH]
    return json.dumps(arguments, allow_nan=False)


def _decision(payload: bytes, answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            # Not `allow`: that would run the call against the user's own --deny-tool rules.
            return _print({})
        case LetThroughChanged():
            return _changed(payload, answer.payload)
        case Refuse() | Park():
            return _say("deny", answer.message)
        case AskThere():
            return _say("ask", answer.message)
        case Noted() | Tell():
            return _say("deny", "Assent has no decision on this call.")
        case _:
            assert_never(answer)


def _changed(payload: bytes, instead: bytes) -> HookOutput:
    try:
        original, fields = read_object(payload), read_object(instead)
        if original.text("toolName") != fields.text("toolName"):
            raise UnreadablePayload("another tool")
        arguments = _arguments(fields).members
    except UnreadablePayload:
        return _say("deny", "Assent could not hand over the changed call.")
    # The bare text of a patch is handed over as bare text.
    bare = arguments.keys() == {tools.PATCH}
    return _print({"modifiedArgs": arguments[tools.PATCH] if bare else arguments})


def _say(decision: str, reason: str) -> HookOutput:
    return _print({"permissionDecision": decision, "permissionDecisionReason": reason})


def _print(said: Json) -> HookOutput:
    return HookOutput(stdout=json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n")
