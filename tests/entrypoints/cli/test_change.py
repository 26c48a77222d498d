"""`assent change` with a running Assent: handed in, looked at, decided, merged, taken back."""

import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from assent.entrypoints.cli.change_calls import SIGNS, submit_fields
from assent.entrypoints.cli.change_pick import pick
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Ran, Run

pytestmark = pytest.mark.network

numbers = itertools.count()
POLICY = '[changes]\ntest = "test ! -e broken"\n'
LINES = "".join(f"line {n} = {n}\n" for n in range(40))
POLL_S = 0.05


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repo(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[Path]:
    """A repository on the branch `work`, whose policy names the tests, and was accepted."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for signs in SIGNS.values():
        for name in signs:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(house.user_home))
    root = tmp_path / "repo"
    (root / ".assent").mkdir(parents=True)
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    git("config", "user.name", "Ana")
    git("config", "user.email", "ana@example.org")
    Path(".assent/policy.toml").write_text(POLICY)
    Path("a.txt").write_text(LINES)
    Path("b.txt").write_text(LINES)
    git("add", "-A")
    git("commit", "-q", "-m", "start")
    git("checkout", "-q", "-b", "work")
    accept_policy(house, run)
    yield root
    for change in house.client.get("/api/changes")["changes"]:
        house.client.post(f"/api/changes/{change['name']}/abandon", {})


def accept_policy(house: House, run: Run) -> None:
    """Have a first change looked at, which asks about the policy, and accept that."""
    Path("a.txt").write_text("first\n")
    assert run("change", "submit", "--draft").code == 0
    Path("a.txt").write_text(LINES)
    [request] = house.waiting()
    house.decide(request["number"])


def edited(*, file: str = "a.txt", line: int = 3, text: str = "") -> None:
    """Change one line of a file in the work tree."""
    path = Path(file)
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = (text or f"changed {next(numbers)}") + "\n"
    path.write_text("".join(lines))


def submitted(run: Run, *words: str) -> dict[str, Any]:
    """What was handed in, once a person is asked."""
    done = run("change", "submit", "--json", *words)
    assert (done.code, done.err) == (0, "")
    return reached(run, json.loads(done.out)["name"], "in_review", asked=True)


def record(run: Run, name: str, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("change", "show", name, "--json", *words).out)
    return found


def reached(run: Run, name: str, state: str, *, asked: bool = False) -> dict[str, Any]:
    """The change, once it is in `state`."""
    while True:
        change = record(run, name)
        if change["state"] == state and (change["asked"] or not asked):
            return change
        time.sleep(POLL_S)


def said(done: Ran) -> str:
    assert done.err == ""
    assert done.code == 0
    return done.out


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["show", "1", "--json"],
        ["submit", "--title", "T"],
        ["accept", "1", "--all"],
        ["reject", "1", "--reason", "no"],
        ["comment", "1", "hi"],
        ["merge", "1"],
        ["revert", "1"],
        ["abandon", "1"],
        ["ready", "1"],
    ],
    ids=" ".join,
)
def test_without_a_daemon_one_line_says_how_to_start_it(
    run: Run, nowhere: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.delenv("CLAUDECODE", raising=False)
    done = run("change", *words)
    assert (done.code, done.out) == (3, "")
    assert done.err == "assent: Assent is not running. Start it: assent up\n"


# Handing in


def test_the_work_tree_is_handed_in_with_what_is_not_committed(repo: Path, run: Run) -> None:
    edited()
    Path("new.txt").write_text("new\n")
    out = said(run("change", "submit"))
    name = out.split()[0]
    assert "work" in out.splitlines()[0]
    assert f"/changes/{name}" in out
    change = record(run, name)
    assert sorted({hunk["path"] for hunk in change["hunks"]}) == ["a.txt", "new.txt"]
    assert (change["branch"], change["target"], change["owner"]) == ("work", "main", "ana")
    assert change["agent"] == ""


def test_only_what_is_committed(repo: Path, run: Run) -> None:
    edited()
    git("commit", "-qam", "Change a line")
    edited(file="b.txt")
    change = submitted(run, "--committed")
    assert {hunk["path"] for hunk in change["hunks"]} == {"a.txt"}
    assert change["title"] == "Change a line"


def test_a_branch_that_is_not_checked_out(repo: Path, run: Run) -> None:
    edited()
    git("commit", "-qam", "On its branch")
    git("checkout", "-q", "main")
    change = submitted(run, "--branch", "work")
    assert (change["branch"], change["title"]) == ("work", "On its branch")


def test_plan_report_and_note_are_handed_in(repo: Path, run: Run, tmp_path: Path) -> None:
    edited()
    plan, report = tmp_path / "plan.md", tmp_path / "report.md"
    plan.write_text("Change a line\x1b[2J.")
    report.write_text("Changed it.")
    files = ("--plan", str(plan), "--report", str(report))
    change = submitted(run, "--title", "T", "--note", "N", *files)
    out = said(run("change", "show", change["name"]))
    assert "The plan, as its maker says:\n    Change a line" in out
    assert "The report of its maker, unverified:\n    Changed it." in out
    assert "\x1b" not in out
    assert change["revisions"][0]["note"] == "N"


def test_a_new_revision(repo: Path, run: Run) -> None:
    edited()
    name = submitted(run)["name"]
    edited(file="b.txt")
    change = submitted(run, "--change", name)
    assert (change["name"], change["revision"]) == (name, 2)


def test_an_agent_is_named_as_the_maker_and_told_to_end(
    repo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited()
    monkeypatch.setenv("CLAUDECODE", "1")
    monkeypatch.setenv("CLAUDE_CODE_SESSION_ID", "s-1")
    out = said(run("change", "submit"))
    assert "Your run ends here" in out
    change = record(run, out.split()[0])
    assert (change["agent"], change["owner"]) == ("claude-code", "ana")
    assert change["revisions"][0]["session"] == "s-1"


@pytest.mark.parametrize(
    ("env", "agent", "session"),
    [
        ({"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s"}, "claude-code", "s"),
        ({"CODEX_SANDBOX": "seatbelt", "CODEX_THREAD_ID": "s"}, "codex", "s"),
        ({"GEMINI_CLI": "1", "GEMINI_SESSION_ID": "s"}, "gemini", "s"),
        ({"OPENCODE": "1"}, "opencode", ""),
        ({"COPILOT_CLI": "1"}, "copilot", ""),
        ({"CLAUDECODE": "", "PATH": "/bin"}, None, None),
    ],
)
def test_agents_are_told_by_their_environment(
    env: dict[str, str], agent: str | None, session: str | None
) -> None:
    fields = submit_fields(Path("/repo"), env)
    assert (fields.get("agent"), fields.get("session")) == (agent, session)
    assert fields["cwd"] == "/repo"


def test_an_agent_does_not_decide(repo: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    edited()
    name = submitted(run)["name"]
    monkeypatch.setenv("CLAUDECODE", "1")
    for words in (["accept", "--all"], ["reject", "--reason", "x"], ["merge"], ["revert"]):
        done = run("change", words[0], name, *words[1:])
        assert (done.code, "run by Claude Code" in done.err) == (2, True), words
    assert record(run, name)["state"] == "in_review"


def test_a_value_of_a_file(repo: Path, run: Run) -> None:
    Path("settings.json").write_text('{"limits": {"size": 3}}\n')
    change = submitted(run, "--value", "settings.json#/limits/size", "--to", "4")
    payload = change["revisions"][0]["payload"]
    assert (payload["kind"], payload["before"], payload["after"]) == ("value", "3", "4")
    assert payload["file"] == str(repo / "settings.json")
    assert "a config value in" in said(run("change", "show", change["name"]))


CANNOT_HAND_IN = {
    "--value a.json#/x": "Say what the value becomes",
    "--value a.json#x --to 1": "no JSON pointer",
    "--value a.json#/x --to {": "is no JSON",
    "--to 1": "Name it: --value",
    "--committed": "Nothing differs from main",
    "--branch nowhere": "no branch",
    "--branch work --uncommitted": "only what is committed",
    "--plan /no/such/file": "does not exist",
}


def test_what_cannot_be_handed_in(repo: Path, run: Run) -> None:
    for words, why in CANNOT_HAND_IN.items():
        done = run("change", "submit", "--title", "T", *words.split())
        assert (done.code, done.out, why in done.err) == (2, "", True), words


# Looking


def test_lists(repo: Path, run: Run) -> None:
    edited()
    name = submitted(run, "--title", "Hide \x1b[2J\u202e this")["name"]
    out = said(run("change", "list"))
    assert out.startswith(f"{name:>6}  ○ low  Hide ")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "next is a person" in out
    said(run("change", "abandon", name))
    assert name not in said(run("change", "list"))
    assert f"{name:>6}" in said(run("change", "list", "--all"))
    assert json.loads(run("change", "list", "--all", "--json").out)["changes"][0]["name"] == name


def test_the_difference_with_findings_at_their_lines(repo: Path, run: Run) -> None:
    key = "AKIA" + "IOSFODNN7WORLD42"
    edited(line=20, text=f'key = "{key}"')
    done = run("change", "submit", "--json")
    name = json.loads(done.out)["name"]
    while not record(run, name)["findings"]:
        time.sleep(POLL_S)
    out = said(run("change", "show", name, "--diff"))
    added = next(place for place, line in enumerate(out.splitlines()) if line.startswith("+key"))
    below = "\n".join(out.splitlines()[added:])
    assert "error    a.txt:20: adds an AWS access key" in below
    assert "@@ -17,7 +17,7 @@" in out
    [file] = record(run, name, "--diff")["files"]
    assert file["path"] == "a.txt"


def test_what_there_is_not(repo: Path, run: Run) -> None:
    for words in (["show", "99999"], ["accept", "nonsense", "--all"], ["merge", "99999"]):
        done = run("change", *words)
        assert (done.code, done.out) == (1, "")
        assert "There is no" in done.err


# Deciding


def test_accepted_tested_merged_and_taken_back(repo: Path, run: Run) -> None:
    edited(text="merged by a test")
    name = submitted(run, "--title", "Change a line")["name"]
    assert "accepted" in said(run("change", "accept", name, "--all", "--reason", "fine"))
    change = reached(run, name, "merged")
    assert "merged by a test" in git("show", "main:a.txt")
    message = git("log", "-1", "--format=%B", "main")
    assert message.startswith("Change a line\n")
    assert f"Assent-Change: {name}" in message
    out = said(run("change", "show", name, "--tests"))
    assert "Tests passed: `test ! -e broken`" in out
    assert f"Merged as {change['merges'][0]['commit'][:12]}" in out
    assert "Revert" in said(run("change", "revert", name, "--reason", "not so"))
    reached(run, name, "reverted")
    assert git("show", "main:a.txt") == LINES.strip()


def test_a_part_is_accepted_and_the_rest_comes_back(repo: Path, run: Run) -> None:
    edited(line=3, text="wanted")
    edited(line=30, text="not wanted")
    edited(file="b.txt", text="not wanted")
    change = submitted(run, "--title", "Much")
    wanted = next(each for each in change["hunks"] if each["line"] < 10 and each["path"] == "a.txt")
    out = said(run("change", "accept", change["name"], "--hunk", wanted["id"][:10]))
    assert "in part" in out
    back = reached(run, change["name"], "changes_requested")
    assert "wanted" in git("show", "main:a.txt")
    assert "not wanted" not in git("show", "main:a.txt") + git("show", "main:b.txt")
    assert {hunk["path"] for hunk in back["hunks"]} == {"a.txt", "b.txt"}


def test_all_but_a_file(repo: Path, run: Run) -> None:
    edited(text="in")
    edited(file="b.txt", text="out")
    name = submitted(run)["name"]
    said(run("change", "accept", name, "--all", "--except", "b.txt"))
    reached(run, name, "changes_requested")
    assert "in" in git("show", "main:a.txt")
    assert git("show", "main:b.txt") == LINES.strip()


def test_sent_back_with_comments_and_handed_in_again(repo: Path, run: Run) -> None:
    edited(line=5, text="five")
    name = submitted(run)["name"]
    said(run("change", "comment", name, "say which five", "--at", "a.txt:5"))
    said(run("change", "reject", name, "--reason", "too vague"))
    change = record(run, name)
    assert change["state"] == "changes_requested"
    [comment] = change["comments"]
    assert (comment["path"], comment["line"], comment["quote"]) == ("a.txt", 5, "five")
    out = said(run("change", "show", name))
    assert "a.txt:5: ana" in out
    assert "came back to you: ana asks for changes: too vague" in out
    edited(line=5, text="five apples")
    assert submitted(run, "--change", name)["revision"] == 2


CANNOT_SAY = {
    "accept": "no terminal to ask in",
    "accept --except a.txt": "--except takes",
    "accept --hunk abcdef": "names no hunk",
    "accept --file b.txt": "names no hunk",
    "accept --all --except a.txt": "nothing was decided",
    "reject": "--reason",
    "comment hi --at b.txt:3": "does not change",
}


def test_what_cannot_be_said(repo: Path, run: Run) -> None:
    edited()
    name = submitted(run)["name"]
    for words, why in CANNOT_SAY.items():
        first, *more = words.split()
        done = run("change", first, name, *more)
        assert (done.code, done.out, why in done.err) == (2, "", True), words
    assert run("change", "revert", name).code == 1
    assert record(run, name)["state"] == "in_review"


def test_drafts(repo: Path, run: Run) -> None:
    edited()
    name = json.loads(run("change", "submit", "--draft", "--json").out)["name"]
    assert "draft" in said(run("change", "show", name))
    said(run("change", "ready", name))
    reached(run, name, "in_review", asked=True)


def test_a_local_review_becomes_a_draft_with_a_page(repo: Path, run: Run) -> None:
    edited()
    out = said(run("review", "--open"))
    name = out.split()[0]
    assert f"/changes/{name}" in out
    assert record(run, name)["state"] == "draft"


# Waiting


@pytest.mark.parametrize(
    ("broken", "code", "words"),
    [
        pytest.param(False, 0, "merged", id="merged"),
        pytest.param(True, 1, "left the queue", id="tests-fail"),
    ],
)
def test_wait_until_it_is_merged_or_comes_back(
    repo: Path, house: House, *, broken: bool, code: int, words: str
) -> None:
    edited()
    if broken:
        Path("broken").write_text("x\n")
    done: list[subprocess.CompletedProcess[str]] = []
    waiting = threading.Thread(
        target=lambda: done.append(house.assent("change", "submit", "--wait", cwd=repo))
    )
    waiting.start()
    client = house.client
    while True:
        listed = client.get("/api/changes")["changes"]
        mine = [each for each in listed if each["workspace"] == str(repo.resolve())]
        ready = [each for each in mine if each["turn"]["who"] == "person"]
        if ready and ready[0]["state"] == "in_review":
            break
        time.sleep(POLL_S)
    client.post(f"/api/changes/{ready[0]['name']}/accept", {})
    waiting.join()
    [ended] = done
    assert ended.returncode == code, ended.stderr
    assert words in ended.stdout
    assert ("came back to you" in ended.stdout) is broken


# Hunk by hunk


def picked(change: dict[str, Any], keys: str, *reasons: str) -> tuple[Any, list[Any]]:
    pressed, answers = iter(keys), iter(reasons)
    return pick(change, key=lambda: next(pressed), words=lambda _: next(answers))


@pytest.mark.parametrize(
    ("keys", "accepted"),
    [
        pytest.param("yyy", 3, id="all"),
        pytest.param("ynn", 1, id="undecided-is-not-accepted"),
        pytest.param("y-d", 1, id="rejected"),
        pytest.param("yypunn", 1, id="taken-back"),
        pytest.param("?ynn", 1, id="help"),
        pytest.param("d", 0, id="none"),
    ],
)
def test_hunks_one_by_one(
    repo: Path, run: Run, capsys: pytest.CaptureFixture[str], keys: str, accepted: int
) -> None:
    edited(line=3)
    edited(line=30)
    edited(file="b.txt")
    change = submitted(run)
    _, chosen = picked(change, keys, "not so")
    assert len(chosen) == accepted
    out = capsys.readouterr().out
    assert "1 of 3: ○ low, undecided" in out
    stances = [hunk["stance"] for hunk in record(run, change["name"])["hunks"]]
    assert stances.count("accepted") == accepted
    assert stances.count("rejected") == keys.count("-")


def test_quitting_keeps_what_was_said_and_decides_nothing(repo: Path, run: Run) -> None:
    edited(line=3)
    edited(line=30)
    change = submitted(run)
    with pytest.raises(click.Abort):
        picked(change, "yq")
    again = record(run, change["name"])
    assert again["state"] == "in_review"
    assert [hunk["stance"] for hunk in again["hunks"]] == ["accepted", "undecided"]
    _, chosen = picked(again, "y")
    assert len(chosen) == 2
