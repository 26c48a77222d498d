"""Hooks go into Gemini CLI's settings once, and leave them as they were."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.agents.gemini.install import FAILED, GeminiInstaller, closed
from assent.app.agents import Surroundings
from assent.errors import UnavailableError
from tests.adapters.agents.conftest import tree

installer = GeminiInstaller()

USERS = b"""{
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "hooks": {
        "BeforeTool": [{"matcher": "write_.*", "hooks": [{"type": "command", "command": "mine"}]}]
    }
}
"""


def settings(here: Surroundings) -> Path:
    return here.home / ".gemini" / "settings.json"


def put(here: Surroundings, content: bytes) -> None:
    settings(here).parent.mkdir(exist_ok=True)
    settings(here).write_bytes(content)


def test_the_hooks_that_are_written(here: Surroundings) -> None:
    status = installer.install(here)
    assert status.state == "installed"
    hooks = json.loads(settings(here).read_bytes())["hooks"]
    assert list(hooks) == ["BeforeTool", "AfterTool", "SessionStart", "SessionEnd"]
    relay = "'/opt/as sent/bin/assent-relay' /run/hook.sock"
    assert hooks["BeforeTool"] == [
        {
            "matcher": "*",
            "hooks": [
                {
                    "type": "command",
                    "name": "assent",
                    "command": closed(f"{relay} exit2 gemini BeforeTool GEMINI_PLANS_DIR"),
                    "timeout": 86_400_000,
                }
            ],
        }
    ]
    (after,) = hooks["AfterTool"][0]["hooks"]
    assert after["command"] == f"{relay} observe gemini AfterTool GEMINI_PLANS_DIR"


@pytest.mark.parametrize("content", [None, b"{}", b'{"hooks":{}}', USERS])
def test_installing_and_uninstalling_leaves_no_trace(
    here: Surroundings, content: bytes | None
) -> None:
    if content is not None:
        put(here, content)
    before = tree(here.home)
    assert [change.path for change in installer.preview(here)] == [settings(here)]
    installer.install(here)
    installed = tree(here.home)
    assert installer.preview(here) == ()
    assert installer.install(here).state == "installed"
    assert tree(here.home) == installed
    assert installer.uninstall(here).state == "absent"
    assert tree(here.home) == before
    assert tree(here.assent_home) == {}


def test_the_users_own_entries_stay(here: Surroundings) -> None:
    put(here, USERS)
    installer.install(here)
    groups = json.loads(settings(here).read_bytes())["hooks"]["BeforeTool"]
    assert groups[0] == json.loads(USERS)["hooks"]["BeforeTool"][0]
    assert len(groups) == 2


def test_what_was_edited_since_stays_when_the_hooks_leave(here: Surroundings) -> None:
    put(here, USERS)
    installer.install(here)
    edited = settings(here).read_bytes().replace(b'"mine"', b'"mine --fast"')
    settings(here).write_bytes(edited)
    installer.uninstall(here)
    assert json.loads(settings(here).read_bytes()) == json.loads(
        USERS.replace(b'"mine"', b'"mine --fast"')
    )


def test_a_changed_hook_is_noticed_and_mended(here: Surroundings) -> None:
    installer.install(here)
    good = settings(here).read_bytes()
    settings(here).write_bytes(good.replace(b"86400000", b"1"))
    assert installer.status(here).state == "altered"
    installer.install(here)
    assert json.loads(settings(here).read_bytes()) == json.loads(good)


@pytest.mark.parametrize(
    "switch",
    [
        pytest.param({"enabled": False}, id="all-hooks-off"),
        pytest.param({"disabled": ["assent"]}, id="by-name"),
        pytest.param(
            {"disabled": ["/x/assent-relay /s exit2 gemini BeforeTool"]}, id="by-its-command"
        ),
    ],
)
def test_hooks_that_are_switched_off_are_noticed(
    here: Surroundings, switch: dict[str, object]
) -> None:
    put(here, json.dumps({"hooksConfig": switch}).encode())
    status = installer.install(here)
    assert status.state == "altered"
    assert "hooksConfig" in status.notes[0]


def test_switches_that_are_not_about_us_are_nothing_to_note(here: Surroundings) -> None:
    put(here, b'{"hooksConfig": {"enabled": true, "disabled": ["other"]}}')
    status = installer.install(here)
    assert status.state == "installed"
    assert not any("hooksConfig" in note for note in status.notes)


def test_settings_with_comments_are_left_alone(here: Surroundings) -> None:
    put(here, b"{ // mine\n}")
    with pytest.raises(UnavailableError):
        installer.install(here)
    assert settings(here).read_bytes() == b"{ // mine\n}"


def test_another_home_for_gemini(here: Surroundings, tmp_path: Path) -> None:
    elsewhere = replace(here, env={"GEMINI_CLI_HOME": str(tmp_path / "else")})
    assert installer.install(elsewhere).files == (tmp_path / "else" / ".gemini" / "settings.json",)


def test_where_gemini_is_found(here: Surroundings, tmp_path: Path) -> None:
    assert installer.status(here).found == ""
    program = tmp_path / "gemini"
    program.touch(mode=0o755)
    assert installer.status(here).found == str(program)


@pytest.mark.parametrize(
    ("program", "code", "stdout", "stderr"),
    [
        pytest.param("print('{}')", 0, "{}\n", "", id="answers"),
        pytest.param("sys.exit(2)", 2, "", "", id="refuses"),
        pytest.param("sys.stderr.write('why\\n'); sys.exit(2)", 2, "", "why\n", id="refuses-so"),
        pytest.param("sys.exit(1)", 2, "", f"{FAILED}\n", id="crashes"),
        pytest.param(None, 2, "", None, id="missing"),
        pytest.param("os.kill(os.getpid(), 9)", 2, "", None, id="killed"),
    ],
)
def test_the_command_refuses_whatever_happens_to_the_relay(
    tmp_path: Path, program: str | None, code: int, stdout: str, stderr: str | None
) -> None:
    relay = tmp_path / "relay.py"
    if program is not None:
        relay.write_text(f"import os, sys\n{program}\n")
    python = sys.executable if program is not None else str(tmp_path / "none")
    ended = subprocess.run(
        ["bash", "-c", closed(f"'{python}' '{relay}'")], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (code, stdout)
    assert ended.stderr == stderr if stderr is not None else ended.stderr.endswith(f"{FAILED}\n")
