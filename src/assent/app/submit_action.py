"""An agent proposes a call: grade it, choose its route, record it, and answer or ask a person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from assent.app import messages, records, requests
from assent.app.agents import LetThrough, Refuse
from assent.app.checkpoints.guard import (
    NO_CHECKPOINT,
    UNNEEDED,
    Call,
    Failed,
    Held,
    Shield,
    said_of,
    shield,
    store_shield,
    with_reason,
)
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Judged
from assent.app.judging import Judgement, Known, facts_of, judge
from assent.app.policy_in_force import policy_given
from assent.app.ports import Tx
from assent.app.precedent import Recalled, effects_of, new_writes, note_agreement, note_writes
from assent.app.question import Question, Submitted, Waiting, ask, wait_of
from assent.core.actions import Command, Plan
from assent.core.canonical import Json
from assent.core.facts import PlanState
from assent.core.operands import bind_operands
from assent.core.policy import Deny, Gate, Notify, Proceed, Route
from assent.core.policy.terms import terms_of
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Assessment


async def submit_action(gate: Gatehouse, proposal: Proposal) -> Submitted:
    """Decide about one call. Raises UnavailableError when it cannot be recorded: then refuse it."""
    known = await _known(gate, proposal.session)
    judged = judge(gate, proposal, known)
    shielded = await _shield(gate, judged)
    if isinstance(shielded, Held):
        return Waiting(shielded.request, wait_of(known.policy, proposal.session))
    call, route = _unprotected(judged, shielded)
    fields = {
        **records.judged_fields(
            call.proposal.action, call.assessment, facts=call.facts, mode=judged.chosen.mode
        ),
        **said_of(gate, shielded, proposal),
    }
    match route:
        case Proceed() | Notify():
            settled = _Settled(route, fields, shielded)
            await _settle(gate, call, settled, recalled=known.recalled)
            return LetThrough()
        case Deny():
            settled = _Settled(route, fields, shielded)
            await _settle(gate, call, settled, recalled=known.recalled)
            return Refuse(messages.refused_by_policy(route))
        case Gate():
            question = Question(
                call.proposal, call.assessment, route, call.policy, fields, shielded
            )
            answer = await ask(gate, question)
            gate.memory.forget(proposal.session)
            return answer
        case _:
            assert_never(route)


async def _shield(gate: Gatehouse, judged: Judgement) -> Shield:
    """A checkpoint of what the call may change, unless it is refused anyway."""
    call = judged.call
    if isinstance(judged.route, Deny):
        return UNNEEDED
    return await shield(gate, Call(call.proposal, call.assessment, call.facts, call.policy))


def _unprotected(judged: Judgement, shielded: Shield) -> tuple[Judged, Route]:
    """A call for which the checkpoint cannot be made is not let through by itself."""
    call, route = judged.call, judged.route
    if not isinstance(shielded, Failed):
        return call, route
    call = replace(call, assessment=with_reason(call.assessment, shielded.why))
    if isinstance(route, Proceed | Notify):
        why = f"no checkpoint can be made here: {shielded.why}"
        route = Gate(NO_CHECKPOINT, why, terms_of((), call.policy, call.assessment))
    return call, route


async def as_it_is_now(gate: Gatehouse, proposal: Proposal, assessment: Assessment) -> Call:
    """The call with what the files that it runs hold now: its digest may have changed."""
    known = await _known(gate, proposal.session)
    facts = facts_of(gate, proposal, known)
    bound = bind_operands(proposal, facts) if isinstance(proposal.action, Command) else proposal
    return Call(bound, assessment, facts, known.policy)


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


@dataclass(frozen=True, slots=True)
class _Settled:
    """How a call ends that no person is asked about."""

    route: Proceed | Notify | Deny
    fields: Mapping[str, Json]
    shield: Shield


async def _settle(
    gate: Gatehouse, judged: Judged, settled: _Settled, *, recalled: Recalled
) -> None:
    """Record a call that no person is asked about."""
    route = settled.route
    proposal, assessment, session = judged.proposal, judged.assessment, judged.proposal.session
    kind = {Proceed: "proceeded", Notify: "notified", Deny: "refused"}[type(route)]
    call = records.call_fields(proposal, assessment, rule=route.rule, policy=judged.policy.digest)
    now, passes = gate.clock.now(), not isinstance(route, Deny)
    writes = (
        new_writes(proposal.action, assessment, judged.facts, recalled.written) if passes else {}
    )
    effects = effects_of(assessment) - recalled.precedent

    def work(tx: Tx) -> None:
        behind = store_shield(tx, settled.shield, LetThrough()) if passes else {}
        fields = {**call, **settled.fields, **behind}
        tx.append(records.session_stream(session), kind, at=now, fields=fields)
        if not passes:
            return
        note_writes(tx, session, writes, now)
        note_agreement(tx, session, effects, now)
        requests.record_spending(tx, proposal, assessment, now)
        if isinstance(proposal.action, Plan):
            requests.set_plan(tx, session, PlanState.APPROVED, now)

    await gate.store.write(work, durable=not passes)
    gate.memory.wrote(session, writes)
