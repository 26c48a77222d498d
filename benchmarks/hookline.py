"""A hook call spoken directly to the daemon's socket, where the relay is not what is measured."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.house import AGENT, EVENT, House, bash_payload


@contextmanager
def propose(place: House, command: str) -> Iterator[socket.socket]:
    """Make a call; the connection on which it is answered. Hangs up at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.connect(str(place.home.socket))
        peer.sendall(call_bytes(place, command))
        peer.shutdown(socket.SHUT_WR)
        yield peer


def call_bytes(place: House, command: str) -> bytes:
    """What a relay sends: its records, then the payload."""
    records = (b"assent/1", AGENT.encode(), EVENT.encode())
    head = b"".join(len(record).to_bytes(4, "big") + record for record in records)
    return head + bytes(4) + bash_payload(command, place.workspace, call=command)
