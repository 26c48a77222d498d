"""What may be spent in a day, and which calls cost what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.core.actions import ToolCall
from assent.core.proposals import Proposal
from assent.core.risk.factors import Cost, Factors, Reach, Reversibility, worst_of
from assent.core.risk.model import Assessment, Effect, Evidence

PRICE_RULE = "price"


@dataclass(frozen=True, slots=True)
class Price:
    """What each call of a program or a tool costs, as the policy declares it."""

    amount: int
    """Cents."""
    programs: tuple[str, ...] = ()
    """First words of a simple command."""
    tools: tuple[str, ...] = ()
    """`server/tool`, with `*` for the whole of either side."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Amounts in cents. None is no limit."""

    per_day: int | None = None
    """All agents of the workspace together."""
    per_agent: int | None = None
    """Each agent, each day."""
    currency: str = ""
    prices: tuple[Price, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether anything depends on what was spent."""
        return self.per_day is not None or self.per_agent is not None


@dataclass(frozen=True, slots=True)
class Spent:
    """Cents of one day in one workspace."""

    by_all: int = 0
    by_agent: int = 0


def priced(assessment: Assessment, budget: Budget, proposal: Proposal) -> Assessment:
    """`assessment` with the prices that the policy declares."""
    if not budget.prices:
        return assessment
    declared = [
        Evidence(
            rule=PRICE_RULE,
            effect=Effect.COST,
            factors=Factors(Reversibility.NOTHING, Reach.OTHERS, Cost.WITHIN),
            what=f"costs {in_words(price.amount, budget)}",
            undo="none for what has been spent",
            amount=price.amount,
        )
        for price in budget.prices
        if _names(price, assessment, proposal)
    ]
    return with_evidence(assessment, declared)


def _names(price: Price, assessment: Assessment, proposal: Proposal) -> bool:
    action = proposal.action
    if isinstance(action, ToolCall):
        parts = (tool.partition("/") for tool in price.tools)
        return any(
            server in ("*", action.server) and tool in ("*", action.tool)
            for server, _, tool in parts
        )
    called = [
        words for item in assessment.evidence for words in (item.program, *item.called) if words
    ]
    wanted = [tuple(program.split()) for program in price.programs]
    return any(words[: len(each)] == each for each in wanted for words in called)


def amount_of(assessment: Assessment) -> int:
    """What the action would spend, as far as it is known."""
    return sum(item.amount for item in assessment.evidence)


def within_budget(assessment: Assessment, budget: Budget, spent: Spent) -> Assessment:
    """`assessment` in which what costs more than is left is over the budget."""
    amount = amount_of(assessment)
    if not amount:
        return assessment
    over = _over(budget, spent, amount)
    if not over:
        return assessment
    return _regraded(
        assessment,
        tuple(
            replace(
                item,
                factors=replace(item.factors, cost=Cost.OVER),
                what=f"{item.what}, and {over}",
            )
            if item.amount
            else item
            for item in assessment.evidence
        ),
    )


def _over(budget: Budget, spent: Spent, amount: int) -> str:
    """Which limit is passed, in words; empty for none."""
    if budget.per_day is not None and spent.by_all + amount > budget.per_day:
        left, limit = budget.per_day - spent.by_all, in_words(budget.per_day, budget)
        return f"{in_words(max(left, 0), budget)} of today's {limit} are left"
    if budget.per_agent is not None and spent.by_agent + amount > budget.per_agent:
        left, limit = budget.per_agent - spent.by_agent, in_words(budget.per_agent, budget)
        return f"{in_words(max(left, 0), budget)} of this agent's {limit} for today are left"
    return ""


def in_words(amount: int, budget: Budget) -> str:
    return f"{amount // 100}.{amount % 100:02} {budget.currency}".rstrip()


def with_evidence(assessment: Assessment, more: Sequence[Evidence]) -> Assessment:
    """`assessment` with more reasons, the worst first."""
    return _regraded(assessment, (*assessment.evidence, *more)) if more else assessment


def _regraded(assessment: Assessment, evidence: tuple[Evidence, ...]) -> Assessment:
    ordered = tuple(sorted(evidence, key=lambda item: -item.risk))
    return replace(
        assessment,
        risk=max(assessment.risk, ordered[0].risk),
        effects=assessment.effects | {item.effect for item in evidence},
        evidence=ordered,
        factors=worst_of((assessment.factors, *(item.factors for item in evidence))),
    )
