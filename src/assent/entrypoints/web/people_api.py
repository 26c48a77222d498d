"""The API of people, their keys and sessions, and of agents' tokens: docs/reference/api.md."""

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.people import accounts, recovery, sessions, tokens
from assent.app.people.accounts import Edit, NewPerson
from assent.app.people.rules import find_person
from assent.core.canonical import Json, digest_text
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.sessions import (
    LINK_LIFETIME,
    ApiCaller,
    Caller,
    login_path,
    new_login_link,
)
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.people import person_record, session_record, token_record
from assent.errors import ForbiddenError

router = APIRouter(prefix="/api")

Name = Annotated[str, Path(max_length=100)]
Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[list[Text], Field(max_length=20)]
KEY = 20_000
"""Characters of a `.pub` file."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AddBody(_Body):
    name: str = Field(min_length=1, max_length=100)
    full_name: Text = ""
    email: Text = ""
    aliases: Texts = []
    roles: Texts = []
    login: Text = ""
    slack: Text = ""
    link: bool = True
    """Whether a one-time link for the person's browser is made, too."""


class ChangeBody(_Body):
    """What is left out stays as it is."""

    full_name: Text | None = None
    email: Text | None = None
    login: Text | None = None
    slack: Text | None = None
    zone: Text | None = None
    quiet: Texts | None = None
    aliases: Texts = []
    no_aliases: Texts = []
    roles: Texts = []
    no_roles: Texts = []


class KeyBody(_Body):
    key: str = Field(min_length=1, max_length=KEY)
    """The line of a `.pub` file."""
    label: Text = ""


class KeyIdBody(_Body):
    key: str = Field(min_length=1, max_length=2_000)
    """Fingerprint, or the passkey's id."""


class SessionBody(_Body):
    id: str = Field(default="", max_length=100)
    """Empty: all of them."""


class TokenBody(_Body):
    agent: str = Field(min_length=1, max_length=100)
    workspace: str = Field(default="", max_length=4096)
    for_ms: int = Field(default=tokens.LIFETIME, ge=1)


class RevokeBody(_Body):
    id: str = Field(min_length=1, max_length=100)


@router.get("/people")
async def people(site: OurSite, _who: ApiCaller) -> Response:
    found = site.gate.store.read(lambda view: view.people())
    return Ascii({"people": [person_record(each) for each in found]})


@router.get("/people/{name}")
async def one(name: Name, site: OurSite, _who: ApiCaller) -> Response:
    return Ascii(person_record(site.gate.store.read(lambda view: find_person(view, name))))


@router.post("/people")
async def add(site: OurSite, who: ApiCaller, body: AddBody) -> Response:
    new = NewPerson(
        name=body.name,
        full_name=body.full_name,
        email=body.email,
        aliases=tuple(body.aliases),
        roles=tuple(body.roles),
        login=body.login,
        slack=body.slack,
    )
    made = await accounts.add_person(site.gate, new, who.speaker)
    link = await _link(site, made.name, who) if body.link else {}
    return Ascii({**person_record(made), **link})


@router.post("/people/{name}/change")
async def change(name: Name, site: OurSite, who: ApiCaller, body: ChangeBody) -> Response:
    edit = Edit(
        full_name=body.full_name,
        email=body.email,
        login=body.login,
        slack=body.slack,
        zone=body.zone,
        quiet=None if body.quiet is None else tuple(body.quiet),
        aliases=tuple(body.aliases),
        no_aliases=tuple(body.no_aliases),
        roles=tuple(body.roles),
        no_roles=tuple(body.no_roles),
    )
    return Ascii(person_record(await accounts.change_person(site.gate, name, edit, who.speaker)))


@router.post("/people/{name}/disable")
async def disable(name: Name, site: OurSite, who: ApiCaller) -> Response:
    made = await accounts.set_active(site.gate, name, active=False, by=who.speaker)
    return Ascii(person_record(made))


