"""What reading an action brought to light, before the world is asked about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from assent.core.risk.model import Evidence

Span: TypeAlias = tuple[int, int] | None


class Use(StrEnum):
    """What happens to a path."""

    LIST = "list"
    """Its name, size or kind is told, not what it holds."""
    READ = "read"
    SEARCH = "search"
    """It is read with everything below it."""
    WRITE = "write"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Touch:
    """A path that is used. `path` is absolute and as written, `~` for the home included."""

    path: str
    use: Use
    span: Span = None
    pattern: str = ""
    """The part of the path that is a pattern for names below `path`."""


@dataclass(frozen=True, slots=True)
class Runs:
    """A program runs in one of `folders`. `evidence` holds unless somebody vouches for it."""

    evidence: Evidence
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """Git runs in `folder`, under the configuration of the repository there."""

    folder: str
    span: Span = None


Finding: TypeAlias = Evidence | Touch | Runs | Repository
