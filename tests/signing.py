"""Keys and signatures as people's tools would make them, without those tools: for tests."""

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from assent.core.people.model import Passkey, Person, SshKey
from assent.core.proof.dsse import (
    NAMESPACE,
    Envelope,
    Signature,
    SignatureKind,
    challenge_of,
    envelope_bytes,
    pae,
)
from assent.core.proof.webauthn import to_base64url

TOUCHED = 0x01
APPLICATION = b"ssh:"
CURVES = {
    "nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "nistp521": (ec.SECP521R1(), hashes.SHA512()),
}


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def number(value: int) -> bytes:
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big"))


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class SshSigner:
    """One SSH key. With `touched` it is a security key, made here since no device is."""

    kind: str = "ssh-ed25519"
    algorithm: str = ""
    """RSA signs in two ways."""
    flags: int = TOUCHED
    counter: int = 7
    secret: Any = None

    def __post_init__(self) -> None:
        if self.secret is not None:
            return
        if "ed25519" in self.kind:
            self.secret = ed25519.Ed25519PrivateKey.generate()
        elif "ecdsa" in self.kind:
            self.secret = ec.generate_private_key(CURVES[self.curve][0])
        else:
            self.secret = _rsa()

    @property
    def is_device(self) -> bool:
        return self.kind.startswith("sk-")

    @property
    def curve(self) -> str:
        return self.kind.removeprefix("sk-").removeprefix("ecdsa-sha2-").partition("@")[0]

    @property
    def blob(self) -> bytes:
        public, end = self.secret.public_key(), text(APPLICATION) if self.is_device else b""
        if "ed25519" in self.kind:
            return text(self.kind.encode()) + text(public.public_bytes_raw()) + end
        if "ecdsa" in self.kind:
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return text(self.kind.encode()) + text(self.curve.encode()) + text(point) + end
        numbers = public.public_numbers()
        return text(b"ssh-rsa") + number(numbers.e) + number(numbers.n)

    @property
    def key(self) -> SshKey:
        kind = "ssh-rsa" if self.kind == "ssh-rsa" else self.kind
        return SshKey(kind, base64.b64encode(self.blob).decode(), "test", 0)

    def raw(self, data: bytes) -> bytes:
        if "ed25519" in self.kind:
            return bytes(self.secret.sign(data))
        if "ecdsa" in self.kind:
            made = self.secret.sign(data, ec.ECDSA(CURVES[self.curve][1]))
            r, s = decode_dss_signature(made)
            return number(r) + number(s)
        hashed = hashes.SHA512() if self.algorithm.endswith("512") else hashes.SHA256()
        return bytes(self.secret.sign(data, padding.PKCS1v15(), hashed))

    def sshsig(
        self, message: bytes, *, namespace: str = NAMESPACE, hashed: str = "sha512"
    ) -> bytes:
        """The blob that `ssh-keygen -Y sign` would make of `message`."""
        digest = hashlib.new(hashed, message).digest()
        to_sign = b"SSHSIG" + b"".join(
            map(text, (namespace.encode(), b"", hashed.encode(), digest))
        )
        end = b""
        if self.is_device:
            end = struct.pack(">BI", self.flags, self.counter)
            to_sign = hashlib.sha256(APPLICATION).digest() + end + hashlib.sha256(to_sign).digest()
        inner = text((self.algorithm or self.kind).encode()) + text(self.raw(to_sign)) + end
        outer = (self.blob, namespace.encode(), b"", hashed.encode(), inner)
        return b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(text, outer))

    def signature(self, payload: bytes, **how: Any) -> Signature:
        sig = self.sshsig(pae(payload), **how)
        return Signature(SignatureKind.SSHSIG, self.key.fingerprint, sig)

    def envelope(self, payload: bytes, **how: Any) -> bytes:
        return envelope_bytes(Envelope(payload, (self.signature(payload, **how),)))


def cbor_number(value: int) -> bytes:
    major, value = (0x20, -1 - value) if value < 0 else (0x00, value)
    if value < 24:
        return bytes([major | value])
    return bytes([major | 0x19]) + value.to_bytes(2, "big")


def cbor_bytes(data: bytes) -> bytes:
    if len(data) < 24:
        return bytes([0x40 | len(data)]) + data
    return (
        bytes([0x58, len(data)]) + data
        if len(data) < 256
        else b"\x59" + len(data).to_bytes(2, "big") + data
    )


def cose(fields: dict[int, int | bytes]) -> bytes:
    items = (
        cbor_number(name) + (cbor_number(value) if isinstance(value, int) else cbor_bytes(value))
        for name, value in fields.items()
    )
    return bytes([0xA0 | len(fields)]) + b"".join(items)


@dataclass
class PasskeySigner:
    """A software authenticator with one credential."""

    algorithm: str = "ES256"
    rp_id: str = "localhost"
    origin: str = "http://localhost:7422"
    flags: int = 0x05
    count: int = 3
    credential: bytes = b"credential-of-a-test"
    secret: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.secret is not None:
            return
        match self.algorithm:
            case "ES256":
                self.secret = ec.generate_private_key(ec.SECP256R1())
            case "EdDSA":
                self.secret = ed25519.Ed25519PrivateKey.generate()
            case _:
                self.secret = _rsa()

    @property
    def cose_key(self) -> bytes:
        public = self.secret.public_key()
        match self.algorithm:
            case "ES256":
                found = public.public_numbers()
                x, y = (value.to_bytes(32, "big") for value in (found.x, found.y))
                return cose({1: 2, 3: -7, -1: 1, -2: x, -3: y})
            case "EdDSA":
                return cose({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
            case _:
                found = public.public_numbers()
                return cose({1: 3, 3: -257, -1: found.n.to_bytes(256, "big"), -2: b"\x01\x00\x01"})

    @property
    def passkey(self) -> Passkey:
        return Passkey(
            id=to_base64url(self.credential),
            public_key=to_base64url(self.cose_key),
            label="test",
            added_at=0,
            rp_id=self.rp_id,
        )

    def authenticator_data(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(
            ">BI", self.flags, self.count
        )

    def client_data(self, **more: object) -> bytes:
        fields = {
            "type": "webauthn.get",
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps({**fields, **more}).encode()

    def signature(self, payload: bytes, **client: object) -> Signature:
        device = self.authenticator_data()
        seen = self.client_data(**{"challenge": to_base64url(challenge_of(payload)), **client})
        signed = device + hashlib.sha256(seen).digest()
        match self.algorithm:
            case "ES256":
                sig = self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))
            case "EdDSA":
                sig = self.secret.sign(signed)
            case _:
                sig = self.secret.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return Signature(
            SignatureKind.WEBAUTHN,
            self.passkey.id,
            sig,
            client_data=seen,
            authenticator_data=device,
        )

    def envelope(self, payload: bytes, **client: object) -> bytes:
        return envelope_bytes(Envelope(payload, (self.signature(payload, **client),)))


def person(name: str, *signers: SshSigner | PasskeySigner, **more: Any) -> Person:
    """Somebody with these keys."""
    return Person(
        name=name,
        added_at=0,
        added_by="test",
        passkeys=tuple(each.passkey for each in signers if isinstance(each, PasskeySigner)),
        keys=tuple(each.key for each in signers if isinstance(each, SshSigner)),
        **more,
    )
