"""One's own account: name, keys, passkeys, channels, and the browsers one is logged in with."""

from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.app.people import accounts, sessions
from assent.app.people.accounts import Edit
from assent.app.people.passkeys import remove_passkey
from assent.app.people.rules import find_person
from assent.app.ports import View, WebSession
from assent.core.people.model import Factor
from assent.entrypoints.web.channel_pages import channels_of
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.people_pages import Line, Lines, speaker_of, words_of
from assent.entrypoints.web.proving import demand_proof
from assent.entrypoints.web.sessions import BrowserSession
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.delegations import delegations_view
from assent.entrypoints.web.views.passkeys import passkeys_view
from assent.entrypoints.web.views.people import FACTORS, key_rows, session_rows
from assent.errors import AssentError

router = APIRouter(default_response_class=HTMLResponse, dependencies=[Depends(demand_proof)])

KEY = 20_000
"""Characters of a `.pub` file."""


class ProfileForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    full_name: Line = ""
    email: Line = ""
    aliases: Lines = ""
    """More of them; taking one away is an administrator's."""
    quiet: Lines = ""
    zone: Line = ""


def account_page(
    request: Request, site: Site, session: WebSession, *, notice: str = "", status: int = 200
) -> Response:
    context = site.context()

    def look(view: View) -> dict[str, object]:
        me = find_person(view, session.person)
        return {
            "me": me,
            "may_change": not me.has_factor or session.factor is not Factor.NONE,
            "came": FACTORS[session.factor],
            "keys": key_rows(me, context),
            "sessions": session_rows(view, context, session),
            "delegations": delegations_view(view, session.person, context),
        }

    values = {
        **site.gate.store.read(look),
        "notice": notice,
        "passkeys": passkeys_view(request, site, session),
        "channels": channels_of(site, session, goes_on="/account"),
    }
    return page(site, "account.html", values, person=session.person, status=status)


async def tried(
    request: Request,
    site: Site,
    session: WebSession,
    work: Coroutine[Any, Any, object],
    *,
    back: str = "/account",
) -> Response:
    """Do `work` and show the account anew; what is wrong stands on top of it."""
    try:
        await work
    except AssentError as error:
        return account_page(request, site, session, notice=str(error), status=error.http_status)
    return RedirectResponse(back, status_code=303)


@router.get("/account")
async def show_account(request: Request, site: OurSite, session: BrowserSession) -> Response:
    return account_page(request, site, session)


@router.post("/account")
async def change(
    request: Request,
    form: Annotated[ProfileForm, Form()],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    edit = Edit(
        full_name=form.full_name,
        email=form.email,
        aliases=words_of(form.aliases),
        quiet=tuple(line.strip() for line in form.quiet.splitlines() if line.strip()),
        zone=form.zone.strip(),
    )
    work = accounts.change_person(site.gate, session.person, edit, speaker_of(session))
    return await tried(request, site, session, work)


@router.post("/account/keys")
async def add_key(
    request: Request,
    key: Annotated[str, Form(max_length=KEY)],
    site: OurSite,
    session: BrowserSession,
    label: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    by = speaker_of(session)
    work = accounts.add_key(site.gate, session.person, key, label=label, by=by)
    return await tried(request, site, session, work)


@router.post("/account/keys/remove")
async def remove_key(
    request: Request,
    key: Annotated[str, Form(max_length=200)],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    work = accounts.remove_key(site.gate, session.person, key, by=speaker_of(session))
    return await tried(request, site, session, work)


@router.post("/account/passkeys/remove")
async def use_removal(
    request: Request,
    passkey: Annotated[str, Form(max_length=2_000)],
    site: OurSite,
    session: BrowserSession,
) -> Response:
    work = remove_passkey(site.gate, session, passkey)
    return await tried(request, site, session, work)


@router.post("/account/sessions/end")
async def end_sessions(
    request: Request,
    site: OurSite,
    session: BrowserSession,
    id_: Annotated[str, Form(alias="id", max_length=100)] = "",
) -> Response:
    """Log one browser out, or without an `id` all but this one."""
    gate, name, by = site.gate, session.person, speaker_of(session)
    if id_:
        return await tried(request, site, session, sessions.end_session(gate, name, id_, by=by))
    work = sessions.end_sessions(gate, name, by=by, but=session.token_hash)
    return await tried(request, site, session, work)
