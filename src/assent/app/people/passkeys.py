"""Passkeys: registering one, logging in with it, taking it away.

The ceremonies themselves (WebAuthn Level 3, 7.1 and 7.2) are a port. What is decided here: whose a
passkey is, who may add or take one away, and that every challenge is answered once, soon, and for
what it was given out for.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import keep_person, note
from assent.app.people.rules import Speaker, need_factor, speaking
from assent.app.ports import Tx, View, WebSession
from assent.core.canonical import Json
from assent.core.people.model import Factor, Passkey, Person
from assent.core.proof.webauthn import from_base64url, read_cose_key
from assent.errors import ForbiddenError, NotFoundError, UsageError

WEB = "web"
CHALLENGE_LIFETIME = 5 * 60_000
OPEN_CHALLENGES = 4_096
"""Given out and not answered; the oldest make room, since anybody may ask for one."""
PASSKEYS = 20
"""Of one person."""
LABEL = 60
"""Characters."""


@dataclass(frozen=True, slots=True)
class Party:
    """To whom a browser shows a passkey: the page it has open."""

    rp_id: str
    """The host name."""
    origin: str
    """`http://localhost:7422`."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a device made for us."""

    id: str
    """Of the credential, base64url without padding."""
    public_key: str
    """COSE key, base64url without padding."""
    sign_count: int


class Ceremonies(Protocol):
    """What browsers and devices say to each other and to us. Answers are JSON as browsers write
    them; each method that reads one raises UsageError for an answer that is not right."""

    def challenge(self) -> bytes:
        """Bytes that nobody can guess."""
        ...

    def challenge_in(self, answer: str) -> bytes:
        """Which challenge it answers, whether or not rightly."""
        ...

    def credential_in(self, answer: str) -> str:
        """The id of the passkey that it says it is by."""
        ...

    def to_register(self, party: Party, person: Person, challenge: bytes) -> Mapping[str, Json]:
        """What `navigator.credentials.create` is called with, as JSON."""
        ...

    def registered(self, answer: str, party: Party, challenge: bytes) -> Registered:
        """The passkey in a right answer, made with the person verified."""
        ...

    def to_use(
        self, party: Party, challenge: bytes, *, ids: Sequence[str] = ()
    ) -> Mapping[str, Json]:
        """What `navigator.credentials.get` is called with; without `ids` the person chooses."""
        ...

    def used(self, answer: str, party: Party, challenge: bytes, *, passkey: Passkey) -> int:
        """The device's count in a right answer by `passkey`, made with the person verified."""
        ...


class Purpose(StrEnum):
    REGISTER = "register"
    LOG_IN = "log-in"
    PROVE = "prove"
    """That the person is there, for something that adds a key."""


_SAID = {Purpose.LOG_IN: "logged-in", Purpose.PROVE: "proved"}


@dataclass(frozen=True, slots=True)
class _Open:
    purpose: Purpose
    holder: str
    until: int


class Challenges:
    """Those that were given out and not answered yet. Only of this process: a ceremony is short."""

    def __init__(self) -> None:
        self._open: dict[bytes, _Open] = {}

    def add(self, challenge: bytes, purpose: Purpose, holder: str, *, now: int) -> None:
        """`holder` is the session that may answer it; empty: whoever holds none."""
        while len(self._open) >= OPEN_CHALLENGES:
            self._open.pop(next(iter(self._open)))
        self._open[challenge] = _Open(purpose, holder, now + CHALLENGE_LIFETIME)

    def take(self, challenge: bytes, purpose: Purpose, holder: str, *, now: int) -> bool:
        """Whether it may be answered; it cannot be answered again, also if it may not."""
        found = self._open.pop(challenge, None)
        return (
            found is not None
            and (found.purpose, found.holder) == (purpose, holder)
            and now < found.until
        )


@dataclass(frozen=True, slots=True)
class PasskeyPorts:
    """What passkeys need in one running Assent."""

    ceremonies: Ceremonies
    challenges: Challenges = field(default_factory=Challenges)


class ProofWanted(ForbiddenError):
    """The same again, with a passkey used for it."""

    code = "proof-wanted"
    http_status = 428

    def __init__(self) -> None:
        super().__init__(
            "Changing who may decide, or with what, takes one of your passkeys, used for it.",
            hint="Do it on the page, with JavaScript, where the browser asks for it.",
        )


STALE = "That took longer than five minutes, or it was answered already."


async def begin_registration(
    gate: Gatehouse, ports: PasskeyPorts, party: Party, session: WebSession, *, proof: str = ""
) -> Mapping[str, Json]:
    """What the browser of `session` makes a passkey with; a further one after a `proof` with one
    that is there. Raises ForbiddenError."""
    await check_proof(gate, ports, party, session, proof=proof)
    person = gate.store.read(lambda view: owner_of(view, session))
    challenge = ports.ceremonies.challenge()
    ports.challenges.add(challenge, Purpose.REGISTER, session.token_hash, now=gate.clock.now())
    return await asyncio.to_thread(ports.ceremonies.to_register, party, person, challenge)


