"""What belongs into a repository's log of decisions is noted by the transaction that decides it.

A worker appends it afterwards (see `log`): nobody waits for git to decide, and a kill in between
loses nothing. A place is a repository's common git folder or a work tree; one without git has no
such log, and the ledger has it all. A row of the outbox says what to append, in order:

    {"steps": [{"keys": {"people", "change", "at"}, "first": true},
               {"entry": …, "evidence": [], "policy": …, "first": true},
               {"entry": …, "evidence": […], "policy": …}]}

`entry` is an envelope; bytes are base64. A `first` step is left out where the log has its like. The
worker signs with the server's key, and adds that key to what the keys say.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.app.ports import Ids, Outgoing, PolicyVersion, Tx, View
from assent.core.canonical import Digest, Json, canonical, digest_of, digest_text
from assent.core.people.model import Person
from assent.core.proof.dsse import Envelope, envelope_bytes, read_envelope
from assent.core.proof.evidence import Piece
from assent.core.proof.statement import POLICY, Statement, Subject, statement_bytes

KIND = "log"
PLACES = "decision-log"
"""The ledger's stream that names the places with a log of decisions."""
BEGUN: Mapping[str, Json] = {"what": "begun", "who": "", "by": "", "factor": ""}
Step = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class KeysStep:
    """Who may decide from now on; without the server's key and the entry before it."""

    predicate: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class EntryStep:
    """A statement to append."""

    envelope: Envelope
    evidence: tuple[bytes, ...]
    policy: bytes | None
    is_first: bool
    """Whether it only says what held when the log was begun."""


def record_entry(
    tx: Tx,
    place: str,
    entry: Envelope | bytes,
    *,
    ids: Ids,
    now: int,
    evidence: Iterable[Piece] = (),
) -> None:
    """Have a statement appended to the log of `place`, once.

    `entry` is a person's envelope, or the payload of what only the server says. `evidence` is what
    the statement names; see `core.proof.evidence`.
    """
    envelope = entry if isinstance(entry, Envelope) else Envelope(entry, ())
    first = _first(tx, place, now=now, with_policy=True)
    step = _entry(envelope, evidence=[each.text for each in evidence])
    _put(tx, place, digest_of(envelope.payload), [*first, step], ids=ids, now=now)


def keys_changed(
    tx: Tx, *, ids: Ids, now: int, what: str, who: str, by: str, factor: str = ""
) -> None:
    """Have every log say who may decide from now on, with which keys.

    Call it in the transaction that saved the people. `what` was changed (`added`, `key-added`,
    `key-removed`, `disabled`, `recovery`), `who` is the person changed, `by` the person who did
    it, and `factor` how that one was known.
    """
    change: dict[str, Json] = {"what": what, "who": who, "by": by, "factor": factor}
    step = _keys(tx.people(), change=change, at=now)
    name = digest_of(canonical(step))
    for place in known_places(tx):
        _put(tx, place, name, [step], ids=ids, now=now)


def policy_accepted(
    tx: Tx,
    version: PolicyVersion,
    *,
    before: Digest,
    ids: Ids,
    request: int | None = None,
    subject: Digest | None = None,
) -> None:
    """Have the log of the workspace say which policy is in force from now on, and hold its bytes.

    `request` is what it was accepted by, and `subject` the digest of the accepted action; neither
    for a first policy, which whoever sets up Assent puts in force.
    """
    payload = policy_statement(version, before=before, request=request, subject=subject)
    first = _first(tx, version.workspace, now=version.at, with_policy=False)
    step = _entry(Envelope(payload, ()), policy=version.text)
    _put(tx, version.workspace, digest_of(payload), [*first, step], ids=ids, now=version.at)


