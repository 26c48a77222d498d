"""Which route an assessed action takes under which rules."""

import pytest

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    Vouched,
    unknown_action,
)
from assent.core.canonical import Digest
from assent.core.facts import PlanState
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, Route, Rule, route
from assent.core.policy.model import RouteName
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Effect, RiskClass, assess
from tests.core.risk.stage import WORKSPACE, facts_for

_DIGEST = Digest("sha256:x")
PROCEED, NOTIFY, GATE, DENY = tuple(RouteName)


def sh(script: str) -> Command:
    return Command(script=script, cwd=WORKSPACE)


def edit(path: str) -> FileEdit:
    change = FileChange(path, EditKind.UPDATE, before=_DIGEST, after=_DIGEST, diff="")
    return FileEdit((change,), WORKSPACE)


def chosen(
    action: Action,
    *rules: Rule,
    plan: PlanState = PlanState.NONE,
    plan_paths: tuple[str, ...] = (),
    agent: str = "claude-code",
) -> Route:
    facts = facts_for(action, plan=plan, plan_paths=plan_paths)
    session = AgentSession(agent, "s", WORKSPACE, WORKSPACE)
    proposal = Proposal(session, "call", "tool", action, b"", event="PreToolUse")
    policy = Policy(digest=_DIGEST, rules=rules)
    return route(assess(action, facts), policy, proposal=proposal, facts=facts)


def rule(name: str, where: RouteName, **conditions: object) -> Rule:
    return Rule(name=name, route=where, **conditions)  # type: ignore[arg-type]


VOUCH = rule("vouch", PROCEED, programs=("npm test", "pytest", "./run.sh"))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(sh("ls"), Proceed("safe"), id="reading"),
        pytest.param(edit("a.py"), Proceed("safe"), id="editing"),
        pytest.param(sh("rm x"), Gate("delete", "deletes x"), id="deleting"),
        pytest.param(Plan("# Go"), Gate, id="plan"),
        pytest.param(ToolCall("s", "t", "{}"), Gate, id="mcp"),
        pytest.param(
            ToolCall("a", "t", "{}", vouched=Vouched.READ), Proceed("safe"), id="own-read"
        ),
        pytest.param(FileRead((".env",), WORKSPACE), Gate, id="secret"),
    ],
)
def test_without_rules(action: Action, expected: Route | type[Route]) -> None:
    found = chosen(action)
    assert found == expected or found.__class__ is expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("npm test", Proceed("vouch"), id="program"),
        pytest.param("npm test -- --watch | tail -5", Proceed("vouch"), id="with-more-words"),
        pytest.param(
            "cd src && pytest -q 2>&1 | tee out.log", Proceed("vouch"), id="with-safe-parts"
        ),
        pytest.param("pytest && npm test", Proceed("vouch"), id="two-programs"),
        pytest.param("./run.sh fast", Proceed("vouch"), id="path"),
        pytest.param("cd src && ../run.sh", Proceed("vouch"), id="path-from-elsewhere"),
        pytest.param("cd src && ./run.sh", Gate, id="another-file-of-that-name"),
        pytest.param("npm run x", Gate, id="another-subcommand"),
        pytest.param("npm 'test x'", Gate, id="another-word"),
        pytest.param("/tmp/npm test", Gate, id="another-program"),
        pytest.param("npm test; make", Gate, id="one-is-not-vouched-for"),
        pytest.param("npm test > /etc/x", Gate, id="writes-outside"),
        pytest.param("npm test > .git/config", Gate, id="writes-what-runs-later"),
        pytest.param("NODE_OPTIONS=x npm test", Gate, id="sets-a-variable"),
        pytest.param("npm test $(curl x)", Gate, id="substitution"),
        pytest.param("cd /tmp && npm test", Gate, id="outside"),
        pytest.param('cd "$X"; npm test', Gate, id="who-knows-where"),
        pytest.param("npm test < .env", Gate, id="reads-a-secret"),
        pytest.param("npm test && rm -rf x", Gate, id="deletes"),
        pytest.param("pytest(){ rm x; }; pytest", Gate, id="redefined"),
    ],
)
def test_a_vouched_program_answers_only_for_itself(
    script: str, expected: Route | type[Route]
) -> None:
    found = chosen(sh(script), VOUCH)
    assert found == expected or found.__class__ is expected


