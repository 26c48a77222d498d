"""Which route an assessed action takes under which rules."""

import pytest

from assent.core.actions import Action
from assent.core.facts import PlanState
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, Rule
from assent.core.policy.hours import DAYS, Hours
from assent.core.policy.model import Autonomy, Mode
from assent.core.policy.route import By
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.factors import Factors, Reach, Reversibility
from assent.core.risk.model import Effect, Evidence
from tests.core.policy.on_paper import (
    COMMAND,
    DENY,
    EDIT,
    GATE,
    HIGH,
    IRREVERSIBLE,
    LOW,
    MEDIUM,
    NOTIFY,
    PLAN,
    POLICY_EDIT,
    PROCEED,
    READ,
    TOOL,
    TRIVIAL,
    UNREADABLE,
    assessed,
    chosen,
    facts,
    policy,
    reason,
    rule,
    unknown_program,
)

DELETE = reason(HIGH, Effect.DELETE, path="/w/dist/a")
SAFE = reason(TRIVIAL, Effect.READ)
KINDS_EDIT = frozenset({"edit"})
# Friday, 20 November 2026, 12:00 UTC.
FRIDAY_NOON = 1_795_176_000_000
HOUR = 3_600_000
WORKING = Hours(frozenset(range(5)), 9 * 60, 18 * 60)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(reason(TRIVIAL, Effect.READ), Proceed, id="trivial"),
        pytest.param(reason(LOW), Proceed, id="low"),
        pytest.param(reason(MEDIUM), Gate, id="medium"),
        pytest.param(reason(HIGH), Gate, id="high"),
        pytest.param(reason(IRREVERSIBLE), Gate, id="irreversible"),
    ],
)
def test_without_rules_the_class_decides(item: Evidence, expected: type) -> None:
    found = chosen(assessed(item, SAFE))
    assert isinstance(found.route, expected)
    assert found.by is By.CLASS


VOUCH = rule("vouch", PROCEED, programs=("npm test", "pytest", "./run.sh"))
CODE = reason(HIGH, Effect.CODE_EXEC, rule="code")


@pytest.mark.parametrize(
    ("reasons", "passes"),
    [
        pytest.param([unknown_program("npm test")], True, id="program"),
        pytest.param([unknown_program("npm test -- --watch"), SAFE], True, id="with-more-words"),
        pytest.param([unknown_program("pytest"), unknown_program("npm test")], True, id="two"),
        pytest.param([unknown_program("/w/run.sh fast")], True, id="path-from-the-root"),
        pytest.param([unknown_program("/w/src/run.sh")], False, id="another-file-of-that-name"),
        pytest.param([unknown_program("npm run x")], False, id="another-subcommand"),
        pytest.param([unknown_program("/tmp/npm test")], False, id="another-program"),
        pytest.param([unknown_program("npm test"), unknown_program("make")], False, id="one-more"),
        pytest.param([unknown_program("npm test"), DELETE], False, id="deletes-too"),
        pytest.param(
            [reason(HIGH, Effect.CODE_EXEC, rule="code", called="npm test")], False, id="worse"
        ),
        pytest.param([reason(HIGH, Effect.INSTALL, called="npm test")], False, id="installs"),
    ],
)
def test_a_vouched_program_answers_only_for_itself(
    reasons: list[Evidence], *, passes: bool
) -> None:
    found = chosen(assessed(*reasons), VOUCH).route
    assert isinstance(found, Proceed if passes else Gate)


DIST = rule("dist", PROCEED, effects=frozenset({Effect.DELETE}), paths=("dist/**",))
PUSH = reason(HIGH, Effect.EXTERNAL, scope="push origin/agent/x", called="git push origin")


