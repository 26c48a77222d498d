"""Claude Code's settings cannot be switched off from inside a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from .conftest import SceneMaker
from .house import Asked, House
from .runner import AgentRun, start_agent
from .scene import ARTEFACT, Scene
from .scripted_model.steps import Run, Say, Script, Write

OFF = '{"disableAllHooks": true}\n'
SWITCH_OFF = f"""\
import pathlib, sys
for name in sys.argv[1:]:
    path = pathlib.Path(name).expanduser()
    path.parent.mkdir(exist_ok=True)
    path.write_text({OFF!r})
"""
SOURCES = ("user_settings", "project_settings", "local_settings")
FILES = ("~/.claude/settings.json", ".claude/settings.json", ".claude/settings.local.json")
REASON = "letters stay"

pytestmark = pytest.mark.agents


@dataclass(frozen=True, slots=True)
class Tampering:
    """A session in which a person let a script switch the hooks off, file after file."""

    scene: Scene
    written: Asked
    """The question about writing such settings with the agent's own tool."""
    deletions: tuple[str, ...]
    """What the model saw of the deletion that it tried after each change was seen and refused."""
    hooks: Mapping[str, Any]
    """What Assent says of the agent afterwards."""


@pytest.fixture(scope="module")
def tampering(new_module_scene: SceneMaker) -> Tampering:
    scene = new_module_scene("claude-code")
    (scene.repo / "off.py").write_text(SWITCH_OFF, encoding="utf-8")
    tries = [steps for name in FILES for steps in tries_after_changing(name)]
    script: Script = (Write(".claude/settings.json", OFF), *tries, Say("done"))
    with House(scene) as house:
        house.open()
        with start_agent(scene, script) as run:
            written = house.next_asked(run)
            house.reject(written, "no")
            for source in SOURCES:
                house.approve(house.next_asked(run))
                wait_until_refused(house, run, source)
                house.approve(house.next_asked(run))
                house.reject(house.next_asked(run), REASON)
            results = house.finish(run).results()
        return Tampering(scene, written, results[3::3], house.hooks())


def tries_after_changing(name: str) -> Script:
    """Change the settings, go on when Claude Code has seen it, and try a deletion of its own."""
    off = f"echo off >> ~/log; python3 off.py {name}"
    return (Run(off), Run("echo on >> ~/log"), Run(f"rm -rf letters # {name}"))


def wait_until_refused(house: House, run: AgentRun, source: str) -> None:
    """Claude Code sees a changed file a moment later; meanwhile the next command is held."""
    house.next_asked(run)
    run.until(lambda: source in {entry["source"] for entry in house.entries("settings-refused")})


def test_writing_such_settings_with_a_tool_is_gated(tampering: Tampering) -> None:
    assert tampering.written.kind == "edit"
    assert tampering.written.record["rule"] == "policy-self"


def test_settings_were_really_changed(tampering: Tampering) -> None:
    """Else the other tests would show nothing."""
    folders = (tampering.scene.home, tampering.scene.repo, tampering.scene.repo)
    paths = (folder / name.removeprefix("~/") for folder, name in zip(folders, FILES, strict=True))
    assert [path.read_text(encoding="utf-8") for path in paths] == [OFF] * 3


def test_deletion_is_stopped_after_every_change(tampering: Tampering) -> None:
    assert len(tampering.deletions) == len(FILES)
    assert all(REASON in deletion for deletion in tampering.deletions)
    assert (tampering.scene.repo / ARTEFACT).exists()


def test_changed_settings_are_reported_for_the_next_session(tampering: Tampering) -> None:
    """The hooks are gone from the user's file."""
    assert tampering.hooks["state"] == "absent"