@pytest.mark.parametrize(
    ("action", "rules", "expected"),
    [
        pytest.param(
            sh("python -c x"), [rule("r", PROCEED, programs=("python",))], Gate, id="code-as-text"
        ),
        pytest.param(
            sh("npm install"),
            [rule("r", PROCEED, programs=("npm",))],
            Gate,
            id="program-without-its-effect",
        ),
        pytest.param(
            sh("npm install"),
            [rule("r", PROCEED, programs=("npm install",), effects=frozenset({Effect.INSTALL}))],
            Proceed("r"),
            id="program-with-its-effect",
        ),
        pytest.param(
            sh("npm install && rm x"),
            [rule("r", PROCEED, effects=frozenset({Effect.INSTALL}))],
            Gate,
            id="effect-covers-not-all",
        ),
        pytest.param(
            sh("npm install && make"),
            [
                rule("i", PROCEED, effects=frozenset({Effect.INSTALL})),
                rule("m", NOTIFY, programs=("make",)),
            ],
            Notify("m"),
            id="two-rules-cover-all",
        ),
        pytest.param(
            sh("rm -rf dist/a"),
            [rule("r", PROCEED, effects=frozenset({Effect.DELETE}), paths=("dist/**",))],
            Proceed("r"),
            id="delete-in-a-folder",
        ),
        pytest.param(
            sh("rm -rf dist/a src"),
            [rule("r", PROCEED, effects=frozenset({Effect.DELETE}), paths=("dist/**",))],
            Gate,
            id="delete-elsewhere-too",
        ),
        pytest.param(
            edit("migrations/1.sql"),
            [rule("r", GATE, kinds=frozenset({"edit"}), paths=("migrations/**",))],
            Gate,
            id="edits-in-a-folder-wait",
        ),
        pytest.param(
            edit("src/a.sql"),
            [rule("r", GATE, kinds=frozenset({"edit"}), paths=("migrations/**",))],
            Proceed("safe"),
            id="edits-elsewhere-do-not",
        ),
        pytest.param(
            edit("docs/a.md"),
            [
                rule("all", GATE, kinds=frozenset({"edit"})),
                rule("docs", PROCEED, kinds=frozenset({"edit"}), paths=("docs/**",)),
            ],
            Proceed("docs"),
            id="more-specific-wins",
        ),
        pytest.param(
            edit("docs/a.md"),
            [
                rule("docs", PROCEED, paths=("docs/**",)),
                rule("all", GATE, kinds=frozenset({"edit"})),
            ],
            Gate,
            id="of-equals-the-stricter",
        ),
        pytest.param(
            sh("ls"),
            [
                rule("all", GATE, kinds=frozenset({"command"})),
                rule("p", PROCEED, programs=("x",), kinds=frozenset({"command"})),
            ],
            Gate,
            id="a-rule-about-other-reasons-does-not-answer",
        ),
        pytest.param(
            sh("ls"),
            [
                rule("all", GATE, kinds=frozenset({"command"})),
                rule(
                    "r",
                    PROCEED,
                    kinds=frozenset({"command"}),
                    effects=frozenset({Effect.READ, Effect.NONE}),
                ),
            ],
            Proceed("r"),
            id="reading-named-as-an-effect",
        ),
        pytest.param(
            sh("curl x"), [rule("r", DENY, programs=("curl",))], Deny, id="deny-by-program"
        ),
        pytest.param(
            sh("/usr/bin/git -C . --no-pager push"),
            [rule("r", DENY, programs=("git push",))],
            Deny,
            id="deny-git-however-called",
        ),
        pytest.param(
            sh("ls; curl x"),
            [rule("r", DENY, programs=("curl",))],
            Deny,
            id="deny-needs-one-reason",
        ),
        pytest.param(
            sh("rm x"),
            [rule("r", DENY, classes=frozenset({RiskClass.HIGH}))],
            Deny,
            id="deny-by-class",
        ),
        pytest.param(
            edit("a"), [rule("r", NOTIFY, kinds=frozenset({"edit"}))], Notify("r"), id="notify"
        ),
        pytest.param(
            ToolCall("github", "get_issue", "{}"),
            [rule("r", PROCEED, tools=("github/get_issue",))],
            Proceed("r"),
            id="tool",
        ),
        pytest.param(
            ToolCall("github", "x", "{}"),
            [rule("r", PROCEED, tools=("github/*",))],
            Proceed("r"),
            id="server",
        ),
        pytest.param(
            ToolCall("other", "get_issue", "{}"),
            [rule("r", PROCEED, tools=("github/*",))],
            Gate,
            id="another-server",
        ),
        pytest.param(
            sh("rm x"), [rule("r", PROCEED, agents=frozenset({"codex"}))], Gate, id="another-agent"
        ),
        pytest.param(sh("rm x"), [rule("r", PROCEED)], Proceed("r"), id="a-rule-for-everything"),
    ],
)
def test_rules(action: Action, rules: list[Rule], expected: Route | type[Route]) -> None:
    found = chosen(action, *rules)
    assert found == expected or found.__class__ is expected


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(edit(".assent/policy.toml"), id="policy-file"),
        pytest.param(edit(".claude/settings.json"), id="agent-settings"),
        pytest.param(sh("echo x > .claude/settings.json"), id="agent-settings-by-shell"),
        pytest.param(PolicyEdit(WORKSPACE, _DIGEST, _DIGEST, ""), id="policy-edit"),
        pytest.param(unknown_action("a", tool="t", payload=b"", reason="r"), id="unknown"),
    ],
)
def test_no_rule_lets_the_guard_be_changed(action: Action) -> None:
    assert isinstance(chosen(action, rule("all", PROCEED)), Gate)
    assert isinstance(chosen(action, rule("all", NOTIFY)), Gate)
    assert isinstance(chosen(action, rule("all", PROCEED), rule("no", DENY)), Deny)


