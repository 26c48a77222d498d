"""The relay between an agent and the daemon: what it forwards, what it brings back, how it refuses.

Every test runs the real program in each form that this machine can make: compiled by cc, compiled
by zig where the package ziglang is installed, and relay.py.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from assent.entrypoints.hook.relay_build import SCRIPTS, SOURCE, ZIG_FLAGS, find_cc, has_zig

pytestmark = pytest.mark.network

ABSENT = "Assent is not running, so this call was not let through. Start it: assent up"
UNANSWERED = (
    "Assent did not answer in time, so this call was not let through. Check it: assent status"
)
DIALECTS = ("exit2", "json", "observe")
PAYLOAD = b'{"hook_event_name":"PreToolUse"}'
HUGE = bytes(range(256)) * (10 * 4096)
KINDS = ("cc",) * bool(find_cc()) + ("zig",) * has_zig() + ("python",)


# The relay, with its own limits or with shorter ones


@dataclass(frozen=True)
class Limits:
    ack_ms: int = 2000
    silence_ms: int = 15000
    stdin_ms: int = 10000


AS_SHIPPED = Limits()
# One short limit, and the others beyond the end of any test: only the short one can end the call.
# For calls that nobody answers, as a loaded machine may need longer for those it answers.
SHORT_MS = 150
NEVER_MS = 10_000_000
SHORT_ACK = Limits(ack_ms=SHORT_MS, silence_ms=NEVER_MS, stdin_ms=NEVER_MS)
SHORT_SILENCE = Limits(ack_ms=NEVER_MS, silence_ms=SHORT_MS, stdin_ms=NEVER_MS)
SHORT_STDIN = Limits(ack_ms=NEVER_MS, silence_ms=NEVER_MS, stdin_ms=SHORT_MS)

Program = tuple[str, ...]
Build = Callable[[Limits], Program]


def build_relay(kind: str, limits: Limits, out: Path) -> Program:
    if kind == "python":
        out.mkdir()
        program, start = (script.read_text() for script in SCRIPTS)
        for name, value in (
            ("ACK_S = 2.0", limits.ack_ms),
            ("SILENCE_S = 15.0", limits.silence_ms),
            ("STDIN_S = 10.0", limits.stdin_ms),
        ):
            assert program.count(f"\n{name}\n") == 1
            program = program.replace(f"\n{name}\n", f"\n{name.split()[0]} = {value / 1000}\n")
        (out / "relay_call.py").write_text(program)
        (out / "relay.py").write_text(start)
        return (sys.executable, "-I", "-S", "-E", str(out / "relay.py"))
    compilers = {
        "cc": [find_cc() or "cc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror"],
        "zig": [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", *ZIG_FLAGS],
    }
    defines = [f"-D{name.upper()}={value}" for name, value in asdict(limits).items()]
    subprocess.run([*compilers[kind], *defines, "-o", out, SOURCE], check=True)
    return (str(out),)


@pytest.fixture(scope="session", params=KINDS)
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    directory = tmp_path_factory.mktemp("relay")
    made: dict[Limits, Program] = {}

    def build_once(limits: Limits) -> Program:
        if limits not in made:
            made[limits] = build_relay(request.param, limits, directory / f"relay-{len(made)}")
        return made[limits]

    return build_once


@pytest.fixture
def relay(build: Build) -> Program:
    return build(AS_SHIPPED)


# A daemon that does what a script says with the first connection


@dataclass
class Daemon:
    connection: socket.socket = field(init=False)
    relay_is_done: threading.Event = field(default_factory=threading.Event)
    has_request: threading.Event = field(default_factory=threading.Event)
    records: list[bytes] = field(default_factory=list)
    payload: bytes = b""

    def read_request(self) -> None:
        data = b"".join(iter(lambda: self.connection.recv(1 << 20), b""))
        while (size := int.from_bytes(data[:4], "big")) > 0:
            self.records.append(data[4 : 4 + size])
            data = data[4 + size :]
        self.payload = data[4:]
        self.has_request.set()

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


Script = Callable[[Daemon], None]


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "hook.sock"


@contextlib.contextmanager
def listening(address: Path) -> Iterator[socket.socket]:
    """A listening socket, bound from its own directory for paths of any length."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener,
        contextlib.chdir(address.parent),
    ):
        listener.bind(address.name)
        listener.listen(8)
        yield listener


