"""The index finds every rule that a walk over all rules would find."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Action, Command, FileRead, ToolCall
from assent.core.canonical import digest_of
from assent.core.facts import Facts, PathFact
from assent.core.policy.index import RuleIndex
from assent.core.policy.match import fits_action, fits_reason
from assent.core.policy.model import Policy, RouteName, Rule
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Assessment, Effect, Evidence

ROOT = "/w"
FACTS = Facts(
    workspace=ROOT,
    home="/h",
    assent_home="/a",
    paths={"./run": PathFact("/w/run", inside=True), "bin/x": PathFact("/w/bin/x", inside=True)},
)


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=2).map(tuple)


rules = st.builds(
    Rule,
    name=st.just("rule"),
    route=st.sampled_from(RouteName),
    kinds=some("command", "tool", "read").map(frozenset),
    effects=st.frozensets(st.sampled_from((Effect.DELETE, Effect.UNKNOWN)), max_size=2),
    classes=st.frozensets(st.sampled_from(RiskClass), max_size=2),
    programs=some("npm", "npm test", "./run", "bin/x", "/usr/bin/env"),
    tools=some("*/*", "lab/*", "*/poke", "lab/poke"),
    paths=some("src/**", "**", "*/x", "./src/x", "Makefile", "s?c/x"),
    agents=some("codex", "gemini").map(frozenset),
)
actions: st.SearchStrategy[Action] = st.sampled_from(
    (
        Command("npm test", ROOT),
        FileRead(("/w/src/x",), ROOT),
        ToolCall("lab", "poke", "{}"),
        ToolCall("other", "poke", "{}"),
    )
)
evidence = st.builds(
    Evidence,
    rule=st.sampled_from(("unknown-program", "delete")),
    effect=st.sampled_from((Effect.DELETE, Effect.UNKNOWN, Effect.NONE)),
    factors=st.sampled_from(RiskClass).map(typical),
    what=st.just("does something"),
    path=st.sampled_from(("", "/w/src/x", "/w/Makefile", "/w", "/elsewhere/src/x")),
    program=st.sampled_from(
        ((), ("npm",), ("npm", "test"), ("./run",), ("bin/x", "-v"), ("/usr/bin/env", "sh"))
    ),
)


@given(
    st.lists(rules, max_size=12),
    actions,
    st.lists(evidence, min_size=1, max_size=3),
    st.sampled_from(("codex", "claude-code")),
)
def test_finds_what_fits(
    listed: list[Rule], action: Action, reasons: list[Evidence], agent: str
) -> None:
    named = [replace(rule, name=f"rule-{place}") for place, rule in enumerate(listed)]
    session = AgentSession(agent=agent, session_id="s", workspace=ROOT, cwd=ROOT)
    proposal = Proposal(session=session, call_id="c", tool="t", action=action, payload=b"")
    assessment = Assessment(
        risk=max(item.risk for item in reasons),
        effects=frozenset(item.effect for item in reasons),
        evidence=tuple(reasons),
        title="do something",
        undo="not known",
    )

    found = RuleIndex(named).candidates(assessment, proposal, workspace=ROOT)

    fitting = [
        rule
        for rule in named
        if fits_action(rule, assessment, proposal)
        and any(fits_reason(rule, item, FACTS) for item in reasons)
    ]
    assert [rule for rule in found if rule in fitting] == fitting


def test_policies_with_the_same_rules_are_equal() -> None:
    rule = Rule("rule", RouteName.GATE, programs=("npm",))
    assert Policy(digest_of(b""), (rule,)) == Policy(digest_of(b""), (rule,))
