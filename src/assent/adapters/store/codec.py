"""A request as bytes, and back.

The bytes are canonical ASCII JSON: PostgreSQL text takes neither NUL nor lone surrogates, and both
are in what agents send. A proposal that occurs several times in a request (asked, replaced, may
run) is written once, since its payload can be megabytes.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from assent.adapters.store.plain import from_plain, to_plain
from assent.core.approvals import Decision, Request, State, Verdict
from assent.core.canonical import Digest, Json, canonical
from assent.core.encoding import from_json, to_json
from assent.core.grants import Grant, read_grant
from assent.core.people.model import Factor, Need, Rung
from assent.core.policy.model import AskIn, Tier, tier_for
from assent.core.project import Accepted, read_accepted
from assent.core.proposals import AgentSession, Editable, Proposal
from assent.core.risk.factors import (
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    RiskClass,
    Sensitivity,
    typical,
)
from assent.core.risk.model import Assessment, Effect, Evidence, Scope
from assent.errors import IntegrityError

T = TypeVar("T")

FORMAT = "request/1"


def encode_request(request: Request) -> bytes:
    """The stored form of `request`; `decode_request` is its inverse."""
    proposals = _Proposals()
    return canonical(
        {
            "assent": FORMAT,
            "id": request.id,
            "number": request.number,
            "proposal": proposals.index(request.proposal),
            "assessment": _assessment(request.assessment),
            "rule": request.rule,
            "why": request.why,
            "policy": request.policy,
            "created_at": request.created_at,
            "expires_at": request.expires_at,
            "asked_in": request.asked_in.value,
            "quorum": request.quorum,
            "tier": request.tier.value,
            "reviewers": list(request.reviewers),
            "then_ask": list(request.then_ask),
            "also": to_plain(request.also),
            "asker": request.asker,
            "separate": request.separate,
            "signed": request.signed,
            "remind_ms": request.remind_ms,
            "ladder": to_plain(request.ladder),
            "advice": request.advice,
            "remember_ms": request.remember_ms,
            "purpose": request.purpose,
            "rollback": request.rollback,
            "state": request.state.value,
            "version": request.version,
            "decisions": [_decision(said, proposals) for said in request.decisions],
            "runnable": proposals.optional(request.runnable),
            "delayed_until": request.delayed_until,
            "consumed_at": request.consumed_at,
            "proposals": [_proposal(proposal) for proposal in proposals.known],
        }
    )


def decode_request(data: bytes) -> Request:
    """The request that `encode_request` wrote. Raises IntegrityError when `data` is not that."""
    try:
        return _read_request(_Fields(json.loads(data)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise IntegrityError(
            f"A stored request cannot be read: {error!r}.",
            hint="Run `assent verify`, and restore the store from a backup.",
        ) from error


def decode_grant(data: bytes) -> Grant:
    """The grant that was stored. Raises IntegrityError when `data` is none."""
    return _decode(read_grant, data, "grant")


def decode_accepted(data: bytes) -> Accepted:
    """The programs that were accepted. Raises IntegrityError when `data` does not say which."""
    return _decode(read_accepted, data, "list of programs")


def _decode(read: Callable[[bytes], T], data: bytes, what: str) -> T:
    try:
        return read(data)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise IntegrityError(
            f"A stored {what} cannot be read: {error!r}.",
            hint="Run `assent verify`, and restore the store from a backup.",
        ) from error


class _Proposals:
    """The distinct proposals of a request, in order of appearance."""

    def __init__(self) -> None:
        self.known: list[Proposal] = []

    def index(self, proposal: Proposal) -> int:
        if proposal not in self.known:
            self.known.append(proposal)
        return self.known.index(proposal)

    def optional(self, proposal: Proposal | None) -> int | None:
        return None if proposal is None else self.index(proposal)


def _assessment(assessment: Assessment) -> dict[str, Json]:
    return {
        "risk": assessment.risk.word,
        "effects": [effect.value for effect in sorted(assessment.effects)],
        "evidence": [_evidence(evidence) for evidence in assessment.evidence],
        "title": assessment.title,
        "undo": assessment.undo,
        "factors": _factors(assessment.factors),
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {
        "rule": evidence.rule,
        "effect": evidence.effect.value,
        "risk": evidence.risk.word,
        "what": evidence.what,
        "span": evidence.span,
        "path": evidence.path,
        "program": list(evidence.program),
        "factors": _factors(evidence.factors),
        "scope": None if evidence.scope is None else [evidence.scope.act, evidence.scope.target],
        "undo": evidence.undo,
        "called": [list(words) for words in evidence.called],
        "amount": evidence.amount,
    }


def _factors(factors: Factors) -> list[Json]:
    return [
        factors.reversibility.value,
        factors.reach.value,
        factors.cost.value,
        factors.sensitivity.value,
        factors.precedent.value,
    ]


def _decision(said: Decision, proposals: _Proposals) -> dict[str, Json]:
    return {
        "verdict": said.verdict.value,
        "by": said.by,
        "at": said.at,
        "version": said.version,
        "subject": said.subject,
        "reason": said.reason,
        "via": said.via,
        "replacement": proposals.optional(said.replacement),
        "until": said.until,
        "hand": said.hand.value,
        "factor": said.factor.value,
        "envelope": said.envelope,
        "in_name_of": said.in_name_of,
        "shown_ms": said.shown_ms,
        "read": said.read,
        "to": list(said.to),
    }


def _proposal(proposal: Proposal) -> dict[str, Json]:
    editable = proposal.editable
    return {
        "session": _session(proposal.session),
        "call_id": proposal.call_id,
        "tool": proposal.tool,
        "action": to_json(proposal.action),
        "payload": base64.b64encode(proposal.payload).decode("ascii"),
        "event": proposal.event,
        "prose": proposal.prose,
        "editable": None if editable is None else [editable.label, editable.text],
    }


def _session(session: AgentSession) -> dict[str, Json]:
    return {
        "agent": session.agent,
        "session_id": session.session_id,
        "workspace": session.workspace,
        "cwd": session.cwd,
        "mode": session.mode,
        "model": session.model,
        "subagent": session.subagent,
        "headless": session.headless,
        "human_in_loop": session.human_in_loop,
        "person": session.person,
        "apart": session.apart,
    }


class _Fields:
    """Typed access to decoded JSON: a field of another type is an error, never a guess."""

    def __init__(self, value: Json) -> None:
        if not isinstance(value, Mapping):
            raise TypeError("expected an object")
        self._fields = value

    def text(self, name: str) -> str:
        return _text(self._fields[name])

    def digest(self, name: str) -> Digest:
        return Digest(self.text(name))

    def number(self, name: str) -> int:
        return _number(self._fields[name])

    def optional_text(self, name: str) -> str | None:
        return None if self._fields.get(name) is None else self.text(name)

    def optional_number(self, name: str) -> int | None:
        return None if self._fields.get(name) is None else self.number(name)

    def optional_flag(self, name: str) -> bool | None:
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"{name}: expected a boolean")
        return value

    def object(self, name: str) -> "_Fields":
        return _Fields(self._fields[name])

    def mapping(self, name: str) -> Mapping[str, Json]:
        value = self._fields[name]
        if not isinstance(value, Mapping):
            raise TypeError(f"{name}: expected an object")
        return value

    def items(self, name: str) -> Sequence[Json]:
        return _items(self._fields[name])

    def optional_items(self, name: str) -> Sequence[Json] | None:
        return None if self._fields.get(name) is None else self.items(name)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _number(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("expected a whole number")
    return value


def _items(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise TypeError("expected a list")
    return value


def _read_request(fields: _Fields) -> Request:
    if fields.text("assent") != FORMAT:
        raise ValueError("unknown format")
    proposals = [_read_proposal(_Fields(item)) for item in fields.items("proposals")]
    runnable = fields.optional_number("runnable")
    risk = fields.object("assessment").text("risk")
    return Request(
        id=fields.text("id"),
        number=fields.number("number"),
        proposal=proposals[fields.number("proposal")],
        assessment=_read_assessment(fields.object("assessment")),
        rule=fields.text("rule"),
        why=fields.text("why"),
        policy=fields.digest("policy"),
        created_at=fields.number("created_at"),
        expires_at=fields.number("expires_at"),
        asked_in=AskIn(fields.text("asked_in")),
        quorum=fields.number("quorum"),
        tier=Tier(fields.optional_text("tier") or tier_for(_read_risk(risk))),
        reviewers=_texts(fields.optional_items("reviewers")),
        then_ask=_texts(fields.optional_items("then_ask")),
        also=_plain(tuple[Need, ...], fields.optional_items("also")),
        asker=fields.optional_text("asker") or "",
        separate=fields.optional_flag("separate") or False,
        signed=fields.optional_flag("signed") or False,
        remind_ms=fields.optional_number("remind_ms") or 0,
        ladder=_plain(tuple[Rung, ...], fields.optional_items("ladder")),
        advice=fields.optional_text("advice") or "",
        remember_ms=fields.optional_number("remember_ms") or 0,
        purpose=fields.optional_text("purpose") or "",
        rollback=fields.optional_text("rollback") or "",
        state=State(fields.text("state")),
        version=fields.number("version"),
        decisions=tuple(
            _read_decision(_Fields(item), proposals) for item in fields.items("decisions")
        ),
        runnable=None if runnable is None else proposals[runnable],
        delayed_until=fields.optional_number("delayed_until"),
        consumed_at=fields.optional_number("consumed_at"),
    )


def _read_assessment(fields: _Fields) -> Assessment:
    return Assessment(
        risk=_read_risk(fields.text("risk")),
        effects=frozenset(Effect(_text(item)) for item in fields.items("effects")),
        evidence=tuple(_read_evidence(_Fields(item)) for item in fields.items("evidence")),
        title=fields.text("title"),
        undo=fields.text("undo"),
        factors=_read_factors(fields, _read_risk(fields.text("risk"))),
    )


def _plain(kind: type[T], items: Sequence[Json] | None) -> T:
    return from_plain(kind, items or [])


def _texts(items: Sequence[Json] | None) -> tuple[str, ...]:
    return tuple(_text(item) for item in items or ())


def _read_risk(word: str) -> RiskClass:
    return RiskClass[word.upper()]


def _read_evidence(fields: _Fields) -> Evidence:
    span = fields.optional_items("span")
    return Evidence(
        rule=fields.text("rule"),
        effect=Effect(fields.text("effect")),
        factors=_read_factors(fields, _read_risk(fields.text("risk"))),
        what=fields.text("what"),
        span=None if span is None else (_number(span[0]), _number(span[1])),
        path=fields.text("path"),
        program=tuple(_text(item) for item in fields.items("program")),
        scope=_read_scope(fields),
        undo=fields.optional_text("undo") or "",
        called=tuple(
            tuple(_text(word) for word in _items(words))
            for words in fields.optional_items("called") or ()
        ),
        amount=fields.optional_number("amount") or 0,
    )


def _read_factors(fields: _Fields, risk: RiskClass) -> Factors:
    """Records of before 0.2 hold the class alone."""
    values = fields.optional_items("factors")
    if values is None:
        return typical(risk)
    reversibility, reach, cost, sensitivity, precedent = (_number(value) for value in values)
    return Factors(
        Reversibility(reversibility),
        Reach(reach),
        Cost(cost),
        Sensitivity(sensitivity),
        Precedent(precedent),
    )


def _read_scope(fields: _Fields) -> Scope | None:
    words = fields.optional_items("scope")
    return None if words is None else Scope(*(_text(word) for word in words))


def _read_decision(fields: _Fields, proposals: Sequence[Proposal]) -> Decision:
    replacement = fields.optional_number("replacement")
    return Decision(
        verdict=Verdict(fields.text("verdict")),
        by=fields.text("by"),
        at=fields.number("at"),
        version=fields.number("version"),
        subject=fields.digest("subject"),
        reason=fields.text("reason"),
        via=fields.text("via"),
        replacement=None if replacement is None else proposals[replacement],
        until=fields.optional_number("until"),
        hand=Tier(fields.optional_text("hand") or Tier.ACKNOWLEDGE),
        factor=Factor(fields.optional_text("factor") or Factor.NONE),
        envelope=fields.optional_text("envelope") or "",
        in_name_of=fields.optional_text("in_name_of") or "",
        shown_ms=fields.optional_number("shown_ms") or 0,
        read=fields.optional_flag("read") or False,
        to=_texts(fields.optional_items("to")),
    )


def _read_proposal(fields: _Fields) -> Proposal:
    editable = fields.optional_items("editable")
    return Proposal(
        session=_read_session(fields.object("session")),
        call_id=fields.text("call_id"),
        tool=fields.text("tool"),
        action=from_json(fields.mapping("action")),
        payload=base64.b64decode(fields.text("payload"), validate=True),
        event=fields.text("event"),
        prose=fields.text("prose"),
        editable=None if editable is None else Editable(_text(editable[0]), _text(editable[1])),
    )


def _read_session(fields: _Fields) -> AgentSession:
    return AgentSession(
        agent=fields.text("agent"),
        session_id=fields.text("session_id"),
        workspace=fields.text("workspace"),
        cwd=fields.text("cwd"),
        mode=fields.text("mode"),
        model=fields.text("model"),
        subagent=fields.text("subagent"),
        headless=fields.optional_flag("headless"),
        human_in_loop=fields.optional_flag("human_in_loop"),
        person=fields.optional_text("person") or "",
        apart=fields.optional_flag("apart") or False,
    )
