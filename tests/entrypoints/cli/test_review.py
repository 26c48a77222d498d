"""`assent review`: what is not committed is reviewed on the spot, and nothing is changed by it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.policy.changes import ChangeRules, CheckRule
from assent.entrypoints.cli import review as review_module
from assent.entrypoints.wiring import policy_files
from tests.entrypoints.cli.conftest import Run

KEY = "AKIA" + "IOSFODNN7WORLD42"
SECRET = f'key = "{KEY}"\n'
Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> Git:
    """A repository with a commit, in which the commands run; nothing of the user's settings."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "repo"
    root.mkdir()
    monkeypatch.chdir(root)

    def call(*words: str) -> str:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
        return done.stdout

    call("init", "-q", "-b", "main")
    call("config", "user.name", "Ana")
    call("config", "user.email", "ana@example.org")
    Path("a.py").write_text("one = 1\ntwo = 2\n")
    Path(".gitignore").write_text("ignored\n")
    call("add", "-A")
    call("commit", "-q", "-m", "first")
    return call


def everything(root: Path) -> dict[str, bytes]:
    """All bytes below a folder, of git's too."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def fields(run: Run, *words: str) -> dict[str, object]:
    done = run("review", "--json", *words)
    assert done.err == ""
    found: dict[str, object] = json.loads(done.out)
    return found


def paths(found: dict[str, object]) -> list[str]:
    files = found["files"]
    assert isinstance(files, list)
    return sorted(file["path"] for file in files)


# What is reviewed


def test_the_work_tree_with_what_is_new_and_not_ignored(run: Run, git: Git) -> None:
    Path("a.py").write_text("one = 1\ntwo = 3\n")
    Path("new.py").write_text("three = 3\n")
    Path("ignored").write_text(SECRET)
    git("add", "a.py")
    assert paths(fields(run)) == ["a.py", "new.py"]


def test_what_is_staged_and_nothing_else(run: Run, git: Git) -> None:
    Path("a.py").write_text("one = 1\ntwo = 3\n")
    git("add", "a.py")
    Path("a.py").write_text(SECRET)
    Path("new.py").write_text(SECRET)
    found = fields(run, "--staged")
    assert (paths(found), found["findings"], found["failed"]) == (["a.py"], [], False)


@pytest.mark.parametrize(
    ("range_text", "expected"),
    [
        ("HEAD", ["c.py"]),
        ("HEAD~2..HEAD", ["b.py", "c.py"]),
        ("HEAD~2..", ["b.py", "c.py"]),
        ("side...HEAD", ["c.py"]),
        ("HEAD~2", [".gitignore", "a.py"]),
    ],
)
def test_a_range(run: Run, git: Git, range_text: str, expected: list[str]) -> None:
    for name in ("b.py", "c.py"):
        Path(name).write_text("x = 1\n")
        git("add", name)
        git("commit", "-q", "-m", name)
    git("branch", "side", "HEAD~1")
    assert paths(fields(run, range_text)) == expected


def test_before_the_first_commit(run: Run, git: Git, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    os.chdir(fresh)
    git("init", "-q")
    Path("a.py").write_text("x = 1\n")
    assert paths(fields(run)) == ["a.py"]
    git("add", "a.py")
    assert paths(fields(run, "--staged")) == ["a.py"]


def test_nothing_to_review(run: Run, git: Git) -> None:
    done = run("review")
    assert (done.code, done.out) == (0, "Nothing is not committed yet.\n")
    assert run("review", "--staged").out == "Nothing is staged.\n"
    assert run("review", "HEAD..HEAD").out == "Nothing changes.\n"


def test_the_repository_is_byte_for_byte_as_before(run: Run, git: Git) -> None:
    Path("a.py").write_text("one = 1\ntwo = 3\n")
    Path("new.py").write_text(SECRET)
    git("add", "new.py")
    Path("new.py").write_text(SECRET * 2)
    before = everything(Path.cwd())
    for words in ([], ["--staged"], ["HEAD"], ["--sarif", "-"]):
        run("review", *words)
    assert everything(Path.cwd()) == before


def test_from_a_folder_within(run: Run, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("sub").mkdir()
    Path("sub/new.py").write_text("x = 1\n")
    monkeypatch.chdir("sub")
    assert paths(fields(run)) == ["sub/new.py"]
    git("add", "new.py")
    assert paths(fields(run, "--staged")) == ["sub/new.py"]


def test_a_linked_work_tree_has_its_own_index(run: Run, git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "-q", str(tmp_path / "linked"))
    os.chdir(tmp_path / "linked")
    Path("linked.py").write_text("x = 1\n")
    git("add", "linked.py")
    assert paths(fields(run, "--staged")) == ["linked.py"]
    assert paths(fields(run)) == ["linked.py"]


# What is told


def test_findings_are_told_with_their_place_and_never_the_secret(run: Run, git: Git) -> None:
    Path("a.py").write_text("one = 1\n" + SECRET + "two = 2\n")
    done = run("review")
    assert done.code == 1
    assert "a.py:2: adds an AWS access key" in done.out
    assert "[hidden]" in done.out
    assert KEY not in done.out
    assert done.out.startswith("▲ high  1 file not committed yet, +1 -0\n")


def test_hostile_names_and_lines_cannot_move_the_terminal(run: Run, git: Git) -> None:
    Path("b\x1b[2J\u202e.py").write_text(f'pass_\x1b[31mword = 1\npassword = "a\x1b[1mb-8-{KEY}"\n')
    done = run("review")
    assert "\x1b[2J" not in done.out
    assert "\x1b[1m" not in done.out
    assert "\u202e" not in done.out


def test_files_are_ordered_by_risk(run: Run, git: Git) -> None:
    Path("a.py").write_text("one = 2\n")
    Path("z.py").write_text(SECRET)
    out = run("review").out
    assert out.index("z.py  +1") < out.index("a.py  +")


@pytest.mark.parametrize(
    ("bar", "code"),
    [
        ("error", 0),
        ("warning", 1),
        ("info", 1),
        ("medium", 1),
        ("high", 0),
        ("low", 1),
        ("never", 0),
    ],
)
def test_the_bar_decides_the_exit_code(run: Run, git: Git, bar: str, code: int) -> None:
    Path("test_a.py").write_text("def test_a():\n    assert 1 == 1\n    assert 2 == 2\n")
    git("add", "-A")
    git("commit", "-q", "-m", "a test")
    Path("test_a.py").write_text("def test_a():\n    assert 2 == 2\n")
    assert run("review", "--fail-on", bar).code == code
    found = run("review", "--fail-on", bar, "--json")
    assert json.loads(found.out)["failed"] is bool(code)


def test_sarif_is_written_to_a_file(run: Run, git: Git, tmp_path: Path) -> None:
    Path("new é.py").write_text(SECRET)
    file = tmp_path / "out.sarif"
    assert run("review", "--sarif", str(file)).code == 1
    [result] = json.loads(file.read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "new%20%C3%A9.py"
    assert place["region"]["startLine"] == 1
    assert (result["ruleId"], result["level"]) == ("secrets/secret", "error")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["nonsense"], 2, "names no commit", id="no-commit"),
        pytest.param(["--upload-pack=x..HEAD"], 2, "", id="an-option"),
        pytest.param(["HEAD", "--staged"], 2, "Ask for one thing", id="two-things"),
        pytest.param(["--llm"], 2, "names no language model", id="no-model"),
        pytest.param(["--fail-on", "much"], 2, "", id="no-bar"),
        pytest.param(["--open"], 3, "Assent is not running", id="no-daemon"),
    ],
)
def test_usage(run: Run, git: Git, words: list[str], code: int, said: str) -> None:
    Path("a.py").write_text("x\n")
    done = run("review", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_outside_of_git(run: Run, git: Git, tmp_path: Path) -> None:
    os.chdir(tmp_path)
    done = run("review")
    assert done.code == 2
    assert "lies in no work tree of git" in done.err


def test_conflicts_are_named(run: Run, git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    Path("a.py").write_text("side\n")
    git("commit", "-qam", "side")
    git("checkout", "-q", "main")
    Path("a.py").write_text("main\n")
    git("commit", "-qam", "main")
    subprocess.run(["git", "merge", "-q", "side"], capture_output=True, check=False)
    done = run("review", "--staged")
    assert done.code == 2
    assert "in conflict" in done.err


# The project's own checks


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A policy in force with these checks."""

    def set_checks(*checks: CheckRule) -> None:
        policy = replace(policy_files().default(), changes=ChangeRules(checks=checks))
        monkeypatch.setattr(review_module, "_policy", lambda *_: nullcontext(policy))

    return set_checks


