"""What only several processes on one PostgreSQL can get wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import psycopg
import pytest

from assent.adapters.store import open_store, postgres
from assent.app.ports import Event, Store, Tx
from assent.core.approvals import Request
from assent.core.due import Timer, TimerKind
from assent.errors import UnavailableError
from tests.adapters.store.samples import proposal, request


@pytest.fixture
async def servers(postgres_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Two stores on one database, as two server processes have them."""
    stores = open_store(postgres_url), open_store(postgres_url)
    yield stores
    for store in stores:
        await store.close()


def publish(subject: str) -> Callable[[Tx], None]:
    return lambda tx: tx.publish("request", subject, at=1)


def subjects(store: Store, after: int = 0) -> list[str]:
    events = store.read(lambda view: view.events(after=after, limit=99))
    return [event.subject for event in events]


class HeldWrite:
    """A write that stays open in mid-transaction until it is let go."""

    def __init__(self, store: Store, work: Callable[[Tx], object]) -> None:
        self._begun, self._go_on = threading.Event(), threading.Event()
        self._work = work
        self._writing = asyncio.ensure_future(store.write(self._run, durable=True))

    def _run(self, tx: Tx) -> None:
        self._work(tx)
        self._begun.set()
        self._go_on.wait()

    async def begun(self) -> None:
        await asyncio.to_thread(self._begun.wait)

    async def finish(self) -> None:
        self._go_on.set()
        await self._writing


async def test_an_event_is_not_shown_before_one_that_may_still_come_earlier(
    servers: tuple[Store, Store],
) -> None:
    here, there = servers
    slow = HeldWrite(there, publish("slow"))
    await slow.begun()
    await here.write(publish("quick"), durable=True)
    assert subjects(here) == []
    assert here.read(lambda view: view.last_event()) == 0
    await slow.finish()
    assert subjects(here) == ["slow", "quick"]


async def test_a_write_sees_its_own_events_before_others_do(servers: tuple[Store, Store]) -> None:
    here, there = servers
    slow = HeldWrite(there, publish("slow"))
    await slow.begun()

    def work(tx: Tx) -> list[str]:
        tx.publish("request", "mine", at=1)
        return [event.subject for event in tx.events(after=0, limit=9)]

    assert await here.write(work, durable=True) == ["mine"]
    await slow.finish()


async def test_listeners_hear_of_other_processes(servers: tuple[Store, Store]) -> None:
    here, there = servers
    heard: asyncio.Queue[str] = asyncio.Queue()

    def listen(events: Sequence[Event]) -> None:
        for event in events:
            heard.put_nowait(event.subject)

    await there.write(publish("before listening"), durable=True)
    here.on_commit(listen)
    await there.write(publish("there"), durable=True)
    assert await heard.get() == "there"
    await here.write(publish("here"), durable=True)
    assert await heard.get() == "here"


async def test_writers_that_wait_for_each_other_both_come_through(
    servers: tuple[Store, Store],
) -> None:
    here, there = servers
    one, other = request(1), request(2, proposal("make other"))
    await here.write(lambda tx: tx.add_request(one), durable=True)
    await here.write(lambda tx: tx.add_request(other), durable=True)
    runs: list[str] = []
    meet = threading.Barrier(2)

    def lock(first: Request, second: Request) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            runs.append(first.id)
            tx.request(first.id)
            if len(runs) <= 2:
                meet.wait()
            tx.request(second.id)

        return work

    await asyncio.gather(
        here.write(lock(one, other), durable=True), there.write(lock(other, one), durable=True)
    )
    assert len(runs) == 3


async def test_a_timer_is_fired_by_one_server(servers: tuple[Store, Store]) -> None:
    here, there = servers
    timers = [Timer("a", 1, TimerKind.EXPIRE, 10), Timer("a", 1, TimerKind.RESUME, 20)]
    await here.write(lambda tx: tx.set_timers("a", timers), durable=True)
    slow = HeldWrite(there, lambda tx: tx.due_timers(now=99, limit=1))
    await slow.begun()
    left = await here.write(lambda tx: tx.due_timers(now=99, limit=9), durable=True)
    assert left == timers[1:]
    await slow.finish()


async def test_a_checkpoint_does_not_wait_for_streams_that_are_moving(
    servers: tuple[Store, Store],
) -> None:
    here, there = servers

    def note(stream: str) -> Callable[[Tx], object]:
        return lambda tx: tx.append(stream, "noted", at=1, fields={})

    await here.write(lambda tx: (note("a")(tx), note("b")(tx)), durable=True)
    slow = HeldWrite(there, note("a"))
    await slow.begun()
    first = await here.write(lambda tx: tx.seal(1), durable=True)
    await slow.finish()
    second = await here.write(lambda tx: tx.seal(2), durable=True)
    assert first is not None
    assert second is not None
    assert b'["b",1' in first.body
    assert b'["a"' not in first.body
    assert b'["a",2' in second.body


async def test_connections_that_were_cut_are_replaced(
    servers: tuple[Store, Store], postgres_url: str
) -> None:
    here, _ = servers
    await here.write(publish("before"), durable=True)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await here.write(publish("after"), durable=True)
    assert subjects(here) == ["before", "after"]


async def test_a_connection_cut_in_mid_write_is_unavailable_and_nothing_is_written(
    servers: tuple[Store, Store], postgres_url: str
) -> None:
    here, _ = servers

    def work(tx: Tx) -> None:
        tx.publish("request", "cut", at=1)
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state = 'idle in transaction'"
            )
        tx.publish("request", "cut", at=2)

    with pytest.raises(UnavailableError, match="cannot be used now"):
        await here.write(work, durable=True)
    assert subjects(here) == []


async def test_events_from_another_clusters_future_are_dropped_when_opened(
    servers: tuple[Store, Store], postgres_url: str
) -> None:
    here, _ = servers
    await here.write(publish("ours"), durable=True)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("INSERT INTO event VALUES (%s, 'request', 'restored', 1)", [2**52])
    again = open_store(postgres_url)
    await again.write(publish("next"), durable=True)
    assert subjects(again) == ["ours", "next"]
    await again.close()


async def test_old_events_are_dropped(
    servers: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "KEPT_EVENTS", 5)
    monkeypatch.setattr(postgres, "TRIM_EVERY", 1)
    here, _ = servers
    for number in range(9):
        await here.write(publish(str(number)), durable=True)
    assert subjects(here) == ["3", "4", "5", "6", "7", "8"]


async def test_only_durable_writes_wait_for_the_disk(servers: tuple[Store, Store]) -> None:
    here, _ = servers

    def setting(tx: Tx) -> str:
        assert isinstance(tx, postgres.PostgresTx)
        return str(tx._connection.exec_driver_sql("SHOW synchronous_commit").scalar())

    assert await here.write(setting, durable=False) == "off"
    assert await here.write(setting, durable=True) == "on"
