"""The commands and their exit codes: 0 done, 1 refused, 2 usage, 3 unavailable, 4 integrity."""

import itertools
import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from assent.entrypoints.cli.main import COMMANDS
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run

numbers = itertools.count()


def asked(house: House, command: str = "") -> dict[str, Any]:
    """A request for a call that no other test made: a rejected call is not asked about again."""
    house.shell(CLAUDE, command or f"frobnicate-{next(numbers)} --all")
    [request] = house.waiting()
    return request


# Without a daemon

NEEDS_DAEMON = [
    ["status"],
    ["status", "--json"],
    ["inbox"],
    ["inbox", "--json"],
    ["show", "1"],
    ["approve", "1"],
    ["reject", "1", "--reason", "no"],
    ["modify", "1"],
    ["delay", "1", "--until", "1h"],
    ["withdraw", "1"],
]


@pytest.mark.parametrize("words", NEEDS_DAEMON, ids=" ".join)
def test_without_a_daemon_one_line_says_how_to_start_it(
    run: Run, nowhere: Path, words: list[str]
) -> None:
    done = run(*words)
    assert (done.code, done.out) == (3, "")
    assert done.err == "assent: Assent is not running. Start it: assent up\n"
    assert not nowhere.exists()


@pytest.mark.parametrize("command", ["log", "verify"])
def test_a_record_that_is_not_there_yet(run: Run, nowhere: Path, command: str) -> None:
    done = run(command)
    assert done.code == 3
    assert done.err.endswith("Start Assent: assent up\n")
    assert done.err.count("\n") == 1


def test_down_when_it_is_down(run: Run, nowhere: Path) -> None:
    done = run("down")
    assert (done.code, done.out) == (0, "Assent is not running.\n")


# Usage


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["approve"],
        ["reject", "1"],
        ["delay", "1"],
        ["delay", "1", "--until", "soon"],
        ["modify", "1", "--with", "/no/such/file"],
        ["show", "1", "--nonsense"],
        ["log", "-n", "many"],
        ["agents", "install", "cursor"],
        ["agents", "uninstall", "cursor"],
    ],
    ids=" ".join,
)
def test_usage(run: Run, nowhere: Path, words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert done.out.startswith("Usage: assent " + command)


def test_help_lists_every_command(run: Run) -> None:
    listed = run("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in listed] == []


# Reading


@pytest.mark.network
def test_reading_commands_give_json(run: Run, house: House) -> None:
    request = asked(house, "first-of-all --now")
    status = json.loads(run("status", "--json").out)
    assert status["pid"] == house.pid
    assert status["counts"] == {"waiting": 1}
    inbox = json.loads(run("inbox", "--json").out)
    assert [r["name"] for r in inbox["requests"]] == [request["name"]]
    shown = json.loads(run("show", request["name"], "--json").out)
    assert shown["action"]["script"] == "first-of-all --now"
    lines = run("log", "--json").out.splitlines()
    assert json.loads(lines[0])["body"]["kind"] == "asked"
    assert json.loads(run("verify", "--json").out)["intact"] is True
    agents = json.loads(run("agents", "list", "--json").out)
    assert {row["agent"] for row in agents} == {"claude-code", *OTHER_AGENTS}


OTHER_AGENTS = {"codex", "gemini", "copilot", "opencode"}


@pytest.mark.network
def test_an_empty_inbox_says_so(run: Run, house: House) -> None:
    done = run("inbox")
    assert (done.code, done.out) == (0, "Nothing waits for you.\n")


@pytest.mark.network
def test_a_request_is_named_by_number_or_by_name(run: Run, house: House) -> None:
    request = asked(house, "second-to-none --now")
    texts = {run("show", n).out for n in (str(request["number"]), request["name"])}
    [text] = texts
    assert "second-to-none --now" in text
    assert "rule `" in text


@pytest.mark.network
def test_the_log_shows_one_stream(run: Run, house: House) -> None:
    request = asked(house)
    house.decide(request["number"], "reject", reason="no")
    stream = f"request/{request['number']}"
    lines = run("log", "--stream", stream).out.splitlines()
    assert len(lines) == 2
    assert all(request["name"] in line for line in lines)
    assert len(run("log", "-n", "1").out.splitlines()) == 1


# Deciding


@pytest.mark.network
def test_approve(run: Run, house: House) -> None:
    request = asked(house)
    done = run("approve", request["name"], "--reason", "fine", "--confirm", request["name"])
    assert done.code == 0
    assert done.out.startswith(f"{request['name']}: approved by ana")
    assert house.hooks[-1].said().passed
    assert house.request(request["number"])["decisions"][0]["via"] == "cli"


@pytest.mark.network
def test_reject_tells_the_agent_why(run: Run, house: House) -> None:
    request = asked(house)
    assert run("reject", request["name"], "--reason", "run the tests first").code == 0
    said = house.hooks[-1].said()
    assert not said.passed
    assert "run the tests first" in said.reason


@pytest.mark.network
@pytest.mark.parametrize(
    ("reason", "code"), [("  ", 1), ("x" * 20_001, 2)], ids=["blank", "too-long"]
)
def test_reject_without_a_usable_reason_decides_nothing(
    run: Run, house: House, reason: str, code: int
) -> None:
    request = asked(house)
    assert run("reject", request["name"], "--reason", reason).code == code
    assert house.hooks[-1].waits


@pytest.mark.network
def test_delay_puts_a_request_off(run: Run, house: House) -> None:
    request = asked(house)
    done = run("delay", request["name"], "--until", "2h")
    assert done.code == 0
    assert "delayed" in done.out
    assert house.inbox() == []
    assert "put off" in house.hooks[-1].said().reason
    house.decide(request["number"], "withdraw")


@pytest.mark.network
def test_a_delay_into_the_past_decides_nothing(run: Run, house: House) -> None:
    request = asked(house)
    assert run("delay", request["name"], "--until", "2020-01-01").code == 1
    assert house.hooks[-1].waits


@pytest.mark.network
def test_withdraw_closes_a_request_without_a_verdict(run: Run, house: House) -> None:
    request = asked(house)
    assert run("withdraw", request["name"]).code == 0
    said = house.hooks[-1].said()
    assert not said.passed
    assert "it was withdrawn" in said.reason


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    ["99999", "REQ-99999", "9" * 30, "nothing", "../status", "1 2", "1\n2", "\u00fc", "1?x=1", ""],
)
@pytest.mark.parametrize("command", ["show", "approve"])
def test_a_request_that_does_not_exist(run: Run, house: House, command: str, name: str) -> None:
    done = run(command, name)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("assent: There is no")


@pytest.mark.network
def test_the_second_decision_is_refused(run: Run, house: House) -> None:
    request = asked(house)
    confirm = ("--confirm", request["name"])
    assert run("approve", request["name"], *confirm).code == 0
    done = run("approve", request["name"], *confirm)
    assert (done.code, done.out) == (1, "")
    assert f"{request['name']} is already approved by ana at " in done.err


# Modifying


@pytest.mark.network
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"make check", id="one-line"),
        pytest.param(b"make check\r\nmake\r\n", id="crlf"),
        pytest.param("make caf\u00e9".encode(), id="not-ascii"),
    ],
)
@pytest.mark.parametrize("source", ["file", "standard-input"])
def test_modify_runs_exactly_the_given_text(
    run: Run, house: House, tmp_path: Path, text: bytes, source: str
) -> None:
    request = asked(house)
    file = tmp_path / "changed.sh"
    file.write_bytes(text)
    given = str(file) if source == "file" else "-"
    done = run("modify", request["name"], "--with", given, "--confirm", "7", stdin=text)
    assert done.code == 0, done.err
    said = json.loads(house.hooks[-1].said().out)["hookSpecificOutput"]
    assert said["permissionDecision"] == "allow"
    assert said["updatedInput"]["command"].encode() == text


