"""Cases graded in a world on paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.app.classify import KINDS, WORKSPACE, Case, Classifier, home_of, place_of

POLICY = PolicyFiles(built_in_catalog()).default()


def decided(kind: str, text: str, **more: str) -> str:
    return Classifier(POLICY).grade(Case("x", kind, text, **more)).decision


@pytest.mark.parametrize(
    ("kind", "text", "decision"),
    [
        pytest.param("shell", "git status --short", "auto", id="shell-read"),
        pytest.param("shell", "git push origin main", "gate", id="shell-push"),
        pytest.param("sql", "SELECT 1", "auto", id="sql-read"),
        pytest.param("sql", "DROP TABLE users", "gate", id="sql-drop"),
        pytest.param("edit", "x = 1\n", "auto", id="edit"),
        pytest.param("tool", 'docs/search {"text": "x"}', "gate", id="unknown-tool"),
        pytest.param("tool", "not a call {", "gate", id="unreadable-tool"),
        pytest.param("poem", "roses are red", "gate", id="unknown-kind"),
    ],
)
def test_every_kind_is_graded(kind: str, text: str, decision: str) -> None:
    assert decided(kind, text) == decision


def test_a_change_is_let_in_only_when_it_is_proven_to_change_nothing() -> None:
    assert decided("diff", "x = (1,\n  2)\n", input2="x = (1, 2)\n") == "auto"
    assert decided("diff", "x = 1\n", input2="x = 2\n") == "gate"


def test_an_edit_of_a_guarded_file_waits() -> None:
    assert decided("edit", "[ask]\n", path=".assent/policy.toml") == "gate"


@pytest.mark.parametrize(
    ("script", "cwd", "workspace"),
    [
        pytest.param("ls", "", WORKSPACE, id="nothing-said"),
        pytest.param("ls", "/home/ana/work/shop/api", "/home/ana/work/shop", id="below-a-home"),
        pytest.param("ls", "/srv/app", "/srv/app", id="elsewhere"),
        pytest.param("cd /home/ana/work/shop && ls", "", "/home/ana/work/shop", id="goes-first"),
        pytest.param("cat /home/ana/work/shop/a.py", "", "/home/ana/work/shop", id="names-one"),
        pytest.param(
            "diff /home/ana/work/shop/a.py /home/ana/work/desk/a.py", "", WORKSPACE, id="names-two"
        ),
        pytest.param("cd / && ls", "", WORKSPACE, id="no-project"),
        pytest.param("cat /home/ana/.ssh/id_rsa", "", WORKSPACE, id="hidden-is-no-project"),
    ],
)
def test_where_a_case_stands(script: str, cwd: str, workspace: str) -> None:
    assert place_of(Case("x", "shell", script, cwd=cwd))[0] == workspace


def test_the_home_is_the_one_that_is_named() -> None:
    assert home_of(Case("x", "shell", "cat /Users/eve/notes"), WORKSPACE) == "/Users/eve"
    assert home_of(Case("x", "shell", "ls"), "/home/ana/work/shop") == "/home/ana"


def test_the_root_of_the_repository_is_the_workspace() -> None:
    script = 'cd "$(git rev-parse --show-toplevel)" && echo done > notes.md'
    assert decided("shell", script) == "auto"
    assert decided("shell", 'cd "$(cat where)" && echo done > notes.md') == "gate"


def test_who_learns_asks_about_a_program_once_in_each_project() -> None:
    classifier = Classifier(POLICY, learns=True)
    one, other = (Case("x", "shell", "frobnicate src", cwd=f"/home/ana/work/{p}") for p in "ab")
    decisions = [classifier.grade(case).decision for case in (one, one, other, one)]
    assert decisions == ["gate", "auto", "gate", "auto"]
    assert Classifier(POLICY).grade(one).decision == "gate"


def test_what_is_learned_of_a_program_does_not_cover_what_else_a_command_does() -> None:
    classifier = Classifier(POLICY, frozenset({"frobnicate"}))
    assert classifier.grade(Case("x", "shell", "frobnicate src")).decision == "auto"
    assert classifier.grade(Case("x", "shell", "frobnicate > ~/.bashrc")).decision == "gate"


@given(st.sampled_from((*KINDS, "other")), st.text(max_size=60), st.none() | st.text(max_size=60))
def test_no_case_raises(kind: str, text: str, new: str | None) -> None:
    graded = Classifier(POLICY).grade(Case("x", kind, text, input2=new))
    assert graded.decision in ("auto", "gate", "deny")
