"""Profiles, terms of asking, autonomy, review, team rules and budgets in policy files."""

import json
from zoneinfo import ZoneInfo

import pytest

from assent.adapters.policy_file import PROFILES, json_schema, parse_policy, starting_text
from assent.adapters.policy_file.tables import TABLES
from assent.core.people.model import Rung
from assent.core.policy.budget import Price
from assent.core.policy.hours import Hours
from assent.core.policy.lint import lint
from assent.core.policy.model import (
    DAY_MS,
    Asks,
    Autonomy,
    Handing,
    Mode,
    PathOwner,
    Review,
    Rule,
    Tier,
    Wanted,
)
from assent.core.policy.team import TeamRule
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.factors import RiskClass
from assent.errors import UsageError

FULL = b"""
profile = "team"
timezone = "Europe/Berlin"
codeowners = false

[ask]
reviewers = ["ana"]
quorum = 1
on_timeout = "deny"
remember = "1h"
rollback = "optional"
separate = false
sign = "optional"
remind = "1h"

[teams]
payments = ["ana", "ben", "ana"]

[[owners]]
paths = ["src/pay/**"]
people = ["@payments", "cleo"]

[delegation]
longest = "2d"
worst = "medium"
allowed = false

[autonomy]
default = "pair"
allow = ["autonomous"]
agents = { codex = "autonomous" }

[review]
rejections = 3
within = "2h"
then = "ask:ana, ben"

[[team]]
name = "no-print"
forbid = '\\bprint\\('
message = "use the logger"
paths = ["src/**"]

[[team]]
name = "dates"
instead_of = "moment"
use = "date-fns"

[budget]
per_day = "20"
per_agent = "5.50"
currency = "EUR"

[[budget.price]]
programs = ["gpu run"]
tools = ["cloud/*"]
amount = "2.50"

[[rule]]
name = "releases"
route = "gate"
at_least = "high"
path_classes = ["ci", "migration"]
scopes = ["push origin/release/*"]
branches = ["release/*"]
hours = ["mon-fri 09:00-18:00", "sat,sun 22:00-06:00"]
modes = ["autonomous"]
cost_over = "1.00"
tier = "approve"
reviewers = ["ana", "ben"]
quorum = 2
wait = "1m"
expires = "4h"
on_timeout = "ask:cleo"
remember = "10m"
rollback = "required"
needs = ["2 of @security", "@owners", "ana, ben"]
separate = true
sign = "required"
remind = "30m"
ladder = ["30m @oncall", "2h @leads, dan"]
advice = "Go on with the tests."
"""


def test_everything_a_file_can_say() -> None:
    policy = parse_policy(FULL)
    assert policy.zone == ZoneInfo("Europe/Berlin")
    assert policy.profile == "team"
    assert policy.asks == Asks(
        reviewers=("ana",),
        quorum=1,
        then_ask=(),
        remember_ms=3_600_000,
        needs_rollback=False,
        separate=False,
        signed=False,
        remind_ms=3_600_000,
    )
    assert policy.teams == {"payments": ("ana", "ben")}
    assert policy.owners == (PathOwner(("src/pay/**",), ("@payments", "cleo")),)
    assert policy.handing == Handing(2 * DAY_MS, RiskClass.MEDIUM, allowed=False)
    assert not policy.codeowners
    assert policy.autonomy == Autonomy(
        Mode.PAIR, {"codex": Mode.AUTONOMOUS}, frozenset({Mode.AUTONOMOUS})
    )
    assert policy.review == Review(3, 7_200_000, ("ana", "ben"))
    assert policy.team == (
        TeamRule("no-print", r"\bprint\(", "use the logger", ("src/**",)),
        TeamRule("dates", r"\bmoment\b", "use date-fns instead of moment"),
    )
    budget = policy.budget
    assert (budget.per_day, budget.per_agent, budget.currency) == (2000, 550, "EUR")
    assert budget.prices == (Price(250, ("gpu run",), ("cloud/*",)),)
    [rule] = [rule for rule in policy.rules if not rule.general]
    assert rule == Rule(
        name="releases",
        route=rule.route,
        at_least=RiskClass.HIGH,
        path_classes=frozenset({PathClass.CI, PathClass.MIGRATION}),
        scopes=("push origin/release/*",),
        branches=("release/*",),
        hours=(
            Hours(frozenset(range(5)), 540, 1080),
            Hours(frozenset({5, 6}), 1320, 360),
        ),
        modes=frozenset({Mode.AUTONOMOUS}),
        cost_over=100,
        asks=Asks(
            tier=Tier.APPROVE,
            reviewers=("ana", "ben"),
            quorum=2,
            wait_ms=60_000,
            expires_ms=14_400_000,
            then_ask=("cleo",),
            remember_ms=600_000,
            needs_rollback=True,
            needs=(Wanted(("@security",), 2), Wanted(("@owners",)), Wanted(("ana", "ben"))),
            separate=True,
            signed=True,
            remind_ms=1_800_000,
            ladder=(Rung(1_800_000, ("@oncall",)), Rung(7_200_000, ("@leads", "dan"))),
            advice="Go on with the tests.",
        ),
    )


