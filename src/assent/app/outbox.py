"""What is done outside of the store because a transaction wanted it: claimed, done, saved.

    new ──claim──> new, not due before the lease ends ──done──> sent
                        ├──failed──> new, due after a pause that grows ──> … ──> dead
                        └──put off──> new, due when it may be tried

A worker that dies between claim and save leaves something that is due again when the lease ends, so
that what is done outside may be done twice, and never not at all. What is saved is saved once:
`is_ours` tells whoever comes back late that another took it over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from assent.app.gatehouse import Gatehouse
from assent.app.ports import Event, Outgoing, Sending, Tx

LEASE_MS = 120_000
"""How long whoever claimed something has for it."""
MOST_ATTEMPTS = 12
LONGEST_MS = 3 * 24 * 3_600_000
"""Nothing is tried for longer than this."""
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 12 * 3_600_000
KEPT_MS = 30 * 24 * 3_600_000
"""How long it is known that something was sent, so that it is not sent again."""
FAULT_LENGTH = 300
_TICK_S = 1.0
"""Between looks while something is due and nobody can take it: others hold it, or come first."""
_IDLE_S = 30.0
"""Between looks when nothing is due: another process may have put something there."""
_CALM_S = 0.05
"""Between looks, however much is committed."""


def pause_ms(attempts: int) -> int:
    """How long after the `attempts`th failure it is tried again: 5 s, 15 s, 45 s … 12 h."""
    return int(min(FIRST_PAUSE_MS * 3 ** min(max(attempts - 1, 0), 20), LONGEST_PAUSE_MS))


def done(claimed: Outgoing) -> Outgoing:
    """It was done, or it is not wanted any more."""
    return replace(claimed, state=Sending.SENT, fault="")


def failed(claimed: Outgoing, fault: str, *, now: int, for_good: bool = False) -> Outgoing:
    """It was not done: tried again after a pause, or given up."""
    known = replace(claimed, fault=fault[:FAULT_LENGTH])
    if for_good or is_over(claimed, now):
        return replace(known, state=Sending.DEAD)
    return replace(known, run_at=now + pause_ms(claimed.attempts))


def put_off(claimed: Outgoing, *, until: int) -> Outgoing:
    """It was not tried: this was no attempt."""
    return replace(claimed, run_at=until, attempts=max(claimed.attempts - 1, 0))


def is_over(made: Outgoing, now: int) -> bool:
    """Whether a failure now would be the last one."""
    return made.attempts >= MOST_ATTEMPTS or now - made.created_at >= LONGEST_MS


def is_ours(tx: Tx, claimed: Outgoing) -> bool:
    """Whether nobody claimed or finished it since `claimed` was claimed."""
    stored = tx.outgoing(claimed.id)
    return (
        stored is not None
        and stored.state is Sending.NEW
        and (stored.attempts, stored.run_at) == (claimed.attempts, claimed.run_at)
    )


class OutboxWork:
    """Claims what is due of one kind and hands it to `handle`, until it is cancelled.

    `handle` saves what became of each; what it raises ends `run`, which may be called again: what
    was claimed is due again when its lease ends. `in_order`: of each place only the oldest is
    taken, and the next one when that is done or dead. `ahead_ms`: once anything is due, what is due
    so much later is taken along.
    """

    def __init__(
        self,
        gate: Gatehouse,
        kind: str,
        handle: Callable[[Sequence[Outgoing]], Awaitable[None]],
        *,
        limit: int = 50,
        in_order: bool = True,
        ahead_ms: int = 0,
        lease_ms: int = LEASE_MS,
    ) -> None:
        self._gate = gate
        self._kind = kind
        self._handle = handle
        self._limit = limit
        self._in_order = in_order
        self._ahead_ms = ahead_ms
        self._lease_ms = lease_ms
        self._wake = asyncio.Event()
        self._listens = False

    async def run(self) -> None:
        if not self._listens:
            self._gate.store.on_commit(self._committed)
            self._listens = True
        await self._forget()
        while True:
            self._wake.clear()
            claimed = await self.claim()
            if claimed:
                await self._handle(claimed)
                continue
            await self._rest()

    async def claim(self) -> Sequence[Outgoing]:
        """What is due now and nobody else has; each with one attempt more, and leased."""
        now = self._gate.clock.now()
        due_at = self._gate.store.read(lambda view: view.next_outgoing(self._kind))
        if due_at is None or due_at > now:
            return ()
        return await self._gate.store.write(
            lambda tx: tx.claim_outgoing(
                self._kind,
                now=now + self._ahead_ms,
                until=now + self._ahead_ms + self._lease_ms,
                limit=self._limit,
                in_order=self._in_order,
            ),
            durable=False,
        )

    def _committed(self, _events: Sequence[Event]) -> None:
        self._wake.set()

    async def _rest(self) -> None:
        """Until something is due, as far as one knows."""
        due_at = self._gate.store.read(lambda view: view.next_outgoing(self._kind))
        left_s = _IDLE_S if due_at is None else (due_at - self._gate.clock.now()) / 1000
        await asyncio.sleep(_CALM_S)
        try:
            async with asyncio.timeout(min(max(left_s, _TICK_S), _IDLE_S)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _forget(self) -> None:
        before = self._gate.clock.now() - KEPT_MS
        await self._gate.store.write(
            lambda tx: tx.drop_outgoing(kind=self._kind, before=before), durable=False
        )
