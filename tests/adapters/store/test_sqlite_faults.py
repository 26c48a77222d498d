"""What happens to a SQLite store when the machine does not play along."""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assent.adapters.store import Reader, open_reader, open_store
from assent.adapters.store.sqlite import SqliteStore
from assent.adapters.store.sqlite_file import connect, driver
from assent.adapters.store.sqlite_tx import SqliteTx
from assent.app.ports import Store, Tx
from assent.app.verify_ledger import verify_ledger
from assent.core.canonical import Json
from assent.core.ledger import Entry
from assent.errors import UnavailableError
from tests.adapters.store.samples import request

BIG: dict[str, Json] = {"x": "y" * 3_000}


def note(stream: str = "s", fields: dict[str, Json] | None = None) -> Callable[[Tx], Entry]:
    return lambda tx: tx.append(stream, "noted", at=1, fields=fields or {})


@pytest.fixture
async def path(sqlite_url: str, tmp_path: Path) -> Path:
    """A migrated, closed file."""
    await open_store(sqlite_url).close()
    return tmp_path / "control.db"


async def test_a_file_locked_by_another_process(path: Path) -> None:
    store = SqliteStore(path, busy_ms=20)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="locked by another process"):
            await store.write(note(), durable=True)
        assert store.read(lambda view: view.heads()) == []
        other.execute("ROLLBACK")
    assert (await store.write(note(), durable=True)).seq == 1
    await store.close()


async def test_another_process_that_wrote_is_followed_not_overwritten(path: Path) -> None:
    store, other = SqliteStore(path), SqliteStore(path)
    for _ in range(3):
        await store.write(note(), durable=True)
        await other.write(note(), durable=True)
        await store.write(lambda tx: tx.publish("ledger", "s", at=1), durable=True)
    verified = store.read(verify_ledger)
    assert (verified.entries, verified.breaks) == (6, ())
    await store.close()
    await other.close()


class SmallDisk:
    """Caps the file, as a full disk does, until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connections: list[sqlite3.Connection] = []
        monkeypatch.setattr("assent.adapters.store.sqlite.connect", self.connect)

    def connect(self, path: Path, *, busy_ms: int) -> sqlite3.Connection:
        raw = connect(path, busy_ms=busy_ms)
        self.connections.append(raw)
        return raw

    def fill(self, *, leaving: int) -> None:
        for raw in self.connections:
            (pages,) = raw.execute("PRAGMA page_count").fetchone()
            raw.execute(f"PRAGMA max_page_count = {pages + leaving}")

    def free(self) -> None:
        for raw in self.connections:
            raw.execute("PRAGMA max_page_count = 1000000")


async def test_a_full_disk_loses_nothing_that_was_acknowledged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SmallDisk(monkeypatch)
    store = SqliteStore(path)
    await store.write(note(), durable=True)
    disk.fill(leaving=30)

    def ask(number: int) -> Callable[[Tx], int]:
        def work(tx: Tx) -> int:
            tx.append(f"request/{number}", "asked", at=1, fields=BIG)
            tx.add_request(request(number))
            tx.publish("request", request(number).id, at=1)
            return number

        return work

    outcomes = [
        outcome
        for start in range(1, 60, 5)
        for outcome in await asyncio.gather(
            *(store.write(ask(number), durable=True) for number in range(start, start + 5)),
            return_exceptions=True,
        )
    ]
    kept = [outcome for outcome in outcomes if isinstance(outcome, int)]
    failed = [outcome for outcome in outcomes if not isinstance(outcome, int)]
    assert kept
    assert failed
    assert all(isinstance(each, UnavailableError) for each in failed)
    assert all("no room left" in str(each) for each in failed)
    waiting = store.read(lambda view: view.waiting(limit=99))
    assert [each.number for each in waiting] == kept

    disk.free()
    assert await store.write(ask(99), durable=True) == 99
    verified = store.read(verify_ledger)
    assert (verified.streams, verified.breaks) == (1 + len(kept) + 1, ())
    await store.close()


FILE_LIMIT = """
import asyncio, resource, signal, sys
from assent.adapters.store import open_store
from assent.app.verify_ledger import verify_ledger
from assent.errors import UnavailableError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

