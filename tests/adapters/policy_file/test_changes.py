"""The table `[changes]` of a policy file."""

import json

import pytest

from assent.adapters.policy_file import PROFILES, json_schema, parse_policy, starting_text
from assent.core.changes.model import Severity
from assent.core.policy.changes import LINES, PATHS, ChangeRules, CheckRule, ModelRule, Path
from assent.core.policy.complaints import Problem
from assent.core.policy.lint import lint
from assent.core.policy.model import Wanted
from assent.core.risk.factors import RiskClass
from assent.errors import UsageError

FULL = b"""
[changes]
target = "release/2"
test = "make test"
test_timeout = "5m"
retries = 0
sandbox = true
window = 2
iterations = 5
reviewers = ["ana", "ben", "ana"]
unexplained = "notify"

[changes.paths]
low = "person"
medium = "llm-then-person"

[changes.lines]
high = 50

[[changes.check]]
name = "lint"
command = "ruff check {paths}"
format = "sarif"
severity = "error"
fails = false

[[changes.check]]
name = "types"
command = "mypy"

[changes.model]
model = "anthropic:claude-sonnet-4-5"
base_url = "http://127.0.0.1:9000/v1"
key_env = "REVIEW_KEY"
timeout = "90s"
floor = 0.9
"""


def test_every_key_is_read() -> None:
    rules = parse_policy(FULL).changes
    assert rules.target == "release/2"
    assert (rules.test, rules.test_limit_ms, rules.test_retries) == ("make test", 300_000, 0)
    assert (rules.sandbox, rules.window, rules.iterations) == (True, 2, 5)
    assert (rules.reviewers, rules.unexplained) == (("ana", "ben"), "notify")
    assert rules.paths == {**PATHS, RiskClass.LOW: Path.PERSON}
    assert rules.lines == {**LINES, RiskClass.HIGH: 50}
    assert rules.checks == (
        CheckRule("lint", "ruff check {paths}", "sarif", Severity.ERROR, fails=False),
        CheckRule("types", "mypy"),
    )
    assert rules.model == ModelRule(
        model="anthropic:claude-sonnet-4-5",
        base_url="http://127.0.0.1:9000/v1",
        key_env="REVIEW_KEY",
        limit_ms=90_000,
        floor=0.9,
    )


def test_what_is_left_out_is_as_the_profile_says() -> None:
    assert parse_policy(b"").changes == ChangeRules()
    by_profile = {
        name: parse_policy(f'profile = "{name}"\n[changes]\ntest = "x"\n'.encode()).changes.paths
        for name in PROFILES
    }
    assert by_profile["solo"] == PATHS
    assert by_profile["team"] == {**PATHS, RiskClass.MEDIUM: Path.PERSON}
    assert by_profile["strict"] == {
        **PATHS,
        RiskClass.LOW: Path.PERSON,
        RiskClass.MEDIUM: Path.PERSON,
    }


def test_the_file_goes_before_its_profile() -> None:
    text = b'profile = "strict"\n[changes.paths]\nmedium = "llm"\n'
    paths = parse_policy(text).changes.paths
    assert (paths[RiskClass.MEDIUM], paths[RiskClass.LOW]) == (Path.LLM, Path.PERSON)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_workspace_begins_with_has_no_test_command(profile: str) -> None:
    assert parse_policy(starting_text(profile)).changes.test == ""


def test_who_accepts() -> None:
    text = b"""[changes]
reviewers = ["ana", "@leads"]
quorum = 2
needs = ["@owners", "2 of @security, ben"]
separate = true
sign = "required"
"""
    rules = parse_policy(text).changes
    wanted = (Wanted(("@owners",)), Wanted(("@security", "ben"), 2))
    assert (rules.reviewers, rules.quorum) == (("ana", "@leads"), 2)
    assert rules.needs == dict.fromkeys(RiskClass, wanted)
    assert (rules.separate, rules.signed) == (True, frozenset(RiskClass))


def test_who_accepts_each_class() -> None:
    text = b"""profile = "strict"
[changes.needs]
high = ["ana"]
[changes.sign]
high = "required"
irreversible = "optional"
"""
    rules = parse_policy(text).changes
    assert rules.needs == {RiskClass.HIGH: (Wanted(("ana",)),)}
    assert rules.signed == {RiskClass.HIGH}


