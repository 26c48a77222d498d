"""Who is asking: a browser that was logged in by a one-time link, or the command line's token."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx, WebSession
from assent.core.canonical import Digest, digest_text
from assent.core.people.model import Factor
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.views.words import DAY, MINUTE

COOKIE = "__Host-assent"
"""Browsers take it only with Secure (which they honour on loopback), Path=/ and no Domain."""
SESSION_LIFETIME = 30 * DAY
LINK_LIFETIME = 10 * MINUTE
BROWSER = 200
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the surface they speak through: `web` or `cli`."""

    person: str
    via: str
    factor: Factor = Factor.NONE
    """What showed that it is this person."""


class NotLoggedIn(Exception):
    """Nobody we know is asking."""


async def new_login_link(gate: Gatehouse, person: str) -> str:
    """The path of a link that logs one browser in as `person`, once, within ten minutes."""
    token = secrets.token_urlsafe(32)
    expires_at = gate.clock.now() + LINK_LIFETIME

    def work(tx: Tx) -> None:
        tx.add_login(digest_text(token), person=person, expires_at=expires_at)

    await gate.store.write(work, durable=False)
    return f"/login/{token}"


async def log_in(gate: Gatehouse, token: str, *, browser: str = "") -> str | None:
    """Use up a login link; the new session's cookie value, or None when the link is void."""
    now, secret = gate.clock.now(), secrets.token_urlsafe(32)

    def work(tx: Tx) -> str | None:
        person = tx.take_login(digest_text(token), now=now)
        if person is None:
            return None
        tx.add_web_session(_session(secret, person, Factor.NONE, now=now, browser=browser))
        return secret

    return await gate.store.write(work, durable=True)


async def start_session(
    gate: Gatehouse, person: str, factor: Factor, *, browser: str, instead: Digest | None = None
) -> str:
    """Log a browser in that showed `factor`, in the place of its session `instead`; the cookie."""
    now, secret = gate.clock.now(), secrets.token_urlsafe(32)

    def work(tx: Tx) -> None:
        if instead is not None:
            tx.drop_web_session(instead)
        tx.add_web_session(_session(secret, person, factor, now=now, browser=browser))

    await gate.store.write(work, durable=True)
    return secret


def _session(secret: str, person: str, factor: Factor, *, now: int, browser: str) -> WebSession:
    return WebSession(
        token_hash=digest_text(secret),
        person=person,
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
        factor=factor,
        browser=browser,
        seen_at=now,
    )


def browser_of(request: Request) -> str:
    """What the browser calls itself, to tell sessions apart. Anybody can write anything there."""
    return "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())[
        :BROWSER
    ]


async def log_out(gate: Gatehouse, request: Request) -> None:
    """End the session of this browser; it cannot be used again, also not from a copied cookie."""
    token_hash = _cookie_hash(request)
    if token_hash is not None:
        await gate.store.write(lambda tx: tx.drop_web_session(token_hash), durable=True)


def set_cookie(response: Response, secret: str) -> None:
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_LIFETIME // 1000,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


async def browser_session(request: Request, site: OurSite) -> WebSession:
    """The session of the browser that asks. Raises NotLoggedIn."""
    token_hash = _cookie_hash(request)
    session = (
        None
        if token_hash is None
        else site.gate.store.read(lambda view: view.web_session(token_hash))
    )
    if session is None or session.expires_at <= site.gate.clock.now():
        raise NotLoggedIn
    return session


async def browser_person(request: Request, site: OurSite) -> str:
    """The person whose browser this is. Raises NotLoggedIn."""
    return (await browser_session(request, site)).person


async def caller(request: Request, site: OurSite) -> Caller:
    """Who calls the API: the command line by its token, or a browser by its session."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        session = await browser_session(request, site)
        return Caller(session.person, "web", session.factor)
    expected = site.settings.cli_token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise NotLoggedIn
    return Caller(site.settings.person, "cli")


def _cookie_hash(request: Request) -> Digest | None:
    secret = request.cookies.get(COOKIE)
    return None if not secret else digest_text(secret)


Browser = Annotated[str, Depends(browser_person)]
BrowserSession = Annotated[WebSession, Depends(browser_session)]
ApiCaller = Annotated[Caller, Depends(caller)]
