"""The ceremonies of passkeys, for the scripts of the pages: docs/reference/api.md."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from assent.app.people import passkeys
from assent.app.people.passkeys import LABEL
from assent.app.ports import WebSession
from assent.core.people.model import Factor
from assent.entrypoints.web.parties import demand_party, demand_ports
from assent.entrypoints.web.sessions import BrowserSession, new_session, set_cookie
from assent.entrypoints.web.site import OurSite, Site

router = APIRouter(prefix="/api")

ANSWER = 48_000
"""Characters of what a browser answers."""


class LoginBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    answer: str = Field(min_length=2, max_length=ANSWER)
    """What `navigator.credentials.get` gave, as JSON text."""


class ProofBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    proof: str = Field(default="", max_length=ANSWER)
    """What a passkey answered that is registered already, as JSON text."""


class RegistrationBody(LoginBody):
    label: str = Field(min_length=1, max_length=4 * LABEL)


@router.post("/login/begin")
async def begin_login(request: Request, site: OurSite) -> Response:
    ports, party = demand_ports(site), demand_party(request, site)
    return JSONResponse(await passkeys.begin_login(site.gate, ports, party))


@router.post("/login")
async def finish_login(request: Request, body: LoginBody, site: OurSite) -> Response:
    ports, party = demand_ports(site), demand_party(request, site)
    person = await passkeys.finish_login(site.gate, ports, party, body.answer)
    response = JSONResponse({"person": person.name, "factor": Factor.PASSKEY.value})
    await _log_in(request, response, site, person.name)
    return response


@router.post("/proof/begin")
async def begin_proof(request: Request, site: OurSite, session: BrowserSession) -> Response:
    ports, party = demand_ports(site), demand_party(request, site)
    return JSONResponse(await passkeys.begin_proof(site.gate, ports, party, session))


@router.post("/passkeys/begin")
async def begin_registration(
    request: Request, site: OurSite, session: BrowserSession, body: ProofBody | None = None
) -> Response:
    ports, party = demand_ports(site), demand_party(request, site)
    proof = "" if body is None else body.proof
    return JSONResponse(
        await passkeys.begin_registration(site.gate, ports, party, session, proof=proof)
    )


@router.post("/passkeys")
async def finish_registration(
    request: Request, body: RegistrationBody, site: OurSite, session: BrowserSession
) -> Response:
    """Whoever just used a new passkey is logged in by it: the session by the link ends."""
    ports, party = demand_ports(site), demand_party(request, site)
    made = await passkeys.finish_registration(
        site.gate, ports, party, session, answer=body.answer, label=body.label
    )
    response = JSONResponse({"passkey": made.id, "label": made.label})
    if session.factor is Factor.NONE:
        await _end(site, session)
        await _log_in(request, response, site, session.person)
    return response


async def _log_in(request: Request, response: Response, site: Site, person: str) -> None:
    browser = request.headers.get("user-agent", "")
    secret = await new_session(site.gate, person, factor=Factor.PASSKEY, browser=browser)
    set_cookie(response, secret)


async def _end(site: Site, session: WebSession) -> None:
    await site.gate.store.write(lambda tx: tx.drop_web_session(session.token_hash), durable=True)
