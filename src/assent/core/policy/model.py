"""Policy as data with a closed vocabulary: no expression language, so it can be checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from assent.core.canonical import Digest
from assent.core.people.model import Rung
from assent.core.policy.budget import Budget
from assent.core.policy.changes import ChangeRules
from assent.core.policy.hours import Hours
from assent.core.policy.index import RuleIndex
from assent.core.policy.team import TeamRule
from assent.core.risk.catalog import NOTHING_KNOWN, Catalog
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect

DAY_MS = 86_400_000


class Tier(StrEnum):
    """What the hand has to do to approve. Declared from the lightest on."""

    ACKNOWLEDGE = "acknowledge"
    """One act."""
    REVIEW = "review"
    """Possible once the thing was opened to its end."""
    APPROVE = "approve"
    """Two different acts: the second is to type the request's name."""

    @property
    def strictness(self) -> int:
        return tuple(Tier).index(self)


def tier_for(risk: RiskClass) -> Tier:
    """The tier where no rule says one."""
    if risk is RiskClass.IRREVERSIBLE:
        return Tier.APPROVE
    return Tier.REVIEW if risk is RiskClass.HIGH else Tier.ACKNOWLEDGE


class Mode(StrEnum):
    """How much an agent may do by itself. Declared from the strictest on."""

    PAIR = "pair"
    """Every change is asked about."""
    SUPERVISED = "supervised"
    AUTONOMOUS = "autonomous"
    """What is medium and stays in the workspace runs, and is shown afterwards."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many people of a group, as a policy names it: `2 of @security`."""

    who: tuple[str, ...]
    """Names of people, `@team`, `@role`, `@oncall`, `@owners`."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class PathOwner:
    """Who answers for files, beside what CODEOWNERS says."""

    paths: tuple[str, ...]
    """Globs from the workspace's root."""
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handing:
    """How far people may let others decide in their name."""

    longest_ms: int = 14 * DAY_MS
    worst: RiskClass = RiskClass.HIGH
    """Up to this class."""
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """How a person is asked about one action: all of it decided."""

    tier: Tier = Tier.ACKNOWLEDGE
    reviewers: tuple[str, ...] = ()
    """Who may decide; empty: whoever has access."""
    quorum: int = 1
    """How many different people have to approve."""
    wait_ms: int | None = None
    """How long the agent is held; None: as `[ask]` says."""
    expires_ms: int | None = None
    """When the question is denied; None: as `[ask]` says."""
    then_ask: tuple[str, ...] = ()
    """Who is asked when time is up; empty: it is denied."""
    remember_ms: int = 0
    """How long the same action passes again after it was approved; never irreversible ones."""
    needs_rollback: bool = False
    """Of high and irreversible actions: sent back to the agent until it says what they are for
    and how to undo them, where the agent has a way to say it."""
    needs: tuple[Wanted, ...] = ()
    """Who else has to agree, beside `quorum` of `reviewers`."""
    separate: bool = False
    """Whether whoever runs the agent is not one of those who approve."""
    signed: bool = False
    """Whether an approval has to be signed with a factor that no program has."""
    remind_ms: int = 0
    """How often those who have not answered are reminded; 0: never."""
    ladder: tuple[Rung, ...] = ()
    """Who may decide, too, when nobody answered for so long."""
    advice: str = ""
    """What the agent may do instead when nobody answers in time."""


@dataclass(frozen=True, slots=True)
class Asks:
    """What a rule says about asking. None: it does not say, and a more general one may."""

    tier: Tier | None = None
    reviewers: tuple[str, ...] | None = None
    quorum: int | None = None
    wait_ms: int | None = None
    expires_ms: int | None = None
    then_ask: tuple[str, ...] | None = None
    """An empty one says: time that is up denies."""
    remember_ms: int | None = None
    needs_rollback: bool | None = None
    needs: tuple[Wanted, ...] | None = None
    separate: bool | None = None
    signed: bool | None = None
    remind_ms: int | None = None
    ladder: tuple[Rung, ...] | None = None
    advice: str | None = None


NOTHING_SAID = Asks()


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
    terms: Terms = field(default_factory=Terms)


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


STRICTNESS: Mapping[RouteName, int] = MappingProxyType(
    {RouteName.PROCEED: 0, RouteName.NOTIFY: 1, RouteName.GATE: 2, RouteName.DENY: 3}
)
LOOSENING = frozenset({RouteName.PROCEED, RouteName.NOTIFY})


def route_name(route: Route) -> RouteName:
    """The word for a route, as policy files and records use it."""
    return _NAMES[type(route)]


_NAMES: Mapping[type[Route], RouteName] = MappingProxyType(
    {
        Proceed: RouteName.PROCEED,
        Notify: RouteName.NOTIFY,
        Gate: RouteName.GATE,
        Deny: RouteName.DENY,
    }
)


