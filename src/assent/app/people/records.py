"""What is kept and recorded of people. No secrets: of keys their fingerprints only."""

from collections.abc import Iterator, Mapping

from assent.app.notifications.news import tell_of_security
from assent.app.people.rules import Speaker
from assent.app.ports import Ids, Tx
from assent.app.proof.record import keys_changed
from assent.core.canonical import Json
from assent.core.people.apart import taken
from assent.core.people.model import Person
from assent.core.redact import redact
from assent.errors import ConflictError

STREAM = "people"
TOPIC = "people"


def keep_person(
    tx: Tx,
    made: Person,
    what: str,
    *,
    by: Speaker,
    at: int,
    ids: Ids,
    fields: Mapping[str, Json] | None = None,
) -> Person:
    """Store a person, with its entry in the ledger, and tell who watches.

    Every change of a person passes here. Who may decide with which keys goes into the
    repositories' logs, and the person is told of what was added or taken away. Raises
    ConflictError when somebody was faster, and where the person would be known by what is
    somebody else's.
    """
    people, before = tx.people(), tx.person(made.name)
    shared = taken(made, people)
    if shared is not None:
        raise ConflictError(shared, hint="One thing names one person. See: assent people --json")
    tx.save_person(made)
    note(tx, made.name, what, by=by, at=at, fields={**person_fields(made), **(fields or {})})
    if before is None or _proves(before) != _proves(made):
        keys_changed(
            tx, ids=ids, now=at, what=what, who=made.name, by=by.name, factor=by.factor.value
        )
    for news in _news(before, made):
        tell_of_security(tx, made, news, now=at)
    return made


def note(
    tx: Tx, who: str, what: str, *, by: Speaker, at: int, fields: Mapping[str, Json] | None = None
) -> None:
    """Record something about a person that changes nothing of the person."""
    said: dict[str, Json] = {
        "person": who,
        "by": by.name,
        "via": by.via,
        "factor": by.factor.value,
    }
    tx.append(STREAM, what, at=at, fields={**(fields or {}), **said})
    tx.publish(TOPIC, who, at=at)


def person_fields(person: Person) -> dict[str, Json]:
    """What a person is after the change."""
    return {
        "version": person.version,
        "full_name": redact(person.full_name),
        "email": redact(person.email),
        "aliases": [redact(alias) for alias in person.aliases],
        "roles": list(person.roles),
        "login": person.login,
        "slack": person.slack,
        "active": person.active,
        "keys": [key.fingerprint for key in person.keys],
        "passkeys": [passkey.id for passkey in person.passkeys],
        "channels": [channel.label for channel in person.channels],
        "quiet": list(person.quiet),
        "zone": person.zone,
    }


def _proves(person: Person) -> tuple[object, ...]:
    """What of a person tells whether a decision counts."""
    keys = {key.blob for key in person.keys}
    passkeys = {(each.id, each.public_key) for each in person.passkeys}
    known_as = (person.full_name, person.email, person.aliases)
    return (person.active, person.roles, known_as, keys, passkeys)


def _news(before: Person | None, made: Person) -> Iterator[str]:
    """What somebody is told of their own account, in a few words."""
    if before is None:
        return
    yield from _differences(
        "key",
        {key.fingerprint: key.label or key.fingerprint for key in before.keys},
        {key.fingerprint: key.label or key.fingerprint for key in made.keys},
    )
    yield from _differences(
        "passkey",
        {each.id: each.label for each in before.passkeys},
        {each.id: each.label for each in made.passkeys},
    )
    yield from _differences(
        "channel",
        {each.id: each.label for each in before.channels},
        {each.id: each.label for each in made.channels},
    )
    if before.slack != made.slack:
        yield "what is said in Slack in your name comes from another account now"
    if before.roles != made.roles:
        yield f"your roles are now: {', '.join(made.roles) or 'none'}"


def _differences(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    yield from (f"a new {kind}: {label}" for id_, label in after.items() if id_ not in before)
    yield from (
        f"a {kind} was removed: {label}" for id_, label in before.items() if id_ not in after
    )
