"""Appending to the ledger so that it survives a power cut, against writing the same bytes."""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from assent.adapters.store import open_store
from assent.app.ports import Store
from assent.core.canonical import Json
from assent.core.ledger import Entry
from benchmarks.measure import WARM_UP, Timings
from benchmarks.report import Row

ROUNDS = 1000
WRITERS, EACH = 20, 100
FIELDS: dict[str, Json] = {
    "agent": "claude-code",
    "session": "0f6d2f62-4c53-4b8d-9d2e-benchmark",
    "workspace": "/home/ana/src/greeter",
    "action": "sha256:" + "a" * 64,
    "policy": "sha256:" + "b" * 64,
    "action_kind": "command",
    "title": "run git status --short",
    "class": "low",
    "effects": ["read"],
    "rule": "safe",
    "call": "toolu_01",
    "tool": "Bash",
}


def run(*, quick: bool) -> Sequence[Row]:
    rounds, each = (5, 3) if quick else (ROUNDS, EACH)
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as folder:
        return asyncio.run(_measure(Path(folder), rounds, each))


async def _measure(folder: Path, rounds: int, each: int) -> Sequence[Row]:
    store = open_store(f"sqlite:///{folder / 'control.db'}")
    try:
        body = (await _append(store, "size")).body
        with _Floor(folder / "flat", body) as floor, closing(_plain(folder / "plain.db")) as plain:
            file, sqlite, ledger = await _in_turns(store, floor, plain, body=body, rounds=rounds)
        started = time.perf_counter()
        await asyncio.gather(*(_writer(store, number, each) for number in range(WRITERS)))
        per_second = WRITERS * each / (time.perf_counter() - started)
    finally:
        await store.close()
    floor_per_second = 1000 / file.p50
    return [
        Row(
            "durable append / write+fdatasync, p50",
            ledger.p50 / file.p50,
            "x",
            at_most=1.5,
            detail=f"{ledger}; write+fdatasync {file}; {len(body)} bytes",
        ),
        Row("durable append / write+fdatasync, p99", ledger.p99 / file.p99, "x"),
        Row(
            "durable append / plain sqlite3 commit, p50",
            ledger.p50 / sqlite.p50,
            "x",
            detail=f"plain sqlite3, WAL, FULL {sqlite}",
        ),
        Row(
            "20 writers / one write+fdatasync at a time",
            per_second / floor_per_second,
            "x",
            at_least=5,
            detail=f"{per_second:,.0f} against {floor_per_second:,.0f} events/s",
        ),
    ]


class _Floor:
    """The least that durability costs: the bytes, and a flush."""

    def __init__(self, path: Path, body: bytes) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._body = body

    def write(self) -> None:
        os.write(self._handle, self._body)
        # macOS has no fdatasync.
        getattr(os, "fdatasync", os.fsync)(self._handle)

    def __enter__(self) -> "_Floor":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _plain(path: Path) -> sqlite3.Connection:
    """SQLite with nothing of ours around it, to tell its share from ours."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (n INTEGER PRIMARY KEY, body BLOB)")
    return connection


async def _in_turns(
    store: Store, floor: _Floor, plain: sqlite3.Connection, *, body: bytes, rounds: int
) -> tuple[Timings, Timings, Timings]:
    taken: tuple[list[int], ...] = ([], [], [])
    for number in range(-WARM_UP, rounds):
        marks = [time.perf_counter_ns()]
        floor.write()
        marks.append(time.perf_counter_ns())
        plain.execute("INSERT INTO entry (body) VALUES (?)", (body,))
        marks.append(time.perf_counter_ns())
        await _append(store, "one")
        marks.append(time.perf_counter_ns())
        if number >= 0:
            for ns, begin, end in zip(taken, marks, marks[1:], strict=False):
                ns.append(end - begin)
    file, sqlite, ledger = (Timings.of(ns) for ns in taken)
    return file, sqlite, ledger


async def _writer(store: Store, number: int, each: int) -> None:
    for _ in range(each):
        await _append(store, f"writer-{number}")


async def _append(store: Store, stream: str) -> Entry:
    return await store.write(
        lambda tx: tx.append(stream, "proceeded", at=1_700_000_000_000, fields=FIELDS),
        durable=True,
    )
