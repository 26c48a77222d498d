"""Logging a browser in and out."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.entrypoints.web.parties import page_of, party_of
from assent.entrypoints.web.sessions import Browser, drop_cookie, log_in, log_out, set_cookie
from assent.entrypoints.web.site import OurSite

router = APIRouter(default_response_class=HTMLResponse)

VOID = "This link was used already, or it is older than ten minutes."
_PATH = re.compile(r"/(?:[A-Za-z0-9._-][A-Za-z0-9._/-]{0,200})?")
NEW_LINK = "Run `assent status --link` in a terminal for a new one."


@router.get("/login")
async def show_login(
    request: Request, site: OurSite, goes_on: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """By a passkey. `next` is where it goes on: a path here."""
    party = party_of(request, site)
    values = {
        "token": "",
        "rp_id": "" if party is None or site.settings.passkeys is None else party.rp_id,
        "page": page_of(request, site),
        "next": goes_on if _PATH.fullmatch(goes_on) else "/",
    }
    return HTMLResponse(site.pages.render("login.html", values))


@router.get("/login/{token}")
async def show_link(token: str, site: OurSite) -> Response:
    """A form that sends itself: a browser that fetches the link ahead does not use it up."""
    return HTMLResponse(site.pages.render("login.html", {"token": token}))


@router.post("/login")
async def use_login(
    request: Request, token: Annotated[str, Form(max_length=200)], site: OurSite
) -> Response:
    secret = await log_in(site.gate, token, browser=request.headers.get("user-agent", ""))
    if secret is None:
        values = {"message": VOID, "hint": NEW_LINK, "status": 401}
        return HTMLResponse(site.pages.render("fault.html", values), status_code=401)
    response = RedirectResponse("/", status_code=303)
    set_cookie(response, secret)
    return response


@router.post("/logout")
async def use_logout(request: Request, site: OurSite) -> Response:
    await log_out(site.gate, request)
    values = {"message": "You are logged out.", "hint": NEW_LINK, "status": 200}
    response = HTMLResponse(site.pages.render("fault.html", values))
    drop_cookie(response)
    return response


@router.get("/session", status_code=204)
async def check_session(_person: Browser) -> Response:
    """Whether this browser is logged in, for a page that was opened from elsewhere without it."""
    return Response(status_code=204)
