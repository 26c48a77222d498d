"""The store in PostgreSQL (13 or newer), for several server processes.

Each write is a transaction of its own at READ COMMITTED, run in a small pool of threads. What a
write reads and then relies on it locks: the row of a request, the head of a stream, and, before it
looks for an open question about an action, the row that numbers requests, so that two servers
cannot both open one. Deadlocks and lost races are tried again, so a write's work may run more than
once; only the last run counts.

Events are numbered by transaction, `xid * 65536 + place`, and read only up to the oldest
transaction that still runs. A plain sequence would show number 5 while number 4 is not committed,
and whoever reads on from 5 would never see 4.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy import URL, ColumnElement, Connection, Engine, Select
from sqlalchemy.dialects import postgresql

from assent.adapters.store.delivery import Listener, Listeners
from assent.adapters.store.faults import DRIVER_ERRORS, fault
from assent.adapters.store.migrate import migrate, schema_of
from assent.adapters.store.schema import REQUEST_COUNTER, audit, audit_head, counter, event
from assent.adapters.store.tx import SqlTx
from assent.adapters.store.view import NOTHING, Bodies, SqlView, due
from assent.app.ports import Event, Tx, View
from assent.core.approvals import Request
from assent.core.canonical import Digest, Json
from assent.core.due import Timer
from assent.core.ledger import GENESIS, Entry, Head, entry_body, link, stream_name
from assent.errors import AssentError, UnavailableError

T = TypeVar("T")

WORKERS = 8
READERS = 8
ATTEMPTS = 10
POLL_SECONDS = 0.5
KEPT_EVENTS = 100_000
TRIM_EVERY = 1_024
PLACES = 65_536
"""Events of one transaction; together with the transaction's number they stay below 2^53."""
RETRIED = ("40001", "40P01", "23505")
"""Serialization failure, deadlock, and a row that another transaction inserted first."""
SESSION = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s"
"""A server that was stopped in mid-transaction must not stop all others."""

_XID: ColumnElement[int] = sa.literal_column("pg_current_xact_id()::text::bigint")
_HORIZON: ColumnElement[int] = (
    sa.literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint") * PLACES
)
_BEYOND: ColumnElement[int] = (
    sa.literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint") + 1
) * PLACES


class PostgresView(SqlView):
    """`View` of one snapshot."""

    def _committed_events(self) -> "Select[int, str, str, int]":
        return super()._committed_events().where(event.c.seq < _HORIZON)


class PostgresTx(SqlTx):
    """One write, in a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.published: list[Event] = []
        self._xid = 0

    def live_request(self, *, agent: str, workspace: str, subject: Digest) -> Request | None:
        turn = sa.select(counter.c.value).where(counter.c.name == REQUEST_COUNTER)
        self._connection.execute(turn.with_for_update())
        return super().live_request(agent=agent, workspace=workspace, subject=subject)

    def due_timers(self, *, now: int, limit: int) -> Sequence[Timer]:
        return self._timers(due(now, limit).with_for_update(skip_locked=True))

    def append(self, stream: str, kind: str, *, at: int, fields: Mapping[str, Json]) -> Entry:
        name = stream_name(stream)
        entry = link(name, self._locked_head(name), entry_body(kind, at, fields))
        self._connection.execute(
            audit.insert().values(
                stream=name,
                seq=entry.seq,
                prev=entry.prev,
                hash=entry.hash,
                kind=kind,
                at=at,
                body=entry.body,
            )
        )
        mine = audit_head.c.stream == name
        self._connection.execute(
            audit_head.update().where(mine).values(seq=entry.seq, hash=entry.hash)
        )
        return entry

    def _locked_head(self, stream: str) -> Head | None:
        query = sa.select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.stream == stream)
        found = self._connection.execute(query.with_for_update()).one_or_none()
        if found is None:
            # Whoever else begins this stream now is waited for, and then followed.
            begun = postgresql.insert(audit_head).on_conflict_do_nothing()
            self._connection.execute(begun.values(stream=stream, seq=0, hash=GENESIS, sealed=0))
            found = self._connection.execute(query.with_for_update()).one()
        seq, hash_ = found
        return Head(stream, seq, Digest(hash_)) if seq else None

    def publish(self, topic: str, subject: str, *, at: int) -> None:
        if not self._xid:
            self._xid = self._connection.scalars(sa.select(_XID)).one()
            if self._xid % TRIM_EVERY == 0:
                self._trim_events()
        if len(self.published) == PLACES:
            raise ValueError(f"one write may publish {PLACES} events")
        made = Event(self._xid * PLACES + len(self.published), topic, subject, at)
        self.published.append(made)
        self._connection.execute(
            event.insert().values(seq=made.seq, topic=topic, subject=subject, at=at)
        )

    def _trim_events(self) -> None:
        oldest = sa.select(event.c.seq).order_by(event.c.seq.desc()).offset(KEPT_EVENTS).limit(1)
        self._connection.execute(event.delete().where(event.c.seq <= oldest.scalar_subquery()))

    def _committed_events(self) -> "Select[int, str, str, int]":
        own = event.c.seq >= _XID * PLACES
        return super()._committed_events().where(sa.or_(event.c.seq < _HORIZON, own))

    def _one(self, query: Bodies, wanted: Mapping[str, object] = NOTHING) -> Request | None:
        return super()._one(query.with_for_update(), wanted)

    def _changing(self) -> Connection:
        return self._connection


class PostgresReaders:
    """Read-only looks at the database, each a snapshot of what is committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def read(self, query: Callable[[View], T]) -> T:
        try:
            with self._engine.connect() as connection, connection.begin():
                return query(PostgresView(connection))
        except DRIVER_ERRORS as error:
            raise fault(error, place(self._engine)) or error from error

    def schema(self) -> str | None:
        """The name of the database's schema; None when it is empty."""
        try:
            with self._engine.connect() as connection:
                return schema_of(connection)
        except DRIVER_ERRORS as error:
            raise fault(error, place(self._engine)) or error from error

    def close(self) -> None:
        self._engine.dispose()


