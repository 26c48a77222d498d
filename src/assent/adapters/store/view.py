"""The queries, on either database."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select

from assent.adapters.store.changes import ChangeView
from assent.adapters.store.codec import decode_accepted, decode_grant, decode_request
from assent.adapters.store.people import PeopleView, session_of
from assent.adapters.store.schema import (
    CLOSED,
    DELAYED,
    LIVE,
    MOVED,
    OPEN,
    PROMPTED,
    REJECTED,
    WAITING,
    accepted_programs,
    allowance,
    approval,
    audit,
    audit_head,
    checkpoint,
    event,
    plan_state,
    policy_version,
    precedent,
    standing,
    timer,
    web_session,
    written_path,
)
from assent.app.ports import AcceptedPrograms, Event, PolicyVersion, Standing, Tally, WebSession
from assent.core.approvals import Request
from assent.core.canonical import Digest
from assent.core.due import Timer, TimerKind
from assent.core.facts import PlanState
from assent.core.ledger import Checkpoint, Entry, Head, stream_name

Bodies: TypeAlias = Select[bytes]
# Where `Select` and `Row` have several types they are quoted: SQLAlchemy 2.0 knows them with one.

ENTRY = (
    audit.c.stream,
    audit.c.seq,
    audit.c.prev,
    audit.c.hash,
    sa.cast(audit.c.body, sa.LargeBinary),
)
NOTHING: Mapping[str, object] = MappingProxyType({})


def _requests() -> Bodies:
    return sa.select(approval.c.body)


# Queries of every call and decision are built once: building one takes longer than running it.
BY_ID = _requests().where(approval.c.id == sa.bindparam("request_id"))
BY_NUMBER = _requests().where(approval.c.number == sa.bindparam("wanted"))
COUNT_WAITING = sa.select(sa.func.count()).select_from(approval).where(sa.text(WAITING))
OLDEST_LIVE = (
    _requests()
    .where(
        sa.text(LIVE),
        approval.c.subject == sa.bindparam("wanted_subject"),
        approval.c.agent == sa.bindparam("wanted_agent"),
        approval.c.workspace == sa.bindparam("wanted_workspace"),
    )
    .order_by(approval.c.number)
    .limit(1)
)
NEWEST_REJECTED = (
    _requests()
    .where(
        sa.text(REJECTED),
        approval.c.subject == sa.bindparam("wanted_subject"),
        approval.c.agent == sa.bindparam("wanted_agent"),
        approval.c.session_id == sa.bindparam("wanted_session"),
        approval.c.decided_at >= sa.bindparam("since"),
    )
    .order_by(approval.c.decided_at.desc(), approval.c.number.desc())
    .limit(1)
)
PLAN_STATE = sa.select(plan_state.c.state).where(
    plan_state.c.agent == sa.bindparam("wanted_agent"),
    plan_state.c.session_id == sa.bindparam("wanted_session"),
)
NEWEST_POLICY = (
    sa.select(
        policy_version.c.digest,
        policy_version.c.text,
        policy_version.c.accepted_by,
        policy_version.c.at,
    )
    .where(policy_version.c.workspace == sa.bindparam("wanted_workspace"))
    .order_by(policy_version.c.n.desc())
    .limit(1)
)
STANDING_VERSION = sa.select(standing.c.version).where(
    standing.c.workspace == sa.bindparam("wanted_workspace")
)
ACCEPTED = sa.select(
    accepted_programs.c.body, accepted_programs.c.accepted_by, accepted_programs.c.at
).where(accepted_programs.c.workspace == sa.bindparam("wanted_workspace"))
OPEN_GRANTS = (
    sa.select(allowance.c.body)
    .where(
        sa.text(OPEN),
        allowance.c.workspace == sa.bindparam("wanted_workspace"),
        sa.or_(allowance.c.until.is_(None), allowance.c.until > sa.bindparam("now")),
    )
    .order_by(allowance.c.id)
)
WRITTEN = sa.select(written_path.c.path, written_path.c.made).where(
    written_path.c.agent == sa.bindparam("wanted_agent"),
    written_path.c.session_id == sa.bindparam("wanted_session"),
)
PRECEDENT = sa.select(precedent.c.effect).where(
    precedent.c.agent == sa.bindparam("wanted_agent"),
    precedent.c.workspace == sa.bindparam("wanted_workspace"),
)
CHUNK = 500
"""Rows that a walk over a chain holds at once."""


class SqlView(ChangeView, PeopleView):
    """`View` on one connection, whose transaction belongs to the caller."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _recorded(self) -> Connection:
        """The connection, for queries about ledger and events."""
        return self._connection

    def request(self, request_id: str) -> Request | None:
        return self._one(BY_ID, {"request_id": request_id})

    def request_numbered(self, number: int) -> Request | None:
        return self._one(BY_NUMBER, {"wanted": number})

    def waiting(self, *, limit: int, after: int = 0) -> Sequence[Request]:
        query = _requests().where(sa.text(WAITING), approval.c.number > after)
        return self._many(query.order_by(approval.c.number).limit(limit))

    def delayed(self, *, limit: int) -> Sequence[Request]:
        query = _requests().where(sa.text(DELAYED))
        return self._many(query.order_by(approval.c.delayed_until, approval.c.number).limit(limit))

    def recent(self, *, limit: int, before: int | None = None) -> Sequence[Request]:
        query = _requests().where(sa.text(CLOSED))
        if before is not None:
            query = query.where(approval.c.number < before)
        return self._many(query.order_by(approval.c.number.desc()).limit(limit))

    def count_waiting(self) -> int:
        return self._count(COUNT_WAITING)

    def live_request(self, *, agent: str, workspace: str, subject: Digest) -> Request | None:
        return self._one(
            OLDEST_LIVE,
            {"wanted_agent": agent, "wanted_workspace": workspace, "wanted_subject": subject},
        )

    def rejected_request(
        self, *, agent: str, session_id: str, subject: Digest, since: int
    ) -> Request | None:
        return self._one(
            NEWEST_REJECTED,
            {
                "wanted_agent": agent,
                "wanted_session": session_id,
                "wanted_subject": subject,
                "since": since,
            },
        )

    def rejections(self, *, agent: str, session_id: str, since: int) -> int:
        query = sa.select(sa.func.count()).select_from(approval)
        return self._count(
            query.where(
                sa.text(REJECTED),
                approval.c.decided_at >= since,
                approval.c.agent == agent,
                approval.c.session_id == session_id,
            )
        )

    def prompted_request(self, *, agent: str, session_id: str, call_id: str) -> Request | None:
        query = _requests().where(
            sa.text(PROMPTED),
            approval.c.session_id == session_id,
            approval.c.agent == agent,
            approval.c.call_id == call_id,
        )
        return self._one(query.order_by(approval.c.number).limit(1))

    def plan_state(self, *, agent: str, session_id: str) -> PlanState:
        state = self._connection.scalar(
            PLAN_STATE, {"wanted_agent": agent, "wanted_session": session_id}
        )
        return PlanState.NONE if state is None else PlanState(state)

    def policy_in_force(self, workspace: str) -> PolicyVersion | None:
        row = self._connection.execute(NEWEST_POLICY, {"wanted_workspace": workspace}).one_or_none()
        if row is None:
            return None
        digest, text, accepted_by, at = row
        return PolicyVersion(workspace, Digest(digest), text, accepted_by, at)

    def standing_version(self, workspace: str) -> int:
        version = self._connection.scalar(STANDING_VERSION, {"wanted_workspace": workspace})
        return 0 if version is None else version

    def standing(self, workspace: str, *, now: int) -> Standing:
        wanted = {"wanted_workspace": workspace}
        bodies = self._connection.scalars(OPEN_GRANTS, {**wanted, "now": now})
        return Standing(
            version=self.standing_version(workspace),
            programs=self._accepted(workspace),
            grants=tuple(decode_grant(body) for body in bodies),
        )

    def _accepted(self, workspace: str) -> AcceptedPrograms | None:
        row = self._connection.execute(ACCEPTED, {"wanted_workspace": workspace}).one_or_none()
        if row is None:
            return None
        body, by, at = row
        return AcceptedPrograms(workspace, decode_accepted(body), by, at)

    def written_paths(self, *, agent: str, session_id: str) -> Mapping[str, bool]:
        wanted = {"wanted_agent": agent, "wanted_session": session_id}
        rows = self._connection.execute(WRITTEN, wanted)
        return {row.path: row.made for row in rows}

    def precedent(self, *, agent: str, workspace: str) -> frozenset[str]:
        wanted = {"wanted_agent": agent, "wanted_workspace": workspace}
        return frozenset(self._connection.scalars(PRECEDENT, wanted))

    def entries(
        self, *, stream: str | None = None, limit: int, before: str | None = None
    ) -> Sequence[Entry]:
        query = sa.select(*ENTRY)
        if stream is not None:
            query = query.where(audit.c.stream == stream_name(stream))
        order = audit.c.n if stream is None else audit.c.seq
        if before is not None:
            query = query.where(order < self._place(before, order))
        rows = self._recorded().execute(query.order_by(order.desc()).limit(limit))
        return [_entry(row) for row in rows]

    def _place(self, hash_: str, order: sa.Column[int]) -> sa.ScalarSelect[int]:
        """Where the entry with this hash is, looked for from the newest on.

        An index would make every entry a fifth dearer to record, so that a page far back is quick.
        """
        found = sa.select(order).where(audit.c.hash == hash_)
        return found.order_by(audit.c.n.desc()).limit(1).scalar_subquery()

    def chain(self, stream: str) -> Iterator[Entry]:
        query = sa.select(*ENTRY).where(audit.c.stream == stream_name(stream))
        query = query.order_by(audit.c.seq).execution_options(yield_per=CHUNK)
        yield from map(_entry, self._recorded().execute(query))

    def recorded(self, kinds: Sequence[str], *, since: int, until: int) -> Iterator[Entry]:
        wanted = (audit.c.at >= since, audit.c.at < until, audit.c.kind.in_(kinds))
        query = sa.select(*ENTRY).where(*wanted).order_by(audit.c.n)
        yield from map(_entry, self._recorded().execute(query.execution_options(yield_per=CHUNK)))

    def heads(self) -> Sequence[Head]:
        query = sa.select(audit_head.c.stream, audit_head.c.seq, audit_head.c.hash)
        rows = self._recorded().execute(query.order_by(audit_head.c.stream))
        return [Head(stream, _whole(seq), Digest(str(hash_))) for stream, seq, hash_ in rows]

    def headless_streams(self) -> Sequence[str]:
        has_head = sa.exists().where(audit_head.c.stream == audit.c.stream)
        query = sa.select(audit.c.stream).distinct().where(~has_head)
        return list(self._recorded().scalars(query.order_by(audit.c.stream)))

    def checkpoints(self) -> Iterator[Checkpoint]:
        for row in self._recorded().execute(
            _checkpoints().order_by(checkpoint.c.number).execution_options(yield_per=CHUNK)
        ):
            yield _checkpoint(row)

    def last_checkpoint(self) -> Checkpoint | None:
        query = _checkpoints().order_by(checkpoint.c.number.desc()).limit(1)
        row = self._recorded().execute(query).one_or_none()
        return None if row is None else _checkpoint(row)

    def unsealed(self) -> bool:
        # The order makes PostgreSQL use the index of what moved, which is mostly empty.
        query = sa.select(audit_head.c.seq).where(sa.text(MOVED)).order_by(audit_head.c.stream)
        return self._recorded().scalar(query.limit(1)) is not None

    def events(self, *, after: int, limit: int) -> Sequence[Event]:
        query = self._committed_events().where(event.c.seq > after)
        rows = self._recorded().execute(query.order_by(event.c.seq).limit(limit))
        return [Event(seq, topic, subject, at) for seq, topic, subject, at in rows]

    def last_event(self) -> int:
        query = self._committed_events().order_by(event.c.seq.desc()).limit(1)
        row = self._recorded().execute(query).one_or_none()
        return 0 if row is None else row.seq

    def _committed_events(self) -> "Select[int, str, str, int]":
        """The events that no later commit can come before."""
        return sa.select(event.c.seq, event.c.topic, event.c.subject, event.c.at)

    def due_timers(self, *, now: int, limit: int) -> Sequence[Timer]:
        return self._timers(due(now, limit))

    def _timers(self, query: "Select[str, int, str, int]") -> Sequence[Timer]:
        rows = self._connection.execute(query)
        return [Timer(name, version, TimerKind(kind), due) for name, version, kind, due in rows]

    def next_due(self) -> int | None:
        earliest = sa.select(timer.c.due_at).order_by(timer.c.due_at).limit(1)
        return self._connection.scalars(earliest).one_or_none()

    def tally(self, *, since: int) -> Tally:
        recorded = sa.select(sa.func.count()).select_from(audit).where(audit.c.at >= since)
        asked = sa.select(sa.func.count()).select_from(approval)
        rejected = asked.where(sa.text(REJECTED), approval.c.decided_at >= since)
        return Tally(
            proceeded=self._count(recorded.where(audit.c.kind.in_(("proceeded", "notified")))),
            asked=self._count(asked.where(approval.c.created_at >= since)),
            rejected=self._count(rejected),
            refused=self._count(recorded.where(audit.c.kind == "refused")),
        )

    def web_session(self, token_hash: Digest) -> WebSession | None:
        row = self._connection.execute(
            sa.select(web_session).where(web_session.c.token_hash == token_hash)
        ).one_or_none()
        return None if row is None else session_of(row)

    def _one(self, query: Bodies, wanted: Mapping[str, object] = NOTHING) -> Request | None:
        body = self._connection.scalar(query, wanted)
        return None if body is None else decode_request(body)

    def _many(self, query: Bodies) -> Sequence[Request]:
        return [decode_request(body) for body in self._connection.scalars(query)]

    def _count(self, query: Select[int]) -> int:
        return self._recorded().scalar(query) or 0


def due(now: int, limit: int) -> "Select[str, int, str, int]":
    """The timers that are due, the earliest first."""
    query = sa.select(timer.c.request_id, timer.c.version, timer.c.kind, timer.c.due_at)
    return query.where(timer.c.due_at <= now).order_by(timer.c.due_at).limit(limit)


# A file that somebody edited by hand may hold values of any type, and the walk that is to find the
# place must get past them.


def _entry(row: "Row[*tuple[Any, ...]]") -> Entry:
    stream, seq, prev, hash_, body = row
    return Entry(stream, _whole(seq), Digest(str(prev)), Digest(str(hash_)), body)


def _checkpoints() -> "Select[int, str, str, bytes]":
    columns = checkpoint.c
    body = sa.cast(columns.body, sa.LargeBinary)
    return sa.select(columns.number, columns.prev, columns.hash, body)


def _checkpoint(row: "Row[*tuple[Any, ...]]") -> Checkpoint:
    number, prev, hash_, body = row
    return Checkpoint(_whole(number), Digest(str(prev)), Digest(str(hash_)), body)


def _whole(value: object) -> int:
    """A number that nothing follows stands for what is not a number."""
    return value if isinstance(value, int) else -1
