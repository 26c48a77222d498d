"""An agent proposes a call: grade it, choose its route, record it, and answer or ask a person."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from assent.app import messages, records, requests
from assent.app.agents import AskThere, HookAnswer, LetThrough, Refuse
from assent.app.gatehouse import Gatehouse
from assent.app.policy_in_force import policy_given
from assent.app.ports import Tx
from assent.core.actions import Plan
from assent.core.approvals import Request, State
from assent.core.facts import PlanState
from assent.core.policy import AskIn, Deny, Gate, Notify, Policy, Proceed, route
from assent.core.proposals import PLANNING, AgentSession, Proposal
from assent.core.risk import Assessment, assess

PROMPT_MS = 3_600_000
"""How long a question at the agent's own prompt counts as open: one hour."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person has to decide. `wait_ms` is how long the agent may be held for it."""

    request: Request
    wait_ms: int


Submitted: TypeAlias = HookAnswer | Waiting


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
    plan = _plan_in_force(session, recorded)
    facts = gate.world.facts(proposal.action, session, plan, policy.catalog)
    assessment = assess(proposal.action, facts)
    chosen = route(assessment, policy, proposal=proposal, facts=facts)
    match chosen:
        case Proceed() | Notify():
            await _record(gate, proposal, assessment, chosen, policy)
            return LetThrough()
        case Deny():
            await _record(gate, proposal, assessment, chosen, policy)
            return Refuse(messages.refused_by_policy(chosen))
        case Gate():
            return await _ask(gate, _Question(proposal, assessment, chosen, policy))
        case _:
            assert_never(chosen)


def _plan_in_force(session: AgentSession, recorded: PlanState) -> PlanState:
    """Where the run stands with its plan. An agent that is planning again needs a new approval."""
    if session.mode == PLANNING and recorded in (PlanState.NONE, PlanState.APPROVED):
        return PlanState.OPEN
    return recorded


async def _record(
    gate: Gatehouse,
    proposal: Proposal,
    assessment: Assessment,
    chosen: Proceed | Notify | Deny,
    policy: Policy,
) -> None:
    kind = {Proceed: "proceeded", Notify: "notified", Deny: "refused"}[type(chosen)]
    fields = records.call_fields(proposal, assessment, rule=chosen.rule, policy=policy.digest)
    stream = records.session_stream(proposal.session)
    now = gate.clock.now()
    await gate.store.write(
        lambda tx: tx.append(stream, kind, at=now, fields=fields),
        durable=isinstance(chosen, Deny),
    )


@dataclass(frozen=True, slots=True)
class _Question:
    proposal: Proposal
    assessment: Assessment
    gate: Gate
    policy: Policy

    @property
    def wait_ms(self) -> int:
        headless = self.proposal.session.headless
        return self.policy.headless_wait_ms if headless else self.policy.wait_ms


async def _ask(gate: Gatehouse, question: _Question) -> Submitted:
    now = gate.clock.now()
    request_id = gate.ids.new()
    asked_in = _where(gate, question)

    def work(tx: Tx) -> Submitted:
        return (
            _answered_already(tx, question, now)
            or _rejected_already(tx, question, now)
            or _open(tx, question, request_id, asked_in=asked_in, now=now)
        )

    return await gate.store.write(work, durable=True)


def _where(gate: Gatehouse, question: _Question) -> AskIn:
    """The agent's prompt is asked only where somebody surely sits at it."""
    session = question.proposal.session
    agent = gate.agents.get(session.agent)
    there = agent is not None and agent.abilities.ask_there and session.headless is False
    return AskIn.AGENT if there and question.policy.ask_in is AskIn.AGENT else AskIn.INBOX


def _answered_already(tx: Tx, question: _Question, now: int) -> Submitted | None:
    """Use the receipt of the same call, or join the question that is open for it."""
    session = question.proposal.session
    live = tx.live_request(
        agent=session.agent, workspace=session.workspace, subject=question.proposal.subject
    )
    if live is None:
        return None
    if now >= live.expires_at:
        requests.close_expired(tx, live, now)
        return None
    if live.state is State.APPROVED:
        return requests.use_receipt(tx, live, question.proposal, now)
    if live.asked_in is AskIn.AGENT:
        # Asked again means that the prompt did not let it through: the old question is void.
        requests.replace_by_newer(tx, live, now)
        return None
    return Waiting(live, question.wait_ms)


def _rejected_already(tx: Tx, question: _Question, now: int) -> Submitted | None:
    session = question.proposal.session
    rejected = tx.rejected_request(
        agent=session.agent,
        session_id=session.session_id,
        subject=question.proposal.subject,
        since=now - question.policy.repeat_rejection_ms,
    )
    if rejected is None:
        return None
    fields = records.call_fields(
        question.proposal,
        question.assessment,
        rule=question.gate.rule,
        policy=question.policy.digest,
    )
    tx.append(
        records.session_stream(session),
        "rejected-again",
        at=now,
        fields={**fields, "request": rejected.number},
    )
    return Refuse(messages.refused_by_person(rejected))


def _open(tx: Tx, question: _Question, request_id: str, *, asked_in: AskIn, now: int) -> Submitted:
    proposal = question.proposal
    request = Request(
        id=request_id,
        number=tx.next_number(),
        proposal=proposal,
        assessment=question.assessment,
        rule=question.gate.rule,
        why=question.gate.why,
        policy=question.policy.digest,
        created_at=now,
        expires_at=now + _lifetime(question.policy, asked_in),
        asked_in=asked_in,
    )
    requests.open_request(tx, request, now)
    if isinstance(proposal.action, Plan):
        requests.set_plan(tx, proposal.session, PlanState.OPEN, now)
    if asked_in is AskIn.AGENT:
        return AskThere(messages.ask_there(question.assessment))
    return Waiting(request, question.wait_ms)


def _lifetime(policy: Policy, asked_in: AskIn) -> int:
    """A prompt that nobody answers is gone with its agent; the inbox keeps a question longer."""
    return min(policy.expires_ms, PROMPT_MS) if asked_in is AskIn.AGENT else policy.expires_ms
