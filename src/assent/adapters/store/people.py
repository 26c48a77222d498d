"""People, delegations, tokens, signed statements and what leaves the house, as rows."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from assent.adapters.store.changes import decode
from assent.adapters.store.plain import to_plain
from assent.adapters.store.schema import (
    NEW,
    OPEN,
    agent_token,
    delegation,
    envelope,
    opened,
    outbox,
    person,
    web_session,
)
from assent.app.ports import Opened, Outgoing, Sending, WebSession
from assent.core.canonical import Digest, canonical
from assent.core.people.model import AgentToken, Delegation, Factor, Person
from assent.errors import ConflictError


class PeopleView:
    """The queries; mixed into `SqlView`."""

    _connection: Connection

    def person(self, name: str) -> Person | None:
        body = self._connection.scalar(sa.select(person.c.body).where(person.c.name == name))
        return None if body is None else decode(Person, body)

    def people(self) -> Sequence[Person]:
        bodies = self._connection.scalars(sa.select(person.c.body))
        return sorted((decode(Person, body) for body in bodies), key=lambda each: each.name)

    def web_sessions(self, name: str) -> Sequence[WebSession]:
        query = sa.select(web_session).where(web_session.c.person == name)
        rows = self._connection.execute(query.order_by(web_session.c.created_at.desc()))
        return [session_of(row) for row in rows]

    def delegations(self, *, now: int) -> Sequence[Delegation]:
        query = sa.select(delegation.c.body).where(sa.text(OPEN), delegation.c.until > now)
        bodies = self._connection.scalars(query.order_by(delegation.c.id))
        return [decode(Delegation, body) for body in bodies]

    def delegation(self, delegation_id: str) -> Delegation | None:
        query = sa.select(delegation.c.body).where(delegation.c.id == delegation_id)
        body = self._connection.scalar(query)
        return None if body is None else decode(Delegation, body)

    def delegations_of(self, name: str, *, limit: int) -> Sequence[Delegation]:
        mine = sa.or_(delegation.c.giver == name, delegation.c.taker == name)
        query = sa.select(delegation.c.body).where(mine).order_by(delegation.c.id.desc())
        return [decode(Delegation, body) for body in self._connection.scalars(query.limit(limit))]

    def agent_token(self, token_hash: Digest) -> AgentToken | None:
        query = sa.select(agent_token.c.body).where(agent_token.c.hash == token_hash)
        body = self._connection.scalar(query)
        return None if body is None else decode(AgentToken, body)

    def agent_tokens(self) -> Sequence[AgentToken]:
        query = sa.select(agent_token.c.body).order_by(agent_token.c.id)
        return [decode(AgentToken, body) for body in self._connection.scalars(query)]

    def opened(self, subject: str, name: str, version: int) -> Opened | None:
        query = sa.select(opened).where(*_reading(subject, name, version))
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Opened(*row)

    def envelope(self, digest: Digest) -> bytes | None:
        query = sa.select(envelope.c.body).where(envelope.c.digest == digest)
        return self._connection.scalar(query)

    def envelopes(self, about: str) -> Sequence[bytes]:
        query = sa.select(envelope.c.body).where(envelope.c.about == about)
        rows = self._connection.scalars(query.order_by(envelope.c.at, envelope.c.digest))
        return list(rows)

    def outgoing(self, outgoing_id: str) -> Outgoing | None:
        row = self._connection.execute(_OUTGOING.where(outbox.c.id == outgoing_id)).one_or_none()
        return None if row is None else _outgoing(row)

    def outgoing_in(
        self, state: Sending, *, limit: int, kind: str | None = None
    ) -> Sequence[Outgoing]:
        query = _OUTGOING.where(outbox.c.state == state.value).order_by(outbox.c.id).limit(limit)
        if kind is not None:
            query = query.where(outbox.c.kind == kind)
        return [_outgoing(row) for row in self._connection.execute(query)]

    def next_outgoing(self, kind: str) -> int | None:
        query = sa.select(outbox.c.run_at).where(sa.text(NEW), outbox.c.kind == kind)
        return self._connection.scalars(query.order_by(outbox.c.run_at).limit(1)).one_or_none()


_OUTGOING = sa.select(
    outbox.c.id,
    outbox.c.kind,
    outbox.c.dedup,
    outbox.c.place,
    outbox.c.body,
    outbox.c.created_at,
    outbox.c.run_at,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.fault,
)


class PeopleTx(PeopleView, ABC):
    """The writes; mixed into `SqlTx`."""

    @abstractmethod
    def _changing(self) -> Connection: ...

    def save_person(self, made: Person) -> None:
        row = {"version": made.version, "body": canonical(to_plain(made))}
        if made.version == 1:
            try:
                self._changing().execute(person.insert().values(name=made.name, **row))
            except sa.exc.IntegrityError as error:
                raise ConflictError(f"There is a {made.name} already.") from error
            return
        mine = (person.c.name == made.name, person.c.version == made.version - 1)
        if self._changing().execute(person.update().where(*mine).values(row)).rowcount != 1:
            raise ConflictError(
                f"{made.name} was changed in the meantime.", hint="Look again, then change it."
            )

    def drop_web_sessions(self, name: str) -> None:
        self._changing().execute(web_session.delete().where(web_session.c.person == name))

    def touch_web_session(self, token_hash: Digest, *, at: int) -> None:
        mine = web_session.c.token_hash == token_hash
        self._changing().execute(web_session.update().where(mine).values(seen_at=at))

    def add_delegation(self, made: Delegation) -> None:
        self._changing().execute(
            delegation.insert().values(
                id=made.id,
                giver=made.giver,
                taker=made.taker,
                until=made.until,
                revoked_at=made.revoked_at,
                body=canonical(to_plain(made)),
            )
        )

    def revoke_delegation(self, delegation_id: str, *, at: int) -> bool:
        mine = (
            delegation.c.id == delegation_id,
            delegation.c.revoked_at.is_(None),
            delegation.c.until > at,
        )
        connection = self._changing()
        if connection.execute(delegation.update().where(*mine).values(revoked_at=at)).rowcount != 1:
            return False
        known = self.delegation(delegation_id)
        if known is not None:
            body = canonical(to_plain(replace(known, revoked_at=at)))
            of_id = delegation.c.id == delegation_id
            connection.execute(delegation.update().where(of_id).values(body=body))
        return True

    def add_agent_token(self, token: AgentToken) -> None:
        self._changing().execute(
            agent_token.insert().values(
                id=token.id,
                hash=token.hash,
                revoked_at=token.revoked_at,
                body=canonical(to_plain(token)),
            )
        )

    def revoke_agent_token(self, token_id: str, *, at: int) -> bool:
        query = sa.select(agent_token.c.body).where(agent_token.c.id == token_id)
        body = self._changing().scalar(query)
        known = None if body is None else decode(AgentToken, body)
        if known is None or known.revoked_at is not None:
            return False
        row = {"revoked_at": at, "body": canonical(to_plain(replace(known, revoked_at=at)))}
        mine = (agent_token.c.id == token_id, agent_token.c.revoked_at.is_(None))
        return self._connection.execute(agent_token.update().where(*mine).values(row)).rowcount == 1

    def note_opened(self, made: Opened) -> None:
        connection = self._changing()
        mine = _reading(made.subject, made.person, made.version)
        row = {"at": made.at, "shown_ms": made.shown_ms, "read": made.read}
        if connection.execute(opened.update().where(*mine).values(row)).rowcount == 0:
            key = {"subject": made.subject, "person": made.person, "version": made.version}
            connection.execute(opened.insert().values(**key, **row))

    def add_envelope(self, digest: Digest, body: bytes, *, about: str, at: int) -> None:
        try:
            self._changing().execute(
                envelope.insert().values(digest=digest, about=about, at=at, body=body)
            )
        except sa.exc.IntegrityError as error:
            raise ConflictError("This signed statement was used already.") from error

    def add_outgoing(self, made: Outgoing) -> bool:
        known = sa.select(outbox.c.id).where(outbox.c.dedup == made.dedup)
        if self._changing().scalar(known) is not None:
            return False
        row = {"id": made.id, "kind": made.kind, "dedup": made.dedup, "place": made.place}
        self._connection.execute(outbox.insert().values(**row, **_outgoing_row(made)))
        return True

    def claim_outgoing(
        self, kind: str, *, now: int, until: int, limit: int, in_order: bool = True
    ) -> Sequence[Outgoing]:
        due = _OUTGOING.where(sa.text(NEW), outbox.c.kind == kind, outbox.c.run_at <= now)
        if in_order:
            first = (
                sa.select(sa.func.min(outbox.c.id))
                .where(sa.text(NEW), outbox.c.kind == kind)
                .group_by(outbox.c.place)
            )
            due = due.where(outbox.c.id.in_(first))
        rows = self._changing().execute(
            due.order_by(outbox.c.id).limit(limit).with_for_update(skip_locked=True)
        )
        claimed = [
            replace(found, run_at=until, attempts=found.attempts + 1)
            for found in map(_outgoing, rows.all())
        ]
        for each in claimed:
            self.save_outgoing(each)
        return claimed

    def save_outgoing(self, made: Outgoing) -> None:
        mine = outbox.c.id == made.id
        self._changing().execute(outbox.update().where(mine).values(_outgoing_row(made)))

    def drop_outgoing(self, *, kind: str, before: int) -> None:
        done = (
            outbox.c.state == Sending.SENT.value,
            outbox.c.kind == kind,
            outbox.c.created_at < before,
        )
        self._changing().execute(outbox.delete().where(*done))


def session_of(row: "sa.Row[*tuple[Any, ...]]") -> WebSession:
    token_hash, name, created_at, expires_at, factor, browser, seen_at = row
    return WebSession(
        token_hash=Digest(token_hash),
        person=name,
        created_at=created_at,
        expires_at=expires_at,
        factor=Factor(factor),
        browser=browser,
        seen_at=seen_at,
    )


def _reading(subject: str, name: str, version: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (opened.c.subject == subject, opened.c.person == name, opened.c.version == version)


def _outgoing(row: "sa.Row[*tuple[Any, ...]]") -> Outgoing:
    id_, kind, dedup, place, body, created_at, run_at, state, attempts, fault = row
    return Outgoing(
        id=id_,
        kind=kind,
        dedup=dedup,
        place=place,
        body=body,
        created_at=created_at,
        run_at=run_at,
        state=Sending(state),
        attempts=attempts,
        fault=fault,
    )


def _outgoing_row(made: Outgoing) -> dict[str, object]:
    return {
        "state": made.state.value,
        "attempts": made.attempts,
        "created_at": made.created_at,
        "run_at": made.run_at,
        "fault": made.fault,
        "body": made.body,
    }
