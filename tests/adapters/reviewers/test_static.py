"""What the static reviewers find in a change, and where."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.adapters.reviewers import PolicyReviewers
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import (
    HunkId,
    Opinion,
    ReviewerKind,
    Severity,
    ValuePayload,
    Verdict,
)
from assent.core.policy.changes import ChangeRules, CheckRule, ModelRule
from assent.core.policy.team import TeamRule
from assent.core.risk.edits import FileVersion
from assent.errors import UnavailableError
from tests.adapters.reviewers.subjects import (
    Clock,
    PaperCheckouts,
    PaperTexts,
    Texts,
    patches,
    subject,
)

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
KEY = "AKIA" + "IOSFODNN7WORLD42"
PASSWORD = "correct-horse-7-battery"


async def reviewed(
    name: str,
    before: Texts,
    after: Texts,
    *,
    team: tuple[TeamRule, ...] = (),
    others: frozenset[str] = frozenset(),
) -> Verdict:
    reviewers = PolicyReviewers(
        texts=PaperTexts(before, after, others), checkouts=PaperCheckouts({}), clock=Clock()
    )
    [reviewer] = [each for each in reviewers.static(ChangeRules()) if each.name == name]
    return await reviewer.review(subject(patches(before, after), team=team))


def told(verdict: Verdict) -> list[tuple[str, Severity, str, int]]:
    return [(item.rule, item.severity, item.path, item.line) for item in verdict.findings]


async def test_a_verdict_says_who_what_and_how_long() -> None:
    verdict = await reviewed("secrets", {"a.py": "x\n"}, {"a.py": "y\n"})
    assert (verdict.reviewer, verdict.kind, verdict.revision) == ("secrets", ReviewerKind.STATIC, 2)
    assert (verdict.opinion, verdict.summary) == (Opinion.APPROVE, "nothing found")
    assert verdict.took_ms > 0
    assert verdict.made_with.startswith("Assent ")


# Secrets


async def test_a_secret_is_an_error_at_its_line_and_is_never_shown() -> None:
    after = f'a = 1\nkey = "{KEY}"\npassword = "{PASSWORD}"\n'
    verdict = await reviewed("secrets", {"src/a.py": "a = 1\n"}, {"src/a.py": after})
    assert told(verdict) == [("secret", E, "src/a.py", 2), ("secret", E, "src/a.py", 3)]
    assert verdict.opinion is Opinion.CHANGES
    assert verdict.summary == "2 errors"
    assert KEY not in repr(verdict)
    assert PASSWORD not in repr(verdict)
    assert verdict.findings[0].quote == 'key = "[hidden]"'


@pytest.mark.parametrize(
    ("path", "line", "severity"),
    [
        pytest.param("tests/test_a.py", f'password = "{PASSWORD}"', W, id="made-up-in-a-test"),
        pytest.param(".env.example", f"PASSWORD={PASSWORD}", W, id="made-up-in-a-sample"),
        pytest.param("tests/test_a.py", f'key = "{KEY}"', E, id="a-real-key-in-a-test"),
        pytest.param("src/a.py", 'password = "changeme"', None, id="a-placeholder"),
    ],
)
async def test_made_up_secrets(path: str, line: str, severity: Severity | None) -> None:
    verdict = await reviewed("secrets", {}, {path: line + "\n"})
    assert [item.severity for item in verdict.findings] == ([] if severity is None else [severity])


async def test_a_secret_that_goes_or_stays_is_none_of_this_change() -> None:
    both = f'a = "{KEY}"\nb = "{KEY}"\n'
    verdict = await reviewed("secrets", {"a.py": both}, {"a.py": f'a = "{KEY}"\nc = 1\n'})
    assert verdict.findings == ()


async def test_a_key_over_several_lines_is_one_finding() -> None:
    marker = "PRIVATE KEY"
    text = f"x\n-----BEGIN {marker}-----\nabc\ndef\n-----END {marker}-----\n"
    verdict = await reviewed("secrets", {}, {"id": text})
    assert [item.line for item in verdict.findings] == [2]


# The team's rules

NO_PRINT = TeamRule("no-print", r"\bprint\(", "use the logger", ("src/**/*.py",))
NO_FIXME = TeamRule("no-fixme", "FIXME", "open an issue")


async def test_team_rules_are_held_against_added_lines_of_their_files() -> None:
    before = {"src/a.py": "print(1)\n", "tool.py": "x\n"}
    after = {"src/a.py": "print(1)\nprint(2)\nprint(3)  # FIXME\n", "tool.py": "print()\n"}
    verdict = await reviewed("team", before, after, team=(NO_PRINT, NO_FIXME))
    assert told(verdict) == [
        ("no-print", E, "src/a.py", 2),
        ("no-fixme", E, "src/a.py", 3),
        ("no-print", E, "src/a.py", 3),
    ]
    assert verdict.findings[0].message == "use the logger"
    assert verdict.opinion is Opinion.CHANGES


# What stands out

TEST = "def test_a():\n    assert f(1) == 2\n    assert f(2) == 3\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        pytest.param(
            "tests/test_a.py",
            TEST,
            "import pytest\n\n\n@pytest.mark.skip\n" + TEST,
            ("test-skipped", W),
            id="skipped-test",
        ),
        pytest.param("tests/test_a.py", TEST, None, ("test-removed", W), id="removed-tests"),
        pytest.param(
            "src/a.py",
            "x = 1\n",
            "x = 1\naccess = 'user\u202e\u2066# admin\u2069'\n",
            ("hidden-text", E),
            id="text-that-deceives",
        ),
        pytest.param(
            ".github/workflows/ci.yml", "a: 1\n", "a: 2\n", ("ci", I), id="a-sensitive-path"
        ),
        pytest.param(
            ".assent/policy.toml", "a = 1\n", "a = 2\n", ("policy-self", W), id="the-policy"
        ),
        pytest.param(
            "package.json",
            '{"name": "a"}\n',
            '{"name": "a",\n "scripts": {"postinstall": "node x.js"}}\n',
            ("lifecycle-script", W),
            id="runs-by-itself",
        ),
    ],
)
async def test_what_stands_out_is_a_finding(
    path: str, before: str, after: str | None, expected: tuple[str, Severity]
) -> None:
    verdict = await reviewed("risk", {path: before}, {} if after is None else {path: after})
    assert expected in [(item.rule, item.severity) for item in verdict.findings]
    assert all(item.path in ("", path) for item in verdict.findings)


async def test_what_stands_out_in_a_place_is_told_there() -> None:
    after = "import pytest\n\n\n" + TEST + "\n\n@pytest.mark.skip\ndef test_b():\n    pass\n"
    verdict = await reviewed("risk", {"tests/test_a.py": TEST}, {"tests/test_a.py": after})
    [line] = [item.line for item in verdict.findings if item.rule == "test-skipped"]
    assert line >= 7


async def test_an_everyday_edit_has_no_findings() -> None:
    verdict = await reviewed("risk", {"src/a.py": "x = 1\n"}, {"src/a.py": "x = 1\nf(x)\n"})
    assert verdict.findings == ()


# Dependencies


def package(**needs: str) -> str:
    return json.dumps({"name": "a", "dependencies": needs}, indent=1) + "\n"


def pyproject(*needs: str, sources: str = "") -> str:
    listed = "".join(f'    "{need}",\n' for need in needs)
    return f'[project]\nname = "a"\ndependencies = [\n{listed}]\n{sources}'


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        pytest.param(
            "package.json",
            package(a="^1.0.0"),
            package(a="^1.0.0", leftpad="1.0.0"),
            ("dependency-added", W, 5, "needs leftpad 1.0.0"),
            id="npm-added",
        ),
        pytest.param(
            "package.json",
            package(a="1.0.0", b="1.0.0"),
            package(a="1.0.0"),
            ("dependency-removed", I, 0, "no longer needs b"),
            id="npm-removed",
        ),
        pytest.param(
            "package.json",
            package(a="1.0.0"),
            package(a="^1.0.0"),
            ("dependency-loosened", W, 4, "1.0.0 becomes ^1.0.0"),
            id="npm-loosened",
        ),
        pytest.param(
            "package.json",
            package(a="^1.0.0"),
            package(a="^2.0.0"),
            ("dependency-changed", I, 4, "^1.0.0 becomes ^2.0.0"),
            id="npm-changed",
        ),
        pytest.param(
            "package.json",
            package(a="^1.0.0"),
            package(a="github:evil/a#1234"),
            ("dependency-source", W, 4, "from github:evil/a, and not from the registry"),
            id="npm-source",
        ),
        pytest.param(
            "pyproject.toml",
            pyproject("a==1.0"),
            pyproject("a==1.0", "b>=2"),
            ("dependency-added", W, 5, "needs b >=2"),
            id="python-added",
        ),
        pytest.param(
            "pyproject.toml",
            pyproject("a==1.0"),
            pyproject("a"),
            ("dependency-loosened", W, 4, "==1.0 becomes any version"),
            id="python-loosened",
        ),
        pytest.param(
            "pyproject.toml",
            pyproject("a==1.0"),
            pyproject("a==1.0", sources='[tool.uv.sources]\na = { git = "https://h/a" }\n'),
            ("dependency-source", W, 7, "from https://h/a"),
            id="python-source",
        ),
        pytest.param(
            "requirements.txt",
            "a==1.0\nb\n",
            "a>=1.0  # why\nb\n",
            ("dependency-loosened", W, 1, "==1.0 becomes >=1.0"),
            id="requirements-loosened",
        ),
        pytest.param(
            "requirements-dev.txt",
            "a==1.0\n",
            "a @ https://host/a.whl\n",
            ("dependency-source", W, 1, "from https://host/a.whl"),
            id="requirements-source",
        ),
        pytest.param(
            "Cargo.toml",
            '[dependencies]\na = "=1.0.0"\n',
            '[dependencies]\na = "1.0.0"\n',
            ("dependency-loosened", W, 2, "=1.0.0 becomes 1.0.0"),
            id="cargo-loosened",
        ),
        pytest.param(
            "Cargo.toml",
            '[dependencies]\na = "1.0.0"\n',
            '[dependencies]\na = { git = "https://h/a" }\n',
            ("dependency-source", W, 2, "from https://h/a"),
            id="cargo-source",
        ),
        pytest.param(
            "go.mod",
            "module m\nrequire (\n\thost.org/a v1.2.0\n)\n",
            "module m\nrequire (\n\thost.org/a v1.2.0\n)\nreplace host.org/a => ../a\n",
            ("dependency-source", W, 5, "from ../a"),
            id="go-replaced",
        ),
        pytest.param(
            "Gemfile",
            'gem "a", "1.0.0"\n',
            'gem "a", "1.0.0"\ngem "b", git: "https://h/b"\n',
            ("dependency-added", W, 2, "needs b any version from https://h/b"),
            id="gem-added",
        ),
        pytest.param(
            "package.json",
            package(a="1.0.0"),
            "{not json",
            ("manifest-unreadable", W, 0, "cannot be read"),
            id="unreadable",
        ),
        pytest.param(
            ".npmrc",
            "registry=https://good.example/\n",
            "registry=https://bad.example/\n",
            ("new-source", W, 1, "from bad.example"),
            id="another-registry",
        ),
        pytest.param(
            "requirements.txt",
            "a==1\n",
            "--index-url http://plain.example/simple\na==1\n",
            ("insecure-source", E, 1, "plain.example by plain HTTP"),
            id="plain-http",
        ),
        pytest.param(
            "package-lock.json",
            '{"resolved": "https://good.example/a.tgz"}\n',
            '{"resolved": "https://good.example/a.tgz"}\n{"resolved": "https://bad.example/b.tgz"}\n',
            ("new-source", W, 2, "from bad.example"),
            id="another-host-in-a-lock-file",
        ),
    ],
)
async def test_dependencies(
    path: str, before: str, after: str, expected: tuple[str, Severity, int, str]
) -> None:
    verdict = await reviewed("dependencies", {path: before}, {path: after})
    rule, severity, line, words = expected
    [found] = [item for item in verdict.findings if item.rule == rule]
    assert (found.severity, found.path, found.line) == (severity, path, line)
    assert words in found.message


async def test_a_reordered_manifest_changes_nothing() -> None:
    before, after = package(a="1.0.0", b="2.0.0"), package(b="2.0.0", a="1.0.0")
    verdict = await reviewed("dependencies", {"package.json": before}, {"package.json": after})
    assert verdict.findings == ()


NEEDS_MORE = package(a="1.0.0"), package(a="1.0.0", b="1.0.0")


@pytest.mark.parametrize(
    ("changed", "others", "expected"),
    [
        pytest.param({"package-lock.json": ("1", "2")}, (), ["lock-alone"], id="lock-alone"),
        pytest.param(
            {"package.json": NEEDS_MORE}, ("package-lock.json",), ["lock-behind"], id="lock-behind"
        ),
        pytest.param(
            {"web/package.json": NEEDS_MORE}, ("yarn.lock",), ["lock-behind"], id="lock-above"
        ),
        pytest.param({"package.json": NEEDS_MORE}, (), [], id="no-lock"),
        pytest.param(
            {"package.json": NEEDS_MORE, "package-lock.json": ("1", "2")}, (), [], id="both"
        ),
        pytest.param(
            {"web/package.json": NEEDS_MORE, "package-lock.json": ("1", "2")},
            (),
            [],
            id="both-in-a-workspace",
        ),
        pytest.param(
            {"package.json": (package(a="1.0.0"), package(a="1.0.0").replace('"a",', '"z",'))},
            ("package-lock.json",),
            [],
            id="asks-for-the-same",
        ),
        pytest.param({"Cargo.lock": ("1", "2")}, (), ["lock-alone"], id="cargo"),
    ],
)
async def test_manifests_and_their_lock_files(
    changed: dict[str, tuple[str, str]], others: tuple[str, ...], expected: list[str]
) -> None:
    verdict = await reviewed(
        "dependencies",
        {path: before for path, (before, _) in changed.items()},
        {path: after for path, (_, after) in changed.items()},
        others=frozenset(others),
    )
    assert [item.rule for item in verdict.findings if item.rule.startswith("lock")] == expected


# Faults


class Broken:
    """Texts that cannot be had."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]:
        raise self.error

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(UnavailableError("git is away."), "git is away.", id="unavailable"),
        pytest.param(ZeroDivisionError("a bug"), "it failed", id="its-own-fault"),
    ],
)
async def test_what_goes_wrong_is_inconclusive(error: Exception, words: str) -> None:
    reviewers = PolicyReviewers(
        texts=Broken(error), checkouts=PaperCheckouts({}), clock=Clock()
    ).static(ChangeRules())
    [risk] = [each for each in reviewers if each.name == "risk"]
    verdict = await risk.review(subject(patches({"a": "1\n"}, {"a": "2\n"})))
    assert verdict.opinion is Opinion.INCONCLUSIVE
    assert words in verdict.summary


