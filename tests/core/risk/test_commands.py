"""What a person is told about a command, and where in it."""

import pytest

from assent.core.actions import Command
from assent.core.risk import Effect, RiskClass, assess, paths_of, repositories_of
from tests.core.risk.stage import WORKSPACE, assess_script, facts_for


@pytest.mark.parametrize(
    ("script", "risk", "title", "what"),
    [
        pytest.param("rm -rf build", RiskClass.HIGH, "delete build", "deletes build", id="delete"),
        pytest.param(
            "rm -rf ../other",
            RiskClass.HIGH,
            "delete /w/other",
            "deletes /w/other, outside the workspace",
            id="delete-outside",
        ),
        pytest.param(
            "cd src && rm -rf ..",
            RiskClass.IRREVERSIBLE,
            "delete the workspace",
            "deletes the workspace",
            id="delete-all",
        ),
        pytest.param(
            "cat .env",
            RiskClass.HIGH,
            "read .env",
            "reads .env, which may hold secrets",
            id="secret",
        ),
        pytest.param(
            "npm test -- --watch",
            RiskClass.LOW,
            "run npm test -- --watch",
            "runs the project's task test",
            id="task",
        ),
        pytest.param(
            "frobnicate -x",
            RiskClass.MEDIUM,
            "run frobnicate",
            "runs frobnicate, a program that is not known here",
            id="unknown",
        ),
        pytest.param(
            "git push --force origin main",
            RiskClass.IRREVERSIBLE,
            "push over history (git push --force origin main)",
            "pushes over history (git push --force origin main)",
            id="force-push",
        ),
        pytest.param("ls -la src", RiskClass.TRIVIAL, "run ls -la src", "lists src", id="harmless"),
        pytest.param(
            "echo 'unclosed",
            RiskClass.HIGH,
            "run a script that has a quote that is not closed",
            "has a quote that is not closed",
            id="unreadable",
        ),
    ],
)
def test_words(script: str, risk: RiskClass, title: str, what: str) -> None:
    found = assess_script(script)
    assert (found.risk, found.title, found.evidence[0].what) == (risk, title, what)


@pytest.mark.parametrize(
    ("script", "marked"),
    [
        pytest.param("ls && rm -rf build", "build", id="operand"),
        pytest.param("echo 'ünïcödé' && rm -rf build", "build", id="after-non-ascii"),
        pytest.param("ls; git push -f", "git push -f", id="git"),
        pytest.param("sort -o /etc/out in", "/etc/out", id="value"),
        pytest.param("ls | LD_PRELOAD=x cat", "LD_PRELOAD=x cat", id="variable"),
    ],
)
def test_the_worst_evidence_points_at_its_words(script: str, marked: str) -> None:
    span = assess_script(script).evidence[0].span
    assert span is not None
    assert script[span[0] : span[1]] == marked


def test_the_worst_comes_first_and_decides() -> None:
    found = assess_script("ls; npm test; rm -rf build; echo x > a.txt")
    risks = [item.risk for item in found.evidence]
    assert risks == sorted(risks, reverse=True)
    assert found.risk == risks[0] == RiskClass.HIGH
    assert found.effects >= {Effect.DELETE, Effect.CODE_EXEC, Effect.WORKSPACE_WRITE, Effect.READ}
    assert found.undo.startswith("none for what git does not know")


@pytest.mark.parametrize(
    ("words", "risk"),
    [
        pytest.param(("ls", "-la"), RiskClass.TRIVIAL, id="words"),
        pytest.param(("cat", "$HOME/.netrc"), RiskClass.HIGH, id="no-shell-reads-it"),
        pytest.param(("cat", "~"), RiskClass.TRIVIAL, id="tilde-is-a-name"),
        pytest.param(("bash", "-lc", "ls; rm x"), RiskClass.HIGH, id="shell-script"),
        pytest.param(("bash", "-lc", "ls"), RiskClass.TRIVIAL, id="safe-shell-script"),
        pytest.param(
            ("bash", "-c", "ls; rm $1", "x", "y"), RiskClass.HIGH, id="shell-with-operands"
        ),
        pytest.param(("ls", "a\u202eb"), RiskClass.HIGH, id="hidden-characters"),
        pytest.param((), RiskClass.HIGH, id="no-words"),
    ],
)
def test_argument_vectors(words: tuple[str, ...], risk: RiskClass) -> None:
    action = Command(script=words, cwd=WORKSPACE)
    assert assess(action, facts_for(action)).risk is risk


