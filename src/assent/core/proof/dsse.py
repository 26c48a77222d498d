"""DSSE envelopes (https://github.com/secure-systems-lab/dsse): a payload and who signed it.

    {"payload": base64, "payloadType": "application/vnd.in-toto+json",
     "signatures": [{"keyid": …, "sig": base64, "kind": …, …}]}

Signed is the pre-authentication encoding, `pae`. Beside DSSE's own fields a signature has `kind`:
`sshsig` (`sig` is the blob between the armour's lines), `webauthn` (`sig` is the assertion's
signature, with `clientDataJSON` and `authenticatorData`; the challenge is the SHA-256 of `pae`) or
`server` (`sig` is plain Ed25519: the server says that the person said so).
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from assent.core.canonical import Digest, Json, canonical, digest_of

PAYLOAD_TYPE = "application/vnd.in-toto+json"
NAMESPACE = "assent.decision.v1"
"""Of SSH signatures: one made for anything else does not count here."""


class SignatureKind(StrEnum):
    SSHSIG = "sshsig"
    WEBAUTHN = "webauthn"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Signature:
    kind: SignatureKind
    keyid: str
    """SSH keys and the server's: `SHA256:…`; passkeys: the credential's id."""
    sig: bytes
    client_data: bytes = b""
    authenticator_data: bytes = b""


@dataclass(frozen=True, slots=True)
class Envelope:
    payload: bytes
    """Canonical JSON of a statement, byte for byte as it was signed."""
    signatures: tuple[Signature, ...]


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def challenge_of(payload: bytes) -> bytes:
    """What a passkey signs as its challenge: 32 bytes."""
    return hashlib.sha256(pae(payload)).digest()


def envelope_bytes(envelope: Envelope) -> bytes:
    """Canonical JSON; `read_envelope` is its inverse."""
    signatures: list[Json] = [_signature(each) for each in envelope.signatures]
    return canonical(
        {
            "payload": _text(envelope.payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": signatures,
        }
    )


def envelope_digest(data: bytes) -> Digest:
    """What an envelope is named by: the digest of its payload, whoever signed it how."""
    return digest_of(read_envelope(data).payload)


def read_envelope(data: bytes) -> Envelope:
    """Raises ValueError when `data` is not an envelope of statements."""
    try:
        fields = json.loads(data)
        if fields["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"payload of another type: {fields['payloadType']}")
        return Envelope(
            payload=_bytes(fields["payload"]),
            signatures=tuple(_read_signature(each) for each in fields["signatures"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not an envelope: {error!r}") from error


def _signature(signature: Signature) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "kind": signature.kind.value,
        "keyid": signature.keyid,
        "sig": _text(signature.sig),
    }
    if signature.kind is SignatureKind.WEBAUTHN:
        fields["clientDataJSON"] = _text(signature.client_data)
        fields["authenticatorData"] = _text(signature.authenticator_data)
    return fields


def _read_signature(fields: Mapping[str, object]) -> Signature:
    return Signature(
        kind=SignatureKind(str(fields["kind"])),
        keyid=str(fields["keyid"]),
        sig=_bytes(fields["sig"]),
        client_data=_bytes(fields.get("clientDataJSON", "")),
        authenticator_data=_bytes(fields.get("authenticatorData", "")),
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("expected text")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if _text(data) != text:
        raise ValueError("base64 in another form than the canonical one")
    return data
