"""Our installers, used through the command line, on homes that the real agents then read."""

from pathlib import Path

import pytest

from .conftest import SceneMaker
from .house import House
from .scene import Scene
from .scripted_model.vocabulary import AGENTS

pytestmark = pytest.mark.agents


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


def user_settings(scene: Scene) -> None:
    """Settings of the user's own, written as nobody's formatter would write them."""
    own = {
        "claude-code": (".claude/settings.json", '{"theme" : "dark",\n\t"hooks":{ }}'),
        "codex": (".codex/hooks.json", '{ "hooks": {\n} }\n\n'),
        "gemini": (".gemini/settings.json", None),
        "copilot": (".copilot/hooks/own.json", '{"version":1,"hooks":{}}'),
        "opencode": (".config/opencode/plugins/own.js", "export const Own = async () => ({})\n"),
    }
    name, text = own[scene.agent]
    if text is not None:
        path = scene.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("agent", AGENTS)
def test_uninstalling_gives_the_home_back_byte_for_byte(agent: str, new_scene: SceneMaker) -> None:
    scene = new_scene(agent)
    user_settings(scene)
    before = contents(scene.home)
    house = House(scene)

    house.install()
    installed = contents(scene.home)
    state = house.hooks()["state"]
    house.install()
    installed_again = contents(scene.home)
    house.uninstall()

    assert state == "installed"
    assert installed != before
    assert installed_again == installed
    assert contents(scene.home) == before