@router.post("/people/{name}/enable")
async def enable(name: Name, site: OurSite, who: ApiCaller) -> Response:
    made = await accounts.set_active(site.gate, name, active=True, by=who.speaker)
    return Ascii(person_record(made))


@router.post("/people/{name}/link")
async def link_for(name: Name, site: OurSite, who: ApiCaller) -> Response:
    """A link that logs a browser in as this person, once, within ten minutes."""
    return Ascii(await _link(site, name, who))


async def _link(site: Site, name: str, who: Caller) -> dict[str, Json]:
    if who.via == "web" and who.person == name:
        # Who has a browser logged in by a passkey would get another one in by nothing.
        raise ForbiddenError(
            "A browser makes no links for itself.", hint="In a terminal: assent status --link"
        )
    path = await new_login_link(site.gate, name, by=who.speaker)
    return {"path": path, "expires_in_ms": LINK_LIFETIME}


@router.post("/people/{name}/recover")
async def recover(name: Name, site: OurSite, who: ApiCaller) -> Response:
    """Only for the command line: what speaks for a person goes, and they come in by a link."""
    token = secrets.token_urlsafe(32)
    made = await recovery.recover_person(
        site.gate,
        name,
        link=digest_text(token),
        expires_at=site.gate.clock.now() + LINK_LIFETIME,
        by=who.speaker,
    )
    record = person_record(made)
    return Ascii({**record, "path": login_path(token), "expires_in_ms": LINK_LIFETIME})


@router.post("/people/{name}/keys")
async def add_key(name: Name, site: OurSite, who: ApiCaller, body: KeyBody) -> Response:
    made = await accounts.add_key(site.gate, name, body.key, label=body.label, by=who.speaker)
    return Ascii(person_record(made))


@router.post("/people/{name}/keys/remove")
async def remove_key(name: Name, site: OurSite, who: ApiCaller, body: KeyIdBody) -> Response:
    made = await accounts.remove_key(site.gate, name, body.key, by=who.speaker)
    return Ascii(person_record(made))


@router.get("/people/{name}/sessions")
async def list_sessions(name: Name, site: OurSite, who: ApiCaller) -> Response:
    found = sessions.looked_at(site.gate, name, by=who.speaker)
    return Ascii({"sessions": [session_record(each) for each in found]})


@router.post("/people/{name}/sessions/end")
async def end_sessions(name: Name, site: OurSite, who: ApiCaller, body: SessionBody) -> Response:
    if body.id:
        await sessions.end_session(site.gate, name, body.id, by=who.speaker)
        return Ascii({"ended": 1})
    return Ascii({"ended": await sessions.end_sessions(site.gate, name, by=who.speaker)})


@router.get("/agent-tokens")
async def list_tokens(site: OurSite, _who: ApiCaller) -> Response:
    now = site.gate.clock.now()
    found = site.gate.store.read(lambda view: tokens.tokens_in_force(view, now=now))
    return Ascii({"tokens": [token_record(each) for each in found]})


@router.post("/agent-tokens")
async def add_token(site: OurSite, who: ApiCaller, body: TokenBody) -> Response:
    """The token itself is in this answer, and nowhere else."""
    secret = tokens.PREFIX + secrets.token_urlsafe(32)
    files = site.gate.files
    place = await asyncio.to_thread(files.workspace_of, body.workspace) if body.workspace else ""
    made = await tokens.add_token(
        site.gate,
        body.agent,
        token=digest_text(secret),
        workspace=place,
        for_ms=body.for_ms,
        by=who.speaker,
    )
    return Ascii({**token_record(made), "token": secret})


@router.post("/agent-tokens/revoke")
async def revoke_token(site: OurSite, who: ApiCaller, body: RevokeBody) -> Response:
    return Ascii(token_record(await tokens.revoke_token(site.gate, body.id, by=who.speaker)))
