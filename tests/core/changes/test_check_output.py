"""What linters print, as findings: SARIF and lines of text, whatever is in them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.check_output import read_lines, read_sarif, relative
from assent.core.changes.findings import Reported
from assent.core.changes.model import Severity

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "src/a.py:3: error: Incompatible types  [assignment]",
            Reported("assignment", E, "Incompatible types", "src/a.py", 3),
            id="mypy",
        ),
        pytest.param(
            "src/a.py:3:7: note: Revealed type is int",
            Reported("finding", I, "Revealed type is int", "src/a.py", 3),
            id="mypy-note",
        ),
        pytest.param(
            "a.py:1:8: F401 [*] `os` imported but unused",
            Reported("F401", W, "`os` imported but unused", "a.py", 1),
            id="ruff",
        ),
        pytest.param(
            "./a.py:12:80: E501 line too long (82 > 79 characters)",
            Reported("E501", W, "line too long (82 > 79 characters)", "a.py", 12),
            id="flake8",
        ),
        pytest.param(
            "/repo/src/a.js:4:1: 'x' is not defined. [Error/no-undef]",
            Reported("no-undef", E, "'x' is not defined.", "src/a.js", 4),
            id="eslint-unix",
        ),
        pytest.param(
            "main.c:3:5: warning: unused variable 'x' [-Wunused-variable]",
            Reported("finding", W, "unused variable 'x' [-Wunused-variable]", "main.c", 3),
            id="gcc",
        ),
        pytest.param(
            "main.c:9:10: fatal error: foo.h: No such file or directory",
            Reported("finding", E, "foo.h: No such file or directory", "main.c", 9),
            id="gcc-fatal",
        ),
        pytest.param(
            "src/a.ts(5,3): error TS2304: Cannot find name 'y'.",
            Reported("TS2304", E, "Cannot find name 'y'.", "src/a.ts", 5),
            id="tsc",
        ),
        pytest.param(
            "pkg/x.go:10:2: Error return value is not checked (errcheck)",
            Reported("errcheck", W, "Error return value is not checked", "pkg/x.go", 10),
            id="golangci-lint",
        ),
        pytest.param(
            "\x1b[1msrc/a.py\x1b[0m:3:\x1b[31m error:\x1b[0m wrong",
            Reported("finding", E, "wrong", "src/a.py", 3),
            id="coloured",
        ),
        pytest.param("a.py:3: wrong", Reported("finding", W, "wrong", "a.py", 3), id="the-least"),
        pytest.param(
            "a.txt:3:TODO later", Reported("finding", W, "TODO later", "a.txt", 3), id="grep"
        ),
        pytest.param("Error at 10:30: it went wrong", None, id="a-time"),
        pytest.param("Found 3 errors in 1 file", None, id="a-sentence"),
        pytest.param("  File a.py:3: indented", None, id="indented"),
        pytest.param("../out.py:3: wrong", None, id="outside"),
        pytest.param("/etc/passwd:3: wrong", None, id="elsewhere"),
        pytest.param("a.py:99999999999: wrong", None, id="no-number-of-a-line"),
    ],
)
def test_lines(line: str, expected: Reported | None) -> None:
    found = read_lines(f"first\n{line}\nlast\n".encode(), roots=("/repo",))
    assert found == (() if expected is None else (expected,))


def test_the_rule_says_how_bad_it_is_where_the_line_does_not() -> None:
    [found] = read_lines(b"a.py:3: wrong", severity=E)
    assert found.severity is E


RUFF = """\
F401 [*] `os` imported but unused
 --> src/a.py:1:8
  |
1 | import os
  |        ^^
  |
help: Remove unused import: `os`

Found 1 error.
"""
RUSTC = """\
error[E0425]: cannot find value `y` in this scope
 --> src/main.rs:2:5
  |
2 |     y
warning: unused variable: `x`
  --> src/main.rs:7:9
"""
ESLINT = """\
/repo/src/a.js
   3:1   error    'x' is not defined             no-undef
  10:12  warning  Unexpected console statement   no-console

/repo/src/b.js
   1:1  error  Parsing error: Unexpected token

\u2716 3 problems (2 errors, 1 warning)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            RUFF, [Reported("F401", W, "`os` imported but unused", "src/a.py", 1)], id="ruff"
        ),
        pytest.param(
            RUSTC,
            [
                Reported("E0425", E, "cannot find value `y` in this scope", "src/main.rs", 2),
                Reported("finding", W, "unused variable: `x`", "src/main.rs", 7),
            ],
            id="rustc",
        ),
        pytest.param(
            ESLINT,
            [
                Reported("no-undef", E, "'x' is not defined", "src/a.js", 3),
                Reported("no-console", W, "Unexpected console statement", "src/a.js", 10),
                Reported("finding", E, "Parsing error: Unexpected token", "src/b.js", 1),
            ],
            id="eslint",
        ),
    ],
)
def test_places_on_lines_of_their_own(text: str, expected: list[Reported]) -> None:
    assert list(read_lines(text.encode(), roots=("/repo",))) == expected


def sarif(*results: object, **run: object) -> bytes:
    return json.dumps({"version": "2.1.0", "runs": [{"results": results, **run}]}).encode()


