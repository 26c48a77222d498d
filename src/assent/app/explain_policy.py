"""Why a call would be let through, asked about or refused: the judgement of the gate, in full."""

from dataclasses import dataclass

from assent.app.gatehouse import Gatehouse
from assent.app.judging import Judgement, Known, judge
from assent.core.approvals import Request
from assent.core.canonical import Json
from assent.core.facts import Facts
from assent.core.policy import Chosen, Deny, Gate, Policy, Route, Rule, Terms, choose
from assent.core.policy.model import route_name
from assent.core.proposals import Proposal
from assent.core.risk import Assessment
from assent.core.risk.factors import TABLE, Factors, Precedent, RiskClass, least_for
from assent.core.risk.model import Evidence


@dataclass(frozen=True, slots=True)
class Explanation:
    """A judgement, and the policy it was made under."""

    assessment: Assessment
    chosen: Chosen
    route: Route
    """What holds: the policy's route, unless grants let the call through."""
    policy: Policy
    asked_under: str = ""
    """For a request: the digest of the policy that was in force when it was asked."""


def policy_now(gate: Gatehouse, workspace: str) -> Policy:
    """The policy in force. Unlike the gate itself, this asks about no changed file."""
    accepted = gate.store.read(lambda view: view.policy_in_force(workspace))
    return gate.policies.default() if accepted is None else gate.policies.parse(accepted.text)


def explain_call(gate: Gatehouse, proposal: Proposal, policy: Policy) -> Explanation:
    """Judge `proposal` as the gate would now, under `policy`. Nothing is recorded."""
    judged = judge_under(gate, proposal, policy)
    return Explanation(judged.call.assessment, judged.chosen, judged.route, policy)


def judge_under(gate: Gatehouse, proposal: Proposal, policy: Policy) -> Judgement:
    """`judge` under a policy that need not be in force."""
    session, now = proposal.session, gate.clock.now()
    plan, recalled = gate.store.read(
        lambda view: (
            view.plan_state(agent=session.agent, session_id=session.session_id),
            gate.memory.recall(view, session, now),
        )
    )
    return judge(gate, proposal, Known(policy, plan, recalled))


def explain_request(request: Request, policy: Policy) -> Explanation:
    """Which rules of `policy` fit a request as it was graded when it was asked."""
    session = request.proposal.session
    facts = Facts(workspace=session.workspace, home="", assent_home="", now=request.created_at)
    chosen = choose(request.assessment, policy, proposal=request.proposal, facts=facts)
    return Explanation(request.assessment, chosen, chosen.route, policy, asked_under=request.policy)


# --- as data


def explanation_fields(explained: Explanation) -> dict[str, Json]:
    """All of it, as `assent policy explain --json` gives it."""
    chosen, route = explained.chosen, explained.route
    return {
        "title": explained.assessment.title,
        "class": explained.assessment.risk.word,
        "undo": explained.assessment.undo,
        "route": route_name(route).value,
        "rule": route.rule,
        "why": route.why if isinstance(route, Gate | Deny) else "",
        "decided_by": "grant" if route != chosen.route else chosen.by.value,
        "mode": chosen.mode.value,
        "guarded": chosen.guarded,
        "policy": explained.policy.digest,
        "profile": explained.policy.profile,
        "asked_under": explained.asked_under,
        "evidence": [_evidence_fields(item) for item in explained.assessment.evidence],
        "rules": [
            {
                "name": fit.rule.name,
                "route": fit.rule.route.value,
                "from": "profile" if fit.rule.general else "file",
                "conditions": fit.rule.specificity[1],
                "fits": conditions(fit.rule),
                "reasons": list(fit.reasons),
                "decided": fit.rule is chosen.rule,
            }
            for fit in chosen.fits
        ],
        "unanswered": list(chosen.unanswered),
        "terms": _terms_fields(route.terms) if isinstance(route, Gate) else None,
    }


def _evidence_fields(item: Evidence) -> dict[str, Json]:
    factors = item.factors
    return {
        "rule": item.rule,
        "effect": item.effect.value,
        "class": item.risk.word,
        "what": item.what,
        "path": item.path,
        "program": list(item.program),
        "scope": None if item.scope is None else f"{item.scope.act} {item.scope.target}",
        "amount": item.amount,
        "factors": {
            "reversibility": factors.reversibility.word,
            "reach": factors.reach.word,
            "cost": factors.cost.word,
            "sensitivity": factors.sensitivity.word,
            "precedent": factors.precedent.word,
        },
        "cell": TABLE[factors.reversibility][factors.reach].word,
        "raised_by": list(raised_by(factors)),
    }


def raised_by(factors: Factors) -> tuple[str, ...]:
    """What makes the class worse than the cell of the table says."""
    cell = TABLE[factors.reversibility][factors.reach]
    raised = [
        value.word for value in (factors.sensitivity, factors.cost) if least_for(value) > cell
    ]
    found = max(cell, least_for(factors.sensitivity), least_for(factors.cost))
    if factors.precedent is Precedent.FIRST and found is RiskClass.MEDIUM:
        raised.append("first time")
    return tuple(raised)


def _terms_fields(terms: Terms) -> dict[str, Json]:
    return {
        "tier": terms.tier.value,
        "reviewers": list(terms.reviewers),
        "quorum": terms.quorum,
        "wait_ms": terms.wait_ms,
        "expires_ms": terms.expires_ms,
        "then_ask": list(terms.then_ask),
        "remember_ms": terms.remember_ms,
        "needs_rollback": terms.needs_rollback,
        "needs": [{"who": list(each.who), "count": each.count} for each in terms.needs],
        "separate": terms.separate,
        "signed": terms.signed,
        "remind_ms": terms.remind_ms,
        "ladder": [{"after_ms": each.after_ms, "ask": list(each.ask)} for each in terms.ladder],
        "advice": terms.advice,
    }


def conditions(rule: Rule) -> list[Json]:
    """The rule's conditions in words: `kinds edit`, `paths docs/**`."""
    lists = {
        "kinds": sorted(rule.kinds),
        "effects": sorted(effect.value for effect in rule.effects),
        "classes": [risk.word for risk in sorted(rule.classes)],
        "at_least": [] if rule.at_least is None else [rule.at_least.word],
        "programs": list(rule.programs),
        "tools": list(rule.tools),
        "paths": list(rule.paths),
        "path_classes": sorted(each.value for each in rule.path_classes),
        "scopes": list(rule.scopes),
        "agents": sorted(rule.agents),
        "modes": sorted(mode.value for mode in rule.modes),
        "branches": list(rule.branches),
        "hours": [hours.words for hours in rule.hours],
        "cost_over": [] if rule.cost_over is None else [f"{rule.cost_over / 100:.2f}"],
    }
    return [f"{name} {', '.join(values)}" for name, values in lists.items() if values]
