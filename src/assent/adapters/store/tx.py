"""The writes that are alike on either database."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection

from assent.adapters.store.changes import ChangeTx
from assent.adapters.store.codec import encode_request
from assent.adapters.store.people import PeopleTx
from assent.adapters.store.schema import (
    CHECKPOINT_COUNTER,
    MOVED,
    REQUEST_COUNTER,
    accepted_programs,
    allowance,
    approval,
    audit_head,
    checkpoint,
    counter,
    login,
    plan_state,
    policy_version,
    precedent,
    standing,
    timer,
    web_session,
    written_path,
)
from assent.adapters.store.view import SqlView
from assent.app.ports import AcceptedPrograms, Event, PolicyVersion, WebSession
from assent.core.approvals import Request, deciding
from assent.core.canonical import Digest, Json
from assent.core.due import Timer
from assent.core.facts import PlanState
from assent.core.grants import Grant, grant_bytes
from assent.core.ledger import Checkpoint, Entry, Head, seal
from assent.core.project import accepted_bytes
from assent.errors import ConflictError

_MANY = 500
"""Rows of one portion."""

# Built once: building a statement takes longer than running it.
_COUNT_UP = (
    counter.update().where(counter.c.name == REQUEST_COUNTER).values(value=counter.c.value + 1)
)
_COUNTED = sa.select(counter.c.value).where(counter.c.name == REQUEST_COUNTER)
_ADD = approval.insert()
_SAVE = approval.update().where(
    approval.c.id == sa.bindparam("wanted"), approval.c.version == sa.bindparam("before")
)
_DROP_TIMERS = timer.delete().where(timer.c.request_id == sa.bindparam("wanted"))
_ADD_TIMERS = timer.insert()
_TURN_TO_SEAL = (
    sa.select(counter.c.value).where(counter.c.name == CHECKPOINT_COUNTER).with_for_update()
)
_MOVED_HEADS = (
    sa.select(audit_head.c.stream, audit_head.c.seq, audit_head.c.hash)
    .where(sa.text(MOVED), audit_head.c.stream > sa.bindparam("after"))
    .order_by(audit_head.c.stream)
    .limit(_MANY)
    .with_for_update(skip_locked=True)
)
_LAST_CHECKPOINT = sa.select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)
_ADD_CHECKPOINT = checkpoint.insert()
_SEALED = (
    audit_head.update()
    .where(audit_head.c.stream == sa.bindparam("name"))
    .values(sealed=audit_head.c.seq)
)


class SqlTx(SqlView, ChangeTx, PeopleTx, ABC):
    """`Tx` on one connection. What it reads in order to change it, it locks where that matters.

    An exception from any method ends the transaction: it must not be caught and gone on from.
    """

    published: Sequence[Event]
    """What `publish` was called with."""

    def next_number(self) -> int:
        self._changing().execute(_COUNT_UP)
        number: int = self._connection.scalars(_COUNTED).one()
        return number

    def add_request(self, request: Request) -> None:
        try:
            row = {"id": request.id, "number": request.number, **_row(request)}
            self._changing().execute(_ADD, row)
        except sa.exc.IntegrityError as error:
            raise ConflictError(f"{request.name} is in the store already.") from error

    def save_request(self, request: Request) -> None:
        before = {"wanted": request.id, "before": request.version - 1}
        changed = self._changing().execute(_SAVE, {**_row(request), **before})
        if changed.rowcount != 1:
            raise ConflictError(
                f"{request.name} changed in the meantime.", hint="Look at it again, then decide."
            )

    def set_timers(self, request_id: str, timers: Sequence[Timer]) -> None:
        self._changing().execute(_DROP_TIMERS, {"wanted": request_id})
        if timers:
            self._connection.execute(_ADD_TIMERS, [_timer_row(each) for each in timers])

    def drop_timer(self, timer_: Timer) -> None:
        row = _timer_row(timer_)
        self._changing().execute(timer.delete().where(*(timer.c[key] == row[key] for key in row)))

    @abstractmethod
    def append(self, stream: str, kind: str, *, at: int, fields: Mapping[str, Json]) -> Entry: ...

    def seal(self, at: int) -> Checkpoint | None:
        # The lock comes first: whoever waited for it must see the checkpoint made meanwhile.
        self._recorded().execute(_TURN_TO_SEAL)
        moved = self._moved_heads()
        if not moved:
            return None
        made = seal(self._last_checkpoint(), moved, at)
        row = {"number": made.number, "prev": made.prev, "hash": made.hash, "body": made.body}
        self._changing().execute(_ADD_CHECKPOINT, row)
        self._connection.execute(_SEALED, [{"name": head.stream} for head in moved])
        return made

    def _moved_heads(self) -> list[Head]:
        """The heads that no checkpoint covers, but for those that are moving right now.

        In portions by name: the database must not take this for a reason to read all heads.
        """
        moved: list[Head] = []
        after, is_last = "", False
        while not is_last:
            portion = self._connection.execute(_MOVED_HEADS, {"after": after}).all()
            moved += [Head(stream, seq, Digest(hash_)) for stream, seq, hash_ in portion]
            after, is_last = moved[-1].stream if moved else "", len(portion) < _MANY
        return moved

    def _last_checkpoint(self) -> Checkpoint | None:
        row = self._connection.execute(_LAST_CHECKPOINT).one_or_none()
        return None if row is None else Checkpoint(row.number, row.prev, row.hash, row.body)

    @abstractmethod
    def publish(self, topic: str, subject: str, *, at: int) -> None: ...

    def set_plan_state(self, *, agent: str, session_id: str, state: PlanState, at: int) -> None:
        key = (plan_state.c.agent == agent, plan_state.c.session_id == session_id)
        values = {"state": state.value, "at": at}
        connection = self._changing()
        if connection.execute(plan_state.update().where(*key).values(values)).rowcount == 0:
            connection.execute(
                plan_state.insert().values(agent=agent, session_id=session_id, **values)
            )

    def accept_policy(self, version: PolicyVersion) -> None:
        self._changing().execute(
            policy_version.insert().values(
                workspace=version.workspace,
                digest=version.digest,
                text=version.text,
                accepted_by=version.accepted_by,
                at=version.at,
            )
        )

    def accept_programs(self, programs: AcceptedPrograms) -> None:
        mine = accepted_programs.c.workspace == programs.workspace
        values = {
            "body": accepted_bytes(programs.accepted),
            "accepted_by": programs.by,
            "at": programs.at,
        }
        self._moved(programs.workspace)
        if self._connection.execute(accepted_programs.update().where(mine).values(values)).rowcount:
            return
        self._connection.execute(
            accepted_programs.insert().values(workspace=programs.workspace, **values)
        )

    def add_grant(self, grant: Grant) -> None:
        self._moved(grant.workspace)
        self._connection.execute(
            allowance.insert().values(
                id=grant.id,
                workspace=grant.workspace,
                until=grant.until,
                body=grant_bytes(grant),
            )
        )

    def revoke_grant(self, grant: Grant, *, at: int) -> bool:
        self._moved(grant.workspace)
        mine = (
            allowance.c.id == grant.id,
            allowance.c.revoked_at.is_(None),
            sa.or_(allowance.c.until.is_(None), allowance.c.until > at),
        )
        changed = self._connection.execute(allowance.update().where(*mine).values(revoked_at=at))
        return changed.rowcount == 1

    def _moved(self, workspace: str) -> None:
        """Something changes of what stands; whoever changes it second waits for the first."""
        connection = self._changing()
        mine = standing.c.workspace == workspace
        later = standing.update().where(mine).values(version=standing.c.version + 1)
        if connection.execute(later).rowcount == 0:
            connection.execute(standing.insert().values(workspace=workspace, version=1))

    def add_written(
        self, *, agent: str, session_id: str, paths: Mapping[str, bool], at: int
    ) -> None:
        known = self.written_paths(agent=agent, session_id=session_id)
        key = {"agent": agent, "session_id": session_id}
        rows = [
            {**key, "path": path, "made": made, "at": at}
            for path, made in paths.items()
            if path not in known
        ]
        if rows:
            self._changing().execute(written_path.insert(), rows)

    def add_precedent(
        self, *, agent: str, workspace: str, effects: frozenset[str], at: int
    ) -> None:
        new = effects - self.precedent(agent=agent, workspace=workspace)
        key = {"agent": agent, "workspace": workspace, "first_at": at}
        if new:
            self._moved(workspace)
            rows = [{**key, "effect": effect} for effect in sorted(new)]
            self._changing().execute(precedent.insert(), rows)

    def add_web_session(self, session: WebSession) -> None:
        connection = self._changing()
        connection.execute(
            web_session.delete().where(web_session.c.expires_at <= session.created_at)
        )
        connection.execute(
            web_session.insert().values(
                token_hash=session.token_hash,
                person=session.person,
                created_at=session.created_at,
                expires_at=session.expires_at,
                factor=session.factor.value,
                browser=session.browser,
                seen_at=session.seen_at,
            )
        )

    def drop_web_session(self, token_hash: Digest) -> None:
        self._changing().execute(web_session.delete().where(web_session.c.token_hash == token_hash))

    def add_login(self, token_hash: Digest, *, person: str, expires_at: int) -> None:
        self._changing().execute(
            login.insert().values(token_hash=token_hash, person=person, expires_at=expires_at)
        )

    def take_login(self, token_hash: Digest, *, now: int) -> str | None:
        mine = (login.c.token_hash == token_hash, login.c.expires_at > now)
        query = sa.select(login.c.person).where(*mine).with_for_update()
        person = self._changing().scalar(query)
        used = sa.or_(login.c.token_hash == token_hash, login.c.expires_at <= now)
        self._connection.execute(login.delete().where(used))
        return person

    @abstractmethod
    def _changing(self) -> Connection:
        """The connection, for statements that change something."""


def _row(request: Request) -> dict[str, object]:
    decision = deciding(request)
    proposal = request.proposal
    return {
        "state": request.state.value,
        "version": request.version,
        "asked_in": request.asked_in.value,
        "agent": proposal.session.agent,
        "session_id": proposal.session.session_id,
        "call_id": proposal.call_id,
        "workspace": proposal.session.workspace,
        "subject": request.subject,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "delayed_until": request.delayed_until,
        "decided_at": None if decision is None else decision.at,
        "body": encode_request(request),
    }


def _timer_row(timer_: Timer) -> dict[str, object]:
    return {
        "request_id": timer_.request_id,
        "kind": timer_.kind.value,
        "version": timer_.version,
        "due_at": timer_.due_at,
    }
