"""An agent tells how a call ended, or that its run or its settings changed: keep the record."""

from assent.app import messages, records, requests
from assent.app.agents import (
    HookAnswer,
    Noted,
    Refuse,
    SessionEvent,
    SettingsChange,
    Tell,
    ToolFinished,
)
from assent.app.changes.told import told_at_start
from assent.app.checkpoints.ending import after_call, after_run
from assent.app.gatehouse import Gatehouse
from assent.app.grants import ONCE, end_plan_grants, give_grants
from assent.app.policy_in_force import policy_in_force
from assent.app.ports import Tx
from assent.app.precedent import effects_of, note_agreement
from assent.app.proof.requests import Voucher, vouch
from assent.core.actions import Plan, UnknownAction
from assent.core.approvals import AGENT_PROMPT, Decision, Refusal, Request, Verdict
from assent.core.canonical import Json, digest_of
from assent.core.deciding import decide
from assent.core.facts import PlanState
from assent.core.policy.team import told
from assent.core.proposals import Proposal
from assent.core.redact import redact


async def record_outcome(gate: Gatehouse, event: ToolFinished) -> HookAnswer:
    """Record that a call ran; one that was asked at the agent's prompt was approved there."""
    now = gate.clock.now()

    def work(tx: Tx) -> None:
        tx.append(
            records.session_stream(event.session),
            "finished",
            at=now,
            fields={
                "agent": event.session.agent,
                "call": event.call_id,
                "tool": event.tool,
                "ok": event.ok,
                "payload": digest_of(event.payload),
            },
        )
        asked = tx.prompted_request(
            agent=event.session.agent,
            session_id=event.session.session_id,
            call_id=event.call_id,
        )
        if asked is not None:
            _approved_there(tx, asked, now, gate=gate)

    await gate.store.write(work, durable=False)
    after_call(gate, event)
    return Noted()


def _approved_there(tx: Tx, asked: Request, now: int, *, gate: Gatehouse) -> None:
    said = Decision(
        verdict=Verdict.APPROVE,
        by="whoever sits at the agent's prompt",
        at=now,
        version=asked.version,
        subject=asked.subject,
        via=AGENT_PROMPT,
        hand=asked.tier,
    )
    approved = decide(asked, said)
    if isinstance(approved, Refusal):
        return
    tx.save_request(approved)
    tx.append(
        records.request_stream(approved),
        "decided",
        at=now,
        fields={
            **records.decision_fields(approved, said),
            **vouch(tx, Voucher(gate.proof, ONCE, gate.ids), asked, said),
        },
    )
    note_agreement(tx, approved.proposal.session, effects_of(approved.assessment), now)
    give_grants(tx, approved, ONCE, ids=gate.ids)
    requests.use_receipt(tx, approved, approved.proposal, now)
    if isinstance(asked.proposal.action, Plan):
        requests.set_plan(tx, asked.proposal.session, PlanState.APPROVED, now)


async def record_session(gate: Gatehouse, event: SessionEvent) -> HookAnswer:
    """Record that a run of an agent began or ended; one that begins is told the team's rules,
    and which of its changes came back."""
    now, session = gate.clock.now(), event.session

    def work(tx: Tx) -> None:
        tx.append(
            records.session_stream(session),
            f"session-{event.what}",
            at=now,
            fields=records.session_fields(session),
        )
        if event.what == "end":
            end_plan_grants(tx, session, now)

    await gate.store.write(work, durable=False)
    after_run(gate, event)
    if event.what != "start":
        return Noted()
    rules = told((await policy_in_force(gate, session.workspace)).team)
    back = gate.store.read(lambda view: told_at_start(view, session.workspace))
    message = "\n\n".join(text for text in (rules, back) if text)
    return Tell(message) if message else Noted()


async def record_unreadable(gate: Gatehouse, proposal: Proposal) -> HookAnswer:
    """Record that an event which only informs could not be read. Nobody is asked about it."""
    action, now = proposal.action, gate.clock.now()
    fields: dict[str, Json] = {
        **records.session_fields(proposal.session),
        "hook": proposal.event,
        "payload": digest_of(proposal.payload),
        "why": redact(action.reason) if isinstance(action, UnknownAction) else "",
    }
    await gate.store.write(
        lambda tx: tx.append(
            records.session_stream(proposal.session), "unreadable", at=now, fields=fields
        ),
        durable=False,
    )
    return Noted()


async def record_unknown_event(gate: Gatehouse, *, agent: str, event: str, payload: bytes) -> None:
    """Record that a hook was installed for an event that the agent's adapter does not know."""
    now = gate.clock.now()
    fields: dict[str, Json] = {"agent": agent, "hook": event, "payload": digest_of(payload)}
    await gate.store.write(
        lambda tx: tx.append(records.DAEMON_STREAM, "unknown-event", at=now, fields=fields),
        durable=True,
    )


async def refuse_settings(gate: Gatehouse, event: SettingsChange) -> HookAnswer:
    """Settings that could switch the gate off do not change while a session runs."""
    now = gate.clock.now()
    await gate.store.write(
        lambda tx: tx.append(
            records.session_stream(event.session),
            "settings-refused",
            at=now,
            fields={
                **records.session_fields(event.session),
                "source": event.source,
                "path": event.path,
            },
        ),
        durable=True,
    )
    return Refuse(messages.settings_locked(event.path))
