"""What the web entry point is told by whoever starts it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from assent.app.agents import HookStatus
from assent.app.notifications.buttons import SlackDoor
from assent.app.people.passkeys import PasskeyPorts


def _no_hooks() -> Sequence[HookStatus]:
    return ()


@dataclass(frozen=True, slots=True)
class WebSettings:
    person: str
    """Who decides here: the name that goes into the record."""
    cli_token: str = field(repr=False)
    """The bearer token of the command line, from a file only this user can read."""
    version: str
    shutting_down: asyncio.Event
    """Set when the daemon stops: open streams end, so that it can."""
    hooks: Callable[[], Sequence[HookStatus]] = _no_hooks
    """How each agent's hooks stand right now."""
    apart: Callable[[], bool] = lambda: False
    """Whether every agent that called since the start runs as another user than Assent."""
    origin: str = ""
    """Where a proxy with TLS leads to the page, beside loopback; empty: nowhere."""
    passkeys: PasskeyPorts | None = None
    """None where nobody logs in with a passkey."""
    slack: SlackDoor | None = None
    """An own app in Slack that has buttons; None: there is none."""
    zone: tzinfo | None = None
    """The time zone of the pages; None is this machine's own."""