async def finish_registration(
    gate: Gatehouse,
    ports: PasskeyPorts,
    party: Party,
    session: WebSession,
    *,
    answer: str,
    label: str,
) -> Passkey:
    """Keep the passkey that the browser of `session` made.

    Raises ForbiddenError when the session may not add one, UsageError for a wrong answer.
    """
    now = gate.clock.now()
    challenge = ports.ceremonies.challenge_in(answer)
    if not ports.challenges.take(challenge, Purpose.REGISTER, session.token_hash, now=now):
        raise UsageError(STALE, hint="Begin again.")
    found = await asyncio.to_thread(ports.ceremonies.registered, answer, party, challenge)
    _demand_known_kind(found)
    made = Passkey(
        id=found.id,
        public_key=found.public_key,
        label=label_of(label),
        added_at=now,
        sign_count=found.sign_count,
        rp_id=party.rp_id,
    )

    def work(tx: Tx) -> Passkey:
        person = owner_of(tx, session)
        if holder_of(tx, made.id) is not None:
            raise UsageError("This passkey is registered already.", hint="Choose another device.")
        if len(person.passkeys) >= PASSKEYS:
            raise UsageError(f"{PASSKEYS} passkeys are enough.", hint="Remove one first.")
        passkeys = (*person.passkeys, made)
        after = replace(person, passkeys=passkeys, version=person.version + 1)
        fields: dict[str, Json] = {
            "passkey": made.id,
            "public_key": made.public_key,
            "label": made.label,
            "rp_id": made.rp_id,
        }
        keep_person(
            tx, after, "passkey-added", by=_speaker(session), at=now, ids=gate.ids, fields=fields
        )
        tx.seal(now)
        return made

    return await gate.store.write(work, durable=True)


async def remove_passkey(gate: Gatehouse, session: WebSession, passkey_id: str) -> Person:
    """Take a passkey away; every other browser of the person is logged out.

    Raises ForbiddenError when the session may not, or when it is the last thing to sign with.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Person:
        person = owner_of(tx, session)
        kept = tuple(each for each in person.passkeys if each.id != passkey_id)
        if len(kept) == len(person.passkeys):
            raise NotFoundError("There is no such passkey.", hint="Load the page again.")
        if not kept and not person.keys:
            raise ForbiddenError(
                "This is the last one that you can decide with.",
                hint="Register another one first, or let an administrator run "
                f"`assent people recover {person.name}`.",
            )
        gone = next(each for each in person.passkeys if each.id == passkey_id)
        after = replace(person, passkeys=kept, version=person.version + 1)
        fields: dict[str, Json] = {"passkey": gone.id, "label": gone.label}
        keep_person(
            tx, after, "passkey-removed", by=_speaker(session), at=now, ids=gate.ids, fields=fields
        )
        # Somebody who found that device may have logged in with it.
        tx.drop_web_sessions(person.name)
        tx.add_web_session(session)
        tx.seal(now)
        return after

    return await gate.store.write(work, durable=True)


async def begin_login(gate: Gatehouse, ports: PasskeyPorts, party: Party) -> Mapping[str, Json]:
    """What a browser that nobody is logged in with asks its passkeys."""
    challenge = ports.ceremonies.challenge()
    ports.challenges.add(challenge, Purpose.LOG_IN, "", now=gate.clock.now())
    return await asyncio.to_thread(ports.ceremonies.to_use, party, challenge)


async def finish_login(gate: Gatehouse, ports: PasskeyPorts, party: Party, answer: str) -> Person:
    """Whose passkey answered. Raises ForbiddenError when nobody's did rightly."""
    return await _used(gate, ports, party, answer, holder="", purpose=Purpose.LOG_IN)


async def begin_proof(
    gate: Gatehouse, ports: PasskeyPorts, party: Party, session: WebSession
) -> Mapping[str, Json]:
    """What the browser of `session` asks its passkeys, to show that its person is there now."""
    person = gate.store.read(lambda view: owner_of(view, session))
    ids = [each.id for each in person.passkeys if each.rp_id == party.rp_id]
    challenge = ports.ceremonies.challenge()
    ports.challenges.add(challenge, Purpose.PROVE, session.token_hash, now=gate.clock.now())
    return await asyncio.to_thread(ports.ceremonies.to_use, party, challenge, ids=ids)


