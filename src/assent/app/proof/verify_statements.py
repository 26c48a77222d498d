"""The ledger against the signed statements of its decisions.

Whoever can write the database can write the ledger's chains anew, too. They cannot sign anew: an
entry that says otherwise than its statement, or has none any more, shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assent.app.people.records import STREAM as PEOPLE
from assent.app.ports import View
from assent.app.proof.ports import Signatures
from assent.app.proof.signing import keys_of, said_by_server
from assent.app.records import body_of
from assent.core.canonical import Digest, Json, digest_of
from assent.core.ledger import Break
from assent.core.proof.decisions import Claim, claim_of
from assent.core.proof.dsse import Envelope, SignatureKind, read_envelope
from assent.core.proof.keys import ServerPublicKey, Unproven, keyid_of

DECIDED = ("decided", "accepted", "returned")
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class _Known:
    """What statements are held against."""

    signatures: Signatures
    server: ServerPublicKey | None
    checkpoints: frozenset[str]
    registered: Mapping[str, frozenset[str]]
    """Ids of the keys that people ever had, by their name."""


def check_statements(
    view: View, *, signatures: Signatures, server: ServerPublicKey | None
) -> Iterator[Break]:
    """Every decision whose statement is gone, was changed, or says otherwise.

    `server` is the public key of this Assent; None: its signatures are not checked. Of people the
    keys that they have now are used; a statement by a key that was removed since is only compared.
    """
    checkpoints = frozenset(each.hash for each in view.checkpoints())
    known = _Known(signatures, server, checkpoints, _registered(view))
    began = False
    for entry in view.recorded(DECIDED, since=0, until=FOREVER):
        body = body_of(entry)
        digest = body.get("statement") or body.get("envelope")
        where = f"{entry.stream}#{entry.seq}"
        if isinstance(digest, str) and digest:
            began = True
            yield from (Break(where, what) for what in _faults(view, known, body, Digest(digest)))
        elif began and body.get("kind") == "decided":
            yield Break(where, "has no signed statement, and decisions before it have one")


def _registered(view: View) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in view.chain(PEOPLE):
        body = body_of(entry)
        name = str(body.get("person"))
        ids = [*_texts(body.get("keys")), *_texts(body.get("passkeys"))]
        found[name] = found.get(name, frozenset()).union(ids)
    return found


def _texts(value: Json) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _faults(view: View, known: _Known, body: Mapping[str, Json], digest: Digest) -> Iterator[str]:
    kept = view.envelope(digest)
    if kept is None:
        yield "its signed statement is gone"
        return
    try:
        envelope = read_envelope(kept)
        claim = claim_of(envelope.payload)
    except ValueError as error:
        yield f"its signed statement cannot be read: {error}"
        return
    if digest_of(envelope.payload) != digest:
        yield "its signed statement was replaced"
        return
    yield from _differences(body, claim)
    if claim.moment.checkpoint and claim.moment.checkpoint not in known.checkpoints:
        yield "its signer had seen a checkpoint that is gone: a tail was dropped"
    yield from _signature_faults(view, known, envelope, claim)


def _differences(body: Mapping[str, Json], claim: Claim) -> Iterator[str]:
    said = claim.predicate
    pairs = [("by", "by"), ("in_name_of", "inNameOf"), ("reason", "reason")]
    if body.get("kind") == "decided":
        pairs += [("verdict", "decision"), ("version", "version"), ("policy", "policy")]
        if said.get("request") != f"REQ-{body.get('request')}":
            yield "its signed statement is about another request"
    for recorded, signed in pairs:
        if (body.get(recorded) or "") != (said.get(signed) or ""):
            yield f"says otherwise than its signed statement: {recorded}"


def _signature_faults(view: View, known: _Known, envelope: Envelope, claim: Claim) -> Iterator[str]:
    by_server = any(each.kind is SignatureKind.SERVER for each in envelope.signatures)
    if by_server and known.server is not None:
        if not said_by_server(known.signatures, envelope, [known.server]):
            yield "its statement is not signed by this server"
        return
    person = view.person(claim.by)
    keys = {} if person is None else {keyid_of(key): key for key in keys_of(person)}
    for signature in envelope.signatures:
        if signature.keyid not in known.registered.get(claim.by, ()):
            yield "its statement is signed with a key that was never theirs"
            continue
        key = keys.get(signature.keyid)
        found = None if key is None else known.signatures.check(signature, envelope.payload, key)
        if isinstance(found, Unproven):
            yield f"the signature under its statement does not fit: {found.why}"
    if not envelope.signatures:
        yield "nobody signed its statement"