class AskIn(StrEnum):
    """Where a person is asked."""

    INBOX = "inbox"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about actions that every condition fits. Within a condition one value is enough.

    `kinds`, `agents`, `tools`, `classes`, `at_least`, `modes`, `branches` and `hours` are about the
    action and its moment. `effects`, `programs`, `paths`, `path_classes`, `scopes` and `cost_over`
    are about the reasons an action would wait for. A rule that makes an action wait, or refuses
    it, needs one reason that meets all of them; an action proceeds when a rule answers each reason.
    """

    name: str
    route: RouteName
    kinds: frozenset[str] = frozenset()
    """`command`, `edit`, `read`, `tool`, `plan`, `policy`, `unknown`."""
    effects: frozenset[Effect] = frozenset()
    classes: frozenset[RiskClass] = frozenset()
    at_least: RiskClass | None = None
    programs: tuple[str, ...] = ()
    """First words of simple commands (`npm`, `npm test`). Without `effects`, they only vouch for
    programs that nothing worse is known about, when they run in the workspace."""
    tools: tuple[str, ...] = ()
    """`server/tool`, with `*` allowed as the whole of either side."""
    paths: tuple[str, ...] = ()
    """Globs relative to the workspace, `**` for any folders."""
    path_classes: frozenset[PathClass] = frozenset()
    """What the file is for, told from its name."""
    scopes: tuple[str, ...] = ()
    """Outward effects: an act and a glob of its target, `push origin/agent/*`."""
    agents: frozenset[str] = frozenset()
    modes: frozenset[Mode] = frozenset()
    branches: tuple[str, ...] = ()
    """Globs of the branch that is checked out in the workspace."""
    hours: tuple[Hours, ...] = ()
    """In the policy's time zone."""
    cost_over: int | None = None
    """Cents; a reason that costs more fits."""
    asks: Asks = NOTHING_SAID
    general: bool = False
    """It belongs to a profile: any rule of the file is more specific."""
    specificity: tuple[bool, int] = field(init=False, repr=False, compare=False)
    """Where it stands, and how many conditions it has."""

    def __post_init__(self) -> None:
        conditions = (
            self.kinds,
            self.effects,
            self.classes,
            self.at_least is not None,
            self.programs,
            self.tools,
            self.paths,
            self.path_classes,
            self.scopes,
            self.agents,
            self.modes,
            self.branches,
            self.hours,
            self.cost_over is not None,
        )
        found = not self.general, sum(map(bool, conditions))
        object.__setattr__(self, "specificity", found)

    @property
    def loosens(self) -> bool:
        return self.route in LOOSENING


@dataclass(frozen=True, slots=True)
class Autonomy:
    """How much which agent may do by itself."""

    default: Mode = Mode.SUPERVISED
    agents: Mapping[str, Mode] = field(default_factory=dict)
    allow: frozenset[Mode] = frozenset()
    """Modes looser than its own that a run may choose by `HUMAN_IN_LOOP`."""

    def mode(self, agent: str, *, human_in_loop: bool | None) -> Mode:
        """The mode of a run. Its environment may always tighten, and loosen only as allowed."""
        own = self.agents.get(agent, self.default)
        if human_in_loop and own is Mode.AUTONOMOUS:
            return Mode.SUPERVISED
        if human_in_loop is False and Mode.AUTONOMOUS in self.allow:
            return Mode.AUTONOMOUS
        return own


@dataclass(frozen=True, slots=True)
class Review:
    """When an agent has been told no often enough."""

    rejections: int | None = None
    """After so many in one session it has to stop; None: never."""
    within_ms: int = 3_600_000
    then_ask: tuple[str, ...] = ()
    """Who decides about what it asks after that; empty: it is refused."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force in one workspace, and how people are asked."""

    digest: Digest
    """Of the file's exact bytes; of the built-in text when there is no file."""
    rules: tuple[Rule, ...] = ()
    """The file's own, and those of its profile."""
    wait_ms: int = 600_000
    """How long an agent is held in its hook before it is told that the request is pending."""
    headless_wait_ms: int = 600_000
    """The same for an agent that runs with nobody at its prompt."""
    expires_ms: int = 7 * DAY_MS
    """After this an open question is denied and an unused approval lapses."""
    repeat_rejection_ms: int = 900_000
    """How long a rejected call gets the same answer again without asking anew."""
    ask_in: AskIn = AskIn.INBOX
    catalog: Catalog = field(default=NOTHING_KNOWN, repr=False)
    """What is known about programs: the built-in catalog, and what the policy adds to it."""
    asks: Asks = NOTHING_SAID
    """What holds where no rule says it."""
    autonomy: Autonomy = field(default_factory=Autonomy)
    review: Review = field(default_factory=Review)
    team: tuple[TeamRule, ...] = ()
    budget: Budget = field(default_factory=Budget)
    changes: ChangeRules = field(default_factory=ChangeRules)
    zone: tzinfo | None = None
    """Of its hours and days; None is UTC."""
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of people by the team's name, without `@`."""
    owners: tuple[PathOwner, ...] = ()
    codeowners: bool = True
    """Whether `@owners` also are those whom the repository's CODEOWNERS names."""
    handing: Handing = field(default_factory=Handing)
    profile: str = ""
    index: RuleIndex = field(init=False, repr=False, compare=False)
    asks_for_branch: bool = field(init=False, repr=False, compare=False)
    """Whether a rule depends on which branch is checked out."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", RuleIndex(self.rules))
        object.__setattr__(self, "asks_for_branch", any(rule.branches for rule in self.rules))
