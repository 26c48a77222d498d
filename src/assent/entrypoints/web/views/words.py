"""Times, ages and amounts as a person reads them."""

from datetime import datetime, timedelta, tzinfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def span(ms: int) -> str:
    """A length of time in its largest unit: `40 s`, `3 min`, `2 h`, `5 d`."""
    for size, unit in _UNITS:
        if ms >= size:
            return f"{ms // size} {unit}"
    return "0 s"


def when(ms: int, zone: tzinfo | None = None) -> datetime:
    """The moment in `zone`; None is this machine's own."""
    return datetime.fromtimestamp(ms / 1000, zone) if zone else _local(ms)


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000).astimezone()


def moment(ms: int, *, now: int, zone: tzinfo | None = None) -> str:
    """A point in time, as short as the day allows: `14:03`, `tomorrow 09:00`, `18 Nov 14:03`."""
    at, today = when(ms, zone), when(now, zone).date()
    clock = at.strftime("%H:%M")
    days = (at.date() - today).days
    if days == 0:
        return clock
    if days == 1:
        return f"tomorrow {clock}"
    if days == -1:
        return f"yesterday {clock}"
    date = f"{at.day} {at.strftime('%b')}"
    return f"{date} {clock}" if at.year == today.year else f"{date} {at.year} {clock}"


def iso(ms: int, zone: tzinfo | None = None) -> str:
    """For the `datetime` attribute."""
    return when(ms, zone).isoformat(timespec="seconds")


def midnight(now: int, zone: tzinfo | None = None) -> int:
    """When today began, in ms since the epoch."""
    start = when(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp() * 1000)


def at_hour(now: int, hour: int, *, days: int = 0, zone: tzinfo | None = None) -> int:
    """Today, or in `days` days, at `hour` o'clock; ms since the epoch."""
    day = when(now, zone) + timedelta(days=days)
    return int(day.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp() * 1000)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `3 files`, `1,024 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
