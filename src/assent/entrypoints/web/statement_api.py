"""Statements to be signed: docs/reference/statements.md. Making one stores and decides nothing."""

import base64
from dataclasses import replace

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from assent.app.proof.statements import Prepared, statement_of_request
from assent.core.approvals import Refusal
from assent.core.canonical import Digest, Json
from assent.core.proof.dsse import NAMESPACE, challenge_of
from assent.core.proof.webauthn import to_base64url
from assent.entrypoints.web.api import TEXT_LIMIT, Ascii, DecisionBody, Said, referring, word_of
from assent.entrypoints.web.decisions import refusal_line
from assent.entrypoints.web.faults import refused
from assent.entrypoints.web.pages import find, number_of
from assent.entrypoints.web.sessions import ApiCaller, Caller
from assent.entrypoints.web.site import OurSite
from assent.errors import ForbiddenError, NotFoundError

router = APIRouter(prefix="/api")


class StatementBody(DecisionBody):
    """The fields of the decision, and what else its address says."""

    verdict: Said = Field(strict=False)
    by: str = Field(default="", max_length=64)
    """Who is going to sign; empty: whoever calls."""


@router.post("/requests/{name}/statement", max_body_size=TEXT_LIMIT)
async def of_request(name: str, site: OurSite, who: ApiCaller, body: StatementBody) -> Response:
    """What this decision would say, for its signer to sign."""
    number = number_of(name)
    said = await referring(site, number, word_of(body.verdict, who, body))
    word = replace(said, by=signer_named(who, body.by))
    outcome = await statement_of_request(site.gate, number, word)
    if isinstance(outcome, Refusal):
        asked = site.gate.store.read(lambda view: find(view, number))
        return refused(outcome, refusal_line(outcome, asked, site))
    return Ascii(statement_record(outcome))


@router.get("/statements/{digest}")
async def one(digest: str, site: OurSite, _who: ApiCaller) -> Response:
    """A signed statement, byte for byte, by the digest that a decision names."""
    found = site.gate.store.read(lambda view: view.envelope(Digest(digest)))
    if found is None:
        raise NotFoundError("There is no such statement.", hint="A decision's record names it.")
    return Response(found, media_type="application/json")


def signer_named(who: Caller, name: str) -> str:
    """Who is going to sign. Raises ForbiddenError where a browser names another person."""
    if name in ("", who.person):
        return who.person
    if who.via != "cli":
        raise ForbiddenError(
            f"{who.person} is logged in here, and {name} is to sign.",
            hint="Log in as the person who signs.",
        )
    return name


def statement_record(found: Prepared) -> dict[str, Json]:
    """What whoever signs needs: the bytes, and the keys that count."""
    return {
        "by": found.by,
        "payload": base64.b64encode(found.payload).decode("ascii"),
        "digest": found.digest,
        "challenge": to_base64url(challenge_of(found.payload)),
        "namespace": NAMESPACE,
        "passkeys": [{"id": each.id, "rp_id": each.rp_id} for each in found.passkeys],
        "keys": [
            {"kind": each.kind, "fingerprint": each.fingerprint, "label": each.label}
            for each in found.keys
        ],
    }
