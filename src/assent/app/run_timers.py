"""What is due happens: open questions go to others or are denied, delayed ones come back."""

from assent.app import requests
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.core.approvals import Refusal, Request
from assent.core.due import Timer, TimerKind, resume

BATCH = 200
"""Timers per transaction, so that a long sleep of the machine does not hold the writer."""


async def run_timers(gate: Gatehouse) -> int:
    """Run what is due now; the number of timers taken. Call again while it is `BATCH`."""
    now = gate.clock.now()

    def work(tx: Tx) -> int:
        due = tx.due_timers(now=now, limit=BATCH)
        for timer in due:
            _fire(tx, timer, now)
        return len(due)

    if not gate.store.read(lambda view: view.due_timers(now=now, limit=1)):
        return 0
    return await gate.store.write(work, durable=True)


def _fire(tx: Tx, timer: Timer, now: int) -> None:
    request = tx.request(timer.request_id)
    if request is None or timer.version != request.version:
        tx.drop_timer(timer)
        return
    step = (
        requests.time_is_up(tx, request, now)
        if timer.kind is TimerKind.EXPIRE
        else _resume(tx, request, now)
    )
    if not isinstance(step, Request):
        tx.drop_timer(timer)


def _resume(tx: Tx, request: Request, now: int) -> Request | Refusal:
    step = resume(request, version=request.version, now=now)
    if isinstance(step, Request):
        requests.store_step(tx, step, "resumed", now)
    return step