@pytest.mark.network
def test_modify_with_text_that_is_not_utf_8_decides_nothing(
    run: Run, house: House, tmp_path: Path
) -> None:
    request = asked(house)
    file = tmp_path / "changed.sh"
    file.write_bytes(b"make caf\xe9")
    for given in (str(file), "-"):
        done = run("modify", request["name"], "--with", given, stdin=b"\xff")
        assert (done.code, done.out) == (2, "")
        assert "not UTF-8" in done.err
    assert house.hooks[-1].waits


def editor(tmp_path: Path, program: str) -> str:
    script = tmp_path / "editor.py"
    script.write_text(f"import sys\npath = sys.argv[1]\n{program}\n")
    return f"{sys.executable} {script}"


@pytest.mark.network
def test_what_is_risky_is_not_approved_without_being_confirmed(run: Run, house: House) -> None:
    request = asked(house, "dd if=/dev/zero of=/dev/sdz")
    done = run("approve", request["name"])
    assert done.code == 2
    assert "needs to be confirmed (approve)" in done.err
    assert f"--confirm {request['name']}" in done.err
    refused = run("approve", request["name"], "--confirm", "read")
    assert refused.code == 1
    assert f"type {request['name']} to confirm it" in refused.err
    assert f"assent approve {request['number']} --confirm" in run("show", request["name"]).out
    assert house.hooks[-1].waits


@pytest.mark.network
def test_modify_opens_an_editor(
    run: Run, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(house)
    swap = "open(path, 'w').write('make page')"
    monkeypatch.setenv("VISUAL", editor(tmp_path, swap))
    assert run("modify", request["name"], "--confirm", request["name"]).code == 0
    said = json.loads(house.hooks[-1].said().out)["hookSpecificOutput"]
    assert said["updatedInput"]["command"] == "make page"


@pytest.mark.network
def test_an_editor_that_saves_nothing_decides_nothing(
    run: Run, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(house)
    monkeypatch.setenv("VISUAL", editor(tmp_path, "pass"))
    done = run("modify", request["name"])
    assert done.code == 2
    assert "nothing was decided" in done.err
    assert house.hooks[-1].waits


@pytest.mark.network
def test_an_unreadable_call_cannot_be_modified(run: Run, house: House, tmp_path: Path) -> None:
    house.ask(CLAUDE, b"not json")
    [request] = house.waiting()
    (tmp_path / "x").write_text("y")
    done = run("modify", request["name"], "--with", str(tmp_path / "x"))
    assert done.code == 2
    assert "no part that can be changed" in done.err


# What is said about the level, and to whom


@pytest.mark.network
def test_status_names_the_level_and_the_link_is_for_one_browser(run: Run, house: House) -> None:
    done = run("status", "--link")
    assert done.code == 0
    assert "Level: advisory." in done.out
    assert f"{house.client.info['page']}/login/" in done.out


@pytest.mark.network
def test_state_is_for_this_user_only(house: House) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    home = house.home
    assert {mode(folder) for folder in (home.root, home.run, home.bin, home.log.parent)} == {0o700}
    files = (home.database, home.socket, home.token, home.daemon_file, home.log)
    assert {mode(path) for path in files} == {0o600}


@pytest.mark.network
def test_the_log_of_the_daemon_holds_no_token(run: Run, house: House) -> None:
    asked(house, "publish-it TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789")
    run("status", "--link")
    log = house.home.log.read_text()
    assert house.home.token.read_text() not in log
    assert "ghp_" not in log
