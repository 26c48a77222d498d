"""An agent proposes a call: grade it, choose its route, record it, and answer or ask a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from assent.app import messages, records, requests
from assent.app.agents import LetThrough, Refuse
from assent.app.gatehouse import Gatehouse
from assent.app.policy_in_force import policy_given
from assent.app.ports import Tx
from assent.app.question import Question, Submitted, ask
from assent.core.actions import Plan
from assent.core.canonical import Json
from assent.core.facts import Facts, PlanState
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, choose
from assent.core.policy.weigh import weigh
from assent.core.proposals import PLANNING, AgentSession, Proposal
from assent.core.risk import Assessment, assess


async def submit_action(gate: Gatehouse, proposal: Proposal) -> Submitted:
    """Decide about one call. Raises UnavailableError when it cannot be recorded: then refuse it."""
    session = proposal.session
    accepted, recorded = gate.store.read(
        lambda view: (
            view.policy_in_force(session.workspace),
            view.plan_state(agent=session.agent, session_id=session.session_id),
        )
    )
    policy = await policy_given(gate, session.workspace, accepted)
    facts = _facts(gate, proposal, policy, _plan_in_force(session, recorded))
    assessment = _weighed(gate, proposal, policy, facts)
    chosen = choose(assessment, policy, proposal=proposal, facts=facts)
    judged = records.judged_fields(proposal.action, assessment, facts=facts, mode=chosen.mode)
    match chosen.route:
        case Proceed() | Notify() as route:
            await _settle(gate, _Settled(proposal, assessment, route, policy, judged))
            return LetThrough()
        case Deny() as route:
            await _settle(gate, _Settled(proposal, assessment, route, policy, judged))
            return Refuse(messages.refused_by_policy(route))
        case Gate() as route:
            return await ask(gate, Question(proposal, assessment, route, policy, judged))
        case _:
            assert_never(chosen.route)


def _facts(gate: Gatehouse, proposal: Proposal, policy: Policy, plan: PlanState) -> Facts:
    session = proposal.session
    known = Facts(
        workspace=session.workspace,
        home="",
        assent_home="",
        plan=plan,
        catalog=policy.catalog,
        now=gate.clock.now(),
        branch=gate.world.branch(session.workspace) if policy.asks_for_branch else None,
    )
    return gate.world.facts(proposal.action, session, known)


def _weighed(gate: Gatehouse, proposal: Proposal, policy: Policy, facts: Facts) -> Assessment:
    """What the call would do, with what the policy knows of rules, prices and the budget."""
    now = gate.clock.now()
    spent = gate.store.read(lambda view: records.spent(view, policy, proposal.session, now=now))
    assessment = assess(proposal.action, facts)
    return weigh(assessment, policy, proposal=proposal, facts=facts, spent=spent)


def _plan_in_force(session: AgentSession, recorded: PlanState) -> PlanState:
    """Where the run stands with its plan. An agent that is planning again needs a new approval."""
    if session.mode == PLANNING and recorded in (PlanState.NONE, PlanState.APPROVED):
        return PlanState.OPEN
    return recorded


@dataclass(frozen=True, slots=True)
class _Settled:
    """A call that no person is asked about."""

    proposal: Proposal
    assessment: Assessment
    route: Proceed | Notify | Deny
    policy: Policy
    judged: Mapping[str, Json]


async def _settle(gate: Gatehouse, settled: _Settled) -> None:
    route, proposal = settled.route, settled.proposal
    kind = {Proceed: "proceeded", Notify: "notified", Deny: "refused"}[type(route)]
    call = records.call_fields(
        proposal, settled.assessment, rule=route.rule, policy=settled.policy.digest
    )
    stream = records.session_stream(proposal.session)
    now = gate.clock.now()

    def work(tx: Tx) -> None:
        tx.append(stream, kind, at=now, fields={**call, **settled.judged})
        if isinstance(route, Deny):
            return
        requests.record_spending(tx, proposal, settled.assessment, now)
        if isinstance(proposal.action, Plan):
            requests.set_plan(tx, proposal.session, PlanState.APPROVED, now)

    await gate.store.write(work, durable=isinstance(route, Deny))
