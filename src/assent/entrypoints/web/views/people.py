"""People, their sessions and tokens: as JSON, and as the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.app.people.sessions import session_id, sessions_of
from assent.app.ports import Outgoing, Sending, View, WebSession
from assent.core.canonical import Digest, Json
from assent.core.people.model import AgentToken, Factor, Person
from assent.entrypoints.web.views.context import Context

FAULTS = 50
"""What could not be sent, of the oldest."""
FACTORS = {
    Factor.NONE: "by a link",
    Factor.KEY: "by a key",
    Factor.TOUCH: "by a key that was touched",
    Factor.PASSKEY: "by a passkey",
}


def person_record(person: Person) -> dict[str, Json]:
    """Of channels only what is no secret."""
    keys: list[Json] = [
        {
            "fingerprint": key.fingerprint,
            "kind": key.kind,
            "label": key.label,
            "added_at": key.added_at,
        }
        for key in person.keys
    ]
    passkeys: list[Json] = [
        {"id": each.id, "label": each.label, "rp_id": each.rp_id, "added_at": each.added_at}
        for each in person.passkeys
    ]
    return {
        "name": person.name,
        "full_name": person.full_name,
        "email": person.email,
        "aliases": list(person.aliases),
        "roles": list(person.roles),
        "login": person.login,
        "slack": person.slack,
        "active": person.active,
        "factor": factor_word(person),
        "keys": keys,
        "passkeys": passkeys,
        "channels": [channel.label for channel in person.channels],
        "quiet": list(person.quiet),
        "zone": person.zone,
        "added_at": person.added_at,
        "added_by": person.added_by,
        "version": person.version,
    }


def session_record(session: WebSession) -> dict[str, Json]:
    return {
        "id": session_id(session),
        "browser": session.browser,
        "factor": session.factor.value,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
    }


def token_record(token: AgentToken) -> dict[str, Json]:
    return {
        "id": token.id,
        "agent": token.agent,
        "made_by": token.made_by,
        "workspace": token.workspace,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }


def factor_word(person: Person) -> str:
    """What speaks for a person: `passkey`, `key` or `none`."""
    if person.passkeys:
        return "passkey"
    return "key" if person.keys else "none"


# --- the pages


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody in the list."""

    name: str
    full_name: str
    email: str
    aliases: tuple[str, ...]
    roles: tuple[str, ...]
    login: str
    active: bool
    factor: str
    seen: str
    """When they were last here, in words; empty: not since anybody counts."""
    seen_iso: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: str
    browser: str
    factor: str
    created: str
    created_iso: str
    seen: str
    seen_iso: str
    is_this: bool


@dataclass(frozen=True, slots=True)
class KeyRow:
    fingerprint: str
    kind: str
    label: str
    added: str
    added_iso: str
    is_last: bool
    """Nothing else speaks for the person."""


@dataclass(frozen=True, slots=True)
class HandRow:
    """A delegation in force."""

    giver: str
    taker: str
    worst: str
    until: str
    until_iso: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    id: str
    agent: str
    made_by: str
    workspace: str
    until: str
    until_iso: str
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class FaultRow:
    """Something that did not leave the house."""

    what: str
    place: str
    fault: str
    since: str
    since_iso: str
    to_do: str


TO_DO: Mapping[str, str] = {
    "notify": "Mend the channel on the account page of whom it is for, and try it there.",
    "log": "Look whether the repository is there and can be written to; it is tried again when "
    "the next decision about it is recorded.",
}


def person_rows(view: View, context: Context, me: str) -> list[PersonRow]:
    """Active people first, each by name."""
    found = sorted(view.people(), key=lambda each: (not each.active, each.name.casefold()))
    return [_row(person, view, context, me) for person in found]


def _row(person: Person, view: View, context: Context, me: str) -> PersonRow:
    seen = max((each.seen_at for each in view.web_sessions(person.name)), default=0)
    return PersonRow(
        name=person.name,
        full_name=person.full_name,
        email=person.email,
        aliases=person.aliases,
        roles=person.roles,
        login=person.login,
        active=person.active,
        factor=factor_word(person),
        seen=context.moment(seen) if seen else "",
        seen_iso=context.iso(seen) if seen else "",
        is_me=person.name == me,
    )


def session_rows(view: View, context: Context, me: WebSession) -> list[SessionRow]:
    """The browsers that somebody is logged in with, the one that asks first."""
    found = sessions_of(view, me.person, now=context.now)
    rows = [_session(each, context, me.token_hash) for each in found]
    return sorted(rows, key=lambda row: not row.is_this)


def _session(session: WebSession, context: Context, this: Digest) -> SessionRow:
    seen = session.seen_at or session.created_at
    return SessionRow(
        id=session_id(session),
        browser=session.browser or "a browser",
        factor=FACTORS[session.factor],
        created=context.moment(session.created_at),
        created_iso=context.iso(session.created_at),
        seen=context.moment(seen),
        seen_iso=context.iso(seen),
        is_this=session.token_hash == this,
    )


def key_rows(person: Person, context: Context) -> list[KeyRow]:
    is_last = len(person.keys) + len(person.passkeys) == 1
    return [
        KeyRow(
            fingerprint=key.fingerprint,
            kind=key.kind,
            label=key.label,
            added=context.moment(key.added_at),
            added_iso=context.iso(key.added_at),
            is_last=is_last,
        )
        for key in person.keys
    ]


def hand_rows(view: View, context: Context) -> list[HandRow]:
    """The delegations in force."""
    return [
        HandRow(
            giver=each.giver,
            taker=each.taker,
            worst=each.worst.word,
            until=context.moment(each.until),
            until_iso=context.iso(each.until),
            where=", ".join(filter(None, (each.workspace, *each.paths))) or "everywhere",
            reason=each.reason,
        )
        for each in view.delegations(now=context.now)
    ]


def token_rows(tokens: Sequence[AgentToken], context: Context, me: Person) -> list[TokenRow]:
    return [
        TokenRow(
            id=each.id,
            agent=each.agent,
            made_by=each.made_by,
            workspace=each.workspace,
            until=context.moment(each.expires_at),
            until_iso=context.iso(each.expires_at),
            may_revoke=me.is_admin or each.made_by == me.name,
        )
        for each in tokens
    ]


def fault_rows(view: View, context: Context) -> list[FaultRow]:
    """What was tried often enough and did not go out."""
    return [_fault(each, context) for each in view.outgoing_in(Sending.DEAD, limit=FAULTS)]


def _fault(outgoing: Outgoing, context: Context) -> FaultRow:
    words = {"notify": "a message", "log": "a decision for the log"}
    return FaultRow(
        what=words.get(outgoing.kind, outgoing.kind),
        place=outgoing.place,
        fault=outgoing.fault,
        since=context.moment(outgoing.created_at),
        since_iso=context.iso(outgoing.created_at),
        to_do=TO_DO.get(outgoing.kind, "See the daemon's log."),
    )
