"""People and what identifies them: names, keys, the channels on which they are told of things."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from assent.core.risk.factors import RiskClass

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a person, a team or a role may be called."""
ADMIN = "admin"
"""The role that may add people and change what others are."""
SK = "sk-"
"""How the types of SSH keys begin that want a touch."""


class Factor(StrEnum):
    """What showed that a person spoke. Declared from the weakest on."""

    NONE = "none"
    """A one-time link or the command line's token: whoever runs as that user has them."""
    KEY = "key"
    """A signature by an SSH key that needs no touch."""
    TOUCH = "touch"
    """A signature by an SSH key on a device that was touched."""
    PASSKEY = "passkey"
    """A passkey, with the device's own check of the person."""

    @property
    def is_human(self) -> bool:
        """Whether no program could have given it by itself."""
        return self in (Factor.TOUCH, Factor.PASSKEY)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential. Only what is public of it."""

    id: str
    """Of the credential, base64url without padding."""
    public_key: str
    """COSE key, base64url without padding."""
    label: str
    added_at: int
    sign_count: int = 0
    rp_id: str = "localhost"
    """The host name it belongs to."""


@dataclass(frozen=True, slots=True)
class SshKey:
    """A public key that a person signs with."""

    kind: str
    """As OpenSSH names it: `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`."""
    blob: str
    """Base64, as in a `.pub` file."""
    label: str
    added_at: int

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        return fingerprint_of(self.blob)

    @property
    def wants_touch(self) -> bool:
        return self.kind.startswith(SK)


def fingerprint_of(blob: str) -> str:
    """`SHA256:…` of a public key in base64. Raises ValueError when it is none."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error as error:
        raise ValueError("not base64") from error
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


@dataclass(frozen=True, slots=True)
class Channel:
    """A way on which a person is told that something waits."""

    id: str
    url: str
    """As apprise reads it. It may hold a secret: shown and recorded without it."""
    label: str
    added_at: int
    worst_only: RiskClass = RiskClass.TRIVIAL
    """Only for requests of this class or a worse one."""
    urgent: bool = False
    """Used also in quiet hours, for what is irreversible."""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may decide. Agents are never people."""

    name: str
    added_at: int
    added_by: str
    full_name: str = ""
    email: str = ""
    aliases: tuple[str, ...] = ()
    """How CODEOWNERS and commits name this person: `@ana`, `ana@example.com`."""
    roles: tuple[str, ...] = ()
    login: str = ""
    """The system's user that this person is; agents run by it are this person's agents."""
    slack: str = ""
    """Member id in Slack; empty: nothing said there is this person's word."""
    active: bool = True
    passkeys: tuple[Passkey, ...] = ()
    keys: tuple[SshKey, ...] = ()
    channels: tuple[Channel, ...] = ()
    quiet: tuple[str, ...] = ()
    """Spans in which nothing is sent, as policies write hours: `mon-fri 20:00-24:00`."""
    zone: str = ""
    """Time zone of `quiet`; empty: UTC."""
    version: int = 1

    @property
    def is_admin(self) -> bool:
        return self.active and ADMIN in self.roles

    @property
    def has_factor(self) -> bool:
        """Whether this person registered anything to sign with: then only that speaks for them."""
        return bool(self.passkeys or self.keys)

    @property
    def has_human_factor(self) -> bool:
        """Whether this person registered anything that no program can sign with by itself."""
        return bool(self.passkeys) or any(key.wants_touch for key in self.keys)


@dataclass(frozen=True, slots=True)
class Need:
    """So many of these people have to agree. Of one person one voice counts, however they came."""

    group: str
    """As the policy says it: `@security`, `ana, ben`, `@owners of src/pay`; empty: anybody."""
    people: tuple[str, ...] = ()
    """Names. With a `group` and nobody in it, it cannot be met."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder: who is asked when nobody answered."""

    after_ms: int
    """Counted from when it was asked."""
    ask: tuple[str, ...]
    """People and groups, as policies name them; they may decide from then on."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """One person lets another decide in their name, for a while and within limits."""

    id: str
    giver: str
    taker: str
    created_at: int
    until: int
    worst: RiskClass = RiskClass.HIGH
    """Up to this class."""
    paths: tuple[str, ...] = ()
    """Globs from the workspace's root; empty: whatever it touches."""
    workspace: str = ""
    """Only there; empty: everywhere."""
    reason: str = ""
    factor: Factor = Factor.NONE
    envelope: str = ""
    """Digest of the signed statement by which it was given; empty: the server says so."""
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class AgentToken:
    """What an agent shows to propose by the API. It decides nothing."""

    id: str
    agent: str
    hash: str
    """Digest of the token."""
    made_by: str
    created_at: int
    expires_at: int
    workspace: str = ""
    """Only there; empty: everywhere."""
    revoked_at: int | None = None
