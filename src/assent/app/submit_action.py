"""An agent proposes a call: grade it, choose its route, record it, and answer or ask a person."""

from collections.abc import Mapping
from typing import assert_never

from assent.app import messages, records, requests
from assent.app.agents import LetThrough, Refuse
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Judged
from assent.app.judging import Known, facts_of, judge
from assent.app.policy_in_force import policy_given
from assent.app.ports import Tx
from assent.app.precedent import Recalled, effects_of, new_writes, note_agreement, note_writes
from assent.app.question import Question, Submitted, ask
from assent.core.actions import Command, Plan
from assent.core.canonical import Json
from assent.core.facts import PlanState
from assent.core.operands import bind_operands
from assent.core.policy import Deny, Gate, Notify, Proceed
from assent.core.proposals import AgentSession, Proposal


async def submit_action(gate: Gatehouse, proposal: Proposal) -> Submitted:
    """Decide about one call. Raises UnavailableError when it cannot be recorded: then refuse it."""
    known = await _known(gate, proposal.session)
    judged = judge(gate, proposal, known)
    call, route = judged.call, judged.route
    fields = records.judged_fields(
        call.proposal.action, call.assessment, facts=call.facts, mode=judged.chosen.mode
    )
    match route:
        case Proceed() | Notify():
            await _settle(gate, call, route, fields=fields, recalled=known.recalled)
            return LetThrough()
        case Deny():
            await _settle(gate, call, route, fields=fields, recalled=known.recalled)
            return Refuse(messages.refused_by_policy(route))
        case Gate():
            question = Question(call.proposal, call.assessment, route, call.policy, fields)
            answer = await ask(gate, question)
            gate.memory.forget(proposal.session)
            return answer
        case _:
            assert_never(route)


async def as_it_is_now(gate: Gatehouse, proposal: Proposal) -> Proposal:
    """The call with what the files that it runs hold now: its digest may have changed."""
    if not isinstance(proposal.action, Command):
        return proposal
    known = await _known(gate, proposal.session)
    return bind_operands(proposal, facts_of(gate, proposal, known))


async def _known(gate: Gatehouse, session: AgentSession) -> Known:
    now = gate.clock.now()
    accepted, plan, recalled = gate.store.read(
        lambda view: (
            view.policy_in_force(session.workspace),
            view.plan_state(agent=session.agent, session_id=session.session_id),
            gate.memory.recall(view, session, now),
        )
    )
    return Known(await policy_given(gate, session.workspace, accepted), plan, recalled)


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