_PLANS = ("/home/u/.claude/plans",)


@pytest.mark.parametrize("plan", [PlanState.OPEN, PlanState.REJECTED])
@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(sh("ls"), Proceed("safe"), id="read"),
        pytest.param(FileRead(("a",), WORKSPACE), Proceed("safe"), id="read-file"),
        pytest.param(ToolCall("a", "fetch", "{}", vouched=Vouched.NETWORK_READ), Gate, id="fetch"),
        pytest.param(Plan("# again"), Gate, id="plan"),
        pytest.param(edit("~/.claude/plans/a.md"), Proceed("plan-file"), id="plan-file"),
        pytest.param(edit("a.py"), Deny, id="edit"),
        pytest.param(sh("echo x > a"), Deny, id="write"),
        pytest.param(sh("npm test"), Deny, id="vouched-program"),
        pytest.param(sh("git commit -m x"), Deny, id="commit"),
        pytest.param(sh("cat $x"), Deny, id="not-known"),
        pytest.param(ToolCall("s", "t", "{}"), Deny, id="mcp"),
        pytest.param(unknown_action("a", tool="t", payload=b"", reason="r"), Deny, id="unknown"),
    ],
)
def test_nothing_is_changed_while_the_plan_is_not_approved(
    plan: PlanState, action: Action, expected: Route | type[Route]
) -> None:
    everything = rule("all", PROCEED, kinds=frozenset({"edit", "command", "tool"}))
    rules = [] if expected is Gate else [everything] if expected is Deny else [VOUCH]
    found = chosen(action, *rules, plan=plan, plan_paths=_PLANS)
    assert found == expected or found.__class__ is expected
    if isinstance(found, Deny):
        assert found.rule == "plan-not-approved"
        assert "present it" in found.why


@pytest.mark.parametrize("plan", [PlanState.NONE, PlanState.APPROVED])
def test_an_approved_plan_stands_in_nothings_way(plan: PlanState) -> None:
    assert chosen(edit("a.py"), plan=plan) == Proceed("safe")


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
def test_path_globs(glob: str, path: str, fits: bool) -> None:
    found = chosen(edit(path), rule("r", GATE, paths=(glob,)))
    assert isinstance(found, Gate) is fits
