"""The daemon when nothing happens: how soon it is ready, and what it holds."""

import time
from collections.abc import Sequence

from benchmarks.house import daemon, house
from benchmarks.measure import Timings
from benchmarks.process import rss_mb
from benchmarks.report import Row

STARTS = 5
SETTLE_S = 1.0


def run(*, quick: bool) -> Sequence[Row]:
    ready: list[int] = []
    sizes: list[float] = []
    for _ in range(1 if quick else STARTS):
        with house() as place:
            started = time.perf_counter_ns()
            with daemon(place) as client:
                ready.append(time.perf_counter_ns() - started)
                time.sleep(SETTLE_S)
                sizes.append(rss_mb(client.pid))
    up = Timings.of(ready)
    return [
        Row(
            "daemon ready, median",
            up.p50 / 1000,
            "s",
            at_most=2,
            detail=f"slowest {up.ms[-1]:.0f} ms",
        ),
        Row("daemon at rest, resident", max(sizes), "MB", at_most=120),
    ]
