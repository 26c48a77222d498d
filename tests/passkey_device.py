"""A device with passkeys that answers as browsers write it, without a browser: for tests."""

import hashlib
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

from assent.core.proof.webauthn import to_base64url
from tests.signing import PasskeySigner

VERIFIED = 0x05
"""Flags: somebody is there, and the device knows who."""
NEW = 0x40
"""Flag: a passkey was made."""


@dataclass
class Device:
    """One passkey. `flags`, `origin` and `rp_id` are what the device and the browser say."""

    origin: str = "http://localhost:7422"
    rp_id: str = "localhost"
    flags: int = VERIFIED
    count: int = 1
    algorithm: str = "ES256"
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signer: PasskeySigner = field(init=False)

    def __post_init__(self) -> None:
        self.signer = PasskeySigner(self.algorithm, credential=self.credential)

    @property
    def id(self) -> str:
        return to_base64url(self.credential)

    def register(self, options: Mapping[str, Any], **client: object) -> str:
        """What `navigator.credentials.create` gives."""
        made = struct.pack(">H", len(self.credential)) + self.credential + self._key()
        data = self._data(self.flags | NEW) + bytes(16) + made
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        seen = self._client("webauthn.create", options, client)
        return self._answer({"attestationObject": to_base64url(attestation)}, seen)

    def use(self, options: Mapping[str, Any], **client: object) -> str:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        data, seen = self._data(self.flags), self._client("webauthn.get", options, client)
        made = self._sign(data + hashlib.sha256(seen).digest())
        response = {"authenticatorData": to_base64url(data), "signature": to_base64url(made)}
        return self._answer({**response, "userHandle": None}, seen)

    def _key(self) -> bytes:
        return self.signer.cose_key

    def _sign(self, data: bytes) -> bytes:
        if self.algorithm == "ES256":
            return bytes(self.signer.secret.sign(data, ec.ECDSA(hashes.SHA256())))
        return bytes(self.signer.secret.sign(data))

    def _data(self, flags: int) -> bytes:
        place = hashlib.sha256(self.rp_id.encode()).digest()
        return place + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, options: Mapping[str, Any], more: Mapping[str, object]) -> bytes:
        fields = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps({**fields, **more}).encode()

    def _answer(self, response: Mapping[str, object], seen: bytes) -> str:
        return json.dumps(
            {
                "id": self.id,
                "rawId": self.id,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {"clientDataJSON": to_base64url(seen), **response},
            }
        )
