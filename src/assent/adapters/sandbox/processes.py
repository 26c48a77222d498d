"""One command to its end: its output bounded, its time limited, nothing of it left behind."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of output that are kept: the first half and the last."""
CHUNK = 64 * 1024
DRAIN_S = 2.0
"""How long what holds the output open after the command's end is waited for."""


@dataclass(frozen=True, slots=True)
class Ended:
    code: int | None
    """None: it was stopped because it took too long."""
    output: bytes


async def run_to_end(
    command: Sequence[str], *, folder: Path, env: Mapping[str, str], limit_s: float
) -> Ended:
    """Run `command` in a process group of its own, which is killed with the caller as well."""
    kept = _Kept()
    async with _output() as (reader, writing):
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            start_new_session=True,
        )
        writing.close()
        collecting = asyncio.create_task(_collect(reader, kept))
        try:
            code: int | None = await asyncio.wait_for(process.wait(), limit_s)
        except TimeoutError:
            code = None
        finally:
            _kill_group(process.pid)
            await process.wait()
            await asyncio.wait({collecting}, timeout=DRAIN_S)
            collecting.cancel()
    return Ended(code, kept.text())


@asynccontextmanager
async def _output() -> AsyncIterator[tuple[asyncio.StreamReader, BinaryIO]]:
    """A pipe of our own: one of asyncio's delays the command's end until all have closed it."""
    ends = os.pipe()
    reader = asyncio.StreamReader()
    with os.fdopen(ends[0], "rb", buffering=0) as reading, os.fdopen(ends[1], "wb") as writing:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), reading
        )
        try:
            yield reader, writing
        finally:
            transport.close()


async def _collect(reader: asyncio.StreamReader, kept: "_Kept") -> None:
    while chunk := await reader.read(CHUNK):
        kept.add(chunk)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class _Kept:
    """The first and the last of what is printed."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._dropped = 0

    def add(self, chunk: bytes) -> None:
        room = max(OUTPUT_LIMIT // 2 - len(self._head), 0)
        self._head += chunk[:room]
        if len(chunk) > room:
            self._tail.append(chunk[room:])
            self._tail_size += len(chunk) - room
        while self._tail and self._tail_size - len(self._tail[0]) >= OUTPUT_LIMIT // 2:
            gone = len(self._tail.popleft())
            self._tail_size -= gone
            self._dropped += gone

    def text(self) -> bytes:
        cut = f"\n… {self._dropped} bytes are left out …\n".encode() if self._dropped else b""
        return bytes(self._head) + cut + b"".join(self._tail)
