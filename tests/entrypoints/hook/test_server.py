"""The hook server over its real socket: every call gets one answer, and every fault is a denial."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assent.app.agents import (
    Abilities,
    HookOutput,
)
from assent.app.await_decision import Wakeups
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.core.approvals import Request, State, Verdict
from assent.entrypoints.hook.server import HookServer
from assent.entrypoints.hook.wire import MAX_PAYLOAD
from assent.testing import CountingIds, FixedClock
from tests.app.failing_store import FailingStore
from tests.app.plain_agent import PlainAgent
from tests.app.world import BUILT_IN, StillPolicies, StillWorld

pytestmark = pytest.mark.network


@dataclass
class House:
    gate: Gatehouse
    server: HookServer
    socket: str
    opened: list[asyncio.StreamWriter] = field(default_factory=list)

    async def call(
        self, payload: bytes, *, agent: str = "plain", event: str = "before", env: str = ""
    ) -> HookOutput:
        reader, writer = await self.connect()
        records = [b"assent/1", agent.encode(), event.encode()]
        records += [env.encode()] if env else []
        for record in [*records, b""]:
            writer.write(len(record).to_bytes(4, "big") + record)
        writer.write(payload)
        writer.write_eof()
        return await read_answer(reader)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(self.socket)
        self.opened.append(writer)
        return reader, writer

    def ask(self, payload: bytes, *, env: str = "") -> "asyncio.Task[HookOutput]":
        return asyncio.create_task(self.call(payload, env=env))

    async def waiting(self) -> Request:
        while True:
            found = self.gate.store.read(lambda view: view.waiting(limit=1))
            if found:
                return found[0]
            await asyncio.sleep(0)

    async def decide(
        self, verdict: Verdict, *, reason: str = "", text: str | None = None
    ) -> Request:
        request = await self.waiting()
        word = Word(
            verdict=verdict, by="ana", via="web", reason=reason, text=text, confirm=request.name
        )
        decided = await decide_request(self.gate, request.number, word)
        assert isinstance(decided, Request), decided
        return decided

    def state(self, number: int) -> State:
        found = self.gate.store.read(lambda view: view.request_numbered(number))
        assert found is not None
        return found.state

    def kinds(self) -> list[str]:
        entries = self.gate.store.read(lambda view: view.entries(limit=100))
        return [json.loads(entry.body)["kind"] for entry in reversed(entries)]


async def read_answer(reader: asyncio.StreamReader) -> HookOutput:
    while (frame := await reader.readexactly(1)) in (b"A", b"H"):
        pass
    assert frame == b"R"
    code = (await reader.readexactly(1))[0]
    out = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
    err = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
    assert await reader.read() == b""
    return HookOutput(code, out, err)


PARKING = Abilities(park=True)


@pytest.fixture
def policies() -> StillPolicies:
    return StillPolicies()


@pytest.fixture
async def house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policies: StillPolicies
) -> AsyncIterator[House]:
    gate = Gatehouse(
        store=FailingStore(),
        clock=FixedClock(1_000),
        ids=CountingIds(),
        agents={"plain": PlainAgent(), "parking": PlainAgent("parking", abilities=PARKING)},
        files=StillWorld(),
        world=StillWorld(),
        project=StillWorld(),
        policies=policies,
    )
    wakeups = Wakeups()
    gate.store.on_commit(wakeups.committed)
    server = HookServer(gate, wakeups)
    monkeypatch.chdir(tmp_path)
    await server.start("hook.sock")
    house = House(gate, server, str(tmp_path / "hook.sock"))
    yield house
    await server.stop()
    for writer in house.opened:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


impatient = pytest.mark.parametrize(
    "policies",
    [pytest.param(StillPolicies(replace(BUILT_IN, wait_ms=0, headless_wait_ms=0)), id="no-wait")],
)


async def test_a_safe_call_runs_and_is_recorded(house: House) -> None:
    assert await house.call(b"ls") == HookOutput(stdout=b"run")
    assert house.kinds() == ["proceeded"]


async def test_a_gated_call_waits_and_runs_after_approval(house: House) -> None:
    asked = house.ask(b"make release")
    decided = await house.decide(Verdict.APPROVE)
    assert await asked == HookOutput(stdout=b"run")
    assert house.state(decided.number) is State.CONSUMED
    assert house.kinds() == ["asked", "decided", "let-through"]


async def test_a_rejected_call_does_not_run_and_the_agent_reads_why(house: House) -> None:
    asked = house.ask(b"make release")
    await house.decide(Verdict.REJECT, reason="not before Monday")
    answer = await asked
    assert answer.exit_code == 2
    assert b"not before Monday" in answer.stderr


async def test_a_modified_call_runs_as_modified(house: House) -> None:
    asked = house.ask(b"make release")
    await house.decide(Verdict.MODIFY, text="make check")
    assert await asked == HookOutput(stdout=b"run make check")


async def test_an_approval_lets_one_of_two_equal_calls_run(house: House) -> None:
    first, second = house.ask(b"make release"), house.ask(b"make release")
    await house.decide(Verdict.APPROVE)
    done, still = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result() for task in done] == [HookOutput(stdout=b"run")]
    await house.decide(Verdict.REJECT, reason="once is enough")
    assert [(await task).exit_code for task in still] == [2]


@impatient
async def test_a_wait_that_ends_is_pending_and_the_retry_passes_once(house: House) -> None:
    pending = await house.call(b"make release")
    assert pending.exit_code == 2
    assert b"REQ-1" in pending.stderr
    await house.decide(Verdict.APPROVE)
    assert await house.call(b"make release") == HookOutput(stdout=b"run")
    again = await house.call(b"make release")
    assert b"REQ-2" in again.stderr


@impatient
async def test_an_agent_with_nobody_at_its_prompt_is_parked(house: House) -> None:
    reader, writer = await house.connect()
    for record in (b"assent/1", b"parking", b"before", b"HEADLESS=1", b""):
        writer.write(len(record).to_bytes(4, "big") + record)
    writer.write(b"make release")
    writer.write_eof()
    answer = await read_answer(reader)
    assert answer.stdout.startswith(b"parked Assent: waiting for a person as REQ-1")


async def test_an_outcome_is_recorded(house: House) -> None:
    assert await house.call(b"", event="after") == HookOutput()
    assert house.kinds() == ["finished"]


async def test_an_event_that_only_informs_and_cannot_be_read_asks_nobody(house: House) -> None:
    assert await house.call(b"garbled", event="after") == HookOutput()
    assert house.kinds() == ["unreadable"]
    assert house.gate.store.read(lambda view: view.count_waiting()) == 0


async def test_an_event_nobody_knows_is_denied_and_recorded(house: House) -> None:
    answer = await house.call(b"ls", event="between")
    assert (answer.exit_code, answer.stdout) == (2, b"")
    assert b"'between'" in answer.stderr
    assert house.kinds() == ["unknown-event"]


async def test_an_event_nobody_knows_is_denied_when_it_cannot_be_recorded(house: House) -> None:
    store = house.gate.store
    assert isinstance(store, FailingStore)
    store.fault = "The disk is full."
    assert (await house.call(b"ls", event="between")).exit_code == 2


async def test_a_fault_in_an_adapter_is_a_denial_without_its_details(house: House) -> None:
    answer = await house.call(b"crash")
    assert answer.exit_code == 2
    assert b"Traceback" not in answer.stderr
    assert b"abcdefgh" not in answer.stderr


async def test_an_answer_that_cannot_be_said_is_a_denial(house: House) -> None:
    asked = house.ask(b"make release")
    await house.decide(Verdict.MODIFY, text="unsayable")
    answer = await asked
    assert answer.exit_code == 2
    assert b"a fault of its own" in answer.stderr


async def test_what_cannot_be_recorded_is_denied(house: House) -> None:
    store = house.gate.store
    assert isinstance(store, FailingStore)
    store.fault = "The disk is full."
    answer = await house.call(b"ls")
    assert answer.exit_code == 2
    assert b"could not record" in answer.stderr


async def test_a_payload_over_the_limit_is_denied_and_recorded(house: House) -> None:
    answer = await house.call(b"x" * (MAX_PAYLOAD + 1))
    assert answer.exit_code == 2
    assert b"16 MiB" in answer.stderr
    assert house.kinds() == ["too-large"]


async def test_an_unknown_agent_is_denied(house: House) -> None:
    answer = await house.call(b"ls", agent="nobody")
    assert answer.exit_code == 2


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="http"),
        pytest.param(b"\xff\xff\xff\xff", id="huge-record"),
        pytest.param(b"\0\0\0\x08assent/9\0\0\0\0", id="other-version"),
        pytest.param(b"\0\0\0\x08assent/1\0\0\0\0", id="no-agent"),
    ],
)
async def test_what_is_no_call_gets_no_answer_to_run(house: House, sent: bytes) -> None:
    reader, writer = await house.connect()
    writer.write(sent)
    writer.write_eof()
    assert await reader.read() == b""
    assert await house.call(b"ls") == HookOutput(stdout=b"run")


async def test_stopping_refuses_what_is_held_and_keeps_its_request(house: House) -> None:
    asked = house.ask(b"make release")
    request = await house.waiting()
    await house.server.stop()
    answer = await asked
    assert answer.exit_code == 2
    assert b"being stopped" in answer.stderr
    assert house.state(request.number) is State.PENDING


async def test_a_receipt_is_not_spent_on_an_agent_that_has_gone(house: House) -> None:
    reader, writer = await house.connect()
    for record in (b"assent/1", b"plain", b"before", b""):
        writer.write(len(record).to_bytes(4, "big") + record)
    writer.write(b"make release")
    writer.write_eof()
    request = await house.waiting()
    writer.transport.abort()
    await asyncio.sleep(0)
    await house.decide(Verdict.APPROVE)
    assert await house.call(b"make release") == HookOutput(stdout=b"run")
    assert house.state(request.number) is State.CONSUMED
    del reader


async def test_the_socket_is_for_this_user_only(house: House) -> None:
    assert os.stat(house.socket).st_mode & 0o777 == 0o600
