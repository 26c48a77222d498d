"""Which keys speak for whom at each place of the log, and how they got there.

The first entry of keys is the root: it is believed as it stands, and its fingerprint can be pinned.
Each later one names the one before it and is signed by a person who was an admin in that one, with
a key of that one, or by its server. What only the server says is believed of nobody who had a key
already: a server that was taken over must not be able to speak for a person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assent.core.canonical import Json
from assent.core.people.model import ADMIN, Passkey, SshKey
from assent.core.proof.keys import PublicKey, ServerPublicKey, keyid_of
from assent.core.proof.log import fields_of, text_of, texts_of
from assent.core.proof.statement import Statement

RECOVERY = "recovery"
"""`change.what` of an administrator's change at the server's terminal."""


class Vouch(StrEnum):
    """Who says that a key is that person's."""

    ROOT = "root"
    """It stood in the first entry of keys."""
    SIGNED = "signed"
    """An admin, or the person, signed for it with an earlier key."""
    FIRST = "first"
    """The server says so, of the first key that this person ever had."""
    SERVER = "server"
    """Only the server says so: what is signed with it is what the server says, no more."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    key: PublicKey
    person: str
    vouched: Vouch


@dataclass(frozen=True, slots=True)
class KnownPerson:
    name: str
    roles: tuple[str, ...]
    aliases: tuple[str, ...]
    active: bool
    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class KeyBook:
    """What one entry of keys says, and what is known from those before it."""

    entry: str
    """Id of the entry; empty: there was none yet."""
    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    held: Mapping[str, HeldKey] = field(default_factory=dict)
    """By key id."""
    servers: Mapping[str, ServerPublicKey] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    """Key ids that are in force no more, and whose they were."""

    def is_admin(self, name: str) -> bool:
        person = self.people.get(name)
        return person is not None and person.active and ADMIN in person.roles


EMPTY = KeyBook("")


def read_people(statement: Statement) -> tuple[KnownPerson, ...]:
    """The people whom an entry of keys names. Raises ValueError when it is malformed."""
    found = tuple(_person(each) for each in fields_of(statement.predicate.get("people")))
    if len({each.name for each in found}) != len(found):
        raise ValueError("a person is named twice")
    return found


def read_servers(statement: Statement) -> tuple[ServerPublicKey, ...]:
    """The servers' keys that an entry of keys names. Raises ValueError when it is malformed."""
    found = []
    for each in fields_of(statement.predicate.get("server")):
        key = ServerPublicKey(text_of(each, "publicKey"))
        if key.keyid != text_of(each, "keyid"):
            raise ValueError("a server's key has another name than it should")
        found.append(key)
    return tuple(found)


def _person(fields: Mapping[str, Json]) -> KnownPerson:
    name = text_of(fields, "name")
    if not name:
        raise ValueError("somebody has no name")
    passkeys = (
        Passkey(
            id=text_of(each, "id"),
            public_key=text_of(each, "publicKey"),
            label="",
            added_at=0,
            rp_id=text_of(each, "rpId"),
        )
        for each in fields_of(fields.get("passkeys"))
    )
    keys = (
        SshKey(kind=text_of(each, "kind"), blob=text_of(each, "blob"), label="", added_at=0)
        for each in fields_of(fields.get("keys"))
    )
    return KnownPerson(
        name=name,
        roles=texts_of(fields, "roles"),
        aliases=texts_of(fields, "aliases"),
        active=fields.get("active") is True,
        keys=(*passkeys, *keys),
    )


@dataclass(frozen=True, slots=True)
class KeyChange:
    """An entry of keys, read."""

    entry: str
    prev: str
    people: tuple[KnownPerson, ...]
    servers: tuple[ServerPublicKey, ...]
    is_recovery: bool


def read_change(entry: str, statement: Statement) -> KeyChange:
    """Raises ValueError when it is malformed."""
    change = statement.predicate.get("change")
    what = text_of(change, "what") if isinstance(change, Mapping) else ""
    return KeyChange(
        entry=entry,
        prev=text_of(statement.predicate, "prev"),
        people=read_people(statement),
        servers=read_servers(statement),
        is_recovery=what == RECOVERY,
    )


def next_book(book: KeyBook, change: KeyChange, *, signed_by: str) -> KeyBook:
    """The keys in force from `change` on.

    `signed_by` is the person whose signature under it was checked with a key of `book`; empty: the
    server's only. Whether that is enough for there to be a change at all is the caller's to say.
    Raises ValueError when one key is said to be two people's.
    """
    held = dict(_held(book, change, signed_by))
    if len(held) != sum(len(each.keys) for each in change.people if each.active):
        raise ValueError("one key is said to be of two people, or is named twice")
    gone = {keyid: each.person for keyid, each in book.held.items() if keyid not in held}
    still = {keyid: name for keyid, name in book.gone.items() if keyid not in held}
    return KeyBook(
        entry=change.entry,
        people={each.name: each for each in change.people},
        held=held,
        servers={each.keyid: each for each in change.servers},
        gone={**still, **gone},
    )


def _held(book: KeyBook, change: KeyChange, signed_by: str) -> Iterator[tuple[str, HeldKey]]:
    had = {each.person for each in book.held.values()} | set(book.gone.values())
    for person in change.people:
        for key in person.keys if person.active else ():
            keyid = keyid_of(key)
            known = book.held.get(keyid)
            if known is not None and known.person == person.name and known.key == key:
                yield keyid, known
            else:
                vouched = _vouched(book, change, person.name, had=had, signed_by=signed_by)
                yield keyid, HeldKey(key, person.name, vouched)


def _vouched(
    book: KeyBook, change: KeyChange, name: str, *, had: set[str], signed_by: str
) -> Vouch:
    if not book.entry:
        return Vouch.ROOT
    if signed_by and (signed_by == name or book.is_admin(signed_by)):
        return Vouch.SIGNED
    if name in had or change.is_recovery:
        return Vouch.SERVER
    return Vouch.FIRST