async def main():
    store = open_store(sys.argv[1])
    acknowledged, failures = [], []

    async def write(number):
        try:
            await store.write(
                lambda tx: tx.append(f"s{number % 3}", "noted", at=1, fields={"x": "y" * 3000}),
                durable=True,
            )
            acknowledged.append(number)
        except UnavailableError as error:
            failures.append(str(error))

    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    for start in range(0, 200, 10):
        await asyncio.gather(*(write(number) for number in range(start, start + 10)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert acknowledged and failures, (acknowledged, failures)
    before = len(acknowledged)
    await write(1000)
    assert len(acknowledged) == before + 1, failures[-1]
    verified = store.read(verify_ledger)
    assert verified.breaks == (), verified.breaks
    assert verified.entries == len(acknowledged), (verified.entries, len(acknowledged))
    await store.close()

asyncio.run(main())
"""


def test_a_file_that_may_not_grow_loses_nothing_that_was_acknowledged(sqlite_url: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", FILE_LIMIT, sqlite_url], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr


async def test_a_removed_file_is_noticed_before_anything_is_lost(path: Path) -> None:
    store = SqliteStore(path)
    await store.write(note(), durable=True)
    os.unlink(path)
    with pytest.raises(UnavailableError, match="removed or replaced"):
        await store.write(note(), durable=True)
    await asyncio.to_thread(path.touch)
    with pytest.raises(UnavailableError, match="removed or replaced"):
        await store.write(note(), durable=True)
    await store.close()


READ_ONLY = """
import asyncio, os, sys
from assent.adapters.store import Reader, open_reader, open_store
from assent.errors import UnavailableError

url, path = sys.argv[1:]
asyncio.run(open_store(url).close())
os.chmod(path, 0o400)
if os.geteuid() == 0:
    os.setuid(int(os.environ["OWNER"]))
try:
    open_store(url)
except UnavailableError as error:
    print(error)
for mode in (0o700, 0o500):
    os.chmod(os.path.dirname(path), mode)
    with open_reader(url) as reader:
        print(reader.read(lambda view: view.heads()))
    for name in ("-wal", "-shm"):
        if mode == 0o700 and os.path.exists(path + name):
            os.unlink(path + name)
"""


@pytest.fixture
def owned_folder() -> Iterator[tuple[str, str]]:
    """A folder of somebody who is not root, since root may write anything; and who that is."""
    folder = tempfile.mkdtemp()
    owner = 65_534 if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, owner, -1)
    yield folder, str(owner)
    shutil.rmtree(folder)


def test_a_read_only_file_is_refused_for_writing_and_can_be_read(
    owned_folder: tuple[str, str],
) -> None:
    folder, owner = owned_folder
    path = f"{folder}/control.db"
    Path(path).touch()
    os.chown(path, int(owner), -1)
    child = subprocess.run(
        [sys.executable, "-c", READ_ONLY, f"sqlite:///{path}", path],
        env=os.environ | {"OWNER": owner},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    refusal, heads, heads_in_a_shut_folder = child.stdout.splitlines()
    assert "cannot be opened: Permission denied" in refusal
    assert heads == heads_in_a_shut_folder == "[]"


# --- kill -9 ------------------------------------------------------------------------------------

WRITER = """
import asyncio, os, sys
from dataclasses import replace
from assent.adapters.store import open_store
from assent.core.approvals import Verdict
from assent.core.deciding import decide
from assent.core.due import timers_of
from tests.adapters.store.samples import decision, request

def ask(number):
    def work(tx):
        asked = request(number)
        tx.add_request(asked)
        tx.set_timers(asked.id, timers_of(asked))
        tx.append(f"request/{number}", "asked", at=1, fields={"number": number})
        tx.publish("request", asked.id, at=1)
    return work

def approve(number):
    def work(tx):
        stored = tx.request_numbered(number)
        approved = decide(stored, decision(stored))
        tx.save_request(approved)
        tx.set_timers(approved.id, timers_of(approved))
        tx.append(f"request/{number}", "decided", at=2, fields={"number": number})
        tx.seal(2)
    return work

async def run(store, numbers):
    for number in numbers:
        await store.write(ask(number), durable=True)
        os.write(1, b"asked %d\\n" % number)
        await store.write(
            lambda tx: tx.append("session/1", "proceeded", at=1, fields={}), durable=False
        )
        await store.write(approve(number), durable=True)
        os.write(1, b"approved %d\\n" % number)

async def main():
    store = open_store(sys.argv[1])
    first = int(sys.argv[2])
    await asyncio.gather(*(run(store, range(first + k, first + 100_000, 20)) for k in range(20)))

asyncio.run(main())
"""


def killed_under_load(url: str, first: int, *, after: int) -> list[tuple[str, int]]:
    """Kill a writer some moment after it acknowledged `after` writes; all it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(first)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(after)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    words = [line.split() for line in lines if line.endswith(b"\n")]
    return [(what.decode(), int(number)) for what, number in words]


def entries_of(reader: Reader, number: int) -> int:
    return len(reader.read(lambda view: list(view.chain(f"request/{number}"))))


def check_survivors(url: str, acknowledged: list[tuple[str, int]]) -> None:
    with open_reader(url) as reader:
        verified = reader.read(verify_ledger)
        assert verified.breaks == ()
        waiting = reader.read(lambda view: view.waiting(limit=100_000))
        closed = reader.read(lambda view: view.recent(limit=100_000))
        stored = {each.number: each for each in [*waiting, *closed]}
        for what, number in acknowledged:
            assert number in stored, f"REQ-{number} was acknowledged and is gone"
            assert what == "asked" or stored[number].state == "approved"
        # Whatever else of a write is there, all of it is.
        for number, each in stored.items():
            assert entries_of(reader, number) == (2 if each.state == "approved" else 1)


def kill_repeatedly(url: str, rounds: int) -> None:
    chance = random.Random(rounds)
    acknowledged: list[tuple[str, int]] = []
    for number in range(rounds):
        after = chance.randrange(1, 400)
        acknowledged += killed_under_load(url, 1 + number * 1_000_000, after=after)
        check_survivors(url, acknowledged)


def test_a_killed_writer_loses_nothing_that_it_acknowledged(sqlite_url: str) -> None:
    kill_repeatedly(sqlite_url, 2)


@pytest.mark.soak
def test_a_writer_killed_again_and_again_loses_nothing(sqlite_url: str) -> None:
    kill_repeatedly(sqlite_url, 12)


# --- the writer's thread ------------------------------------------------------------------------


async def test_a_cancelled_write_does_not_hold_up_the_others(path: Path) -> None:
    store: Store = SqliteStore(path)
    writes = [asyncio.ensure_future(store.write(note(), durable=True)) for _ in range(20)]
    await asyncio.sleep(0)
    for each in writes[::2]:
        each.cancel()
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert sum(isinstance(each, Entry) for each in done) == 10
    assert store.read(verify_ledger).breaks == ()
    await store.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_in_the_writer_leaves_nobody_waiting(path: Path) -> None:
    store = SqliteStore(path)

    def interrupt(_: Tx) -> None:
        raise KeyboardInterrupt

    writes = [
        asyncio.ensure_future(store.write(work, durable=True))
        for work in (note(), interrupt, note())
    ]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert all(isinstance(outcome, UnavailableError) for outcome in outcomes)
    with pytest.raises(UnavailableError, match="closed"):
        await store.write(note(), durable=True)
    await store.close()


async def test_a_loop_that_ended_does_not_hold_up_the_others(path: Path) -> None:
    store = SqliteStore(path)

    async def listen_and_leave() -> None:
        store.on_commit(lambda _: None)
        left = asyncio.ensure_future(store.write(note(), durable=True))
        await asyncio.sleep(0)
        assert not left.done()

    await asyncio.to_thread(asyncio.run, listen_and_leave())
    await store.write(lambda tx: tx.publish("ledger", "s", at=1), durable=True)
    assert store.read(verify_ledger).breaks == ()
    await store.close()


async def test_a_group_waits_for_the_disk_if_one_of_it_must(path: Path) -> None:
    store = SqliteStore(path)

    def setting(tx: Tx) -> int:
        assert isinstance(tx, SqliteTx)
        (found,) = driver(tx._connection).execute("PRAGMA synchronous").fetchone()
        return int(found)

    normal, full = 1, 2
    assert await store.write(setting, durable=False) == normal
    assert await store.write(setting, durable=True) == full
    go_on = threading.Event()
    hold = asyncio.ensure_future(store.write(lambda _: go_on.wait(), durable=False))
    await asyncio.sleep(0)
    group = asyncio.gather(*(store.write(setting, durable=number == 3) for number in range(5)))
    await asyncio.sleep(0)
    go_on.set()
    await hold
    assert await group == [full] * 5
    assert await store.write(setting, durable=False) == normal
    await store.close()


async def test_old_events_are_dropped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assent.adapters.store.sqlite_tx.KEPT_EVENTS", 100)
    monkeypatch.setattr("assent.adapters.store.sqlite_tx.TRIM_EVERY", 50)
    store = SqliteStore(path)

    def publish(tx: Tx) -> None:
        for at in range(30):
            tx.publish("ledger", "s", at=at)

    for _ in range(20):
        await store.write(publish, durable=False)
    events = store.read(lambda view: view.events(after=0, limit=1_000))
    assert 100 <= len(events) < 100 + 50 + 30
    assert events[-1].seq == store.read(lambda view: view.last_event()) == 600
    await store.close()
