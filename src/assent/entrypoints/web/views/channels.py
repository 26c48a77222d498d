"""The channels of a person: as JSON, and as the page shows them. Addresses never leave whole."""

from dataclasses import dataclass

from assent.app.notifications.channels import shown_url
from assent.app.notifications.items import NOTIFY, Way, read_item
from assent.app.ports import Outgoing, Sending, View
from assent.core.canonical import Json
from assent.core.people.model import Channel, Factor, Person
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.views.context import Context

LOOKED_AT = 200
"""Items of the outbox among which a channel's faults are looked for."""
EXAMPLES = (
    ("mail", "mailtos://user:password@host?to=you@example.com"),
    ("Slack", "slack://…"),
    ("Teams", "workflows://…"),
    ("Discord", "discord://…"),
    ("your own program", "jsons://host/path"),
)
BUTTONS = (("Slack with buttons", "slack-app://"),)
CLASSES = tuple(risk.word for risk in RiskClass)


def class_of(word: str) -> RiskClass:
    """Raises ValueError for no class."""
    return RiskClass(CLASSES.index(word))


def channel_record(channel: Channel, *, fault: str = "") -> dict[str, Json]:
    return {
        "id": channel.id,
        "label": channel.label,
        "shown": shown_url(channel.url),
        "worst": channel.worst_only.word,
        "urgent": channel.urgent,
        "paused": channel.paused,
        "added_at": channel.added_at,
        "fault": fault,
    }


@dataclass(frozen=True, slots=True)
class ChannelRow:
    id: str
    label: str
    shown: str
    worst: str
    urgent: bool
    paused: bool
    added: str
    added_iso: str
    fault: str
    """Why something was not sent there; empty where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class ChannelsView:
    """What `_channels.html` needs as `channels`."""

    name: str
    known: tuple[ChannelRow, ...]
    may_change: bool
    slack: bool
    """Whether there is an own app in Slack, and it is known who this person is there."""
    next: str
    """Where the page goes on after a change."""
    notice: str = ""
    good: str = ""
    """What went well."""
    classes: tuple[str, ...] = CLASSES
    placeholder: str = "ntfys://ntfy.sh/a-name-nobody-guesses"

    @property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """What addresses look like, by what they lead to."""
        return EXAMPLES + (BUTTONS if self.slack else ())


def channels_view(
    view: View,
    context: Context,
    person: Person,
    *,
    factor: Factor,
    goes_on: str = "/channels",
    slack: bool = False,
) -> ChannelsView:
    faults = faults_of(view, person)
    rows = tuple(
        ChannelRow(
            id=each.id,
            label=each.label,
            shown=shown_url(each.url),
            worst=each.worst_only.word,
            urgent=each.urgent,
            paused=each.paused,
            added=context.moment(each.added_at),
            added_iso=context.iso(each.added_at),
            fault=faults.get(each.id, ""),
        )
        for each in person.channels
    )
    return ChannelsView(
        name=person.name,
        known=rows,
        may_change=not person.has_factor or factor is not Factor.NONE,
        slack=slack and bool(person.slack),
        next=goes_on,
    )


def faults_of(view: View, person: Person) -> dict[str, str]:
    """Why something was not sent to a channel the last time, by the channel's id."""
    found: dict[str, str] = {}
    for state in (Sending.DEAD, Sending.NEW):
        rows = view.outgoing_in(state, limit=LOOKED_AT, kind=NOTIFY)
        for row in rows:
            if row.place == person.name and row.fault:
                found |= _faults(row)
    return found


def _faults(row: Outgoing) -> dict[str, str]:
    ways = read_item(row.body).channels
    return {
        key: each.fault for key, each in ways.items() if each.way is not Way.SENT and each.fault
    }
