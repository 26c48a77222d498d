"""A policy may put the question at the agent's own prompt, to the person who sits there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from .conftest import SceneMaker
from .house import Asked, House
from .launch import Mode
from .runner import AgentRun, start_agent
from .scene import ARTEFACT, Scene
from .scripted_model.steps import Run, Say
from .terminal import plain

POLICY = '[ask]\nin = "agent"\n'
ANSWERERS = ("claude-code", "copilot")
REFUSED = {"claude-code": b"notrun", "copilot": b"Deniedbyuser"}
"""What these agents show, white space aside, when a person said no."""
QUESTION = b"Doyouwantto"
NUMBER = 2
"""Of the request, after the one for the policy."""
NAME = f"REQ-{NUMBER}"

pytestmark = pytest.mark.agents


@dataclass(frozen=True, slots=True)
class Prompted:
    """A deletion that was asked about at the agent's prompt."""

    scene: Scene
    answer: Mode
    screen: bytes
    """What was written to the terminal, without white space."""
    asked: Asked
    decided: tuple[Mapping[str, Any], ...]
    """The decisions on record about it."""


@pytest.fixture(
    scope="module",
    params=[(agent, answer) for agent in ANSWERERS for answer in (Mode.YES, Mode.NO)],
    ids=lambda param: f"{param[0]} {param[1].value}",
)
def prompted(request: pytest.FixtureRequest, new_module_scene: SceneMaker) -> Prompted:
    agent, answer = request.param
    scene = new_module_scene(agent)
    (scene.repo / ".assent").mkdir()
    (scene.repo / ".assent" / "policy.toml").write_text(POLICY, encoding="utf-8")
    # The policy is accepted while the first command runs.
    script = (Run("sleep 6"), Run("rm -r letters"), Say("done"))
    with House(scene) as house:
        house.open()
        with start_agent(scene, script, mode=answer) as run:
            house.approve(house.next_asked(run, by="assent"))
            run.until(lambda: is_answered(house, run, answer))
            screen = plain(run.stdout())
        decided = [entry for entry in house.entries("decided") if entry["request"] == NUMBER]
        return Prompted(scene, answer, screen, house.asked(NAME), tuple(decided))


def is_answered(house: House, run: AgentRun, answer: Mode) -> bool:
    """Whether the agent has taken the answer that was typed."""
    if answer is Mode.NO:
        return REFUSED[house.scene.agent] in plain(run.stdout()).partition(QUESTION)[2]
    return bool(house.entries("asked")[NUMBER - 1 :]) and house.asked(NAME).state == "consumed"


def test_question_is_put_there_with_our_reason(prompted: Prompted) -> None:
    assert prompted.asked.record["asked_in"] == "agent"
    assert b"Assent:high:deletesletters.Undo:" in prompted.screen


def test_answer_there_counts(prompted: Prompted) -> None:
    assert (prompted.scene.repo / ARTEFACT).exists() is (prompted.answer is Mode.NO)


def test_yes_is_recorded_as_said_there_and_no_approves_nothing(prompted: Prompted) -> None:
    if prompted.answer is Mode.YES:
        assert [entry["via"] for entry in prompted.decided] == ["agent-prompt"]
        assert prompted.asked.state == "consumed"
    else:
        assert prompted.decided == ()
        assert prompted.asked.state == "pending"
