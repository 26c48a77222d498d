"""A real agent takes a task from edit to merged commit, with a person who decides in between."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import SceneMaker
from .house import House
from .launch import search_path
from .runner import start_agent
from .scene import Scene
from .scripted_model.steps import Run, Say, Write

PLAN = "Greet people by name; a name that is empty greets `you`."
GREET = "def greet(name):\n    return f\"Hello, {name or 'you'}\"\n"
TEST = (
    "import unittest\n\nfrom greet import greet\n\n\n"
    "class Greeting(unittest.TestCase):\n"
    '    def test_nobody(self):\n        self.assertEqual(greet(""), "Hello, you")\n'
)
BROKEN = TEST.replace("Hello, you", "Hello, who")
POLICY = '[changes]\ntest = "python3 -m unittest"\n'
TITLE = "Greet people who gave no name"

pytestmark = pytest.mark.agents


def opened(scene: Scene) -> House:
    """An Assent whose policy for the scene names the tests, and which a person accepted."""
    _git(scene, "switch", "--quiet", "--create", "greet")
    folder = scene.repo / ".assent"
    folder.mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    (scene.repo / ".git" / "info" / "exclude").write_text("letters/\n.assent/\n", encoding="utf-8")
    return House(scene)


def within_reach(house: House, scene: Scene) -> dict[str, str]:
    """What the agent's own shell needs to find the command line."""
    programs = scene.records / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "assent"
    program.write_text(
        f"#!{sys.executable}\nfrom assent.entrypoints.cli.main import main\n\nmain()\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return {"ASSENT_HOME": str(house.root), "PATH": f"{programs}:{search_path(scene)}"}


@pytest.mark.parametrize("agent", ["claude-code"])
def test_from_edit_to_merged_commit(agent: str, new_module_scene: SceneMaker) -> None:
    scene = new_module_scene(agent)
    with opened(scene) as house:
        house.open()
        env = within_reach(house, scene)
        script = (
            Write("greet.py", GREET),
            Write("test_greet.py", BROKEN),
            Run(f"assent change submit --title '{TITLE}' --plan - <<'EOT'\n{PLAN}\nEOT"),
            Say("done"),
        )
        with start_agent(scene, script, env_extra=env) as run:
            accept_policy(house, run)
            finished = house.finish(run)
        assert "CH-1 is in review" in finished.results()[-1], finished.results()

        # The tests fail on what would be merged: it leaves the queue, and nothing moved.
        before = _git(scene, "rev-parse", "main")
        house.cli("change", "accept", "1", "--all")
        failed = settled(house, "CH-1", "ejected")
        assert "test" in failed["ejected"]
        assert _git(scene, "rev-parse", "main") == before

        # Sent back; the agent reads why, and hands in another revision.
        house.cli("change", "reject", "1", "--reason", "the test wants the wrong words")
        again = (
            Run("assent change show 1"),
            Write("test_greet.py", TEST),
            Run("assent change submit --change 1 --note 'the right words'"),
            Say("done"),
        )
        with start_agent(scene, again, env_extra=env) as run:
            finished = house.finish(run)
        assert "the wrong words" in finished.results()[0]

        house.cli("change", "accept", "1", "--all")
        merged = settled(house, "CH-1", "merged")
        assert merged["merges"][0]["owner"] == "ana"
        message = _git(scene, "log", "-1", "--format=%B", "main")
        assert message.startswith(TITLE)
        assert "Assent-Change: CH-1" in message
        assert "Assent-Owner: ana" in message
        assert _git(scene, "show", "main:greet.py") == GREET.rstrip("\n")

        house.cli("change", "revert", "1")
        settled(house, "CH-1", "reverted")
        assert _git(scene, "rev-parse", "main^{tree}") == _git(
            scene, "rev-parse", f"{before}^{{tree}}"
        )


def test_an_agent_does_not_accept_its_own_change(new_module_scene: SceneMaker) -> None:
    scene = new_module_scene("claude-code")
    with opened(scene) as house:
        house.open()
        script = (
            Write("greet.py", GREET),
            Run("assent change submit --title 'Greet'"),
            Run("assent change accept 1 --all"),
            Say("done"),
        )
        with start_agent(scene, script, env_extra=within_reach(house, scene)) as run:
            accept_policy(house, run)
            asked = house.next_asked(run)
            assert asked.record["class"] == "irreversible"
            house.reject(asked, "only people accept")
            finished = house.finish(run)
        assert "only people accept" in finished.results()[-1]
        assert house.get("/api/changes/CH-1")["state"] == "in_review"


def accept_policy(house: House, run: Any) -> None:
    run.until(lambda: bool(house.waiting()))
    [policy] = [each for each in house.waiting() if each.kind == "policy"]
    house.approve(policy)


def settled(house: House, name: str, state: str) -> dict[str, Any]:
    """The change once it is in `state`."""
    house.until(lambda: house.get(f"/api/changes/{name}")["state"] == state)
    found: dict[str, Any] = house.get(f"/api/changes/{name}")
    return found


def _git(scene: Scene, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(Path(scene.home))}
    done = subprocess.run(
        ["git", *words], cwd=scene.repo, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip("\n")