@contextlib.contextmanager
def daemon(address: Path, script: Script) -> Iterator[Daemon]:
    """Run `script` for one connection; its failure is the test's failure."""
    with listening(address) as listener, ThreadPoolExecutor(1) as threads:
        state = Daemon()

        def serve() -> None:
            state.connection, _ = listener.accept()
            with state.connection:
                script(state)

        serving = threads.submit(serve)
        try:
            yield state
        finally:
            state.relay_is_done.set()
            # Frees the thread when the relay never came.
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as nobody:
                nobody.connect(address.name)
        serving.result()


def final(code: int, out: bytes = b"", err: bytes = b"") -> bytes:
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (out, err))
    return b"R" + bytes([code]) + parts


def answering(*frames: bytes) -> Script:
    def script(state: Daemon) -> None:
        state.read_request()
        for frame in frames:
            state.send(frame)

    return script


# Running a call


def command(program: Program, address: Path, dialect: str = "exit2", *names: str) -> list[str]:
    return [*program, str(address), dialect, "claude-code", "PreToolUse", *names]


def call(
    program: Program, address: Path, dialect: str = "exit2", payload: bytes = PAYLOAD
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(program, address, dialect), input=payload, capture_output=True, check=False
    )


def outcome(done: subprocess.CompletedProcess[bytes]) -> tuple[int, bytes, bytes]:
    return done.returncode, done.stdout, done.stderr


def assert_refused(
    done: subprocess.CompletedProcess[bytes], dialect: str, line: str = UNANSWERED
) -> None:
    if dialect == "exit2":
        assert outcome(done) == (2, b"", line.encode() + b"\n")
    elif dialect == "json":
        assert (done.returncode, done.stderr) == (0, b"")
        answer = {"permissionDecision": "deny", "permissionDecisionReason": line}
        assert json.loads(done.stdout) == answer
    else:
        assert outcome(done) == (0, b"", b"")


# What is forwarded


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(PAYLOAD, id="small"),
        pytest.param(b"\xff\xfe\x00\r\n\x1b[31m", id="not-utf-8"),
        pytest.param(b"\x00" * 8, id="looks-like-header"),
        pytest.param(HUGE, id="10-MB"),
    ],
)
def test_payload_is_forwarded_unchanged(relay: Program, address: Path, payload: bytes) -> None:
    with daemon(address, answering(b"A", final(0, b"done"))) as state:
        assert outcome(call(relay, address, payload=payload)) == (0, b"done", b"")
    assert state.payload == payload


def test_payload_from_a_file_is_forwarded_unchanged(relay: Program, address: Path) -> None:
    # A file gives more in one read than a socket takes in one write.
    file = address.with_name("payload")
    file.write_bytes(HUGE)
    with daemon(address, answering(final(0))) as state, file.open("rb") as payload:
        assert subprocess.run(command(relay, address), stdin=payload, check=False).returncode == 0
    assert state.payload == HUGE


def test_header_names_the_agent_the_event_and_the_variables_that_are_set(
    relay: Program, address: Path
) -> None:
    names = ("PROJECT", "UNSET", "EMPTY", "BYTES", "LINES")
    variables = {b"PROJECT": b"/a b", b"EMPTY": b"", b"BYTES": b"\xff\xfe=", b"LINES": b"a\nb"}
    with daemon(address, answering(final(0))) as state:
        done = subprocess.run(
            command(relay, address, "exit2", *names),
            input=PAYLOAD,
            env={**variables, b"OTHER": b"secret"},
            capture_output=True,
            check=False,
        )
    assert outcome(done) == (0, b"", b"")
    assert state.records == [
        b"assent/1",
        b"claude-code",
        b"PreToolUse",
        b"PROJECT=/a b",
        b"EMPTY=",
        b"BYTES=\xff\xfe=",
        b"LINES=a\nb",
    ]
    assert state.payload == PAYLOAD


