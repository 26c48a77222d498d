"""Requests and ledger entries as the API gives them: exact texts, times in ms since the epoch."""

import json

from assent.app.messages import waited_for
from assent.core.approvals import Decision, Request, State, approvers
from assent.core.canonical import Json
from assent.core.encoding import to_json
from assent.core.grants import vouches_of
from assent.core.ledger import Entry
from assent.core.proof.levels import decision_level
from assent.core.risk.factors import Factors
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.standing import outcome, standing
from assent.entrypoints.web.views.who import NOBODY_KNOWN, Known, who_record


def request_summary(request: Request, context: Context) -> dict[str, Json]:
    """One line's worth of a request."""
    session = request.proposal.session
    return {
        "number": request.number,
        "name": request.name,
        "state": request.state.value,
        "outcome": outcome(request),
        "standing": standing(request, context),
        "version": request.version,
        "class": request.assessment.risk.word,
        "title": request.assessment.title,
        "agent": session.agent,
        "agent_title": context.agent_title(session.agent),
        "session": session.session_id,
        "workspace": session.workspace,
        "rule": request.rule,
        "asked_in": request.asked_in.value,
        "created_at": request.created_at,
        "expires_at": request.expires_at,
        "delayed_until": request.delayed_until,
    }


def request_record(
    request: Request, context: Context, known: Known = NOBODY_KNOWN
) -> dict[str, Json]:
    """Everything a person needs to decide, and what was decided."""
    proposal, assessment = request.proposal, request.assessment
    session, editable = proposal.session, proposal.editable
    effects: list[Json] = [effect.value for effect in sorted(assessment.effects)]
    evidence: list[Json] = [
        {
            "rule": item.rule,
            "effect": item.effect.value,
            "class": item.risk.word,
            "what": item.what,
            "span": None if item.span is None else list(item.span),
            "path": item.path,
            "undo": item.undo,
            "scope": None if item.scope is None else f"{item.scope.act} {item.scope.target}",
            "amount": item.amount,
            "factors": _factors(item.factors),
        }
        for item in assessment.evidence
    ]
    decisions: list[Json] = [_decision(request, decision) for decision in request.decisions]
    return {
        **request_summary(request, context),
        "why": request.why,
        "undo": assessment.undo,
        "effects": effects,
        "evidence": evidence,
        "action": to_json(proposal.action),
        "digest": request.subject,
        "policy": request.policy,
        "tool": proposal.tool,
        "subagent": session.subagent,
        "cwd": session.cwd,
        "mode": session.mode,
        "model": session.model,
        "prose": proposal.prose,
        "makes_known": list(vouches_of(assessment)),
        "editable": None if editable is None else {"label": editable.label, "text": editable.text},
        "factors": _factors(assessment.factors),
        "quorum": request.quorum,
        "approved_by": sorted(approvers(request)),
        "tier": request.tier.value,
        "reviewers": list(request.reviewers),
        "then_ask": list(request.then_ask),
        "waiting_for": waited_for(request) if request.state is State.PENDING else "",
        **who_record(request, context, known),
        "remember_ms": request.remember_ms,
        "purpose": request.purpose,
        "rollback": request.rollback,
        "decisions": decisions,
        "runs": None if request.runnable is None else to_json(request.runnable.action),
        "consumed_at": request.consumed_at,
    }


_PEOPLE = ("needs", "reviewers", "then_ask", "ladder", "asker", "approved_by")


def for_agents(record: dict[str, Json]) -> dict[str, Json]:
    """What an agent learns of a request: for whom it waits as a group, and nobody to go to."""
    return {name: value for name, value in record.items() if name not in _PEOPLE}


def _factors(factors: Factors) -> dict[str, Json]:
    """The five by name, each as its word."""
    return {
        "reversibility": factors.reversibility.word,
        "reach": factors.reach.word,
        "cost": factors.cost.word,
        "sensitivity": factors.sensitivity.word,
        "precedent": factors.precedent.word,
    }


def _decision(request: Request, decision: Decision) -> dict[str, Json]:
    return {
        "verdict": decision.verdict.value,
        "by": decision.by,
        "at": decision.at,
        "via": decision.via,
        "reason": decision.reason,
        "version": decision.version,
        "until": decision.until,
        "hand": decision.hand.value,
        "factor": decision.factor.value,
        "in_name_of": decision.in_name_of,
        "envelope": decision.envelope,
        "level": decision_level(request, decision).value,
        "shown_ms": decision.shown_ms,
        "read": decision.read,
        "to": list(decision.to),
    }


def entry_record(entry: Entry) -> dict[str, Json]:
    """`body` is what was recorded; None when it was edited into something unreadable."""
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        body = None
    return {
        "stream": entry.stream,
        "seq": entry.seq,
        "hash": entry.hash,
        "prev": entry.prev,
        "body": body,
    }
