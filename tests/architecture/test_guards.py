"""The guards around the tests work: I/O in the core's tests, connections, and silent skips fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]

CORE_TESTS = """
import socket
import sqlite3
import subprocess
from pathlib import Path

from hypothesis import given, strategies

READER = {"__name__": "assent.core.planted"}
exec("def read(): open('/dev/null').close()", READER)

def test_passes_when_pure():
    assert 1 + 1 == 2

@given(strategies.integers())
def test_passes_when_a_pure_property(number):
    assert number == number

async def test_passes_when_pure_and_async():
    assert 1 + 1 == 2

def test_fails_on_path_read():
    Path("/dev/null").read_text()

def test_fails_on_swallowed_open():
    try:
        open("/dev/null").close()
    except Exception:
        pass

def test_fails_on_open_in_core():
    READER["read"]()

def test_fails_on_subprocess():
    subprocess.run(["true"])

def test_fails_on_database():
    sqlite3.connect(":memory:").close()

def test_fails_on_socket():
    socket.socket().close()

@given(strategies.integers())
def test_fails_on_open_in_property(number):
    open("/dev/null").close()
"""

APP_TESTS = """
import asyncio
import socket

import pytest

def closed_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]

def connect():
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", closed_port()), timeout=5)

def connect_unix(tmp_path):
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(FileNotFoundError):
        client.connect(str(tmp_path / "absent"))

def test_passes_when_only_listening():
    closed_port()

@pytest.mark.network
def test_passes_marked_loopback():
    connect()

@pytest.mark.network
def test_passes_marked_unix(tmp_path):
    connect_unix(tmp_path)

def test_fails_on_tcp():
    connect()

def test_fails_on_unix(tmp_path):
    connect_unix(tmp_path)

def test_fails_on_swallowed():
    try:
        connect()
    except Exception:
        pass

async def test_fails_on_asyncio():
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", closed_port())

@pytest.mark.network
def test_fails_on_marked_outside():
    socket.create_connection(("192.0.2.1", 9), timeout=1)

@pytest.mark.network
def test_fails_on_marked_lookup():
    socket.getaddrinfo("host.invalid", 80)
"""

SLOW_TESTS = """
import pytest

@pytest.mark.agents
def test_agent():
    pass

@pytest.mark.browser
def test_browser():
    {browser}
"""


def run_pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with this project's settings and conftests on the tests planted in `directory`."""
    for name in ("pyproject.toml", "tests/conftest.py", "tests/core/conftest.py"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, directory / name)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=directory,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def plant(directory: Path, name: str, source: str) -> None:
    (directory / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / "tests" / name).write_text(source)


def test_io_in_core_and_unmarked_connections_fail_a_test(tmp_path: Path) -> None:
    plant(tmp_path, "core/test_planted_core.py", CORE_TESTS)
    plant(tmp_path, "app/test_planted_app.py", APP_TESTS)
    result = run_pytest(tmp_path, "--junitxml=report.xml")
    cases = ElementTree.parse(tmp_path / "report.xml").getroot().iter("testcase")
    failed = {case.get("name", ""): case.find("failure") is not None for case in cases}
    wrong = [name for name, fails in failed.items() if fails != name.startswith("test_fails_")]
    assert wrong == [], result.stdout
    assert len(failed) == (CORE_TESTS + APP_TESTS).count("def test_")


@pytest.mark.parametrize(
    ("browser", "exit_code", "message"),
    [
        pytest.param("pass", 0, "2 passed", id="all-ran"),
        pytest.param("pytest.skip('no chromium')", 1, "was skipped", id="skipped"),
        pytest.param("pytest.xfail('broken')", 1, "nothing passed: browser", id="expected-failure"),
    ],
)
def test_a_suite_that_must_run_cannot_be_skipped(
    tmp_path: Path, browser: str, exit_code: int, message: str
) -> None:
    plant(tmp_path, "e2e/test_planted_slow.py", SLOW_TESTS.format(browser=browser))
    result = run_pytest(tmp_path, "-m", "agents or browser", "--must-run", "agents,browser")
    assert (result.returncode, message in result.stdout) == (exit_code, True), result.stdout


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import pytest\npytest.skip('not here', allow_module_level=True)", id="skip"),
        pytest.param("import pytest\npytest.importorskip('absent')", id="importorskip"),
        pytest.param("", id="empty"),
    ],
)
def test_a_module_that_must_run_cannot_be_skipped(tmp_path: Path, source: str) -> None:
    plant(tmp_path, "e2e/test_planted_module.py", source)
    result = run_pytest(tmp_path, "--must-run", "agents")
    assert result.returncode != 0, result.stdout
    assert "nothing passed: agents" in result.stdout