async def test_a_value_is_looked_at_as_what_it_is() -> None:
    before, after = '{"port": 1}\n', f'{{"port": 1, "key": "{KEY}"}}\n'
    value = ValuePayload("config", "/etc/package.json", "/x", before, after)
    looked_at = subject(
        patches({"/etc/package.json#/x": before}, {"/etc/package.json#/x": after}), payload=value
    )
    rules = ChangeRules(checks=(CheckRule("lint", "lint {paths}"),))
    reviewers = PolicyReviewers(
        texts=Broken(AssertionError()), checkouts=PaperCheckouts({}), clock=Clock()
    )
    found = [await each.review(looked_at) for each in reviewers.static(rules)]
    assert [(each.reviewer, each.opinion) for each in found] == [
        ("secrets", Opinion.CHANGES),
        ("dependencies", Opinion.APPROVE),
        ("risk", Opinion.APPROVE),
        ("team", Opinion.APPROVE),
        ("check:lint", Opinion.APPROVE),
    ]


def test_the_policy_names_the_reviewers() -> None:
    rules = ChangeRules(checks=(CheckRule("ruff", "ruff check"),), model=ModelRule("test:model"))
    reviewers = PolicyReviewers(
        texts=PaperTexts({}, {}), checkouts=PaperCheckouts({}), clock=Clock()
    )
    names = [reviewer.name for reviewer in reviewers.static(rules)]
    assert names == ["secrets", "dependencies", "risk", "team", "check:ruff"]
    assert reviewers.llm(rules) is None


