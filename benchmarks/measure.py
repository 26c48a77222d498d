"""Timing: processes started the way agents start them, and works that take turns."""

import math
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NS_PER_MS = 1_000_000
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Timings:
    """Durations in milliseconds, sorted."""

    ms: tuple[float, ...]

    @classmethod
    def of(cls, ns: Sequence[int]) -> "Timings":
        return cls(tuple(sorted(value / NS_PER_MS for value in ns)))

    def percentile(self, part: float) -> float:
        """The smallest duration that at least `part` of all do not exceed."""
        return self.ms[max(math.ceil(part * len(self.ms)) - 1, 0)]

    @property
    def p50(self) -> float:
        return self.percentile(0.50)

    @property
    def p95(self) -> float:
        return self.percentile(0.95)

    @property
    def p99(self) -> float:
        return self.percentile(0.99)

    def __str__(self) -> str:
        return f"p50 {self.p50:.3g}, p99 {self.p99:.3g} ms"


def interleaved(
    rounds: int,
    *works: Callable[[int], object],
    clock: Callable[[], int] = time.perf_counter_ns,
) -> tuple[Timings, ...]:
    """Run the works in turns, `rounds` times each, and time every run.

    Each is called with the number of the round; numbers below zero are the warm-up. For what only
    computes, `time.thread_time_ns` as the clock leaves out what other processes took meanwhile.
    """
    ns: list[list[int]] = [[] for _ in works]
    for number in range(-WARM_UP, rounds):
        for work, taken in zip(works, ns, strict=True):
            started = clock()
            work(number)
            ended = clock()
            if number >= 0:
                taken.append(ended - started)
    return tuple(Timings.of(taken) for taken in ns)


@dataclass(frozen=True, slots=True)
class Program:
    """A process to start: as agents do, by posix_spawn, its input from a file."""

    argv: tuple[str, ...]
    payload: Path = Path(os.devnull)
    env: Mapping[str, str] | None = None

    def start(self) -> int:
        """The pid of a new process, whose output goes nowhere."""
        opened = (
            (os.POSIX_SPAWN_OPEN, 0, str(self.payload), os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        )
        env = os.environ if self.env is None else self.env
        return os.posix_spawn(self.argv[0], self.argv, env, file_actions=opened)

    def run(self) -> int:
        """Start it and wait; its exit code, negative for the signal that ended it."""
        return reap(self.start())

    def must_run(self, _round: int = 0) -> None:
        code = self.run()
        if code != 0:
            raise RuntimeError(f"{' '.join(self.argv)} ended with {code}")


def program(name: str) -> str:
    """The path of a program of the system."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"there is no `{name}` here")
    return found


def nothing() -> Program:
    """The yardstick of every hook: a process that does nothing."""
    return Program((program("true"),))


def reap(pid: int) -> int:
    """Wait for a child; its exit code, negative for the signal that ended it."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
