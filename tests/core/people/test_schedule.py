"""The schedule of who is on call: what a line means, which one counts, and what a fault does."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.people.schedule import on_call, read_schedule

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
_ZONES: dict[str, tzinfo] = {
    "Europe/Berlin": BERLIN,
    "Australia/Lord_Howe": LORD_HOWE,
    "UTC": UTC,
}

WEEK = """\
zone Europe/Berlin
# The day belongs to Ana, the night to Ben and Eve.
mon-fri 09:00-18:00 ana
mon-sun 18:00-09:00 ben, eve   # until the next morning
2026-12-24 00:00 .. 2026-12-27 00:00 cleo
"""


def ms(text: str, zone: tzinfo = BERLIN, *, fold: int = 0) -> int:
    at = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return int(at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "names"),
    [
        pytest.param("2026-11-20 09:00", ("ana",), id="friday-morning"),
        pytest.param("2026-11-20 17:59", ("ana",), id="the-last-minute"),
        pytest.param("2026-11-20 18:00", ("ben", "eve"), id="the-end-is-not-within"),
        pytest.param("2026-11-21 03:00", ("ben", "eve"), id="over-midnight"),
        pytest.param("2026-11-21 12:00", (), id="nobody-on-saturday-noon"),
        pytest.param("2026-12-24 00:00", ("cleo",), id="a-later-line-wins"),
        pytest.param("2026-12-26 23:59", ("cleo",), id="to-its-end"),
        pytest.param("2026-12-27 00:00", ("ben", "eve"), id="after-it"),
    ],
)
def test_who_is_on_call(at: str, names: tuple[str, ...]) -> None:
    assert on_call(WEEK, ms(at), zones=_ZONES.get) == names


@pytest.mark.parametrize(
    ("at", "names"),
    [
        # 29 March 2026: 02:00 becomes 03:00.
        pytest.param(ms("2026-03-29 01:59"), ("night",), id="berlin-before-the-gap"),
        pytest.param(ms("2026-03-29 01:59") + 60_000, ("day",), id="berlin-the-minute-after"),
        # 25 October 2026: 03:00 becomes 02:00; the hour from two to three comes twice.
        pytest.param(ms("2026-10-25 02:30"), ("night",), id="berlin-first-half-past-two"),
        pytest.param(ms("2026-10-25 02:30", fold=1), ("night",), id="berlin-second-half-past-two"),
        pytest.param(ms("2026-10-25 03:00"), ("day",), id="berlin-three"),
    ],
)
def test_a_shift_ends_by_the_clock_on_the_wall(at: int, names: tuple[str, ...]) -> None:
    text = "zone Europe/Berlin\nsun 00:00-03:00 night\nsun 03:00-09:00 day"
    assert on_call(text, at, zones=_ZONES.get) == names


def test_half_an_hour_of_daylight_saving() -> None:
    # Lord Howe sets its clocks by 30 minutes: on 4 October 2026 from 02:00 to 02:30.
    text = "zone Australia/Lord_Howe\nsun 00:00-02:15 night\nsun 02:15-09:00 day"
    before = ms("2026-10-04 01:59", LORD_HOWE)
    assert on_call(text, before, zones=_ZONES.get) == ("night",)
    assert on_call(text, before + 60_000, zones=_ZONES.get) == ("day",)


def test_of_an_hour_that_comes_twice_a_line_once_holds_all() -> None:
    text = "zone Europe/Berlin\n2026-10-25 02:30 .. 2026-10-25 02:45 ana"
    for fold in (0, 1):
        at = ms("2026-10-25 02:40", fold=fold)
        assert on_call(text, at, zones=_ZONES.get) == ("ana",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("mon-fri 09:00-18:00", "names no time and person", id="nobody"),
        pytest.param("mon-fri 9-18 ana", "`mon-fri 9-18` is no time", id="hours"),
        pytest.param("monday 09:00-18:00 ana", "is no time such as", id="day"),
        pytest.param("mon 09:00-18:00 @ana", "`@ana` is no person's name", id="group"),
        pytest.param("2026-02-30 00:00 .. 2026-03-01 00:00 ana", "is no date", id="date"),
        pytest.param("2026-03-02 00:00 .. 2026-03-01 00:00 ana", "ends before", id="order"),
        pytest.param("zone UTC", "stands before the first time", id="late-zone"),
        pytest.param("whatever", "names no time and person", id="anything"),
    ],
)
def test_a_fault_names_its_line_and_nobody_is_on_call(line: str, why: str) -> None:
    text = f"mon-sun 00:00-24:00 ana\n\n{line}\n"
    (fault,) = read_schedule(text, _ZONES.get).faults
    assert fault.startswith("line 3: ")
    assert why in fault
    assert on_call(text, ms("2026-11-20 12:00"), zones=_ZONES.get) == ()


def test_an_unknown_zone_is_a_fault() -> None:
    (fault,) = read_schedule("zone Europe/Atlantis\nmon 00:00-24:00 ana", _ZONES.get).faults
    assert fault == "line 1: `Europe/Atlantis` is no time zone such as `Europe/Berlin`"


@given(st.text(), st.integers(0, 4_000_000_000_000))
def test_any_text_is_read(text: str, at: int) -> None:
    schedule = read_schedule(text, _ZONES.get)
    assert not (schedule.faults and schedule.on_call(at))