class PostgresStore:
    """`Store` on a migrated database. Any number of processes may share it.

    `on_commit` hears of this process's own commits at once, and of all commits, its own a second
    time, from a poll. What it is told is a hint; a reader that must not miss any event keeps its
    place by `View.events`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._readers = PostgresReaders(engine)
        self._listeners = Listeners()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="assent-store")
        self._poll: threading.Thread | None = None
        self._closing = threading.Event()

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        if self._closing.is_set():
            raise UnavailableError(f"The database {place(self._engine)} is closed.")
        run = partial(self._write, work, durable=durable)
        return await asyncio.get_running_loop().run_in_executor(self._workers, run)

    def _write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        def transact(connection: Connection) -> tuple[T, Sequence[Event]]:
            if not durable:
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            tx = PostgresTx(connection)
            return work(tx), tx.published

        result, published = run_again(self._engine, transact)
        self._listeners.tell(published)
        return result

    def read(self, query: Callable[[View], T]) -> T:
        return self._readers.read(query)

    def on_commit(self, listener: Listener) -> None:
        self._listeners.add(listener)
        if self._poll is None:
            last = self.read(lambda view: view.last_event())
            self._poll = threading.Thread(
                target=self._follow, args=(last,), name="assent-events", daemon=True
            )
            self._poll.start()

    def _follow(self, last: int) -> None:
        """Tell of what all processes commit, until the store closes."""
        while not self._closing.wait(POLL_SECONDS):
            try:
                events = self.read(partial(_events_after, last))
            except UnavailableError:
                # Whoever uses the store is told; this only goes on once it is back.
                continue
            if events:
                last = events[-1].seq
                self._listeners.tell(events)

    async def close(self) -> None:
        """Finish what was submitted, then disconnect. Closing twice is closing once."""
        self._closing.set()
        await asyncio.to_thread(self._workers.shutdown)
        if self._poll is not None:
            await asyncio.to_thread(self._poll.join)
        self._engine.dispose()


def _events_after(last: int, view: View) -> Sequence[Event]:
    return view.events(after=last, limit=1_000)


def engine_to(url: URL) -> Engine:
    """A pool of connections for `url`, whose driver is set to psycopg."""
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=WORKERS + READERS,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": 5, "options": SESSION, "application_name": "assent"},
    )


def place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def run_again(engine: Engine, transact: Callable[[Connection], T]) -> T:
    """Run `transact` in a transaction, again when another transaction was in its way.

    Raises UnavailableError when that does not help, or when the database cannot be reached.
    """
    attempt = 1
    while True:
        try:
            with engine.begin() as connection:
                return transact(connection)
        except DRIVER_ERRORS as error:
            if not _is_retried(error):
                raise fault(error, place(engine)) or error from error
            if attempt == ATTEMPTS:
                raise UnavailableError(
                    f"The database {place(engine)} is too busy.", hint="Try again."
                ) from error
        time.sleep(random.uniform(0, 0.005 * 2**attempt))
        attempt += 1


def _is_retried(error: Exception) -> bool:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return isinstance(cause, psycopg.Error) and cause.sqlstate in RETRIED


def migrate_database(engine: Engine) -> None:
    """Bring the database to this version's schema, while others who would do so wait."""

    def transact(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout TO '60s'")
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS assent_migration ()")
        connection.exec_driver_sql("LOCK TABLE assent_migration IN ACCESS EXCLUSIVE MODE")
        migrate(connection)
        # A dump restored elsewhere holds transaction numbers that are still to come here.
        connection.execute(event.delete().where(event.c.seq >= _BEYOND))

    try:
        run_again(engine, transact)
    except AssentError:
        engine.dispose()
        raise
