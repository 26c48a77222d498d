"""What tests of agents share: a file system in memory, and a home folder to install into."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assent.app.agents import Dialect, Surroundings, UnreadableFile
from assent.core.canonical import Json

REPO = "/home/dev/repo"


@dataclass
class MemoryFiles:
    """Files by absolute path. `unreadable` exist and cannot be read."""

    content: dict[str, bytes] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes | None:
        if path in self.unreadable:
            raise UnreadableFile(f"{path}: Permission denied")
        return self.content.get(path)

    def workspace_of(self, cwd: str) -> str:
        return REPO if f"{cwd}/".startswith(f"{REPO}/") else cwd


Recorded = Callable[[str], dict[str, Json]]


@pytest.fixture
def files() -> MemoryFiles:
    """An empty file system."""
    return MemoryFiles()


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recorded:
    """Reads a payload that the agent sent, from the folder beside the test."""
    folder = request.path.parent / "payloads"

    def read(name: str) -> dict[str, Json]:
        payload: dict[str, Json] = json.loads((folder / f"{name}.json").read_bytes())
        return payload

    return read


@pytest.fixture
def here(tmp_path: Path) -> Surroundings:
    """An empty home with nothing installed."""
    home = tmp_path / "home"
    home.mkdir()
    return Surroundings(
        home=home, assent_home=tmp_path / "assent", relay=relay, env={"PATH": str(tmp_path)}
    )


def relay(dialect: Dialect, agent: str, event: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return ("/opt/as sent/bin/assent-relay", "/run/hook.sock", dialect, agent, event, *names)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes, to compare before and after."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
