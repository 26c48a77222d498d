"""Times of the week, such as `mon-fri 09:00-18:00`, and the day that an amount counts for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7 * 24 * 60
_DAY = "|".join(DAYS)
_DAYS = rf"(?:{_DAY})(?:-(?:{_DAY}))?"
HOURS = rf"({_DAYS}(?:,{_DAYS})*) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)"
"""How `Hours` are written: `mon-fri 09:00-18:00`."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The same span on several days. One that ends before it starts ends on the next day."""

    days: frozenset[int]
    """0 is Monday."""
    start: int
    """Minutes after midnight."""
    end: int
    """The first minute that is no longer within; 1440 is midnight."""

    @property
    def words(self) -> str:
        """As it is written: `mon,tue 09:00-18:00`."""
        days = ",".join(DAYS[day] for day in sorted(self.days))
        start, end = (f"{at // 60:02}:{at % 60:02}" for at in (self.start, self.end))
        return f"{days} {start}-{end}"

    def holds(self, now: int, zone: tzinfo | None) -> bool:
        """Whether the moment `now`, in ms since the epoch, lies within."""
        at = _local(now, zone)
        minute = at.hour * 60 + at.minute
        today, yesterday = at.weekday(), (at.weekday() - 1) % 7
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        return (today in self.days and minute >= self.start) or (
            yesterday in self.days and minute < self.end
        )

    def minutes(self) -> frozenset[int]:
        """The minutes of the week within, from Monday's midnight on."""
        length = (self.end - self.start) % (24 * 60) or 24 * 60
        return frozenset(
            (day * 24 * 60 + self.start + minute) % WEEK
            for day in self.days
            for minute in range(length)
        )


def read_hours(text: str) -> Hours | None:
    """`mon-fri,sun 20:00-06:00` as `Hours`; None when it is not written like that."""
    found = re.fullmatch(HOURS, text)
    if found is None:
        return None
    start, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (2, 4))
    if end > 24 * 60 or start == end:
        return None
    return Hours(frozenset(_named_days(found[1])), start, end)


def _named_days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def day_of(now: int, zone: tzinfo | None) -> str:
    """The day at `now`, as `2026-11-20`."""
    return _local(now, zone).strftime("%Y-%m-%d")


def _local(now: int, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC if zone is None else zone)
