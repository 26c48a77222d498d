"""Who is asking: a browser that was logged in, the command line's token, or an agent's."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from assent.app.gatehouse import Gatehouse
from assent.app.people.directory import is_active
from assent.app.people.rules import TERMINAL, Speaker
from assent.app.people.sessions import begin_session, make_link
from assent.app.people.tokens import PREFIX, token_shown
from assent.app.ports import Tx, WebSession
from assent.core.canonical import Digest, digest_text
from assent.core.people.model import Factor
from assent.entrypoints.web.browsers import browser_name
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.views.words import DAY, MINUTE
from assent.errors import ForbiddenError, UnavailableError

COOKIE = "__Host-assent"
"""Browsers take it only with Secure (which they honour on loopback), Path=/ and no Domain."""
SESSION_LIFETIME = 30 * DAY
LINK_LIFETIME = 10 * MINUTE
SEEN_EVERY = 5 * MINUTE
"""How exactly it is known when a session was last used."""

AGENTS_MAY = frozenset(
    {
        ("POST", "/api/changes"),
        ("GET", "/api/changes"),
        ("GET", "/api/changes/{name}"),
        ("GET", "/api/changes/{name}/diff"),
        ("GET", "/api/requests"),
        ("GET", "/api/requests/{name}"),
    }
)
"""All that an agent's token opens: to propose, and to see what came of it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the surface they speak through: `web` or `cli`.

    With an `agent` it is that agent, which may only propose: only a `Proposer` may be one.
    """

    person: str
    """Of an agent the person who gave it its token."""
    via: str
    factor: Factor = Factor.NONE
    """What showed that it is this person."""
    agent: str = ""
    workspace: str = ""
    """The only place where the agent may propose; empty: everywhere."""

    @property
    def speaker(self) -> Speaker:
        """For what changes people. An agent never gets that far."""
        return Speaker(self.person, self.via, self.factor)


class NotLoggedIn(Exception):
    """Nobody we know is asking."""


async def new_login_link(gate: Gatehouse, person: str, *, by: Speaker | None = None) -> str:
    """The path of a link that logs one browser in as `person`, once, within ten minutes.

    Made by the person at the terminal, or `by` whom it says. Raises ForbiddenError.
    """
    token = secrets.token_urlsafe(32)
    await make_link(
        gate,
        person,
        link=digest_text(token),
        expires_at=gate.clock.now() + LINK_LIFETIME,
        by=by or Speaker(person, TERMINAL),
    )
    return login_path(token)


def login_path(token: str) -> str:
    """Where a one-time link leads."""
    return f"/login/{token}"


async def log_in(gate: Gatehouse, token: str, *, browser: str = "") -> str | None:
    """Use up a login link; the new session's cookie value, or None when the link is void."""
    now, secret = gate.clock.now(), secrets.token_urlsafe(32)

    def work(tx: Tx) -> str | None:
        person = tx.take_login(digest_text(token), now=now)
        if person is None or not is_active(tx, person):
            # Void also when its person was disabled after it was made.
            return None
        begin_session(tx, _session(secret, person, factor=Factor.NONE, browser=browser, now=now))
        return secret

    return await gate.store.write(work, durable=True)


async def new_session(
    gate: Gatehouse,
    person: str,
    *,
    factor: Factor,
    browser: str = "",
    instead: Digest | None = None,
) -> str:
    """Log a browser in, in the place of its session `instead`; the new cookie's value.

    `browser` is its User-Agent header.
    """
    secret, now = secrets.token_urlsafe(32), gate.clock.now()
    session = _session(secret, person, factor=factor, browser=browser, now=now)

    def work(tx: Tx) -> None:
        if instead is not None:
            tx.drop_web_session(instead)
        begin_session(tx, session)

    await gate.store.write(work, durable=True)
    return secret


def _session(secret: str, person: str, *, factor: Factor, browser: str, now: int) -> WebSession:
    return WebSession(
        token_hash=digest_text(secret),
        person=person,
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
        factor=factor,
        browser=browser_name(browser),
        seen_at=now,
    )


async def log_out(gate: Gatehouse, request: Request) -> None:
    """End the session of this browser; it cannot be used again, also not from a copied cookie."""
    token_hash = cookie_hash(request)
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


def cookie_hash(request: Request) -> Digest | None:
    secret = request.cookies.get(COOKIE)
    return None if not secret else digest_text(secret)


async def browser_session(request: Request, site: OurSite) -> WebSession:
    """The session of this browser, whose person is active. Raises NotLoggedIn."""
    token_hash = cookie_hash(request)
    if token_hash is None:
        raise NotLoggedIn
    now = site.gate.clock.now()
    session, active = site.gate.store.read(
        lambda view: (
            found := view.web_session(token_hash),
            found is not None and is_active(view, found.person),
        )
    )
    if session is None or not active or session.expires_at <= now:
        raise NotLoggedIn
    if now - session.seen_at >= SEEN_EVERY:
        # Whoever only looks is not turned away because nothing can be written now.
        with suppress(UnavailableError):
            await site.gate.store.write(
                lambda tx: tx.touch_web_session(token_hash, at=now), durable=False
            )
    return session


async def browser_person(request: Request, site: OurSite) -> str:
    """The person whose browser this is. Raises NotLoggedIn."""
    return (await browser_session(request, site)).person


async def refuse_agents(request: Request) -> None:
    """Of all routes: an agent's token opens what `AGENTS_MAY` names, and nothing else."""
    route = getattr(request.scope.get("route"), "path", "")
    if _bearer(request).startswith(PREFIX) and (request.method, route) not in AGENTS_MAY:
        raise _agents_propose()


async def caller(request: Request, site: OurSite) -> Caller:
    """The person who calls the API: at the command line by its token, or in a browser."""
    found = await proposer(request, site)
    if found.agent:
        raise _agents_propose()
    return found


async def proposer(request: Request, site: OurSite) -> Caller:
    """Who calls the API: a person, or an agent by a token that a person made for it."""
    token = _bearer(request)
    if not token:
        session = await browser_session(request, site)
        return Caller(session.person, "web", session.factor)
    if token.startswith(PREFIX):
        return _agent(token, site)
    expected = site.settings.cli_token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        raise NotLoggedIn
    owner = site.settings.person
    if not site.gate.store.read(lambda view: is_active(view, owner)):
        raise ForbiddenError(
            f"{owner}, who speaks at this terminal, is nobody who may act here.",
            hint="Set `person` in config.toml to somebody who is, or ask an administrator.",
        )
    return Caller(owner, TERMINAL)


def _agent(token: str, site: OurSite) -> Caller:
    now = site.gate.clock.now()
    found = site.gate.store.read(lambda view: token_shown(view, digest_text(token), now=now))
    if found is None:
        raise NotLoggedIn
    return Caller(found.made_by, "agent", agent=found.agent, workspace=found.workspace)


def _agents_propose() -> ForbiddenError:
    return ForbiddenError(
        "Agents propose, people decide.",
        hint="An agent's token opens POST /api/changes, and what came of it.",
    )


def _bearer(request: Request) -> str:
    """The token of the Authorization header; a scheme of another kind is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


Browser = Annotated[str, Depends(browser_person)]
BrowserSession = Annotated[WebSession, Depends(browser_session)]
ApiCaller = Annotated[Caller, Depends(caller)]
Proposer = Annotated[Caller, Depends(proposer)]
