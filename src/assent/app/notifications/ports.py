"""How messages leave the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that a message tells of."""

    outgoing: str
    """Id of its row in the outbox."""
    request: str
    """Id of the request; empty: it is about something else, or may not be decided from there."""
    name: str
    version: int
    line: str
    link: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person on one channel."""

    id: str
    """The same when it is sent again."""
    url: str
    """The channel's, with the secret in it. It is never logged."""
    title: str
    body: str
    link: str
    is_urgent: bool
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one message."""

    is_sent: bool
    fault: str = ""
    """Why it was not, in words that hold nothing of the channel's address."""
    is_sure: bool = True
    """False where it may have been sent all the same."""
    for_good: bool = False
    """Whether there is no use in trying again."""


class Notifier(Protocol):
    async def send(self, messages: Sequence[Message]) -> Mapping[str, Delivery]:
        """What became of each, by its id. Never raises for what a channel does."""
        ...

    async def check(self, url: str) -> str:
        """The name of the service that `url` is for, such as `E-Mail`; sends nothing.

        Raises UsageError for an address that nothing can be sent to.
        """
        ...