GATE = '[[rule]]\nname = "r"\nroute = "gate"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            'profile = "sole"', "line 1: unknown profile `sole`. Did you mean `solo`?", id="profile"
        ),
        pytest.param('[teams]\n"a b" = ["x"]', "line 2: `a b`: a team's name has", id="team-name"),
        pytest.param(
            '[teams]\na = ["@b"]', "line 2: `a`: write the name of a person", id="team-in-a-team"
        ),
        pytest.param("[teams]\na = []", "line 2: `a` is empty", id="empty-team"),
        pytest.param(
            '[[owners]]\npaths = ["a"]', "line 1: an entry of owners needs a `people`", id="owners"
        ),
        pytest.param(
            GATE + 'needs = ["0 of @x"]', "line 4: `needs`: write whom it needs", id="needs-nobody"
        ),
        pytest.param(
            GATE + 'needs = ["3 of ana, ben"]',
            "line 4: `needs` wants 3 people, and names 2.",
            id="needs-too-many",
        ),
        pytest.param(GATE + 'sign = "yes"', "line 4: unknown value of `sign` `yes`", id="sign"),
        pytest.param(
            GATE + 'ladder = ["soon @x"]', "line 4: `ladder`: write when and who", id="rung"
        ),
        pytest.param(
            GATE + 'ladder = ["2h @x", "1h @y"]',
            "line 4: each step of `ladder` comes later",
            id="ladder-down",
        ),
        pytest.param(
            '[[rule]]\nname = "r"\nroute = "deny"\nseparate = true',
            'line 4: `separate` is about asking, so it needs `route = "gate"`.',
            id="separate-without-asking",
        ),
        pytest.param('timezone = "Mars/X"', "line 1: `timezone`: write a time zone", id="zone"),
        pytest.param(GATE + 'tier = "revue"', "line 4: unknown tier `revue`", id="tier"),
        pytest.param(
            '[[rule]]\nname = "r"\nroute = "deny"\ntier = "review"',
            'line 4: `tier` is about asking, so it needs `route = "gate"`.',
            id="tier-without-asking",
        ),
        pytest.param(
            GATE + 'reviewers = ["ana"]\nquorum = 2',
            "line 5: `quorum` wants 2 people, and `reviewers` names 1.",
            id="quorum-that-cannot-be",
        ),
        pytest.param(
            GATE + 'hours = ["mon-fri 9-18"]', "line 4: `hours`: write days and a span", id="hours"
        ),
        pytest.param(
            GATE + 'hours = ["mon 24:30-25:00"]', "line 4: `hours`: write days", id="no-such-hour"
        ),
        pytest.param(
            GATE + 'on_timeout = "approve"', "line 4: `on_timeout`: write", id="time-cannot-approve"
        ),
        pytest.param(GATE + 'scopes = ["push"]', "line 4: `scopes`: write an act", id="scope"),
        pytest.param(GATE + "cost_over = 5", "line 4: `cost_over`: write an amount", id="amount"),
        pytest.param(
            GATE + 'path_classes = ["cii"]', "line 4: unknown path class `cii`", id="path-class"
        ),
        pytest.param('[autonomy]\ndefault = "auto"', "line 2: unknown mode `auto`", id="mode"),
        pytest.param("[review]\n", "line 1: `[review]` needs a `rejections`", id="review"),
        pytest.param(
            '[[team]]\nname = "t"\nforbid = "(a+)+"',
            "line 3: `forbid`: a repetition may hold no other repetition",
            id="pattern",
        ),
        pytest.param('[[team]]\nname = "t"', "line 2: a team rule needs either", id="team-empty"),
        pytest.param(
            '[[team]]\nname = "t"\nuse = "x"\nforbid = "y"',
            "line 2: `instead_of` and `use` belong together",
            id="team-half",
        ),
        pytest.param(
            '[budget]\n[[budget.price]]\namount = "1"',
            "line 3: a price needs",
            id="price-of-nothing",
        ),
        pytest.param(
            '[budget]\n[[budget.price]]\namuont = "1"',
            "line 3: unknown key `amuont`. Did you mean `amount`?",
            id="key-in-an-inner-table",
        ),
        pytest.param(
            '[[rule]]\nname = "solo-edits"\nroute = "deny"',
            "line 2: the profile has a rule named `solo-edits`.",
            id="name-of-the-profile",
        ),
    ],
)
def test_errors_say_where_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(text.encode())
    assert str(caught.value).startswith(f"policy.toml {message}")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_new_policy_begins_with_its_profile_and_nothing_to_complain_about(profile: str) -> None:
    policy = parse_policy(starting_text(profile))
    assert policy.profile == profile
    assert all(rule.general and rule.name.startswith(profile) for rule in policy.rules)
    assert lint(policy) == ()


@pytest.mark.parametrize("command", ["npm test", "sh -c \"a \\ b\" # 'é'", "make\ttest"])
def test_a_new_policy_names_the_tests_that_were_found(command: str) -> None:
    policy = parse_policy(starting_text("team", test=command))
    assert (policy.profile, policy.changes.test) == ("team", command)
    assert parse_policy(starting_text("team")).changes.test == ""


def test_a_way_back_is_wanted_of_teams_and_not_of_one_person() -> None:
    wants = {name: parse_policy(starting_text(name)).asks.needs_rollback for name in PROFILES}
    assert wants == {"solo": None, "team": True, "strict": True}


def test_the_schema_knows_every_key() -> None:
    schema = json.dumps(json_schema())
    for place, table in TABLES.items():
        for name, field in table.model_fields.items():
            assert f'"{field.alias or name}"' in schema, (place, name)
    assert '"enum": ["solo", "team", "strict"]' in schema


@pytest.mark.parametrize("folder", ["/etc", "../up", ".git/hooks", "a/.git", "node_*", ""])
def test_only_folders_of_the_workspace_are_shared(folder: str) -> None:
    with pytest.raises(UsageError, match="write a folder inside the workspace"):
        parse_policy(f"[changes]\nshare = [{json.dumps(folder)}]\n".encode())
