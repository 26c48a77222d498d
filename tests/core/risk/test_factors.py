"""The class of a reason: the table, what raises it, and that the page tells the truth about it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from assent.core.risk.factors import (
    AT_LEAST,
    TABLE,
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    RiskClass,
    Sensitivity,
    class_of,
    typical,
    worst_of,
)
from assent.core.risk.meanings import MEANINGS
from tests.core.strategies import factors

PAGE = (Path(__file__).parents[3] / "docs" / "explanation" / "risk.md").read_text(encoding="utf-8")


def test_the_page_has_the_table_that_decides() -> None:
    rows = {
        cells[0]: cells[1:]
        for line in PAGE.splitlines()
        if (cells := [cell.strip() for cell in line.strip("|").split("|")])
        and cells[0] in {each.word for each in Reversibility}
        and len(cells) == len(Reach) + 1
    }
    assert rows == {row.word: [found.word for found in TABLE[row]] for row in Reversibility}


def test_the_page_names_every_value_of_every_factor() -> None:
    for factor in (Reversibility, Reach, Cost, Sensitivity, Precedent):
        row = next(
            line for line in PAGE.splitlines() if line.startswith(f"| {factor.__name__.lower()} |")
        )
        assert [value.word for value in factor if not re.search(rf"\b{value.word}\b", row)] == []


@given(factors)
def test_more_of_a_factor_never_lowers_the_class(found: Factors) -> None:
    for name in ("reversibility", "reach", "cost", "sensitivity", "precedent"):
        value = getattr(found, name)
        for higher in type(value):
            if higher > value:
                assert class_of(replace(found, **{name: higher})) >= class_of(found)


@given(factors, factors)
def test_the_sum_is_as_bad_as_each(one: Factors, other: Factors) -> None:
    assert class_of(worst_of((one, other))) >= max(class_of(one), class_of(other))


@pytest.mark.parametrize("risk", RiskClass)
def test_typical_factors_have_their_class(risk: RiskClass) -> None:
    assert class_of(typical(risk)) is risk


@pytest.mark.parametrize(("value", "least"), AT_LEAST)
def test_sensitivity_and_cost_raise_even_what_changes_nothing(
    value: Sensitivity | Cost, least: RiskClass
) -> None:
    plain = Factors()
    raised = (
        replace(plain, cost=value) if isinstance(value, Cost) else replace(plain, sensitivity=value)
    )
    assert class_of(raised) is least


def test_a_first_time_asks_nothing_that_would_not_be_asked_anyway() -> None:
    for risk in RiskClass:
        first = class_of(replace(typical(risk), precedent=Precedent.FIRST))
        assert (first > RiskClass.LOW) is (risk > RiskClass.LOW)


def test_every_word_of_the_catalog_has_an_effect_and_a_class() -> None:
    proceeds = {
        word for word, meaning in MEANINGS.items() if class_of(meaning.factors) <= RiskClass.LOW
    }
    assert proceeds == {
        "inert", "list", "read", "search", "network-read", "write", "work", "project-run",
        "install-locked", "local-service",
    }  # fmt: skip
