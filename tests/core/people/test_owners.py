"""CODEOWNERS as GitHub and GitLab read it; what is odd in one never crashes or frees a path."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.people.owners import (
    CodeOwners,
    Line,
    Section,
    is_fitting,
    owners_of,
    read_codeowners,
)

GITHUB = """
# Owners of everything
*       @all
*.js    @js @js2 # inline
/build/logs/ @doctocat
docs/*  docs@example.com
apps/   @octocat
/docs/  @doctocat
/apps/github
**/logs @logs
/scripts/ @scripts
/a\\ b/  @space
\\#x     @hash
/deep/**/last @deep
/all/** @below
/q?.txt @question
"""

FROM_GITHUB = [
    ("x.py", "@all"),
    ("a/b/x.js", "@js @js2"),
    ("build/logs/x", "@logs"),
    ("build/x", "@all"),
    ("other/build/logs/x", "@logs"),
    ("docs/a.md", "@doctocat"),
    ("docs/in/a.md", "@doctocat"),
    ("in/docs/a.md", "@all"),
    ("apps/x/y", "@octocat"),
    ("in/apps/x", "@octocat"),
    ("apps/github", ""),
    ("apps/github/x", ""),
    ("in/apps/github", "@octocat"),
    ("scripts", "@all"),
    ("scripts/x", "@scripts"),
    ("a b/x", "@space"),
    ("#x", "@hash"),
    ("deep/last", "@deep"),
    ("deep/1/2/last/x", "@deep"),
    ("all", "@all"),
    ("all/x/y", "@below"),
    ("q1.txt", "@question"),
    ("q12.txt", "@all"),
]


@pytest.mark.parametrize(("path", "owners"), [pytest.param(*row, id=row[0]) for row in FROM_GITHUB])
def test_the_last_line_that_fits_counts(path: str, owners: str) -> None:
    found = owners_of(path, read_codeowners(GITHUB))
    assert " ".join(name for owned in found for name in owned.owners) == owners


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        pytest.param("docs/*", "docs/a", True, id="files-of-a-folder"),
        pytest.param("docs/*", "docs/a/b", False, id="not-of-its-folders"),
        pytest.param("/*", "a", True, id="files-of-the-root"),
        pytest.param("/*", "a/b", False, id="no-others"),
        pytest.param("*", "a/b/c", True, id="everything"),
        pytest.param("a", "x/a/y", True, id="a-folder-anywhere"),
        pytest.param("/a", "x/a", False, id="from-the-root"),
        pytest.param("x/a", "y/x/a", False, id="with-a-slash-from-the-root"),
        pytest.param("a/", "a", False, id="folders-only"),
        pytest.param("a/", "x/a/b", True, id="a-folder-anywhere-by-its-slash"),
        pytest.param("*.md/", "x.md/a", True, id="a-folder-by-wildcard"),
        pytest.param("**/a/b", "a/b", True, id="any-folders-or-none"),
        pytest.param("**/a/b", "a/a/b", True, id="any-folders-go-back"),
        pytest.param("a/**/a/b", "a/x/a/a/b", True, id="folders-between"),
        pytest.param("a/**", "a", False, id="inside-only"),
        pytest.param("a/*/c", "a/b/c/d", True, id="below-a-wildcard"),
        pytest.param("a/*/c", "a/b/b/c", False, id="one-folder"),
        pytest.param("*a*b*", "xaxbx", True, id="stars"),
        pytest.param("*a*b", "xbxa", False, id="stars-in-order"),
        pytest.param("a\\*", "a*", True, id="escaped"),
        pytest.param("a\\*", "ab", False, id="escaped-is-itself"),
        pytest.param("A", "a", False, id="letters-count"),
        pytest.param("/", "a", False, id="nothing"),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    assert is_fitting(pattern, path.split("/")) is fits


