"""What a person may write for the end of a delay."""

from datetime import datetime, timedelta, timezone

import pytest

from assent.entrypoints.cli.delay import moment_of
from assent.errors import UsageError

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 20, 14, 30, 15, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("90s", "2026-11-20 14:31:45+02:00", id="seconds"),
        pytest.param("30m", "2026-11-20 15:00:15+02:00", id="minutes"),
        pytest.param("30min", "2026-11-20 15:00:15+02:00", id="minutes-in-full"),
        pytest.param("2 h", "2026-11-20 16:30:15+02:00", id="hours-with-a-space"),
        pytest.param("1d", "2026-11-21 14:30:15+02:00", id="days"),
        pytest.param(" 1d ", "2026-11-21 14:30:15+02:00", id="spaces-around"),
        pytest.param("18:00", "2026-11-20 18:00:00+02:00", id="later-today"),
        pytest.param("9:05", "2026-11-21 09:05:00+02:00", id="tomorrow"),
        pytest.param("14:30", "2026-11-21 14:30:00+02:00", id="this-minute-is-tomorrow"),
        pytest.param("2026-12-24 09:00", "2026-12-24 09:00:00+02:00", id="date-and-time"),
        pytest.param("2026-12-24T09:00", "2026-12-24 09:00:00+02:00", id="iso"),
        pytest.param("2026-12-24T09:00Z", "2026-12-24 09:00:00+00:00", id="iso-with-zone"),
        pytest.param("2026-12-24", "2026-12-24 00:00:00+02:00", id="date"),
    ],
)
def test_a_moment(text: str, moment: str) -> None:
    assert moment_of(text, now=NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10",
        "-5m",
        "1.5h",
        "1w",
        "25:00",
        "2026-13-01",
        "99999999999d",
        "9" * 5000 + "d",
        "\u0663\u0660m\u200b",
    ],
)
def test_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        moment_of(text, now=NOW)