def test_words_that_are_not_utf_8_are_forwarded_unchanged(relay: Program, address: Path) -> None:
    with daemon(address, answering(final(0))) as state:
        words: list[str | bytes] = [*relay, str(address), "exit2", b"\xe9", "\N{SNOWMAN}"]
        assert subprocess.run(words, input=b"", check=False).returncode == 0
    assert state.records == [b"assent/1", b"\xe9", "\N{SNOWMAN}".encode()]


def test_slow_agent_is_waited_for(build: Build, address: Path) -> None:
    relay = build(Limits(ack_ms=NEVER_MS, silence_ms=NEVER_MS, stdin_ms=1500))
    with (
        daemon(address, answering(final(0))) as state,
        subprocess.Popen(command(relay, address), stdin=subprocess.PIPE, bufsize=0) as process,
    ):
        assert process.stdin is not None
        for part in (b"a", b"b", b"c", b"d"):
            process.stdin.write(part)
            time.sleep(0.5)
        process.stdin.close()
    assert process.returncode == 0
    assert state.payload == b"abcd"


def test_socket_path_may_be_longer_than_an_address(relay: Program, tmp_path: Path) -> None:
    address = tmp_path / ("d" * 120) / ("e" * 120) / "hook.sock"
    address.parent.mkdir(parents=True)
    with daemon(address, answering(final(0, b"found"))):
        assert outcome(call(relay, address)) == (0, b"found", b"")


# What is brought back


@pytest.mark.parametrize(
    ("code", "out", "err"),
    [
        pytest.param(0, b"", b"", id="proceed"),
        pytest.param(0, b'{"a":1}\n', b"", id="proceed-with-answer"),
        pytest.param(2, b"", b"No: rm -rf is irreversible", id="denial"),
        pytest.param(7, b"out", b"err", id="other-code"),
        pytest.param(0, b"\xff\x00AHR\r\n", b"\x80", id="bytes"),
        pytest.param(0, b"o" * 200_000, b"e" * 200_000, id="200-KB"),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_answer_is_printed_exactly(
    relay: Program, address: Path, dialect: str, code: int, out: bytes, err: bytes
) -> None:
    with daemon(address, answering(b"A", final(code, out, err))):
        assert outcome(call(relay, address, dialect)) == (code, out, err)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([final(2, b"o", b"e")], id="no-ack"),
        pytest.param([b"A" + final(2, b"o", b"e")], id="ack-in-one-piece"),
        pytest.param([b"A", b"H" * 100, final(2, b"o", b"e")], id="heartbeats"),
        pytest.param([b"AH" + final(2, b"o", b"e")[:3], final(2, b"o", b"e")[3:]], id="two-pieces"),
        pytest.param([bytes([byte]) for byte in b"A" + final(2, b"o", b"e")], id="byte-by-byte"),
    ],
)
def test_answer_may_come_in_any_pieces(relay: Program, address: Path, frames: list[bytes]) -> None:
    with daemon(address, answering(*frames)):
        assert outcome(call(relay, address)) == (2, b"o", b"e")


def test_acknowledged_call_may_take_longer_than_the_acknowledgement(
    build: Build, address: Path
) -> None:
    relay = build(Limits(ack_ms=1000, silence_ms=NEVER_MS, stdin_ms=NEVER_MS))

    def script(state: Daemon) -> None:
        state.read_request()
        state.send(b"A")
        time.sleep(1.5)
        state.send(final(0, b"approved"))

    with daemon(address, script):
        assert outcome(call(relay, address)) == (0, b"approved", b"")


