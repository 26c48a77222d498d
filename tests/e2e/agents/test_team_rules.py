"""The model itself is told the team's rules as its session starts."""

import json

import pytest

from .conftest import SceneMaker
from .house import House
from .runner import start_agent
from .scripted_model.steps import Say

RULE = "Use the letter cutter and no scissors"
POLICY = f"""
[[team]]
name = "no-scissors"
instead_of = "scissors"
use = "the letter cutter"
message = "{RULE}"
"""

pytestmark = pytest.mark.agents


@pytest.mark.parametrize("agent", ["claude-code", "codex", "gemini"])
def test_the_model_reads_the_rules(agent: str, new_module_scene: SceneMaker) -> None:
    scene = new_module_scene(agent)
    folder = scene.repo / ".assent"
    folder.mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    with House(scene) as house:
        house.open()
        with start_agent(scene, (Say("done"),)) as run:
            before = house.finish(run)
        [policy] = house.waiting()
        house.approve(policy)
        with start_agent(scene, (Say("done"),)) as run:
            after = house.finish(run)
    assert RULE not in json.dumps(before.model.requests())
    assert RULE in json.dumps(after.model.requests())
