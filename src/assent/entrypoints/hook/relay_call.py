"""The relay in Python, which relay.py starts: the same program as relay.c, word for word.

Agents let a call run when their hook breaks, so whatever goes wrong here ends as a denial in the
agent's own language, DIALECT. A change of this file is a change of relay.c. It imports only what
the interpreter has built in or beside itself: an import of `socket` would double the time to start.
"""

import posix
import sys
from _socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket
from select import POLLIN, POLLOUT, poll
from time import monotonic, sleep

ACK_S = 2.0
SILENCE_S = 15.0
STDIN_S = 10.0
CONNECT_RETRY_S = 0.02

DENIED = 2
STDIN, STDOUT, STDERR = 0, 1, 2
LONGEST_ADDRESS = 103 if sys.platform == "darwin" else 107
LONGEST_HEADER = 1 << 20
LONGEST_ANSWER = 64 << 20
CHUNK = 1 << 20

ABSENT = b"Assent is not running, so this call was not let through. Start it: assent up"
UNANSWERED = (
    b"Assent did not answer in time, so this call was not let through. Check it: assent status"
)
USAGE = b"usage: assent-relay SOCKET exit2|json|observe AGENT EVENT [ENVNAME ...]"


class Refused(Exception):
    """The call may not run; the argument is the line for the agent."""


def write_all(fd: int, data: bytes) -> bool:
    view = memoryview(data)
    while view:
        try:
            view = view[posix.write(fd, view) :]
        except BlockingIOError:
            writable = poll()
            writable.register(fd, POLLOUT)
            writable.poll()
        except OSError:
            return False
    return True


def refuse(dialect: bytes, reason: bytes) -> int:
    """Tell the agent in its own language that the call may not run."""
    if dialect == b"observe":
        # The event is over already, and some agents take exit 2 after it as an order to go on.
        return 0
    if dialect == b"json":
        head = b'{"permissionDecision":"deny","permissionDecisionReason":"'
        return 0 if write_all(STDOUT, head + reason + b'"}\n') else DENIED
    write_all(STDERR, reason + b"\n")
    return DENIED


def deliver(dialect: bytes, answer: tuple[int, bytes, bytes]) -> int:
    code, out, err = answer
    out_written = write_all(STDOUT, out)
    err_written = write_all(STDERR, err)
    if out_written and err_written:
        return code
    return 0 if dialect == b"observe" else DENIED


def header(words: list[bytes]) -> bytes:
    """The records before the payload, for AGENT, EVENT and the names of the environment."""
    variables = [name + b"=" + posix.environ[name] for name in words[2:] if name in posix.environ]
    records = [b"assent/1", words[0], words[1], *variables, b""]
    return b"".join([len(record).to_bytes(4, "big") + record for record in records])


def connect_to(daemon: socket, path: bytes) -> None:
    # A socket's path may be longer than an address holds, so the relay goes to its directory.
    if len(path) > LONGEST_ADDRESS:
        directory, _, path = path.rpartition(b"/")
        posix.chdir(directory)
    deadline = monotonic() + ACK_S
    while True:
        try:
            return daemon.connect(path)
        except BlockingIOError:
            # A daemon's backlog is full for a moment, or for ever when the daemon is stopped.
            if monotonic() >= deadline:
                raise
            sleep(CONNECT_RETRY_S)


def reach_daemon(path: bytes) -> socket:
    daemon = socket(AF_UNIX, SOCK_STREAM)
    # The agent closed a standard stream, and its number went to the socket: no answer could
    # be told from the agent's own bytes.
    if daemon.fileno() <= STDERR:
        daemon.close()
        raise Refused(UNANSWERED)
    daemon.settimeout(0.0)
    try:
        connect_to(daemon, path)
    except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
        raise Refused(ABSENT) from None
    return daemon


def read_answer(received: bytearray) -> tuple[int, bytes, bytes] | None:
    """The final answer at the head of `received`, or None while some of it is still to come."""
    if not received:
        return None
    if received[:1] != b"R" or len(received) > LONGEST_ANSWER:
        raise Refused(UNANSWERED)
    parts = []
    at = 2
    for _part in range(2):
        start = at + 4
        if len(received) < start:
            return None
        at = start + int.from_bytes(received[start - 4 : start], "big")
        if len(received) < at:
            return None
        parts.append(bytes(received[start:at]))
    return received[1], parts[0], parts[1]


