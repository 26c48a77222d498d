"""100,000 waiting requests cost a page no more than a hundred: every query has its index."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assent.adapters.store import open_store, postgres
from assent.adapters.store.codec import encode_request
from assent.adapters.store.postgres import PostgresView
from assent.adapters.store.view import SqlView
from assent.app.ports import View
from tests.adapters.store.samples import request

WAITING = 100_000
BODY = encode_request(request(1))
DIGEST = request(1).subject

# What pages, hooks and timers ask for all the time.
QUERIES: dict[str, Callable[[View], object]] = {
    "request": lambda view: view.request("id-5"),
    "request-numbered": lambda view: view.request_numbered(5),
    "waiting": lambda view: view.waiting(limit=50),
    "waiting-next-page": lambda view: view.waiting(limit=50, after=50_000),
    "delayed": lambda view: view.delayed(limit=50),
    "recent": lambda view: view.recent(limit=50),
    "recent-next-page": lambda view: view.recent(limit=50, before=90_000),
    "count": lambda view: view.count_waiting(),
    "live": lambda view: view.live_request(agent="a", workspace="/w", subject=DIGEST),
    "rejected": lambda view: view.rejected_request(
        agent="a", session_id="s", subject=DIGEST, since=0
    ),
    "prompted": lambda view: view.prompted_request(agent="a", session_id="s", call_id="c"),
    "entries": lambda view: view.entries(limit=50),
    "entries-of-stream": lambda view: view.entries(stream="s7", limit=50),
    "chain": lambda view: list(view.chain("s7")),
    "unsealed": lambda view: view.unsealed(),
    "events": lambda view: view.events(after=99_000, limit=50),
    "last-event": lambda view: view.last_event(),
    "due": lambda view: view.due_timers(now=0, limit=50),
    "next-due": lambda view: view.next_due(),
    "tally": lambda view: view.tally(since=99_990),
}


FILL = (
    """
    INSERT INTO approval (id, number, state, version, asked_in, agent, session_id, call_id,
        workspace, subject, created_at, expires_at, body)
    SELECT 'id-' || n, n, 'pending', 1, 'inbox', 'a', 's' || n, 'c' || n,
        '/w', 'sha256:' || n, n, n, convert_to(%(body)s, 'UTF8')
    FROM generate_series(1, %(waiting)s) n
    """,
    """
    INSERT INTO timer (request_id, kind, version, due_at)
    SELECT 'id-' || n, kind, 1, n
    FROM generate_series(1, %(waiting)s) n, unnest(ARRAY['expire', 'remind', 'rung']) kind
    """,
    """
    INSERT INTO event (seq, topic, subject, at)
    SELECT n, 'request', 'id-' || n, n FROM generate_series(1, %(waiting)s) n
    """,
    """
    INSERT INTO audit (stream, seq, prev, hash, kind, at, body)
    SELECT 's' || n, 1, 'p', 'h', 'proceeded', n, '' FROM generate_series(1, %(waiting)s) n
    """,
    """
    INSERT INTO audit_head (stream, seq, hash, sealed)
    SELECT 's' || n, 1, 'h', 1 FROM generate_series(1, %(waiting)s) n
    """,
)
"""100,000 waiting requests with what belongs to them, none of them alike."""


def fill(connection: sa.Connection) -> None:
    for statement in FILL:
        connection.exec_driver_sql(statement, {"waiting": WAITING, "body": BODY.decode()})


def plans(
    connection: sa.Connection, view: SqlView, query: Callable[[View], object], explain: str
) -> list[str]:
    """How the database would run each statement of `query`."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        seen.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    query(view)
    sa.event.remove(connection, "before_cursor_execute", note)
    found: list[str] = []
    for statement, parameters in seen:
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
        found += [str(row[-1]) for row in rows]
    assert found
    return found


@pytest.fixture(scope="module")
def sqlite_connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    path: Path = tmp_path_factory.mktemp("scale") / "control.db"
    asyncio.run(open_store(f"sqlite:///{path}").close())
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("name", QUERIES)
def test_sqlite_searches_by_index(sqlite_connection: sa.Connection, name: str) -> None:
    # SQLite plans by the schema alone, so an empty file plans like a full one. The tables of
    # entries and events are in the order they are listed in; a page stops after its first rows.
    view = SqlView(sqlite_connection)
    steps = plans(sqlite_connection, view, QUERIES[name], "EXPLAIN QUERY PLAN")
    assert not [step for step in steps if re.fullmatch(r"SCAN (?!audit|event)\w+", step)]
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.fixture(scope="module")
def full_postgres(
    new_database: Callable[[str], str], migrated_template: str
) -> Iterator[sa.Engine]:
    engine = postgres.engine_to(sa.make_url(new_database(migrated_template)))
    with engine.begin() as connection:
        fill(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", QUERIES)
def test_postgres_searches_by_index(full_postgres: sa.Engine, name: str) -> None:
    with full_postgres.connect() as connection:
        steps = plans(connection, PostgresView(connection), QUERIES[name], "EXPLAIN")
    # Counting all that wait reads the index or the table; either way no row is sorted or decoded.
    unindexed = [step for step in steps if "Seq Scan" in step and name != "count"]
    assert unindexed == []
