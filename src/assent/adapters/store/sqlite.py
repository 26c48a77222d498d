"""The store in one SQLite file: one writer thread that commits in groups, readers beside it.

Every write is a closure. The writer takes all that wait, runs each so that it can be undone alone,
and commits them together: one flush to disk for all of them. Nobody is told before the commit is
through. Ledger entries and events are gathered in memory and inserted once per group with plain
sqlite3, because recording a call that proceeds is the hot path.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from assent.adapters.store.delivery import Job, Listener, Listeners, Outcome, deliver
from assent.adapters.store.faults import fault
from assent.adapters.store.sqlite_file import BUSY_MS, Readers, connect, driver, engine_for
from assent.adapters.store.sqlite_tx import Group, SqliteTx
from assent.app.ports import Event, Tx, View
from assent.errors import AssentError, UnavailableError

T = TypeVar("T")

GROUP_SIZE = 512
"""Writes that share one commit, at most."""


class SqliteStore:
    """`Store` on a migrated SQLite file. No other process may write to the file meanwhile."""

    def __init__(self, path: Path, *, busy_ms: int = BUSY_MS) -> None:
        self._listeners = Listeners()
        self._readers = Readers(path, busy_ms=busy_ms)
        self._writer = _Writer(path, self._listeners, busy_ms=busy_ms)

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        job = Job(work, durable=durable)
        self._writer.submit(job)
        return await job.future

    def read(self, query: Callable[[View], T]) -> T:
        return self._readers.read(query)

    def on_commit(self, listener: Listener) -> None:
        self._listeners.add(listener)

    async def close(self) -> None:
        """Commit what was submitted, then let go of the file. Closing twice is closing once."""
        await asyncio.to_thread(self._writer.stop)
        self._readers.close()


class _Writer:
    """The thread that owns the one writing connection."""

    def __init__(self, path: Path, listeners: Listeners, *, busy_ms: int) -> None:
        self._path = path
        self._listeners = listeners
        self._engine = engine_for(lambda: connect(path, busy_ms=busy_ms), size=1)
        self._file = path.stat()
        self._connect()
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="assent-store", daemon=True)
        self._thread.start()

    def _connect(self) -> None:
        self._connection = self._engine.connect()
        self._raw = driver(self._connection)
        self._group = Group(self._raw)
        self._seen = -1
        self._synchronous = ""

    def submit(self, job: Job[T]) -> None:
        with self._gate:
            if self._stopping:
                raise self._closed()
            self._queue.put(job)

    def _closed(self) -> UnavailableError:
        return UnavailableError(f"The database {self._path} is closed.")

    def stop(self) -> None:
        """Return when all that was submitted is done and the file is closed."""
        with self._gate:
            self._stopping = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        jobs: list[Job[Any]] = []
        try:
            while jobs := self._next_group():
                self._commit(jobs)
        finally:
            self._end(jobs)

    def _next_group(self) -> list[Job[Any]]:
        """The writes that wait, at least one; none when it is time to end."""
        jobs: list[Job[Any]] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == GROUP_SIZE:
                return jobs
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs
        self._queue.put(None)
        return jobs

    def _commit(self, jobs: Sequence[Job[Any]]) -> None:
        events: list[Event] = []
        try:
            self._begin(durable=any(job.durable for job in jobs))
            outcomes = [self._attempt(job, events) for job in jobs if not job.abandoned]
            self._group.insert()
            self._raw.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever waits is told, also of a bug
            self._abandon()
            deliver([job.failure(self._fault(error)) for job in jobs])
        else:
            # Together, since each wake-up of a loop costs this thread a turn of the interpreter.
            deliver([*outcomes, *self._listeners.calls(events)])

    def _begin(self, *, durable: bool) -> None:
        self._check_file()
        synchronous = "FULL" if durable else "NORMAL"
        if synchronous != self._synchronous:
            # Ignored inside a transaction.
            self._raw.execute(f"PRAGMA synchronous = {synchronous}")
            self._synchronous = synchronous
        self._raw.execute("BEGIN IMMEDIATE")
        (seen,) = self._raw.execute("PRAGMA data_version").fetchone()
        if seen != self._seen:
            self._group.forget()
            self._seen = seen

    def _check_file(self) -> None:
        """SQLite would go on writing to a file that was removed, and all of it would be lost."""
        try:
            same = os.path.samestat(self._path.stat(), self._file)
        except FileNotFoundError:
            same = False
        if not same:
            raise UnavailableError(
                f"The database {self._path} was removed or replaced.",
                hint="Restart Assent to use what is there now.",
            )

    def _attempt(self, job: Job[Any], events: list[Event]) -> Outcome:
        tx = SqliteTx(self._connection, self._group)
        try:
            outcome = job.run(tx)
        except Exception as error:
            if not self._raw.in_transaction:
                # The disk is full or failed: SQLite has undone the whole group.
                raise self._fault(error) from error
            tx.undo()
            return job.failure(fault(error, str(self._path)) or error)
        tx.keep()
        events.extend(tx.published)
        return outcome

    def _abandon(self) -> None:
        self._group.forget()
        if self._raw.in_transaction:
            try:
                self._raw.execute("ROLLBACK")
            except sqlite3.Error:
                # Nothing of it is committed, and the next group starts on a fresh connection.
                self._connection.invalidate()
                self._connection.close()
                self._connect()

    def _fault(self, error: Exception) -> AssentError:
        if isinstance(error, AssentError):
            return type(error)(error.message, hint=error.hint)
        return fault(error, str(self._path)) or UnavailableError(
            f"The database {self._path} cannot be written: {error}."
        )

    def _end(self, jobs: list[Job[Any]]) -> None:
        """Reached after `stop`; or because of a bug, and then nobody may be left waiting."""
        with self._gate:
            self._stopping = True
        while job := jobs.pop() if jobs else self._queue.get():
            deliver([job.failure(self._closed())])
        self._connection.close()
        self._engine.dispose()
