"""What a run's environment says about being asked."""

import pytest

from assent.app.agents import human_in_loop


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        pytest.param("true", True, id="true"),
        pytest.param(" YES ", True, id="yes"),
        pytest.param("1", True, id="one"),
        pytest.param("false", False, id="false"),
        pytest.param("Off", False, id="off"),
        pytest.param("0", False, id="zero"),
        pytest.param("", None, id="empty"),
        pytest.param("maybe", None, id="anything-else"),
    ],
)
def test_words(said: str, meant: bool | None) -> None:
    assert human_in_loop({"HUMAN_IN_LOOP": said}) is meant


def test_silence() -> None:
    assert human_in_loop({}) is None
