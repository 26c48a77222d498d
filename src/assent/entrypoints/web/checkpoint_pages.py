"""The pages of checkpoints: the timeline, and what going back to one would do."""

import asyncio
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.app.checkpoints.undo import Wish, foresee, timeline, undo
from assent.entrypoints.web.checkpoint_api import find, number_of
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.sessions import Browser
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.views.checkpoints import CHOOSABLE, timeline_view, undo_view
from assent.errors import UsageError

router = APIRouter(prefix="/checkpoints", default_response_class=HTMLResponse)

PAGE = 30
FORM_LIMIT = 2 * 1024 * 1024
"""Bytes of the form that names the files of an undo."""


class UndoForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seen: str = Field(min_length=1, max_length=100)
    """The tree that was there as the page was made."""
    choose: str = Field(default="", max_length=10)
    """Set: only the files that are named."""
    path: list[Annotated[str, Field(max_length=4096)]] = Field(
        default_factory=list, max_length=CHOOSABLE
    )


@router.get("")
async def listed(
    site: OurSite,
    person: Browser,
    workspace: Annotated[str, Query(max_length=4096)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
    undone: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The checkpoints of one workspace; by itself of that with the newest one."""
    known = site.gate.store.read(lambda view: view.checkpointed_workspaces())
    chosen = workspace or (known[0] if known else "")
    found = await timeline(site.gate, chosen, limit=PAGE, before=before)
    values = {
        "timeline": timeline_view(found, site.context(), limit=PAGE),
        "workspaces": known,
        "is_first": before is None,
        "undone": f"CP-{number_of(undone)}" if undone else "",
        "undo": None,
    }
    return page(site, "checkpoints.html", values, person=person)


@router.get("/{name}")
async def preview(
    name: str,
    site: OurSite,
    person: Browser,
    *,
    whole: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """What going back would do, and the button that does it."""
    made = find(site, number_of(name))
    foreseen = await foresee(site.gate, made.workspace, made.number)
    values = {"undo": undo_view(foreseen, site.context(), whole=whole), "timeline": None}
    return page(site, "checkpoints.html", values, person=person)


@router.post("/{name}/undo", max_body_size=FORM_LIMIT)
async def go_back(
    name: str, form: Annotated[UndoForm, Form()], site: OurSite, person: Browser
) -> Response:
    made = find(site, number_of(name))
    if form.choose and not form.path:
        raise UsageError("No file is chosen.", hint="Choose at least one, then undo.")
    wish = Wish(
        number=made.number,
        by=person,
        via="web",
        seen=form.seen,
        paths=tuple(form.path) if form.choose else None,
    )
    # A browser that goes away does not leave half of it undone.
    undone = await asyncio.shield(undo(site.gate, made.workspace, wish))
    said = {"workspace": made.workspace, "undone": undone.safety.name}
    query = urlencode(said, errors="replace")
    return RedirectResponse(f"/checkpoints?{query}", status_code=303)
