"""What lint says, and what it has to know for some of it."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.people.model import Person


class Problem(StrEnum):
    UNREACHABLE = "unreachable"
    """No action is ever decided by the rule."""
    CONFLICT = "conflict"
    """Two rules of equal standing say different things about the same action."""
    GAP = "gap"
    """What the rule guards can be had in a way that it does not cover."""
    UNKNOWN = "unknown"
    """It names something that is not here."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One problem of a rule, with what to do about it."""

    problem: Problem
    rule: str
    what: str
    other: str = ""
    """The other rule that it is about."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is there to be named."""

    agents: frozenset[str]
    programs: frozenset[str]
    """First words of commands, out of those that the policy names."""
    people: tuple[Person, ...] = ()
    """Empty: nobody was added yet, and names are not checked."""
    files: tuple[str, ...] | None = None
    """The repository's files; None: not known."""
