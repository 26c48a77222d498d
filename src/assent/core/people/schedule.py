"""Who is on call, from a plain file.

    zone Europe/Berlin                                  # of all times in the file; else UTC
    mon-fri 09:00-18:00   ana                           # every week
    mon-sun 18:00-09:00   ben, eve                      # ends on the next day
    2026-12-24 00:00 .. 2026-12-27 00:00   ben          # once

Of several lines that hold, the last one counts. A file with a fault in it names nobody, so that a
slip never lets others decide than those who were meant.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeAlias

from assent.core.people.model import NAME
from assent.core.policy.hours import Hours, read_hours

_DATE = r"(\d{4}-\d\d-\d\d \d\d:\d\d)"
_ONCE = re.compile(rf"{_DATE} *\.\. *{_DATE} +(.+)")
_WEEKLY = re.compile(r"(\S+ +\S+) +(.+)")
_ZONE = re.compile(r"zone +(\S+)")

Zones: TypeAlias = Callable[[str], tzinfo | None]
"""The time zone of that name, from the data that comes with the system; None: no such one."""


@dataclass(frozen=True, slots=True)
class Once:
    """From one moment to another, in ms since the epoch; the second is no longer within."""

    start: int
    end: int

    def holds(self, now: int, _zone: tzinfo | None) -> bool:
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Duty:
    """One line: when, and who."""

    when: Hours | Once
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    duties: tuple[Duty, ...] = ()
    zone: tzinfo = UTC
    faults: tuple[str, ...] = ()
    """`line 3: …`; with any of them nobody is on call."""

    def on_call(self, at: int) -> tuple[str, ...]:
        """The names of those on call at `at`, in ms since the epoch; nobody's when faulty."""
        if self.faults:
            return ()
        holding = (duty.names for duty in reversed(self.duties) if duty.when.holds(at, self.zone))
        return next(holding, ())


def on_call(text: str, at: int, *, zones: Zones) -> tuple[str, ...]:
    """The names of those whom the schedule `text` has on call at `at`, in ms since the epoch."""
    return read_schedule(text, zones).on_call(at)


def read_schedule(text: str, zones: Zones) -> Schedule:
    """What the file says. Never raises: what cannot be read stands in `faults`."""
    zone: tzinfo = UTC
    duties: list[Duty] = []
    faults: list[str] = []
    read: Duty | tzinfo | str | None
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.partition("#")[0].strip()
        if found := _ZONE.fullmatch(plain):
            read = _zone(found[1], zones, is_first=not duties)
        else:
            read = _read_line(plain, zone)
        match read:
            case None:
                continue
            case str():
                faults.append(f"line {number}: {read}")
            case Duty():
                duties.append(read)
            case tzinfo():
                zone = read
    return Schedule(tuple(duties), zone, tuple(faults))


def _zone(name: str, zones: Zones, *, is_first: bool) -> tzinfo | str:
    if not is_first:
        return "`zone` stands before the first time, since it holds for all of them"
    return zones(name) or f"`{name[:60]}` is no time zone such as `Europe/Berlin`"


def _read_line(line: str, zone: tzinfo) -> Duty | str | None:
    """A duty, nothing, or what is wrong with it in words."""
    if not line:
        return None
    if found := _ONCE.fullmatch(line):
        return _once(found, zone)
    if found := _WEEKLY.fullmatch(line):
        return _weekly(found)
    return (
        f"`{line[:60]}` names no time and person, as `mon-fri 09:00-18:00 ana` or "
        "`2026-12-24 00:00 .. 2026-12-27 00:00 ben` do"
    )


def _weekly(found: re.Match[str]) -> Duty | str:
    hours = read_hours(" ".join(found[1].split()))
    if hours is None:
        return f"`{found[1][:60]}` is no time such as `mon-fri 09:00-18:00`"
    return _duty(hours, found[2])


def _once(found: re.Match[str], zone: tzinfo) -> Duty | str:
    start, end = _moment(found[1], zone, fold=0), _moment(found[2], zone, fold=1)
    if start is None or end is None:
        return f"`{found[1] if start is None else found[2]}` is no date and time"
    if end <= start:
        return "it ends before it starts"
    return _duty(Once(start, end), found[3])


def _moment(text: str, zone: tzinfo, *, fold: int) -> int | None:
    """Of a time that comes twice when clocks are set back, the first or the second (`fold`)."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _duty(when: Hours | Once, text: str) -> Duty | str:
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    strange = next((name for name in names if not NAME.fullmatch(name)), None)
    if strange is not None:
        return f"`{strange[:60]}` is no person's name"
    return Duty(when, names)