async def check_proof(
    gate: Gatehouse, ports: PasskeyPorts, party: Party, session: WebSession, *, proof: str
) -> None:
    """What adds a key wants a passkey used for it: whoever copied the cookie has none.

    Nothing is wanted of whoever has nothing to decide with yet. Raises ForbiddenError, UsageError.
    """
    person = gate.store.read(lambda view: owner_of(view, session))
    if not person.has_factor:
        return
    if not proof:
        raise ProofWanted
    holder = session.token_hash
    used = await _used(gate, ports, party, proof, holder=holder, purpose=Purpose.PROVE)
    if used.name != person.name:
        raise ForbiddenError(
            f"This passkey is {used.name}'s, and {person.name} is logged in.",
            hint="Use one of your own.",
        )


async def _used(
    gate: Gatehouse,
    ports: PasskeyPorts,
    party: Party,
    answer: str,
    *,
    holder: str,
    purpose: Purpose,
) -> Person:
    """Whose passkey answered a challenge that was given to `holder` for `purpose`."""
    now = gate.clock.now()
    challenge = ports.ceremonies.challenge_in(answer)
    if not ports.challenges.take(challenge, purpose, holder, now=now):
        raise ForbiddenError(STALE, hint="Try again.")
    passkey_id = ports.ceremonies.credential_in(answer)
    _, passkey = gate.store.read(lambda view: _known(view, passkey_id))
    try:
        count = await asyncio.to_thread(
            ports.ceremonies.used, answer, party, challenge, passkey=passkey
        )
    except UsageError as error:
        raise ForbiddenError(error.message, hint=error.hint) from error
    what = _SAID[purpose]
    known = await gate.store.write(
        lambda tx: _counted_use(tx, gate, passkey_id, count, what=what), durable=True
    )
    if known is None:
        raise ForbiddenError(
            f"The passkey “{passkey.label}” counts backwards, so there is a copy of it somewhere. "
            "It was not taken, and this is recorded.",
            hint="Log in with another one and remove it, or let an administrator run "
            "`assent people recover`.",
        )
    return known


def _counted_use(
    tx: Tx, gate: Gatehouse, passkey_id: str, count: int, *, what: str
) -> Person | None:
    """Record the use of a passkey and its count; None, and recorded, where it went backwards."""
    now = gate.clock.now()
    person, passkey = _known(tx, passkey_id)
    by = Speaker(person.name, WEB, Factor.PASSKEY)
    before = passkey.sign_count
    fields: dict[str, Json] = {"passkey": passkey.id, "count": count, "count_before": before}
    if not is_ahead(count, before):
        # Two devices have the same key: one of them is a copy.
        note(tx, person.name, "passkey-refused", by=by, at=now, fields=fields)
        return None
    if count == before:
        note(tx, person.name, what, by=by, at=now, fields=fields)
        return person
    after = counted(person, passkey_id, count)
    return keep_person(tx, after, what, by=by, at=now, ids=gate.ids, fields=fields)


def is_ahead(count: int, before: int) -> bool:
    """Whether a device's count fits after `before`. Passkeys that are synchronised stay at 0."""
    return count > before or count == before == 0


def counted(person: Person, passkey_id: str, count: int) -> Person:
    """The person's next version, with the count of a passkey moved on."""
    passkeys = tuple(
        replace(each, sign_count=count) if each.id == passkey_id else each
        for each in person.passkeys
    )
    return replace(person, passkeys=passkeys, version=person.version + 1)


def owner_of(view: View, session: WebSession) -> Person:
    """Who may change with what `session`'s person decides. Raises ForbiddenError."""
    by = _speaker(session)
    person = speaking(view, by)
    need_factor(person, by)
    return person


def holder_of(view: View, passkey_id: str) -> Person | None:
    """Whose passkey it is."""
    for person in view.people():
        if any(each.id == passkey_id for each in person.passkeys):
            return person
    return None


def label_of(text: str) -> str:
    """What a person calls a passkey, on one line. Raises UsageError."""
    label = " ".join(text.split())
    if not label or len(label) > LABEL or not label.isprintable():
        raise UsageError(
            f"A passkey needs a name of at most {LABEL} characters.",
            hint="Name the device it is on, such as `laptop`.",
        )
    return label


def _known(view: View, passkey_id: str) -> tuple[Person, Passkey]:
    """Raises ForbiddenError."""
    person = holder_of(view, passkey_id)
    if person is None or not person.active:
        raise ForbiddenError(
            "This passkey is not known here.",
            hint="Choose another one, or log in by a link from `assent status --link`.",
        )
    return person, next(each for each in person.passkeys if each.id == passkey_id)


def _demand_known_kind(found: Registered) -> None:
    """Signed decisions are checked by ourselves, so only with keys that we can read."""
    try:
        read_cose_key(from_base64url(found.public_key))
    except ValueError as error:
        raise UsageError(
            "This device makes keys of a kind that Assent does not check.",
            hint="Choose another device.",
        ) from error


def _speaker(session: WebSession) -> Speaker:
    return Speaker(session.person, WEB, session.factor)
