"""SSH public keys and SSHSIG signatures, read from bytes. Checking them is somebody else's.

Formats: RFC 4251 and 4253, OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f. Only what is written in
the one way these prescribe is read: a second encoding of the same signature is no signature.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

MAGIC = b"SSHSIG"
VERSION = 1
BLOB_LIMIT = 64 * 1024
"""Bytes of a signature or a key; the largest real ones have about two thousand."""
TOUCHED = 0x01
"""Flag of a security key: somebody touched it."""
VERIFIED = 0x04
"""Flag of a security key: it knows who, by a PIN or a finger."""

_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_SK_ED25519 = b"sk-ssh-ed25519@openssh.com"
_SK_ECDSA = b"sk-ecdsa-sha2-nistp256@openssh.com"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    public: bytes
    """32 bytes."""
    application: bytes | None = None
    """Of a security key: `ssh:…`; None: no device has it."""


@dataclass(frozen=True, slots=True)
class EcdsaKey:
    curve: str
    """`nistp256`, `nistp384` or `nistp521`."""
    point: bytes
    """Uncompressed: 4, x, y."""
    application: bytes | None = None


@dataclass(frozen=True, slots=True)
class RsaKey:
    exponent: int
    modulus: int


SshPublicKey: TypeAlias = Ed25519Key | EcdsaKey | RsaKey


@dataclass(frozen=True, slots=True)
class SshSignature:
    """What an SSHSIG blob says."""

    key: bytes
    """The blob of the public key that it names."""
    namespace: str
    hash: str
    """`sha256` or `sha512`."""
    algorithm: str
    """`ssh-ed25519`, `rsa-sha2-512`, …"""
    value: bytes
    """Ed25519: 64 bytes. RSA: as long as the modulus. ECDSA: see `rs`."""
    rs: tuple[int, int] | None = None
    """ECDSA's two numbers."""
    flags: int = 0
    """Of a security key."""
    counter: int = 0

    def signed(self, message: bytes) -> bytes:
        """The bytes that the key signed when it signed `message`."""
        digest = _HASHES[self.hash.encode()](message).digest()
        parts = (self.namespace.encode(), b"", self.hash.encode(), digest)
        return MAGIC + b"".join(map(_string, parts))

    def signed_by_device(self, message: bytes, application: bytes) -> bytes:
        """The same for a security key, which signs what it saw, too."""
        seen = struct.pack(">BI", self.flags, self.counter)
        parts = (hashlib.sha256(application).digest(), seen)
        return b"".join((*parts, hashlib.sha256(self.signed(message)).digest()))


def read_public_key(blob: bytes) -> SshPublicKey:
    """The key in `blob`. Raises ValueError when it is none, or of a type that is not known."""
    reader = _Reader(blob)
    read = _KEYS.get(reader.string())
    if read is None:
        raise ValueError("a key of a type that is not known")
    key = read(reader)
    reader.end()
    return key


def read_signature(blob: bytes) -> SshSignature:
    """What an SSHSIG blob says. Raises ValueError when it is none."""
    if not blob.startswith(MAGIC):
        raise ValueError("not an SSH signature")
    reader = _Reader(blob[len(MAGIC) :])
    if reader.number() != VERSION:
        raise ValueError("an SSH signature of another version")
    key, namespace, reserved, hashed = (reader.string() for _ in range(4))
    inner = _Reader(reader.string())
    reader.end()
    if reserved:
        raise ValueError("an SSH signature with something in its reserved field")
    if hashed not in _HASHES:
        raise ValueError("an SSH signature over a hash that is not known")
    return _inner(inner, key, _text(namespace), hashed.decode())


def _inner(reader: "_Reader", key: bytes, namespace: str, hashed: str) -> SshSignature:
    algorithm, value = reader.string(), reader.string()
    if algorithm not in _ALGORITHMS:
        raise ValueError("a signature of a kind that is not known")
    flags, counter = (
        (reader.byte(), reader.number()) if algorithm in (_SK_ED25519, _SK_ECDSA) else (0, 0)
    )
    reader.end()
    return SshSignature(
        key=key,
        namespace=namespace,
        hash=hashed,
        algorithm=algorithm.decode(),
        value=value,
        rs=_two_numbers(value) if b"ecdsa" in algorithm else None,
        flags=flags,
        counter=counter,
    )


