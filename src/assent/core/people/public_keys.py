"""Public keys as people hand them in: a line of a `.pub` file."""

import base64
import binascii
from typing import TypeAlias

from assent.core.people.model import SshKey
from assent.core.proof.sshsig import EcdsaKey, Ed25519Key, RsaKey, read_public_key

LABEL = 100
"""Characters of a key's label that are kept."""
RSA_BITS = 2048
"""A shorter modulus can be factored by those who try hard enough."""

Material: TypeAlias = tuple[str, str]


def read_public_line(text: str, *, label: str, at: int) -> SshKey:
    """The key in a line such as `ssh-ed25519 AAAA… ana@laptop`; without `label` its comment is it.

    Raises ValueError with a sentence that says why, where it is no key that can be used.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if any("PRIVATE KEY" in line for line in lines):
        raise ValueError("This is a private key: keep it, and hand in the file ending in .pub.")
    if len(lines) != 1:
        raise ValueError(f"A public key is one line; this has {len(lines)}.")
    kind, blob, comment = (*lines[0].split(None, 2), "", "", "")[:3]
    try:
        data = base64.b64decode(blob, validate=True)
        key = read_public_key(data)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"This is no public key of SSH: {error}.") from error
    if kind != _kind_of(data):
        # What it says of itself decides whether a touch is believed.
        raise ValueError(f"This key says that it is {kind}, and is none.")
    if isinstance(key, RsaKey) and key.modulus.bit_length() < RSA_BITS:
        raise ValueError(f"This RSA key is too short: {RSA_BITS} bits are the least.")
    named = (label or comment).strip()[:LABEL]
    return SshKey(kind, base64.b64encode(data).decode("ascii"), named, at)


def material(key: SshKey) -> Material:
    """Equal for two keys that are the same one in another dress. Raises ValueError for no key."""
    try:
        found = read_public_key(base64.b64decode(key.blob, validate=True))
    except binascii.Error as error:
        raise ValueError("not base64") from error
    match found:
        case Ed25519Key():
            return "ed25519", found.public.hex()
        case EcdsaKey():
            return found.curve, found.point.hex()
        case RsaKey():
            return "rsa", f"{found.modulus:x}"


def _kind_of(data: bytes) -> str:
    size = int.from_bytes(data[:4], "big")
    return data[4 : 4 + size].decode("ascii", "replace")
