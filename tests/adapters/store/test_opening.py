"""A database is brought to this version's schema, or left alone with a clear word."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from assent.adapters.store import open_reader, open_store
from assent.adapters.store.schema import HEAD, metadata
from assent.app.ports import Store
from assent.errors import IntegrityError, UnavailableError, UsageError
from tests.adapters.store.samples import request


async def opened_and_closed(url: str) -> None:
    store = open_store(url)
    await store.write(lambda tx: tx.append("s", "noted", at=1, fields={}), durable=True)
    await store.close()


def sqlalchemy_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    name = "sqlite_url" if request.param == "sqlite" else "empty_postgres_url"
    url = request.getfixturevalue(name)
    assert isinstance(url, str)
    return url


@pytest.fixture
def by_hand(empty_url: str) -> Iterator[sa.Engine]:
    """The database as somebody with an SQL prompt sees it."""
    engine = sa.create_engine(sqlalchemy_url(empty_url))
    yield engine
    engine.dispose()


async def test_the_migrations_lead_to_the_tables_of_the_queries(
    empty_url: str, by_hand: sa.Engine
) -> None:
    await opened_and_closed(empty_url)
    with by_hand.connect() as connection:
        context = MigrationContext.configure(connection)
        known = {"alembic_version", "assent_migration"}
        differences = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_table" and each[1].name in known)
        ]
        assert differences == []
        assert context.get_current_revision() == HEAD


async def test_opening_again_changes_nothing(empty_url: str) -> None:
    await opened_and_closed(empty_url)
    await opened_and_closed(empty_url)
    with open_reader(empty_url) as reader:
        assert [head.seq for head in reader.read(lambda view: view.heads())] == [2]


async def test_several_may_open_an_empty_database_at_once(empty_url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(open_store, empty_url) for _ in range(4)))
    await asyncio.gather(*(store.close() for store in stores))
    with open_reader(empty_url) as reader:
        assert reader.read(lambda view: view.heads()) == []


async def test_a_newer_database_is_refused_with_both_versions(
    empty_url: str, by_hand: sa.Engine
) -> None:
    await opened_and_closed(empty_url)
    with by_hand.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError, match=f"newer version.*9999.*{HEAD}"):
        open_store(empty_url)
    with pytest.raises(UnavailableError, match="newer version"):
        open_reader(empty_url)


def test_tables_without_a_version_are_refused(empty_url: str, by_hand: sa.Engine) -> None:
    with by_hand.begin() as connection:
        connection.execute(sa.text("CREATE TABLE approval (id TEXT)"))
    with pytest.raises(IntegrityError, match="does not say of which version"):
        open_store(empty_url)


KILLED_WHILE_MIGRATING = """
import os, signal, sys
import sqlalchemy as sa
from assent.adapters.store import open_store

left = int(sys.argv[2])

@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def count_down(connection, cursor, statement, *_):
    global left
    if statement.lstrip().startswith(("CREATE", "INSERT", "UPDATE")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

open_store(sys.argv[1])
"""


@pytest.mark.parametrize("statements", [1, 7, 25])
async def test_a_migration_that_was_killed_is_done_again(empty_url: str, statements: int) -> None:
    arguments = [sys.executable, "-c", KILLED_WHILE_MIGRATING, empty_url, str(statements)]
    killed = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    await opened_and_closed(empty_url)
    with open_reader(empty_url) as reader:
        assert [head.seq for head in reader.read(lambda view: view.heads())] == [1]


def test_a_reader_needs_a_database_that_is_up_to_date(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no database|not up to date"):
        open_reader(empty_url)
    (tmp_path / "empty.db").touch()
    with pytest.raises(UnavailableError, match="not up to date"):
        open_reader(f"sqlite:///{tmp_path}/empty.db")


async def test_a_reader_looks_at_what_a_running_store_committed(empty_url: str) -> None:
    store = open_store(empty_url)
    await store.write(lambda tx: tx.add_request(request(1)), durable=True)
    with open_reader(empty_url) as reader:
        assert reader.read(lambda view: view.request_numbered(1)) == request(1)
    await store.close()


async def test_a_reader_cannot_write(empty_url: str) -> None:
    await opened_and_closed(empty_url)
    with open_reader(empty_url) as reader, pytest.raises(UnavailableError):
        reader.read(lambda view: view._connection.execute(sa.text("DELETE FROM audit")))  # type: ignore[attr-defined]


# --- URLs and files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:///", id="no-path"),
        pytest.param("sqlite:///:memory:", id="memory"),
        pytest.param("mysql://u:secret@h/d", id="other-database"),
        pytest.param("control.db", id="no-url"),
        pytest.param("", id="empty"),
    ],
)
def test_another_url_is_a_usage_error_that_tells_no_secret(url: str) -> None:
    for open_it in (open_store, open_reader):
        with pytest.raises(UsageError, match="cannot be used") as caught:
            open_it(url)
        assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://ana:secret@/assent?host={tmp_path}"
    for open_it in (open_store, open_reader):
        with pytest.raises(UnavailableError, match="cannot be used now") as caught:
            open_it(url)
        assert "secret" not in str(caught.value)


async def test_only_the_owner_may_open_the_file(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "control.db").touch(mode=0o644)
    store = open_store(sqlite_url)
    await store.write(lambda tx: tx.append("s", "noted", at=1, fields={}), durable=True)
    with os.scandir(tmp_path) as files:
        modes = {file.name: file.stat().st_mode & 0o777 for file in files}
    await store.close()
    assert modes == dict.fromkeys(("control.db", "control.db-wal", "control.db-shm"), 0o600)


@pytest.mark.parametrize("name", ["a b?c%d#e.db", "\u00e9.db"])
async def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    await opened_and_closed(f"sqlite:///{tmp_path}/{name}")
    assert (tmp_path / name).exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="No such file"):
        open_store(f"sqlite:///{tmp_path}/missing/control.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_bytes(b"not a database" * 500)
    for open_it in (open_store, open_reader):
        with pytest.raises(IntegrityError, match="damaged"):
            open_it(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database" * 500


async def test_a_damaged_page_is_an_integrity_error(sqlite_url: str, tmp_path: Path) -> None:
    store: Store = open_store(sqlite_url)
    for at in range(50):
        await store.write(
            lambda tx: tx.append("s", "noted", at=1, fields={"x": "y" * 500}), durable=at == 49
        )
    await store.close()
    path = tmp_path / "control.db"
    with sqlite3.connect(path) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    raw.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))
    with open_reader(sqlite_url) as reader, pytest.raises(IntegrityError, match="damaged"):
        reader.read(lambda view: view.entries(limit=99))