GITLAB = """
* @default
[Docs][2] @docs @docs2
docs/
*.md @md
^[Optional]
*.md @nobody
[docs]
/docs/free/
[Backend] @backend
/api/
!/api/excluded
[a-z].txt @range
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        pytest.param("x", [(("@default",), 1)], id="no-section"),
        pytest.param("docs/x", [(("@default",), 1), (("@docs", "@docs2"), 2)], id="its-defaults"),
        pytest.param("docs/x.md", [(("@default",), 1), (("@md",), 2)], id="none-optional"),
        pytest.param("docs/free/x", [(("@default",), 1)], id="one-section-of-two-parts"),
        pytest.param("api/x", [(("@default",), 1), (("@backend",), 1)], id="two-sections"),
        pytest.param("api/excluded", [(("@default",), 1), (("@backend",), 1)], id="not-freed"),
        pytest.param("b.txt", [(("@default",), 1)], id="ranges-are-passed-over"),
    ],
)
def test_sections_each_have_their_say(path: str, owners: list[tuple[tuple[str, ...], int]]) -> None:
    found = owners_of(path, read_codeowners(GITLAB))
    assert [(each.owners, each.count) for each in found] == owners


def test_a_section_is_optional_only_where_all_its_parts_say_so() -> None:
    both = read_codeowners("^[A]\na @a\n[a]\nb @b\n")
    assert [section.is_optional for section in both.sections] == [False]
    assert owners_of("a", read_codeowners("^[A][0]\na @a\n")) == ()


# --- whatever stands there

NAMES = st.text("ab", min_size=1, max_size=2)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = NAMES | st.sampled_from(("*", "**", "a*", "?"))
PATTERNS = st.builds(
    lambda start, parts, end: f"{start}{'/'.join(parts)}{end}",
    st.sampled_from(("", "/")),
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(("", "/")),
)


@given(PATTERNS, PATHS)
def test_patterns_fit_as_regular_expressions_do(pattern: str, path: str) -> None:
    assert is_fitting(pattern, path.split("/")) == bool(_expression(pattern).fullmatch(path))


def _expression(pattern: str) -> re.Pattern[str]:
    """The same meaning, written in another way."""
    inner = pattern.strip("/").split("/")
    if not pattern.startswith("/") and len(inner) == 1:
        inner = ["**", *inner]
    text = ""
    for number, part in enumerate(inner):
        is_last = number == len(inner) - 1
        if part == "**":
            text += "[^/]+(?:/[^/]+)*" if is_last else "(?:[^/]+/)*"
        else:
            text += part.replace("*", "[^/]*").replace("?", "[^/]") + ("" if is_last else "/")
    if pattern.endswith("/"):
        return re.compile(f"{text}/.+")
    return re.compile(text if inner[-1] == "*" else f"{text}(?:/.+)?")


LINES = st.builds(Line, PATTERNS, st.lists(st.sampled_from(("@a", "b@c")), max_size=2).map(tuple))


@given(st.lists(LINES, max_size=6), PATHS)
def test_a_file_says_what_was_written_and_the_last_that_fits_counts(
    lines: list[Line], path: str
) -> None:
    text = "\n".join(" ".join((line.pattern, *line.owners)) for line in lines)
    read = read_codeowners(text)
    assert read == (CodeOwners((Section(lines=tuple(lines)),)) if lines else CodeOwners())
    fitting = [line.owners for line in lines if is_fitting(line.pattern, path.split("/"))]
    expected = [fitting[-1]] if fitting and fitting[-1] else []
    assert [owned.owners for owned in owners_of(path, read)] == expected


@given(st.text(st.sampled_from("ab/*?[]^!#\\ \n\t@2"), max_size=60) | st.text(max_size=40), PATHS)
def test_nothing_that_stands_there_is_a_fault(text: str, path: str) -> None:
    for owned in owners_of(path, read_codeowners(text)):
        assert owned.owners
        assert owned.count >= 1


def test_a_long_pattern_takes_no_long_time() -> None:
    stars = "*a" * 200 + "b"
    assert not is_fitting(f"/{stars}", ["a" * 4_000])
    folders = "/".join(["**", "a"] * 50)
    assert not is_fitting(f"{folders}/b", ["a"] * 200)
