"""Sends messages by apprise: `python -m assent.adapters.notify.worker`.

Reads a `Job` on its standard input and prints a `Printed` for each posting as soon as it is known
what became of it. Started for each batch, so that what apprise takes of memory is given back, and
with nothing of worth in its environment: addresses and their secrets come by standard input alone.
"""

import contextlib
import logging
import re
import resource
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from pydantic import ValidationError

from assent.adapters.notify.messages import JOB_BYTES, Job, Posting, Printed

MEMORY = 2 * 1024**3
"""Bytes of address space, so that an endless answer of a server ends this process alone."""
AT_ONCE = 8
_CODE = re.compile(r"error=(\d{3})|\((\d{3}), b?['\"]|^(\d{3}) ", re.MULTILINE)
_NOT_REACHED = re.compile(
    r"refused|NewConnectionError|NameResolution|Name or service|getaddrinfo|unreachable"
    r"|STARTTLS|CERTIFICATE_VERIFY|certificate",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(r"timed? ?out", re.IGNORECASE)
_message_id: ContextVar[str] = ContextVar("message_id")


def main() -> None:
    """Send everything; whatever goes wrong with one posting is printed as its reason."""
    # macOS has no such limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    given = sys.stdin.buffer.read(JOB_BYTES + 1)
    try:
        job = Job.model_validate_json(given)
    except ValidationError:
        return
    signal.alarm(int(job.limit_s) + 5)
    printing = threading.Lock()
    said = _Said()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    logger.setLevel(logging.DEBUG)
    _name_messages()

    def see_to(posting: Posting) -> None:
        printed = _check(posting) if job.only_check else _send(posting, said)
        with printing:
            sys.stdout.buffer.write(printed.model_dump_json().encode("ascii", "replace") + b"\n")
            sys.stdout.buffer.flush()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(see_to, posting) for posting in job.postings]:
            done.result()


class _Said(logging.Handler):
    """What apprise says of the posting that a thread is at. It is searched, and never kept."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        lines: list[str] | None = getattr(self._lines, "said", None)
        if lines is not None:
            lines.append(record.getMessage())

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        lines: list[str] = []
        self._lines.said = lines
        try:
            yield lines
        finally:
            self._lines.said = None


def _name_messages() -> None:
    """Give mails the id of their message: apprise has no option for it."""
    import apprise.plugins.email.base as email  # noqa: PLC0415

    def named(idstring: str | None = None, domain: str | None = None) -> str:  # noqa: ARG001
        return f"<{_message_id.get()}@{domain or 'assent.invalid'}>"

    email.make_msgid = named  # type: ignore[attr-defined]


def _plugin(url: str) -> Any:
    import apprise  # noqa: PLC0415

    asset = apprise.AppriseAsset(
        app_id="Assent",
        app_desc="Assent",
        app_url="",
        # Pictures would be fetched from a server that is nobody's here.
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        storage_mode="memory",
        http_redirects=False,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _check(posting: Posting) -> Printed:
    plugin = _plugin(posting.url)
    if plugin is None:
        return Printed(id=posting.id, is_sent=False, for_good=True)
    return Printed(id=posting.id, is_sent=True, service=str(plugin.service_name))


def _send(posting: Posting, said: _Said) -> Printed:
    import apprise  # noqa: PLC0415

    _message_id.set(posting.id)
    try:
        plugin = _plugin(posting.url)
        if plugin is None:
            fault = "its address is not one that something can be sent to from here"
            return Printed(id=posting.id, is_sent=False, fault=fault, for_good=True)
        _name(plugin, posting)
        kind = apprise.NotifyType.WARNING if posting.is_urgent else apprise.NotifyType.INFO
        with said.listening() as lines:
            is_sent = bool(
                plugin.notify(
                    body=posting.body,
                    title=posting.title,
                    notify_type=kind,
                    body_format=apprise.NotifyFormat.TEXT,
                )
            )
        if is_sent:
            return Printed(id=posting.id, is_sent=True)
        return _why(posting.id, "\n".join(lines))
    except Exception as error:  # noqa: BLE001 - any of 170 plugins may raise anything
        # Only the kind: the text may hold the address.
        fault = f"it failed ({type(error).__name__})"
        return Printed(id=posting.id, is_sent=False, fault=fault, is_sure=False)


def _name(plugin: Any, posting: Posting) -> None:
    """Tell programs that receive it what it is about: fields that a JSON webhook has room for."""
    extras = getattr(plugin, "payload_extras", None)
    if isinstance(extras, dict) and type(plugin).__name__ == "NotifyJSON":
        more: Mapping[str, object] = {
            "id": posting.id,
            "ids": posting.ids,
            "names": posting.names,
        }
        extras.update(more)


def _why(id_: str, said: str) -> Printed:
    code = _CODE.search(said)
    if code is not None:
        number = next(group for group in code.groups() if group)
        return Printed(id=id_, is_sent=False, fault=f"the server answered {number}")
    if _TIMEOUT.search(said):
        return Printed(id=id_, is_sent=False, fault="the server took too long", is_sure=False)
    if _NOT_REACHED.search(said):
        return Printed(id=id_, is_sent=False, fault="the server cannot be reached safely")
    return Printed(id=id_, is_sent=False, fault="the server did not take it", is_sure=False)


if __name__ == "__main__":
    main()
