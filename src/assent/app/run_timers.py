"""What is due happens: people are reminded, others are asked, or it is denied; delays end."""

from collections.abc import Mapping, Sequence

from assent.app import requests
from assent.app.asked import people_meant
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.approvals import Request
from assent.core.due import Timer, TimerKind, asked_next

BATCH = 200
"""Timers per transaction, so that a long sleep of the machine does not hold the writer."""
_ASKS = frozenset({TimerKind.RUNG, TimerKind.EXPIRE})


async def run_timers(gate: Gatehouse) -> int:
    """Run what is due now; the number of timers taken. Call again while it is `BATCH`."""
    now = gate.clock.now()
    due = gate.store.read(lambda view: view.due_timers(now=now, limit=BATCH))
    if not due:
        return 0
    people = await _meant(gate, due)

    def work(tx: Tx) -> int:
        taken = tx.due_timers(now=now, limit=BATCH)
        for timer in taken:
            _fire(tx, timer, now, people)
        return len(taken)

    return await gate.store.write(work, durable=True)


def _fire(tx: Tx, timer: Timer, now: int, people: Mapping[Timer, tuple[str, ...]]) -> None:
    request = tx.request(timer.request_id)
    if request is None or timer.version != request.version:
        tx.drop_timer(timer)
        return
    if timer.kind is TimerKind.REMIND:
        requests.remind(tx, request, timer.due_at, now)
        return
    step = (
        requests.come_back(tx, request, now)
        if timer.kind is TimerKind.RESUME
        else requests.time_is_up(tx, request, now, people=people.get(timer))
    )
    if not isinstance(step, Request):
        # It means nothing any more. What was only not looked up yet comes again.
        tx.drop_timer(timer)


async def _meant(gate: Gatehouse, due: Sequence[Timer]) -> Mapping[Timer, tuple[str, ...]]:
    """Who is asked by the timers that ask somebody, by name: nobody for a group without people.

    Outside of the transaction, since it reads files and asks git.
    """
    found: dict[Timer, tuple[str, ...]] = {}
    for timer in due:
        if timer.kind not in _ASKS:
            continue
        request = _current(gate, timer)
        words = () if request is None else asked_next(request)
        if request is not None and words:
            found[timer] = await people_meant(gate, request, words)
    return found


def _current(gate: Gatehouse, timer: Timer) -> Request | None:
    request = gate.store.read(lambda view: view.request(timer.request_id))
    return request if request is not None and request.version == timer.version else None
