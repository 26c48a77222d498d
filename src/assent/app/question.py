"""A person has to decide about a call: answer it from what was decided before, or ask."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from assent.app import messages, records, requests
from assent.app.agents import AskThere, HookAnswer, LetThrough, Refuse
from assent.app.checkpoints.guard import (
    UNNEEDED,
    Failed,
    Shield,
    says_unprotected,
    store_shield,
)
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.app.who import NOBODY_NAMED, addressed, by_two, roster_for, words_of
from assent.core.actions import Plan
from assent.core.approvals import Request, State
from assent.core.canonical import Json
from assent.core.facts import PlanState
from assent.core.people.groups import Roster
from assent.core.people.matter import matter_of
from assent.core.policy import AskIn, Gate, Policy, Terms, Tier
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Assessment
from assent.core.said import can_say, missing, said_of

PROMPT_MS = 3_600_000
"""How long a question at the agent's own prompt counts as open: one hour."""
STOPPED_RULE = "too-many-rejections"
REMEMBERED_RULE = "remembered"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person has to decide. `wait_ms` is how long the agent may be held for it."""

    request: Request
    wait_ms: int


Submitted: TypeAlias = HookAnswer | Waiting


@dataclass(frozen=True, slots=True)
class Question:
    """A call about which a person has to decide, under the terms of `gate`."""

    proposal: Proposal
    assessment: Assessment
    gate: Gate
    policy: Policy
    judged: Mapping[str, Json]
    """What is recorded of how it was judged."""
    shield: Shield = UNNEEDED
    """What stands behind the call, if it is let through."""
    roster: Roster = NOBODY_NAMED
    """Whom the terms mean."""

    @property
    def terms(self) -> Terms:
        return self.gate.terms

    @property
    def wait_ms(self) -> int:
        own = self.terms.wait_ms
        return wait_of(self.policy, self.proposal.session) if own is None else own

    @property
    def expires_ms(self) -> int:
        own = self.terms.expires_ms
        return self.policy.expires_ms if own is None else own

    def fields(self, rule: str) -> dict[str, Json]:
        """What is recorded of the call when `rule` settles it."""
        call = records.call_fields(
            self.proposal, self.assessment, rule=rule, policy=self.policy.digest
        )
        return {**call, **self.judged}


def wait_of(policy: Policy, session: AgentSession) -> int:
    """How long a run is held where no rule says it."""
    return policy.headless_wait_ms if session.headless else policy.wait_ms


async def ask(gate: Gatehouse, question: Question) -> Submitted:
    """Settle it by an earlier decision, send it back to the agent, or open a request."""
    question = replace(question, roster=await _roster(gate, question))
    now = gate.clock.now()
    request_id = gate.ids.new()
    asked_in = _where(gate, question)

    def work(tx: Tx) -> Submitted:
        answer = settled(tx)
        if not isinstance(answer, Waiting):
            store_shield(tx, question.shield, answer)
        return answer

    def settled(tx: Tx) -> Submitted:
        return (
            _answered_already(tx, question, now)
            or _rejected_already(tx, question, now)
            or _remembered(tx, question, now)
            or _stopped(tx, question, now)
            or _vague(tx, question, now)
            or _open(tx, question, request_id, asked_in=asked_in, now=now)
        )

    return await gate.store.write(work, durable=True)


async def _roster(gate: Gatehouse, question: Question) -> Roster:
    words = words_of(question.terms, *question.policy.review.then_ask)
    matter = matter_of(question.proposal, question.assessment)
    return await roster_for(gate, question.policy, words, matter=matter)


def _where(gate: Gatehouse, question: Question) -> AskIn:
    """The agent's prompt is asked only where somebody surely sits at it, and may decide."""
    session, terms = question.proposal.session, question.terms
    agent = gate.agents.get(session.agent)
    there = agent is not None and agent.abilities.ask_there and session.headless is False
    wanted = question.policy.ask_in is AskIn.AGENT
    return AskIn.AGENT if there and _is_for_anyone(terms) and wanted else AskIn.INBOX


def _is_for_anyone(terms: Terms) -> bool:
    """Whether one word of whoever sits at the agent's prompt would be enough."""
    named = terms.reviewers or terms.needs or terms.quorum > 1
    return not (named or terms.separate or terms.signed or terms.tier is Tier.APPROVE)


def _answered_already(tx: Tx, question: Question, now: int) -> Submitted | None:
    """Use the receipt of the same call, or join the question that is open for it."""
    session = question.proposal.session
    live = tx.live_request(
        agent=session.agent, workspace=session.workspace, subject=question.proposal.subject
    )
    if live is None:
        return None
    if now >= live.expires_at:
        after = requests.time_is_up(tx, live, now)
        if isinstance(after, Request) and after.state is State.PENDING:
            return Waiting(after, question.wait_ms)
        return None
    if live.state is State.APPROVED:
        if isinstance(question.shield, Failed) and not says_unprotected(live.assessment):
            requests.lapse_unprotected(tx, live, now)
            return None
        return requests.use_receipt(tx, live, question.proposal, now)
    if live.asked_in is AskIn.AGENT:
        # Asked again means that the prompt did not let it through: the old question is void.
        requests.replace_by_newer(tx, live, now)
        return None
    return Waiting(live, question.wait_ms)


