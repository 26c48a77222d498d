"""Programs that a policy file adds to the catalog."""

import pytest

from assent.adapters.catalog import built_in_catalog, read_programs
from assent.adapters.policy_file import PolicyFiles
from assent.app.classify import Case, Classifier
from assent.core.policy import Policy
from assent.errors import UsageError

POLICY = b"""
[program.shipit]
about = "our deploy tool"
also = ["si"]
flags = ["--region="]

[program.shipit.calls]
network-read = ["status"]
external = ["deploy"]
"""


def policy(text: bytes) -> Policy:
    return PolicyFiles(built_in_catalog(), read_programs).parse(text)


@pytest.mark.parametrize(
    ("command", "decision", "rule"),
    [
        pytest.param("shipit status", "auto", "network-read", id="read"),
        pytest.param("si --region eu status", "auto", "network-read", id="other-name-and-flag"),
        pytest.param("shipit deploy", "gate", "external", id="deploy"),
        pytest.param("shipit erase", "gate", "unknown-call", id="call-that-is-not-listed"),
        pytest.param("shipit status --boom", "gate", "unknown-call", id="flag-that-is-not-listed"),
    ],
)
def test_an_added_program_is_graded_by_its_table(command: str, decision: str, rule: str) -> None:
    graded = Classifier(policy(POLICY)).grade(Case("x", "shell", command))
    assert graded.decision == decision
    assert rule in {item.rule for item in graded.assessment.evidence}


def test_without_the_table_the_program_is_not_known() -> None:
    graded = Classifier(policy(b"")).grade(Case("x", "shell", "shipit status"))
    assert graded.assessment.evidence[0].rule == "unknown-program"


def test_what_the_policy_says_holds_before_what_is_built_in() -> None:
    text = b'[program.git]\nabout = "not the usual one"\nmeans = "external"\n'
    graded = Classifier(policy(text)).grade(Case("x", "shell", "git status"))
    assert graded.decision == "gate"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'[program.x]\nabout = "x"\nmeans = "harmless"\n', id="unknown-meaning"),
        pytest.param(b'[program.x]\nabout = "x"\nflags = ["v"]\n', id="flag-without-dash"),
        pytest.param(b'[program.x]\nabout = "x"\nreader = "mind"\n', id="unknown-reader"),
        pytest.param(b'[program.x]\nabout = "x"\noperand = ["read"]\n', id="unknown-key"),
        pytest.param(b'[program.x]\nmeans = "read"\n', id="nothing-about-it"),
    ],
)
def test_a_wrong_table_is_an_error_that_says_where(text: bytes) -> None:
    with pytest.raises(UsageError, match=r"program\.x"):
        policy(text)


VOUCHED = b"""
[[rule]]
name = "our-plugin"
route = "proceed"
programs = ["git teleport"]
"""


@pytest.mark.parametrize(
    ("command", "decision"),
    [
        pytest.param("git teleport north", "auto", id="the-call"),
        pytest.param("git levitate", "gate", id="another-call"),
        pytest.param("git teleport north > ~/.bashrc", "gate", id="what-else-it-does"),
        pytest.param("git teleport && git push", "gate", id="what-comes-after"),
    ],
)
def test_a_rule_may_vouch_for_a_call_that_is_not_known(command: str, decision: str) -> None:
    assert Classifier(policy(VOUCHED)).grade(Case("x", "shell", command)).decision == decision
