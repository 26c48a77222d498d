"""Watchers hear of every change, once each, and never hold up the daemon."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from assent.app.decide_request import Word, decide_request
from assent.core.approvals import Verdict
from assent.entrypoints.web import live as live_module
from assent.entrypoints.web.live import OPENING, PING, QUEUE, Live
from assent.errors import UnavailableError
from tests.entrypoints.web.desk import Desk, hostile


def live_of(desk: Desk) -> Live:
    site = desk.app().state.site
    assert isinstance(site.live, Live)
    return site.live


@asynccontextmanager
async def watching(
    live: Live, after: int | None = None
) -> AsyncIterator[AsyncGenerator[bytes, None]]:
    stream = live.stream(after)
    try:
        assert await anext(stream) == OPENING
        yield stream
    finally:
        await stream.aclose()


def read(data: bytes) -> list[tuple[str, int, Any]]:
    """Event, id and data of each message."""
    messages = []
    for block in data.decode("ascii").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        messages.append((fields["event"], int(fields["id"]), json.loads(fields["data"])))
    return messages


async def next_message(stream: AsyncGenerator[bytes, None]) -> tuple[str, int, Any]:
    [message] = read(await anext(stream))
    return message


async def test_a_new_request_arrives_with_its_row(desk: Desk) -> None:
    async with watching(live_of(desk)) as stream:
        arriving = asyncio.create_task(next_message(stream))
        await asyncio.sleep(0)
        await desk.command("make release", title="run make release")
        event, seq, data = await arriving
    assert (event, seq, data["waiting"]) == ("change", 1, 1)
    [request] = data["requests"]
    assert (request["name"], request["waits"], request["version"]) == ("REQ-1", True, 1)
    assert '<li class="row" id="row-REQ-1"' in request["row"]


async def test_a_decision_arrives_with_its_outcome(desk: Desk) -> None:
    await desk.know("bo")
    await desk.command()
    async with watching(live_of(desk), after=1) as stream:
        arriving = asyncio.create_task(next_message(stream))
        await asyncio.sleep(0)
        word = Word(verdict=Verdict.REJECT, by="bo", via="cli", reason="no")
        await decide_request(desk.gate, 1, word)
        _, _, data = await arriving
    [request] = data["requests"]
    assert (data["waiting"], request["waits"], request["outcome"]) == (0, False, "rejected")
    assert "rejected by bo at 12:00" in request["row"]


async def test_every_watcher_gets_the_same_bytes(desk: Desk) -> None:
    live = live_of(desk)
    async with watching(live) as one, watching(live) as other:
        assert live.watchers == 2
        arriving = [asyncio.create_task(anext(stream)) for stream in (one, other)]
        await asyncio.sleep(0)
        await desk.command()
        first, second = await asyncio.gather(*arriving)
    assert first == second
    assert live.watchers == 0


async def test_what_was_missed_is_told_after_a_break(desk: Desk) -> None:
    live = live_of(desk)
    for number in range(3):
        await desk.command(title=f"run step {number}")
    async with watching(live, after=1) as stream:
        event, seq, data = await next_message(stream)
    assert (event, seq) == ("change", 3)
    assert [request["number"] for request in data["requests"]] == [2, 3]


async def test_who_missed_too_much_is_told_to_load_again(desk: Desk) -> None:
    for number in range(live_module.BURST + 2):
        await desk.command(title=f"run step {number}")
    async with watching(live_of(desk), after=1) as stream:
        event, seq, _ = await next_message(stream)
    assert (event, seq) == ("again", live_module.BURST + 2)


async def test_a_watcher_that_does_not_read_holds_a_bounded_queue(desk: Desk) -> None:
    async with watching(live_of(desk)) as stream:
        for number in range(QUEUE + 1):
            await desk.command(title=f"run step {number}")
            # Each commit's message is made in the loop's next turn.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        messages = read(await anext(stream))
    assert [event for event, _, _ in messages] == ["again"]
    assert messages[-1][1] == QUEUE + 1


async def test_commits_of_one_turn_travel_together(desk: Desk) -> None:
    async with watching(live_of(desk)) as stream:
        arriving = asyncio.create_task(next_message(stream))
        await asyncio.sleep(0)
        await asyncio.gather(*(desk.command(title=f"run step {n}") for n in range(5)))
        _, _, data = await arriving
    assert len(data["requests"]) == 5


async def test_a_silent_stream_is_kept_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "PING_S", 0)
    async with watching(live_of(desk)) as stream:
        assert await anext(stream) == PING


async def test_streams_end_when_the_daemon_stops(desk: Desk) -> None:
    async with watching(live_of(desk)) as stream:
        ending = asyncio.create_task(anext(stream, None))
        await asyncio.sleep(0)
        desk.shutting_down.set()
        assert not await ending
        assert await anext(stream, None) is None


async def test_a_stream_opened_while_stopping_ends_at_once(desk: Desk) -> None:
    desk.shutting_down.set()
    async with watching(live_of(desk)) as stream:
        assert await anext(stream, None) is None


async def test_a_store_that_cannot_be_read_makes_watchers_load_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise UnavailableError("The disk is gone.")

    async with watching(live_of(desk)) as stream:
        arriving = asyncio.create_task(next_message(stream))
        await asyncio.sleep(0)
        await desk.command()
        monkeypatch.setattr(desk.store, "read", unreadable)
        event, seq, _ = await arriving
    assert (event, seq) == ("again", 1)


async def test_hostile_text_cannot_end_a_message(desk: Desk) -> None:
    async with watching(live_of(desk)) as stream:
        arriving = asyncio.create_task(next_message(stream))
        await asyncio.sleep(0)
        await desk.ask(*hostile())
        event, _, data = await arriving
    assert event == "change"
    assert "<img" not in data["requests"][0]["row"]