def test_heartbeats_keep_a_call_waiting_beyond_the_limit_of_silence(
    build: Build, address: Path
) -> None:
    relay = build(Limits(ack_ms=NEVER_MS, silence_ms=1500, stdin_ms=NEVER_MS))

    def script(state: Daemon) -> None:
        state.read_request()
        state.send(b"A")
        for _beat in range(5):
            time.sleep(0.4)
            state.send(b"H")
        state.send(final(0, b"approved"))

    with daemon(address, script):
        assert outcome(call(relay, address)) == (0, b"approved", b"")


# An answer before the end of the payload


def write_all(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write to the relay as an agent does; a closed pipe raises BrokenPipeError."""
    assert process.stdin is not None
    with process.stdin as stdin:
        stdin.write(data)


def call_and_write_all(program: Program, address: Path, payload: bytes) -> tuple[int, bytes, bytes]:
    """As `call`, but fails when the relay ends before it took the whole payload."""
    with subprocess.Popen(
        command(program, address),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        write_all(process, payload)
        return process.wait(), process.stdout.read(), process.stderr.read()


@pytest.mark.parametrize("reads", [0, 100_000], ids=["reads-nothing", "reads-some"])
def test_early_answer_to_a_huge_payload_counts(relay: Program, address: Path, reads: int) -> None:
    def script(state: Daemon) -> None:
        if reads:
            state.connection.recv(reads, socket.MSG_WAITALL)
        state.send(final(2, b"", b"too large"))

    with daemon(address, script):
        assert call_and_write_all(relay, address, HUGE) == (2, b"", b"too large")


def test_early_answer_counts_while_the_daemon_keeps_the_connection(
    relay: Program, address: Path
) -> None:
    def script(state: Daemon) -> None:
        state.send(b"A" + final(2, b"", b"too large"))
        state.relay_is_done.wait()

    with daemon(address, script):
        assert call_and_write_all(relay, address, HUGE) == (2, b"", b"too large")


def test_answer_after_the_daemon_stopped_reading_counts(relay: Program, address: Path) -> None:
    def script(state: Daemon) -> None:
        state.connection.shutdown(socket.SHUT_RD)
        time.sleep(0.3)
        state.send(final(2, b"", b"too large"))

    with daemon(address, script):
        assert call_and_write_all(relay, address, HUGE) == (2, b"", b"too large")


def test_early_ack_does_not_end_the_payload(relay: Program, address: Path) -> None:
    def script(state: Daemon) -> None:
        state.send(b"A")
        state.read_request()
        state.send(final(0, b"all of it"))

    with daemon(address, script) as state:
        assert call_and_write_all(relay, address, HUGE) == (0, b"all of it", b"")
    assert state.payload == HUGE


def test_agent_can_write_its_whole_payload_when_there_is_no_daemon(
    relay: Program, address: Path
) -> None:
    # An agent may take a closed pipe for a broken hook, and let the call run.
    refusal = (2, b"", ABSENT.encode() + b"\n")
    assert call_and_write_all(relay, address, HUGE) == refusal


def test_early_answer_is_printed_when_the_agent_never_closes_its_end(
    build: Build, address: Path
) -> None:
    relay = build(Limits(ack_ms=NEVER_MS, silence_ms=NEVER_MS, stdin_ms=500))

    def script(state: Daemon) -> None:
        state.send(final(2, b"", b"no"))
        state.relay_is_done.wait()

    with (
        daemon(address, script),
        subprocess.Popen(
            command(relay, address), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None
        assert (process.wait(), process.stderr.read()) == (2, b"no")


# Faults: the call is refused in the agent's own language


@pytest.mark.parametrize("dialect", DIALECTS)
class TestFault:
    def test_no_socket(self, relay: Program, address: Path, dialect: str) -> None:
        assert_refused(call(relay, address, dialect), dialect, ABSENT)

    def test_no_directory(self, relay: Program, tmp_path: Path, dialect: str) -> None:
        address = tmp_path / ("d" * 120) / "hook.sock"
        assert_refused(call(relay, address, dialect), dialect, ABSENT)

    def test_nobody_listens(self, relay: Program, address: Path, dialect: str) -> None:
        with listening(address):
            pass
        assert_refused(call(relay, address, dialect), dialect, ABSENT)

    def test_name_too_long(self, relay: Program, tmp_path: Path, dialect: str) -> None:
        assert_refused(call(relay, tmp_path / ("s" * 200), dialect), dialect)

    def test_not_a_socket(self, relay: Program, address: Path, dialect: str) -> None:
        address.write_text("")
        assert_refused(call(relay, address, dialect), dialect, ABSENT)

    def test_never_accepted(self, build: Build, address: Path, dialect: str) -> None:
        with listening(address):
            assert_refused(call(build(SHORT_ACK), address, dialect), dialect)

    def test_never_accepted_huge_payload(self, build: Build, address: Path, dialect: str) -> None:
        with listening(address):
            assert_refused(call(build(SHORT_ACK), address, dialect, HUGE), dialect)

    def test_backlog_full(self, build: Build, address: Path, dialect: str) -> None:
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(listening(address))
            listener.listen(0)
            with contextlib.suppress(BlockingIOError):
                while True:
                    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                    stack.enter_context(waiting).setblocking(False)
                    waiting.connect(address.name)
            assert_refused(call(build(SHORT_ACK), address, dialect), dialect)

    def test_daemon_process_stopped(self, build: Build, address: Path, dialect: str) -> None:
        listens = (
            "import socket, sys\n"
            "listener = socket.socket(socket.AF_UNIX)\n"
            "listener.bind('hook.sock'); listener.listen(); print(flush=True)\n"
            "connection, _ = listener.accept(); connection.sendall(b'R' + bytes(9))\n"
        )
        with subprocess.Popen([sys.executable, "-c", listens], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                process.send_signal(signal.SIGSTOP)
                os.waitpid(process.pid, os.WUNTRACED)
                assert_refused(call(build(SHORT_ACK), address, dialect), dialect)
            finally:
                process.kill()

    def test_silent_after_accept(self, build: Build, address: Path, dialect: str) -> None:
        def script(state: Daemon) -> None:
            state.read_request()
            state.relay_is_done.wait()

        with daemon(address, script):
            assert_refused(call(build(SHORT_ACK), address, dialect), dialect)

    @pytest.mark.parametrize(
        "frames",
        [
            pytest.param(b"A", id="ack"),
            pytest.param(b"AH", id="heartbeat"),
            pytest.param(b"AR\x00\x00", id="half-a-frame"),
        ],
    )
    def test_silent_after(self, build: Build, address: Path, dialect: str, frames: bytes) -> None:
        def script(state: Daemon) -> None:
            state.read_request()
            state.send(frames)
            state.relay_is_done.wait()

        with daemon(address, script):
            assert_refused(call(build(SHORT_SILENCE), address, dialect), dialect)

    @pytest.mark.parametrize(
        "frames",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"A", id="ack"),
            pytest.param(b"AHHH", id="heartbeats"),
            pytest.param(b"R", id="no-code"),
            pytest.param(b"R\x00", id="no-sizes"),
            pytest.param(b"R\x00\x00\x00", id="half-a-size"),
            pytest.param(final(0, b'{"allow":true}', b"x")[:12], id="half-of-stdout"),
            pytest.param(final(0, b'{"allow":true}', b"x")[:-5], id="no-stderr"),
            pytest.param(final(0, b'{"allow":true}', b"x")[:-1], id="all-but-a-byte"),
            pytest.param(b"R\x00\xff\xff\xff\xff" + b"x" * 100, id="size-beyond-the-end"),
            pytest.param(b"X" + final(0), id="garbage"),
            pytest.param(b"A\n" + final(0), id="garbage-after-ack"),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="http"),
        ],
    )
    def test_daemon_ends_after(
        self, relay: Program, address: Path, dialect: str, frames: bytes
    ) -> None:
        with daemon(address, answering(frames)):
            assert_refused(call(relay, address, dialect), dialect)

    def test_garbage_while_the_daemon_keeps_the_connection(
        self, relay: Program, address: Path, dialect: str
    ) -> None:
        def script(state: Daemon) -> None:
            state.read_request()
            state.send(b"?")
            state.relay_is_done.wait()

        with daemon(address, script):
            assert_refused(call(relay, address, dialect), dialect)

    def test_daemon_ends_without_reading(self, relay: Program, address: Path, dialect: str) -> None:
        with daemon(address, lambda state: None):
            assert_refused(call(relay, address, dialect, HUGE), dialect)

    def test_agent_never_finishes_its_payload(
        self, build: Build, address: Path, dialect: str
    ) -> None:
        with (
            daemon(address, Daemon.read_request),
            subprocess.Popen(
                command(build(SHORT_STDIN), address, dialect),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            ) as process,
        ):
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdin.write(b"{")
            out, err = process.stdout.read(), process.stderr.read()
            done = subprocess.CompletedProcess(process.args, process.wait(), out, err)
        assert_refused(done, dialect)

    def test_environment_larger_than_a_header(
        self, relay: Program, address: Path, dialect: str
    ) -> None:
        names = [f"V{number}" for number in range(12)]
        with daemon(address, Daemon.read_request):
            done = subprocess.run(
                command(relay, address, dialect, *names),
                input=PAYLOAD,
                env=dict.fromkeys(names, "x" * 100_000),
                capture_output=True,
                check=False,
            )
        assert_refused(done, dialect)


# Streams of the agent that are closed


CLOSED_READER_CODES = [("exit2", 2), ("json", 2), ("observe", 0)]


def call_with_closed_reader(
    program: Program, address: Path, dialect: str, stream: str
) -> subprocess.CompletedProcess[bytes]:
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: writer}
    try:
        return subprocess.run(
            command(program, address, dialect),
            input=PAYLOAD,
            stdout=streams["stdout"],
            stderr=streams["stderr"],
            check=False,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(("dialect", "code"), CLOSED_READER_CODES)
@pytest.mark.parametrize("size", [1, 200_000])
def test_proceed_that_cannot_be_written_is_a_denial(
    relay: Program, address: Path, dialect: str, code: int, size: int
) -> None:
    with daemon(address, answering(final(0, b"o" * size))):
        done = call_with_closed_reader(relay, address, dialect, "stdout")
    assert done.returncode == code


@pytest.mark.parametrize(("dialect", "code"), CLOSED_READER_CODES)
def test_refusal_that_cannot_be_written_still_denies(
    relay: Program, address: Path, dialect: str, code: int
) -> None:
    done = call_with_closed_reader(
        relay, address, dialect, "stderr" if dialect == "exit2" else "stdout"
    )
    assert done.returncode == code


@pytest.mark.parametrize(
    "redirection", [pytest.param("<&-", id="stdin"), pytest.param(">&-", id="stdout")]
)
def test_standard_stream_that_is_not_open_is_a_denial(
    build: Build, address: Path, redirection: str
) -> None:
    def script(state: Daemon) -> None:
        with contextlib.suppress(BrokenPipeError):
            answering(final(0, b"proceed"))(state)

    with daemon(address, script):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", *command(build(SHORT_ACK), address)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, UNANSWERED.encode() + b"\n")


def test_stdin_that_cannot_be_read_is_a_denial(relay: Program, address: Path) -> None:
    with daemon(address, Daemon.read_request), open(os.devnull, "wb") as not_readable:
        done = subprocess.run(
            command(relay, address), stdin=not_readable, capture_output=True, check=False
        )
    assert_refused(done, "exit2")


# Signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_never_ends_a_waiting_call_as_allowed(
    relay: Program, address: Path, number: signal.Signals
) -> None:
    def script(state: Daemon) -> None:
        state.read_request()
        state.relay_is_done.wait()

    with (
        daemon(address, script) as state,
        subprocess.Popen(
            command(relay, address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        write_all(process, PAYLOAD)
        state.has_request.wait()
        process.send_signal(number)
        assert process.stdout is not None
        assert process.stderr is not None
        ended = (process.wait(), process.stdout.read(), process.stderr.read())
    assert ended in [(-number, b"", b""), (2, b"", UNANSWERED.encode() + b"\n")]


def test_pause_of_the_relay_is_not_a_pause_of_the_daemon(relay: Program, address: Path) -> None:
    def script(state: Daemon) -> None:
        state.read_request()
        state.send(b"A")
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGCONT)
        state.send(final(0, b"approved"))

    with (
        daemon(address, script),
        subprocess.Popen(
            command(relay, address), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process,
    ):
        write_all(process, PAYLOAD)
        assert process.stdout is not None
        assert (process.stdout.read(), process.wait()) == (b"approved", 0)


# The command line


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], id="nothing"),
        pytest.param(["hook.sock", "exit2", "claude-code"], id="no-event"),
        pytest.param(["hook.sock", "allow", "claude-code", "PreToolUse"], id="unknown-dialect"),
        pytest.param(["hook.sock", "", "claude-code", "PreToolUse"], id="empty-dialect"),
        pytest.param(["hook.sock", "exit2", "", "PreToolUse"], id="empty-agent"),
        pytest.param(["hook.sock", "observe", "claude-code", ""], id="empty-event"),
        pytest.param(["--help"], id="help"),
        pytest.param(["--version", "exit2"], id="version-and-more"),
    ],
)
def test_wrong_command_line_lets_nothing_through(relay: Program, words: list[str]) -> None:
    done = subprocess.run([*relay, *words], input=PAYLOAD, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert re.fullmatch(rb"usage: assent-relay .*\n", done.stderr)


def test_self_test_names_the_version_of_the_protocol(relay: Program) -> None:
    done = subprocess.run([*relay, "--version"], capture_output=True, check=False)
    assert outcome(done) == (0, b"assent-relay 1\n", b"")


# The two sources


@pytest.mark.parametrize(
    ("in_c", "in_python"),
    [
        ("ACK_MS 2000", "ACK_S = 2.0"),
        ("SILENCE_MS 15000", "SILENCE_S = 15.0"),
        ("STDIN_MS 10000", "STDIN_S = 10.0"),
        ("outgoing[1 << 20]", "LONGEST_HEADER = 1 << 20"),
        ("incoming[64 << 20]", "LONGEST_ANSWER = 64 << 20"),
    ],
)
def test_both_relays_have_the_same_limits(in_c: str, in_python: str) -> None:
    assert in_c in SOURCE.read_text()
    assert in_python in SCRIPTS[0].read_text()


def test_python_relay_imports_next_to_nothing() -> None:
    def imported(*words: str) -> set[str]:
        python = [sys.executable, "-I", "-S", "-E", "-X", "importtime", *words]
        done = subprocess.run(python, capture_output=True, check=True, text=True)
        return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    extra = imported(str(SCRIPTS[-1]), "--version") - imported("-c", "pass")
    assert extra <= {"relay_call", "_socket", "select", "posix", "time"}


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(None, id="missing"),
        pytest.param("def run(", id="half"),
        pytest.param("", id="empty"),
        pytest.param("raise SystemExit(0)", id="exits"),
    ],
)
@pytest.mark.parametrize("errors", ["readable", "closed"])
def test_damaged_python_relay_lets_nothing_through(
    tmp_path: Path, program: str | None, errors: str
) -> None:
    start = Path(shutil.copy(SCRIPTS[-1], tmp_path))
    if program is not None:
        (tmp_path / "relay_call.py").write_text(program)
    relay = (sys.executable, "-I", "-S", "-E", str(start))
    if errors == "closed":
        done = call_with_closed_reader(relay, tmp_path / "hook.sock", "exit2", "stderr")
        assert done.returncode == 2
    else:
        line = b"Assent's relay is damaged, so this call was not let through.\n"
        assert outcome(call(relay, tmp_path / "hook.sock")) == (2, b"", line)


def test_compiled_relay_is_among_the_tested() -> None:
    assert (shutil.which("cc") is not None) == ("cc" in KINDS) or sys.platform == "darwin"
