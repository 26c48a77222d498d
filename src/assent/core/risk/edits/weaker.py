"""Tests and checks that a change makes weaker: told from the lines it takes away and adds.

Line patterns, on purpose: they hold for the hunks of any language, and what they miss is still an
edit of a test or of a check that is shown as such.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assent.core.risk.edits.classes import PathClass
from assent.core.risk.edits.diffs import Hunk, Line


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern of lines. One of the marks stands, in lower case, in every line it matches."""

    marks: tuple[str, ...]
    pattern: re.Pattern[str]

    def count(self, lines: Sequence[str]) -> int:
        text = "\n".join(lines).lower()
        if not any(mark in text for mark in self.marks):
            return 0
        return sum(self.pattern.search(line) is not None for line in lines)


def _sign(marks: str, pattern: re.Pattern[str]) -> _Sign:
    return _Sign(tuple(marks.split()), pattern)


_COMMENT = re.compile(r"\s*(?:#(?!\[)|//|/\*|\*|--|<!--)")

_TEST = re.compile(
    r"""
    ^\s*(?:async\s+)?def\s+(?P<py>test\w*)\s*\(
    | ^\s*(?:it|test|specify)(?:\.each\(.*\))?\(\s*(?P<quote>['"`])(?P<js>.+?)(?P=quote)
    | ^func\s+(?:\(.*?\)\s*)?(?P<go>(?:Test|Fuzz|Example)\w*)\(
    | ^\s*(?:public\s+)?(?:void|fun)\s+(?P<java>test\w*|`[^`]+`)\s*\(
    | ^\s*(?:it|specify|test|scenario)\s+(?P<rquote>['"])(?P<ruby>.+?)(?P=rquote)
    """,
    re.VERBOSE,
)
_ASSERTION = _sign(
    "assert expect require. should verify( t.error t.fatal pytest.raises refute must_",
    re.compile(
        r"\b(?:assert\w*!?|expect(?:Error|That)?\s*\(|require\.\w+|should(?:\.|\s|Be|_)|verify\(|"
        r"t\.(?:Error|Fatal)f?\(|pytest\.raises|refute\w*|must_\w+|XCTAssert\w*)"
    ),
)
_SKIP = _sign(
    "skip xfail expectedfailure todo fixme failing xit("
    " xtest( xdescribe( xcontext( xspecify( [ignore @disabled @ignore assume.",
    re.compile(
        r"""
    @(?:\w+\.)*(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b
    | \bpytest\.(?:skip|xfail)\( | \.skipTest\( | \bpytestmark\s*=.*(?:skip|xfail)
    | \b(?:it|test|describe|context|suite)\.(?:skip|todo|fixme|failing)\b
    | (?:^|\s)x(?:it|test|describe|context|specify)\(
    | \b[tb]\.Skip(?:f|Now)?\( | \#\[ignore | @(?:Disabled|Ignore)\b | \bAssume\.assume
    | \bmarkTestSkipped\( | ^\s*skip\s+['"]
    """,
        re.VERBOSE,
    ),
)
_ONLY = _sign(
    ".only fit( fdescribe(",
    re.compile(r"\b(?:it|test|describe|context|suite)\.only\b|(?:^|\s)f(?:it|describe)\("),
)
_VACUOUS = _sign(
    "assert expect(",
    re.compile(
        r"\bassert\s*\(?\s*(?:True|1)\b\s*\)?\s*(?:#|,|$)|assertTrue\(\s*[Tt]rue\b|\bassert!\(true\)"
        r"|expect\(\s*(?:true|1)\s*\)\s*\.\s*to(?:Be|Equal|BeTruthy)"
        r"|\bassert\b.*\b(?:or True|\|\| true)\b"
    ),
)
_BROAD = _sign(
    "except catch",
    re.compile(r"^\s*except(?:\s*:|\s+(?:Base)?Exception\b)|\bcatch\s*\([^)]*\)\s*\{\s*\}"),
)

_CI_WEAKER = (
    (re.compile(r"\bcontinue-on-error\s*:\s*['\"]?true"), "lets a failing step pass"),
    (re.compile(r"\ballow_failure\s*:\s*true"), "lets a failing job pass"),
    (re.compile(r"\|\|\s*(?:true|:|exit 0|echo)\b|\|\|\s*:"), "ignores that a command fails"),
    (re.compile(r"^\s*(?:-\s*)?if\s*:\s*(?:false|\$\{\{\s*false)"), "switches a step off"),
    (re.compile(r"--exit-zero|--passWithNoTests|--no-verify\b|\bset \+e\b"), "ignores failures"),
    (re.compile(r"\bfail_ci_if_error\s*:\s*false|soft_fail\s*:\s*true"), "ignores failures"),
)
_CHECK_RUN = re.compile(
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|mypy|pyright|ruff|flake8|pylint|eslint|tsc|rspec|phpunit"
    r"|(?:go|cargo|npm|pnpm|yarn|bun|make|gradlew?|mvn|dotnet|swift|deno)\s+(?:run\s+)?"
    r"(?:test|check|lint|vet|clippy)"
    r"|codeql|semgrep|trivy|bandit|gitleaks|golangci-lint)\b"
)
_THRESHOLD = re.compile(
    r"(?P<name>fail[-_]under|cov-fail-under|branches|functions|lines|statements|threshold|minimum)"
    r"['\"]?\s*[:=]\s*['\"]?(?P<number>\d{1,3}(?:\.\d+)?)"
)
_SUPPRESSION = _sign(
    "noqa type: pylint pragma pyright @ts- eslint-disable"
    " biome-ignore nolint allow( @suppress rubocop: swiftlint: ignore",
    re.compile(
        r"#\s*noqa|#\s*type:\s*ignore|#\s*pylint:\s*disable|#\s*pragma:\s*no cover"
        r"|#\s*pyright:\s*ignore|@ts-ignore|@ts-expect-error|eslint-disable|biome-ignore|//\s*nolint|#!?\[allow\("
        r"|@SuppressWarnings|@Suppress\(|rubocop:disable|NOLINT|swiftlint:disable|istanbul ignore"
        r"|c8 ignore"
    ),
)
_SILENCED = _sign(
    "nosec nosemgrep nosonar @ts-nocheck ignore-errors"
    " noqa eslint-disable codeql[ lgtm[ gitleaks:allow allowlist",
    re.compile(
        r"#\s*nosec|nosemgrep|NOSONAR|@ts-nocheck|#\s*mypy:\s*ignore-errors|#\s*flake8:\s*noqa\s*$"
        r"|#\s*ruff:\s*noqa\s*$|/\*\s*eslint-disable\s*\*/|codeql\[|lgtm\[|gitleaks:allow"
        r"|pragma: allowlist"
    ),
)

