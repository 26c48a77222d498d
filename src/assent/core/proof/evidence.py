"""What a decision was taken on, as texts that a log of decisions may keep: redacted, and not long.

An action's text is kept as the very bytes that were approved where nothing in it looks like a
secret: its digest is then that of the action. Never kept is the payload as an agent sent it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.core.approvals import Request
from assent.core.canonical import Json, canonical
from assent.core.changes.model import Change, Verdict
from assent.core.encoding import canonical_bytes
from assent.core.people.model import Need
from assent.core.proof.log import EVIDENCE_LIMIT, hexdigest
from assent.core.redact import redact
from assent.core.risk.model import Assessment

CUT = "\n[cut]\n"
REASONS = 40
"""Reasons of one assessment that are kept, the worst first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence."""

    name: str
    """`action`, `prose`, `risk`, `plan`, `report`, `reviews`, `tests`, `output`."""
    text: bytes

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: how the log names it."""
        return hexdigest(self.text)


def evidence_of_request(request: Request) -> tuple[Piece, ...]:
    """What whoever decides about `request` is shown of it."""
    action = canonical_bytes(request.proposal.action).decode("ascii")
    risk: dict[str, Json] = {
        "class": request.assessment.risk.word,
        "title": request.assessment.title,
        "reasons": _reasons(request.assessment),
        "rule": request.rule,
        "why": request.why,
    }
    found = [_piece("action", action), _piece("risk", canonical(risk).decode("ascii"))]
    if request.proposal.prose.strip():
        found.append(_piece("prose", request.proposal.prose))
    return tuple(found)


def evidence_of_change(change: Change) -> tuple[Piece, ...]:
    """What whoever decides about the newest revision of `change` is shown beside the difference."""
    newest = change.newest
    reasons: list[Json] = [[each.rule, each.risk.word, each.path] for each in newest.reasons]
    found = [_piece("risk", canonical({"reasons": reasons[:REASONS]}).decode("ascii"))]
    if change.plan:
        found.append(_piece("plan", change.plan))
    if newest.report:
        found.append(_piece("report", newest.report))
    said = [each for each in change.verdicts if each.revision == newest.number]
    if said:
        reviews: list[Json] = [_verdict(each) for each in said]
        found.append(_piece("reviews", canonical(reviews).decode("ascii")))
    return tuple(found)


def evidence_fields(pieces: Iterable[Piece]) -> list[Json]:
    """As a statement names them."""
    return [{"name": each.name, "digest": f"sha256:{each.digest}"} for each in pieces]


def needs_fields(needs: Sequence[Need]) -> list[Json]:
    """Who had to agree, as a statement says it."""
    return [
        {"group": each.group, "people": list(each.people), "count": each.count} for each in needs
    ]


def output_piece(name: str, text: bytes) -> Piece:
    """What a program printed; of a long text its start and its end."""
    return _piece(name, text.decode("utf-8", "replace"))


def _reasons(assessment: Assessment) -> list[Json]:
    return [
        [each.rule, each.effect.value, " ".join(each.program)]
        for each in assessment.evidence[:REASONS]
    ]


def _verdict(verdict: Verdict) -> dict[str, Json]:
    findings: list[Json] = [
        [each.severity.value, each.rule, each.path, each.line, each.message]
        for each in verdict.findings
    ]
    return {
        "reviewer": verdict.reviewer,
        "kind": verdict.kind.value,
        "opinion": verdict.opinion.value,
        "summary": verdict.summary,
        "findings": findings,
        "made_with": verdict.made_with,
        "counts": verdict.counts,
    }


def _piece(name: str, text: str) -> Piece:
    """Redacted before it is cut, so that no half of a secret is left at the edge."""
    data = redact(text).encode("utf-8", "backslashreplace")
    if len(data) > EVIDENCE_LIMIT:
        half = (EVIDENCE_LIMIT - len(CUT)) // 2
        data = data[:half] + CUT.encode() + data[-half:]
    return Piece(name, data)
