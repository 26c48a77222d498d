"""The two things a benchmark says over HTTP: calls on a kept connection, and watching events."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from assent.entrypoints.home import Home


class Caller:
    """One connection that is kept open, as a browser or a chat bot keeps it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._headers = headers

    async def call(self, method: str, path: str, fields: Mapping[str, object] | None = None) -> Any:
        """The JSON answered. Raises RuntimeError for any status but 200."""
        status, body = await self.fetch(method, path, json.dumps(fields or {}).encode())
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {body[:300]!r}")
        return json.loads(body)

    async def fetch(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode("ascii") + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length:")[2].split("\r\n")[0])
        return int(answer.split(" ", 2)[1]), await self._reader.readexactly(length)


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def bearer(home: Home) -> str:
    """The header by which the command line shows who it is."""
    return f"Authorization: Bearer {home.token.read_text(encoding='utf-8').strip()}\r\n"


@asynccontextmanager
async def caller(url: str, header: str) -> AsyncIterator[Caller]:
    """A kept connection that sends `header` with every call."""
    host, port = address(url)
    reader, writer = await asyncio.open_connection(host, port)
    headers = f"Host: {host}:{port}\r\nContent-Type: application/json\r\n{header}"
    try:
        yield Caller(reader, writer, headers)
    finally:
        writer.close()


class Watcher(asyncio.Protocol):
    """An open event stream, read with as little in between as asyncio allows."""

    def __init__(self, url: str, header: str) -> None:
        host, port = address(url)
        self._ask = (
            f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\n{header}"
            "Accept: text/event-stream\r\n\r\n"
        ).encode("ascii")
        self._unread = b""
        self.is_open = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._ask)

    def data_received(self, data: bytes) -> None:
        # The first bytes are the head of the answer and the opening comment of the stream.
        self.is_open.set()
        *messages, self._unread = (self._unread + data).split(b"\n\n")
        for message in messages:
            if b"data: " in message:
                self.told(message)

    def told(self, message: bytes) -> None:
        """Called with each event."""

    def close(self) -> None:
        self._transport.close()


async def watch(watcher: Watcher, url: str) -> Watcher:
    """Connect, and return when the stream is open."""
    host, port = address(url)
    await asyncio.get_running_loop().create_connection(lambda: watcher, host, port)
    await watcher.is_open.wait()
    return watcher


def data_of(message: bytes) -> dict[str, Any]:
    """The JSON of an event; empty for one without."""
    found = json.loads(message.rpartition(b"data: ")[2])
    return found if isinstance(found, dict) else {}
