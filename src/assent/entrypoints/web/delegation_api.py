"""The API of delegations: docs/reference/api.md. Everybody gives and sees their own."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.people.delegate import (
    GLOB,
    PATHS,
    REASON,
    Hand,
    decided_in_name,
    delegate,
    delegations_of,
    revoke,
    statement_of_delegation,
)
from assent.app.people.directory import active_names
from assent.app.people.oncall import on_call
from assent.app.people.rules import Speaker
from assent.app.proof.signing import ENVELOPE_LIMIT
from assent.core.canonical import Json
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.proving import demand_signed
from assent.entrypoints.web.sessions import ApiCaller
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.statement_api import signer_named, statement_record
from assent.entrypoints.web.views.delegations import delegation_record, in_name_record
from assent.errors import UsageError

router = APIRouter(prefix="/api")

LIMIT = ENVELOPE_LIMIT + 64 * 1024


class DelegationBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    to: str = Field(min_length=1, max_length=64)
    until: int = Field(ge=0)
    """In ms since the epoch."""
    worst: str = Field(default=RiskClass.HIGH.word, alias="class", max_length=20)
    paths: list[Annotated[str, Field(max_length=GLOB)]] = Field(default=[], max_length=PATHS)
    workspace: str = Field(default="", max_length=4096)
    reason: str = Field(default="", max_length=REASON)
    envelope: str = Field(default="", max_length=ENVELOPE_LIMIT)
    """A DSSE envelope in which the giver signed all of this."""

    def hand(self) -> Hand:
        """Raises UsageError for a class that is none."""
        return Hand(
            taker=self.to,
            until=self.until,
            worst=class_named(self.worst),
            paths=tuple(self.paths),
            workspace=self.workspace,
            reason=self.reason,
        )


class StatementBody(DelegationBody):
    by: str = Field(default="", max_length=64)
    """Who is going to sign; empty: whoever calls."""
    verdict: str = Field(default="delegate", max_length=20)


def class_named(word: str) -> RiskClass:
    """Raises UsageError."""
    found = next((risk for risk in RiskClass if risk.word == word), None)
    if found is None:
        known = ", ".join(risk.word for risk in RiskClass)
        raise UsageError(f"`{word}` is no class.", hint=f"One of {known}.")
    return found


@router.get("/delegations")
async def listed(site: OurSite, who: ApiCaller) -> Response:
    """What the caller gave and took, newest first, and what was decided in their name."""
    now = site.gate.clock.now()
    found, decided = site.gate.store.read(
        lambda view: (
            delegations_of(view, who.person),
            decided_in_name(view, who.person),
        )
    )
    given: list[Json] = [delegation_record(each, now) for each in found if each.giver == who.person]
    taken: list[Json] = [delegation_record(each, now) for each in found if each.taker == who.person]
    return Ascii(
        {"given": given, "taken": taken, "decided": [in_name_record(each) for each in decided]}
    )


@router.get("/oncall")
def oncall(
    site: OurSite, _who: ApiCaller, at: Annotated[int | None, Query(ge=0, lt=1 << 47)] = None
) -> Response:
    """Who is on call at a moment, in ms since the epoch; now without one."""
    duty = on_call(site.gate, site.gate.clock.now() if at is None else at)
    active = site.gate.store.read(active_names)
    return Ascii(
        {
            "names": list(duty.names),
            "faults": list(duty.faults),
            "unknown": sorted(set(duty.names) - active),
        }
    )


@router.post("/delegations", max_body_size=LIMIT)
async def give(site: OurSite, who: ApiCaller, body: DelegationBody) -> Response:
    envelope = body.envelope.encode() if body.envelope else None
    if envelope is None:
        demand_signed(site, who)
    made = await delegate(site.gate, body.hand(), who.speaker, envelope=envelope)
    return Ascii(delegation_record(made, site.gate.clock.now()))


@router.post("/delegations/statement", max_body_size=LIMIT)
async def statement(site: OurSite, who: ApiCaller, body: StatementBody) -> Response:
    """What this delegation would say, for its giver to sign. Nothing is stored."""
    by = Speaker(signer_named(who, body.by), who.via, who.factor)
    return Ascii(statement_record(await statement_of_delegation(site.gate, body.hand(), by)))


@router.post("/delegations/{delegation_id}/revoke")
async def end(
    delegation_id: Annotated[str, Path(max_length=100)], site: OurSite, who: ApiCaller
) -> Response:
    made = await revoke(site.gate, delegation_id, who.speaker)
    return Ascii(delegation_record(made, site.gate.clock.now()))