LINT = CheckRule("lint", f"{sys.executable} ../lint.py {{paths}}")


@pytest.fixture
def linter(git: Git, tmp_path: Path) -> None:
    """Complains about each line with `bad`, as a linter would."""
    (tmp_path / "lint.py").write_text(
        "import sys\n"
        "bad = 0\n"
        "for name in sys.argv[1:]:\n"
        "    for n, line in enumerate(open(name), 1):\n"
        "        if 'bad' in line:\n"
        "            print(f'{name}:{n}: error: B1 bad line')\n"
        "            bad = 1\n"
        "sys.exit(bad)\n"
    )


def test_a_check_runs_on_the_work_tree(
    run: Run, git: Git, linter: None, rules: Callable[..., None]
) -> None:
    rules(LINT)
    Path("a.py").write_text("one = 1\nbad = 2\n")
    done = run("review")
    assert done.code == 1
    assert "a.py:2: bad line  (check:lint: B1)" in done.out


def test_a_check_runs_on_what_is_staged_while_the_files_are_the_same(
    run: Run, git: Git, linter: None, rules: Callable[..., None]
) -> None:
    rules(LINT)
    Path("a.py").write_text("one = 1\nbad = 2\n")
    git("add", "a.py")
    Path("other.py").write_text("bad\n")
    assert run("review", "--staged").code == 1
    Path("a.py").write_text("one = 1\nfine = 2\n")
    done = run("review", "--staged")
    assert done.code == 0
    assert "check:lint could not look: a.py has changes that are not staged" in done.out


