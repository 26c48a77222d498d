"""The ledger as a timeline."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assent.app.ports import View
from assent.core.ledger import Entry
from assent.entrypoints.web.views.context import Context

PAGE = 50
SCANNED = 5_000
"""Entries that are looked at for one page when a filter leaves most of them out."""
_BATCH = 500

KINDS = (
    "proceeded",
    "notified",
    "refused",
    "asked",
    "decided",
    "let-through",
    "finished",
    "rejected-again",
    "returned",
    "escalated",
    "told",
    "expired",
    "superseded",
    "policy-accepted",
    "unexplained",
    "kept",
    "undone",
    "person-added",
    "person-changed",
    "person-disabled",
    "key-added",
    "key-removed",
    "recovered",
    "session-begun",
)
"""The kinds a person can choose from; others are recorded as well and can be asked for by name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty strings let everything through."""

    stream: str = ""
    agent: str = ""
    kind: str = ""

    def takes(self, body: Mapping[str, object]) -> bool:
        return (not self.kind or body.get("kind") == self.kind) and (
            not self.agent or body.get("agent") == self.agent
        )


@dataclass(frozen=True, slots=True)
class EntryView:
    stream: str
    seq: int
    hash: str
    prev: str
    kind: str
    at: str
    moment: str
    risk: str
    title: str
    agent: str
    project: str
    request: int | None
    note: str
    """Who said what, where somebody did."""
    body: str
    """The recorded JSON, indented."""


@dataclass(frozen=True, slots=True)
class Activity:
    entries: tuple[Entry, ...]
    more_before: str | None
    """The hash to go on from; None when there is nothing older."""
    is_partial: bool
    """The search stopped before the page was full."""


def read_activity(
    view: View, wanted: Filter, *, before: str | None = None, limit: int = PAGE
) -> Activity:
    """One page of entries, newest first."""
    found: list[Entry] = []
    last, scanned = before, 0
    for entry in _newest_first(view, wanted.stream, before):
        if len(found) == limit:
            return Activity(tuple(found), last, is_partial=False)
        if scanned == SCANNED:
            return Activity(tuple(found), last, is_partial=True)
        scanned, last = scanned + 1, entry.hash
        if wanted.takes(body_of(entry)):
            found.append(entry)
    return Activity(tuple(found), None, is_partial=False)


def _newest_first(view: View, stream: str, before: str | None) -> Iterator[Entry]:
    size = PAGE + 1
    while True:
        batch = view.entries(stream=stream or None, limit=size, before=before)
        yield from batch
        if len(batch) < size:
            return
        before, size = batch[-1].hash, _BATCH


def body_of(entry: Entry) -> Mapping[str, object]:
    """The fields of an entry; none when its body was edited into something unreadable."""
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, Mapping) else {}


def entry_view(entry: Entry, context: Context) -> EntryView:
    body = body_of(entry)
    at = body.get("at")
    agent, request = _text(body, "agent"), body.get("request")
    return EntryView(
        stream=entry.stream,
        seq=entry.seq,
        hash=entry.hash,
        prev=entry.prev,
        kind=_text(body, "kind") or "unreadable",
        at=context.iso(at) if isinstance(at, int) else "",
        moment=context.moment(at) if isinstance(at, int) else "no time",
        risk=_text(body, "class"),
        title=_title(body),
        agent=context.agent_title(agent) if agent else "",
        project=_text(body, "workspace").rstrip("/").rpartition("/")[2],
        request=request if isinstance(request, int) else None,
        note=_note(body),
        body=_indented(entry.body),
    )


def _title(body: Mapping[str, object]) -> str:
    """What it was about: the call, else the request, else the tool, else the person."""
    request = body.get("request")
    named = f"REQ-{request}" if isinstance(request, int) else _text(body, "tool")
    return _text(body, "title") or named or _text(body, "person")


def _note(body: Mapping[str, object]) -> str:
    by, verdict, reason = (_text(body, name) for name in ("by", "verdict", "reason"))
    parts = [part for part in (verdict, f"by {by}" if by else "") if part]
    line = " ".join(parts) or _whom(body)
    if body.get("ok") is False:
        line = "failed"
    return f"{line}: {reason}" if reason and line else line or reason


def _whom(body: Mapping[str, object]) -> str:
    """Who was told, and where: `ana, on phone`."""
    channels = body.get("channels")
    if body.get("kind") != "told" or not isinstance(channels, list):
        return ""
    return f"{_text(body, 'person')}, on {', '.join(map(str, channels))}"


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _indented(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "surrogateescape")
