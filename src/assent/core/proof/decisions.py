"""What is signed when somebody decides about a request, and who may have said it when.

The statement is rebuilt from what is stored and from what is being decided; a signature counts
only for exactly these bytes. So it fits no other request, version, verdict, reason, person, policy
or moment. Three things only the signed statement knows, and are taken from it within limits: when
it was made, which heads of the record the person had seen, and how long they had looked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from assent.core.approvals import Decision, Request
from assent.core.canonical import Digest, Json
from assent.core.proof.evidence import (
    evidence_fields,
    evidence_of_request,
    needs_fields,
)
from assent.core.proof.keys import Unproven
from assent.core.proof.statement import DECISION, Statement, Subject, read_statement
from assent.core.redact import redact

OLDEST_MS = 600_000
"""A statement is used within ten minutes after it was made."""
AHEAD_MS = 5_000
"""A clock that was set back by so much changes nothing."""
NOTHING_MORE: Mapping[str, Json] = MappingProxyType({})

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a statement was made, and what whoever made it had seen by then."""

    at: int
    """Ms since the epoch."""
    log_head: str = ""
    """The commit that the repository's log of decisions ended with; empty: there was none."""
    checkpoint: str = ""
    """The newest checkpoint of the ledger; empty: there was none."""
    shown_ms: int = 0
    """How long they had it open, as far as the page could tell."""
    read: bool = False
    """Whether it was opened to its end."""

    def fields(self) -> dict[str, Json]:
        """As statements say it; `moment_of` is the inverse."""
        found: dict[str, Json] = {"at": self.at}
        if self.log_head:
            found["seenLogHead"] = self.log_head
        if self.checkpoint:
            found["seenCheckpoint"] = self.checkpoint
        if self.shown_ms or self.read:
            found["shown"] = {"ms": self.shown_ms, "read": self.read}
        return found


@dataclass(frozen=True, slots=True)
class Claim:
    """What a statement says of itself, before anything of it was compared or checked."""

    kind: str
    by: str
    via: str
    moment: Moment
    predicate: Mapping[str, Json] = field(repr=False)


def claim_of(payload: bytes) -> Claim:
    """Raises ValueError when `payload` is no statement in which a person says something."""
    said = read_statement(payload)
    by, via = said.predicate.get("by"), said.predicate.get("via", "")
    if not isinstance(by, str) or not isinstance(via, str) or not by:
        raise ValueError("a statement that does not say who speaks")
    return Claim(said.kind, by, via, moment_of(said.predicate), said.predicate)


def moment_of(predicate: Mapping[str, Json]) -> Moment:
    """Raises ValueError when what is there has another form."""
    at, shown = predicate.get("at"), predicate.get("shown", {})
    head, checkpoint = predicate.get("seenLogHead", ""), predicate.get("seenCheckpoint", "")
    if not _is_count(at) or not isinstance(shown, Mapping):
        raise ValueError("a statement that does not say when it was made")
    ms, read = shown.get("ms", 0), shown.get("read", False)
    if not _is_count(ms) or not isinstance(read, bool):
        raise ValueError("a statement whose time of looking cannot be read")
    if not _is(head, _COMMIT) or not _is(checkpoint, _DIGEST):
        raise ValueError("a statement that names a head of the record which is none")
    return Moment(
        at=int(str(at)),
        log_head=str(head),
        checkpoint=str(checkpoint),
        shown_ms=int(str(ms)),
        read=read,
    )


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is(value: Json, form: re.Pattern[str]) -> bool:
    return value == "" or (isinstance(value, str) and form.fullmatch(value) is not None)


def too_old(moment: Moment, *, now: int) -> Unproven | None:
    """Why a statement of then may not be used now, or None."""
    if now - moment.at > OLDEST_MS:
        return Unproven("what was signed is older than ten minutes: sign it again")
    if moment.at - now > AHEAD_MS:
        return Unproven("what was signed is from a time to come: sign it again")
    return None


def decision_statement(
    request: Request,
    decision: Decision,
    moment: Moment,
    *,
    allowed: Mapping[str, Json] = NOTHING_MORE,
) -> Statement:
    """What `decision` says about `request` as it was before it. Of the moment of the decision
    only `moment` counts. `allowed`: what is allowed beyond the one call."""
    predicate: dict[str, Json] = {
        "decision": decision.verdict.value,
        "by": decision.by,
        "via": decision.via,
        "hand": decision.hand.value,
        "request": request.name,
        "version": decision.version,
        "risk": request.assessment.risk.word,
        "rule": request.rule,
        "policy": request.policy,
        "needs": needs_fields(request.needs),
        "separate": request.separate,
        "evidence": evidence_fields(evidence_of_request(request)),
        "agent": _agent(request),
        **_where_said(request, decision),
        **allowed,
        **moment.fields(),
    }
    return Statement(DECISION, (_subject(request.name, decision.subject),), predicate)


def _where_said(request: Request, decision: Decision) -> dict[str, Json]:
    """What not every decision has."""
    changed = decision.replacement
    found: dict[str, Json] = {
        "inNameOf": decision.in_name_of,
        "reason": redact(decision.reason),
        "asker": request.asker,
        "until": decision.until,
        "runs": None if changed is None else changed.subject,
        "to": list(decision.to) if decision.to else None,
    }
    return {name: value for name, value in found.items() if value not in ("", None)}


def _agent(request: Request) -> dict[str, Json]:
    session = request.proposal.session
    found = {
        "agent": session.agent,
        "session": session.session_id,
        "model": session.model,
        "person": session.person,
    }
    return {name: value for name, value in found.items() if value}


def _subject(name: str, digest: Digest) -> Subject:
    return Subject(name, {"sha256": digest.removeprefix("sha256:")})


def in_words(predicate: Mapping[str, Json]) -> str:
    """The heart of a statement, for whoever is about to sign it or reads it later:
    `ana: approve REQ-7, version 2 (high), because: looked at it`."""
    named = (predicate.get(name) for name in ("request", "change", "person"))
    about = next(filter(None, named), "this")
    which = next((name for name in ("revision", "version") if predicate.get(name)), "")
    name = predicate.get("inNameOf")
    who = f"{predicate.get('by')} for {name}" if name else f"{predicate.get('by')}"
    reason = predicate.get("reason")
    parts = [f"{who}: {predicate.get('decision')} {about}"]
    parts += [f", {which} {predicate[which]}"] if which else []
    parts += [f" ({predicate['risk']})"] if predicate.get("risk") else []
    parts += [f", because: {reason}"] if reason else []
    return "".join(parts)
