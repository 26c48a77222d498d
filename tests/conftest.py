"""Rules for every test: no network without a marker, no hidden skip where a suite must run.

`--must-run agents,browser` turns every skip into a failure and fails the session unless at least
one test of each named marker passed: a slow suite that silently did not run is not a success.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# Machines differ in speed, so no example is failed for its duration; CI repeats the same examples.
settings.register_profile(
    "assent",
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("assent")

NETWORK_MARKERS = ("network", "agents", "browser", "soak")


# Network


class NetworkGuard:
    """Stops the running test from connecting anywhere; with a marker, only off this host.

    Sees what goes through Python's sockets (asyncio included), not what a child process or a C
    library such as libpq does.
    """

    def __init__(self) -> None:
        self.armed = False
        self.local_allowed = False
        self.refused: list[str] = []

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.armed or not event.startswith("socket."):
            return
        match event, arguments:
            case (("socket.connect" | "socket.sendto" | "socket.sendmsg"), (sock, address)):
                # sendmsg on a connected socket names no address.
                allowed = address is None or (self.local_allowed and is_local(sock, address))
            case (("socket.getaddrinfo" | "socket.gethostbyname"), (host, *_)):
                allowed = is_loopback(host)
            case _:
                return
        if not allowed:
            self.refused.append(f"{event} {arguments[-1] if len(arguments) == 2 else arguments[0]}")
            raise RuntimeError(f"this test may not use the network: {self.refused[-1]}")


def is_local(sock: object, address: object) -> bool:
    if isinstance(sock, socket.socket) and sock.family in (socket.AF_INET, socket.AF_INET6):
        return isinstance(address, tuple) and is_loopback(address[0])
    return True


def is_loopback(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


GUARD = NetworkGuard()
sys.addaudithook(GUARD.audit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    GUARD.local_allowed = any(item.get_closest_marker(name) for name in NETWORK_MARKERS)
    GUARD.refused.clear()
    GUARD.armed = True
    try:
        return (yield)
    finally:
        GUARD.armed = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    # Code under test may take the refusal for an absent peer and go on; the test fails even so.
    yield
    if GUARD.refused:
        pytest.fail(f"used the network without a marker that allows it: {GUARD.refused}")


# Suites that must run


class MustRun:
    """With `--must-run`: a skip fails, and so does a named marker of which nothing passed."""

    def __init__(self, markers: frozenset[str]) -> None:
        self.missing = set(markers)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            report.outcome = "failed"
            report.longrepr = f"must run, but was skipped: {report.longrepr}"
        if report.when == "call" and report.passed:
            self.missing.difference_update(mark.name for mark in item.iter_markers())
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        if report.skipped:
            report.outcome = "failed"
            report.longrepr = f"must run, but was skipped: {report.longrepr}"
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.missing:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for marker in sorted(self.missing):
            terminalreporter.write_line(f"must run, but nothing passed: {marker}", red=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--must-run",
        metavar="MARKERS",
        help="fail on any skip, and unless a test of each of these markers (a,b) passed",
    )


def pytest_configure(config: pytest.Config) -> None:
    markers: str | None = config.getoption("--must-run")
    if markers:
        config.pluginmanager.register(MustRun(frozenset(markers.split(","))))
