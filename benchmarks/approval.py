"""The machine's part of an approval: a call comes, is seen, is decided, and the agent goes on."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.crowd import crowd
from benchmarks.house import RISKY, House, running_house
from benchmarks.loopback import Caller, Watcher, bearer, caller, data_of, watch
from benchmarks.measure import WARM_UP, Program, Timings, program, reap
from benchmarks.report import Row

ROUNDS = 200
CROWDS = (0, 100, 1000)
FEW_ROUNDS = 60
"""With 1,000 watchers, each of whom hears of three events a round."""


def run(*, quick: bool) -> Sequence[Row]:
    rows: list[Row] = []
    for size in (3,) if quick else CROWDS:
        rounds = 3 if quick else ROUNDS if size <= 100 else FEW_ROUNDS
        with running_house() as (place, client):
            header = bearer(place.home)
            if size == 0:
                rows += _rows(asyncio.run(_measure(place, client.url, header, rounds)), size)
                continue
            with crowd(client.url, header, size):
                rows += _rows(asyncio.run(_measure(place, client.url, header, rounds)), size)
    return rows


@dataclass(frozen=True, slots=True)
class Parts:
    """One approval, in nanoseconds since the relay was started."""

    visible: int
    decided: int
    ended: int


class _Robot(Watcher):
    """Sees what opens, as a page does."""

    def __init__(self, url: str, header: str) -> None:
        super().__init__(url, header)
        self.opened: asyncio.Queue[int] = asyncio.Queue()

    def told(self, message: bytes) -> None:
        for request in data_of(message).get("requests", ()):
            if request["state"] == "pending":
                self.opened.put_nowait(request["number"])


async def _measure(
    place: House, url: str, header: str, rounds: int
) -> tuple[Sequence[Parts], Timings]:
    robot = _Robot(url, header)
    await watch(robot, url)
    payloads = [place.payload(f"{RISKY}/{number}") for number in range(rounds + WARM_UP)]
    shell = Program((program("sh"), "-c", "true"))
    parts: list[Parts] = []
    floor: list[int] = []
    async with caller(url, header) as person:
        for number, payload in enumerate(payloads):
            started = time.perf_counter_ns()
            await _ended(shell.start())
            nothing = time.perf_counter_ns() - started
            part = await _approve(place.hook(place.relay, payload), robot, person)
            if number >= WARM_UP:
                floor.append(nothing)
                parts.append(part)
    robot.close()
    return parts, Timings.of(floor)


async def _approve(call: Program, robot: _Robot, person: Caller) -> Parts:
    started = time.perf_counter_ns()
    pid = call.start()
    number = await robot.opened.get()
    visible = time.perf_counter_ns()
    await person.call("POST", f"/api/requests/REQ-{number}/approve", {"confirm": str(number)})
    decided = time.perf_counter_ns()
    code = await _ended(pid)
    ended = time.perf_counter_ns()
    if code != 0:
        raise RuntimeError(f"the relay ended with {code} after an approval")
    return Parts(visible - started, decided - started, ended - started)


async def _ended(pid: int) -> int:
    """The exit code of a child, waited for without a thread where the system can."""
    if not hasattr(os, "pidfd_open"):
        return await asyncio.to_thread(reap, pid)
    handle = os.pidfd_open(pid)
    loop = asyncio.get_running_loop()
    gone = loop.create_future()
    loop.add_reader(handle, gone.set_result, None)
    try:
        await gone
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return reap(pid)


def _rows(measured: tuple[Sequence[Parts], Timings], watchers: int) -> Sequence[Row]:
    parts, floor = measured
    total = Timings.of([part.ended for part in parts])
    visible = Timings.of([part.visible for part in parts])
    said = Timings.of([part.decided - part.visible for part in parts])
    going_on = Timings.of([part.ended - part.visible for part in parts])
    detail = (
        f"{total}; sh -c true {floor}; visible {visible.p50:.2f}, "
        f"decision answered {said.p50:.2f}, decided to agent goes on {going_on.p50:.2f}"
    )
    ratio = Row(
        f"approval / sh -c true, p50, {watchers} watchers",
        total.p50 / floor.p50,
        "x",
        at_most=5 if watchers == 0 else None,
        detail=detail,
    )
    if watchers == 0:
        return [ratio]
    limit = 50 if watchers == 100 else None
    return [ratio, Row(f"approval, p95, {watchers} watchers", total.p95, "ms", at_most=limit)]
