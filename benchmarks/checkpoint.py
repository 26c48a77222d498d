"""A checkpoint of a work tree, against `git status` in the same work tree.

The repository is as after a clone: all in one pack. One file differs from it, and each work takes
its turn: `git status`, a first checkpoint into an empty home, one of everything, one of a known
path, and one where nothing has changed.

A checkpoint starts several processes one after another, so on a busy machine it waits for its turn
more often than `git status`; the processor time beside each row does not depend on that.
"""

import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.git.shadow import ShadowRepositories
from benchmarks.measure import WARM_UP, Timings
from benchmarks.report import Row

SIZES, ROUNDS = (5_000, 50_000), 15
QUICK_SIZES, QUICK_ROUNDS = (200,), 2
FILES_IN_FOLDER, FOLDERS_IN_FOLDER = 20, 20
LINES = 40
OLD = 1_700_000_000
LATER, FIRST = 3.5, 5.0


def run(*, quick: bool) -> Sequence[Row]:
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if quick else (SIZES, ROUNDS)
    return [row for size in sizes for row in _measure(size, rounds)]


def _measure(files: int, rounds: int) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as folder:
        tree = _Tree(Path(folder), files)
        status, first, whole, known, nothing = _in_turns(
            rounds,
            (tree.edit, tree.status),
            (tree.begin_anew, tree.first),
            (tree.edit, tree.whole),
            (tree.edit, tree.known),
            (tree.look, tree.whole),
        )
    name = f"{files:,} files"
    return [
        _row(f"first checkpoint, {name}", first, status, at_most=FIRST),
        _row(f"checkpoint after an edit, {name}", whole, status, at_most=LATER),
        _row(f"checkpoint of a known path, {name}", known, status, at_most=LATER),
        _row(f"checkpoint, nothing changed, {name}", nothing, status, at_most=LATER),
    ]


@dataclass(frozen=True, slots=True)
class _Taken:
    times: Timings
    processor_ms: float
    """The mean of a round."""


def _in_turns(rounds: int, *works: tuple[Callable[[], None], Callable[[], None]]) -> list[_Taken]:
    """Each work in its turn, timed without what is done before it."""
    ns: list[list[int]] = [[] for _ in works]
    used = [0.0 for _ in works]
    for number in range(-WARM_UP, rounds):
        for place, (before, work) in enumerate(works):
            before()
            spent, started = _processor_s(), time.perf_counter_ns()
            work()
            ended = time.perf_counter_ns()
            if number >= 0:
                ns[place].append(ended - started)
                used[place] += _processor_s() - spent
    return [
        _Taken(Timings.of(taken), 1000 * seconds / rounds)
        for taken, seconds in zip(ns, used, strict=True)
    ]


def _processor_s() -> float:
    """Of this process and of all it waited for."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(spent.ru_utime + spent.ru_stime for spent in map(resource.getrusage, whose))


def _row(what: str, taken: _Taken, status: _Taken, *, at_most: float) -> Row:
    processor = f"processor {taken.processor_ms:.3g} against {status.processor_ms:.3g} ms"
    return Row(
        f"{what} / git status, p50",
        taken.times.p50 / status.times.p50,
        "x",
        at_most=at_most,
        detail=f"{taken.times}; git status {status.times}; {processor}",
    )


class _Tree:
    """A repository, its work tree, and shadows of it."""

    def __init__(self, folder: Path, files: int) -> None:
        self.root = folder / "work"
        self._home = folder / "home"
        self._files = files
        self._edits = 0
        self._make()
        self._shadow = self._new_shadow("kept")
        self._shadow.snapshot(str(self.root))

    def _make(self) -> None:
        for number in range(self._files):
            path = self._path(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"value_{number} = {number}\n" * LINES, encoding="ascii")
            # Older than the index, or git reads them all to see whether they changed.
            os.utime(path, (OLD, OLD))
        self._git("init", "-q")
        self._git("add", "-A")
        self._git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "c")
        self._git("-c", "gc.auto=0", "repack", "-a", "-d", "-q")
        self._git("prune-packed")
        self._git("status")

    def _path(self, number: int) -> Path:
        inner, outer = number // FILES_IN_FOLDER, number // FILES_IN_FOLDER // FOLDERS_IN_FOLDER
        return self.root / f"part{outer}" / f"module{inner}" / f"file{number}.py"

    def _git(self, *words: str) -> None:
        scrubbed = {key: value for key, value in os.environ.items() if key[:4] != "GIT_"}
        environment = {**scrubbed, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *words]
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)

    def _new_shadow(self, name: str) -> ShadowRepositories:
        return ShadowRepositories(self._home / name, user_home=self._home)

    # Works

    def status(self) -> None:
        self._git("--no-optional-locks", "status", "--porcelain")

    def first(self) -> None:
        self._new_shadow("first").snapshot(str(self.root))

    def whole(self) -> None:
        self._shadow.snapshot(str(self.root))

    def known(self) -> None:
        self._shadow.snapshot(str(self.root), paths=[str(self._path(0).relative_to(self.root))])

    # What comes before them, not timed

    def edit(self) -> None:
        """Always of the same file, so that every round finds as much changed as the first."""
        self._edits += 1
        self._path(0).write_text(f"edit = {self._edits}\n", encoding="ascii")

    def look(self) -> None:
        self.whole()

    def begin_anew(self) -> None:
        shutil.rmtree(self._home / "first", ignore_errors=True)
