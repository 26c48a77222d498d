"""Runs the scripted agent, and brings together what it did with what Assent and a person said."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from assent.entrypoints.demo.script import Step
from assent.entrypoints.demo.stage import Stage
from assent.errors import UnavailableError

GLANCE_S = 0.05
"""How often the inbox is looked at while a call is being decided."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one step."""

    step: Step
    asked: int | None
    """The number of the request it opened, if it did."""
    ran: bool
    is_changed: bool = False
    is_ok: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What ran."""
    output: str = ""
    reason: str = ""
    """What the agent was told instead."""


OnWaiting = Callable[[Step, int], None]
"""Called once when a step waits for a person, with the number of its request."""


class Cast:
    """The agent's process, one step after the other."""

    def __init__(self, process: "subprocess.Popen[str]", stage: Stage) -> None:
        self._process = process
        self._stage = stage
        self._reports: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._reports.put(json.loads(line))
        self._reports.put(None)

    def play(self, step: Step, on_waiting: OnWaiting) -> Played:
        """Let the agent take `step`, and return when it is done with it."""
        assert self._process.stdin is not None
        line = {
            "id": step.name,
            "tool": step.tool,
            "arguments": step.arguments,
            "planning": step.is_planning,
        }
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        asked: int | None = None
        while True:
            report = self._report()
            if report is None:
                waiting = self._waiting() if asked is None else None
                if waiting is not None:
                    asked = waiting
                    on_waiting(step, asked)
            elif report["what"] in ("ran", "refused"):
                return _played(step, asked, report)

    def _report(self) -> dict[str, Any] | None:
        """The agent's next report, or None when it says nothing for a moment."""
        try:
            report = self._reports.get(timeout=GLANCE_S)
        except Empty:
            return None
        if report is None:
            raise UnavailableError("The demo's agent ended before its script did.")
        return report

    def _waiting(self) -> int | None:
        """The request that waits, if one does; the agent makes one call at a time."""
        try:
            waiting = self._stage.client.get("/api/requests?state=waiting")["requests"]
        except UnavailableError:
            return None
        return int(waiting[0]["number"]) if waiting else None


def _played(step: Step, asked: int | None, report: Mapping[str, Any]) -> Played:
    if report["what"] == "refused":
        return Played(step, asked, ran=False, reason=report["reason"])
    return Played(
        step,
        asked,
        ran=True,
        is_changed=report["changed"],
        is_ok=report["ok"],
        arguments=report["arguments"],
        output=report["output"],
    )


@contextmanager
def cast(stage: Stage) -> Iterator[Cast]:
    """Start the agent; it is gone afterwards."""
    sample = stage.sample
    command = [sys.executable, "-P", "-m", "assent.entrypoints.demo.agent"]
    process = subprocess.Popen(
        [*command, str(stage.root), str(sample.repo)],
        cwd=sample.repo,
        env=dict(sample.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C in the terminal is for the demo, which then ends its agent.
        start_new_session=True,
    )
    try:
        yield Cast(process, stage)
    finally:
        # Its hooks go with it, so that nothing waits for an answer any more.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
