"""A project's own settings that keep an agent from running our hooks are reported."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.adapters.agents.registry import INSTALLERS
from assent.app.agents import Surroundings

OFF = '{"disableAllHooks": true}'
UNREADABLE = '{"disableAllHooks": true, // why\n}'
GEMINI_OFF = '{"hooksConfig": {"enabled": false}}'


@pytest.mark.parametrize(
    ("agent", "name", "text"),
    [
        pytest.param("claude-code", ".claude/settings.json", OFF, id="claude"),
        pytest.param("claude-code", ".claude/settings.local.json", OFF, id="claude local"),
        pytest.param("claude-code", ".claude/settings.json", UNREADABLE, id="claude unreadable"),
        pytest.param("copilot", ".github/copilot/settings.json", OFF, id="copilot"),
        pytest.param("copilot", ".claude/settings.json", OFF, id="copilot claude"),
        pytest.param("copilot", ".claude/settings.json", UNREADABLE, id="copilot unreadable"),
        pytest.param("gemini", ".gemini/settings.json", GEMINI_OFF, id="gemini"),
    ],
)
def test_hooks_that_a_project_switches_off_are_altered(
    here: Surroundings, tmp_path: Path, agent: str, name: str, text: str
) -> None:
    installer = INSTALLERS[agent]
    installer.install(here)
    project = tmp_path / "project"
    there = replace(here, project=project)
    plain = installer.status(there)
    (project / name).parent.mkdir(parents=True)
    (project / name).write_text(text, encoding="utf-8")

    switched_off = installer.status(there)

    assert plain.state == "installed"
    assert switched_off.state == "altered"
    assert str(project / name) in switched_off.notes[0]
