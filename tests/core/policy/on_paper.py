"""Assessments on paper: what a policy says must not depend on how actions are graded."""

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
    unknown_action,
)
from assent.core.canonical import Digest
from assent.core.facts import Facts, PathFact, PlanState
from assent.core.policy import Chosen, Policy, Rule, choose
from assent.core.policy.model import RouteName
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import Factors, RiskClass, typical, worst_of
from assent.core.risk.model import Assessment, Effect, Evidence, Scope

ROOT = "/w"
DIGEST = Digest("sha256:x")
PROCEED, NOTIFY, GATE, DENY = tuple(RouteName)
TRIVIAL, LOW, MEDIUM, HIGH, IRREVERSIBLE = tuple(RiskClass)

COMMAND = Command("something", ROOT)
EDIT = FileEdit((FileChange("a.py", EditKind.UPDATE, before=DIGEST, after=DIGEST, diff=""),), ROOT)
READ = FileRead(("/w/a",), ROOT)
TOOL = ToolCall("github", "get_issue", "{}")
PLAN = Plan("# Go")
POLICY_EDIT = PolicyEdit(ROOT, DIGEST, DIGEST, "")
UNREADABLE = unknown_action("a", tool="t", payload=b"", reason="r")


def reason(
    risk: RiskClass = MEDIUM,
    effect: Effect = Effect.WORKSPACE_WRITE,
    *,
    rule: str = "found",
    path: str = "",
    program: str = "",
    called: str = "",
    scope: str = "",
    amount: int = 0,
    factors: Factors | None = None,
    undo: str = "",
) -> Evidence:
    act, _, target = scope.partition(" ")
    return Evidence(
        rule=rule,
        effect=effect,
        factors=typical(risk) if factors is None else factors,
        what="does something",
        path=path,
        program=tuple(program.split()),
        called=(tuple(called.split()),) if called else (),
        scope=Scope(act, target) if act else None,
        amount=amount,
        undo=undo,
    )


def unknown_program(words: str) -> Evidence:
    return reason(MEDIUM, Effect.UNKNOWN, rule="unknown-program", program=words, called=words)


def assessed(*reasons: Evidence) -> Assessment:
    ordered = tuple(sorted(reasons, key=lambda item: -item.risk))
    return Assessment(
        risk=ordered[0].risk,
        effects=frozenset(item.effect for item in ordered),
        evidence=ordered,
        title="do something",
        undo="not known",
        factors=worst_of(tuple(item.factors for item in ordered)),
    )


def proposed(
    action: Action = COMMAND, *, agent: str = "claude-code", human_in_loop: bool | None = None
) -> Proposal:
    session = AgentSession(agent, "s", ROOT, ROOT, human_in_loop=human_in_loop)
    return Proposal(session, "call", "tool", action, b"", event="PreToolUse")


def facts(
    *, plan: PlanState = PlanState.NONE, now: int | None = None, branch: str | None = None
) -> Facts:
    paths = {
        "/w/run.sh": PathFact("/w/run.sh", inside=True),
        "/w/src/run.sh": PathFact("/w/src/run.sh", inside=True),
        "/w/a.py": PathFact("/w/a.py", inside=True),
    }
    return Facts(
        workspace=ROOT, home="/h", assent_home="/a", paths=paths, plan=plan, now=now, branch=branch
    )


def policy(*rules: Rule, **more: object) -> Policy:
    return Policy(digest=DIGEST, rules=rules, **more)  # type: ignore[arg-type]


def rule(name: str, route: RouteName, **conditions: object) -> Rule:
    return Rule(name=name, route=route, **conditions)  # type: ignore[arg-type]


def chosen(
    assessment: Assessment,
    *rules: Rule,
    action: Action = COMMAND,
    agent: str = "claude-code",
    human_in_loop: bool | None = None,
    around: Facts | None = None,
    under: Policy | None = None,
) -> Chosen:
    return choose(
        assessment,
        under or policy(*rules),
        proposal=proposed(action, agent=agent, human_in_loop=human_in_loop),
        facts=around or facts(),
    )
