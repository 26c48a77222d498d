"""The API of the channels on which people are told of things: docs/reference/api.md."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.notifications import channels
from assent.app.notifications.channels import ChannelEdit, NewChannel
from assent.app.people.rules import find_person, need_own, speaking
from assent.app.ports import View
from assent.core.canonical import Json
from assent.core.people.model import Person
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.sessions import ApiCaller
from assent.entrypoints.web.site import OurSite, Site
from assent.entrypoints.web.views.channels import channel_record, class_of, faults_of
from assent.errors import UsageError

router = APIRouter(prefix="/api/people/{name}/channels")

Name = Annotated[str, Path(max_length=100)]
Word = Annotated[str, Field(max_length=20)]
Id = Annotated[str, Field(min_length=1, max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AddBody(_Body):
    url: str = Field(min_length=1, max_length=channels.LENGTH)
    label: str = Field(default="", max_length=channels.LABEL)
    worst: Word = "trivial"
    """Only for what is of this class or worse."""
    urgent: bool = False
    """Also in quiet hours, for what is irreversible."""


class ChangeBody(_Body):
    """What is left out stays as it is."""

    id: Id
    worst: Word | None = None
    urgent: bool | None = None
    paused: bool | None = None


class IdBody(_Body):
    id: Id


@router.get("")
async def of_person(name: Name, site: OurSite, who: ApiCaller) -> Response:
    def look(view: View) -> dict[str, Json]:
        person = find_person(view, name)
        need_own(speaking(view, who.speaker), person, "look at channels of others")
        faults = faults_of(view, person)
        return _record(person, faults)

    return Ascii(site.gate.store.read(look))


@router.post("")
async def add(name: Name, site: OurSite, who: ApiCaller, body: AddBody) -> Response:
    new = NewChannel(
        url=body.url, label=body.label, worst_only=read_class(body.worst), urgent=body.urgent
    )
    return _answer(site, await channels.add_channel(site.gate, name, new, who.speaker))


@router.post("/change")
async def change(name: Name, site: OurSite, who: ApiCaller, body: ChangeBody) -> Response:
    edit = ChannelEdit(
        worst_only=None if body.worst is None else read_class(body.worst),
        urgent=body.urgent,
        paused=body.paused,
    )
    made = await channels.change_channel(site.gate, name, body.id, edit, by=who.speaker)
    return _answer(site, made)


@router.post("/remove")
async def remove(name: Name, site: OurSite, who: ApiCaller, body: IdBody) -> Response:
    return _answer(site, await channels.remove_channel(site.gate, name, body.id, by=who.speaker))


@router.post("/test")
async def test(name: Name, site: OurSite, who: ApiCaller, body: IdBody) -> Response:
    """Sends a message there, and says what became of it."""
    found = await channels.try_channel(site.gate, name, body.id, by=who.speaker)
    return Ascii({"sent": found.is_sent, "fault": found.fault})


def read_class(word: str) -> RiskClass:
    """Raises UsageError."""
    try:
        return class_of(word)
    except ValueError:
        raise UsageError(
            "There is no such class.",
            hint="Classes: trivial, low, medium, high, irreversible.",
        ) from None


def _answer(site: Site, person: Person) -> Response:
    return Ascii(_record(person, site.gate.store.read(lambda view: faults_of(view, person))))


def _record(person: Person, faults: dict[str, str]) -> dict[str, Json]:
    records: list[Json] = [
        channel_record(each, fault=faults.get(each.id, "")) for each in person.channels
    ]
    return {"person": person.name, "channels": records}
