"""Live updates: after each commit one message is made, and the same bytes go to every watcher."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assent.app.ports import Event, Store, View
from assent.errors import UnavailableError

PING_S = 15.0
QUEUE = 64
"""Messages a watcher may be behind before it is told to load everything again."""
BURST = 200
"""Changed requests and changes that one message carries; with more, watchers load again."""
LEDGER_S = 1.0
"""Watchers hear at most this often that something was only recorded."""

PING = b": ping\n\n"
OPENING = b"retry: 1000\n\n"

Describe: TypeAlias = Callable[[View, str], dict[str, object] | None]
"""What a page needs to know of a changed request, or of a change, by its id."""

_AT_ONCE = frozenset({"request", "change"})
"""Topics that watchers hear of in the same turn of the loop."""


@dataclass(eq=False, slots=True)
class _Watcher:
    """The messages one stream has not sent yet."""

    messages: deque[bytes] = field(default_factory=deque)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    is_closing: bool = False

    def put(self, message: bytes, *, instead: bytes) -> None:
        if len(self.messages) >= QUEUE:
            self.messages.clear()
            message = instead
        self.messages.append(message)
        self.ready.set()

    def close(self) -> None:
        self.is_closing = True
        self.ready.set()


class Live:
    """Everybody who watches, and what they are told."""

    def __init__(
        self,
        store: Store,
        *,
        describe: Describe,
        describe_change: Describe,
        shutting_down: asyncio.Event,
    ) -> None:
        self._store = store
        self._describe = describe
        self._describe_change = describe_change
        self._shutting_down = shutting_down
        self._watchers: set[_Watcher] = set()
        self._unsent: list[Event] = []
        self._flush: asyncio.Handle | None = None
        self._closer: asyncio.Task[None] | None = None
        self._is_listening = False

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def _committed(self, events: Sequence[Event]) -> None:
        if not self._watchers:
            return
        self._unsent += events
        urgent = any(event.topic in _AT_ONCE for event in events)
        loop = asyncio.get_running_loop()
        if self._flush is not None and urgent:
            self._flush.cancel()
            self._flush = None
        if self._flush is None:
            # Commits of one turn of the loop travel together.
            self._flush = (
                loop.call_soon(self._send) if urgent else loop.call_later(LEDGER_S, self._send)
            )

    def _send(self) -> None:
        events, self._unsent, self._flush = self._unsent, [], None
        if not events or not self._watchers:
            return
        again = _again(events[-1].seq)
        try:
            message = self._message(events)
        except UnavailableError:
            message = again
        for watcher in self._watchers:
            watcher.put(message, instead=again)

    def _message(self, events: Sequence[Event]) -> bytes:
        """One SSE message for all of `events`."""
        seq = events[-1].seq
        subjects = dict.fromkeys(event.subject for event in events if event.topic == "request")
        moved = dict.fromkeys(event.subject for event in events if event.topic == "change")
        if len(subjects) + len(moved) > BURST:
            return _again(seq)

        def describe(view: View) -> bytes:
            changed = [self._describe(view, subject) for subject in subjects]
            changes = [self._describe_change(view, subject) for subject in moved]
            data = {
                "waiting": view.count_waiting(),
                "requests": [request for request in changed if request is not None],
                "changes": [change for change in changes if change is not None],
            }
            return _sse("change", seq, data)

        return self._store.read(describe)

    async def stream(self, after: int | None) -> AsyncGenerator[bytes, None]:
        """The bytes of one SSE response: what happened since `after`, then what happens."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        self._listen()
        try:
            yield OPENING
            missed = self._missed(after)
            if missed is not None:
                yield missed
            while not (watcher.is_closing or self._shutting_down.is_set()):
                yield await _next(watcher)
        finally:
            self._watchers.discard(watcher)

    def _missed(self, after: int | None) -> bytes | None:
        if after is None:
            return None
        events = self._store.read(lambda view: view.events(after=after, limit=BURST + 1))
        if len(events) > BURST:
            return _again(self._store.read(lambda view: view.last_event()))
        return self._message(events) if events else None

    def _listen(self) -> None:
        """Begin with the first watcher: only then there is a loop to be called in."""
        if not self._is_listening:
            self._is_listening = True
            self._store.on_commit(self._committed)
            self._closer = asyncio.create_task(self._close_at_the_end())

    async def _close_at_the_end(self) -> None:
        await self._shutting_down.wait()
        for watcher in self._watchers:
            watcher.close()


async def _next(watcher: _Watcher) -> bytes:
    """All waiting messages, or a ping when there were none for a while."""
    if not watcher.messages:
        watcher.ready.clear()
        try:
            async with asyncio.timeout(PING_S):
                await watcher.ready.wait()
        except TimeoutError:
            return PING
    messages = b"".join(watcher.messages)
    watcher.messages.clear()
    return messages


def _again(seq: int) -> bytes:
    """Tells a page that it missed too much to be told one by one."""
    return _sse("again", seq, {})


def _sse(event: str, seq: int, data: dict[str, object]) -> bytes:
    return f"event: {event}\nid: {seq}\ndata: {json.dumps(data)}\n\n".encode("ascii")
