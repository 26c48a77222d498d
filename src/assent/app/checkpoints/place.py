"""A workspace whose checkpoints are worked with. All of it happens in the workspace's turn."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from assent.app.checkpoints.ports import Shadow
from assent.app.gatehouse import Gatehouse
from assent.core.checkpoints import PathChange, Snapshot
from assent.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace, and all that is needed to look at it."""

    gate: Gatehouse
    shadow: Shadow
    workspace: str
    policy: Policy

    async def take(self, paths: Sequence[str] | None = None) -> Snapshot:
        """A snapshot of what is there now, whole or of `paths`."""
        return await asyncio.to_thread(self.shadow.snapshot, self.workspace, paths=paths)

    async def differing(self, before: str, after: str) -> tuple[PathChange, ...]:
        """The paths that differ between two trees."""
        if before == after:
            return ()
        return await asyncio.to_thread(self.shadow.difference, self.workspace, before, after)

    async def forget(self, keep: Sequence[str]) -> None:
        """Drop all snapshots but these commits."""
        await asyncio.to_thread(self.shadow.forget, self.workspace, keep=keep)
