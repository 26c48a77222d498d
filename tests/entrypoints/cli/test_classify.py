"""`assent classify --jsonl`: a line for each case, in its order, as it is read."""

import io
import json
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.app.classify import Classifier
from assent.entrypoints.cli.classify import classify_lines, command

FIELDS = {"id", "decision", "class", "effects", "factors", "why", "rule", "us"}


def answers(*cases: Mapping[str, object], options: tuple[str, ...] = ()) -> list[dict[str, object]]:
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    result = CliRunner().invoke(command, ["--jsonl", *options], input=lines)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_case_has_its_line() -> None:
    found = answers(
        {"id": "a", "kind": "shell", "input": "ls"},
        {"id": "b", "kind": "sql", "input": "DROP TABLE users"},
    )
    assert [(each["id"], each["decision"]) for each in found] == [("a", "auto"), ("b", "gate")]
    assert all(set(each) == FIELDS for each in found)


def test_the_same_cases_get_the_same_answers() -> None:
    cases = [
        {"id": str(n), "input": text} for n, text in enumerate(("git push", "make", "rm -r x"))
    ]
    first, second = ([{**each, "us": 0} for each in answers(*cases)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("nonsense", id="no-json"),
        pytest.param("[1]", id="no-object"),
        pytest.param('{"id": "x"}', id="no-input"),
        pytest.param('{"id": "x", "input": "ls", "cwd": 3}', id="a-number-for-a-folder"),
    ],
)
def test_a_line_that_is_no_case_waits_and_the_next_is_read(line: str) -> None:
    target = io.StringIO()
    classifier = Classifier(PolicyFiles(built_in_catalog()).default())
    classify_lines(classifier, io.StringIO(f'{line}\n\n{{"id": "y", "input": "ls"}}\n'), target)
    first, second = (json.loads(each) for each in target.getvalue().splitlines())
    assert (first["decision"], second["id"], second["decision"]) == ("gate", "y", "auto")


def test_a_profile_decides() -> None:
    case = {"id": "a", "input": "curl https://example.com/x.json"}
    assert answers(case)[0]["decision"] == "auto"
    assert answers(case, options=("--profile", "strict"))[0]["decision"] == "gate"


def test_programs_may_be_named_or_learned() -> None:
    case = {"id": "a", "input": "frobnicate"}
    assert answers(case, options=("--program", "frobnicate"))[0]["decision"] == "auto"
    assert [each["decision"] for each in answers(case, case, options=("--learn",))] == [
        "gate",
        "auto",
    ]
