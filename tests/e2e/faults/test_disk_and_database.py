"""No room, a locked or damaged database, another version: refused, kept, taken up again."""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assent.errors import AssentError, UnavailableError
from tests.e2e.faults.agents import AGENTS, CLAUDE, GEMINI
from tests.e2e.faults.house import House, house_in

GATED = "make release"
SMALL = 8 * 1024 * 1024

quick = pytest.mark.network
slow = pytest.mark.soak


# A disk without room


class FullFileSystem:
    """A file system of a few megabytes that only the daemon sees, at `folder`."""

    starter = ("unshare", "--mount", "--propagation", "private")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mount = f'mount -t tmpfs -o size={SMALL},mode=700 none "$0" && exec "$@"'
        self.start = (*self.starter, "sh", "-c", mount, str(folder))

    @classmethod
    def is_possible(cls) -> bool:
        if shutil.which("unshare") is None or os.getuid() != 0:
            return False
        mount = [*cls.starter, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def fill(self, pid: int) -> None:
        with self._ballast(pid).open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, pid: int) -> None:
        self._ballast(pid).unlink()

    def _ballast(self, pid: int) -> Path:
        return Path(f"/proc/{pid}/root{self.folder}/ballast")


class FileSizeLimit:
    """The kernel lets the daemon write no file beyond the size it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start: tuple[str, ...] = ()

    def fill(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


Disk = FullFileSystem | FileSizeLimit
DISKS: list[Callable[[Path], Disk]] = [FileSizeLimit]
if FullFileSystem.is_possible():
    DISKS.append(FullFileSystem)


@pytest.fixture(params=DISKS, ids=lambda kind: kind.__name__)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    folder = tmp_path / "disk"
    folder.mkdir()
    made: Disk = request.param(folder)
    return made


@pytest.fixture
def small_house(tmp_path: Path, disk: Disk) -> Iterator[House]:
    with house_in(tmp_path / "house", starter=disk.start) as house:
        with house.home.config_file.open("a") as config:
            config.write(f'database = "sqlite:///{disk.folder}/control.db"\n')
        house.start()
        yield house


@quick
def test_without_room_calls_are_denied_and_nothing_is_lost(small_house: House, disk: Disk) -> None:
    house = small_house
    held = house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    disk.fill(house.pid)
    for agent in AGENTS:
        for command in ("ls", "make other"):
            said = house.shell(agent, command).said()
            assert not said.passed
            assert "could not record this call" in said.reason
            assert "disk" in said.reason
            assert "Traceback" not in said.text
    with pytest.raises(UnavailableError, match="disk"):
        house.decide(request["number"])
    assert [r["number"] for r in house.inbox()] == [request["number"]]
    assert held.waits
    disk.free(house.pid)
    assert house.shell(GEMINI, "ls").said().passed
    house.decide(request["number"])
    assert held.said().passed
    history = house.client.get("/api/entries?stream=request/1")["entries"]
    assert [entry["body"]["kind"] for entry in reversed(history)] == [
        "asked",
        "decided",
        "let-through",
    ]


@slow
def test_a_home_without_room_is_said_in_one_line(empty_house: House) -> None:
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)); {RUN_UP}"
    done = subprocess.run(
        [sys.executable, "-c", limit],
        env=empty_house.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("assent: ")


RUN_UP = (
    "import sys; from assent.entrypoints.cli.main import main; sys.argv = ['assent', 'up']; main()"
)


# A database that somebody else holds


@contextlib.contextmanager
def locked(house: House) -> Iterator[None]:
    """Another process has begun to write and does not end."""
    other = sqlite3.connect(house.home.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@slow
def test_a_database_that_stays_locked_denies(house: House) -> None:
    with locked(house):
        hooks = [house.shell(agent, command) for agent in AGENTS for command in ("ls", GATED)]
        for hook in hooks:
            said = hook.said()
            assert not said.passed
            assert "is locked by another process" in said.reason
    assert house.shell(CLAUDE, "ls").said().passed


@quick
def test_a_lock_that_is_let_go_is_waited_for(house: House) -> None:
    with locked(house):
        hook = house.shell(CLAUDE, "ls")
        house.client.get("/api/status")
    assert hook.said().passed


@slow
def test_a_locked_database_loses_no_request(house: House) -> None:
    held = house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    with locked(house), pytest.raises(UnavailableError, match="locked by another process"):
        house.decide(request["number"])
    house.decide(request["number"])
    assert held.said().passed


# A database that is not what it should be


@quick
def test_a_replaced_database_denies_until_it_is_back(house: House) -> None:
    held = house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    aside = house.home.root / "aside.db"
    house.home.database.rename(aside)
    house.home.database.write_bytes(b"garbage " * 10_000)
    said = house.shell(CLAUDE, "ls").said()
    assert not said.passed
    assert "was removed or replaced" in said.reason
    with pytest.raises(AssentError, match="removed or replaced"):
        house.decide(request["number"])
    aside.rename(house.home.database)
    house.decide(request["number"])
    assert held.said().passed


@quick
def test_a_removed_database_denies(house: House) -> None:
    house.home.database.unlink()
    said = house.shell(CLAUDE, "ls").said()
    assert not said.passed
    assert "was removed or replaced" in said.reason


def spoil(house: House) -> None:
    for name in ("control.db", "control.db-wal", "control.db-shm"):
        (house.home.root / name).write_bytes(b"garbage " * 10_000)


def of_newer_version(house: House) -> None:
    with contextlib.closing(sqlite3.connect(house.home.database)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def half_migrated(house: House) -> None:
    with contextlib.closing(sqlite3.connect(house.home.database)) as database, database:
        database.execute("DROP TABLE alembic_version")


def not_ours(house: House) -> None:
    house.home.database.unlink()
    house.home.database.mkdir()


@pytest.mark.parametrize(
    ("harm", "code", "word"),
    [
        pytest.param(spoil, 4, "damaged", id="garbage"),
        pytest.param(of_newer_version, 3, "newer version", id="newer-version"),
        pytest.param(half_migrated, 4, "does not say of which version", id="no-version"),
        pytest.param(not_ours, 3, "cannot be opened", id="a-folder"),
    ],
)
@slow
def test_up_says_what_is_wrong_with_the_database(
    house: House, harm: Callable[[House], None], code: int, word: str
) -> None:
    house.stop()
    harm(house)
    up = house.assent("up")
    assert (up.returncode, up.stdout) == (code, "")
    assert up.stderr.startswith("assent: Assent did not start: ")
    assert word in up.stderr
    assert up.stderr.count("\n") == 1
    said = house.shell(CLAUDE, "ls").said()
    assert not said.passed
    assert "Start it: assent up" in said.reason
    for command in ("log", "verify"):
        done = house.assent(command)
        assert done.returncode in (3, 4)
        assert done.stderr.count("\n") == 1


@slow
def test_a_config_that_is_no_config_is_a_usage_error(empty_house: House) -> None:
    empty_house.home.config_file.write_text("prot = 7\n")
    for command in ("up", "log", "verify"):
        done = empty_house.assent(command)
        assert done.returncode in (2, 3)
        assert "unknown key `prot`" in done.stderr


@slow
def test_a_port_that_is_taken_is_gone_around(empty_house: House) -> None:
    empty_house.home.config_file.write_text("port = 0\n")
    empty_house.start()
    taken = empty_house.client.url.rpartition(":")[2]
    with house_in(empty_house.root.parent / "second") as second:
        second.home.config_file.write_text(f"port = {taken}\n")
        second.start()
        assert second.client.url != empty_house.client.url
        assert second.shell(CLAUDE, "ls").said().passed


@slow
def test_a_home_that_cannot_be_made_is_said_in_one_line(empty_house: House) -> None:
    shutil.rmtree(empty_house.home.root)
    empty_house.home.root.write_text("a file")
    for command in ("up", "status", "inbox", "down", "log", "verify"):
        done = empty_house.assent(command)
        assert done.returncode in (0, 3)
        assert "Traceback" not in done.stderr


@slow
def test_a_term_right_after_the_start_ends_it(empty_house: House) -> None:
    empty_house.launch()
    assert empty_house.daemon is not None
    empty_house.signal(signal.SIGTERM)
    assert empty_house.daemon.wait() in (0, -signal.SIGTERM)
