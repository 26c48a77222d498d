"""When something may be sent to a person who wants to be left alone at times."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.people.model import Person
from assent.core.people.quiet import quiet_hours, sends_at

BERLIN, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")


def ms(text: str, zone: tzinfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def person(*quiet: str) -> Person:
    return Person(name="ana", added_at=0, added_by="ana", quiet=quiet)


@pytest.mark.parametrize(
    ("quiet", "now", "zone", "sent"),
    [
        pytest.param((), "2026-11-20 23:00", UTC, "2026-11-20 23:00", id="never-quiet"),
        pytest.param(
            ("mon-sun 20:00-07:00",), "2026-11-20 19:59", UTC, "2026-11-20 19:59", id="not-yet"
        ),
        pytest.param(
            ("mon-sun 20:00-07:00",), "2026-11-20 20:00", UTC, "2026-11-21 07:00", id="a-night"
        ),
        pytest.param(
            ("fri 20:00-24:00", "sat,sun 00:00-24:00", "mon 00:00-08:00"),
            "2026-11-20 21:30",
            BERLIN,
            "2026-11-23 08:00",
            id="a-weekend-of-several-spans",
        ),
        pytest.param(
            ("mon-sun 22:00-07:00",), "2026-03-28 23:00", BERLIN, "2026-03-29 07:00", id="short"
        ),
        pytest.param(
            ("mon-sun 22:00-07:00",), "2026-10-24 23:00", BERLIN, "2026-10-25 07:00", id="long"
        ),
        pytest.param(
            ("sun 00:00-02:15",), "2026-10-04 01:00", LORD_HOWE, "2026-10-04 02:30", id="lord-howe"
        ),
        pytest.param(
            ("not a span",), "2026-11-20 23:00", UTC, "2026-11-20 23:00", id="unreadable-is-none"
        ),
    ],
)
def test_what_can_wait_is_sent_when_quiet_ends(
    quiet: tuple[str, ...], now: str, zone: tzinfo, sent: str
) -> None:
    found = sends_at(person(*quiet), ms(now, zone), urgent=False, zone=zone)
    assert found == ms(sent, zone)


def test_what_is_urgent_is_sent_at_once() -> None:
    now = ms("2026-11-20 23:00")
    assert sends_at(person("mon-sun 20:00-07:00"), now, urgent=True, zone=BERLIN) == now


def test_for_somebody_never_reachable_it_is_asked_again_in_a_week() -> None:
    now = ms("2026-11-20 23:00", UTC)
    found = sends_at(person("mon-sun 00:00-24:00"), now, urgent=False, zone=None)
    assert found - now == timedelta(days=7) / timedelta(milliseconds=1)


clock = st.integers(0, 23 * 60 + 59).map(lambda at: f"{at // 60:02}:{at % 60:02}")
spans = st.tuples(st.sampled_from(("mon-sun", "mon-fri", "sat,sun", "wed")), clock, clock).filter(
    lambda span: span[1] != span[2]
)


@given(
    st.lists(spans, max_size=3),
    st.integers(1_700_000_000_000, 1_900_000_000_000),
    st.sampled_from((BERLIN, LORD_HOWE, None)),
)
def test_nothing_is_sent_in_quiet_hours_and_nothing_later_than_needed(
    written: list[tuple[str, str, str]], now: int, zone: tzinfo | None
) -> None:
    ana = person(*(f"{days} {start}-{end}" for days, start, end in written))
    sent = sends_at(ana, now, urgent=False, zone=zone)
    quiet = quiet_hours(ana)
    assert sent >= now
    is_quiet = [span.holds(sent, zone) for span in quiet]
    assert not any(is_quiet) or sent - now > 6 * 86_400_000
    if sent > now:
        assert any(span.holds(sent - 1, zone) for span in quiet)
