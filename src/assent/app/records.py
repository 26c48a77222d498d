"""What goes into the ledger, and under which stream: one place, so that no field is forgotten."""

from collections.abc import Mapping

from assent.core.actions import Action
from assent.core.approvals import Decision, Request
from assent.core.canonical import Digest, Json
from assent.core.encoding import action_digest, kind_of
from assent.core.proposals import AgentSession, Proposal
from assent.core.redact import redact
from assent.core.risk.model import Assessment

DAEMON_STREAM = "daemon"


def session_stream(session: AgentSession) -> str:
    return f"session/{session.agent}/{session.session_id or 'unknown'}"


def request_stream(request: Request) -> str:
    return f"request/{request.number}"


def policy_stream(workspace: str) -> str:
    return f"policy/{workspace}"


def call_fields(
    proposal: Proposal, assessment: Assessment, *, rule: str, policy: Digest
) -> dict[str, Json]:
    """Who wanted what, how bad it was and which rule of which policy decided."""
    return {
        **session_fields(proposal.session),
        **action_fields(proposal.action, assessment),
        "call": proposal.call_id,
        "tool": proposal.tool,
        "rule": rule,
        "policy": policy,
    }


def session_fields(session: AgentSession) -> dict[str, Json]:
    return {
        "agent": session.agent,
        "session": session.session_id,
        "subagent": session.subagent,
        "workspace": session.workspace,
        "mode": session.mode,
        "model": session.model,
    }


def action_fields(action: Action, assessment: Assessment) -> dict[str, Json]:
    effects: list[Json] = [effect.value for effect in sorted(assessment.effects)]
    return {
        "action": action_digest(action),
        "action_kind": kind_of(action),
        "title": redact(assessment.title),
        "class": assessment.risk.word,
        "effects": effects,
    }


def decision_fields(request: Request, decision: Decision) -> Mapping[str, Json]:
    """`request` is the request after the decision."""
    replacement = decision.replacement
    return {
        "request": request.number,
        "action": request.subject,
        "verdict": decision.verdict.value,
        "by": decision.by,
        "via": decision.via,
        "level": "advisory",
        "reason": redact(decision.reason),
        "version": decision.version,
        "state": request.state.value,
        "until": decision.until,
        "replacement": None if replacement is None else replacement.subject,
        "policy": request.policy,
    }
