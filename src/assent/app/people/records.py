"""What is kept and recorded of people. No secrets: of keys their fingerprints only."""

from collections.abc import Mapping

from assent.app.people.rules import Speaker
from assent.app.ports import Tx
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
    fields: Mapping[str, Json] | None = None,
) -> Person:
    """Store a person, with its entry in the ledger, and tell who watches.

    Every change of a person passes here. Raises ConflictError when somebody was faster, and where
    the person would be known by what is somebody else's.
    """
    people = tx.people()
    shared = taken(made, people)
    if shared is not None:
        raise ConflictError(shared, hint="One thing names one person. See: assent people --json")
    tx.save_person(made)
    note(tx, made.name, what, by=by, at=at, fields={**person_fields(made), **(fields or {})})
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
