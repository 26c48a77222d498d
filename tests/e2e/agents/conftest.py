"""Fixtures for tests that run the real agents. Such tests carry the `agents` marker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .install import Agents, default_folder, install
from .launch import configure
from .scene import Scene, make_scene

SceneMaker = Callable[[str], Scene]


@pytest.fixture(scope="session")
def agents() -> Agents:
    """The real agents, installed when they are not there yet. A failure fails the tests."""
    return install(default_folder())


@pytest.fixture
def new_scene(agents: Agents, tmp_path: Path) -> SceneMaker:
    """Makes the scratch world of an agent, configured for the scripted model, without hooks."""

    def make(agent: str) -> Scene:
        scene = make_scene(agent, agents, tmp_path / agent)
        configure(scene)
        return scene

    return make
