"""Passkey assertions, read from bytes: client data, authenticator data, COSE keys.

Formats: W3C Web Authentication Level 3 (5.8.1, 6.1), RFC 9052 and 9053 (COSE keys), RFC 8949 (the
part of CBOR that these keys need).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from assent.core.proof.dsse import challenge_of
from assent.core.proof.sshsig import EcdsaKey, Ed25519Key, RsaKey

PRESENT = 0x01
"""Flag: somebody touched the device."""
VERIFIED = 0x04
"""Flag: the device knows who, by a PIN, a finger or a face."""
_ATTESTED, _EXTENSIONS = 0x40, 0x80
_HEAD = 37
"""Bytes of authenticator data before any extension."""
LOCAL = "localhost"
SIZE_LIMIT = 16 * 1024

CoseKey: TypeAlias = Ed25519Key | EcdsaKey | RsaKey


@dataclass(frozen=True, slots=True)
class ClientData:
    """What the browser says it was asked to sign, and by which page."""

    kind: str
    challenge: bytes
    origin: str
    is_cross_origin: bool


@dataclass(frozen=True, slots=True)
class AuthenticatorData:
    """What the device says."""

    rp_id_hash: bytes
    flags: int
    sign_count: int


def read_client_data(data: bytes) -> ClientData:
    """Raises ValueError when `data` is no client data."""
    try:
        fields = json.loads(_limited(data).decode())
        challenge, crossed = fields["challenge"], fields.get("crossOrigin", False)
        if not isinstance(crossed, bool):
            raise TypeError("crossOrigin is neither true nor false")
        return ClientData(
            kind=_text(fields["type"]),
            challenge=from_base64url(_text(challenge)),
            origin=_text(fields["origin"]),
            is_cross_origin=crossed,
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not the client data of a passkey") from error


def read_authenticator_data(data: bytes) -> AuthenticatorData:
    """Of an assertion. Raises ValueError for anything else, also for data of a registration."""
    if len(_limited(data)) < _HEAD:
        raise ValueError("authenticator data that is cut off")
    flags = data[32]
    if flags & _ATTESTED:
        raise ValueError("authenticator data of a registration")
    if bool(flags & _EXTENSIONS) is (len(data) == _HEAD):
        raise ValueError("authenticator data whose extensions are not as it says")
    return AuthenticatorData(data[:32], flags, int.from_bytes(data[33:_HEAD], "big"))


def fault_of(client_data: bytes, authenticator_data: bytes, *, payload: bytes, rp_id: str) -> str:
    """Why this assertion is not about the statement `payload`, for a page of `rp_id`, with the
    person verified; empty when it is. The signature over both is not looked at."""
    try:
        client = read_client_data(client_data)
        device = read_authenticator_data(authenticator_data)
    except ValueError as error:
        return str(error)
    if client.kind != "webauthn.get":
        return "the passkey was used for something else than signing in or deciding"
    if client.challenge != challenge_of(payload):
        return "the passkey signed something else than this statement"
    if client.is_cross_origin or not is_origin_of(client.origin, rp_id):
        return f"the passkey was used on another page than one of {rp_id}"
    if device.rp_id_hash != hashlib.sha256(rp_id.encode()).digest():
        return f"the device signed for another page than one of {rp_id}"
    if not (device.flags & PRESENT and device.flags & VERIFIED):
        return "the device did not check who used it"
    return ""


def is_origin_of(origin: str, rp_id: str) -> bool:
    """Whether a page of this origin may use passkeys of `rp_id`: http only on this machine."""
    scheme, separator, place = origin.partition("://")
    host, colon, port = place.partition(":")
    if not separator or host != rp_id or (colon and not _PORT.fullmatch(port)):
        return False
    return scheme == "https" or (scheme == "http" and rp_id == LOCAL)


_PORT = re.compile(r"[0-9]{1,5}")


def signed_data(client_data: bytes, authenticator_data: bytes) -> bytes:
    """What the passkey signed."""
    return authenticator_data + hashlib.sha256(client_data).digest()


def read_cose_key(data: bytes) -> CoseKey:
    """A key for ES256, EdDSA or RS256. Raises ValueError for anything else."""
    cbor = _Cbor(_limited(data))
    fields = cbor.map()
    cbor.end()
    match fields.get(1), fields.get(3), fields.get(-1):
        case (2, -7, 1):
            point = b"\x04" + _bytes(fields, -2, 32) + _bytes(fields, -3, 32)
            return EcdsaKey("nistp256", point)
        case (1, -8, 6):
            return Ed25519Key(_bytes(fields, -2, 32))
        case (3, -257, bytes(modulus)):
            exponent = fields.get(-2)
            if not isinstance(exponent, bytes):
                raise ValueError("an RSA key without its exponent")
            return RsaKey(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
        case _:
            raise ValueError("a passkey of a kind that is not known")


def from_base64url(text: str) -> bytes:
    """Without padding, in the one way to write it. Raises ValueError."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64url") from error
    if to_base64url(data) != text:
        raise ValueError("base64url in another form than the prescribed one")
    return data


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _limited(data: bytes) -> bytes:
    if len(data) > SIZE_LIMIT:
        raise ValueError("too long")
    return data


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _bytes(fields: Mapping[int, int | bytes], name: int, size: int) -> bytes:
    value = fields.get(name)
    if not isinstance(value, bytes) or len(value) != size:
        raise ValueError("a passkey whose numbers have another length")
    return value


class _Cbor:
    """The part of CBOR that COSE keys need: a map of whole numbers to whole numbers or bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def map(self) -> dict[int, int | bytes]:
        major, size = self._head()
        if major != 5:
            raise ValueError("not a COSE key")
        fields: dict[int, int | bytes] = {}
        for _ in range(size):
            name = self._item()
            if not isinstance(name, int) or name in fields:
                raise ValueError("a COSE key with a field that it may not have")
            fields[name] = self._item()
        return fields

    def end(self) -> None:
        if self._at != len(self._data):
            raise ValueError("something follows the COSE key")

    def _item(self) -> int | bytes:
        major, value = self._head()
        if major == 0:
            return value
        if major == 1:
            return -1 - value
        if major == 2:
            return self._take(value)
        raise ValueError("a COSE key with a value that it may not have")

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        major, small = first >> 5, first & 0x1F
        if small < 24:
            return major, small
        if small > 27:
            raise ValueError("CBOR of a kind that is not known")
        return major, int.from_bytes(self._take(1 << small - 24), "big")

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ValueError("a COSE key that is cut off")
        taken = self._data[self._at : end]
        self._at = end
        return taken
