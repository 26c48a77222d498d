"""The page of all people, for administrators to manage and for others to see."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.app.people import accounts, sessions, tokens
from assent.app.people.accounts import Edit, NewPerson
from assent.app.people.rules import Speaker, find_person
from assent.app.ports import View, WebSession
from assent.core.people.model import Factor
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.parties import page_of
from assent.entrypoints.web.proving import demand_proof
from assent.entrypoints.web.sessions import BrowserSession, new_login_link
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.people import (
    fault_rows,
    hand_rows,
    person_rows,
    token_rows,
)
from assent.errors import AssentError

router = APIRouter(default_response_class=HTMLResponse, dependencies=[Depends(demand_proof)])

Name = Annotated[str, Path(max_length=100)]
Line = Annotated[str, Field(max_length=200)]
Lines = Annotated[str, Field(max_length=4_000)]


class AddForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    full_name: Line = ""
    email: Line = ""
    aliases: Lines = ""
    roles: Lines = ""
    login: Line = ""


class ChangeForm(BaseModel):
    """`…_before` is what the page showed: only what the person changed there is changed."""

    model_config = ConfigDict(extra="forbid")

    full_name: Line = ""
    email: Line = ""
    login: Line = ""
    aliases: Lines = ""
    aliases_before: Lines = ""
    roles: Lines = ""
    roles_before: Lines = ""


def speaker_of(session: WebSession) -> Speaker:
    return Speaker(session.person, "web", session.factor)


def words_of(text: str) -> tuple[str, ...]:
    """What stands in a field, by commas or lines."""
    parts = text.replace("\n", ",").split(",")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that is shown once."""

    name: str
    address: str


def people_page(
    site: Site,
    session: WebSession,
    *,
    notice: str = "",
    link: Link | None = None,
    status: int = 200,
) -> Response:
    context = site.context()

    def look(view: View) -> dict[str, object]:
        me = find_person(view, session.person)
        held = tokens.tokens_in_force(view, now=context.now)
        return {
            "me": me,
            "may_change": not me.has_factor or session.factor is not Factor.NONE,
            "people": person_rows(view, context, me.name),
            "hands": hand_rows(view, context),
            "tokens": token_rows(held, context, me),
            "faults": fault_rows(view, context),
        }

    values = {**site.gate.store.read(look), "notice": notice, "link": link}
    return page(site, "people.html", values, person=session.person, status=status)


async def tried(site: Site, session: WebSession, work: Coroutine[Any, Any, object]) -> Response:
    """Do `work` and show the page anew; what is wrong stands on top of it."""
    try:
        await work
    except AssentError as error:
        return people_page(site, session, notice=str(error), status=error.http_status)
    return RedirectResponse("/people", status_code=303)


@router.get("/people")
async def show_people(site: OurSite, session: BrowserSession) -> Response:
    return people_page(site, session)


@router.post("/people")
async def add(
    request: Request, form: Annotated[AddForm, Form()], site: OurSite, session: BrowserSession
) -> Response:
    """Add somebody, and show the link for their browser once."""
    new = NewPerson(
        name=form.name.strip(),
        full_name=form.full_name,
        email=form.email,
        aliases=words_of(form.aliases),
        roles=words_of(form.roles),
        login=form.login,
    )
    by = speaker_of(session)
    try:
        made = await accounts.add_person(site.gate, new, by)
        path = await new_login_link(site.gate, made.name, by=by)
    except AssentError as error:
        return people_page(site, session, notice=str(error), status=error.http_status)
    return people_page(site, session, link=Link(made.name, page_of(request, site) + path))


@router.post("/people/{name}/link")
async def link_for(
    request: Request, name: Name, site: OurSite, session: BrowserSession
) -> Response:
    try:
        path = await new_login_link(site.gate, name, by=speaker_of(session))
    except AssentError as error:
        return people_page(site, session, notice=str(error), status=error.http_status)
    return people_page(site, session, link=Link(name, page_of(request, site) + path))


@router.post("/people/{name}/change")
async def change(
    name: Name,
    form: Annotated[ChangeForm, Form()],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    known = site.gate.store.read(lambda view: find_person(view, name))
    aliases = _changed(form.aliases_before, form.aliases)
    roles = _changed(form.roles_before, form.roles)
    edit = Edit(
        full_name=form.full_name,
        email=form.email,
        login=None if form.login.strip() == known.login else form.login,
        aliases=aliases[0],
        no_aliases=aliases[1],
        roles=roles[0],
        no_roles=roles[1],
    )
    work = accounts.change_person(site.gate, name, edit, speaker_of(session))
    return await tried(site, session, work)


def _changed(before: str, after: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was added in a field, and what was taken away."""
    old, new = words_of(before), words_of(after)
    return (
        tuple(text for text in new if text not in old),
        tuple(text for text in old if text not in new),
    )


@router.post("/people/{name}/disable")
async def disable(name: Name, site: OurSite, session: BrowserSession) -> Response:
    by = speaker_of(session)
    return await tried(site, session, accounts.set_active(site.gate, name, active=False, by=by))


@router.post("/people/{name}/enable")
async def enable(name: Name, site: OurSite, session: BrowserSession) -> Response:
    by = speaker_of(session)
    return await tried(site, session, accounts.set_active(site.gate, name, active=True, by=by))


@router.post("/people/{name}/logout")
async def log_out(name: Name, site: OurSite, session: BrowserSession) -> Response:
    work = sessions.end_sessions(site.gate, name, by=speaker_of(session))
    return await tried(site, session, work)


@router.post("/people/tokens/revoke")
async def revoke_token(
    token: Annotated[str, Form(max_length=100)], site: OurSite, session: BrowserSession
) -> Response:
    work = tokens.revoke_token(site.gate, token, by=speaker_of(session))
    return await tried(site, session, work)