NAMES = st.sampled_from(
    [
        "a.py",
        "package.json",
        "requirements.txt",
        "go.mod",
        "Gemfile",
        "Cargo.lock",
        "b\udcff",
        ".npmrc",
    ]
)
LINES = st.lists(
    st.builds(
        lambda sign, text: sign + text,
        st.sampled_from([b"+", b"-", b" ", b"\\"]),
        st.binary(max_size=40)
        | st.sampled_from(
            [b'"a": "^1"', b"gem 'a'", b"a==1", b"=> v1 =>", b"password = 'a-8-Bcdefg'"]
        ),
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(st.dictionaries(NAMES, LINES, max_size=3), st.text(max_size=60), st.none() | st.text())
async def test_reviewers_never_raise_whatever_a_patch_holds(
    lines: dict[str, list[bytes]], before: str, after: str | None
) -> None:
    files = [
        FilePatch(
            path=path,
            old_mode="100644",
            new_mode=None if after is None else "100644",
            old_blob="1" * 40,
            new_blob=None if after is None else "2" * 40,
            hunks=(Hunk(HunkId("h"), path, 1, 3, 0, 7, tuple(given_lines)),),
        )
        for path, given_lines in lines.items()
    ]
    texts = PaperTexts(dict.fromkeys(lines, before), dict.fromkeys(lines, after))
    reviewers = PolicyReviewers(texts=texts, checkouts=PaperCheckouts({}), clock=Clock())
    for reviewer in reviewers.static(ChangeRules()):
        verdict = await reviewer.review(subject(files, team=(NO_PRINT, NO_FIXME)))
        assert verdict.opinion is not Opinion.INCONCLUSIVE, verdict.summary