def result(uri: str = "src/a.py", **more: Any) -> dict[str, object]:
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 3, "endLine": 4}}
    return {
        "ruleId": "R1",
        "message": {"text": "wrong"},
        "locations": [{"physicalLocation": place}],
        **more,
    }


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        pytest.param("src/a.py", "src/a.py", id="relative"),
        pytest.param("./src/../src/a.py", "src/a.py", id="dots"),
        pytest.param("file:///repo/src/a.py", "src/a.py", id="file"),
        pytest.param("file://localhost/repo/src/a.py", "src/a.py", id="file-of-a-host"),
        pytest.param("/repo/src/a.py", "src/a.py", id="absolute"),
        pytest.param("src/with%20blank/%C3%A9.py", "src/with blank/é.py", id="percent"),
        pytest.param("src/%e2%28.py", "src/\udce2(.py", id="not-utf-8"),
        pytest.param("file:///elsewhere/a.py", None, id="elsewhere"),
        pytest.param("../a.py", None, id="outside"),
        pytest.param("src/%2e%2e/%2e%2e/a.py", None, id="outside-by-percent"),
        pytest.param("https://example.com/a.py", None, id="no-file"),
        pytest.param("src/a%00.py", None, id="nul"),
    ],
)
def test_sarif_places(uri: str, path: str | None) -> None:
    found = read_sarif(sarif(result(uri)), roots=("/repo",))
    assert found is not None
    assert [item.path for item in found] == ([] if path is None else [path])


def test_sarif_in_full() -> None:
    [found] = read_sarif(sarif(result(level="error"))) or ()
    assert found == Reported("R1", E, "wrong", "src/a.py", 3, 4)


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        pytest.param({"level": "error"}, E, id="error"),
        pytest.param({"level": "warning"}, W, id="warning"),
        pytest.param({"level": "note"}, I, id="note"),
        pytest.param({"level": "none"}, I, id="none"),
        pytest.param({}, W, id="not-said"),
        pytest.param({"level": "nonsense"}, W, id="nonsense"),
        pytest.param({"ruleId": "", "ruleIndex": 0}, E, id="by-its-rule"),
        pytest.param({"ruleId": "R9"}, E, id="by-the-name-of-its-rule"),
        pytest.param({"suppressions": [{"kind": "inSource"}]}, None, id="suppressed"),
        pytest.param({"suppressions": [{"status": "rejected"}]}, W, id="not-suppressed"),
        pytest.param({"suppressions": []}, W, id="nothing-suppressed"),
        pytest.param({"kind": "pass"}, None, id="passed"),
        pytest.param({"baselineState": "absent"}, None, id="gone"),
    ],
)
def test_sarif_levels(more: dict[str, Any], severity: Severity | None) -> None:
    rules = [{"id": "R9", "defaultConfiguration": {"level": "error"}}]
    found = read_sarif(sarif(result(**more), tool={"driver": {"rules": rules}}))
    assert found is not None
    assert [item.severity for item in found] == ([] if severity is None else [severity])


def test_sarif_messages_by_id_artifacts_by_index_and_bases() -> None:
    given = {
        "rule": {"id": "R2"},
        "message": {"id": "default", "arguments": ["x", 3]},
        "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}],
    }
    [found] = (
        read_sarif(
            sarif(
                given,
                artifacts=[{"location": {"uri": "a.py", "uriBaseId": "SRC"}}],
                originalUriBaseIds={"SRC": {"uri": "file:///repo/src/"}},
                tool={
                    "driver": {
                        "rules": [
                            {"id": "R2", "messageStrings": {"default": {"text": "{0} is wrong"}}}
                        ]
                    }
                },
            ),
            roots=("/repo",),
        )
        or ()
    )
    assert (found.path, found.line, found.message) == ("src/a.py", 0, "x is wrong")


def test_sarif_between_other_lines() -> None:
    assert read_sarif(b"checking\n" + sarif(result()) + b"\ndone\n")


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"{}", b'{"runs": 3}', b"[" * 100_000, b'{"a":' * 50_000 + b"}", b"\xff{}"],
    ids=["empty", "broken", "list", "no-runs", "runs-no-list", "deep", "deep-object", "bytes"],
)
def test_what_is_no_sarif(text: bytes) -> None:
    assert read_sarif(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "message",
                    "text",
                    "locations",
                    "physicalLocation",
                    "artifactLocation",
                    "uri",
                    "region",
                    "startLine",
                    "ruleIndex",
                    "rule",
                    "suppressions",
                    "level",
                    "arguments",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_sarif_is_read_whatever_it_holds(of_result: object, of_run: object) -> None:
    run = of_run if isinstance(of_run, dict) else {"tool": of_run, "artifacts": of_run}
    for item in read_sarif(sarif(of_result, **run), roots=("/repo",)) or ():
        assert not item.path.startswith(("/", "../"))


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda t: t.encode("utf-8", "replace")))
def test_lines_are_read_whatever_they_hold(text: bytes) -> None:
    for item in read_lines(text + b"\na.py:1: " + text, roots=("/repo",)):
        assert relative(item.path, ()) == item.path


def test_a_hostile_line_costs_little() -> None:
    assert read_lines(b"a:" * 500_000 + b"\n" + b"a.py:1: " + b"[(" * 100_000) is not None
