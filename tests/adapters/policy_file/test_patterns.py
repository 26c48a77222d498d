"""Patterns of team rules: what could take long is refused, and the rest is quick on any line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.policy_file.patterns import refused_pattern
from assent.core.policy.team import LINE


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bconsole\.log\(",
        r"import .* from ['\"]moment['\"]",
        r"TODO|FIXME",
        r"(?:var|let) \w+",
        r"^\s*print\(",
        r"[a-z]{3,20}_id",
        r"(eval|exec)\(",
        r"(?:https?)?://",
    ],
)
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    assert refused_pattern(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param("(a+)+b", "no other repetition", id="nested"),
        pytest.param("(a|aa)+b", "no other repetition", id="choice-inside"),
        pytest.param("((a?)b)*", "no other repetition", id="nested-deeper"),
        pytest.param("a+a+", "side by side", id="side-by-side"),
        pytest.param(".*a.*b.*c", "at most 2", id="too-many"),
        pytest.param("a{0,50}xb{0,50}xc{0,50}", "at most 2", id="too-many-counted"),
        pytest.param(r"(a)\1", "refer back", id="reference"),
        pytest.param("(?=a)b", "plain groups", id="looking-around"),
        pytest.param("(?i)a", "plain groups", id="flags"),
        pytest.param("a{2000}", "counts to 100", id="long-count"),
        pytest.param("(", "no regular expression", id="broken"),
        pytest.param("a" * 201, "1 to 200", id="long"),
        pytest.param("", "1 to 200", id="empty"),
    ],
)
def test_what_could_take_long_is_refused(pattern: str, why: str) -> None:
    assert why in refused_pattern(pattern)


@given(st.text(alphabet="ab.*+?|()[]{}\\s1,", max_size=30))
def test_any_pattern_is_judged_and_what_is_taken_compiles(pattern: str) -> None:
    if not refused_pattern(pattern):
        assert re.compile(pattern).pattern == pattern


@given(
    st.text(alphabet="ab.*+?|()\\sw", min_size=1, max_size=14), st.sampled_from(("a", "ab", " a"))
)
def test_what_is_taken_ends_on_a_hostile_line(pattern: str, unit: str) -> None:
    """One that went back and forth without end would never get here."""
    if not refused_pattern(pattern):
        line = (unit * LINE)[: LINE - 1] + "!"
        assert re.search(pattern, line) is None or pattern
