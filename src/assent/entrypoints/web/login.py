"""Logging a browser in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.entrypoints.web.sessions import Browser, drop_cookie, log_in, log_out, set_cookie
from assent.entrypoints.web.site import OurSite

router = APIRouter(default_response_class=HTMLResponse)

VOID = "This link was used already, or it is older than ten minutes."
NEW_LINK = "Run `assent status --link` in a terminal for a new one."


@router.get("/login/{token}")
async def show_login(token: str, site: OurSite) -> Response:
    """A form that sends itself: a browser that fetches the link ahead does not use it up."""
    return HTMLResponse(site.pages.render("login.html", {"token": token}))


@router.post("/login")
async def use_login(token: Annotated[str, Form(max_length=200)], site: OurSite) -> Response:
    secret = await log_in(site.gate, token)
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
