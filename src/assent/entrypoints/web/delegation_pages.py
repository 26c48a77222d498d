"""One's own account: letting others decide in one's name, and ending it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, Response

from assent.app.people.delegate import Hand, delegate, revoke
from assent.core.policy.model import DAY_MS
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.account_pages import tried
from assent.entrypoints.web.delegation_api import class_named
from assent.entrypoints.web.people_pages import speaker_of
from assent.entrypoints.web.proving import demand_proof
from assent.entrypoints.web.sessions import BrowserSession
from assent.entrypoints.web.site import OurSite

router = APIRouter(default_response_class=HTMLResponse, dependencies=[Depends(demand_proof)])

BACK = "/account#delegations"


class DelegationForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str = Field(max_length=64)
    for_ms: int = Field(ge=1, le=366 * DAY_MS)
    worst: str = Field(default=RiskClass.HIGH.word, max_length=20)
    paths: str = Field(default="", max_length=4_000)
    workspace: str = Field(default="", max_length=4_096)
    reason: str = Field(default="", max_length=2_000)


@router.post("/account/delegations")
async def give(
    request: Request,
    form: Annotated[DelegationForm, Form()],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    async def work() -> None:
        hand = Hand(
            taker=form.to.strip(),
            until=site.gate.clock.now() + form.for_ms,
            worst=class_named(form.worst),
            paths=tuple(form.paths.replace(",", " ").split()),
            workspace=form.workspace.strip(),
            reason=form.reason,
        )
        await delegate(site.gate, hand, speaker_of(session))

    return await tried(request, site, session, work(), back=BACK)


@router.post("/account/delegations/{delegation_id}/revoke")
async def end(
    delegation_id: Annotated[str, Path(max_length=100)],
    request: Request,
    site: OurSite,
    session: BrowserSession,
) -> Response:
    work = revoke(site.gate, delegation_id, speaker_of(session))
    return await tried(request, site, session, work, back=BACK)
