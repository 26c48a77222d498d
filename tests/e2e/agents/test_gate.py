"""One day at the gate for each real agent: what proceeds, what waits, and what a decision does.

Each agent works through one script, and a person decides over HTTP as the requests come in. The
tests then look at that day from one side each.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from .conftest import SceneMaker
from .house import Asked, House
from .launch import Mode, Prompt, launch
from .runner import AgentRun, RunResult, start_agent
from .scene import ARTEFACT, Scene
from .scripted_model.steps import (
    AwaitDelegate,
    CallMcp,
    Delegate,
    Parallel,
    Read,
    Run,
    Say,
    Script,
    Step,
    Write,
)
from .scripted_model.vocabulary import AGENTS

HELLO = "print('hello')\n"
REASON = "letters are still needed, move them"
CHILD_REASON = "leave the nursery alone"
PAIR_REASON = "the right one stays"
MCP_REASON = "not that target"

# Codex refuses `rm -f` by itself, even where it may do anything.
DELETIONS = dict.fromkeys(AGENTS, "rm -rf letters") | {"codex": "rm -r letters"}

pytestmark = pytest.mark.agents


@dataclass(frozen=True, slots=True)
class Gated:
    """A question as it was listed, and what was in the repository while it waited."""

    asked: Asked
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Day:
    """What a day left behind. `results` is the model's view of each step, by the step's name."""

    agent: str
    scene: Scene
    run: RunResult
    results: Mapping[str, str]
    gated: Mapping[str, Gated]
    entries: Mapping[str, tuple[Mapping[str, Any], ...]]

    def has(self, name: str) -> bool:
        return (self.scene.repo / name).exists()


def the_script(agent: str) -> dict[str, Step]:
    steps: dict[str, Step] = {
        "write": Write("hello.py", HELLO),
        "read": Read("README.md"),
        "look": Run("ls"),
        "rejected": Run(DELETIONS[agent]),
        "approved": Run("rm -r old"),
        "modified": Run("rm -r first"),
        "mcp rejected": CallMcp("poke", {"target": "forbidden"}),
        "mcp approved": CallMcp("poke", {"target": "welcome"}),
        "delegate": Delegate("child"),
    }
    if agent == "codex":
        steps["await"] = AwaitDelegate()
    return {**steps, "pair": Parallel((Run("rm -r left"), Run("rm -r right")))}


CHILD: Script = (Run("rm -r nursery"), Say("child done"))


@pytest.fixture(scope="module", params=AGENTS)
def day(request: pytest.FixtureRequest, new_module_scene: SceneMaker) -> Day:
    agent: str = request.param
    scene = new_module_scene(agent)
    for folder in ("old", "first", "second", "nursery", "left", "right"):
        (scene.repo / folder).mkdir()
        (scene.repo / folder / "draft.txt").write_text("nothing keeps this\n", encoding="utf-8")
    steps = the_script(agent)
    script = (*steps.values(), Say("done"))
    with House(scene) as house:
        house.open()
        with start_agent(scene, script, delegates={"child": CHILD}) as run:
            gated = decide_all(house, run)
            finished = house.finish(run)
        return Day(
            agent=agent,
            scene=scene,
            run=finished,
            results=dict(zip(steps, finished.results(), strict=False)),
            gated=gated,
            entries={
                kind: house.entries(kind)
                for kind in ("proceeded", "asked", "decided", "let-through")
            },
        )


def decide_all(house: House, run: AgentRun) -> dict[str, Gated]:
    """Decide about each question of the day in its turn."""
    gated: dict[str, Gated] = {}

    def decide_one_of_the_pair(asked: Asked) -> None:
        if is_left(asked):
            house.approve(asked)
        else:
            house.reject(asked, PAIR_REASON)

    def when_asked(name: str, about: str, decide: Callable[[Asked], None]) -> None:
        asked = house.next_asked(run)
        assert about in json.dumps(asked.record["action"]), f"asked instead: {asked.record}"
        files = frozenset(path.name for path in house.scene.repo.iterdir())
        gated[name] = Gated(asked, files)
        decide(asked)

    when_asked("rejected", " letters", lambda asked: house.reject(asked, REASON))
    when_asked("approved", " old", house.approve)
    when_asked("modified", " first", lambda asked: house.modify(asked, "rm -r second"))
    when_asked("mcp rejected", "forbidden", lambda asked: house.reject(asked, MCP_REASON))
    when_asked("mcp approved", "welcome", house.approve)
    when_asked("child", " nursery", lambda asked: house.reject(asked, CHILD_REASON))
    for name in ("one of a pair", "the other"):
        when_asked(name, "rm -r ", decide_one_of_the_pair)
    return gated


def is_left(asked: Asked) -> bool:
    """Whether it is the call of the pair that is approved."""
    return "rm -r left" in json.dumps(asked.record["action"])


def titles(day: Day, kind: str) -> str:
    return "\n".join(str(entry.get("title")) for entry in day.entries[kind])


def test_the_agent_ends_its_turn_in_peace(day: Day) -> None:
    assert day.run.exit_code == 0, day.run.stderr
    assert list(day.results) == list(the_script(day.agent))


def test_safe_write_happens_without_a_question(day: Day) -> None:
    assert (day.scene.repo / "hello.py").read_text(encoding="utf-8") == HELLO
    assert "hello.py" in titles(day, "proceeded")


def test_reading_proceeds_without_a_question(day: Day) -> None:
    assert "scratch" in day.results["read"]
    assert "README.md" in titles(day, "proceeded")


def test_safe_command_proceeds_without_a_question(day: Day) -> None:
    assert "hello.py" in day.results["look"]
    assert "run ls" in titles(day, "proceeded")


def test_only_what_is_not_safe_was_asked(day: Day) -> None:
    assert len(day.entries["asked"]) == len(day.gated)


def test_rejected_deletion_does_not_run_and_the_model_reads_why(day: Day) -> None:
    assert REASON in day.results["rejected"]
    assert day.gated["rejected"].asked.name in day.results["rejected"]
    assert (day.scene.repo / ARTEFACT).exists()


def test_gated_command_waits_in_its_hook(day: Day) -> None:
    assert "old" in day.gated["approved"].files


def test_approved_command_runs(day: Day) -> None:
    assert not day.has("old")
    assert "Assent" not in day.results["approved"]


def test_modified_command_runs_as_modified(day: Day) -> None:
    assert not day.has("second")


def test_original_of_a_modified_command_does_not_run(day: Day) -> None:
    assert day.has("first")


def test_rejected_mcp_call_never_reaches_its_server(day: Day) -> None:
    assert MCP_REASON in day.results["mcp rejected"]
    assert "forbidden" not in json.dumps(day.run.mcp_calls)


def test_approved_mcp_call_reaches_its_server_once(day: Day) -> None:
    assert [call["arguments"] for call in day.run.mcp_calls] == [{"target": "welcome"}]
    assert "poked" in day.results["mcp approved"]


def test_call_of_a_sub_agent_is_gated(day: Day) -> None:
    assert "nursery" in day.gated["child"].files


def test_rejected_call_of_a_sub_agent_does_not_run_and_it_reads_why(day: Day) -> None:
    assert CHILD_REASON in "\n".join(day.run.results("child"))
    assert day.has("nursery")


def test_each_of_two_parallel_calls_gets_its_own_decision(day: Day) -> None:
    """The agents may ask about both at once or about one after the other."""
    pair = "\n".join(day.run.results()[-2:])
    assert (day.has("left"), day.has("right")) == (False, True)
    assert pair.count(PAIR_REASON) == 1


def test_each_receipt_is_used_once(day: Day) -> None:
    used = [entry["request"] for entry in day.entries["let-through"]]
    approved = [day.gated[name].asked for name in ("approved", "modified", "mcp approved")]
    approved += [gated.asked for gated in day.gated.values() if is_left(gated.asked)]
    assert used == [asked.record["number"] for asked in approved]


@pytest.mark.parametrize("day", ["codex"], indirect=True)
def test_codex_runs_the_hooks_that_its_installer_had_trusted(day: Day) -> None:
    """No flag of this run switches trust off; without recorded trust Codex skips hooks silently."""
    argv = launch(day.scene, Mode.EXEC, opening=Prompt("")).argv
    assert not [word for word in argv if "trust" in word]
    assert titles(day, "proceeded")
