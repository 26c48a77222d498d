"""The API of people, their keys and sessions, and of agents' tokens: docs/reference/api.md."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from assent.app.people import accounts, recovery, sessions, tokens
from assent.app.people.accounts import Edit, NewPerson
from assent.app.people.rules import Speaker, find_person
from assent.app.people.signed import Wish, heard, to_be_signed
from assent.core.canonical import Json, digest_text
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.faults import describe_errors
from assent.entrypoints.web.proving import demand_signed
from assent.entrypoints.web.sessions import (
    LINK_LIFETIME,
    ApiCaller,
    Caller,
    login_path,
    new_login_link,
)
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.statement_api import signer_named, statement_record
from assent.entrypoints.web.views.people import person_record, session_record, token_record
from assent.errors import ForbiddenError, UsageError

router = APIRouter(prefix="/api")

Name = Annotated[str, Path(max_length=100)]
Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[list[Text], Field(max_length=20)]
KEY = 20_000
"""Characters of a `.pub` file."""
ENVELOPE = 48_000
"""Characters of what was signed."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignedBody(_Body):
    envelope: str = Field(default="", max_length=ENVELOPE)
    """All of the rest, signed by whoever wants it done."""

    def fields(self) -> dict[str, Json]:
        """What is signed: what was said, without what goes without saying."""
        found: dict[str, Json] = self.model_dump(exclude={"envelope"}, exclude_defaults=True)
        return found


class AddBody(SignedBody):
    name: str = Field(min_length=1, max_length=100)
    full_name: Text = ""
    email: Text = ""
    aliases: Texts = []
    roles: Texts = []
    login: Text = ""
    slack: Text = ""
    link: bool = True
    """Whether a one-time link for the person's browser is made, too."""


class ChangeBody(SignedBody):
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


class KeyBody(SignedBody):
    key: str = Field(min_length=1, max_length=KEY)
    """The line of a `.pub` file."""
    label: Text = ""


class KeyIdBody(SignedBody):
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
    by = await _speaker(site, who, Wish("add", body.name, body.fields()), body)
    made = await accounts.add_person(site.gate, new, by)
    link = await _link(site, made.name, by) if body.link else {}
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
    by = await _speaker(site, who, Wish("change", name, body.fields()), body)
    return Ascii(person_record(await accounts.change_person(site.gate, name, edit, by)))


@router.post("/people/{name}/disable")
async def disable(
    name: Name, site: OurSite, who: ApiCaller, body: SignedBody | None = None
) -> Response:
    by = await _speaker(site, who, Wish("disable", name, {}), body)
    made = await accounts.set_active(site.gate, name, active=False, by=by)
    return Ascii(person_record(made))


@router.post("/people/{name}/enable")
async def enable(
    name: Name, site: OurSite, who: ApiCaller, body: SignedBody | None = None
) -> Response:
    by = await _speaker(site, who, Wish("enable", name, {}), body)
    made = await accounts.set_active(site.gate, name, active=True, by=by)
    return Ascii(person_record(made))


@router.post("/people/{name}/link")
async def link_for(
    name: Name, site: OurSite, who: ApiCaller, body: SignedBody | None = None
) -> Response:
    """A link that logs a browser in as this person, once, within ten minutes."""
    if who.via == "web" and who.person == name:
        # Who has a browser logged in by a passkey would get another one in by nothing.
        raise ForbiddenError(
            "A browser makes no links for itself.", hint="In a terminal: assent status --link"
        )
    return Ascii(await _link(site, name, await _speaker(site, who, Wish("link", name, {}), body)))


async def _link(site: Site, name: str, by: Speaker) -> dict[str, Json]:
    path = await new_login_link(site.gate, name, by=by)
    return {"path": path, "expires_in_ms": LINK_LIFETIME}


@router.post("/people/{name}/statement")
async def statement(name: Name, site: OurSite, who: ApiCaller, body: dict[str, object]) -> Response:
    """What a change of people would say, for its signer to sign. Changes nothing."""
    what, by = str(body.pop("verdict", "")), str(body.pop("by", ""))
    if what not in _SIGNED:
        raise UsageError("There is nothing to sign for that.", hint=f"One of {', '.join(_SIGNED)}")
    try:
        read = _SIGNED[what].model_validate(body)
    except ValidationError as error:
        faults = "; ".join(describe_errors(error.errors()))
        raise UsageError(f"This cannot be signed: {faults}.") from error
    speaker = Speaker(signer_named(who, by), who.via)
    found = await to_be_signed(site.gate, Wish(what, name, read.fields()), speaker)
    return Ascii(statement_record(found))


_SIGNED: Mapping[str, type[SignedBody]] = {
    "add": AddBody,
    "change": ChangeBody,
    "disable": SignedBody,
    "enable": SignedBody,
    "link": SignedBody,
    "keys": KeyBody,
    "keys/remove": KeyIdBody,
}


async def _speaker(site: Site, who: Caller, wish: Wish, body: SignedBody | None) -> Speaker:
    """Who wants it: whoever signed it, else whoever calls."""
    if body is None or not body.envelope:
        demand_signed(site, who)
        return who.speaker
    return await heard(site.gate, wish, who.speaker, body.envelope.encode())


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
    by = await _speaker(site, who, Wish("keys", name, body.fields()), body)
    made = await accounts.add_key(site.gate, name, body.key, label=body.label, by=by)
    return Ascii(person_record(made))


@router.post("/people/{name}/keys/remove")
async def remove_key(name: Name, site: OurSite, who: ApiCaller, body: KeyIdBody) -> Response:
    by = await _speaker(site, who, Wish("keys/remove", name, body.fields()), body)
    made = await accounts.remove_key(site.gate, name, body.key, by=by)
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
