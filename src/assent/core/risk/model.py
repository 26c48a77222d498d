"""The words of risk: effects, factors, classes, and the evidence for them."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.risk.factors import PLAIN, Factors, RiskClass, class_of


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
    COST = "cost"
    INTERACTIVE = "interactive"
    PLAN = "plan"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which outward effect it is, in the words in which it can be allowed: `push origin/main`."""

    act: str
    """`push`, `comment`, `request-review`, `open-change`, `run-workflow`, or `tool`."""
    target: str
    """What it is done to; empty when only running can tell, and then nothing allows it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for the class."""

    rule: str
    """Stable name of the rule that found it, such as `delete` or `unknown-program`."""
    effect: Effect
    factors: Factors
    what: str
    """One sentence part for a person: `deletes build`, `runs npm, not known to be safe`."""
    span: tuple[int, int] | None = None
    """Character range in the command's text (or in a plan's) that it points at."""
    path: str = ""
    """Real path of the file it is about; empty when it is not about a file."""
    program: tuple[str, ...] = ()
    """The words of the program it is about, if running that program in the workspace is all that
    it is about: a rule that vouches for the program answers it."""
    scope: Scope | None = None
    """For an outward effect that can be allowed by itself."""
    undo: str = ""
    """How to take this back, if more is known than the effect tells; one sentence part."""
    called: tuple[tuple[str, ...], ...] = ()
    """The call it came from, as a rule may name it: its first words as typed, and the program with
    its subcommand where flags stand between. Says nothing about who vouches for what."""
    amount: int = 0
    """What it costs, in cents of the policy's currency; 0 when nothing is known to be spent."""

    @property
    def risk(self) -> RiskClass:
        return class_of(self.factors)


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
    factors: Factors = PLAIN
    """The worst of each factor over all evidence, as told to a person; the class is the class of
    the worst evidence, not of this sum."""
