"""Tests and checks on a commit's files, shut in as well as the machine allows."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.adapters.sandbox.confinement import Cell, Confinement, best_confinement, confined
from assent.adapters.sandbox.processes import Ended, run_to_end
from assent.adapters.sandbox.slots import Slot, Trees, prepare, taken_slot
from assent.app.changes.ports import Ran
from assent.core.canonical import Digest, digest_of
from assent.core.changes.model import TestRun
from assent.core.redact import redact
from assent.errors import UnavailableError

TAIL_LINES = 40
TAIL_BYTES = 8 * 1024
CANNOT, NO_CELL = 125, b"The sandbox cannot be had: "
"""How `inside.py` ends when it cannot shut the command in."""


@dataclass(frozen=True, slots=True)
class _Job:
    repository: str
    commit: str
    command: str
    limit_s: float
    shared: Mapping[str, str]


class SandboxedTests:
    """Implements `Tests` and `Checkouts` in `root`/worktrees and `root`/logs."""

    def __init__(self, root: Path, trees: Trees, *, confinement: Confinement | None = None) -> None:
        self._root = root.resolve()
        self._trees = trees
        self._confinement = confinement

    async def run(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        retries: int,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> TestRun:
        kind = await self._kind(must_confine=must_confine)
        job = _Job(repository, commit, command, limit_s, shared or {})
        began, at = time.monotonic(), time.time_ns() // 1_000_000
        outputs: list[bytes] = []
        async with self._slot(repository) as slot:
            while True:
                tree, ended = await self._once(slot, job, kind)
                outputs.append(ended.output + _how_it_ended(ended, limit_s))
                if ended.code == 0 or len(outputs) > retries:
                    break
        log = b"\n".join(outputs)
        return TestRun(
            tree=tree,
            command=command,
            ok=ended.code == 0,
            at=at,
            took_ms=int((time.monotonic() - began) * 1000),
            sandbox=kind.value,
            attempts=len(outputs),
            flaky=ended.code == 0 and len(outputs) > 1,
            log=await asyncio.to_thread(self._keep, log),
            tail=_tail(log),
        )

    async def run_check(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> Ran:
        kind = await self._kind(must_confine=must_confine)
        job = _Job(repository, commit, command, limit_s, shared or {})
        async with self._slot(repository) as slot:
            _, ended = await self._once(slot, job, kind)
        return Ran(ended.code, ended.output, kind.value, roots=(str(slot.tree),))

    def log(self, digest: str) -> bytes | None:
        file = self._log_file(digest)
        try:
            return None if file is None else file.read_bytes()
        except FileNotFoundError:
            return None

    async def _kind(self, *, must_confine: bool) -> Confinement:
        if self._confinement is None:
            self._confinement = await asyncio.to_thread(best_confinement, self._root / "worktrees")
        if must_confine and self._confinement is Confinement.NONE:
            raise UnavailableError(
                "The policy wants a sandbox, and none can be had on this machine.",
                hint="Install bubblewrap, or set `sandbox = false` in `[changes]`.",
            )
        return self._confinement

    @asynccontextmanager
    async def _slot(self, repository: str) -> AsyncIterator[Slot]:
        name = hashlib.sha256(os.fsencode(repository)).hexdigest()[:32]
        with taken_slot(self._root / "worktrees", name) as slot:
            yield slot

    async def _once(self, slot: Slot, job: _Job, kind: Confinement) -> tuple[str, Ended]:
        try:
            tree = await asyncio.to_thread(
                prepare, slot, self._trees, (job.repository, job.commit), job.shared
            )
        except OSError as error:
            raise UnavailableError(f"The files cannot be put in place: {error}.") from error
        cell = await asyncio.to_thread(self._cell, slot, job)
        command = confined(kind, cell, ["sh", "-c", job.command])
        env = _environment(slot)
        ended = await run_to_end(command, folder=slot.tree, env=env, limit_s=job.limit_s)
        if ended.code == CANNOT and ended.output.startswith(NO_CELL):
            raise UnavailableError(ended.output.decode("utf-8", "replace").strip())
        return tree, ended

    def _cell(self, slot: Slot, job: _Job) -> Cell:
        sources = (Path(os.path.realpath(source)) for source in job.shared.values())
        readable = tuple(folder for folder in sources if folder.is_dir())
        return Cell(slot.tree, slot.home, hidden=self._root, readable=readable)

    def _keep(self, log: bytes) -> Digest:
        digest = digest_of(log)
        file = self._log_file(digest)
        if file is not None and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = file.with_name(f"{file.name}.{os.getpid()}")
            fresh.write_bytes(log)
            fresh.replace(file)
        return digest

    def _log_file(self, digest: str) -> Path | None:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            return None
        return self._root / "logs" / "tests" / name


def _environment(slot: Slot) -> dict[str, str]:
    """Nothing of the daemon's own but where programs are: no token, no key, no address."""
    temporary = slot.home / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(slot.home),
        "TMPDIR": str(temporary),
        # The checkout is no repository, and one above it is not its own.
        "GIT_CEILING_DIRECTORIES": str(slot.tree.parent),
    }


def _how_it_ended(ended: Ended, limit_s: float) -> bytes:
    if ended.code is None:
        return f"\nAssent: stopped, since it took longer than {limit_s:g} s.\n".encode()
    return b"" if ended.code == 0 else f"\nAssent: ended with {ended.code}.\n".encode()


def _tail(log: bytes) -> str:
    text = log[-TAIL_BYTES:].decode("utf-8", "replace")
    return redact("\n".join(text.splitlines()[-TAIL_LINES:]))
