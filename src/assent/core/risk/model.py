"""The words of risk: effects, classes, and the evidence for them."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Effect(StrEnum):
    """What an action would do to the world. `UNKNOWN` is never treated as harmless."""

    NONE = "none"
    READ = "read"
    WORKSPACE_WRITE = "workspace-write"
    DELETE = "delete"
    HISTORY_REWRITE = "history-rewrite"
    OUTSIDE_WRITE = "outside-write"
    EXTERNAL = "external-effect"
    CREDENTIAL = "credential"
    PRIVILEGE = "privilege"
    CODE_EXEC = "code-exec"
    INSTALL = "install"
    SERVICE = "service"
    POLICY_SELF = "policy-self"
    NETWORK = "network"
    INTERACTIVE = "interactive"
    PLAN = "plan"
    UNKNOWN = "unknown"


class RiskClass(IntEnum):
    """How bad it could be, erring high. The word is the name in lower case."""

    TRIVIAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    IRREVERSIBLE = 4

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for the class."""

    rule: str
    """Stable name of the rule that found it, such as `delete` or `not-known-safe`."""
    effect: Effect
    risk: RiskClass
    what: str
    """One sentence part for a person: `deletes build`, `runs npm, not known to be safe`."""
    span: tuple[int, int] | None = None
    """Character range in the command's text (or in a plan's) that it points at."""
    path: str = ""
    """Real path of the file it is about; empty when it is not about a file."""
    program: tuple[str, ...] = ()
    """The words of the program it is about, if running that program in the workspace is all that
    it is about: a rule that vouches for the program answers it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an action would do, how bad that is, and why. The worst evidence comes first."""

    risk: RiskClass
    effects: frozenset[Effect]
    evidence: tuple[Evidence, ...]
    title: str
    """The action in a few words, verb first: `delete build`, `edit src/app.py +3 -1`."""
    undo: str
    """How to take it back, or why that is not possible; one sentence part."""
