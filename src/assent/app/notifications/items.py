"""One thing that one person is told, as it stands in the outbox."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from assent.core.canonical import Json, canonical
from assent.core.risk.factors import RiskClass

NOTIFY = "notify"
"""The kind of what is told, in the outbox."""


class Occasion(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    """Nobody answered, and now this person is asked, too."""
    REFERRED = "referred"
    """Somebody wants this person to decide."""
    DECIDED = "decided"
    """What this person's agent asked for."""
    IN_NAME = "in-name"
    """Somebody decided in this person's name."""
    CHANGE_WAITS = "change-waits"
    CHANGE_EJECTED = "change-ejected"
    CHANGE_RETURNED = "change-returned"
    SECURITY = "security"
    """Something by which one could speak as this person was added or taken away."""

    @property
    def waits(self) -> bool:
        """Whether it is about something to be decided, and about nothing once that was done."""
        return self in _WAITS


_WAITS = frozenset(
    {
        Occasion.OPENED,
        Occasion.REMINDER,
        Occasion.ESCALATED,
        Occasion.REFERRED,
        Occasion.CHANGE_WAITS,
    }
)


class Way(StrEnum):
    """Where it stands with one channel."""

    OPEN = "open"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class OnChannel:
    """What became of one item on one channel so far."""

    way: Way = Way.OPEN
    message: str = ""
    """The id of the message it goes out in, once that may have been sent."""
    tries: int = 0
    not_before: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is told. Texts are cut and redacted; nothing of a payload is in it."""

    occasion: Occasion
    stream: str
    """Where it is recorded that it was told."""
    about: str = ""
    """The request's or the change's id; empty: about the person."""
    version: int = 0
    name: str = ""
    """`REQ-7`, `CH-4`."""
    risk: RiskClass = RiskClass.TRIVIAL
    title: str = ""
    project: str = ""
    agent: str = ""
    until: int | None = None
    channels: Mapping[str, OnChannel] = field(default_factory=dict)
    """By the channel's id; those that are not here were not tried."""

    @property
    def is_urgent(self) -> bool:
        """Whether it is told at once, however much was told already."""
        return self.risk is RiskClass.IRREVERSIBLE or self.occasion is Occasion.SECURITY

    def on(self, channel: str) -> OnChannel:
        return self.channels.get(channel, OnChannel())

    def with_channel(self, channel: str, state: OnChannel) -> "Item":
        return replace(self, channels={**self.channels, channel: state})


def write_item(item: Item) -> bytes:
    ways: dict[str, Json] = {
        key: {
            "way": each.way.value,
            "message": each.message,
            "tries": each.tries,
            "not_before": each.not_before,
            "fault": each.fault,
        }
        for key, each in item.channels.items()
    }
    return canonical(
        {
            "occasion": item.occasion.value,
            "stream": item.stream,
            "about": item.about,
            "version": item.version,
            "name": item.name,
            "risk": int(item.risk),
            "title": item.title,
            "project": item.project,
            "agent": item.agent,
            "until": item.until,
            "channels": ways,
        }
    )


def read_item(body: bytes) -> Item:
    """What `write_item` wrote."""
    plain = json.loads(body)
    ways = {
        key: OnChannel(
            way=Way(each["way"]),
            message=each["message"],
            tries=each["tries"],
            not_before=each["not_before"],
            fault=each["fault"],
        )
        for key, each in plain.pop("channels").items()
    }
    occasion, risk = Occasion(plain.pop("occasion")), RiskClass(plain.pop("risk"))
    return Item(occasion=occasion, risk=risk, channels=ways, **plain)
