"""The five factors of an assessment, as a person reads them."""

from dataclasses import dataclass

from assent.core.risk.factors import (
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    Sensitivity,
)

_REVERSIBILITY = {
    Reversibility.NOTHING: "nothing is changed",
    Reversibility.EASY: "easily, by something that exists",
    Reversibility.EFFORT: "with effort, perhaps not in full",
    Reversibility.NEVER: "not at all",
}
_REACH = {
    Reach.NONE: "nothing",
    Reach.WORKSPACE: "this project",
    Reach.MACHINE: "this machine",
    Reach.OTHERS: "other people and systems",
}
_SENSITIVITY = {
    Sensitivity.PLAIN: "nothing sensitive",
    Sensitivity.SENSITIVE: "something sensitive",
    Sensitivity.SECRET: "secrets",
    Sensitivity.GUARD: "what guards the agents",
}
_COST = {
    Cost.NONE: "nothing",
    Cost.WITHIN: "something, within the budget",
    Cost.OVER: "more than the budget",
}
_PRECEDENT = {
    Precedent.USUAL: "",
    Precedent.FIRST: "never: the first time for this agent here",
}


@dataclass(frozen=True, slots=True)
class FactorView:
    label: str
    says: str


def factor_views(factors: Factors) -> tuple[FactorView, ...]:
    """What there is to say of each factor; cost and precedent only when there is something."""
    rows = [
        ("undone", _REVERSIBILITY[factors.reversibility]),
        ("reaches", _REACH[factors.reach]),
        ("touches", _SENSITIVITY[factors.sensitivity]),
    ]
    if factors.cost is not Cost.NONE:
        rows.append(("costs", _COST[factors.cost]))
    if factors.precedent is Precedent.FIRST:
        rows.append(("before", _PRECEDENT[factors.precedent]))
    return tuple(FactorView(label, says) for label, says in rows)
