"""Checking signatures under statements: SSH keys, passkeys, the server's key.

Everything that is needed comes with the call: the signature, the statement and the public key, so
that the same check works offline. `cryptography` is imported when the first one is checked.
"""

import base64
import binascii
from functools import lru_cache

from assent.core.people.model import Factor, Passkey, SshKey
from assent.core.proof.dsse import NAMESPACE, Signature, SignatureKind, pae
from assent.core.proof.keys import PublicKey, ServerPublicKey, Unproven, keyid_of
from assent.core.proof.sshsig import (
    TOUCHED,
    EcdsaKey,
    Ed25519Key,
    RsaKey,
    SshPublicKey,
    SshSignature,
    read_public_key,
    read_signature,
)
from assent.core.proof.webauthn import (
    CoseKey,
    fault_of,
    from_base64url,
    read_cose_key,
    signed_data,
)

SMALLEST_RSA = 2048
LARGEST_RSA = 16384
_FORGED = "the signature does not fit the statement and the key"


class CheckedSignatures:
    """Implements `Signatures`."""

    def check(self, signature: Signature, payload: bytes, key: PublicKey) -> Factor | Unproven:
        try:
            if signature.keyid != keyid_of(key):
                return Unproven("the signature names another key")
            match signature.kind, key:
                case SignatureKind.SSHSIG, SshKey():
                    return _ssh(signature, payload, key)
                case SignatureKind.WEBAUTHN, Passkey():
                    return _passkey(signature, payload, key)
                case SignatureKind.SERVER, ServerPublicKey():
                    return _server(signature, payload, key)
                case _:
                    return Unproven("the signature and the key are of different kinds")
        except ValueError as error:
            return Unproven(f"the signature cannot be read: {error}")


def _ssh(signature: Signature, payload: bytes, key: SshKey) -> Factor | Unproven:
    blob, public = _public(key.blob)
    said = read_signature(signature.sig)
    if said.key != blob:
        return Unproven("the signature names another key inside")
    if said.namespace != NAMESPACE:
        return Unproven(f"the signature was made for something else than {NAMESPACE}")
    application = None if isinstance(public, RsaKey) else public.application
    message = pae(payload)
    if application is None:
        signed = said.signed(message)
    else:
        if not said.flags & TOUCHED:
            return Unproven("the security key was not touched")
        signed = said.signed_by_device(message, application)
    if not _fits(public, said, signed):
        return Unproven(_FORGED)
    return Factor.KEY if application is None else Factor.TOUCH


def _fits(key: SshPublicKey, said: SshSignature, signed: bytes) -> bool:
    match key:
        case Ed25519Key():
            names = "ssh-ed25519" if key.application is None else "sk-ssh-ed25519@openssh.com"
            return said.algorithm == names and ed25519_fits(key.public, said.value, signed)
        case EcdsaKey():
            plain = f"ecdsa-sha2-{key.curve}"
            names = plain if key.application is None else f"sk-{plain}@openssh.com"
            return said.algorithm == names and _ecdsa_ssh_fits(key, said, signed)
        case RsaKey():
            return _rsa_fits(key, said.value, signed, algorithm=said.algorithm)


def _passkey(signature: Signature, payload: bytes, key: Passkey) -> Factor | Unproven:
    client, device = signature.client_data, signature.authenticator_data
    fault = fault_of(client, device, payload=payload, rp_id=key.rp_id)
    if fault:
        return Unproven(fault)
    public = read_cose_key(from_base64url(key.public_key))
    fits = _passkey_fits(public, signature.sig, signed_data(client, device))
    return Factor.PASSKEY if fits else Unproven(_FORGED)


def _passkey_fits(key: CoseKey, signature: bytes, signed: bytes) -> bool:
    match key:
        case Ed25519Key():
            return ed25519_fits(key.public, signature, signed)
        case EcdsaKey():
            return _ecdsa_fits(key, signature, signed)
        case RsaKey():
            return _rsa_fits(key, signature, signed, algorithm="rsa-sha2-256")


def _server(signature: Signature, payload: bytes, key: ServerPublicKey) -> Factor | Unproven:
    _, public = _public(key.blob)
    if not isinstance(public, Ed25519Key) or public.application is not None:
        return Unproven("the server's key is not of the type ssh-ed25519")
    if not ed25519_fits(public.public, signature.sig, pae(payload)):
        return Unproven(_FORGED)
    return Factor.NONE


def ed25519_fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether `signature` is that of the key with these 32 bytes over `signed`."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _ecdsa_ssh_fits(key: EcdsaKey, said: SshSignature, signed: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415
        encode_dss_signature,
    )

    return said.rs is not None and _ecdsa_fits(key, encode_dss_signature(*said.rs), signed)


def _ecdsa_fits(key: EcdsaKey, signature: bytes, signed: bytes) -> bool:
    """`signature` in DER."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    curve, hashed = {
        "nistp256": (ec.SECP256R1(), hashes.SHA256()),
        "nistp384": (ec.SECP384R1(), hashes.SHA384()),
        "nistp521": (ec.SECP521R1(), hashes.SHA512()),
    }[key.curve]
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.point)
    try:
        public.verify(signature, signed, ec.ECDSA(hashed))
    except InvalidSignature:
        return False
    return True


def _rsa_fits(key: RsaKey, signature: bytes, signed: bytes, *, algorithm: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415

    if not SMALLEST_RSA <= key.modulus.bit_length() <= LARGEST_RSA:
        raise ValueError(f"an RSA key of {key.modulus.bit_length()} bits")
    known = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
    if algorithm not in known:
        return False
    public = rsa.RSAPublicNumbers(key.exponent, key.modulus).public_key()
    try:
        public.verify(signature, signed, padding.PKCS1v15(), known[algorithm])
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _public(text: str) -> tuple[bytes, SshPublicKey]:
    """A public key and its blob: a log has thousands of signatures by a few keys."""
    blob = _blob(text)
    return blob, read_public_key(blob)


def _blob(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a key that is not base64") from error
