"""What lint says of a policy is true: a rule it calls unreachable decides about nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.actions import Action
from assent.core.people.model import Person, Rung
from assent.core.policy import Deny, Gate, Mode, Rule
from assent.core.policy.complaints import Known, Problem
from assent.core.policy.hours import Hours
from assent.core.policy.lint import lint
from assent.core.policy.model import (
    STRICTNESS,
    Asks,
    Autonomy,
    PathOwner,
    RouteName,
    Tier,
    Wanted,
    route_name,
)
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Effect, Evidence, Scope
from tests.core.policy.on_paper import (
    COMMAND,
    DENY,
    EDIT,
    GATE,
    HIGH,
    LOW,
    NOTIFY,
    PLAN,
    POLICY_EDIT,
    PROCEED,
    READ,
    TOOL,
    UNREADABLE,
    assessed,
    chosen,
    facts,
    policy,
    rule,
)

T = TypeVar("T")

EDITS = frozenset({"edit"})
DELETES = frozenset({Effect.DELETE})


def problems(*rules: Rule, known: Known | None = None, **more: object) -> list[tuple[str, str]]:
    found = lint(policy(*rules, **more), known)
    return [(each.problem.value, each.rule) for each in found]


@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param(
            rule("r", GATE, classes=frozenset({LOW}), at_least=HIGH), id="classes-below-at-least"
        ),
        pytest.param(rule("r", GATE, kinds=EDITS, tools=("a/b",)), id="tools-of-another-kind"),
        pytest.param(rule("r", PROCEED, kinds=frozenset({"policy"})), id="loosens-policy-edits"),
        pytest.param(
            rule("r", NOTIFY, effects=frozenset({Effect.POLICY_SELF})), id="loosens-the-guard"
        ),
        pytest.param(rule("r", PROCEED, modes=frozenset({Mode.PAIR})), id="loosens-pair-mode"),
        pytest.param(rule("r", DENY, modes=frozenset({Mode.AUTONOMOUS})), id="mode-nobody-is-in"),
    ],
)
def test_rules_that_fit_nothing(impossible: Rule) -> None:
    assert problems(impossible) == [("unreachable", "r")]


@pytest.mark.parametrize(
    ("wins", "loses"),
    [
        pytest.param(
            rule("a", GATE, effects=DELETES, paths=("**",)),
            rule("b", PROCEED, effects=DELETES, paths=("dist/**",)),
            id="a-stricter-one-of-as-many-conditions",
        ),
        pytest.param(
            rule("a", DENY, programs=("npm",)),
            rule("b", GATE, programs=("npm test",)),
            id="a-wider-program",
        ),
        pytest.param(
            rule("a", NOTIFY, tools=("github/*",)),
            rule("b", PROCEED, tools=("github/get_issue",)),
            id="a-wider-tool",
        ),
    ],
)
def test_rules_that_another_goes_before(wins: Rule, loses: Rule) -> None:
    assert ("unreachable", "b") in problems(wins, loses)
    assert ("unreachable", "b") in problems(loses, wins)


def test_a_rule_that_lends_its_terms_is_of_use() -> None:
    lender = rule("b", GATE, kinds=EDITS, asks=Asks(tier=Tier.APPROVE))
    assert problems(rule("a", DENY, kinds=EDITS), lender) == [("conflict", "b")]


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        pytest.param(
            rule("a", GATE, effects=DELETES),
            rule("b", PROCEED, paths=("dist/**",)),
            True,
            id="effect-and-path",
        ),
        pytest.param(
            rule("a", GATE, paths=("docs/*.md",)),
            rule("b", PROCEED, paths=("**/*.md",)),
            True,
            id="paths-that-meet",
        ),
        pytest.param(
            rule("a", GATE, paths=("docs/**",)),
            rule("b", PROCEED, paths=("src/**",)),
            False,
            id="paths-apart",
        ),
        pytest.param(
            rule("a", GATE, paths=("docs/**",)),
            rule("b", PROCEED, programs=("npm",)),
            False,
            id="nothing-proves-that-they-meet",
        ),
        pytest.param(
            rule("a", GATE, kinds=EDITS, agents=frozenset({"codex"})),
            rule("b", PROCEED, kinds=EDITS, agents=frozenset({"gemini"})),
            False,
            id="agents-apart",
        ),
        pytest.param(
            rule("a", GATE, hours=(Hours(frozenset({0}), 0, 600),)),
            rule("b", PROCEED, hours=(Hours(frozenset({0}), 600, 1200),)),
            False,
            id="hours-apart",
        ),
        pytest.param(
            rule("a", GATE, kinds=EDITS, asks=Asks(reviewers=("ana",))),
            rule("b", GATE, classes=frozenset({HIGH}), asks=Asks(reviewers=("ben",))),
            True,
            id="other-reviewers",
        ),
    ],
)
def test_conflicts(first: Rule, second: Rule, *, meet: bool) -> None:
    found = lint(policy(first, second))
    assert [each.problem for each in found] == ([Problem.CONFLICT] if meet else [])


def test_edits_guarded_and_commands_left_out_is_a_gap() -> None:
    guarded = rule("r", GATE, kinds=EDITS, paths=("migrations/**",))
    assert problems(guarded) == [("gap", "r")]
    assert problems(replace(guarded, kinds=frozenset())) == []


def test_asking_nobody_new_when_time_is_up_is_a_gap() -> None:
    asks = Asks(reviewers=("ana", "ben"), then_ask=("ben",))
    assert problems(rule("r", GATE, asks=asks)) == [("gap", "r")]


def test_names_that_are_not_here() -> None:
    known = Known(agents=frozenset({"codex"}), programs=frozenset({"npm"}))
    named = rule("r", GATE, programs=("npm test", "nmp test"), agents=frozenset({"codeks"}))
    found = lint(policy(named, autonomy=Autonomy(agents={"claude": Mode.PAIR})), known)
    assert [(each.problem.value, each.rule) for each in found] == [
        ("unknown", "r"),
        ("unknown", "r"),
        ("unknown", "[autonomy]"),
    ]
    assert "`nmp`" in found[1].what


# --- for any policy


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple)


def few(values: Sequence[T]) -> st.SearchStrategy[frozenset[T]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


EFFECTS = (Effect.DELETE, Effect.UNKNOWN, Effect.POLICY_SELF, Effect.EXTERNAL)
HOURS = (Hours(frozenset({4}), 600, 800), Hours(frozenset(range(7)), 0, 1440))
ASKS = (Asks(), Asks(tier=Tier.REVIEW), Asks(quorum=2))
rules = st.builds(
    Rule,
    name=st.just("rule"),
    route=st.sampled_from(RouteName),
    kinds=few(("command", "edit", "tool", "policy", "unknown")),
    effects=few(EFFECTS),
    classes=few(tuple(RiskClass)),
    at_least=st.none() | st.sampled_from(RiskClass),
    programs=some("npm", "npm test", "./run.sh"),
    tools=some("*/*", "github/*", "github/get_issue"),
    paths=some("**", "src/**", "src/a.py"),
    path_classes=few((PathClass.CI, PathClass.DOCS)),
    scopes=some("push origin/**", "push origin/main", "comment pr/1"),
    agents=few(("codex", "claude-code")),
    modes=few(tuple(Mode)),
    branches=some("main", "release/*"),
    hours=st.lists(st.sampled_from(HOURS), max_size=1).map(tuple),
    cost_over=st.none() | st.sampled_from((0, 100)),
    asks=st.sampled_from(ASKS),
    general=st.booleans(),
)
reasons = st.builds(
    Evidence,
    rule=st.sampled_from(("unknown-program", "delete")),
    effect=st.sampled_from((*EFFECTS, Effect.NONE)),
    factors=st.sampled_from(RiskClass).map(typical),
    what=st.just("does something"),
    path=st.sampled_from(("", "/w/src/a.py", "/w/.github/workflows/x.yml", "/w/README.md")),
    program=st.sampled_from(((), ("npm",), ("npm", "test"), ("/w/run.sh",))),
    called=st.sampled_from(((), (("npm", "test", "-v"),), (("/w/run.sh",), ("npm",)))),
    scope=st.sampled_from((None, Scope("push", "origin/main"), Scope("push", ""))),
    amount=st.sampled_from((0, 50, 500)),
)
actions: st.SearchStrategy[Action] = st.sampled_from(
    (COMMAND, EDIT, READ, TOOL, PLAN, POLICY_EDIT, UNREADABLE)
)
modes = st.builds(
    Autonomy,
    default=st.sampled_from(Mode),
    allow=st.sampled_from((frozenset(), frozenset({Mode.AUTONOMOUS}))),
)
situations = st.tuples(
    st.lists(reasons, min_size=1, max_size=3),
    actions,
    st.sampled_from(("codex", "claude-code")),
    st.sampled_from((None, True, False)),
    st.sampled_from((None, 0, 1_795_176_000_000)),
    st.sampled_from((None, "", "main", "release/1")),
)


def named(listed: list[Rule]) -> list[Rule]:
    return [replace(each, name=f"rule-{place}") for place, each in enumerate(listed)]


@given(st.lists(rules, max_size=5), modes, st.lists(situations, min_size=1, max_size=4))
@settings(max_examples=300)
def test_an_unreachable_rule_never_decides(
    listed: list[Rule], autonomy: Autonomy, cases: list[tuple[object, ...]]
) -> None:
    under = policy(*named(listed), autonomy=autonomy)
    dead = {each.rule for each in lint(under) if each.problem is Problem.UNREACHABLE}
    for found, action, agent, says, now, branch in cases:
        decided = chosen(
            assessed(*found),  # type: ignore[misc]
            under=under,
            action=action,  # type: ignore[arg-type]
            agent=agent,  # type: ignore[arg-type]
            human_in_loop=says,  # type: ignore[arg-type]
            around=facts(now=now, branch=branch),  # type: ignore[arg-type]
        )
        assert decided.rule is None or decided.rule.name not in dead


@given(st.lists(rules, max_size=5), rules, modes, situations)
@settings(max_examples=300)
def test_a_stricter_rule_never_loosens(
    listed: list[Rule], more: Rule, autonomy: Autonomy, case: tuple[object, ...]
) -> None:
    found, action, agent, says, now, branch = case
    strict = replace(more, name="strict", route=max(more.route, GATE, key=STRICTNESS.__getitem__))
    around = facts(now=now, branch=branch)  # type: ignore[arg-type]
    before, after = (
        chosen(
            assessed(*found),  # type: ignore[misc]
            under=policy(*each, autonomy=autonomy),
            action=action,  # type: ignore[arg-type]
            agent=agent,  # type: ignore[arg-type]
            human_in_loop=says,  # type: ignore[arg-type]
            around=around,
        ).route
        for each in (named(listed), [*named(listed), strict])
    )
    stricter = min(STRICTNESS[route_name(before)], STRICTNESS[strict.route])
    assert STRICTNESS[route_name(after)] >= stricter
    if isinstance(before, Deny):
        assert isinstance(after, Gate | Deny)


@given(st.lists(rules, max_size=5), situations)
def test_the_order_of_the_file_means_nothing(listed: list[Rule], case: tuple[object, ...]) -> None:
    found, action, *_ = case
    first, second = (
        chosen(assessed(*found), *each, action=action).route  # type: ignore[misc, arg-type]
        for each in (named(listed), named(listed)[::-1])
    )
    assert route_name(first) is route_name(second)
    if isinstance(first, Gate) and isinstance(second, Gate):
        assert first.terms == second.terms


# --- whom it names

ANA, BEN, CLEO = (
    Person(name, 0, "ana", roles=roles)
    for name, roles in (("ana", ("admin",)), ("ben", ("security",)), ("cleo", ("security",)))
)
GONE = Person("gus", 0, "ana", roles=("ops",), active=False)
KNOWN_PEOPLE = Known(frozenset(), frozenset(), people=(ANA, BEN, CLEO, GONE))


def about_people(known: Known | None = KNOWN_PEOPLE, **more: object) -> list[tuple[str, str]]:
    asks = {key: more.pop(key) for key in list(more) if key in Asks.__dataclass_fields__}
    found = lint(policy(rule("r", GATE, asks=Asks(**asks)), **more), known)  # type: ignore[arg-type]
    return [(each.problem.value, each.what) for each in found]


@pytest.mark.parametrize(
    ("asks", "says"),
    [
        pytest.param({"reviewers": ("zoe",)}, "there is no active person `zoe`", id="nobody"),
        pytest.param({"reviewers": ("gus",)}, "there is no active person `gus`", id="inactive"),
        pytest.param({"reviewers": ("@ops",)}, "nobody is in `@ops`", id="empty-role"),
        pytest.param({"then_ask": ("@ops",)}, "nobody is in `@ops`", id="empty-next"),
        pytest.param({"needs": (Wanted(("@ops",)),)}, "nobody is in `@ops`", id="empty-need"),
        pytest.param({"ladder": (Rung(1, ("@ops",)),)}, "nobody is in `@ops`", id="empty-rung"),
        pytest.param(
            {"needs": (Wanted(("@security",), 3),)}, "only 2 can be asked", id="more-than-there-are"
        ),
        pytest.param(
            {"reviewers": ("@security",), "quorum": 3}, "only 2 can be asked", id="quorum"
        ),
        pytest.param(
            {"needs": (Wanted(("@security",), 2),), "separate": True},
            "when an agent of ben or cleo asks, nobody is left",
            id="only-its-asker",
        ),
        pytest.param(
            {"ladder": (Rung(2_000, ("ana",)),), "expires_ms": 2_000},
            "would be asked after the request has expired",
            id="step-after-the-end",
        ),
    ],
)
def test_people_who_cannot_be_asked_are_complained_about(
    asks: dict[str, object], says: str
) -> None:
    [(_, what)] = about_people(KNOWN_PEOPLE, **asks)
    assert says in what


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param({"reviewers": ("@oncall", "ana")}, id="known-only-later"),
        pytest.param({"needs": (Wanted(("@owners",), 2),), "separate": True}, id="owners"),
        pytest.param({"needs": (Wanted(("@security",), 2),)}, id="enough"),
        pytest.param({"reviewers": ("@security",), "separate": True}, id="another-one-is-left"),
    ],
)
def test_people_who_can_be_asked_are_not(asks: dict[str, object]) -> None:
    assert about_people(KNOWN_PEOPLE, **asks) == []


def test_one_person_alone_cannot_be_kept_apart() -> None:
    alone = replace(KNOWN_PEOPLE, people=(ANA, GONE))
    [complaint] = lint(policy(asks=Asks(separate=True)), alone)
    assert (complaint.problem, complaint.rule) == (Problem.GAP, "[ask]")
    assert complaint.what.startswith("ana is alone here")
    assert lint(policy(asks=Asks(separate=False)), alone) == ()
    assert lint(policy(asks=Asks(separate=True)), KNOWN_PEOPLE) == ()


def test_nobody_is_checked_where_nobody_is_known() -> None:
    assert about_people(None, reviewers=("zoe",)) == []
    assert about_people(Known(frozenset(), frozenset()), reviewers=("@zoe",)) == []


def test_a_team_cannot_take_the_place_of_a_role_that_has_a_meaning() -> None:
    [(problem, what)] = about_people(teams={"admin": ("ben",)})
    assert problem == Problem.UNREACHABLE
    assert "`@admin`" in what


def test_owners_of_no_file_are_complained_about() -> None:
    owners = (PathOwner(("src/**", "lib/**"), ("ana",)),)
    found = about_people(replace(KNOWN_PEOPLE, files=("src/a.py", "README.md")), owners=owners)
    assert [what for _, what in found] == ["`lib/**` fits no file of the repository"]
