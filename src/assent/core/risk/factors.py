"""Five factors, and the table that makes a class of them.

The class of a reason is looked up by how it can be taken back and by how far it reaches; what it
touches and what it costs can raise the class, and so does a first time. Nothing lowers it.
"""

from dataclasses import dataclass
from enum import IntEnum


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


class _Factor(IntEnum):
    @property
    def word(self) -> str:
        return self.name.lower()


class Reversibility(_Factor):
    """How it is taken back."""

    NOTHING = 0
    """Nothing is changed."""
    EASY = 1
    """Within five minutes, by something that exists: git, a checkpoint, doing it again."""
    EFFORT = 2
    """By hand, perhaps not in full."""
    NEVER = 3


class Reach(_Factor):
    """Who and what is touched: the blast radius."""

    NONE = 0
    WORKSPACE = 1
    MACHINE = 2
    """This machine and its user, outside the workspace."""
    OTHERS = 3
    """Other people and systems: remotes, services, registries."""


class Cost(_Factor):
    """What it costs."""

    NONE = 0
    WITHIN = 1
    """Something, and the budget in force covers it."""
    OVER = 2
    """More than the budget in force covers."""


class Sensitivity(_Factor):
    """What it touches."""

    PLAIN = 0
    SENSITIVE = 1
    """Auth, payments, migrations, infrastructure, tests made weaker, public interfaces."""
    SECRET = 2
    """Credentials and private data."""
    GUARD = 3
    """What decides about the agents: Assent, the policy, the agents' settings."""


class Precedent(_Factor):
    """Whether a person has agreed to the like before."""

    USUAL = 0
    FIRST = 1
    """The first time for this agent, in this workspace, with this effect."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Why a class is what it is."""

    reversibility: Reversibility = Reversibility.NOTHING
    reach: Reach = Reach.NONE
    cost: Cost = Cost.NONE
    sensitivity: Sensitivity = Sensitivity.PLAIN
    precedent: Precedent = Precedent.USUAL


PLAIN = Factors()
"""Of what changes nothing and reaches nobody."""

_T, _L, _M, _H, _X = RiskClass

TABLE: dict[Reversibility, tuple[RiskClass, RiskClass, RiskClass, RiskClass]] = {
    #                       none  workspace  machine  others
    Reversibility.NOTHING: (_T, _T, _T, _L),
    Reversibility.EASY: (_L, _L, _L, _M),
    Reversibility.EFFORT: (_M, _M, _H, _H),
    Reversibility.NEVER: (_H, _H, _X, _X),
}
"""Rows by reversibility, columns by reach."""

AT_LEAST: tuple[tuple[Sensitivity | Cost, RiskClass], ...] = (
    (Sensitivity.SENSITIVE, _M),
    (Sensitivity.SECRET, _H),
    (Sensitivity.GUARD, _X),
    (Cost.OVER, _H),
)
"""The class that these values give whatever the table says. Pairs: as keys of a mapping, values of
different factors with the same number would be one."""


def least_for(value: Sensitivity | Cost) -> RiskClass:
    """The least class that `value` gives by itself."""
    return next((risk for known, risk in AT_LEAST if known is value), _T)


def class_of(factors: Factors) -> RiskClass:
    """The class of one reason. A first time raises what is medium to high, and nothing else."""
    found = max(
        TABLE[factors.reversibility][factors.reach],
        least_for(factors.sensitivity),
        least_for(factors.cost),
    )
    first = factors.precedent is Precedent.FIRST and found is RiskClass.MEDIUM
    return RiskClass.HIGH if first else found


def worst_of(several: tuple[Factors, ...]) -> Factors:
    """The worst of each factor."""
    return Factors(
        reversibility=max(each.reversibility for each in several),
        reach=max(each.reach for each in several),
        cost=max(each.cost for each in several),
        sensitivity=max(each.sensitivity for each in several),
        precedent=max(each.precedent for each in several),
    )


_TYPICAL = {
    _T: Factors(),
    _L: Factors(Reversibility.EASY, Reach.WORKSPACE),
    _M: Factors(Reversibility.EFFORT, Reach.WORKSPACE),
    _H: Factors(Reversibility.EFFORT, Reach.MACHINE),
    _X: Factors(Reversibility.NEVER, Reach.MACHINE),
}


def typical(risk: RiskClass) -> Factors:
    """Plain factors of this class, for what is known by its class alone."""
    return _TYPICAL[risk]
