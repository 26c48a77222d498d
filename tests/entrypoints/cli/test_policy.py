"""`assent policy`: lint, explain, test, replay and schema, with no daemon running."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.cli.conftest import Run

POLICY = """
profile = "team"

[[rule]]
name = "no-push"
route = "deny"
programs = ["git push"]

[[rule]]
name = "docs"
route = "proceed"
kinds = ["edit"]
paths = ["docs/**"]
"""


@pytest.fixture
def project(tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".assent").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".assent" / "policy.toml").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def as_json(run: Run, *words: str, code: int = 0) -> Any:
    ran = run("policy", *words, "--json")
    assert ran.code == code, ran.err
    return json.loads(ran.out)


def test_lint_has_nothing_to_say_about_the_built_in_policy(run: Run, project: Path) -> None:
    (project / ".assent" / "policy.toml").unlink()
    assert as_json(run, "lint")["complaints"] == []
    assert "Nothing to complain about" in run("policy", "lint").out


def test_lint_names_what_is_wrong_and_ends_with_1(run: Run, project: Path) -> None:
    more = '[[rule]]\nname = "x"\nroute = "gate"\nprograms = ["no-such-program-here"]\n'
    (project / ".assent" / "policy.toml").write_text(POLICY + more, encoding="utf-8")
    [complaint] = as_json(run, "lint", code=1)["complaints"]
    assert (complaint["problem"], complaint["rule"]) == ("unknown", "x")
    assert "no-such-program-here" in run("policy", "lint").out


def test_lint_tells_the_line_of_what_cannot_be_read(run: Run, project: Path) -> None:
    draft = project / "draft.toml"
    draft.write_text('[[rule]]\nname = "r"\nroute = "gat"\n', encoding="utf-8")
    ran = run("policy", "lint", "--policy", str(draft))
    assert ran.code == 2
    assert "line 3: unknown route `gat`. Did you mean `gate`?" in ran.err


def test_explain_tells_reasons_factors_and_the_rule_that_won(run: Run, project: Path) -> None:
    words = ("explain", "git push origin main", "--policy", ".assent/policy.toml")
    found = as_json(run, *words)
    assert (found["route"], found["rule"], found["decided_by"]) == ("deny", "no-push", "rule")
    worst = found["evidence"][0]
    assert worst["effect"] == "external-effect"
    assert set(worst["factors"]) == {
        *("reversibility", "reach", "cost", "sensitivity", "precedent")
    }
    assert worst["cell"] in ("medium", "high", "irreversible")
    fits = {rule["name"]: rule["decided"] for rule in found["rules"]}
    assert fits["no-push"] is True
    assert fits["team-outward"] is False
    text = run("policy", *words).out
    assert "Refused, by the rule `no-push`" in text
    assert "* no-push: deny" in text


def test_explain_uses_the_policy_in_force_where_none_is_named(run: Run, project: Path) -> None:
    found = as_json(run, "explain", "git push origin main")
    assert (found["route"], found["profile"]) == ("gate", "solo")


def test_explain_an_edit(run: Run, project: Path) -> None:
    words = ("explain", "--edit", "docs/a.md", "--with", ".assent/policy.toml")
    found = as_json(run, *words, "--policy", ".assent/policy.toml")
    assert (found["route"], found["rule"]) == ("proceed", "docs")
    assert not (project / "docs").exists()


def test_explain_a_tool(run: Run, project: Path) -> None:
    found = as_json(run, "explain", "--tool", "lab/poke")
    assert found["route"] == "gate"
    assert found["terms"]["tier"] in ("acknowledge", "review")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param((), 2, id="nothing"),
        pytest.param(("ls", "--tool", "a/b"), 2, id="two-things"),
        pytest.param(("--edit", "a.py"), 2, id="an-edit-without-content"),
        pytest.param(("--request", "7"), 1, id="no-such-request"),
    ],
)
def test_explain_wants_one_thing(
    run: Run, project: Path, words: tuple[str, ...], code: int
) -> None:
    assert run("policy", "explain", *words).code == code


CASES = """
[[case]]
name = "pushing is refused"
input = "git push origin main"
route = "deny"
rule = "no-push"

[[case]]
name = "reading runs"
input = "ls"
cwd = "src"
route = "proceed"
class = "trivial"

[[case]]
name = "documents do not ask"
kind = "edit"
input = "docs/a.md"
content = "hello"
route = "{route}"
"""


@pytest.mark.parametrize(("route", "code"), [("proceed", 0), ("gate", 1)])
def test_cases_hold_or_not(run: Run, project: Path, route: str, code: int) -> None:
    cases = project / ".assent" / "policy-tests.toml"
    cases.write_text(CASES.format(route=route), encoding="utf-8")
    tried = as_json(run, "test", code=code)
    assert tried["failed"] == code
    assert [case["passed"] for case in tried["cases"]] == [True, True, code == 0]
    out = run("policy", "test").out
    assert f"{3 - code} of 3 hold." in out
    if code:
        assert "WRONG documents do not ask: route is proceed, not gate" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("x =", "is not TOML", id="toml"),
        pytest.param('[[case]]\nname = "a"', "case.0.input", id="missing"),
        pytest.param('[[case]]\nname = "a"\ninput = "b"\nkind = "dance"', "case.0.kind", id="kind"),
    ],
)
def test_cases_that_cannot_be_read(run: Run, project: Path, text: str, said: str) -> None:
    (project / ".assent" / "policy-tests.toml").write_text(text, encoding="utf-8")
    ran = run("policy", "test")
    assert ran.code == 2
    assert said in ran.err


def test_without_cases(run: Run, project: Path) -> None:
    ran = run("policy", "test")
    assert ran.code == 2
    assert "There is no" in ran.err


def test_replay_with_nothing_on_record(run: Run, project: Path) -> None:
    assert as_json(run, "replay")["calls"] == 0
    assert "Nothing is on record" in run("policy", "replay").out


def test_schema_is_json(run: Run, project: Path) -> None:
    ran = run("policy", "schema")
    assert ran.code == 0
    schema = json.loads(ran.out)
    assert schema["title"] == "Assent policy"
    assert "rule" in schema["properties"]
