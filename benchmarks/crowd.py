"""Many open pages, in a process of their own so that they do not slow the one that measures.

    python -m benchmarks.crowd URL NUMBER      the Authorization header on stdin, then until it ends

Prints `ready`, and for each event how many watchers have it and when the first and the last got it
(nanoseconds of the monotonic clock, which all processes share).
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loopback import Watcher, watch

AT_ONCE = 50
ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Spread:
    """How one event reached the crowd."""

    first: int
    last: int
    count: int


class Tally:
    """Counts what the watchers are told, event by event."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._spreads: dict[bytes, Spread] = {}

    def told(self, message: bytes) -> None:
        now = time.monotonic_ns()
        spread = self._spreads.setdefault(message, Spread(now, now, 0))
        spread.last, spread.count = now, spread.count + 1
        if spread.count == self._size:
            del self._spreads[message]
            sys.stdout.write(json.dumps([spread.first, spread.last]) + "\n")
            sys.stdout.flush()


class _Member(Watcher):
    def __init__(self, url: str, header: str, tally: Tally) -> None:
        super().__init__(url, header)
        self._tally = tally

    def told(self, message: bytes) -> None:
        self._tally.told(message)


async def main(url: str, size: int) -> None:
    header = sys.stdin.readline().strip() + "\r\n"
    tally = Tally(size)
    for start in range(0, size, AT_ONCE):
        members = range(start, min(start + AT_ONCE, size))
        await asyncio.gather(*(watch(_Member(url, header, tally), url) for _ in members))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


class Crowd:
    """The process, from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._said = process.stdout

    def wait_until_ready(self) -> None:
        line = self._said.readline()
        if line != "ready\n":
            raise RuntimeError(f"the watchers could not all connect: {line!r}")

    def next_event(self) -> tuple[int, int]:
        """When the first and the last watcher got the next event. Blocks until they did."""
        first, last = json.loads(self._said.readline())
        return first, last


@contextmanager
def crowd(url: str, header: str, size: int) -> Iterator[Crowd]:
    """`size` watchers, all connected."""
    command = [sys.executable, "-m", "benchmarks.crowd", url, str(size)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(header.strip() + "\n")
        process.stdin.flush()
        people = Crowd(process)
        people.wait_until_ready()
        yield people
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
