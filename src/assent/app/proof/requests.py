"""What deciding about a request has to do with proof: whose word it is, and keeping it signed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from assent.app import records
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Allowance
from assent.app.ports import Ids, Tx
from assent.app.proof.ports import ProofPorts
from assent.app.proof.record import record_entry
from assent.app.proof.signing import (
    Spoken,
    attest,
    keep,
    listen,
    says,
    still_theirs,
    within_seen,
)
from assent.app.speaking import reading_of
from assent.core.approvals import Cause, Decision, Refusal, Request, Verdict
from assent.core.canonical import Json
from assent.core.policy.model import Tier
from assent.core.proof.decisions import Moment, decision_statement
from assent.core.proof.dsse import read_envelope
from assent.core.proof.evidence import evidence_of_request
from assent.core.proof.keys import Unproven
from assent.core.proof.statement import Statement


@dataclass(frozen=True, slots=True)
class Voucher:
    """What stands behind one decision: a person's signature, the server's word, or nothing."""

    proof: ProofPorts | None
    allowance: Allowance
    ids: Ids
    spoken: Spoken | None = None

    def statement(self, request: Request, decision: Decision) -> Statement:
        """What `decision` says about `request` as it was before it."""
        if self.spoken is not None:
            moment = self.spoken.moment
        else:
            moment = Moment(at=decision.at, shown_ms=decision.shown_ms, read=decision.read)
        return decision_statement(
            request, decision, moment, allowed=allowed_fields(decision.verdict, self.allowance)
        )


def heard(
    gate: Gatehouse, request: Request, envelope: bytes | None, *, caller: str, via: str
) -> Spoken | Refusal | None:
    """Who says the decision in `envelope`, by which factor; what it says is compared later.

    None when nothing was signed.
    """
    if envelope is None:
        return None
    spoken = listen(gate, envelope, caller=caller, via=via)
    if isinstance(spoken, Unproven):
        return not_proven(request, spoken)
    opened = gate.store.read(lambda view: reading_of(view, request, spoken.person.name))
    shown_ms, read = (0, False) if opened is None else (opened.shown_ms, opened.read)
    unseen = within_seen(spoken, shown_ms=shown_ms, read=read)
    return spoken if unseen is None else not_proven(request, unseen)


def as_signed(decision: Decision, spoken: Spoken | None) -> Decision:
    """The decision as a signature makes it: signing is the heaviest thing that a hand can do."""
    if spoken is None:
        return decision
    return replace(
        decision,
        hand=Tier.APPROVE,
        factor=spoken.factor,
        envelope=spoken.digest,
        shown_ms=spoken.moment.shown_ms,
        read=spoken.moment.read,
    )


def fits(voucher: Voucher, request: Request, decision: Decision) -> Refusal | None:
    """Why what was signed is not this decision about this request; None when it is, or when
    nobody signed."""
    if voucher.spoken is None:
        return None
    fault = says(voucher.spoken, voucher.statement(request, decision))
    return None if fault is None else not_proven(request, fault)


def revoked(tx: Tx, voucher: Voucher, request: Request) -> Refusal | None:
    """Why the signature counts no more, since the person's keys changed; or None."""
    if voucher.spoken is None or voucher.proof is None:
        return None
    fault = still_theirs(tx, voucher.proof, voucher.spoken)
    return None if fault is None else not_proven(request, fault)


def vouch(tx: Tx, voucher: Voucher, request: Request, decision: Decision) -> Mapping[str, Json]:
    """Keep the signed statement of a decision, made by the server where no person signed, and
    say what the ledger says of it. `request` is the request before the decision.

    Raises ConflictError for a statement that was used before, and UnavailableError when the
    server cannot sign.
    """
    about = records.request_stream(request)
    fields: dict[str, Json] = {"factor": decision.factor.value}
    if voucher.spoken is not None:
        digest = keep(tx, voucher.spoken, about=about, at=decision.at)
        _log(tx, voucher, request, decision, body=voucher.spoken.body)
        return {**fields, "statement": digest, "signed_by": "person"}
    if voucher.proof is None:
        return fields
    digest, body = attest(voucher.proof, voucher.statement(request, decision))
    tx.add_envelope(digest, body, about=about, at=decision.at)
    _log(tx, voucher, request, decision, body=body)
    return {**fields, "statement": digest, "signed_by": "server"}


def _log(tx: Tx, voucher: Voucher, request: Request, decision: Decision, *, body: bytes) -> None:
    """Have the repository's log of decisions hold it, with what it was taken on."""
    record_entry(
        tx,
        request.proposal.session.workspace,
        read_envelope(body),
        ids=voucher.ids,
        now=decision.at,
        evidence=evidence_of_request(request),
    )


def allowed_fields(verdict: Verdict, allowance: Allowance) -> dict[str, Json]:
    """What an approval allows beyond the one call, as its statement says it."""
    if verdict is not Verdict.APPROVE:
        return {}
    fields: dict[str, Json] = {"keep": allowance.keep}
    if allowance.scope:
        fields |= {"grant": allowance.scope, "grantForMs": allowance.for_ms}
    return fields


def not_proven(request: Request, fault: Unproven) -> Refusal:
    return Refusal(Cause.NOT_PROVEN, f"{request.name} was not decided: {fault.why}.")
