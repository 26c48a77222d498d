"""One agent's scratch world: a home, a repository and a place for the run's records."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .install import Agents

README_TEXT = "# scratch\n"
ARTEFACT = "letters/draft.txt"


@dataclass(frozen=True, slots=True)
class Scene:
    """`home` is the agent's HOME, `repo` its working directory, `temporary` its TMPDIR (a short
    path: agents put sockets there); `records` is outside all of them."""

    agent: str
    agents: Agents
    home: Path
    repo: Path
    temporary: Path
    records: Path

    @property
    def mcp_log(self) -> Path:
        return self.records / "mcp.jsonl"


def make_scene(agent: str, agents: Agents, root: Path) -> Scene:
    """An empty home and a repository with one commit, and letters that git does not know."""
    scene = Scene(
        agent,
        agents,
        home=root / "home",
        repo=root / "repo",
        temporary=root / "tmp",
        records=root / "records",
    )
    for folder in (scene.home, scene.repo, scene.temporary, scene.records):
        folder.mkdir(parents=True)
    (scene.repo / "README.md").write_text(README_TEXT, encoding="utf-8")
    _git(scene, "init", "--quiet", "--initial-branch=main")
    _git(scene, "config", "user.name", "Scratch")
    _git(scene, "config", "user.email", "scratch@example.invalid")
    _git(scene, "add", ".")
    _git(scene, "commit", "--quiet", "--message=start")
    artefact = scene.repo / ARTEFACT
    artefact.parent.mkdir()
    artefact.write_text("artefact\n", encoding="utf-8")
    return scene


def _git(scene: Scene, *arguments: str) -> None:
    subprocess.run(
        ["git", *arguments],
        cwd=scene.repo,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(scene.home)},
        check=True,
    )
