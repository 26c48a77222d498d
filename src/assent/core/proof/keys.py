"""Public keys by which a signature under a statement is checked."""

from dataclasses import dataclass
from typing import TypeAlias

from assent.core.people.model import Passkey, SshKey, fingerprint_of


@dataclass(frozen=True, slots=True)
class ServerPublicKey:
    """What checks the signatures of one Assent: always Ed25519."""

    blob: str
    """Base64, as in a `.pub` file of the type `ssh-ed25519`."""

    @property
    def keyid(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        return fingerprint_of(self.blob)


PublicKey: TypeAlias = Passkey | SshKey | ServerPublicKey


@dataclass(frozen=True, slots=True)
class Unproven:
    """A signature that proves nothing."""

    why: str
    """In words: a sentence without its full stop."""


def keyid_of(key: PublicKey) -> str:
    """How signatures name the key."""
    match key:
        case Passkey():
            return key.id
        case SshKey():
            return key.fingerprint
        case ServerPublicKey():
            return key.keyid
