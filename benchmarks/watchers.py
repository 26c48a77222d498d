"""How long an event takes to the last of many open pages, against bare asyncio sending the same."""

import time
from collections.abc import Sequence

from assent.entrypoints.cli.client import Client
from benchmarks.broadcast import Broadcast, broadcast
from benchmarks.crowd import Crowd, crowd
from benchmarks.hookline import propose
from benchmarks.house import RISKY, House, running_house
from benchmarks.loopback import bearer
from benchmarks.measure import WARM_UP, Timings
from benchmarks.process import rss_mb
from benchmarks.report import Row

ROUNDS = 40
SIZES = (100, 1000)
EVENT_BYTES = 600
"""About what Assent's own event has."""


def run(*, quick: bool) -> Sequence[Row]:
    rounds, sizes = (3, (5,)) if quick else (ROUNDS, SIZES)
    rows: list[Row] = []
    for size in sizes:
        with running_house() as (place, client), broadcast() as yardstick:
            rows += _measure(place, client, yardstick, size=size, rounds=rounds)
    return rows


def _measure(
    place: House, client: Client, yardstick: Broadcast, *, size: int, rounds: int
) -> Sequence[Row]:
    header = bearer(place.home)
    before = rss_mb(client.pid)
    with (
        crowd(client.url, header, size) as ours,
        crowd(yardstick.url, header, size) as theirs,
    ):
        grown = rss_mb(client.pid) - before
        own: list[int] = []
        spread: list[int] = []
        bare: list[int] = []
        for number in range(-WARM_UP, rounds):
            first, last = _assent_round(place, ours, number)
            other = _bare_round(yardstick, theirs, number)
            if number >= 0:
                own.append(last)
                spread.append(last - first)
                bare.append(other)
    event, fan_out, floor = Timings.of(own), Timings.of(spread), Timings.of(bare)
    return [
        Row(
            f"call to last of {size} pages / bare asyncio, p50",
            event.p50 / floor.p50,
            "x",
            at_most=3 if size >= max(SIZES) else None,
            detail=f"{event}; bare {floor}; first to last {fan_out}",
        ),
        Row(f"daemon's memory for each of {size} open pages", grown * 1000 / size, "kB"),
    ]


def _assent_round(place: House, people: Crowd, number: int) -> tuple[int, int]:
    """Open a request; nanoseconds until the first and the last page know of it."""
    started = time.monotonic_ns()
    with propose(place, f"{RISKY}/{number + WARM_UP}"):
        first, last = people.next_event()
    return first - started, last - started


def _bare_round(yardstick: Broadcast, people: Crowd, number: int) -> int:
    started = time.monotonic_ns()
    yardstick.send(number, EVENT_BYTES)
    _, last = people.next_event()
    return last - started
