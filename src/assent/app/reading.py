"""How long a person has had something open, and whether to its end: told by the page, summed here.

A page reports while it is on show. It cannot have been so for longer than it is since the first
report, whatever the page says, and what was reached once stays reached.
"""

from assent.app.gatehouse import Gatehouse
from assent.app.ports import Opened, Tx

LONGEST_REPORT_MS = 60_000
"""A page reports more often than that; of a longer time nobody knows that it was looked at."""


async def note_reading(
    gate: Gatehouse,
    subject: str,
    version: int,
    *,
    person: str,
    shown_ms: int,
    read: bool,
) -> Opened:
    """Add what a page reports of one version of a request, or revision of a change.

    `shown_ms` is the time on show since the last report; the first one only opens it.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Opened:
        known = tx.opened(subject, person, version)
        made = _added(known, Opened(subject, person, version, now, shown_ms, read), now=now)
        if made != known:
            tx.note_opened(made)
        return made

    return await gate.store.write(work, durable=False)


def _added(known: Opened | None, told: Opened, *, now: int) -> Opened:
    began = told.at if known is None else known.at
    before = 0 if known is None else known.shown_ms
    sum_ms = before + min(max(told.shown_ms, 0), LONGEST_REPORT_MS)
    return Opened(
        subject=told.subject,
        person=told.person,
        version=told.version,
        at=began,
        shown_ms=max(before, min(sum_ms, now - began)),
        read=told.read or (known is not None and known.read),
    )
