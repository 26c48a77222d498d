"""`assent delay`: put a request off; it comes back to the inbox by itself."""

import re
from datetime import datetime, timedelta

import click

from assent.entrypoints.cli.decision import decide
from assent.errors import UsageError

_SPAN = re.compile(r"(?P<count>[0-9]{1,9})\s*(?P<unit>s|min|m|h|d)")
_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400}


@click.command()
@click.argument("request_name", metavar="ID")
@click.option("--until", required=True, help="`30m`, `2h`, `1d`, `18:00`, `2026-12-24 09:00`.")
@click.option("--reason", default="", help="Kept in the record.")
def command(request_name: str, until: str, reason: str) -> None:
    """Put the request ID off. The agent is told, and goes on with other work."""
    at = moment_of(until, now=datetime.now().astimezone())
    decide(request_name, "delay", {"until": int(at.timestamp() * 1000), "reason": reason})


def moment_of(text: str, *, now: datetime) -> datetime:
    """The moment that `text` names, in the zone of `now`. Raises UsageError."""
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return _after(now, int(span["count"]) * _UNITS[span["unit"]], text)
    try:
        clock = datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007  (zone added below)
    except ValueError:
        return _date(text, now)
    today = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _after(now: datetime, seconds: int, text: str) -> datetime:
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError as error:
        raise _no_time(text) from error


def _date(text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise _no_time(text) from error
    return at if at.tzinfo is not None else at.replace(tzinfo=now.tzinfo)


def _no_time(text: str) -> UsageError:
    return UsageError(f"`{text}` is not a time.", hint="Write 30m, 2h, 18:00 or 2026-12-24 09:00.")