@pytest.mark.parametrize(
    ("reasons", "rules", "expected"),
    [
        pytest.param([DELETE], [DIST], Proceed, id="delete-in-a-folder"),
        pytest.param(
            [DELETE, reason(HIGH, Effect.DELETE, path="/w/src")], [DIST], Gate, id="elsewhere-too"
        ),
        pytest.param(
            [reason(HIGH, Effect.INSTALL, called="npm ci")],
            [rule("r", PROCEED, programs=("npm ci",), effects=frozenset({Effect.INSTALL}))],
            Proceed,
            id="program-with-its-effect",
        ),
        pytest.param([PUSH], [rule("r", DENY, programs=("git push",))], Deny, id="deny-a-program"),
        pytest.param(
            [reason(LOW), PUSH], [rule("r", DENY, programs=("git push",))], Deny, id="one-reason"
        ),
        pytest.param(
            [PUSH], [rule("r", PROCEED, scopes=("push origin/agent/*",))], Proceed, id="scope"
        ),
        pytest.param(
            [PUSH], [rule("r", PROCEED, scopes=("push origin/main",))], Gate, id="another-scope"
        ),
        pytest.param(
            [reason(HIGH, Effect.EXTERNAL, scope="push ")],
            [rule("r", PROCEED, scopes=("push origin/**",))],
            Gate,
            id="a-target-that-is-not-known-is-not-allowed",
        ),
        pytest.param(
            [reason(HIGH, Effect.EXTERNAL, scope="push ")],
            [rule("r", DENY, scopes=("push origin/main",))],
            Deny,
            id="a-target-that-is-not-known-may-be-the-refused-one",
        ),
        pytest.param(
            [reason(MEDIUM, path="/w/.github/workflows/ci.yml")],
            [rule("r", DENY, path_classes=frozenset({PathClass.CI}))],
            Deny,
            id="path-class",
        ),
        pytest.param(
            [reason(MEDIUM, path="/w/src/a.py")],
            [rule("r", DENY, path_classes=frozenset({PathClass.CI}))],
            Gate,
            id="another-path-class",
        ),
        pytest.param([reason(HIGH)], [rule("r", DENY, at_least=HIGH)], Deny, id="at-least"),
        pytest.param([reason(MEDIUM)], [rule("r", DENY, at_least=HIGH)], Gate, id="less"),
        pytest.param(
            [reason(LOW, Effect.COST, amount=501)],
            [rule("r", DENY, cost_over=500)],
            Deny,
            id="dear",
        ),
        pytest.param(
            [reason(LOW, Effect.COST, amount=500)],
            [rule("r", DENY, cost_over=500)],
            Proceed,
            id="not-too-dear",
        ),
        pytest.param([DELETE], [rule("r", PROCEED)], Proceed, id="a-rule-for-everything"),
        pytest.param(
            [DELETE], [rule("r", PROCEED, agents=frozenset({"codex"}))], Gate, id="another-agent"
        ),
    ],
)
def test_conditions(reasons: list[Evidence], rules: list[Rule], expected: type) -> None:
    assert isinstance(chosen(assessed(*reasons), *rules).route, expected)


ALL_EDITS = rule("edits", GATE, kinds=KINDS_EDIT)
DOCS = rule("docs", PROCEED, kinds=KINDS_EDIT, paths=("docs/**",))
DOC = reason(LOW, path="/w/docs/a.md")


@pytest.mark.parametrize(
    ("rules", "expected", "name"),
    [
        pytest.param([ALL_EDITS, DOCS], Proceed, "docs", id="more-specific-wins"),
        pytest.param([DOCS, ALL_EDITS], Proceed, "docs", id="whatever-the-order"),
        pytest.param(
            [rule("p", PROCEED, paths=("docs/**",)), ALL_EDITS],
            Gate,
            "edits",
            id="of-equals-strict",
        ),
        pytest.param(
            [rule("general", GATE, kinds=KINDS_EDIT, paths=("**",), general=True), DOCS],
            Proceed,
            "docs",
            id="the-file-before-its-profile",
        ),
        pytest.param(
            [
                rule("general", NOTIFY, kinds=KINDS_EDIT, paths=("**",), general=True),
                rule("own", GATE, paths=("docs/**",)),
            ],
            Gate,
            "own",
            id="a-stricter-rule-of-the-file-too",
        ),
    ],
)
def test_which_rule_wins(rules: list[Rule], expected: type, name: str) -> None:
    found = chosen(assessed(DOC), *rules, action=EDIT)
    assert isinstance(found.route, expected)
    assert found.rule is not None
    assert found.rule.name == name