def test_a_terminal_that_takes_more_input_is_interactive() -> None:
    action = Command(script="ls", cwd=WORKSPACE, interactive=True)
    found = assess(action, facts_for(action))
    assert (found.risk, found.evidence[0].effect) == (RiskClass.HIGH, Effect.INTERACTIVE)


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        pytest.param("NO_COLOR", RiskClass.TRIVIAL, id="harmless"),
        pytest.param("GIT_PAGER", RiskClass.MEDIUM, id="program"),
    ],
)
def test_variables_that_the_call_sets(name: str, risk: RiskClass) -> None:
    action = Command(script="ls", cwd=WORKSPACE, env=((name, "1"),))
    assert assess(action, facts_for(action)).risk is risk


@pytest.mark.parametrize(
    ("script", "paths"),
    [
        pytest.param("cat a.txt", {"/w/project/a.txt"}, id="relative"),
        pytest.param("cat /etc/hosts ~/x", {"/etc/hosts", "~/x"}, id="absolute-and-home"),
        pytest.param("cat src/*.py", {"/w/project/src"}, id="pattern"),
        pytest.param("cd src && cat a", {"/w/project/src", "/w/project/src/a"}, id="after-cd"),
        pytest.param(
            "cd src; cat a",
            {"/w/project/src", "/w/project/src/a", "/w/project/a"},
            id="after-cd-that-may-fail",
        ),
        pytest.param("cat <a >b", {"/w/project/a", "/w/project/b"}, id="redirects"),
    ],
)
def test_paths_to_look_at(script: str, paths: set[str]) -> None:
    action = Command(script=script, cwd=WORKSPACE)
    assert set(paths_of(action, facts_for(action), cwd=WORKSPACE)) == paths


@pytest.mark.parametrize(
    ("script", "folders"),
    [
        pytest.param("git status", {"/w/project"}, id="here"),
        pytest.param("git -C lib -C x log", {"/w/project/lib/x"}, id="flag"),
        pytest.param("cd lib && git log", {"/w/project/lib"}, id="cd"),
        pytest.param("ls", set(), id="no-git"),
    ],
)
def test_repositories_to_look_at(script: str, folders: set[str]) -> None:
    action = Command(script=script, cwd=WORKSPACE)
    assert set(repositories_of(action, facts_for(action), cwd=WORKSPACE)) == folders


def test_a_path_that_was_not_looked_at_waits() -> None:
    action = Command(script="cat a.txt", cwd=WORKSPACE)
    other = Command(script="ls", cwd=WORKSPACE)
    assert assess(action, facts_for(other)).risk is RiskClass.HIGH


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("<" * 60_000, id="operators"),
        pytest.param("ls;" * 5_000, id="commands"),
        pytest.param("ls && " * 2_000 + "ls", id="chain"),
        pytest.param("ls " + "a " * 5_000, id="words"),
        pytest.param("$(" * 3_000, id="open"),
        pytest.param('echo "$(' * 60 + "ls" + ')"' * 60, id="nested"),
        pytest.param("for i in a b c d e f g h; do " * 5 + "ls;" + " done;" * 5, id="loops"),
        pytest.param("cat a " + "x" * 200_000, id="long"),
    ],
)
def test_a_script_that_would_take_too_long_waits(script: str) -> None:
    assert assess_script(script).risk is RiskClass.HIGH


def test_not_every_harmless_part_is_told() -> None:
    found = assess_script("cat " + " ".join(f"f{n}" for n in range(100)) + "; rm x y z")
    assert len(found.evidence) < 40
    assert [item.what for item in found.evidence[:3]] == ["deletes x", "deletes y", "deletes z"]
