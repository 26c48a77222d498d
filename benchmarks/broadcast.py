"""The yardstick for watching: the least that sending one event to many connections can cost.

python -m benchmarks.broadcast      prints its port, then sends one event for each line of stdin
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.crowd import ROOT

OPENING = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: open\n\n"


class _Peer(asyncio.Protocol):
    def __init__(self, everybody: set[asyncio.Transport]) -> None:
        self._everybody = everybody

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        self._transport.write(OPENING)
        self._everybody.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._everybody.discard(self._transport)


async def main() -> None:
    loop = asyncio.get_running_loop()
    everybody: set[asyncio.Transport] = set()
    server = await loop.create_server(lambda: _Peer(everybody), "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        message = b"event: change\nid: 1\ndata: " + line.strip() + b"\n\n"
        for peer in tuple(everybody):
            peer.write(message)


class Broadcast:
    """The process, from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._line = process.stdin
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def send(self, number: int, size: int) -> None:
        """Send an event of about `size` bytes to all who listen."""
        self._line.write(json.dumps({"number": number, "padding": "x" * size}) + "\n")
        self._line.flush()


@contextmanager
def broadcast() -> Iterator[Broadcast]:
    command = [sys.executable, "-m", "benchmarks.broadcast"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Broadcast(process)
        assert process.stdin is not None
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(main())
