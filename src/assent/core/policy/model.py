"""Policy as data with a closed vocabulary: no expression language, so it can be checked."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from assent.core.canonical import Digest
from assent.core.policy.index import RuleIndex
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect


@dataclass(frozen=True, slots=True)
class Proceed:
    rule: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Runs at once, and is shown to a person afterwards."""

    rule: str


@dataclass(frozen=True, slots=True)
class Gate:
    """Waits for a person. `why` says which rule asked, in words."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Deny:
    """Refused without asking anyone. `why` is told to the agent."""

    rule: str
    why: str


Route: TypeAlias = Proceed | Notify | Gate | Deny


class RouteName(StrEnum):
    PROCEED = "proceed"
    NOTIFY = "notify"
    GATE = "gate"
    DENY = "deny"


class AskIn(StrEnum):
    """Where a person is asked."""

    INBOX = "inbox"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about actions that every condition fits. Within a condition one value is enough.

    `kinds`, `agents`, `tools` and `classes` are about the action. `effects`, `programs` and `paths`
    are about the reasons an action would wait for. A rule that makes an action wait, or refuses
    it, needs one reason that meets all three; an action proceeds when a rule answers each reason.
    """

    name: str
    route: RouteName
    kinds: frozenset[str] = frozenset()
    """`command`, `edit`, `read`, `tool`, `plan`."""
    effects: frozenset[Effect] = frozenset()
    classes: frozenset[RiskClass] = frozenset()
    programs: tuple[str, ...] = ()
    """First words of simple commands (`npm`, `npm test`). Without `effects`, they only vouch for
    programs that nothing worse is known about, when they run in the workspace."""
    tools: tuple[str, ...] = ()
    """`server/tool`, with `*` allowed as the whole of either side."""
    paths: tuple[str, ...] = ()
    """Globs relative to the workspace, `**` for any folders."""
    agents: frozenset[str] = frozenset()

    @property
    def specificity(self) -> int:
        """How many conditions it has."""
        return sum(
            bool(condition)
            for condition in (
                self.kinds,
                self.effects,
                self.classes,
                self.programs,
                self.tools,
                self.paths,
                self.agents,
            )
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force in one workspace, and how people are asked."""

    digest: Digest
    """Of the file's exact bytes; of the built-in text when there is no file."""
    rules: tuple[Rule, ...] = ()
    wait_ms: int = 600_000
    """How long an agent is held in its hook before it is told that the request is pending."""
    headless_wait_ms: int = 600_000
    """The same for an agent that runs with nobody at its prompt."""
    expires_ms: int = 7 * 24 * 3_600_000
    """After this an open question is denied and an unused approval lapses."""
    repeat_rejection_ms: int = 900_000
    """How long a rejected call gets the same answer again without asking anew."""
    ask_in: AskIn = AskIn.INBOX
    index: RuleIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", RuleIndex(self.rules))
