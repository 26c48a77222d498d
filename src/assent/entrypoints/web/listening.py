"""The sockets that the page listens on."""

import errno
import socket
from contextlib import suppress

from assent.errors import UnavailableError

TRIES = 20


def listen(port: int) -> tuple[socket.socket, ...]:
    """Listening on 127.0.0.1 and, where there is one, on ::1, at the same port.

    A browser tries both for `localhost`, so that whoever had the other one would be sent our login
    links. The port is `port`, or a free one when it is taken on either. Raises UnavailableError.
    """
    for wanted in (port, *(0,) * TRIES):
        with suppress(OSError):
            return _listen_at(wanted)
    raise UnavailableError("No port is free for the page.", hint="Set `port` in config.toml.")


def _listen_at(port: int) -> tuple[socket.socket, ...]:
    """Raises OSError when the port is taken."""
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    try:
        second = _bound(socket.AF_INET6, "::1", first.getsockname()[1])
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return (first,)  # a machine without IPv6
        first.close()
        raise
    return (first, second)


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # Only where the protocol is named does asyncio switch off the delay of small packets: 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening
