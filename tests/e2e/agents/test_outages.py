"""When the daemon is killed, stopped or absent, nothing runs, and the agent is told so."""

from dataclasses import dataclass

import pytest

from .conftest import SceneMaker
from .house import House
from .runner import run_agent, start_agent
from .scene import ARTEFACT, Scene
from .scripted_model.steps import Run, Say, Write
from .scripted_model.vocabulary import AGENTS

ABSENT = "Assent is not running, so this call was not let through. Start it: assent up"
SILENT = "Assent did not answer in time, so this call was not let through. Check it: assent status"

pytestmark = pytest.mark.agents


@dataclass(frozen=True, slots=True)
class Outage:
    """A daemon killed while a call waited, and an agent that goes on without it."""

    scene: Scene
    waited_for: str
    """The request for which the call waited."""
    results: tuple[str, ...]
    """Of the call that waited, of a write and of a command that would have been safe."""
    stood: bool
    """Whether the artefact that the call was to delete was there after all of them."""
    still_waiting: tuple[str, ...]
    """After the daemon's restart."""
    ungated: tuple[str, ...]
    """The same deletion, tried after uninstalling."""


@pytest.fixture(scope="module", params=AGENTS)
def outage(request: pytest.FixtureRequest, new_module_scene: SceneMaker) -> Outage:
    scene = new_module_scene(request.param)
    script = (Run("rm -r letters"), Write("hello.py", "1\n"), Run("ls"), Say("done"))
    with House(scene) as house:
        house.open()
        with start_agent(scene, script) as run:
            asked = house.next_asked(run)
            house.kill()
            finished = run.wait()
        stood = (scene.repo / ARTEFACT).exists()
        house.start()
        waiting = tuple(asked.name for asked in house.waiting())
        house.uninstall()
        ungated = run_agent(scene, (Run("rm -r letters"), Say("done")))
        return Outage(
            scene,
            asked.name,
            finished.results(),
            stood=stood,
            still_waiting=waiting,
            ungated=ungated.results(),
        )


def test_call_that_waits_when_the_daemon_is_killed_does_not_run(outage: Outage) -> None:
    assert SILENT in outage.results[0]
    assert outage.stood


def test_nothing_runs_without_a_daemon_and_the_agent_is_told_so(outage: Outage) -> None:
    assert len(outage.results) == 3
    assert all(ABSENT in result for result in outage.results[1:])
    assert not (outage.scene.repo / "hello.py").exists()


def test_request_survives_a_killed_daemon(outage: Outage) -> None:
    assert outage.still_waiting == (outage.waited_for,)


def test_agent_runs_ungated_after_uninstalling(outage: Outage) -> None:
    assert "Assent" not in outage.ungated[0]
    assert not (outage.scene.repo / ARTEFACT).exists()


@pytest.mark.parametrize("agent", ["claude-code", "copilot"])
def test_stopped_daemon_lets_nothing_through(agent: str, new_scene: SceneMaker) -> None:
    """SIGSTOP: the kernel goes on taking connections, and nobody answers."""
    scene = new_scene(agent)
    with House(scene) as house:
        house.open()
        house.freeze()
        run = run_agent(scene, (Run("rm -r letters"), Say("done")))

    assert SILENT in run.results()[0]
    assert (scene.repo / ARTEFACT).exists()


def test_daemon_that_stops_while_a_call_waits_lets_nothing_through(new_scene: SceneMaker) -> None:
    scene = new_scene("codex")
    with House(scene) as house:
        house.open()
        with start_agent(scene, (Run("rm -r letters"), Say("done"))) as run:
            asked = house.next_asked(run)
            house.freeze()
            results = run.wait().results()
        house.thaw()
        state = house.asked(asked.name).state

    assert SILENT in results[0]
    assert (scene.repo / ARTEFACT).exists()
    assert state == "pending"
