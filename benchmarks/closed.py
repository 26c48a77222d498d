"""A gate that cannot answer is a closed gate: how many calls get through one that is down."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from assent.entrypoints.hook.relay_build import RelayCommand
from benchmarks.house import SAFE, House, daemon, house
from benchmarks.report import Row

BLOCKED = 2
"""The only exit code by which Claude Code stops a call; a signal is covered by `onFailure`."""
CALLS = 20
SLOW_S = 3.0


def run(*, quick: bool) -> Sequence[Row]:
    calls = 2 if quick else CALLS
    rows = []
    for name, broken in (
        ("absent", _absent),
        ("killed", _killed),
        ("hung (SIGSTOP)", _hung),
        ("slow (answers after 3 s)", _slow),
        ("answers nonsense", _nonsense),
    ):
        with house() as place, broken(place):
            rows.append(_attempt(place, name, calls))
    return rows


def _attempt(place: House, name: str, calls: int) -> Row:
    """Safe calls, which a working gate lets through, by both relays."""
    payload = place.payload(SAFE)

    def call(relay: RelayCommand) -> tuple[bool, float]:
        started = time.perf_counter()
        code = place.hook(relay, payload).run()
        return code == BLOCKED or code < 0, time.perf_counter() - started

    with ThreadPoolExecutor(calls) as pool:
        relays = (place.relay, place.script) * calls
        outcomes = list(pool.map(call, relays))
    through = sum(not blocked for blocked, _ in outcomes)
    slowest = max(taken for _, taken in outcomes)
    return Row(
        f"daemon {name}: let through",
        through,
        "calls",
        at_most=0,
        detail=f"of {len(outcomes)}; the last refusal after {slowest:.2f} s",
    )


@contextmanager
def _absent(_place: House) -> Iterator[None]:
    yield


@contextmanager
def _killed(place: House) -> Iterator[None]:
    """Its socket is still there; nobody listens."""
    with daemon(place) as client:
        os.kill(client.pid, signal.SIGKILL)
        yield


@contextmanager
def _hung(place: House) -> Iterator[None]:
    with daemon(place) as client:
        os.kill(client.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(client.pid, signal.SIGCONT)


@contextmanager
def _slow(place: House) -> Iterator[None]:
    """What it says in the end would let the call run."""
    letting_through = b"R\0" + bytes(8)

    def answer(peer: socket.socket) -> None:
        time.sleep(SLOW_S)
        peer.sendall(letting_through)

    with _impostor(place, answer):
        yield


@contextmanager
def _nonsense(place: House) -> Iterator[None]:
    with _impostor(place, lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")):
        yield


@contextmanager
def _impostor(place: House, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something that listens in the daemon's place."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(place.home.socket))
        listening.listen(128)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listening.accept()
                    threading.Thread(target=converse, args=(peer,), daemon=True).start()

        def converse(peer: socket.socket) -> None:
            with peer, suppress(OSError):
                answer(peer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
