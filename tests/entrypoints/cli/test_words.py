"""What commands print so that a person can go on from it."""

import json
from pathlib import Path

import pytest

from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run
from tests.entrypoints.cli.test_commands import asked

pytestmark = pytest.mark.network


def test_a_request_says_each_reason_once_and_how_to_decide_it(run: Run, house: House) -> None:
    request = asked(house)
    shown = run("show", request["name"]).out
    why = json.loads(run("show", request["name"], "--json").out)["why"]
    assert shown.count(f": {why} (rule") == 1
    assert f"assent reject {request['number']} --reason TEXT" in shown


def test_a_decided_request_does_not_say_how_to_decide_it(run: Run, house: House) -> None:
    request = asked(house)
    run("withdraw", request["name"])
    assert "assent approve" not in run("show", request["name"]).out


def test_the_log_says_why(run: Run, house: House) -> None:
    request = asked(house)
    run("reject", request["name"], "--reason", "run make clean instead")
    assert "reject: run make clean instead" in run("log", "-n", "5").out


def test_a_log_of_nothing_says_so(run: Run, house: House) -> None:
    assert run("log", "--stream", "request/99").out == "Nothing is recorded in `request/99`.\n"


def test_status_names_the_broken_line_of_a_policy_file(
    run: Run, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / ".assent").mkdir()
    (project / ".assent" / "policy.toml").write_text('[ask]\nwait = "soon"\n')
    monkeypatch.chdir(project)
    assert "policy.toml line 2" in run("status").out
