"""The page on which a person says where they are told of things. It works without scripts."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assent.app.notifications import channels
from assent.app.notifications.channels import ChannelEdit, NewChannel
from assent.app.people.rules import Speaker, find_person
from assent.app.ports import View, WebSession
from assent.entrypoints.web.channel_api import read_class
from assent.entrypoints.web.pages import page
from assent.entrypoints.web.sessions import BrowserSession
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.channels import ChannelsView, channels_view
from assent.errors import AssentError

router = APIRouter(default_response_class=HTMLResponse, prefix="/channels")

Next = Literal["/channels", "/account"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    next: Next = "/channels"


class AddForm(_Form):
    url: str = Field(default="", max_length=channels.LENGTH)
    label: str = Field(default="", max_length=channels.LABEL)
    worst: str = Field(default="trivial", max_length=20)
    urgent: bool = False


class ChangeForm(_Form):
    id: str = Field(max_length=100)
    act: Literal["save", "pause", "resume", "test", "remove"]
    worst: str = Field(default="trivial", max_length=20)
    urgent: bool = False


def channels_of(site: Site, session: WebSession, *, goes_on: str = "/channels") -> ChannelsView:
    """What `_channels.html` needs as `channels`. Raises NotFoundError for nobody's session."""

    def look(view: View) -> ChannelsView:
        return channels_view(
            view,
            site.context(),
            find_person(view, session.person),
            factor=session.factor,
            goes_on=goes_on,
            slack=site.settings.slack is not None,
        )

    return site.gate.store.read(look)


@router.get("")
async def show(site: OurSite, session: BrowserSession) -> Response:
    return _show(site, session)


@router.post("/add")
async def add(form: Annotated[AddForm, Form()], site: OurSite, session: BrowserSession) -> Response:
    try:
        new = NewChannel(
            url=form.url, label=form.label, worst_only=read_class(form.worst), urgent=form.urgent
        )
        await channels.add_channel(site.gate, session.person, new, _speaker(session))
    except AssentError as error:
        return _show(site, session, notice=str(error), status=error.http_status)
    return RedirectResponse(f"{form.next}#channels", status_code=303)


@router.post("/change")
async def change(
    form: Annotated[ChangeForm, Form()], site: OurSite, session: BrowserSession
) -> Response:
    by = _speaker(session)
    try:
        match form.act:
            case "test":
                return await _try(site, session, form)
            case "remove":
                await channels.remove_channel(site.gate, session.person, form.id, by=by)
            case "save":
                edit = ChannelEdit(worst_only=read_class(form.worst), urgent=form.urgent)
                await channels.change_channel(site.gate, session.person, form.id, edit, by=by)
            case "pause" | "resume":
                edit = ChannelEdit(paused=form.act == "pause")
                await channels.change_channel(site.gate, session.person, form.id, edit, by=by)
    except AssentError as error:
        return _show(site, session, notice=str(error), status=error.http_status)
    return RedirectResponse(f"{form.next}#channels", status_code=303)


async def _try(site: Site, session: WebSession, form: ChangeForm) -> Response:
    found = await channels.try_channel(site.gate, session.person, form.id, by=_speaker(session))
    if found.is_sent:
        return _show(site, session, good="The message was taken. Look whether it arrived.")
    return _show(site, session, notice=f"Nothing was sent: {found.fault}.")


def _speaker(session: WebSession) -> Speaker:
    return Speaker(session.person, "web", session.factor)


def _show(
    site: Site, session: WebSession, *, notice: str = "", good: str = "", status: int = 200
) -> Response:
    values = {"channels": replace(channels_of(site, session), notice=notice, good=good)}
    return page(site, "channels.html", values, person=session.person, status=status)
