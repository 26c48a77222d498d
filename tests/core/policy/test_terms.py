"""How a person is asked: what rules say together, and what holds where none says it."""

import pytest

from assent.core.people.model import Rung
from assent.core.policy import Gate, Policy, Rule, Terms, Tier
from assent.core.policy.model import Asks, Wanted
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect, Evidence
from tests.core.policy.on_paper import (
    EDIT,
    GATE,
    HIGH,
    IRREVERSIBLE,
    MEDIUM,
    POLICY_EDIT,
    assessed,
    chosen,
    policy,
    reason,
    rule,
)

KINDS = frozenset({"edit"})


def terms(item: Evidence, *rules: Rule, under: Policy | None = None) -> Terms:
    found = chosen(assessed(item), *rules, action=EDIT, under=under).route
    assert isinstance(found, Gate)
    return found.terms


@pytest.mark.parametrize(
    ("risk", "tier"),
    [
        pytest.param(MEDIUM, Tier.ACKNOWLEDGE, id="medium"),
        pytest.param(HIGH, Tier.REVIEW, id="high"),
        pytest.param(IRREVERSIBLE, Tier.APPROVE, id="irreversible"),
    ],
)
def test_without_rules_the_class_gives_the_tier(risk: RiskClass, tier: Tier) -> None:
    assert terms(reason(risk)) == Terms(tier=tier)


def test_a_rule_says_how_to_ask() -> None:
    asks = Asks(
        tier=Tier.APPROVE,
        reviewers=("ana", "ben"),
        quorum=2,
        wait_ms=1_000,
        expires_ms=2_000,
        then_ask=("cleo",),
        remember_ms=3_000,
        needs_rollback=True,
        needs=(Wanted(("@security",), 2),),
        separate=True,
        signed=True,
        remind_ms=4_000,
        ladder=(Rung(5_000, ("@oncall",)),),
        advice="go on",
    )
    assert terms(reason(HIGH), rule("r", GATE, asks=asks)) == Terms(
        tier=Tier.APPROVE,
        reviewers=("ana", "ben"),
        quorum=2,
        wait_ms=1_000,
        expires_ms=2_000,
        then_ask=("cleo",),
        remember_ms=3_000,
        needs_rollback=True,
        needs=(Wanted(("@security",), 2),),
        separate=True,
        signed=True,
        remind_ms=4_000,
        ladder=(Rung(5_000, ("@oncall",)),),
        advice="go on",
    )


def test_what_a_rule_leaves_open_comes_from_more_general_ones_then_from_ask() -> None:
    profile = rule("profile", GATE, kinds=KINDS, general=True, asks=Asks(tier=Tier.APPROVE))
    wide = rule("wide", GATE, asks=Asks(quorum=2))
    narrow = rule("narrow", GATE, kinds=KINDS, asks=Asks(reviewers=("ana", "ben")))
    under = policy(profile, wide, narrow, asks=Asks(quorum=9, needs_rollback=True))
    found = terms(reason(HIGH), under=under)
    assert (found.reviewers, found.quorum, found.tier) == (("ana", "ben"), 2, Tier.APPROVE)
    assert found.needs_rollback


def test_of_equals_the_stricter_value_holds_each_by_itself() -> None:
    light = Asks(tier=Tier.ACKNOWLEDGE, quorum=2, remember_ms=5_000, then_ask=("cleo",))
    heavy = Asks(tier=Tier.REVIEW, quorum=1, remember_ms=1_000, then_ask=())
    first, second = rule("a", GATE, asks=light), rule("b", GATE, asks=heavy)
    for rules in ((first, second), (second, first)):
        found = terms(reason(MEDIUM), *rules)
        assert found == Terms(tier=Tier.REVIEW, quorum=2, remember_ms=1_000)


def test_a_more_specific_rule_may_ask_more_lightly_and_says_so() -> None:
    wide = rule("wide", GATE, asks=Asks(tier=Tier.APPROVE))
    narrow = rule("narrow", GATE, kinds=KINDS, asks=Asks(tier=Tier.ACKNOWLEDGE))
    assert terms(reason(HIGH), wide, narrow).tier is Tier.ACKNOWLEDGE


def test_what_guards_the_agents_is_asked_no_lighter_than_usual_and_never_remembered() -> None:
    light = rule("light", GATE, asks=Asks(tier=Tier.ACKNOWLEDGE, remember_ms=5_000))
    item = assessed(reason(IRREVERSIBLE, Effect.POLICY_SELF))
    found = chosen(item, light, action=POLICY_EDIT).route
    assert isinstance(found, Gate)
    assert (found.terms.tier, found.terms.remember_ms) == (Tier.APPROVE, 0)


def test_what_cannot_be_taken_back_is_asked_one_by_one() -> None:
    remember = rule("r", GATE, asks=Asks(remember_ms=5_000))
    assert terms(reason(HIGH), remember).remember_ms == 5_000
    assert terms(reason(IRREVERSIBLE), remember).remember_ms == 0


def test_a_way_back_is_wanted_only_where_the_risk_is_high() -> None:
    under = policy(asks=Asks(needs_rollback=True))
    assert not terms(reason(MEDIUM), under=under).needs_rollback
    assert terms(reason(HIGH), under=under).needs_rollback


SECURITY, OWNERS = Wanted(("@security",), 2), Wanted(("@owners",))


def test_who_has_to_agree_adds_up_over_all_rules_that_fit() -> None:
    wide = rule("wide", GATE, asks=Asks(needs=(SECURITY,), separate=True, signed=True))
    light = Asks(needs=(OWNERS, Wanted(("@security",))), separate=False, signed=False)
    narrow = rule("narrow", GATE, kinds=KINDS, asks=light)
    for rules in ((wide, narrow), (narrow, wide)):
        found = terms(reason(HIGH), *rules)
        assert found.needs == (OWNERS, SECURITY)
        assert (found.separate, found.signed) == (True, True)


def test_without_a_rule_about_it_those_of_ask_have_to_agree() -> None:
    general = Asks(needs=(SECURITY,), separate=True, signed=True)
    asked = terms(reason(HIGH), under=policy(rule("r", GATE), asks=general))
    assert (asked.needs, asked.separate, asked.signed) == ((SECURITY,), True, True)
    own = rule("own", GATE, asks=Asks(needs=(OWNERS,), separate=False, signed=False))
    asked = terms(reason(HIGH), under=policy(own, asks=general))
    assert (asked.needs, asked.separate, asked.signed) == ((OWNERS,), False, False)


def test_of_equal_rules_the_sooner_ladder_and_reminder_hold() -> None:
    late = Asks(remind_ms=9_000, ladder=(Rung(9_000, ("ana",)),), advice="a")
    soon = Asks(remind_ms=1_000, ladder=(Rung(1_000, ("ben",)),), advice="b")
    for rules in ((rule("a", GATE, asks=late), rule("b", GATE, asks=soon)),):
        found = terms(reason(MEDIUM), *rules)
        assert (found.remind_ms, found.ladder) == (1_000, (Rung(1_000, ("ben",)),))
