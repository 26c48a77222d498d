"""The merge queue: whatever is accepted is tested on what the branch would become, then lands.

The stored states of changes are the queue. One line works on each branch; see `merge_line`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from assent.app.changes import records
from assent.app.changes.merge_line import MergeLine, Place, in_line
from assent.app.changes.merge_values import merge_value
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Event, View
from assent.core.changes.model import IN_QUEUE, TreePayload
from assent.errors import UnavailableError

RETRY_S = 10.0
"""After how long what could not be done is tried again."""


def _nothing(step: str) -> None:
    """Steps are told to whoever tests what a killed process leaves behind."""


async def merge_work(gate: Gatehouse) -> None:
    """Merge what is accepted until cancelled."""
    await MergeQueue(gate).run()


class MergeQueue:
    """All lines of one process."""

    def __init__(self, gate: Gatehouse, *, step: Callable[[str], None] = _nothing) -> None:
        self._gate = gate
        self._step = step
        self._lines: dict[Place, MergeLine] = {}
        self._going: dict[Place, asyncio.Task[bool]] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Take up what is queued, and from then on whatever is."""
        self._gate.store.on_commit(self._committed)
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for place in self._gate.store.read(_places):
                    if place not in self._going:
                        task = group.create_task(self._one(place))
                        self._going[place] = task
                        task.add_done_callback(partial(self._over, place))
                await self._wake.wait()

    async def settle(self) -> bool:
        """Go on until nothing waits (True), or nothing more can be done now."""
        while places := self._gate.store.read(_places):
            done = await asyncio.gather(*(self._one(place) for place in places))
            if not all(done):
                return False
        return True

    def _over(self, place: Place, task: "asyncio.Task[bool]") -> None:
        del self._going[place]
        if task.cancelled() or task.exception() is not None:
            return
        if task.result():
            # What was queued while it ended.
            self._wake.set()
        else:
            asyncio.get_running_loop().call_later(RETRY_S, self._wake.set)

    async def _one(self, place: Place) -> bool:
        """One line until nothing waits there; False: try again."""
        if not place[1]:
            return await self._values(place)
        line = self._lines.setdefault(place, MergeLine(self._gate, place, self._step))
        return await line.run()

    async def _values(self, place: Place) -> bool:
        try:
            while waiting := self._gate.store.read(lambda view: in_line(view, place)):
                self._step("value")
                await merge_value(self._gate, next(iter(waiting.values())))
        except UnavailableError:
            return False
        return True

    def _committed(self, events: Sequence[Event]) -> None:
        if any(event.topic == records.TOPIC for event in events):
            for line in self._lines.values():
                line.wake.set()
            self._wake.set()


def _places(view: View) -> list[Place]:
    """Where changes are queued; a value has no branch."""
    found = [
        (change.repository, change.target if isinstance(change.newest.payload, TreePayload) else "")
        for change in view.open_changes()
        if change.state in IN_QUEUE
    ]
    return list(dict.fromkeys(found))
