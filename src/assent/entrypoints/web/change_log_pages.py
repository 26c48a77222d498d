"""The decision log of a change: as a page to read and print, as JSON, and the statements in it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from assent.app.changes.grounds import grounds_of
from assent.app.changes.records import change_stream, find
from assent.app.gatehouse import Gatehouse
from assent.core.canonical import Digest
from assent.core.proof.dsse import envelope_digest
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.change_pages import number_of
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.sessions import ApiCaller, Browser
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.views.change_log import ChangeLog, change_log, log_record
from assent.errors import NotFoundError

router = APIRouter()

DigestText = Annotated[str, Path(pattern="^sha256:[0-9a-f]{64}$")]


async def _log(gate: Gatehouse, name: str) -> ChangeLog:
    """Raises NotFoundError."""
    number = number_of(name)
    change = gate.store.read(lambda view: find(view, number))
    grounds = await grounds_of(gate, change, tells=True)
    return await asyncio.to_thread(
        gate.store.read, lambda view: change_log(view, find(view, number), grounds)
    )


@router.get("/changes/{name}/log", response_class=HTMLResponse)
async def log_page(name: str, site: OurSite, person: Browser) -> Response:
    """Who asked, who made it, who accepted what, on what, and what came of it."""
    return page(site, "change_log.html", {"log": await _log(site.gate, name)}, person=person)


@router.get("/api/changes/{name}/log")
async def log_of_change(name: str, site: OurSite, _who: ApiCaller) -> Response:
    """The same for scripts."""
    return Ascii(log_record(await _log(site.gate, name)))


@router.get("/changes/{name}/statements/{digest}")
async def statement(name: str, digest: DigestText, site: OurSite, _person: Browser) -> Response:
    """A signed statement about the change, byte for byte, to be checked elsewhere."""
    return _envelope(site.gate, name, digest)


@router.get("/api/changes/{name}/statements/{digest}")
async def statement_for_scripts(
    name: str, digest: DigestText, site: OurSite, _who: ApiCaller
) -> Response:
    """The same."""
    return _envelope(site.gate, name, digest)


def _envelope(gate: Gatehouse, name: str, digest: str) -> Response:
    number = number_of(name)
    change = gate.store.read(lambda view: find(view, number))
    found = gate.store.read(lambda view: view.envelopes(change_stream(change)))
    wanted = Digest(digest)
    body = next((each for each in found if envelope_digest(each) == wanted), None)
    if body is None:
        raise NotFoundError(
            f"{change.name} has no such statement.", hint=f"See: assent change show {name} --log"
        )
    headers = {
        "x-content-type-options": "nosniff",
        "content-disposition": f'attachment; filename="{change.name}-{digest[7:19]}.json"',
    }
    return Response(body, media_type="application/json", headers=headers)
