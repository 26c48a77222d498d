import pytest

from assent.adapters.agents.globs import searched_folder
from assent.adapters.agents.payloads import UnreadablePayload


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        pytest.param("**/*.py", "/w", id="wildcard-first"),
        pytest.param("*.py", "/w", id="one-part"),
        pytest.param("src/**/*.py", "/w/src", id="below"),
        pytest.param("src/a*.py", "/w/src", id="wildcard-in-a-name"),
        pytest.param("/etc/*", "/etc", id="absolute"),
        pytest.param("/*", "/", id="root"),
        pytest.param("/etc/passwd", "/etc/passwd", id="no-wildcard"),
        pytest.param("../other/*", "/w/../other", id="parent-before-the-wildcard"),
        pytest.param("{a,b}/c", "/w", id="alternatives"),
        pytest.param("", "/w", id="empty"),
    ],
)
def test_a_pattern_searches_the_folder_before_its_first_wildcard(pattern: str, folder: str) -> None:
    assert searched_folder(pattern, "/w") == folder


@pytest.mark.parametrize("pattern", ["*/../../etc/passwd", "{a,../../etc}/x", "{/etc/passwd,a}"])
def test_a_pattern_that_may_lead_elsewhere_is_not_read(pattern: str) -> None:
    with pytest.raises(UnreadablePayload):
        searched_folder(pattern, "/w")
