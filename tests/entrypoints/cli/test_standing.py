"""`assent policy programs`, `assent policy grants`, and what `approve` can give beyond one call."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, house_in
from tests.entrypoints.cli.conftest import Run


@pytest.fixture
def here(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The house, with its project as the current folder."""
    monkeypatch.chdir(house.workspace)
    yield house
    (house.workspace / "package.json").unlink(missing_ok=True)


def asked(house: House, command: str) -> dict[str, Any]:
    house.shell(CLAUDE, command)
    [request] = house.waiting()
    return request


def listed(run: Run, what: str) -> Any:
    return json.loads(run("policy", what, "--json").out)


@pytest.mark.network
def test_the_project_s_programs_are_shown_accepted_and_forgotten(here: House, run: Run) -> None:
    assert "Nothing is accepted here yet" in run("policy", "programs").out
    scripts = {"scripts": {"unit": "frobtest --all"}}
    (here.workspace / "package.json").write_text(json.dumps(scripts))
    shown = run("policy", "programs").out
    assert "npm unit" in shown
    assert "frobtest" in shown
    assert "not accepted" in shown
    accepted = run("policy", "programs", "--accept", "--yes")
    assert accepted.code == 0
    assert "will run without asking: npm unit, frobtest" in accepted.out
    found = listed(run, "programs")
    assert found["accepted"]["by"] == "ana"
    assert found["new"] == {"programs": [], "tasks": []}
    assert "nothing new" in run("policy", "programs", "--accept", "--yes").out
    assert run("policy", "programs", "forget", "frobtest").code == 0
    assert listed(run, "programs")["new"]["programs"] == ["frobtest"]
    assert run("policy", "programs", "forget", "frobtest").code == 1


@pytest.mark.network
def test_an_approval_makes_a_program_known_and_says_so_before(here: House, run: Run) -> None:
    request = asked(here, "frobnicate --all")
    shown = run("show", str(request["number"])).out
    assert "frobnicate runs in this project without asking; not so with --once" in shown
    approved = run("approve", str(request["number"]), "--confirm", request["name"])
    assert approved.code == 0, approved.err
    assert listed(run, "programs")["vouched"] == ["frobnicate"]
    [grant] = listed(run, "grants")
    assert (grant["kind"], grant["request"]) == ("program", request["number"])
    assert "program frobnicate" in run("policy", "grants").out
    assert (
        run("policy", "grants", "revoke", grant["id"][-8:]).out == "Revoked: program frobnicate\n"
    )
    assert run("policy", "grants").out == "No grants here.\n"
    assert run("policy", "grants", "revoke", grant["id"]).code == 1


@pytest.mark.network
def test_once_makes_nothing_known(here: House, run: Run) -> None:
    request = asked(here, "frobnicate --once")
    done = run("approve", str(request["number"]), "--once", "--confirm", request["name"])
    assert done.code == 0, done.err
    assert listed(run, "programs")["vouched"] == []


@pytest.mark.network
def test_a_scope_is_granted_for_a_while(here: House, run: Run) -> None:
    request = asked(here, "git push origin agent/x")
    assert "--grant 'push origin/agent/x'" in run("show", str(request["number"])).out
    approve = ("approve", str(request["number"]), "--confirm", request["name"], "--grant")
    wrong = run(*approve, "push upstream/*")
    assert (wrong.code, "does not cover" in wrong.err) == (2, True)
    assert run(*approve, "push origin/agent/*", "--for", "soon").code == 2
    assert run(*approve, "push origin/agent/*", "--for", "2h").code == 0
    [grant] = listed(run, "grants")
    assert (grant["what"], grant["agent"]) == (["push origin/agent/*"], "claude-code")
    assert 0 < grant["until"] - grant["created_at"] <= 2 * 3_600_000
    assert run("policy", "grants", "revoke", grant["id"]).code == 0


@pytest.mark.network
def test_init_shows_what_it_accepts_and_shows_it_once(tmp_path: Path) -> None:
    with house_in(tmp_path / "house") as house:
        scripts = {"scripts": {"unit": "frobtest --all"}}
        (house.workspace / "package.json").write_text(json.dumps(scripts))
        first = house.assent("init", "--yes")
        assert first.returncode == 0, first.stderr
        assert "will run without asking: npm unit, frobtest" in first.stdout
        found = json.loads(house.assent("policy", "programs", "--json").stdout)
        assert found["accepted"]["programs"] == ["frobtest"]
        assert house.shell(CLAUDE, "frobtest --all").said().passed
        second = house.assent("init", "--yes")
        assert "without asking" not in second.stdout
