"""Signed statements as they come in: who says them, whether they may, and keeping them.

A statement counts when a key of the active person whom it names signed it, it is fresh, it says
byte for byte what is being decided, and it was never used. Whatever is wrong is an `Unproven`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx, View
from assent.app.proof.ports import ProofPorts, Signatures
from assent.core.canonical import Digest, digest_of
from assent.core.people.model import Factor, Passkey, Person, SshKey
from assent.core.proof.decisions import Moment, claim_of, too_old
from assent.core.proof.dsse import (
    Envelope,
    SignatureKind,
    envelope_bytes,
    read_envelope,
)
from assent.core.proof.keys import ServerPublicKey, Unproven, keyid_of
from assent.core.proof.statement import Statement, statement_bytes

MANY = 8
"""Signatures of one envelope that are looked at: nobody needs more."""
ENVELOPE_LIMIT = 256 * 1024
"""Bytes of an envelope."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A statement that a person signed, not yet compared with what is being decided."""

    person: Person
    factor: Factor
    kind: str
    """The type of its predicate."""
    via: str
    moment: Moment
    payload: bytes
    body: bytes
    """The envelope in its canonical form."""

    @property
    def digest(self) -> Digest:
        """What the envelope is named by."""
        return digest_of(self.payload)


def listen(gate: Gatehouse, envelope: bytes, *, caller: str, via: str) -> Spoken | Unproven:
    """Who speaks in `envelope`, and how that is known.

    `caller` and `via` are who brought it, and where: over the command line's token (`cli`) anybody
    may bring their own word; elsewhere only whoever is logged in. Signatures of the server that
    lie beside a person's are dropped: the server makes its own.
    """
    proof = gate.proof
    if proof is None:
        return Unproven("signatures cannot be checked here")
    if len(envelope) > ENVELOPE_LIMIT:
        return Unproven("what was signed is too long")
    try:
        read = read_envelope(envelope)
        claim = claim_of(read.payload)
    except ValueError as error:
        return Unproven(f"what was signed cannot be read: {error}")
    if via != "cli" and claim.by != caller:
        return Unproven(f"{claim.by} signed this, and {caller} is logged in")
    if claim.via != via:
        return Unproven(f"it was signed to be said by {claim.via or 'nothing'}, not by {via}")
    stale = too_old(claim.moment, now=gate.clock.now())
    if stale is not None:
        return stale
    person = gate.store.read(lambda view: view.person(claim.by))
    if person is None or not person.active:
        return Unproven(f"{claim.by} is nobody who may decide here")
    factor = factor_of(proof.signatures, read, keys_of(person))
    if isinstance(factor, Unproven):
        return factor
    return Spoken(
        person=person,
        factor=factor,
        kind=claim.kind,
        via=claim.via,
        moment=claim.moment,
        payload=read.payload,
        body=envelope_bytes(_by_people(read)),
    )


def keys_of(person: Person) -> tuple[Passkey | SshKey, ...]:
    """All that a person may sign with."""
    return (*person.passkeys, *person.keys)


def factor_of(
    signatures: Signatures, envelope: Envelope, keys: Iterable[Passkey | SshKey]
) -> Factor | Unproven:
    """The strongest factor by which one of `keys` signed. All signatures of people have to fit.

    Usable offline: `keys` are all that is known of the person.
    """
    known = {keyid_of(key): key for key in keys}
    mine = _by_people(envelope).signatures
    if not mine or len(envelope.signatures) > MANY:
        return Unproven("nobody signed it" if not mine else "too many signed it")
    best: Factor | None = None
    for signature in mine:
        key = known.get(signature.keyid)
        if key is None:
            return Unproven("the key that signed it is none of theirs")
        found = signatures.check(signature, envelope.payload, key)
        if isinstance(found, Unproven):
            return found
        best = found if best is None else _stronger(best, found)
    return Unproven("nobody signed it") if best is None else best


def _stronger(one: Factor, other: Factor) -> Factor:
    return max(one, other, key=tuple(Factor).index)


def said_by_server(
    signatures: Signatures, envelope: Envelope, keys: Iterable[ServerPublicKey]
) -> bool:
    """Whether one of `keys` signed for the server. Usable offline."""
    known = {key.keyid: key for key in keys}
    return any(
        each.kind is SignatureKind.SERVER
        and each.keyid in known
        and signatures.check(each, envelope.payload, known[each.keyid]) is Factor.NONE
        for each in envelope.signatures[:MANY]
    )


def _by_people(envelope: Envelope) -> Envelope:
    mine = (each for each in envelope.signatures if each.kind is not SignatureKind.SERVER)
    return replace(envelope, signatures=tuple(mine))


def says(spoken: Spoken, statement: Statement) -> Unproven | None:
    """Why what was signed is not `statement`, which was built anew from what is stored; or None."""
    if spoken.payload == statement_bytes(statement):
        return None
    if spoken.kind != statement.kind:
        return Unproven("something of another kind was signed")
    return Unproven(_difference(spoken.payload, statement))


def _difference(payload: bytes, statement: Statement) -> str:
    signed, now = claim_of(payload).predicate, statement.predicate
    names = sorted(name for name in {*signed, *now} if signed.get(name) != now.get(name))
    if not names:
        return "what was signed is about another action"
    of = ", ".join(names)
    return f"what was signed says otherwise than what is being decided: {of}"


def within_seen(spoken: Spoken, *, shown_ms: int, read: bool) -> Unproven | None:
    """Nobody looked longer than the page saw them look, which is what `shown_ms` and `read` say."""
    signed = spoken.moment
    if signed.shown_ms > shown_ms or (signed.read and not read):
        return Unproven("what was signed says more of how it was looked at than is known")
    return None


def keep(tx: Tx, spoken: Spoken, *, about: str, at: int) -> Digest:
    """Use the statement up, in the transaction that acts on it: its digest.

    Raises ConflictError when it was used before.
    """
    tx.add_envelope(spoken.digest, spoken.body, about=about, at=at)
    return spoken.digest


def still_theirs(view: View, proof: ProofPorts, spoken: Spoken) -> Unproven | None:
    """Why the person's keys, as they are now, no longer carry what was heard; or None."""
    person = view.person(spoken.person.name)
    if person is None or not person.active:
        return Unproven(f"{spoken.person.name} is nobody who may decide here")
    if person.version == spoken.person.version:
        return None
    found = factor_of(proof.signatures, read_envelope(spoken.body), keys_of(person))
    return found if isinstance(found, Unproven) else None


def attest(proof: ProofPorts, statement: Statement) -> tuple[Digest, bytes]:
    """An envelope in which the server alone says `statement`: its digest and its bytes.

    Raises UnavailableError when the server's key cannot be read.
    """
    payload = statement_bytes(statement)
    envelope = Envelope(payload, (proof.server.sign(payload),))
    return digest_of(payload), envelope_bytes(envelope)
