"""What our opencode plugin says, read into proposals, and what it is answered.

    {"input": {"tool", "sessionID", "callID"}, "args", "parentID", "headless", "directory",
     "worktree"}

is answered `{"decision": "proceed"}`, `{"decision": "change", "args": {...}}` or
`{"decision": "deny", "reason": ...}`; see plugin.js beside this module.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from assent.adapters.agents.calls import Call, edited_arguments, proposal_of
from assent.adapters.agents.opencode import tools
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

PRE_TOOL: Final = "tool.execute.before"
POST_TOOL: Final = "tool.execute.after"
SESSION_CREATED: Final = "session.created"


class Opencode:
    """The hook surface of opencode. Its plugin waits as long as it takes."""

    name = NAME
    title = "opencode"
    abilities = Abilities()
    gating_events = frozenset({PRE_TOOL})
    informing_events = frozenset({POST_TOOL, SESSION_CREATED})
    forwarded_env: tuple[str, ...] = ()

    def read(
        self,
        event: str,
        payload: bytes,
        *,
        env: Mapping[str, str],  # noqa: ARG002  (the payload tells everything)
        files: Files,
    ) -> HookEvent:
        session: AgentSession | None = None
        try:
            fields = read_object(payload)
            if event == SESSION_CREATED:
                return SessionEvent(session=_session(fields, fields, files), what="start")
            said = fields.object("input")
            session = _session(fields, said, files)
            match event:
                case "tool.execute.before":
                    return _proposal(fields, said, session=session, payload=payload, files=files)
                case "tool.execute.after":
                    return ToolFinished(
                        session=session,
                        call_id=said.text("callID", default=""),
                        tool=said.text("tool"),
                        ok=_succeeded(fields),
                        payload=payload,
                    )
                case _:
                    raise UnreadablePayload(f"the event {event!r} is not known")
        except UnreadablePayload as error:
            return unreadable(NAME, payload=payload, reason=str(error), session=session)

    def change(self, payload: bytes, text: str) -> bytes:
        try:
            fields = read_object(payload)
            tool, arguments = fields.object("input").text("tool"), fields.object("args").members
            edited = edited_arguments(tool, arguments, text, editing=tools.EDITING)
            return changed(fields.members, ("args",), edited)
        except UnreadablePayload as error:
            raise UsageError(f"This call cannot be changed: {error}.") from error

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        return _decision(payload, answer) if event == PRE_TOOL else HookOutput()


def _session(fields: Fields, said: Fields, files: Files) -> AgentSession:
    session_id = said.text("sessionID")
    parent = fields.text("parentID", default="")
    known = session_at(
        NAME, session_id=session_id, cwd=working_folder(fields, "directory"), files=files
    )
    headless = True if fields.flag("headless", default=False) else None
    if not parent:
        return replace(known, headless=headless)
    # A sub-agent has a session of its own; its parent's is the run that it belongs to.
    return replace(known, session_id=parent, subagent=session_id, headless=headless)


def _proposal(
    fields: Fields, said: Fields, *, session: AgentSession, payload: bytes, files: Files
) -> ToolProposed:
    call = Call(
        session=session,
        call_id=said.text("callID", default=""),
        tool=said.text("tool"),
        input=fields.object("args"),
        files=files,
    )
    return proposal_of(call, tools.read_tool, payload=payload, editing=tools.EDITING)


def _succeeded(fields: Fields) -> bool | None:
    """Of a failed call there is no event; a command's exit code is told."""
    if fields.members.get("exit") is None:
        return True if fields.object("input").text("tool") != "bash" else None
    return fields.number("exit") == 0


def _decision(payload: bytes, answer: HookAnswer) -> HookOutput:
    match answer:
        case LetThrough():
            return _print({"decision": "proceed"})
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
        if original.object("input").text("tool") != fields.object("input").text("tool"):
            raise UnreadablePayload("another tool")
        arguments = fields.object("args").members
    except UnreadablePayload:
        return _refuse("Assent could not hand over the changed call.")
    return _print({"decision": "change", "args": arguments})


def _refuse(message: str) -> HookOutput:
    return _print({"decision": "deny", "reason": message})


def _print(said: Json) -> HookOutput:
    return HookOutput(stdout=json.dumps(said, separators=(",", ":")).encode("ascii") + b"\n")
