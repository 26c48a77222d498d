"""Runs the worker: with a small environment, for a limited time, and with a bounded answer."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from assent.adapters.notify.messages import ANSWER_BYTES, Job, Posting, Printed
from assent.app.notifications.ports import Delivery, Message
from assent.errors import UnavailableError, UsageError

COMMAND = (sys.executable, "-I", "-m", "assent.adapters.notify.worker")
LIMIT_S = 40.0
"""For a batch. What is not known by then is tried again."""
CHECK_S = 20.0

_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
_DESKTOP = (
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "XAUTHORITY",
)
DESKTOPS = frozenset({"dbus", "qt", "kde", "glib", "gnome", "macosx", "windows"})
"""Services that show a message on this machine's own screen."""


class AppriseNotifier:
    """Implements Notifier, for all addresses that apprise knows."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        *,
        command: Sequence[str] = COMMAND,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._environ = environ
        self._command = command
        self._limit_s = limit_s

    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        if not messages:
            return {}
        postings = [_posting(message) for message in messages]
        try:
            printed = await self._run(Job(limit_s=self._limit_s, postings=postings))
        except UnavailableError as error:
            broken = Delivery(is_sent=False, fault=error.message)
            return {message.id: broken for message in messages}
        late = Delivery(is_sent=False, fault=f"no answer within {self._limit_s:g} s", is_sure=False)
        found = {each.id: _delivery(each) for each in printed}
        return {message.id: found.get(message.id, late) for message in messages}

    async def check(self, url: str) -> str:
        posting = Posting(id="check", url=url, title="", body="")
        printed = await self._run(Job(limit_s=CHECK_S, only_check=True, postings=[posting]))
        if not printed:
            raise UnavailableError("The address could not be looked at in time.", hint="Try again.")
        if not printed[0].is_sent:
            raise UsageError(
                "Nothing can be sent to this address from here.",
                hint="Write it as apprise does, such as mailto://… or ntfys://…: see its wiki, "
                "and our page about notifications for what a desktop needs.",
            )
        return printed[0].service

    async def _run(self, job: Job) -> list[Printed]:
        """What the worker printed until it ended, or until its time was up."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment(job, self._environ),
                cwd=tempfile.gettempdir(),
                start_new_session=True,
            )
        except OSError as error:
            raise UnavailableError(
                f"The program that sends messages does not start: {error}."
            ) from error
        printed = bytearray()
        try:
            async with asyncio.timeout(job.limit_s):
                await _talk(process, job.model_dump_json(ensure_ascii=True).encode(), printed)
        except TimeoutError:
            pass
        finally:
            await _end(process)
        return _read(bytes(printed))


def _posting(message: Message) -> Posting:
    return Posting(
        id=message.id,
        url=message.url,
        title=_sendable(message.title),
        body=_sendable(message.body),
        is_urgent=message.is_urgent,
        ids=[subject.outgoing for subject in message.subjects],
        names=[subject.name for subject in message.subjects if subject.name],
    )


def _sendable(text: str) -> str:
    """Without halves of characters, which no protocol takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _delivery(printed: Printed) -> Delivery:
    return Delivery(
        is_sent=printed.is_sent,
        fault=printed.fault,
        is_sure=printed.is_sure,
        for_good=printed.for_good,
    )


def _read(printed: bytes) -> list[Printed]:
    found = []
    for line in printed.splitlines():
        # Its last line may be cut off.
        with contextlib.suppress(ValidationError):
            found.append(Printed.model_validate_json(line))
    return found


async def _talk(process: asyncio.subprocess.Process, job: bytes, printed: bytearray) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    # One that has ended already does not read; what it printed says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(job)
        await process.stdin.drain()
        process.stdin.close()
    while len(printed) <= ANSWER_BYTES:
        part = await process.stdout.read(65_536)
        if not part:
            return
        printed += part


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def environment(job: Job, environ: Mapping[str, str]) -> dict[str, str]:
    """Proxies and certificates; for a desktop also where it is."""
    schemes = {posting.url.partition(":")[0].lower() for posting in job.postings}
    wanted = (*_NETWORK, *(_DESKTOP if schemes & DESKTOPS else ()))
    kept = {name: environ[name] for name in wanted if name in environ}
    return {**kept, "PATH": os.defpath, "HOME": "/nonexistent", "PYTHONUTF8": "1"}