def signature_from_armor(text: str) -> bytes:
    """The blob between the lines that `ssh-keygen -Y sign` writes. Raises ValueError."""
    lines = text.strip().splitlines()
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise ValueError("not an SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise ValueError("an SSH signature that is not base64") from error


def armored(blob: bytes) -> str:
    """The blob as `ssh-keygen -Y verify` reads it."""
    text = base64.b64encode(blob).decode("ascii")
    rows = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join((_BEGIN, *rows, _END, ""))


def ed25519_blob(public: bytes) -> bytes:
    """The blob of an `ssh-ed25519` key with these 32 bytes."""
    return _string(b"ssh-ed25519") + _string(public)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError("not plain text") from error


def _two_numbers(value: bytes) -> tuple[int, int]:
    reader = _Reader(value)
    r, s = reader.integer(), reader.integer()
    reader.end()
    return r, s


class _Reader:
    """Reads a blob from its start. Every method raises ValueError where it does not fit."""

    def __init__(self, data: bytes) -> None:
        if len(data) > BLOB_LIMIT:
            raise ValueError("too long")
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ValueError("cut off")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def integer(self) -> int:
        """A positive number, written as short as it can be."""
        data = self.string()
        value = int.from_bytes(data, "big", signed=True)
        if value <= 0 or len(data) != value.bit_length() // 8 + 1:
            raise ValueError("a number in another form than the prescribed one")
        return value

    def end(self) -> None:
        if self._at != len(self._data):
            raise ValueError("something follows the end")


def _ed25519(reader: _Reader) -> Ed25519Key:
    return Ed25519Key(_exactly(reader.string(), 32))


def _sk_ed25519(reader: _Reader) -> Ed25519Key:
    return Ed25519Key(_exactly(reader.string(), 32), application=reader.string())


def _ecdsa(reader: _Reader) -> EcdsaKey:
    curve = _text(reader.string())
    if curve not in _POINTS:
        raise ValueError("a curve that is not known")
    point = _exactly(reader.string(), _POINTS[curve])
    if point[0] != 4:
        raise ValueError("a point in another form than the prescribed one")
    return EcdsaKey(curve, point)


def _sk_ecdsa(reader: _Reader) -> EcdsaKey:
    key = _ecdsa(reader)
    if key.curve != "nistp256":
        raise ValueError("a security key on another curve than nistp256")
    return EcdsaKey(key.curve, key.point, application=reader.string())


def _rsa(reader: _Reader) -> RsaKey:
    return RsaKey(exponent=reader.integer(), modulus=reader.integer())


def _named_ecdsa(curve: str) -> Callable[[_Reader], EcdsaKey]:
    def read(reader: _Reader) -> EcdsaKey:
        key = _ecdsa(reader)
        if key.curve != curve:
            raise ValueError("a key whose curve is not that of its type")
        return key

    return read


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError("a key of another length")
    return data


_POINTS: Mapping[str, int] = MappingProxyType({"nistp256": 65, "nistp384": 97, "nistp521": 133})
_KEYS: Mapping[bytes, Callable[[_Reader], SshPublicKey]] = MappingProxyType(
    {
        b"ssh-ed25519": _ed25519,
        _SK_ED25519: _sk_ed25519,
        _SK_ECDSA: _sk_ecdsa,
        b"ssh-rsa": _rsa,
        **{f"ecdsa-sha2-{curve}".encode(): _named_ecdsa(curve) for curve in _POINTS},
    }
)
_ALGORITHMS = frozenset(
    {
        b"ssh-ed25519",
        _SK_ED25519,
        _SK_ECDSA,
        b"rsa-sha2-256",
        b"rsa-sha2-512",
        *(f"ecdsa-sha2-{curve}".encode() for curve in _POINTS),
    }
)
