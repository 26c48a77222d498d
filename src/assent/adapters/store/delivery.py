"""Bringing results and events from the store's threads to the event loops that wait for them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Generic, TypeAlias, TypeVar

from assent.app.ports import Event, Tx

T = TypeVar("T")

Listener: TypeAlias = Callable[[Sequence[Event]], None]
Outcome: TypeAlias = tuple[asyncio.AbstractEventLoop, Callable[[], None]]
"""What to call in which loop."""


class Job(Generic[T]):
    """A write that somebody awaits. Made in the event loop, run in the writer's thread."""

    def __init__(self, work: Callable[[Tx], T], *, durable: bool) -> None:
        self.durable = durable
        self._work = work
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self._loop.create_future()

    @property
    def abandoned(self) -> bool:
        return self.future.cancelled()

    def run(self, tx: Tx) -> Outcome:
        """The work, and how to tell of its result once that is committed."""
        result = self._work(tx)

        def succeed() -> None:
            if not self.future.done():
                self.future.set_result(result)

        return self._loop, succeed

    def failure(self, error: Exception) -> Outcome:
        def fail() -> None:
            if not self.future.done():
                self.future.set_exception(error)

        return self._loop, fail


def deliver(outcomes: Iterable[Outcome]) -> None:
    """Call each in its loop, waking every loop once. A closed loop has nobody left to tell."""
    calls: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = defaultdict(list)
    for loop, call in outcomes:
        calls[loop].append(call)
    for loop, these in calls.items():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_call_all, these)


def _call_all(calls: Sequence[Callable[[], None]]) -> None:
    for call in calls:
        call()


class Listeners:
    """Who wants to hear of committed events, each in the loop it was registered from."""

    def __init__(self) -> None:
        self._listeners: list[tuple[asyncio.AbstractEventLoop, Listener]] = []

    def add(self, listener: Listener) -> None:
        self._listeners.append((asyncio.get_running_loop(), listener))

    def tell(self, events: Sequence[Event]) -> None:
        deliver(self.calls(events))

    def calls(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """What `tell` would deliver, to go along with other outcomes."""
        if not events:
            return ()
        return [(loop, _Call(listener, events)) for loop, listener in self._listeners]


class _Call:
    def __init__(self, listener: Listener, events: Sequence[Event]) -> None:
        self._listener = listener
        self._events = events

    def __call__(self) -> None:
        self._listener(self._events)
