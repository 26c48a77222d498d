"""Hold an agent's hook until a person has decided, or until holding it any longer is no use."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from assent.app import messages, requests
from assent.app.agents import HookAnswer, Park, Refuse
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Event, Tx
from assent.app.submit_action import Waiting, submit_action
from assent.core.approvals import Request, State
from assent.core.proposals import Proposal


class Wakeups:
    """Wakes those who wait for a request as soon as a commit changed it. Waiting costs no thread.

    A hint, not a promise: whoever is woken looks at the store.
    """

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def committed(self, events: Sequence[Event]) -> None:
        """To be called with the events of each commit."""
        for event in events:
            for waiter in self._waiting.get(event.subject, ()):
                waiter.set()

    def listen(self, request_id: str) -> asyncio.Event:
        waiter = asyncio.Event()
        self._waiting[request_id].add(waiter)
        return waiter

    def stop(self, request_id: str, waiter: asyncio.Event) -> None:
        self._waiting[request_id].discard(waiter)
        if not self._waiting[request_id]:
            del self._waiting[request_id]


async def submit_and_wait(
    gate: Gatehouse, wakeups: Wakeups, proposal: Proposal, *, longest_ms: int
) -> HookAnswer:
    """Submit a call and hold it for a person's decision, at most as long as the policy says.

    `longest_ms` is the longest the agent lets its hook think. Each receipt is used once: when
    another run of the same call used it first, this one asks anew.
    """
    started = gate.clock.now()
    while True:
        submitted = await submit_action(gate, proposal)
        if not isinstance(submitted, Waiting):
            return submitted
        spent = gate.clock.now() - started
        left = min(submitted.wait_ms, longest_ms) - spent
        answer = await _await(gate, wakeups, submitted.request, proposal, left_ms=left)
        if answer is not None:
            return answer


async def _await(
    gate: Gatehouse, wakeups: Wakeups, request: Request, proposal: Proposal, *, left_ms: int
) -> HookAnswer | None:
    """The answer, or None when the approval was used by another run of the same call."""
    waiter = wakeups.listen(request.id)
    try:
        async with asyncio.timeout(max(left_ms, 0) / 1000):
            while True:
                waiter.clear()
                current = gate.store.read(lambda view: view.request(request.id)) or request
                if current.state is not State.PENDING:
                    return await _settle(gate, current, proposal)
                if current.delayed_until is not None:
                    return Refuse(messages.delayed(current))
                await waiter.wait()
    except TimeoutError:
        return _not_yet(gate, request, proposal)
    finally:
        wakeups.stop(request.id, waiter)


async def _settle(gate: Gatehouse, request: Request, proposal: Proposal) -> HookAnswer | None:
    if request.state is State.APPROVED:
        now = gate.clock.now()

        def work(tx: Tx) -> HookAnswer | None:
            current = tx.request(request.id)
            return None if current is None else requests.use_receipt(tx, current, proposal, now)

        return await gate.store.write(work, durable=True)
    if request.state is State.CONSUMED:
        return None
    if request.state is State.REJECTED:
        return Refuse(messages.refused_by_person(request))
    return Refuse(messages.not_decided(request))


def _not_yet(gate: Gatehouse, request: Request, proposal: Proposal) -> HookAnswer:
    agent = gate.agents.get(proposal.session.agent)
    if agent is not None and agent.abilities.park and proposal.session.headless:
        return Park(messages.pending(request))
    return Refuse(messages.pending(request))
