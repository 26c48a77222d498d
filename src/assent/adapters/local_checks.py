"""The project's own checks, run where the files lie: as the person who asks, without a sandbox."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assent.app.changes.ports import Ran
from assent.errors import UnavailableError

KEPT = 4 * 1024 * 1024
"""Bytes that are kept of each end of what a check prints."""
_BLOCK = 64 * 1024


@dataclass(frozen=True, slots=True)
class LocalChecks:
    """Implements `Checkouts` for the one revision that the work tree holds."""

    workspace: Path
    """Its real path."""
    commit: str
    why_not: Callable[[], str] = lambda: ""
    """Why the work tree does not hold it; then nothing is run. Called in a thread, before a run."""

    async def run_check(
        self,
        repository: str,  # noqa: ARG002
        commit: str,
        command: str,
        *,
        limit_s: float,
        shared: Mapping[str, str] | None = None,  # noqa: ARG002
        must_confine: bool = False,  # noqa: ARG002 - a person runs it on files of their own
    ) -> Ran:
        """Raises UnavailableError for any other revision. What is shared is there."""
        if commit != self.commit:
            raise UnavailableError("The work tree holds another revision.")
        why_not = await asyncio.to_thread(self.why_not)
        if why_not:
            raise UnavailableError(why_not)
        try:
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", os.fsencode(command)),
                cwd=self.workspace,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise UnavailableError(f"`{command[:200]}` cannot be started: {error}.") from error
        code, output = await _ended(process, limit_s)
        roots = (str(self.workspace),)
        return Ran(code=code, output=output, sandbox="not sandboxed", roots=roots)


async def _ended(process: Process, limit_s: float) -> tuple[int | None, bytes]:
    """The exit code, None when it was stopped, and what was printed until then."""
    output = bytearray()
    try:
        async with asyncio.timeout(limit_s):
            await _read(process, output)
            return await process.wait(), bytes(output)
    except TimeoutError:
        return None, bytes(output)
    finally:
        # Also what the command left running in the background.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _read(process: Process, into: bytearray) -> None:
    """All that is printed; of very much the beginning and the end."""
    if process.stdout is None:
        return
    while block := await process.stdout.read(_BLOCK):
        into += block
        if len(into) > 3 * KEPT:
            del into[KEPT : len(into) - KEPT]