def test_an_action_proceeds_when_each_reason_is_answered_and_takes_the_strictest_answer() -> None:
    install = rule("install", PROCEED, effects=frozenset({Effect.INSTALL}))
    make = rule("make", NOTIFY, programs=("make",))
    both = assessed(reason(HIGH, Effect.INSTALL), unknown_program("make"))
    assert chosen(both, install, make).route == Notify("make")
    alone = chosen(both, install)
    assert isinstance(alone.route, Gate)
    assert [both.evidence[place].effect for place in alone.unanswered] == [Effect.UNKNOWN]


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        pytest.param(("github/get_issue",), Proceed, id="tool"),
        pytest.param(("github/*",), Proceed, id="server"),
        pytest.param(("*/get_issue",), Proceed, id="any-server"),
        pytest.param(("gitlab/*",), Gate, id="another-server"),
    ],
)
def test_tools(tools: tuple[str, ...], expected: type) -> None:
    found = chosen(assessed(reason(MEDIUM)), rule("r", PROCEED, tools=tools), action=TOOL)
    assert isinstance(found.route, expected)


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        pytest.param(FRIDAY_NOON, True, id="within"),
        pytest.param(FRIDAY_NOON + 6 * HOUR, False, id="the-end-is-out"),
        pytest.param(FRIDAY_NOON - 3 * HOUR, True, id="the-start-is-in"),
        pytest.param(FRIDAY_NOON + 24 * HOUR, False, id="another-day"),
        pytest.param(None, None, id="time-not-known"),
    ],
)
def test_hours(now: int | None, *, holds: bool | None) -> None:
    deny, proceed = (rule(r.value, r, hours=(WORKING,)) for r in (DENY, PROCEED))
    around = facts(now=now)
    denied = isinstance(chosen(assessed(reason(MEDIUM)), deny, around=around).route, Deny)
    passed = isinstance(chosen(assessed(reason(MEDIUM)), proceed, around=around).route, Proceed)
    # Where the time is not known the stricter holds.
    assert (denied, passed) == ((True, False) if holds is None else (holds, holds))


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    night = Hours(frozenset({DAYS.index("fri")}), 22 * 60, 6 * 60)
    midnight = FRIDAY_NOON + 12 * HOUR
    assert night.holds(midnight - HOUR, None)
    assert night.holds(midnight + 5 * HOUR, None)
    assert not night.holds(midnight + 6 * HOUR, None)
    assert not night.holds(midnight - 24 * HOUR + HOUR, None)
    assert len(night.minutes()) == 8 * 60


@pytest.mark.parametrize(
    ("branch", "denied", "passed"),
    [
        pytest.param("release/2", True, True, id="fits"),
        pytest.param("main", False, False, id="another"),
        pytest.param("", False, False, id="none"),
        pytest.param(None, True, False, id="not-known"),
    ],
)
def test_branches(branch: str | None, *, denied: bool, passed: bool) -> None:
    around = facts(branch=branch)
    deny, proceed = (rule(r.value, r, branches=("release/*",)) for r in (DENY, PROCEED))
    item = assessed(reason(MEDIUM))
    assert isinstance(chosen(item, deny, around=around).route, Deny) is denied
    assert isinstance(chosen(item, proceed, around=around).route, Proceed) is passed


# --- above all rules


@pytest.mark.parametrize(
    ("item", "action"),
    [
        pytest.param(reason(IRREVERSIBLE, Effect.POLICY_SELF), EDIT, id="guard-by-an-edit"),
        pytest.param(reason(LOW, Effect.POLICY_SELF), COMMAND, id="guard-whatever-its-class"),
        pytest.param(reason(IRREVERSIBLE, Effect.POLICY_SELF), POLICY_EDIT, id="policy-edit"),
        pytest.param(reason(LOW, Effect.UNKNOWN), UNREADABLE, id="unreadable"),
    ],
)
def test_no_rule_lets_the_guard_be_changed(item: Evidence, action: Action) -> None:
    for loose in (rule("all", PROCEED), rule("all", NOTIFY)):
        found = chosen(assessed(item), loose, action=action)
        assert isinstance(found.route, Gate)
        assert found.guarded
    refused = chosen(assessed(item), rule("all", PROCEED), rule("no", DENY), action=action)
    assert isinstance(refused.route, Deny)


@pytest.mark.parametrize("plan", [PlanState.OPEN, PlanState.REJECTED])
@pytest.mark.parametrize(
    ("item", "action", "expected"),
    [
        pytest.param(SAFE, READ, Proceed, id="read"),
        pytest.param(reason(LOW), EDIT, Deny, id="edit"),
        pytest.param(unknown_program("npm test"), COMMAND, Deny, id="vouched-program"),
        pytest.param(reason(LOW, Effect.UNKNOWN), UNREADABLE, Deny, id="unreadable"),
        pytest.param(reason(MEDIUM, Effect.PLAN), PLAN, Gate, id="plan"),
    ],
)
def test_nothing_is_changed_while_the_plan_is_not_approved(
    plan: PlanState, item: Evidence, action: Action, expected: type
) -> None:
    rules = () if expected is Gate else (rule("all", PROCEED),)
    found = chosen(assessed(item), *rules, action=action, around=facts(plan=plan)).route
    assert isinstance(found, expected)
    if isinstance(found, Deny):
        assert found.rule == "plan-not-approved"
        assert "present it" in found.why


# --- modes