def policy_statement(
    version: PolicyVersion,
    *,
    before: str = "",
    request: int | None = None,
    subject: Digest | None = None,
) -> bytes:
    """The payload of a `POLICY` statement."""
    fields: dict[str, Json] = {
        "policy": version.digest,
        "before": before,
        "by": version.accepted_by,
        "at": version.at,
    }
    if request is not None:
        fields["request"] = f"REQ-{request}"
    if subject is not None:
        fields["action"] = subject
    digest = {"sha256": version.digest.removeprefix("sha256:")}
    return statement_bytes(Statement(POLICY, (Subject("policy", digest),), fields))


def known_places(tx: View) -> tuple[str, ...]:
    """Where a log of decisions was begun."""
    return tuple(str(json.loads(entry.body)["place"]) for entry in tx.chain(PLACES))


def read_steps(body: bytes) -> tuple[KeysStep | EntryStep, ...]:
    """What a row of the outbox asks to append. Raises ValueError when it asks nothing readable."""
    try:
        return tuple(_read(step) for step in json.loads(body)["steps"])
    except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise ValueError(f"not a row of the log: {error!r}") from error


def _read(step: Step) -> KeysStep | EntryStep:
    keys = step.get("keys")
    if isinstance(keys, Mapping):
        return KeysStep(keys)
    evidence, policy = step.get("evidence", []), step.get("policy")
    if not isinstance(evidence, Sequence):
        raise TypeError("evidence is no list")
    return EntryStep(
        envelope=read_envelope(_bytes(step["entry"])),
        evidence=tuple(_bytes(each) for each in evidence),
        policy=None if policy is None else _bytes(policy),
        is_first=step.get("first") is True,
    )


def _first(tx: Tx, place: str, *, now: int, with_policy: bool) -> list[Json]:
    """What held when the log of `place` is begun; nothing once it was."""
    if place in known_places(tx):
        return []
    tx.append(PLACES, "log-begun", at=now, fields={"place": place})
    found: list[Json] = [_keys(tx.people(), change=BEGUN, at=now)]
    accepted = tx.policy_in_force(place.removesuffix("/.git"))
    if accepted is not None and with_policy:
        said = Envelope(policy_statement(accepted), ())
        found.append(_entry(said, policy=accepted.text) | {"first": True})
    return found


def _entry(
    envelope: Envelope, *, evidence: Sequence[bytes] = (), policy: bytes | None = None
) -> dict[str, Json]:
    step: dict[str, Json] = {
        "entry": _text(envelope_bytes(envelope)),
        "evidence": [_text(each) for each in evidence],
    }
    return step if policy is None else {**step, "policy": _text(policy)}


def _keys(people: Iterable[Person], *, change: Mapping[str, Json], at: int) -> dict[str, Json]:
    return {"keys": keys_predicate(people, change=change, at=at)}


def keys_predicate(
    people: Iterable[Person], *, change: Mapping[str, Json], at: int
) -> dict[str, Json]:
    """What an entry of keys says, without the server's key and the entry before it."""
    known: list[Json] = [_person(each) for each in sorted(people, key=lambda each: each.name)]
    return {"people": known, "change": change, "at": at}


def _person(person: Person) -> dict[str, Json]:
    passkeys: list[Json] = [
        {"id": each.id, "publicKey": each.public_key, "rpId": each.rp_id}
        for each in person.passkeys
    ]
    keys: list[Json] = [{"kind": each.kind, "blob": each.blob} for each in person.keys]
    return {
        "name": person.name,
        "fullName": person.full_name,
        "roles": list(person.roles),
        "aliases": list(person.aliases),
        "active": person.active,
        "passkeys": passkeys,
        "keys": keys,
    }


def _put(tx: Tx, place: str, name: Digest, steps: Sequence[Json], *, ids: Ids, now: int) -> None:
    tx.add_outgoing(
        Outgoing(
            id=ids.new(),
            kind=KIND,
            dedup=f"log/{digest_text(place)[7:23]}/{name}",
            place=place,
            body=canonical({"steps": steps}),
            created_at=now,
            run_at=now,
        )
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("expected text")
    return base64.b64decode(text, validate=True)