class Call:
    """One conversation with the daemon."""

    __slots__ = ("acknowledged", "daemon", "deadline", "outgoing", "sending", "stdin_open")

    def __init__(self) -> None:
        self.stdin_open = True
        self.sending = True
        self.acknowledged = False
        self.outgoing = memoryview(b"")
        self.deadline = 0.0

    def converse(self, path: bytes, words: list[bytes]) -> tuple[int, bytes, bytes]:
        """The daemon's answer, or Refused."""
        self.daemon = reach_daemon(path)
        self.outgoing = memoryview(header(words))
        if len(self.outgoing) > LONGEST_HEADER:
            raise Refused(UNANSWERED)
        self.renew_deadline()
        received = bytearray()
        while True:
            ready = self.wait()
            if ready.get(self.daemon.fileno(), 0) & ~POLLOUT:
                self.receive_some(received)
                answer = read_answer(received)
                if answer is not None:
                    return answer
            if ready.get(self.daemon.fileno(), 0) & POLLOUT:
                self.send_some()
            if STDIN in ready:
                self.read_some()

    def wait(self) -> dict[int, int]:
        waiting_for_agent = self.sending and not self.outgoing
        either = poll()
        either.register(self.daemon.fileno(), POLLIN | (POLLOUT if self.outgoing else 0))
        if waiting_for_agent:
            either.register(STDIN, POLLIN)
        ready = dict(either.poll(max(0.0, self.deadline - monotonic()) * 1000))
        if not ready:
            # Nobody writes to a stream that stood still for so long: no reason to empty it.
            self.stdin_open = self.stdin_open and not waiting_for_agent
            raise Refused(UNANSWERED)
        return ready

    def renew_deadline(self) -> None:
        """Whoever has to move next gets the time for it from now on."""
        limit = SILENCE_S if self.acknowledged else ACK_S
        if self.sending:
            limit = ACK_S if self.outgoing else STDIN_S
        self.deadline = monotonic() + limit

    def finish_sending(self) -> None:
        self.sending = False
        self.outgoing = memoryview(b"")
        try:  # noqa: SIM105  (to import contextlib takes longer than all the rest)
            self.daemon.shutdown(SHUT_WR)
        except OSError:
            # The daemon is gone; reading will tell whether it answered before.
            pass
        self.renew_deadline()

    def send_some(self) -> None:
        try:
            self.outgoing = self.outgoing[self.daemon.send(self.outgoing) :]
        except BlockingIOError:
            return
        except OSError:
            # A daemon that reads no further may have answered already.
            self.finish_sending()
            return
        self.renew_deadline()

    def read_some(self) -> None:
        try:
            chunk = posix.read(STDIN, CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self.stdin_open = False
            self.finish_sending()
            return
        self.outgoing = memoryview(chunk)
        self.renew_deadline()

    def receive_some(self, received: bytearray) -> None:
        try:
            chunk = self.daemon.recv(CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            raise Refused(UNANSWERED)
        received += chunk if received else chunk.lstrip(b"AH")
        self.acknowledged = True
        if not self.sending:
            self.renew_deadline()

    def empty_stdin(self) -> None:
        """Read on to the end.

        An agent that is still writing may take a closed pipe for a broken hook: the call would run.
        """
        deadline = monotonic() + STDIN_S
        agent = poll()
        agent.register(STDIN, POLLIN)
        while self.stdin_open and agent.poll(max(0.0, deadline - monotonic()) * 1000):
            try:
                self.stdin_open = posix.read(STDIN, CHUNK) != b""
            except BlockingIOError:
                continue
            except OSError:
                return


def relay(words: list[bytes]) -> int:
    dialect = words[1]
    call = Call()
    try:
        answer = call.converse(words[0], words[2:])
    except Refused as refused:
        call.empty_stdin()
        return refuse(dialect, refused.args[0])
    except OSError:
        call.empty_stdin()
        return refuse(dialect, UNANSWERED)
    call.empty_stdin()
    return deliver(dialect, answer)


def main(words: list[bytes]) -> int:
    if words == [b"--version"]:
        return 0 if write_all(STDOUT, b"assent-relay 1\n") else DENIED
    dialect = words[1] if len(words) >= 4 else b""
    if dialect not in (b"exit2", b"json", b"observe") or b"" in words[2:4]:
        return refuse(b"exit2", USAGE)
    return relay(words)


def run() -> int:
    """Do what the command line says and return the exit code, whatever happens."""
    words = [word.encode(sys.getfilesystemencoding(), "surrogateescape") for word in sys.argv[1:]]
    try:
        return main(words)
    except BaseException:  # noqa: BLE001  (left to itself the interpreter exits 1: the call runs)
        # Part of an answer may be on stdout already, so that only the exit code can still deny.
        return refuse(b"observe" if b"observe" in words[1:2] else b"exit2", UNANSWERED)
