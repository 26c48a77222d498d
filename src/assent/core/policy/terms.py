"""How a person is asked: what the rules that fit say together.

Of each thing that can be said, the most specific rule that says it decides, and of equals the
stricter value. What no rule says comes from `[ask]`, and the tier then from the class. Who has to
agree is different: what all the rules that fit want of it adds up, so that no rule takes away what
another one guards.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import TypeAlias, TypeVar

from assent.core.people.model import Rung
from assent.core.policy.model import Asks, Policy, Rule, Terms, Tier, Wanted, tier_for
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment

T = TypeVar("T")
Rank: TypeAlias = tuple[int, tuple[str, ...]]


def terms_of(
    rules: Sequence[Rule], policy: Policy, assessment: Assessment, *, guarded: bool = False
) -> Terms:
    """The terms under rules that all fit. What guards the agents is asked no lighter than usual."""
    usual = tier_for(assessment.risk)
    ordered = sorted(rules, key=lambda rule: rule.specificity, reverse=True)
    layers = [
        [rule.asks for rule in group]
        for _, group in groupby(ordered, key=lambda rule: rule.specificity)
    ]
    said = partial(_said, [*layers, [policy.asks]])
    tier = said(lambda asks: asks.tier, _by_tier) or usual
    lapses = guarded or assessment.risk is RiskClass.IRREVERSIBLE
    needs_rollback: bool | None = said(lambda asks: asks.needs_rollback, _yes)
    return Terms(
        tier=max(tier, usual, key=_by_tier) if guarded else tier,
        reviewers=said(lambda asks: asks.reviewers, _fewer) or (),
        quorum=said(lambda asks: asks.quorum, _more) or 1,
        wait_ms=said(lambda asks: asks.wait_ms, _less),
        expires_ms=said(lambda asks: asks.expires_ms, _less),
        then_ask=said(lambda asks: asks.then_ask, _fewer) or (),
        remember_ms=0 if lapses else said(lambda asks: asks.remember_ms, _less) or 0,
        needs_rollback=bool(needs_rollback) and assessment.risk >= RiskClass.HIGH,
        needs=_together(_all(rules, policy, lambda asks: asks.needs)),
        separate=any(_all(rules, policy, lambda asks: asks.separate)),
        signed=any(_all(rules, policy, lambda asks: asks.signed)),
        remind_ms=said(lambda asks: asks.remind_ms, _less) or 0,
        ladder=said(lambda asks: asks.ladder, _sooner) or (),
        advice=said(lambda asks: asks.advice, lambda text: (0, (text,))) or "",
    )


def _all(rules: Sequence[Rule], policy: Policy, get: Callable[[Asks], T | None]) -> Sequence[T]:
    """What every rule says, however special; with none that says anything, what `[ask]` does."""
    said = [value for rule in rules if (value := get(rule.asks)) is not None]
    general = get(policy.asks)
    return said or ([] if general is None else [general])


def _together(needs: Iterable[tuple[Wanted, ...]]) -> tuple[Wanted, ...]:
    """All of them; of one group the largest number."""
    counts: dict[tuple[str, ...], int] = {}
    for each in (wanted for said in needs for wanted in said):
        counts[each.who] = max(counts.get(each.who, 0), each.count)
    return tuple(Wanted(who, counts[who]) for who in sorted(counts))


def _sooner(ladder: tuple[Rung, ...]) -> Rank:
    """Whoever is asked sooner is asked more strictly; then names decide, so that one does."""
    return -ladder[0].after_ms, tuple(name for rung in ladder for name in rung.ask)


def _by_tier(tier: Tier) -> Rank:
    return tier.strictness, ()


def _yes(value: bool) -> Rank:  # noqa: FBT001 - a key, not a switch
    return int(value), ()


def _more(value: int) -> Rank:
    return value, ()


def _less(value: int) -> Rank:
    return -value, ()


def _fewer(people: tuple[str, ...]) -> Rank:
    """Fewer people are stricter; of two lists of one length the names decide, so that one does."""
    return -len(people), people


def _said(
    layers: Sequence[Sequence[Asks]], get: Callable[[Asks], T | None], rank: Callable[[T], Rank]
) -> T | None:
    """The word of the first layer that says anything, and of several the strictest."""
    for layer in layers:
        said = [value for value in map(get, layer) if value is not None]
        if said:
            return max(said, key=rank)
    return None
