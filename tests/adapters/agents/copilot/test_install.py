"""One file of hooks goes into Copilot CLI's folder, and out of it again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.agents.copilot.install import CopilotInstaller
from assent.app.agents import Surroundings
from tests.adapters.agents.conftest import tree

installer = CopilotInstaller()


def hook_file(here: Surroundings) -> Path:
    return here.home / ".copilot" / "hooks" / "assent.json"


def test_the_file_that_is_written(here: Surroundings) -> None:
    status = installer.install(here)
    assert (status.state, status.files, status.notes) == ("installed", (hook_file(here),), ())
    content = json.loads(hook_file(here).read_bytes())
    assert content["version"] == 1
    assert list(content["hooks"]) == [
        "preToolUse",
        "postToolUse",
        "postToolUseFailure",
        "sessionStart",
        "sessionEnd",
    ]
    relay = "'/opt/as sent/bin/assent-relay' /run/hook.sock"
    names = "COPILOT_LOADER_PID COPILOT_PROJECT_DIR"
    assert content["hooks"]["preToolUse"] == [
        {
            "type": "command",
            "bash": f"{relay} json copilot preToolUse {names}",
            "timeoutSec": 86_400,
        }
    ]
    assert (
        content["hooks"]["sessionEnd"][0]["bash"] == f"{relay} observe copilot sessionEnd {names}"
    )


@pytest.mark.parametrize("content", [None, b'{"version":1,"hooks":{}}'])
def test_installing_and_uninstalling_leaves_no_trace(
    here: Surroundings, content: bytes | None
) -> None:
    other = here.home / ".copilot" / "hooks" / "mine.json"
    other.parent.mkdir(parents=True)
    other.write_bytes(b'{"version":1,"hooks":{"preToolUse":[]}}')
    if content is not None:
        hook_file(here).write_bytes(content)
    before = tree(here.home)
    assert [change.path for change in installer.preview(here)] == [hook_file(here)]
    installer.install(here)
    installed = tree(here.home)
    assert installer.preview(here) == ()
    assert installer.install(here).state == "installed"
    assert tree(here.home) == installed
    assert installer.uninstall(here).state == "absent"
    assert tree(here.home) == before
    assert tree(here.assent_home) == {}


def test_folders_that_were_made_are_removed(here: Surroundings) -> None:
    installer.install(here)
    installer.uninstall(here)
    assert list(here.home.iterdir()) == []


def test_a_changed_file_is_noticed_and_mended(here: Surroundings) -> None:
    installer.install(here)
    good = hook_file(here).read_bytes()
    hook_file(here).write_bytes(good.replace(b"86400", b"1"))
    assert installer.status(here).state == "altered"
    installer.install(here)
    assert hook_file(here).read_bytes() == good


def test_a_changed_file_leaves_too(here: Surroundings) -> None:
    installer.install(here)
    hook_file(here).write_bytes(hook_file(here).read_bytes() + b"\n")
    assert installer.uninstall(here).state == "absent"
    assert not hook_file(here).exists()


@pytest.mark.parametrize("name", ["settings.json", "config.json"])
@pytest.mark.parametrize(
    ("content", "state"),
    [
        pytest.param(b'{"disableAllHooks": true}', "altered", id="off"),
        pytest.param(b'{"disableAllHooks": false}', "installed", id="on"),
        pytest.param(b'{"trustedFolders": []}', "installed", id="silent"),
        pytest.param(b'{"disableAllHooks": true, // x\n}', "altered", id="off-with-comments"),
        pytest.param(b"{ // comments\n}", "installed", id="comments"),
    ],
)
def test_hooks_that_are_switched_off_are_noticed(
    here: Surroundings, name: str, content: bytes, state: str
) -> None:
    installer.install(here)
    (here.home / ".copilot" / name).write_bytes(content)
    status = installer.status(here)
    assert status.state == state
    assert len(status.notes) == (state == "altered")


def test_another_folder_for_copilot(here: Surroundings, tmp_path: Path) -> None:
    elsewhere = replace(here, env={"COPILOT_HOME": str(tmp_path / "else")})
    assert installer.install(elsewhere).files == (tmp_path / "else" / "hooks" / "assent.json",)


def test_where_copilot_is_found(here: Surroundings, tmp_path: Path) -> None:
    assert installer.status(here).found == ""
    program = tmp_path / "copilot"
    program.touch(mode=0o755)
    assert installer.status(here).found == str(program)
