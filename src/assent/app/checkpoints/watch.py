"""What one running Assent keeps in mind about work trees; nothing of it has to survive."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from assent.core.proposals import AgentSession
from assent.errors import AssentError

MAX_RUNS = 500


@dataclass(slots=True)
class Watch:
    """Turns, so that each work tree is looked at by one at a time, and what goes on behind."""

    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    _behind: set[asyncio.Task[None]] = field(default_factory=set)
    _told: set[tuple[str, str, str]] = field(default_factory=set)
    _stored: dict[str, int] = field(default_factory=dict)

    def turn(self, workspace: str) -> asyncio.Lock:
        """To be held while the workspace is looked at or restored."""
        return self._turns.setdefault(workspace, asyncio.Lock())

    def behind(self, work: Coroutine[None, None, None]) -> None:
        """Do `work` without anybody waiting for it."""
        task = asyncio.create_task(_quietly(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def settled(self) -> None:
        """Wait until nothing is done behind any more."""
        while self._behind:
            await asyncio.gather(*self._behind)

    def is_news(self, session: AgentSession) -> bool:
        """Whether it is the first time in this run that something has to be told of it."""
        run = (session.agent, session.session_id, session.workspace)
        if run in self._told:
            return False
        if len(self._told) >= MAX_RUNS:
            self._told.clear()
        self._told.add(run)
        return True

    def count(self, workspace: str) -> int:
        """How many checkpoints of the workspace were stored, with this one."""
        self._stored[workspace] = self._stored.get(workspace, 0) + 1
        return self._stored[workspace]


async def _quietly(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except AssentError:
        # What was not seen now is seen before the next call, which is not let through otherwise.
        return
