"""What proving needs from outside: checking signatures, and the server's own key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assent.app.proof.log_ports import DecisionLogs
from assent.core.people.model import Factor
from assent.core.proof.dsse import Signature
from assent.core.proof.keys import PublicKey, ServerPublicKey, Unproven


class Signatures(Protocol):
    """Checks signatures. Needs no store, no network and no clock."""

    def check(self, signature: Signature, payload: bytes, key: PublicKey) -> Factor | Unproven:
        """What `signature` under the statement `payload` shows when `key` made it.

        Of a person's key the factor it shows; of the server's, that the server says so: NONE.
        Never raises for what it is given, however malformed.
        """
        ...


class ServerKey(Protocol):
    """The key by which this Assent vouches for what nobody signed themselves."""

    @property
    def public(self) -> ServerPublicKey: ...

    def sign(self, payload: bytes) -> Signature:
        """Sign the statement `payload`. Raises UnavailableError when the key cannot be read."""
        ...


def _no_log(_place: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ProofPorts:
    """What signs and checks in one running Assent."""

    signatures: Signatures
    server: ServerKey
    log_head: Callable[[str], str] = _no_log
    """The commit that the log of decisions ends with in the repository of a folder; empty: it has
    none. Asks git, so it may take a moment."""
    logs: DecisionLogs | None = None
    """None where nothing is appended to them."""
