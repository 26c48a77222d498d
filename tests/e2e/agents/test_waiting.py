"""What waits longer than an agent is held: told to ask again, and let through exactly once."""

import re
from dataclasses import dataclass
from typing import Final

import pytest

from .conftest import SceneMaker
from .house import House
from .launch import Mode
from .runner import AgentRun, RunResult, run_agent, start_agent
from .scene import ARTEFACT, Scene
from .scripted_model.steps import Delegate, Run, Say, Script
from .scripted_model.vocabulary import AGENTS

POLICY: Final = '[ask]\nwait = "1s"\nheadless_wait = "1s"\n'

TICK: Final = "echo tick >> ~/ticks.txt"
"""A command that waits for a person, and leaves a line for each time it ran."""

FIRST: Final = Run("rm -r letters")
"""What waits until the policy is accepted."""

PENDING: Final = re.compile(r"waiting for a person as (REQ-\d+)")
CLAUDE: Final = "claude-code"

pytestmark = pytest.mark.agents


def set_up(house: House) -> None:
    """A command to wait for, and a policy with next to no patience that nobody accepted yet."""
    repo = house.scene.repo
    (repo / ".assent").mkdir()
    (repo / ".assent" / "policy.toml").write_text(POLICY, encoding="utf-8")
    house.open()


def accept_policy(house: House, run: AgentRun) -> None:
    """Accept the policy while the run's first call waits under the one before."""
    policy = house.next_asked(run, by="assent")
    assert policy.kind == "policy"
    house.approve(policy)
    house.reject(house.next_asked(run), "not this")


def ticks(scene: Scene) -> int:
    log = scene.home / "ticks.txt"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def pending_as(results: tuple[str, ...]) -> list[str]:
    """For each result the request that it was told to wait for, or an empty text."""
    found = (PENDING.search(result) for result in results)
    return ["" if match is None else match[1] for match in found]


@pytest.mark.parametrize("agent", [agent for agent in AGENTS if agent != CLAUDE])
def test_retry_after_approval_passes_once(agent: str, new_scene: SceneMaker) -> None:
    scene = new_scene(agent)
    with House(scene) as house:
        set_up(house)
        with start_agent(scene, (FIRST, *[Run(TICK)] * 4, Say("done"))) as run:
            accept_policy(house, run)
            asked = house.next_asked(run)
            run.until(lambda: len(run.results()) == 2)
            ticks_before = ticks(scene)
            house.approve(asked)
            results = run.wait().results()[1:]
        waiting = house.waiting()
        assert len(waiting) == 1, [
            (each.name, each.agent, each.record["title"]) for each in waiting
        ]
        [anew] = waiting
        state = house.asked(asked.name).state

    told = pending_as(results)
    passed = told.index("")
    assert ticks_before == 0
    assert told[0] == asked.name
    assert told == [asked.name] * passed + [""] + [anew.name] * (3 - passed)
    assert ticks(scene) == 1
    assert state == "consumed"


@dataclass(frozen=True, slots=True)
class Parked:
    """A headless Claude Code that was deferred, approved and resumed."""

    first: RunResult
    ticks_between: int
    second: RunResult
    ticks: int
    state: str
    waiting: int


@pytest.fixture(scope="module")
def parked(new_module_scene: SceneMaker) -> Parked:
    scene = new_module_scene(CLAUDE)
    script: Script = (FIRST, Run(TICK), Run(TICK), Say("done"))
    with House(scene) as house:
        set_up(house)
        with start_agent(scene, script) as run:
            accept_policy(house, run)
            first = run.wait()
        [asked] = house.waiting()
        between = ticks(scene)
        house.approve(asked)
        second = run_agent(scene, script, resume=first.session())
        state = house.asked(asked.name).state
        return Parked(first, between, second, ticks(scene), state, len(house.waiting()))


def test_headless_claude_parks_the_run_instead_of_refusing(parked: Parked) -> None:
    [result] = [event for event in parked.first.events() if event["type"] == "result"]
    assert result["stop_reason"] == "tool_deferred"
    assert len(parked.first.results()) == 1
    assert parked.ticks_between == 0


def test_resumed_run_runs_the_approved_call_once(parked: Parked) -> None:
    assert len(parked.second.results()) == 2
    assert parked.ticks == 1
    assert parked.state == "consumed"


def test_same_call_after_that_is_asked_anew(parked: Parked) -> None:
    [result] = [event for event in parked.second.events() if event["type"] == "result"]
    assert result["stop_reason"] == "tool_deferred"
    assert parked.waiting == 1


def test_sub_agent_of_claude_is_told_to_ask_again(new_scene: SceneMaker) -> None:
    """A sub-agent whose call is deferred would end, and could not be resumed."""
    scene = new_scene(CLAUDE)
    child: Script = (*[Run(TICK)] * 3, Say("child done"))
    with House(scene) as house:
        set_up(house)
        main: Script = (FIRST, Delegate("child"), Say("done"))
        with start_agent(scene, main, delegates={"child": child}) as run:
            accept_policy(house, run)
            asked = house.next_asked(run)
            run.until(lambda: bool(run.results("child")))
            house.approve(asked)
            told = pending_as(run.wait().results("child"))

    assert told[0] == asked.name
    assert "" in told
    assert ticks(scene) == 1


def test_approval_that_no_agent_waits_for_is_kept_for_its_next_run(new_scene: SceneMaker) -> None:
    scene = new_scene("codex")
    with House(scene) as house:
        house.open()
        with start_agent(scene, (FIRST, Say("done"))) as run:
            asked = house.next_asked(run)
            run.kill()
        house.approve(asked)
        kept = house.asked(asked.name).state
        with start_agent(scene, (FIRST, Say("done"))) as run:
            house.finish(run)
        used = house.asked(asked.name).state

    assert (kept, used) == ("approved", "consumed")
    assert not (scene.repo / ARTEFACT).exists()


def test_claude_at_its_prompt_is_told_to_ask_again(new_scene: SceneMaker) -> None:
    """There a deferred call would run without anybody's word."""
    scene = new_scene(CLAUDE)
    with House(scene) as house:
        set_up(house)
        with start_agent(scene, (FIRST, *[Run(TICK)] * 3, Say("done")), mode=Mode.YES) as run:
            accept_policy(house, run)
            asked = house.next_asked(run)
            run.until(lambda: len(run.results()) == 2)
            told, ticks_before = pending_as(run.results())[1], ticks(scene)
            house.approve(asked)
            run.until(lambda: len(run.results()) == 4)

    assert (told, ticks_before) == (asked.name, 0)
    assert ticks(scene) == 1
