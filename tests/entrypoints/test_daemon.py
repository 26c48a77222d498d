"""Where the daemon keeps its state, what it reads, and that there is only one of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, chdir
from pathlib import Path

import pytest

from assent.entrypoints.cli.client import Client
from assent.entrypoints.home import Config, Home, find_home, read_config
from assent.errors import UsageError
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import DAEMON, House, house_in


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path / "house") as house:
        house.start()
        yield house


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that only look."""
    with house_in(tmp_path_factory.mktemp("running") / "house") as house:
        house.start()
        yield house


# Home and config


def test_the_home_is_named_by_the_environment(tmp_path: Path) -> None:
    assert find_home({"ASSENT_HOME": str(tmp_path)}).root == tmp_path
    assert find_home({"ASSENT_HOME": "relative"}).root == Path.cwd() / "relative"
    assert find_home({"ASSENT_HOME": "~/there"}).root == Path.home() / "there"
    assert find_home({}).root.name == "assent"


def test_the_home_is_for_its_user_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    (tmp_path / "home" / "run").mkdir(parents=True, mode=0o755)
    home.make()
    folders = (home.root, home.run, home.bin, home.log.parent)
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


@pytest.mark.parametrize(
    ("text", "config"),
    [
        pytest.param("", Config(), id="empty"),
        pytest.param("port = 0", Config(port=0), id="port"),
        pytest.param('person = "ana"', Config(person="ana"), id="person"),
        pytest.param(
            'origin = "https://assent.example.com"',
            Config(origin="https://assent.example.com"),
            id="origin",
        ),
        pytest.param(
            'database = "postgresql://localhost/a"',
            Config(database="postgresql://localhost/a"),
            id="database",
        ),
    ],
)
def test_a_config(tmp_path: Path, text: str, config: Config) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert read_config(Home(tmp_path)) == config


@pytest.mark.parametrize(
    "text",
    [
        b"port = '0'",
        b"port = true",
        b"port = 70000",
        b"port = -1",
        b"prot = 1",
        b'origin = "http://assent.example.com"',
        b'origin = "https://assent.example.com/"',
        b'origin = "https://user@assent.example.com"',
        b'origin = "assent.example.com"',
        b"port =",
        b"\xff",
        b"[port]",
    ],
)
def test_no_config(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(text)
    with pytest.raises(UsageError, match=r"config\.toml"):
        read_config(Home(tmp_path))


# The process


@pytest.mark.network
def test_there_is_one_daemon_in_a_home(running: House) -> None:
    second = subprocess.run(DAEMON, env=running.env, capture_output=True, text=True, check=False)
    assert second.returncode == 3
    assert second.stderr.startswith("assent: Another Assent already serves ")
    assert running.shell(CLAUDE, "ls").said().passed


IPV6_LOOPBACK = "0" * 24 + "01000000"
"""As the kernel writes `::1`."""


@pytest.mark.network
def test_it_listens_on_loopback_only(running: House) -> None:
    addresses = {
        line.split()[1].partition(":")[0]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{running.pid}/net/{table}").read_text().splitlines()[1:]
        if f"socket:[{line.split()[9]}]" in sockets_of(running.pid)
    }
    assert addresses - {IPV6_LOOPBACK} == {"0100007F"}


def sockets_of(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(os.readlink(entry))
        except FileNotFoundError:
            continue
    return found


@pytest.mark.network
def test_its_api_is_within_reach_without_a_network(house: House) -> None:
    told = json.loads(house.home.daemon_file.read_text(encoding="utf-8"))
    house.home.daemon_file.write_text(json.dumps({**told, "url": "http://127.0.0.1:1"}))
    assert Client(house.home).get("/api/status")["level"] == "advisory"
    assert house.home.api_socket.stat().st_mode & 0o777 == 0o600


def test_its_file_tells_where_it_is(running: House) -> None:
    info = json.loads(running.home.daemon_file.read_text())
    assert info["pid"] == running.pid
    assert info["socket"] == str(running.home.socket)
    assert info["url"].startswith("http://127.0.0.1:")


@pytest.mark.network
def test_every_start_makes_another_token(house: House) -> None:
    before = house.home.token.read_text()
    house.stop()
    house.start()
    assert house.home.token.read_text() != before


@pytest.mark.network
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(house: House, number: signal.Signals) -> None:
    house.signal(number)
    assert house.daemon is not None
    assert house.daemon.wait() == 0
    assert house.last_words() == ""
    assert not house.home.socket.exists()
    assert not house.home.daemon_file.exists()


@pytest.mark.network
def test_a_stop_does_not_wait_for_a_client_that_reads_nothing(house: House) -> None:
    host, port = house.client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert house.stop() == 0


@pytest.mark.network
def test_more_connections_than_files_are_allowed_at_first_harm_nobody(tmp_path: Path) -> None:
    few = ("sh", "-c", 'ulimit -Sn 128 && exec "$@"', "sh")
    with house_in(tmp_path / "house", starter=few) as house, ExitStack() as crowd:
        house.start()
        with chdir(house.home.run):
            for _ in range(400):
                silent = crowd.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                silent.connect(house.home.socket.name)
        assert house.shell(CLAUDE, "ls").said().passed
        assert house.stop() == 0


@pytest.mark.network
def test_a_home_whose_path_is_long_works(tmp_path: Path) -> None:
    with house_in(tmp_path / ("long-" * 40)) as house:
        assert len(str(house.home.socket)) > 200
        house.start()
        assert house.shell(CLAUDE, "ls").said().passed
        assert house.shell(CLAUDE, "ls", relay="python").said().passed


@pytest.mark.network
def test_in_the_foreground_it_stays_until_it_is_told_to_end(tmp_path: Path) -> None:
    up = "import sys; sys.argv = ['assent', 'up', '--foreground'];"
    run = f"{up} from assent.entrypoints.cli.main import main; main()"
    with house_in(tmp_path / "house") as house:
        house.daemon = subprocess.Popen([sys.executable, "-c", run], env=house.env)
        while house.reach() is None:
            assert house.daemon.poll() is None
        assert house.shell(CLAUDE, "ls").said().passed
        assert house.stop() == 0
