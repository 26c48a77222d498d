"""Connections to the SQLite file, and reading from it."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from assent.adapters.store.faults import DRIVER_ERRORS, fault
from assent.adapters.store.migrate import schema_of
from assent.adapters.store.view import SqlView
from assent.app.ports import View
from assent.errors import UnavailableError

T = TypeVar("T")

BUSY_MS = 3_000
"""How long another process's lock is waited for."""
READERS = 8
PRIVATE = 0o600


def create(path: Path) -> None:
    """Make sure that the file is there and that only its owner may open it."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE)
    except OSError as error:
        raise UnavailableError(
            f"The database {path} cannot be opened: {error.strerror}.",
            hint="Check that its folder exists and is writable.",
        ) from error


def connect(path: Path, *, busy_ms: int = BUSY_MS, read_only: bool = False) -> sqlite3.Connection:
    """A connection without implicit transactions, for use by one thread at a time."""
    raw = sqlite3.connect(
        f"{path.absolute().as_uri()}?{_mode(path) if read_only else 'mode=rw'}",
        uri=True,
        timeout=busy_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        raw.execute("PRAGMA trusted_schema = OFF")
        if read_only:
            raw.execute("PRAGMA query_only = ON")
        else:
            raw.execute("PRAGMA wal_autocheckpoint = 4000")
            raw.execute("PRAGMA journal_size_limit = 67108864")
            # Elsewhere than on macOS these two change nothing; there, fsync alone is no flush.
            raw.execute("PRAGMA fullfsync = ON")
            raw.execute("PRAGMA checkpoint_fullfsync = ON")
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def _mode(path: Path) -> str:
    """How to read: even a reader makes files beside a database that has a log, unless told not to.

    Where it cannot make them nobody writes either, so a file without a log is all there is.
    """
    shut = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return "mode=ro&immutable=1" if shut else "mode=ro"


def engine_for(raw: Callable[[], sqlite3.Connection], *, size: int) -> Engine:
    """SQLAlchemy over connections that leave BEGIN and COMMIT to us."""
    return sa.create_engine(
        "sqlite://",
        creator=raw,
        poolclass=sa.pool.QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_MS / 1000,
        isolation_level="AUTOCOMMIT",
    )


def driver(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


class Readers:
    """Read-only looks at the file, each a snapshot of what is committed. Usable by any thread."""

    def __init__(self, path: Path, *, busy_ms: int = BUSY_MS) -> None:
        self._path = path
        self._engine = engine_for(
            lambda: connect(path, busy_ms=busy_ms, read_only=True), size=READERS
        )

    def read(self, query: Callable[[View], T]) -> T:
        try:
            with self._engine.connect() as connection, _snapshot(driver(connection)):
                return query(SqlView(connection))
        except DRIVER_ERRORS as error:
            raise fault(error, str(self._path)) or error from error

    def schema(self) -> str | None:
        """The name of the file's schema; None for an empty file."""
        try:
            with self._engine.connect() as connection:
                return schema_of(connection)
        except DRIVER_ERRORS as error:
            raise fault(error, str(self._path)) or error from error

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _snapshot(raw: sqlite3.Connection) -> Iterator[None]:
    raw.execute("BEGIN")
    try:
        yield
    finally:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
