"""What a log of decisions needs from git. All methods block; all raise UnavailableError."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assent.core.proof.log import NewEntry


@dataclass(frozen=True, slots=True)
class Stray:
    """An entry that was appended here, and that the log lacks since a fetch replaced it."""

    commit: str
    entry: NewEntry


@dataclass(frozen=True, slots=True)
class LogState:
    """A log as whoever appends to it finds it."""

    head: str
    """The commit to append to; empty: there is no log yet."""
    keys: bytes | None
    """The newest entry of keys: an envelope."""
    has_policy: bool
    strays: tuple[Stray, ...] = ()
    """Oldest first."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """Where the refs stood of which all this was read."""


class DecisionLogs(Protocol):
    """The logs of decisions in people's repositories."""

    def find(self, place: str) -> str | None:
        """The common git folder of `place`, a folder in a work tree or that git folder; None
        where there is no git."""
        ...

    def state(self, repository: str) -> LogState: ...

    def append(
        self, repository: str, entries: Sequence[NewEntry], *, after: LogState, at: int
    ) -> str | None:
        """One commit for each entry that the log lacks; the new head. None: somebody else appended
        since `after` was read, and nothing was appended.

        Also sets up the remotes, so that fetches bring what others appended.
        """
        ...