Weaker = tuple[str, str]
"""A rule and what it found, verb first."""


def weaker_tests(hunks: Sequence[Hunk]) -> Iterator[Weaker]:
    """How the tests of one file, of which these are the changed places, became weaker."""
    removed, added = _code(hunks, "removed"), _code(hunks, "added")
    gone = _names(removed) - _names(added)
    come = _names(added) - _names(removed)
    if len(gone) > len(come):
        yield "test-removed", f"removes {_listed(sorted(gone))}"
    if _SKIP.count(added) > _SKIP.count(removed):
        yield "test-skipped", "skips tests"
    if _ONLY.count(added) > _ONLY.count(removed):
        yield "test-skipped", "runs only some of the tests"
    if _VACUOUS.count(added) > _VACUOUS.count(removed):
        yield "test-weakened", "adds a check that always holds"
    if _BROAD.count(added) > _BROAD.count(removed):
        yield "test-weakened", "swallows errors in a test"
    fewer = _ASSERTION.count(removed) - _ASSERTION.count(added)
    if fewer > 0:
        yield "test-weakened", f"has {fewer} fewer assertion{'s' if fewer > 1 else ''}"


def weaker_checks(hunks: Sequence[Hunk], classes: frozenset[PathClass]) -> Iterator[Weaker]:
    """How what checks the code became weaker: CI, thresholds, suppressions."""
    removed, added = _code(hunks, "removed"), _code(hunks, "added")
    if PathClass.CI in classes or PathClass.MANIFEST in classes:
        for pattern, says in _CI_WEAKER:
            if _count(pattern, added) > _count(pattern, removed):
                yield "check-weakened", says
    if PathClass.CI in classes:
        lost = _runs(removed) - _runs(added)
        if lost:
            yield "check-weakened", f"no longer runs {_listed(sorted(lost))}"
    yield from _lowered(removed, added)
    yield from _suppressed(hunks)


def _lowered(removed: Sequence[str], added: Sequence[str]) -> Iterator[Weaker]:
    was, now = _thresholds(removed), _thresholds(added)
    for name in sorted(was.keys() & now.keys()):
        if now[name] < was[name]:
            yield "check-weakened", f"lowers {name} from {was[name]:g} to {now[name]:g}"


def _suppressed(hunks: Sequence[Hunk]) -> Iterator[Weaker]:
    removed = [line.text for hunk in hunks for line in hunk.removed]
    added = [line.text for hunk in hunks for line in hunk.added]
    if _SILENCED.count(added) > _SILENCED.count(removed):
        yield "check-silenced", "silences a security or whole-file check"
    elif _SUPPRESSION.count(added) > _SUPPRESSION.count(removed):
        yield "check-suppressed", "suppresses a warning of a linter or type checker"


def _code(hunks: Sequence[Hunk], side: str) -> list[str]:
    """Changed lines that are not comments: a test that is commented out is gone."""
    lines: list[Line] = [
        line for hunk in hunks for line in (hunk.removed if side == "removed" else hunk.added)
    ]
    return [line.text for line in lines if not _COMMENT.match(line.text)]


def _names(lines: Sequence[str]) -> set[str]:
    found = (_TEST.search(line) for line in lines)
    return {next(filter(None, _named(match)), "") for match in found if match}


def _named(match: re.Match[str]) -> Iterator[str | None]:
    return (match.group(name) for name in ("py", "js", "go", "java", "ruby"))


def _runs(lines: Sequence[str]) -> set[str]:
    return {match.group() for line in lines for match in _CHECK_RUN.finditer(line)}


def _thresholds(lines: Sequence[str]) -> dict[str, float]:
    found = (match for line in lines for match in _THRESHOLD.finditer(line))
    return {match.group("name"): float(match.group("number")) for match in found}


def _count(pattern: re.Pattern[str], lines: Sequence[str]) -> int:
    return sum(pattern.search(line) is not None for line in lines)


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - 3} more" if len(items) > 3 else ""
    return ", ".join(item[:60] for item in items[:3]) + more