def test_a_check_does_not_run_on_a_range(
    run: Run, git: Git, linter: None, rules: Callable[..., None]
) -> None:
    rules(LINT)
    done = run("review", "HEAD")
    assert (done.code, "could not look" in done.out) == (0, True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param("no-such-linter {paths}", "install it", id="not-installed"),
        pytest.param("exit 3", "ended with exit code 3", id="fails"),
    ],
)
def test_a_check_that_cannot_look(
    run: Run, git: Git, rules: Callable[..., None], command: str, said: str
) -> None:
    rules(CheckRule("lint", command))
    Path("a.py").write_text("one = 1\n")
    assert said in run("review").out


# The hook


def commits(git: Git) -> int:
    return int(git("rev-list", "--count", "HEAD"))


def commit(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "commit", "-q", *(words or ("-m", "more"))],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def test_a_commit_with_a_secret_does_not_happen(run: Run, git: Git) -> None:
    assert run("review", "--install-hook").code == 0
    Path("new.py").write_text(SECRET)
    git("add", "new.py")
    done = commit()
    assert done.returncode == 1
    assert "new.py:1: adds an AWS access key" in done.stdout + done.stderr
    assert "--no-verify" in done.stderr
    assert commits(git) == 1
    Path("new.py").write_text("x = 1\n")
    git("add", "new.py")
    assert commit().returncode == 0
    assert commits(git) == 2


def test_the_hook_looks_at_the_commit_that_is_made(run: Run, git: Git) -> None:
    run("review", "--install-hook")
    Path("new.py").write_text(SECRET)
    git("add", "new.py")
    Path("a.py").write_text("one = 2\n")
    assert commit("-m", "only a", "--", "a.py").returncode == 0
    Path("a.py").write_text(SECRET)
    assert commit("-a", "-m", "all").returncode == 1


def test_a_package_of_the_same_name_is_not_taken_for_assent(run: Run, git: Git) -> None:
    run("review", "--install-hook")
    Path("assent").mkdir()
    Path("assent/__main__.py").write_text("raise SystemExit(0)\n")
    Path("new.py").write_text(SECRET)
    git("add", "-A")
    assert commit().returncode == 1


