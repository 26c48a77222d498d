"""What a policy itself adds to an assessment: team rules, prices, and what is left of a budget."""

import pytest

from assent.core.actions import EditKind, FileChange, FileEdit, ToolCall
from assent.core.policy.budget import Budget, Price, Spent
from assent.core.policy.team import TeamRule, told
from assent.core.policy.weigh import weigh
from assent.core.risk.factors import Cost, RiskClass
from assent.core.risk.model import Effect, Evidence
from tests.core.policy.on_paper import (
    COMMAND,
    DIGEST,
    EDIT,
    LOW,
    TRIVIAL,
    assessed,
    facts,
    policy,
    proposed,
    reason,
)

NO_PRINT = TeamRule("no-print", r"\bprint\(", "use the logger", ("**/*.py",))


def edit(diff: str, path: str = "a.py") -> FileEdit:
    change = FileChange(path, EditKind.UPDATE, before=DIGEST, after=DIGEST, diff=diff)
    return FileEdit((change,), "/w")


def broken(diff: str, *rules: TeamRule, path: str = "a.py") -> list[Evidence]:
    action = edit(diff, path)
    found = weigh(
        assessed(reason(LOW)),
        policy(team=rules),
        proposal=proposed(action),
        facts=facts(),
    )
    return [item for item in found.evidence if item.rule == "team-rule"]


HEAD = "--- a\n+++ b\n@@ -1,2 +1,3 @@\n"


@pytest.mark.parametrize(
    ("diff", "count"),
    [
        pytest.param(HEAD + " x\n+print(1)\n y\n", 1, id="added"),
        pytest.param(HEAD + " print(1)\n-print(2)\n+z\n", 0, id="there-before-or-removed"),
        pytest.param("--- a\n+++ print(1)\n@@ -1 +1 @@\n+x\n", 0, id="header"),
        pytest.param(HEAD + "+++ print(1)\n", 1, id="an-added-line-that-looks-like-a-header"),
        pytest.param("", 0, id="not-text"),
    ],
)
def test_only_added_lines_break_a_rule(diff: str, count: int) -> None:
    assert len(broken(diff, NO_PRINT)) == count


def test_a_broken_rule_is_medium_and_says_where() -> None:
    [item] = broken(HEAD + " x\n y\n+print(1)\n", NO_PRINT)
    assert item.risk is RiskClass.MEDIUM
    assert item.path == "/w/a.py"
    assert item.what == "line 3 breaks the team's rule `no-print`: use the logger"


def test_a_rule_holds_only_for_its_files() -> None:
    assert broken(HEAD + "+print(1)\n", NO_PRINT, path="a.js") == []


def test_agents_are_told_the_rules_in_words() -> None:
    assert told(()) == ""
    assert "- use the logger (in **/*.py)" in told((NO_PRINT,))


# --- money

GPU = Price(250, programs=("gpu run",), tools=("cloud/*",))


def spending(budget: Budget, spent: Spent, *, called: str = "gpu run job") -> Evidence | None:
    found = weigh(
        assessed(reason(TRIVIAL, Effect.READ, called=called)),
        policy(budget=budget),
        proposal=proposed(COMMAND),
        facts=facts(),
        spent=spent,
    )
    return next((item for item in found.evidence if item.effect is Effect.COST), None)


def test_a_declared_price_is_a_reason() -> None:
    item = spending(Budget(prices=(GPU,), currency="EUR"), Spent())
    assert item is not None
    assert (item.amount, item.factors.cost, item.risk) == (250, Cost.WITHIN, RiskClass.LOW)
    assert item.what == "costs 2.50 EUR"
    assert spending(Budget(prices=(GPU,)), Spent(), called="gpu list") is None


@pytest.mark.parametrize(
    ("budget", "spent", "over"),
    [
        pytest.param(Budget(per_day=1000, prices=(GPU,)), Spent(750, 0), False, id="just-enough"),
        pytest.param(Budget(per_day=1000, prices=(GPU,)), Spent(751, 0), True, id="day"),
        pytest.param(Budget(per_agent=500, prices=(GPU,)), Spent(900, 250), False, id="agent"),
        pytest.param(Budget(per_agent=500, prices=(GPU,)), Spent(900, 251), True, id="agent-over"),
        pytest.param(Budget(prices=(GPU,)), Spent(10**9, 10**9), False, id="no-limit"),
    ],
)
def test_what_is_over_the_budget_is_high(budget: Budget, spent: Spent, *, over: bool) -> None:
    item = spending(budget, spent)
    assert item is not None
    assert item.factors.cost is (Cost.OVER if over else Cost.WITHIN)
    assert (item.risk is RiskClass.HIGH) is over


def test_tools_have_prices_too() -> None:
    found = weigh(
        assessed(reason(LOW)),
        policy(budget=Budget(prices=(GPU,))),
        proposal=proposed(ToolCall("cloud", "start", "{}")),
        facts=facts(),
    )
    assert [item.amount for item in found.evidence if item.amount] == [250]


def test_nothing_that_the_policy_adds_lowers_a_class() -> None:
    before = assessed(reason(RiskClass.IRREVERSIBLE))
    after = weigh(
        before,
        policy(team=(NO_PRINT,), budget=Budget(per_day=1, prices=(GPU,))),
        proposal=proposed(EDIT),
        facts=facts(),
    )
    assert after.risk is before.risk