def _rejected_already(tx: Tx, question: Question, now: int) -> Submitted | None:
    session = question.proposal.session
    rejected = tx.rejected_request(
        agent=session.agent,
        session_id=session.session_id,
        subject=question.proposal.subject,
        since=now - question.policy.repeat_rejection_ms,
    )
    if rejected is None:
        return None
    _record(tx, question, "rejected-again", now, request=rejected.number)
    return Refuse(messages.refused_by_person(rejected))


def _remembered(tx: Tx, question: Question, now: int) -> Submitted | None:
    """The very same call passed a person not long ago, and the policy lets that hold on."""
    if not question.terms.remember_ms or isinstance(question.shield, Failed):
        return None
    session = question.proposal.session
    stream = records.remembered_stream(session, question.proposal.subject)
    newest = tx.entries(stream=stream, limit=1)
    if not newest:
        return None
    body = records.body_of(newest[0])
    approved_at, until, number = (body.get(key) for key in ("approved_at", "until", "request"))
    if not (isinstance(approved_at, int) and isinstance(until, int) and isinstance(number, int)):
        return None
    if question.terms.separate and body.get("asker") != session.person:
        # Whoever approved it then may be who runs the agent that asks now.
        return None
    # A policy that was tightened since shortens what was promised under the old one.
    if now >= min(until, approved_at + question.terms.remember_ms):
        return None
    _record(tx, question, "proceeded", now, rule=REMEMBERED_RULE, request=number)
    requests.record_spending(tx, question.proposal, question.assessment, now)
    return LetThrough()


def _stopped(tx: Tx, question: Question, now: int) -> Submitted | None:
    """An agent that was told no too often stops, unless others are named to be asked then."""
    review = question.policy.review
    if review.rejections is None or review.then_ask or not _is_over(tx, question, now):
        return None
    _record(tx, question, "refused", now, rule=STOPPED_RULE)
    return Refuse(messages.stopped(_rejections(tx, question, now)))


def _is_over(tx: Tx, question: Question, now: int) -> bool:
    most = question.policy.review.rejections
    return most is not None and _rejections(tx, question, now) >= most


def _rejections(tx: Tx, question: Question, now: int) -> int:
    session = question.proposal.session
    since = now - question.policy.review.within_ms
    return tx.rejections(agent=session.agent, session_id=session.session_id, since=since)


def _vague(tx: Tx, question: Question, now: int) -> Submitted | None:
    """Sent back until it says what a person needs, where its text can say it."""
    proposal = question.proposal
    if not question.terms.needs_rollback or not can_say(proposal.action):
        return None
    lacking = missing(question.assessment, said_of(proposal))
    if not lacking:
        return None
    _record(tx, question, "returned", now, missing=list(lacking))
    return Refuse(messages.vague(lacking))


def _record(
    tx: Tx, question: Question, kind: str, now: int, *, rule: str = "", **more: Json
) -> None:
    fields = question.fields(rule or question.gate.rule)
    stream = records.session_stream(question.proposal.session)
    tx.append(stream, kind, at=now, fields={**fields, **more})


def _open(tx: Tx, question: Question, request_id: str, *, asked_in: AskIn, now: int) -> Submitted:
    proposal, terms = question.proposal, question.terms
    said = said_of(proposal)
    others = question.policy.review.then_ask if _is_over(tx, question, now) else ()
    request = Request(
        id=request_id,
        number=tx.next_number(),
        proposal=proposal,
        assessment=question.assessment,
        rule=question.gate.rule,
        why=question.gate.why,
        policy=question.policy.digest,
        created_at=now,
        expires_at=now + _lifetime(question, asked_in),
        asked_in=AskIn.INBOX if others else asked_in,
        remember_ms=terms.remember_ms,
        purpose=said.purpose,
        rollback=said.rollback,
    )
    request = by_two(tx, addressed(request, terms, question.roster, others=others))
    requests.open_request(tx, request, now, more=question.judged)
    if isinstance(proposal.action, Plan):
        requests.set_plan(tx, proposal.session, PlanState.OPEN, now)
    if request.asked_in is AskIn.AGENT:
        return AskThere(messages.ask_there(question.assessment))
    return Waiting(request, question.wait_ms)


def _lifetime(question: Question, asked_in: AskIn) -> int:
    """A prompt that nobody answers is gone with its agent; the inbox keeps a question longer."""
    asked = question.expires_ms
    return min(asked, PROMPT_MS) if asked_in is AskIn.AGENT else asked
