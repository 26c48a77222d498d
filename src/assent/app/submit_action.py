"""An agent proposes a call: grade it, choose its route, record it, and answer or ask a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from assent.app import messages, records, requests
from assent.app.agents import LetThrough, Refuse
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Judged, compared_with_plan, through_grants
from assent.app.policy_in_force import policy_given
from assent.app.ports import Tx
from assent.app.precedent import Recalled, effects_of, new_writes, note_agreement, note_writes
from assent.app.project_programs import gather
from assent.app.question import Question, Submitted, ask
from assent.core.actions import Command, Plan
from assent.core.canonical import Json
from assent.core.facts import Facts, PlanState
from assent.core.operands import bind_operands
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, choose
from assent.core.policy.weigh import weigh
from assent.core.proposals import PLANNING, AgentSession, Proposal
from assent.core.risk import Assessment, assess


async def submit_action(gate: Gatehouse, proposal: Proposal) -> Submitted:
    """Decide about one call. Raises UnavailableError when it cannot be recorded: then refuse it."""
    now = gate.clock.now()
    seen = await _look(gate, proposal)
    policy, facts = seen.policy, seen.facts
    proposal = bind_operands(proposal, facts)
    weighed = _weighed(gate, proposal, policy, facts)
    assessment = compared_with_plan(weighed, proposal, seen.recalled, now)
    chosen = choose(assessment, policy, proposal=proposal, facts=facts)
    judged = records.judged_fields(proposal.action, assessment, facts=facts, mode=chosen.mode)
    of_call = Judged(proposal, assessment, policy, facts)
    route = through_grants(chosen.route, of_call, seen.recalled, now)
    match route:
        case Proceed() | Notify():
            await _settle(gate, of_call, route, fields=judged, recalled=seen.recalled)
            return LetThrough()
        case Deny():
            await _settle(gate, of_call, route, fields=judged, recalled=seen.recalled)
            return Refuse(messages.refused_by_policy(route))
        case Gate():
            answer = await ask(gate, Question(proposal, assessment, route, policy, judged))
            gate.memory.forget(proposal.session)
            return answer
        case _:
            assert_never(route)


async def as_it_is_now(gate: Gatehouse, proposal: Proposal) -> Proposal:
    """The call with what the files that it runs hold now: its digest may have changed."""
    if not isinstance(proposal.action, Command):
        return proposal
    return bind_operands(proposal, (await _look(gate, proposal)).facts)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a call is judged by."""

    policy: Policy
    facts: Facts
    recalled: Recalled


async def _look(gate: Gatehouse, proposal: Proposal) -> _Seen:
    session, now = proposal.session, gate.clock.now()
    accepted, recorded, recalled = gate.store.read(
        lambda view: (
            view.policy_in_force(session.workspace),
            view.plan_state(agent=session.agent, session_id=session.session_id),
            gate.memory.recall(view, session, now),
        )
    )
    policy = await policy_given(gate, session.workspace, accepted)
    known = Facts(
        workspace=session.workspace,
        home="",
        assent_home="",
        plan=_plan_in_force(session, recorded),
        catalog=policy.catalog,
        now=now,
        branch=gate.world.branch(session.workspace) if policy.asks_for_branch else None,
    )
    return _Seen(policy, gather(gate, proposal, known, recalled), recalled)


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


async def _settle(
    gate: Gatehouse,
    judged: Judged,
    route: Proceed | Notify | Deny,
    *,
    fields: Mapping[str, Json],
    recalled: Recalled,
) -> None:
    """Record a call that no person is asked about."""
    proposal, assessment, session = judged.proposal, judged.assessment, judged.proposal.session
    kind = {Proceed: "proceeded", Notify: "notified", Deny: "refused"}[type(route)]
    call = records.call_fields(proposal, assessment, rule=route.rule, policy=judged.policy.digest)
    now, passes = gate.clock.now(), not isinstance(route, Deny)
    writes = (
        new_writes(proposal.action, assessment, judged.facts, recalled.written) if passes else {}
    )
    effects = effects_of(assessment) - recalled.precedent

    def work(tx: Tx) -> None:
        tx.append(records.session_stream(session), kind, at=now, fields={**call, **fields})
        if not passes:
            return
        note_writes(tx, session, writes, now)
        note_agreement(tx, session, effects, now)
        requests.record_spending(tx, proposal, assessment, now)
        if isinstance(proposal.action, Plan):
            requests.set_plan(tx, session, PlanState.APPROVED, now)

    await gate.store.write(work, durable=not passes)
    gate.memory.wrote(session, writes)
