"""From a URL to a store: `sqlite:///path` or `postgresql://user@host/database`."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from assent.adapters.store import postgres
from assent.adapters.store.faults import DRIVER_ERRORS, fault
from assent.adapters.store.migrate import check_schema, migrate
from assent.adapters.store.sqlite import SqliteStore
from assent.adapters.store.sqlite_file import Readers, connect, create, driver, engine_for
from assent.app.ports import Store, View
from assent.errors import UnavailableError, UsageError

T = TypeVar("T")

SQLITE = "sqlite:///"


def open_store(url: str) -> Store:
    """Open the database, made or brought up to date first, for reading and writing.

    Blocks for as long as that takes. Raises UsageError for a URL of another kind, UnavailableError
    when the database cannot be opened or is of a newer version, IntegrityError when it is damaged.
    """
    if not url.startswith(SQLITE):
        engine = postgres.engine_to(_postgres_url(url))
        postgres.migrate_database(engine)
        return postgres.PostgresStore(engine)
    path = _sqlite_path(url)
    _migrate_file(path)
    return SqliteStore(path)


class Reader:
    """A database that is only looked at, while nothing else may be running."""

    def __init__(self, readers: Readers | postgres.PostgresReaders) -> None:
        self._readers = readers

    def read(self, query: Callable[[View], T]) -> T:
        """Run a query on what is committed. Raises UnavailableError or IntegrityError."""
        return self._readers.read(query)

    def close(self) -> None:
        self._readers.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_reader(url: str) -> Reader:
    """Open an existing database for reading, at the schema it has to have.

    Raises UnavailableError when there is none, or one that the daemon must bring up to date first.
    """
    readers = _readers(url)
    try:
        check_schema(readers.schema())
    except BaseException:
        readers.close()
        raise
    return Reader(readers)


def _readers(url: str) -> Readers | postgres.PostgresReaders:
    if not url.startswith(SQLITE):
        return postgres.PostgresReaders(postgres.engine_to(_postgres_url(url)))
    path = _sqlite_path(url)
    if not path.exists():
        raise UnavailableError(f"There is no database {path} yet.", hint="Start Assent: assent up")
    return Readers(path)


def _sqlite_path(url: str) -> Path:
    """All that follows `sqlite:///` is the path, whatever characters it has."""
    path = url.removeprefix(SQLITE)
    if not path or path.startswith(":"):
        raise _no_database(url)
    return Path(path).absolute()


def _postgres_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _no_database(url) from error
    if parsed.drivername not in ("postgresql", "postgres"):
        raise _no_database(url)
    return parsed


def _no_database(url: str) -> UsageError:
    kind = url.partition(":")[0]
    return UsageError(
        f"A database URL of the kind {kind!r} cannot be used.",
        hint="Write sqlite:///path or postgresql://user@host/name.",
    )


def _migrate_file(path: Path) -> None:
    create(path)
    engine = engine_for(lambda: connect(path), size=1)
    try:
        with engine.connect() as connection:
            raw = driver(connection)
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
            # Whoever comes second waits here, and then finds nothing left to do.
            raw.execute("BEGIN EXCLUSIVE")
            try:
                migrate(connection)
                raw.execute("COMMIT")
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
    except DRIVER_ERRORS as error:
        raise fault(error, str(path)) or error from error
    finally:
        engine.dispose()
