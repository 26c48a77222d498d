"""The channels on which a person is told of things: added, changed, tried and removed."""

import re
from dataclasses import dataclass, replace

from assent.app.gatehouse import Gatehouse
from assent.app.notifications.ports import Delivery, Message, Notifier
from assent.app.notifications.wording import inert
from assent.app.people.accounts import take
from assent.app.people.rules import Speaker, find_person, need_factor, speaking
from assent.app.ports import Tx
from assent.core.people.model import Channel, Person
from assent.core.redact import redact
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError, ForbiddenError, NotFoundError, UsageError

MOST = 10
"""Channels of one person."""
LENGTH = 2_000
"""Characters of an address."""
LABEL = 60
SLACK_APP = "slack-app"
"""The scheme of messages by an own app in Slack, with buttons: `slack-app://`, to the person, or
`slack-app://C0123`, into a channel there."""
_HOSTS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "http"})
"""Services of which the host is no secret: `mailto://user:password@HOST`."""
_HOST = re.compile(
    r"[a-z]+://(?:[^/?#]*@)?(localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?=[:/?#]|$)", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    url: str
    label: str = ""
    """Empty: what the service is called."""
    worst_only: RiskClass = RiskClass.TRIVIAL
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdit:
    """None: as it was."""

    worst_only: RiskClass | None = None
    urgent: bool | None = None
    paused: bool | None = None


def shown_url(url: str) -> str:
    """An address without what may be a secret in it: `mailto://mail.example.com/…`, `slack://…`."""
    scheme = url.partition(":")[0].lower()[:20]
    host = _HOST.match(url) if scheme in _HOSTS else None
    return f"{scheme}://{host[1]}/…" if host else f"{scheme}://…"


async def add_channel(gate: Gatehouse, name: str, new: NewChannel, by: Speaker) -> Person:
    """Tell `name` on one more channel from now on. People do that for themselves alone.

    Raises UsageError for an address that nothing can be sent to.
    """
    label = _label(new.label)
    url = _to_oneself(gate.store.read(lambda view: find_person(view, name)), new.url.strip())
    _check_address(url)
    _own(name, by)
    # Whoever may not add one is told so before a program is started to look at the address.
    gate.store.read(lambda view: need_factor(speaking(view, by), by))
    service = await _notifier(gate).check(url)
    made = Channel(
        id=gate.ids.new(),
        url=url,
        label=label or _label(service),
        added_at=gate.clock.now(),
        worst_only=new.worst_only,
        urgent=new.urgent,
    )

    def step(_tx: Tx, person: Person) -> Person:
        if any(each.url == url for each in person.channels):
            raise ConflictError(f"{person.name} is told there already.")
        if len(person.channels) >= MOST:
            raise UsageError(f"{MOST} channels are the most.", hint="Remove one first.")
        return replace(person, channels=(*person.channels, made))

    return await take(gate, name, step, "channel-added", by=by, fields={"channel": made.label})


async def change_channel(
    gate: Gatehouse, name: str, channel_id: str, edit: ChannelEdit, *, by: Speaker
) -> Person:
    _own(name, by)

    def step(_tx: Tx, person: Person) -> Person:
        known = find_channel(person, channel_id)
        made = replace(
            known,
            worst_only=known.worst_only if edit.worst_only is None else edit.worst_only,
            urgent=known.urgent if edit.urgent is None else edit.urgent,
            paused=known.paused if edit.paused is None else edit.paused,
        )
        channels = tuple(made if each.id == known.id else each for each in person.channels)
        return replace(person, channels=channels)

    return await take(gate, name, step, "channel-changed", by=by)


async def remove_channel(gate: Gatehouse, name: str, channel_id: str, *, by: Speaker) -> Person:
    _own(name, by)
    label = find_channel(gate.store.read(lambda view: find_person(view, name)), channel_id).label

    def step(_tx: Tx, person: Person) -> Person:
        known = find_channel(person, channel_id)
        left = tuple(each for each in person.channels if each.id != known.id)
        return replace(person, channels=left)

    return await take(gate, name, step, "channel-removed", by=by, fields={"channel": label})


async def try_channel(gate: Gatehouse, name: str, channel_id: str, *, by: Speaker) -> Delivery:
    """Send a message that says nothing but that it arrived."""
    _own(name, by)
    person = gate.store.read(lambda view: find_person(view, name))
    gate.store.read(lambda view: speaking(view, by))
    channel = find_channel(person, channel_id)
    message = Message(
        id=gate.ids.new(),
        url=channel.url,
        title="Assent can tell you here",
        body=f"{inert(name)} asked for this message. Nothing waits for you because of it.",
        link="",
        is_urgent=False,
        subjects=(),
    )
    found = await _notifier(gate).send([message])
    return found[message.id]


def find_channel(person: Person, channel_id: str) -> Channel:
    """By its id, the end of it, or its label. Raises NotFoundError, and UsageError for several."""
    wanted = channel_id.strip()
    found = [each for each in person.channels if wanted and each.id.endswith(wanted)]
    found = found or [each for each in person.channels if each.label == wanted]
    if not found:
        raise NotFoundError(
            f"{person.name} has no such channel.",
            hint=f"See: assent people channels {person.name}",
        )
    if len(found) > 1:
        raise UsageError("Several channels are called that.", hint="Name it by its id.")
    return found[0]


def _own(name: str, by: Speaker) -> None:
    if by.name != name:
        raise ForbiddenError(f"Where {name} is told of things, {name} says.")


def _notifier(gate: Gatehouse) -> Notifier:
    if gate.notifier is None:
        raise UsageError("Nothing can be sent from here.")
    return gate.notifier


def _check_address(url: str) -> None:
    if not url or len(url) > LENGTH or not url.isprintable() or ":" not in url:
        raise UsageError(
            "This is no address that something can be sent to.",
            hint="Write it as apprise does: mailto://…, ntfys://…, slack://…, jsons://…",
        )


def _to_oneself(person: Person, url: str) -> str:
    if url.rstrip("/") not in (SLACK_APP, f"{SLACK_APP}:"):
        return url
    if not person.slack:
        raise UsageError(
            f"It is not known who {person.name} is in Slack.",
            hint=f"Say it first: assent people change {person.name} --slack U0123ABCD",
        )
    return f"{SLACK_APP}://{person.slack}"


def _label(text: str) -> str:
    """What a channel is called, in records and lists, so without a secret."""
    return redact(text.strip()[:LABEL])
