"""An agent made for tests: its payload is the command itself, and its answers are one word."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assent.app.agents import (
    Abilities,
    AskThere,
    Files,
    HookAnswer,
    HookEvent,
    HookOutput,
    LetThrough,
    LetThroughChanged,
    Park,
    Refuse,
    ToolFinished,
    ToolProposed,
)
from assent.core.actions import Command
from assent.core.proposals import AgentSession, Editable, Proposal


@dataclass
class PlainAgent:
    """An agent whose payload is the command itself, and whose answers are one word."""

    name: str = "plain"
    title: str = "Plain"
    abilities: Abilities = field(default_factory=Abilities)
    gating_events: frozenset[str] = frozenset({"before"})
    informing_events: frozenset[str] = frozenset({"after"})
    forwarded_env: tuple[str, ...] = ("HEADLESS",)

    def read(
        self, event: str, payload: bytes, *, env: Mapping[str, str], files: Files
    ) -> HookEvent:
        if payload == b"crash":
            raise RuntimeError("a bug in an adapter, with the secret token=abcdefgh in it")
        session = AgentSession(
            agent=self.name,
            session_id="s1",
            workspace="/w",
            cwd="/w",
            headless=env.get("HEADLESS") == "1",
        )
        if event == "after" and payload != b"garbled":
            return ToolFinished(session, call_id="c", tool="sh", ok=True, payload=payload)
        text = payload.decode()
        return ToolProposed(
            Proposal(
                session=session,
                call_id="c",
                tool="sh",
                action=Command(text, "/w"),
                payload=payload,
                editable=Editable("command", text),
            )
        )

    def change(self, payload: bytes, text: str) -> bytes:
        return text.encode()

    def answer(self, event: str, payload: bytes, answer: HookAnswer) -> HookOutput:
        match answer:
            case LetThrough():
                return HookOutput(stdout=b"run")
            case LetThroughChanged(b"unsayable"):
                raise RuntimeError("a bug in an encoder")
            case LetThroughChanged(changed):
                return HookOutput(stdout=b"run " + changed)
            case Refuse(message):
                return HookOutput(exit_code=2, stderr=message.encode())
            case Park(message):
                return HookOutput(stdout=b"parked " + message.encode())
            case AskThere(message):
                return HookOutput(stdout=b"ask " + message.encode())
            case _:
                return HookOutput()
