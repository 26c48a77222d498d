"""Answers the agents' hooks over a unix socket: one call, one answer, a denial for any fault."""

import asyncio
import os
import select
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

import structlog

from assent.app import messages, records
from assent.app.agents import (
    Agent,
    HookAnswer,
    HookOutput,
    Noted,
    Refuse,
    SessionEvent,
    SettingsChange,
    ToolFinished,
    ToolProposed,
    human_in_loop,
)
from assent.app.await_decision import Hold, Wakeups, submit_and_wait
from assent.app.gatehouse import Gatehouse
from assent.app.record_outcome import (
    record_outcome,
    record_session,
    record_unknown_event,
    record_unreadable,
    refuse_settings,
)
from assent.core.canonical import Json
from assent.entrypoints.home import give
from assent.entrypoints.hook import wire
from assent.entrypoints.hook.peers import Peers
from assent.errors import AssentError

ACK_AFTER_S = 0.5
"""A relay wants a sign of life within 2 s; most calls are answered long before this."""
HEARTBEAT_S = 5.0
READ_LIMIT_S = 60.0
"""A call that has not arrived whole by then is dropped; the relay gives up sooner."""

log = structlog.get_logger()


class HookServer:
    """Listens on `hook.sock` in the current folder, for processes of this user only.

    With a `group` for those of its members, too: the socket's mode keeps others away.
    """

    def __init__(self, gate: Gatehouse, wakeups: Wakeups, *, group: int | None = None) -> None:
        self._gate = gate
        self._wakeups = wakeups
        self._group = group
        self.peers = Peers(gate.store, gate.clock)
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, socket_name: str) -> None:
        """Bind `socket_name`, replacing a socket that a killed daemon left behind."""
        with suppress(FileNotFoundError):
            os.unlink(socket_name)
        self._server = await asyncio.start_unix_server(
            self._accept, socket_name, backlog=512, limit=wire.CHUNK
        )
        os.chmod(socket_name, 0o600)
        if self._group is not None:
            give(Path(socket_name), self._group, 0o660)

    async def stop(self) -> None:
        """Refuse what is still being held. The requests stay; the agents are told to ask again."""
        if self._server is not None:
            self._server.close()
        for call in tuple(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            uid = _peer_uid(writer)
            if uid != os.getuid() and self._group is None:
                log.warning("hook.other-user", uid=uid)
                return
            async with asyncio.timeout(READ_LIMIT_S):
                call = await wire.read_call(reader)
            await self._serve(call, writer, uid)
        except wire.BadCall as error:
            log.warning("hook.bad-call", error=str(error))
        except (ConnectionError, TimeoutError) as error:
            log.info("hook.gone", error=repr(error))
        finally:
            self._calls.discard(task)
            writer.close()

    async def _serve(self, call: wire.HookCall, writer: asyncio.StreamWriter, uid: int) -> None:
        """Answer while telling the relay that somebody is there."""
        there = _There(uid, lambda: _present(writer))
        work = asyncio.create_task(self._output(call, there))
        try:
            await asyncio.wait({work}, timeout=ACK_AFTER_S)
            sign = wire.TAKEN
            while not work.done():
                writer.write(sign)
                await writer.drain()
                sign = wire.STILL_THERE
                await asyncio.wait({work}, timeout=HEARTBEAT_S)
            writer.write(wire.final(work.result()))
            await writer.drain()
        except asyncio.CancelledError:
            writer.write(wire.final(self._stopping(call)))
            raise
        finally:
            work.cancel()

    def _stopping(self, call: wire.HookCall) -> HookOutput:
        agent = self._gate.agents.get(call.agent)
        if agent is None or not _knows(agent, call.event):
            return _denied_in_any_language(messages.STOPPING)
        return agent.answer(call.event, call.payload or b"", Refuse(messages.STOPPING))

    async def _output(self, call: wire.HookCall, there: "_There") -> HookOutput:
        agent = self._gate.agents.get(call.agent)
        if agent is None:
            log.error("hook.unknown-agent", agent=call.agent)
            return _denied_in_any_language(messages.unknown_agent(call.agent))
        if not _knows(agent, call.event):
            return await self._unknown_event(agent, call)
        return await self._answered_or_denied(agent, call, there)

    async def _unknown_event(self, agent: Agent, call: wire.HookCall) -> HookOutput:
        """The adapter has no words for it, so that it could only let the event pass."""
        log.error("hook.unknown-event", agent=agent.name, hook=call.event)
        try:
            await record_unknown_event(
                self._gate, agent=agent.name, event=call.event, payload=call.payload or b""
            )
        except AssentError as error:
            log.error("hook.unrecordable", agent=agent.name, hook=call.event, error=str(error))
        return _denied_in_any_language(messages.unknown_event(agent.title, call.event))

    async def _answered_or_denied(
        self, agent: Agent, call: wire.HookCall, there: "_There"
    ) -> HookOutput:
        """The one place where any fault becomes a denial, also one in saying the answer."""
        payload = call.payload or b""
        try:
            answer = await self._answer(agent, call, there)
            return agent.answer(call.event, payload, answer)
        except AssentError as error:
            log.error("hook.unrecordable", agent=agent.name, hook=call.event, error=str(error))
            refusal = Refuse(messages.unrecordable(str(error)))
        except Exception:
            log.exception("hook.fault", agent=agent.name, hook=call.event)
            refusal = Refuse(messages.FAULT)
        return agent.answer(call.event, payload, refusal)

    async def _answer(self, agent: Agent, call: wire.HookCall, there: "_There") -> HookAnswer:
        if call.payload is None:
            return await self._too_large(agent, call)
        event = agent.read(call.event, call.payload, env=call.env, files=self._gate.files)
        match event:
            case ToolProposed(proposal):
                peer = self.peers.of(there.uid)
                session = replace(
                    proposal.session,
                    human_in_loop=human_in_loop(call.env),
                    person=peer.person,
                    apart=peer.apart,
                )
                known = replace(proposal, event=call.event, session=session)
                if call.event not in agent.gating_events:
                    return await record_unreadable(self._gate, known)
                hold = Hold(longest_ms=agent.abilities.max_wait_ms, present=there.present)
                return await submit_and_wait(self._gate, self._wakeups, known, hold)
            case ToolFinished():
                return await record_outcome(self._gate, event)
            case SettingsChange():
                return await refuse_settings(self._gate, event)
            case SessionEvent():
                return await record_session(self._gate, event)
            case _:
                assert_never(event)

    async def _too_large(self, agent: Agent, call: wire.HookCall) -> HookAnswer:
        now = self._gate.clock.now()
        fields: dict[str, Json] = {
            "agent": agent.name,
            "hook": call.event,
            "limit": wire.MAX_PAYLOAD,
        }
        await self._gate.store.write(
            lambda tx: tx.append(records.DAEMON_STREAM, "too-large", at=now, fields=fields),
            durable=True,
        )
        if call.event not in agent.gating_events:
            return Noted()
        return Refuse(messages.payload_too_large(wire.MAX_PAYLOAD))


@dataclass(frozen=True, slots=True)
class _There:
    """Who calls, and whether they still wait."""

    uid: int
    present: Callable[[], bool]


def _knows(agent: Agent, event: str) -> bool:
    return event in agent.gating_events or event in agent.informing_events


def _denied_in_any_language(message: str) -> HookOutput:
    """Exit code 2: a refusal to most agents, and to the others a broken hook, which stops them."""
    return HookOutput(exit_code=2, stderr=message.encode("utf-8", "backslashreplace") + b"\n")


def _present(writer: asyncio.StreamWriter) -> bool:
    """Whether the relay at the other end still waits: its half-close alone is no hang-up."""
    if writer.is_closing():
        return False
    poller = select.poll()
    poller.register(_socket(writer).fileno(), 0)
    return not poller.poll(0)


def _socket(writer: asyncio.StreamWriter) -> socket.socket:
    found: socket.socket = writer.get_extra_info("socket")
    return found


def _peer_uid(writer: asyncio.StreamWriter) -> int:
    """The user at the other end, as the kernel says."""
    peer = _socket(writer)
    if sys.platform == "darwin":
        credentials = peer.getsockopt(0, 1, struct.calcsize("IIh16I"))
        return int(struct.unpack_from("II", credentials)[1])
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])
