"""How a call is judged: one way, for the gate itself and for whoever asks why."""

from dataclasses import dataclass

from assent.app import records
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Judged, compared_with_plan, through_grants
from assent.app.precedent import Recalled
from assent.app.project_programs import gather
from assent.core.facts import Facts, PlanState
from assent.core.operands import bind_operands
from assent.core.policy import Chosen, Policy, Route, choose
from assent.core.policy.budget import Spent
from assent.core.policy.weigh import weigh
from assent.core.proposals import PLANNING, AgentSession, Proposal
from assent.core.risk import assess


@dataclass(frozen=True, slots=True)
class Known:
    """What a call is judged by, before the world is looked at."""

    policy: Policy
    plan: PlanState
    """As recorded for the run."""
    recalled: Recalled


@dataclass(frozen=True, slots=True)
class Judgement:
    """A call as it was judged, and what the policy and the grants make of it."""

    call: Judged
    chosen: Chosen
    """What the policy says."""
    route: Route
    """What holds: the policy's route, unless grants let the call through."""


def facts_of(gate: Gatehouse, proposal: Proposal, known: Known) -> Facts:
    """All that is known and seen of the world that the call would touch."""
    session, policy = proposal.session, known.policy
    before = Facts(
        workspace=session.workspace,
        home="",
        assent_home="",
        plan=_plan_in_force(session, known.plan),
        catalog=policy.catalog,
        now=gate.clock.now(),
        branch=gate.world.branch(session.workspace) if policy.asks_for_branch else None,
    )
    return gather(gate, proposal, before, known.recalled)


def judge(gate: Gatehouse, proposal: Proposal, known: Known) -> Judgement:
    """Grade the call and choose its route. Nothing is recorded."""
    policy, now = known.policy, gate.clock.now()
    facts = facts_of(gate, proposal, known)
    bound = bind_operands(proposal, facts)
    spent = _spent(gate, bound, policy, now)
    weighed = weigh(assess(bound.action, facts), policy, proposal=bound, facts=facts, spent=spent)
    assessment = compared_with_plan(weighed, bound, known.recalled, now)
    chosen = choose(assessment, policy, proposal=bound, facts=facts)
    call = Judged(bound, assessment, policy, facts)
    return Judgement(call, chosen, through_grants(chosen.route, call, known.recalled, now))


def _spent(gate: Gatehouse, proposal: Proposal, policy: Policy, now: int) -> Spent:
    """Looked up only where something depends on it."""
    if not policy.budget.counts:
        return Spent()
    return gate.store.read(lambda view: records.spent(view, policy, proposal.session, now=now))


def _plan_in_force(session: AgentSession, recorded: PlanState) -> PlanState:
    """Where the run stands with its plan. An agent that is planning again needs a new approval."""
    if session.mode == PLANNING and recorded in (PlanState.NONE, PlanState.APPROVED):
        return PlanState.OPEN
    return recorded