def test_a_hook_that_was_there_goes_first_and_comes_back(run: Run, git: Git) -> None:
    hook = Path(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    text = b'#!/bin/sh\necho ran >> "$(git rev-parse --show-toplevel)/../ran"\n\xff exit 0 || :\n'
    hook.write_bytes(text)
    hook.chmod(0o750)
    assert "goes first" in run("review", "--install-hook").out
    assert "already" in run("review", "--install-hook").out
    git("add", "-A")
    Path("b.py").write_text("x = 1\n")
    git("add", "b.py")
    assert commit().returncode == 0
    assert Path("../ran").read_text() == "ran\n"
    assert "is back" in run("review", "--uninstall-hook").out
    assert hook.read_bytes() == text
    assert hook.stat().st_mode & 0o777 == 0o750
    assert [each.name for each in hook.parent.iterdir() if "assent" in each.name] == []


def test_a_hook_that_refuses_is_heeded(run: Run, git: Git) -> None:
    hook = Path(".git/hooks/pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 7\n")
    hook.chmod(0o755)
    run("review", "--install-hook")
    Path("b.py").write_text("x = 1\n")
    git("add", "b.py")
    assert commit().returncode == 1
    assert commits(git) == 1


def test_without_a_hook_from_before_nothing_is_left(run: Run, git: Git) -> None:
    before = everything(Path(".git"))
    run("review", "--install-hook")
    assert run("review", "--uninstall-hook").code == 0
    assert everything(Path(".git")) == before
    assert "There is no hook" in run("review", "--uninstall-hook").out


def test_hooks_elsewhere_in_the_repository_are_respected(run: Run, git: Git) -> None:
    git("config", "core.hooksPath", "tools/hooks")
    assert "tools/hooks/pre-commit" in run("review", "--install-hook").out
    assert Path("tools/hooks/pre-commit").exists()


@pytest.mark.parametrize(
    ("hooks_path", "text", "said"),
    [
        pytest.param("", "# File generated by pre-commit: x\n", "pre-commit", id="pre-commit"),
        pytest.param("", "exec lefthook run\n", "lefthook", id="lefthook"),
        pytest.param(".husky", "npm test\n", "husky", id="husky"),
        pytest.param(".husky", "", "husky", id="husky-without-a-hook"),
        pytest.param("/etc/git-hooks", "", "core.hooksPath", id="of-all-repositories"),
    ],
)
def test_a_managed_hook_is_left_alone(
    run: Run, git: Git, hooks_path: str, text: str, said: str
) -> None:
    hooks = Path(hooks_path or ".git/hooks")
    if hooks_path:
        git("config", "core.hooksPath", hooks_path)
    if text:
        hooks.mkdir(exist_ok=True)
        (hooks / "pre-commit").write_text(text)
    before = everything(Path.cwd())
    done = run("review", "--install-hook")
    assert done.code == 2
    assert said in done.err
    assert "assent review --staged" in done.err
    assert everything(Path.cwd()) == before


def test_a_hook_that_somebody_changed_is_not_thrown_away(run: Run, git: Git) -> None:
    run("review", "--install-hook")
    hook = Path(".git/hooks/pre-commit")
    hook.write_text(hook.read_text() + "echo mine\n")
    done = run("review", "--uninstall-hook")
    assert done.code == 1
    assert "was changed" in done.err
    assert "echo mine" in hook.read_text()


# What an agent could plant


def test_programs_named_in_the_repository_are_not_run(run: Run, git: Git, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho ran >> {ran}\ncat\n")
    program.chmod(0o755)
    git("config", "core.fsmonitor", str(program))
    git("config", "diff.external", str(program))
    git("config", "diff.planted.textconv", str(program))
    git("config", "diff.planted.command", str(program))
    Path(".gitattributes").write_text("*.py diff=planted\n")
    Path("a.py").write_text("one = 2\n")
    for words in ([], ["HEAD"]):
        assert run("review", *words).code == 0
    assert not ran.exists()


def test_files_that_a_filter_stores_are_named(run: Run, git: Git, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git("config", "filter.big.clean", f"touch {ran}; cat")
    Path(".gitattributes").write_text("*.bin filter=big\n")
    Path("large.bin").write_text("x\n")
    done = run("review")
    assert (done.code, done.out) == (2, "")
    assert "large.bin" in done.err
    assert "review what is staged" in done.err
    assert not ran.exists()
