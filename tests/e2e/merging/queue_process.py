"""One process that works on the queue of a home until nothing waits, or is killed at a step.

python -m tests.e2e.merging.queue_process HOME [STEP TIME]
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.merge import MergeQueue
from assent.app.changes.rules import ports_of
from assent.entrypoints.home import Config, Home
from assent.entrypoints.wiring import open_gatehouse


def killer(where: str, time: int) -> Callable[[str], None]:
    """Ends this very process at the `time`-th step named `where`, as the system would."""
    seen: Counter[str] = Counter()

    def step(name: str) -> None:
        seen[name] += 1
        if name == where and seen[name] == time:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


async def main(home: Home, step: Callable[[str], None]) -> int:
    gate = open_gatehouse(home, Config())
    ports = replace(ports_of(gate), repositories=GitRepositories(home.root, step=step))
    try:
        settled = await MergeQueue(replace(gate, changes=ports), step=step).settle()
    finally:
        await gate.store.close()
    return 0 if settled else 1


if __name__ == "__main__":
    home_folder, *rest = sys.argv[1:]
    chosen = killer(rest[0], int(rest[1])) if rest else killer("", 0)
    sys.exit(asyncio.run(main(Home(Path(home_folder)), chosen)))