PAIR, SUPERVISED, AUTONOMOUS = tuple(Mode)
OUTWARD = reason(factors=Factors(Reversibility.EASY, Reach.OTHERS), effect=Effect.EXTERNAL)


@pytest.mark.parametrize(
    ("mode", "item", "expected"),
    [
        pytest.param(PAIR, SAFE, Proceed, id="pair-reads"),
        pytest.param(PAIR, reason(LOW), Gate, id="pair-asks-about-low"),
        pytest.param(SUPERVISED, reason(LOW), Proceed, id="supervised-low"),
        pytest.param(SUPERVISED, reason(MEDIUM), Gate, id="supervised-medium"),
        pytest.param(AUTONOMOUS, reason(MEDIUM), Notify, id="autonomous-medium"),
        pytest.param(AUTONOMOUS, OUTWARD, Gate, id="autonomous-outward"),
        pytest.param(AUTONOMOUS, reason(HIGH), Gate, id="autonomous-high"),
        pytest.param(AUTONOMOUS, reason(IRREVERSIBLE), Gate, id="autonomous-irreversible"),
    ],
)
def test_modes(mode: Mode, item: Evidence, expected: type) -> None:
    under = policy(autonomy=Autonomy(mode))
    assert isinstance(chosen(assessed(item), under=under).route, expected)


def test_no_rule_lets_anything_through_in_pair_mode() -> None:
    under = policy(rule("all", PROCEED), autonomy=Autonomy(PAIR))
    assert isinstance(chosen(assessed(reason(LOW)), under=under).route, Gate)


def test_a_plan_goes_through_in_autonomous_mode() -> None:
    under = policy(autonomy=Autonomy(AUTONOMOUS))
    plan = assessed(reason(MEDIUM, Effect.PLAN))
    assert chosen(plan, under=under, action=PLAN).route == Notify("autonomous")


def test_a_rule_that_asks_holds_in_autonomous_mode() -> None:
    under = policy(rule("ask", GATE, kinds=KINDS_EDIT), autonomy=Autonomy(AUTONOMOUS))
    assert isinstance(chosen(assessed(reason(MEDIUM)), under=under, action=EDIT).route, Gate)


@pytest.mark.parametrize(
    ("own", "allow", "says", "mode"),
    [
        pytest.param(SUPERVISED, (), None, SUPERVISED, id="nothing-said"),
        pytest.param(SUPERVISED, (), False, SUPERVISED, id="not-allowed"),
        pytest.param(SUPERVISED, (AUTONOMOUS,), False, AUTONOMOUS, id="allowed"),
        pytest.param(AUTONOMOUS, (), True, SUPERVISED, id="tightening-needs-no-leave"),
        pytest.param(PAIR, (), True, PAIR, id="pair-stays"),
        pytest.param(PAIR, (AUTONOMOUS,), False, AUTONOMOUS, id="pair-if-allowed"),
    ],
)
def test_what_a_run_may_choose(
    own: Mode, allow: tuple[Mode, ...], *, says: bool | None, mode: Mode
) -> None:
    autonomy = Autonomy(SUPERVISED, agents={"claude-code": own}, allow=frozenset(allow))
    found = chosen(assessed(SAFE), under=policy(autonomy=autonomy), human_in_loop=says)
    assert found.mode is mode


def test_a_rule_may_hold_in_one_mode_only() -> None:
    rules = (rule("watch", DENY, modes=frozenset({AUTONOMOUS})),)
    for mode, expected in ((AUTONOMOUS, Deny), (SUPERVISED, Gate)):
        under: Policy = policy(*rules, autonomy=Autonomy(mode))
        assert isinstance(chosen(assessed(reason(MEDIUM)), under=under).route, expected)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        pytest.param("docs/**", "docs/a/b.md", True, id="below"),
        pytest.param("docs/**", "docs", False, id="not-the-folder-itself"),
        pytest.param("**/test_*.py", "test_a.py", True, id="any-folders-none"),
        pytest.param("**/test_*.py", "a/b/test_a.py", True, id="any-folders"),
        pytest.param("*.md", "a.md", True, id="star"),
        pytest.param("*.md", "docs/a.md", False, id="star-stays-in-its-folder"),
        pytest.param("a?c", "abc", True, id="one-character"),
        pytest.param("a.c", "abc", False, id="a-dot-is-a-dot"),
    ],
)
def test_path_globs(glob: str, path: str, *, fits: bool) -> None:
    found = chosen(assessed(reason(LOW, path=f"/w/{path}")), rule("r", GATE, paths=(glob,)))
    assert isinstance(found.route, Gate) is fits
