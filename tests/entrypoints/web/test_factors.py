"""The five factors in words."""

from assent.core.risk.factors import (
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    Sensitivity,
)
from assent.entrypoints.web.views.factors import factor_views


def words(factors: Factors) -> dict[str, str]:
    return {view.label: view.says for view in factor_views(factors)}


def test_the_worst_is_told_in_full() -> None:
    worst = Factors(
        Reversibility.NEVER, Reach.OTHERS, Cost.OVER, Sensitivity.GUARD, Precedent.FIRST
    )
    assert words(worst) == {
        "undone": "not at all",
        "reaches": "other people and systems",
        "touches": "what guards the agents",
        "costs": "more than the budget",
        "before": "never: the first time for this agent here",
    }


def test_what_costs_nothing_and_was_done_before_is_not_told() -> None:
    assert set(words(Factors())) == {"undone", "reaches", "touches"}


def test_every_value_has_words() -> None:
    for reversibility in Reversibility:
        for reach in Reach:
            for sensitivity in Sensitivity:
                found = Factors(reversibility, reach, Cost.WITHIN, sensitivity, Precedent.FIRST)
                assert len(set(words(found).values())) == 5