def test_profiles_keep_making_and_accepting_apart() -> None:
    found = {name: parse_policy(f'profile = "{name}"'.encode()).changes for name in PROFILES}
    assert [found[name].separate for name in PROFILES] == [False, True, True]
    assert [found[name].signed for name in PROFILES] == [
        frozenset(),
        frozenset(),
        frozenset({RiskClass.IRREVERSIBLE}),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param("[changes]\n\nneeds = ['']", 3, "whom it needs", id="no-need"),
        pytest.param("[changes]\nneeds = 'ana'", 2, "a list in brackets", id="need-text"),
        pytest.param("[changes]\nneeds = ['2 of ana']", 2, "wants 2 people", id="too-few"),
        pytest.param("[changes.needs]\n\nhihg = ['x']", 3, "Did you mean `high`?", id="need-of"),
        pytest.param(
            "[changes]\nreviewers = ['a']\nquorum = 2", 3, "names fewer", id="quorum-too-few"
        ),
        pytest.param("[changes]\nsign = 'requird'", 2, "Did you mean `required`?", id="sign"),
        pytest.param("[changes.sign]\nlow = true", 2, "text in quotes", id="sign-switch"),
        pytest.param("[changes]\ntests = 'x'", 2, "Did you mean `test`?", id="misspelt"),
        pytest.param("[changes]\ntest = ' '", 2, "as in a shell", id="no-command"),
        pytest.param("[changes]\ntarget = 'refs/heads/main'", 2, "`main`", id="a-ref"),
        pytest.param("[changes]\ntarget = '-f'", 2, "name of a branch", id="a-flag"),
        pytest.param("[changes]\ntarget = 'a..b'", 2, "name of a branch", id="a-range"),
        pytest.param("[changes]\nwindow = 0", 2, "greater than", id="window"),
        pytest.param("[changes]\nsandbox = 1", 2, "`true` or `false`", id="not-a-switch"),
        pytest.param("[changes]\nreviewers = []", 2, "is empty", id="no-reviewers"),
        pytest.param("[changes]\nunexplained = 'deny'", 2, "Known are: gate", id="unexplained"),
        pytest.param(
            "[changes]\n\n[changes.paths]\nlow = 'human'", 4, "value of `low` `human`", id="path"
        ),
        pytest.param("[changes.paths]\nlwo = 'llm'", 2, "Did you mean `low`?", id="class"),
        pytest.param("[changes.lines]\nlow = -1", 2, "greater than", id="lines"),
        pytest.param(
            "[[changes.check]]\nname = 'a'", 1, "a check needs a `command`", id="no-check-command"
        ),
        pytest.param(
            "[[changes.check]]\nname = 'a'\ncommand = 'x'\n\n"
            "[[changes.check]]\nname = 'a'\ncommand = 'y'",
            6,
            "two checks named `a`",
            id="two-checks",
        ),
        pytest.param(
            "[[changes.check]]\nname = 'a'\ncommand = 'x'\nformat = 'xml'",
            4,
            "unknown format `xml`",
            id="format",
        ),
        pytest.param("[changes.model]\nmodel = 'claude'", 2, "provider and model", id="model"),
        pytest.param("[changes.model]\nfloor = 0.5", 1, "needs a `model`", id="no-model"),
        pytest.param(
            "[changes.model]\nmodel = 'a:b'\nfloor = 'high'", 3, "a number", id="floor-text"
        ),
        pytest.param("[changes.model]\nmodel = 'a:b'\nfloor = 2", 3, "less than", id="floor"),
        pytest.param(
            "[changes.model]\nmodel = 'a:b'\nkey_env = 'sk-123'", 3, "a variable", id="the-key"
        ),
        pytest.param(
            "[changes.model]\nmodel = 'a:b'\nbase_url = 'file:///x'", 3, "https://", id="address"
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy(text.encode())
    assert caught.value.message.startswith(f"policy.toml line {line}: ")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "loose"),
    [
        pytest.param(b'[changes.paths]\nhigh = "llm-then-person"', ["high"], id="high"),
        pytest.param(
            b'[changes.paths]\nhigh = "llm"\nirreversible = "checks"',
            ["high", "irreversible"],
            id="both",
        ),
        pytest.param(b'[changes.paths]\nhigh = "one-by-one"', [], id="stricter"),
        pytest.param(b"", [], id="nothing-said"),
    ],
)
def test_the_lint_tells_what_merges_without_a_person(text: bytes, loose: list[str]) -> None:
    found = [each for each in lint(parse_policy(text)) if each.rule == "[changes.paths]"]
    assert [each.problem for each in found] == [Problem.GAP] * len(loose)
    assert all(word in each.what for word, each in zip(loose, found, strict=True))


def test_editors_are_told_of_it() -> None:
    schema = json.dumps(json_schema())
    for word in ("llm-then-person", "one-by-one", "test_timeout", "key_env", "unexplained"):
        assert word in schema
