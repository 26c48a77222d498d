"""A plan is an action too: until a person approves it, nothing is written."""

from dataclasses import dataclass

import pytest

from .conftest import SceneMaker
from .house import Asked, House
from .launch import Mode
from .runner import start_agent
from .scene import Scene
from .scripted_model.steps import ProposePlan, Read, Say, Write, WritePlan

BAD_PLAN = "# Plan\n1. write everything anew\n"
GOOD_PLAN = "# Plan\n1. write hello.py\n"
EDITED_PLAN = "# Plan\n1. write hello.py\n2. and a test for it\n"
REASON = "too much at once"
HELLO = "print('hello')\n"

pytestmark = pytest.mark.agents


@dataclass(frozen=True, slots=True)
class Planned:
    """A run in plan mode whose first plan was rejected and whose second one was approved."""

    scene: Scene
    asked: tuple[Asked, Asked]
    written_early: bool
    """Whether anything was in the repository when the second plan was asked about."""
    results: tuple[str, ...]


SCRIPT = (
    WritePlan(BAD_PLAN),
    ProposePlan(BAD_PLAN),
    Write("early.py", HELLO),
    Read("README.md"),
    WritePlan(GOOD_PLAN),
    ProposePlan(GOOD_PLAN),
    Write("hello.py", HELLO),
    Say("done"),
)


@pytest.fixture(scope="module", params=["claude-code", "gemini"])
def planned(request: pytest.FixtureRequest, new_module_scene: SceneMaker) -> Planned:
    scene = new_module_scene(request.param)
    with House(scene) as house:
        house.open()
        with start_agent(scene, SCRIPT, mode=Mode.PLAN) as run:
            bad = house.next_asked(run)
            house.reject(bad, REASON)
            good = house.next_asked(run)
            early = (scene.repo / "early.py").exists() or (scene.repo / "hello.py").exists()
            house.approve(good)
            finished = house.finish(run)
        return Planned(scene, (bad, good), early, finished.results())


def test_plan_is_shown_with_its_text(planned: Planned) -> None:
    bad, good = planned.asked
    assert [asked.kind for asked in planned.asked] == ["plan", "plan"]
    assert bad.record["action"]["text"] == BAD_PLAN
    assert good.record["action"]["text"] == GOOD_PLAN


def test_rejected_plan_brings_the_reason_to_the_model(planned: Planned) -> None:
    assert REASON in planned.results[1]


def test_nothing_is_written_after_a_rejected_plan(planned: Planned) -> None:
    assert not planned.written_early
    assert not (planned.scene.repo / "early.py").exists()


def test_reading_goes_on_after_a_rejected_plan(planned: Planned) -> None:
    assert "scratch" in planned.results[3]


def test_approved_plan_lets_the_writes_go_on(planned: Planned) -> None:
    assert (planned.scene.repo / "hello.py").read_text(encoding="utf-8") == HELLO


@pytest.mark.parametrize("planned", ["claude-code"], indirect=True)
def test_write_after_a_rejected_plan_is_refused_by_us(planned: Planned) -> None:
    """The client of this run says yes to everything; Gemini CLI refuses by itself."""
    assert "the plan was rejected, so nothing may be changed" in planned.results[2]


def test_edited_plan_arrives_edited(new_scene: SceneMaker) -> None:
    scene = new_scene("claude-code")
    script = (WritePlan(GOOD_PLAN), ProposePlan(GOOD_PLAN), Write("hello.py", HELLO), Say("done"))
    with House(scene) as house:
        house.open()
        with start_agent(scene, script, mode=Mode.PLAN) as run:
            house.modify(house.next_asked(run), EDITED_PLAN)
            results = house.finish(run).results()

    assert EDITED_PLAN.strip() in results[1]
    assert (scene.repo / "hello.py").exists()
