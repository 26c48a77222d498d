"""What goes into the ledger, and under which stream: one place, so that no field is forgotten."""

import json
from collections.abc import Mapping

from assent.app.ports import View
from assent.core.actions import Action, Plan, ToolCall
from assent.core.approvals import Decision, Request, ballot_of
from assent.core.canonical import Digest, Json, digest_text
from assent.core.encoding import action_digest, kind_of
from assent.core.facts import Facts
from assent.core.ledger import Entry
from assent.core.policy.budget import Spent, amount_of
from assent.core.policy.hours import day_of
from assent.core.policy.model import DAY_MS, Mode, Policy
from assent.core.proof.levels import decision_level
from assent.core.proposals import AgentSession, Proposal
from assent.core.redact import redact
from assent.core.risk.model import Assessment, Evidence

DAEMON_STREAM = "daemon"
EVIDENCE = 40
"""Reasons of one call that are recorded, the worst first."""
WORDS = 6
"""Words of a program that are recorded: what rules can name."""
PLAN_TEXT = 20_000
"""Characters of a plan that are recorded."""


def session_stream(session: AgentSession) -> str:
    return f"session/{session.agent}/{session.session_id or 'unknown'}"


def request_stream(request: Request) -> str:
    return f"request/{request.number}"


def policy_stream(workspace: str) -> str:
    return f"policy/{workspace}"


def remembered_stream(session: AgentSession, subject: Digest) -> str:
    """Approvals of one very call of one agent in one workspace that hold for longer."""
    return f"remembered/{session.agent}/{digest_text(session.workspace)}/{subject}"


def spent_stream(workspace: str, at: int) -> str:
    """One for each day of UTC, whatever the policy's own days are."""
    return f"spent/{day_of(at, None)}/{workspace}"


def body_of(entry: Entry) -> Mapping[str, Json]:
    """What was recorded; empty when somebody edited it into something unreadable."""
    try:
        body: Json = json.loads(entry.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, Mapping) else {}


def spent(view: View, policy: Policy, session: AgentSession, *, now: int) -> Spent:
    """What today's calls in the workspace of `session` have cost."""
    today = day_of(now, policy.zone)
    by_all = by_agent = 0
    for day in (now - DAY_MS, now):
        for entry in view.chain(spent_stream(session.workspace, day)):
            body = body_of(entry)
            amount, at = body.get("amount"), body.get("at")
            if isinstance(amount, int) and isinstance(at, int) and day_of(at, policy.zone) == today:
                by_all += amount
                by_agent += amount if body.get("agent") == session.agent else 0
    return Spent(by_all, by_agent)


def spending_fields(proposal: Proposal, assessment: Assessment) -> dict[str, Json]:
    return {
        "agent": proposal.session.agent,
        "workspace": proposal.session.workspace,
        "action": action_digest(proposal.action),
        "amount": amount_of(assessment),
    }


def judged_fields(
    action: Action, assessment: Assessment, *, facts: Facts, mode: Mode
) -> dict[str, Json]:
    """What a later policy needs to choose a route for the same call, without its text.

    Each reason is a list: rule, effect, the five factors as digits, path, words of the program,
    where its first word leads, act and target of its scope, cents, other words it was called
    by. What is empty at the end is left out. Paths in the workspace are relative to it.
    """
    kept = assessment.evidence[:EVIDENCE]
    fields: dict[str, Json] = {
        "evidence": [_reason(item, facts) for item in kept],
        "autonomy": mode.value,
        "branch": facts.branch,
        "plan_state": facts.plan.value,
    }
    if len(assessment.evidence) > EVIDENCE:
        fields["evidence_cut"] = len(assessment.evidence)
    if isinstance(action, ToolCall):
        fields |= {"server": redact(action.server), "called": redact(action.tool)}
    if isinstance(action, Plan):
        fields["plan"] = redact(action.text[:PLAN_TEXT])
    return fields


def _reason(item: Evidence, facts: Facts) -> list[Json]:
    factors = item.factors
    digits = (
        factors.reversibility,
        factors.reach,
        factors.cost,
        factors.sensitivity,
        factors.precedent,
    )
    words = item.program[:WORDS]
    known = facts.paths.get(words[0]) if words else None
    scope = "" if item.scope is None else redact(f"{item.scope.act} {item.scope.target}")
    reason: list[Json] = [
        item.rule,
        item.effect.value,
        "".join(str(int(digit)) for digit in digits),
        _relative(item.path, facts),
        _words(words),
        "" if known is None else _relative(known.real, facts),
        scope,
        item.amount,
        [_words(called[:WORDS]) for called in item.called if called[:WORDS] != words],
    ]
    while not reason[-1]:
        reason.pop()
    return reason


def _relative(path: str, facts: Facts) -> str:
    return redact(path.removeprefix(facts.workspace.rstrip("/") + "/"))


def _words(words: tuple[str, ...]) -> list[Json]:
    """A secret may be told by the word before it."""
    hidden = redact(" ".join(words))
    return list(words) if hidden == " ".join(words) else list(hidden.split(" "))


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
        "level": decision_level(request, decision).value,
        "hand": decision.hand.value,
        "reason": redact(decision.reason),
        "version": decision.version,
        "state": request.state.value,
        "until": decision.until,
        "replacement": None if replacement is None else replacement.subject,
        "policy": request.policy,
        **_voice_fields(request, decision),
    }


def _voice_fields(request: Request, decision: Decision) -> dict[str, Json]:
    """In whose place somebody spoke, how they had looked, and what is agreed to by that."""
    progress = ballot_of(request).progress
    return {
        "in_name_of": decision.in_name_of,
        "to": list(decision.to),
        "asker": request.asker,
        "shown_ms": decision.shown_ms,
        "read": decision.read,
        "needs": [
            {
                "group": each.need.group,
                "count": each.need.count,
                "by": [voice.by for voice in each.counted],
                "in_name_of": [voice.in_name_of for voice in each.counted],
            }
            for each in progress
        ],
    }
