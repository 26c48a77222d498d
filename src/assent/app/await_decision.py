"""Hold an agent's hook until a person has decided, or until holding it any longer is no use."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assent.app import messages, requests
from assent.app.agents import HookAnswer, Park, Refuse
from assent.app.checkpoints.guard import Failed, Held, says_unprotected, shield, store_shield
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Event, Tx
from assent.app.question import Waiting
from assent.app.submit_action import as_it_is_now, submit_action
from assent.core.actions import UnexplainedChange
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


@dataclass(frozen=True, slots=True)
class Hold:
    """How long and for whom a call may be held."""

    longest_ms: int
    """The longest that the agent lets its hook think."""
    present: Callable[[], bool]
    """Whether the agent is still there to take the answer; a receipt is not spent on nobody."""


_UNANSWERED = frozenset({State.CANCELLED, State.EXPIRED})


async def submit_and_wait(
    gate: Gatehouse, wakeups: Wakeups, proposal: Proposal, hold: Hold
) -> HookAnswer:
    """Submit a call and hold it for a person's decision, at most as long as the policy says.

    Each receipt is used once: when another run of the same call used it first, this one asks anew.
    """
    started = gate.clock.now()
    while True:
        submitted = await submit_action(gate, proposal)
        if not isinstance(submitted, Waiting):
            return submitted
        spent = gate.clock.now() - started
        left_ms = min(submitted.wait_ms, hold.longest_ms) - spent
        current = await _decided(gate, wakeups, submitted.request, left_ms=left_ms)
        if current.state is State.PENDING:
            return _not_yet(gate, current, proposal)
        if not hold.present():
            return Refuse(messages.nobody_there(current))
        if isinstance(current.proposal.action, UnexplainedChange):
            if current.state in _UNANSWERED:
                return Refuse(messages.held(current))
            # It held the call back, and was not about it.
            continue
        answer = await _settle(gate, current, proposal)
        if answer is not None:
            return answer


async def _decided(gate: Gatehouse, wakeups: Wakeups, request: Request, *, left_ms: int) -> Request:
    """The request once it is decided or delayed, or as it is when time is up."""
    deadline = asyncio.get_running_loop().time() + left_ms / 1000
    waiter = wakeups.listen(request.id)
    current = request
    try:
        while True:
            waiter.clear()
            current = gate.store.read(lambda view: view.request(request.id)) or request
            if current.state is not State.PENDING or current.delayed_until is not None:
                return current
            async with asyncio.timeout_at(deadline):
                await waiter.wait()
    except TimeoutError:
        return current
    finally:
        wakeups.stop(request.id, waiter)


async def _settle(gate: Gatehouse, request: Request, proposal: Proposal) -> HookAnswer | None:
    """The answer, or None when the approval was used by another run of the same call."""
    match request.state:
        case State.APPROVED:
            return await _use(gate, request, proposal)
        case State.CONSUMED:
            return None
        case State.REJECTED:
            return Refuse(messages.refused_by_person(request))
        case _:
            return Refuse(messages.not_decided(request))


async def _use(gate: Gatehouse, request: Request, proposal: Proposal) -> HookAnswer | None:
    """Let the approved call through, with a checkpoint of what is there now.

    None when that cannot be done as it was approved: then the call is submitted again.
    """
    call = await as_it_is_now(gate, proposal, request.assessment)
    shielded = await shield(gate, call)
    if isinstance(shielded, Held):
        return None
    if isinstance(shielded, Failed) and not says_unprotected(request.assessment):
        return None
    now = gate.clock.now()

    def work(tx: Tx) -> HookAnswer | None:
        answer = requests.use_approval(tx, request.id, call.proposal, now)
        store_shield(tx, shielded, answer)
        return answer

    return await gate.store.write(work, durable=True)


def _not_yet(gate: Gatehouse, request: Request, proposal: Proposal) -> HookAnswer:
    if isinstance(request.proposal.action, UnexplainedChange):
        return Refuse(messages.held(request))
    if request.delayed_until is not None:
        return Refuse(messages.delayed(request))
    agent = gate.agents.get(proposal.session.agent)
    if agent is not None and agent.abilities.park and proposal.session.headless:
        return Park(messages.pending(request))
    return Refuse(messages.pending(request))
