"""The list of what waits: one row for each request, alike ones folded into one."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.app.ports import Tally, View
from assent.core.approvals import Request
from assent.core.policy.model import AskIn
from assent.entrypoints.web.views.activity import EntryView, entry_view
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.requests import project_of
from assent.entrypoints.web.views.standing import outcome, standing

PAGE = 50
RECENT = 8
RAN_AMONG = 100
"""Ledger entries that are searched for calls that ran."""
_RUNS = frozenset({"proceeded", "notified"})
TITLE = 200
"""Characters of a title that a row shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request, or several alike: then `numbers` names them all, oldest first."""

    numbers: tuple[int, ...]
    group: str
    """The same for alike requests."""
    risk: str
    verb: str
    rest: str
    agent: str
    project: str
    outcome: str
    standing: str
    created: str
    age: str
    is_elsewhere: bool = False
    """It has to be answered at the agent's own prompt."""

    @property
    def number(self) -> int:
        return self.numbers[0]

    @property
    def name(self) -> str:
        return f"REQ-{self.number}"

    @property
    def href(self) -> str:
        if len(self.numbers) == 1:
            return f"/requests/{self.name}"
        return "/together?" + "&".join(f"n={number}" for number in self.numbers)


@dataclass(frozen=True, slots=True)
class Inbox:
    rows: tuple[Row, ...]
    more_after: int | None
    """The number after which the next page starts; None when this is the last."""
    delayed: tuple[Row, ...]
    quiet: "Quiet | None"
    """What an empty inbox shows instead of rows."""


@dataclass(frozen=True, slots=True)
class Quiet:
    tally: Tally
    """Of today."""
    recent: tuple[Row, ...]
    """Decided last."""
    ran: tuple[EntryView, ...]
    """Let through last, without asking."""


def read_inbox(view: View, context: Context, *, after: int = 0) -> Inbox:
    """One page of what waits, and what surrounds it."""
    waiting = view.waiting(limit=PAGE + 1, after=after)
    page = waiting[:PAGE]
    return Inbox(
        rows=fold(page, context),
        more_after=page[-1].number if len(waiting) > PAGE else None,
        delayed=tuple(row_of(request, context) for request in view.delayed(limit=PAGE)),
        quiet=None if page else _quiet(view, context),
    )


def _quiet(view: View, context: Context) -> Quiet:
    return Quiet(
        tally=view.tally(since=context.midnight()),
        recent=tuple(row_of(request, context) for request in view.recent(limit=RECENT)),
        ran=_ran(view, context),
    )


def _ran(view: View, context: Context) -> tuple[EntryView, ...]:
    """The newest entries of calls that run, among the newest of all."""
    entries = (entry_view(entry, context) for entry in view.entries(limit=RAN_AMONG))
    return tuple(entry for entry in entries if entry.kind in _RUNS)[:RECENT]


def fold(requests: Iterable[Request], context: Context) -> tuple[Row, ...]:
    """Rows in the order given; alike requests join the first of their kind."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(_group(request), []).append(request)
    return tuple(_row(members, context) for members in groups.values())


def row_of(request: Request, context: Context) -> Row:
    return _row([request], context)


def _row(members: Sequence[Request], context: Context) -> Row:
    first = members[0]
    verb, _, rest = first.assessment.title.partition(" ")
    return Row(
        numbers=tuple(request.number for request in members),
        group=_group(first),
        risk=max(request.assessment.risk for request in members).word,
        verb=verb[:TITLE],
        rest=rest[:TITLE] + ("…" if len(rest) > TITLE else ""),
        agent=context.agent_title(first.proposal.session.agent),
        project=project_of(first),
        outcome=outcome(first),
        standing=standing(first, context),
        created=context.iso(first.created_at),
        age=context.age(first.created_at),
        is_elsewhere=first.asked_in is AskIn.AGENT,
    )


def _group(request: Request) -> str:
    session = request.proposal.session
    parts = (request.assessment.title, session.agent, session.workspace, request.asked_in.value)
    joined = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:16]
