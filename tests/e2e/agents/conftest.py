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
    return _maker(agents, tmp_path)


@pytest.fixture(scope="module")
def new_module_scene(agents: Agents, tmp_path_factory: pytest.TempPathFactory) -> SceneMaker:
    """`new_scene` for a run that several tests look at."""

    def make(agent: str) -> Scene:
        return _maker(agents, tmp_path_factory.mktemp("scene"))(agent)

    return make


def _maker(agents: Agents, folder: Path) -> SceneMaker:
    def make(agent: str) -> Scene:
        scene = make_scene(agent, agents, folder / agent)
        configure(scene)
        return scene

    return make
