"""Installing into Claude Code's settings and taking the hooks out again."""

import json
from dataclasses import replace

import pytest

from assent.adapters.agents.claude_code.install import ClaudeCodeInstaller
from assent.app.agents import Surroundings
from assent.errors import UnavailableError
from tests.adapters.agents.conftest import tree

INSTALLER = ClaudeCodeInstaller()

USERS = b"""{
    "model": "opus",
    "hooks": {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "mine.sh"}]}
        ]
    },
    "permissions": {"allow": ["Bash(ls:*)"]}
}
"""


def put(here: Surroundings, content: bytes) -> None:
    folder = here.home / ".claude"
    folder.mkdir()
    (folder / "settings.json").write_bytes(content)


def test_the_hooks_of_a_new_user(here: Surroundings) -> None:
    assert INSTALLER.status(here).state == "absent"
    assert [change.path for change in INSTALLER.preview(here)] == [
        here.home / ".claude" / "settings.json"
    ]
    assert INSTALLER.install(here).state == "installed"
    assert INSTALLER.preview(here) == ()
    settings = json.loads((here.home / ".claude" / "settings.json").read_bytes())
    command = (
        "'/opt/as sent/bin/assent-relay' /run/hook.sock {} claude-code {}"
        " CLAUDE_CODE_SESSION_ATTENDED CLAUDE_CODE_ENTRYPOINT CLAUDE_PROJECT_DIR"
        " CLAUDE_CONFIG_DIR HOME"
    )
    gating: dict[str, object] = {"timeout": 86400, "onFailure": "block"}
    hooks: list[tuple[str, str, dict[str, object]]] = [
        ("PreToolUse", "exit2", gating),
        ("ConfigChange", "exit2", gating),
        ("PostToolUse", "observe", {"timeout": 30}),
        ("PostToolUseFailure", "observe", {"timeout": 30}),
        ("SessionStart", "observe", {"timeout": 30}),
        ("SessionEnd", "observe", {"timeout": 30}),
    ]
    assert settings == {
        "hooks": {
            event: [
                {
                    "matcher": "*",
                    "hooks": [
                        {"type": "command", "command": command.format(dialect, event), **limits}
                    ],
                }
            ]
            for event, dialect, limits in hooks
        }
    }
    assert INSTALLER.uninstall(here).state == "absent"
    assert tree(here.home) == {}
    assert tree(here.assent_home) == {}


def test_a_users_own_hooks_stay(here: Surroundings) -> None:
    put(here, USERS)
    INSTALLER.install(here)
    settings = json.loads((here.home / ".claude" / "settings.json").read_bytes())
    assert settings["hooks"]["PreToolUse"][0] == json.loads(USERS)["hooks"]["PreToolUse"][0]
    assert settings["permissions"] == {"allow": ["Bash(ls:*)"]}
    INSTALLER.uninstall(here)
    assert (here.home / ".claude" / "settings.json").read_bytes() == USERS


@pytest.mark.parametrize("switch", ["disableAllHooks", "allowManagedHooksOnly"])
def test_hooks_that_are_switched_off_are_not_called_installed(
    here: Surroundings, switch: str
) -> None:
    put(here, json.dumps({switch: True}).encode())
    status = INSTALLER.install(here)
    assert status.state == "altered"
    assert switch in status.notes[0]
    assert INSTALLER.preview(here) == ()


def test_settings_that_cannot_be_read_are_told_apart(here: Surroundings) -> None:
    put(here, b"{ // comment\n}")
    status = INSTALLER.status(here)
    assert status.state == "absent"
    assert len(status.notes) == 1
    with pytest.raises(UnavailableError):
        INSTALLER.install(here)
    with pytest.raises(UnavailableError):
        INSTALLER.preview(here)


def test_a_folder_named_by_the_environment(here: Surroundings) -> None:
    elsewhere = here.home / "elsewhere"
    here = replace(here, env={"CLAUDE_CONFIG_DIR": str(elsewhere)})
    INSTALLER.install(here)
    assert (elsewhere / "settings.json").exists()
    assert not (here.home / ".claude").exists()


def test_where_the_agent_is_found(here: Surroundings) -> None:
    assert INSTALLER.status(here).found == ""
    (here.home / ".claude").mkdir()
    assert INSTALLER.status(here).found == str(here.home / ".claude")
    program = here.home / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert INSTALLER.status(replace(here, env={"PATH": str(here.home)})).found == str(program)


def test_a_relay_that_moved_is_mended(here: Surroundings) -> None:
    INSTALLER.install(here)
    moved = replace(here, relay=lambda *parts: ("/new/assent-relay", "/s", *parts[:3], *parts[3]))
    assert INSTALLER.status(moved).state == "altered"
    assert INSTALLER.install(moved).state == "installed"
    assert b"/opt/as sent" not in (here.home / ".claude" / "settings.json").read_bytes()
    INSTALLER.uninstall(moved)
    assert tree(here.home) == {}
