"""The laboratory itself: the real agents do what a script says when no hook stands in the way."""

import socket
from pathlib import Path

import pytest

from .conftest import SceneMaker
from .launch import Mode
from .runner import run_agent, start_agent
from .scene import ARTEFACT, README_TEXT
from .scripted_model.steps import (
    AwaitDelegate,
    CallMcp,
    Delegate,
    Edit,
    Parallel,
    ProposePlan,
    Read,
    Run,
    Say,
    Script,
    Write,
    WritePlan,
    dump_scripts,
    load_scripts,
)
from .scripted_model.vocabulary import AGENTS

HELLO = "print('hello')\n"
REACH = """\
import socket, sys
for name, family, address in (
    ("unix", socket.AF_UNIX, sys.argv[1]),
    ("tcp", socket.AF_INET, ("127.0.0.1", int(sys.argv[2]))),
):
    with socket.socket(family) as client:
        try:
            client.connect(address)
            print(name + ": reached")
        except OSError as error:
            print(name + ": " + type(error).__name__)
"""

pytestmark = pytest.mark.agents
every_agent = pytest.mark.parametrize("agent", AGENTS)


@every_agent
def test_script_is_played_and_results_are_recorded(agent: str, new_scene: SceneMaker) -> None:
    scene = new_scene(agent)
    script = (
        Write("hello.py", HELLO),
        Edit("README.md", "# scratch", "# SCRATCH"),
        Read("README.md"),
        Run("python3 hello.py"),
        Parallel((Run("echo alpha"), Run("echo omega"))),
        Say("done"),
    )

    run = run_agent(scene, script)

    assert run.exit_code == 0, run.stderr
    assert (scene.repo / "hello.py").read_text(encoding="utf-8") == HELLO
    assert (scene.repo / "README.md").read_text(encoding="utf-8") == README_TEXT.upper()
    _, _, read, ran, *both = run.results()
    assert "SCRATCH" in read
    assert "hello" in ran
    # The agents answer parallel calls in an order of their own.
    assert sorted("alpha" in result for result in both) == [False, True]
    assert sorted("omega" in result for result in both) == [False, True]


@every_agent
def test_destructive_command_runs_when_nothing_stops_it(agent: str, new_scene: SceneMaker) -> None:
    """What the gate's tests stand on: a denial there is Assent's, not the agent's own."""
    scene = new_scene(agent)

    run = run_agent(scene, (Run("rm -r letters"), Say("done")))

    assert len(run.results()) == 1
    assert not (scene.repo / ARTEFACT).exists()


@every_agent
def test_mcp_call_arrives(agent: str, new_scene: SceneMaker) -> None:
    run = run_agent(new_scene(agent), (CallMcp("poke", {"target": "prod"}), Say("done")))

    assert [call["arguments"] for call in run.mcp_calls] == [{"target": "prod"}]
    assert "poked" in run.results()[0]


@every_agent
def test_sub_agent_makes_its_own_calls(agent: str, new_scene: SceneMaker) -> None:
    scene = new_scene(agent)
    wait: Script = (AwaitDelegate(),) if agent == "codex" else ()
    child: Script = (Run("rm -r letters"), Say("child done"))

    run = run_agent(scene, (Delegate("child"), *wait, Say("done")), delegates={"child": child})

    assert len(run.results("child")) == 1
    assert not (scene.repo / ARTEFACT).exists()


@pytest.mark.parametrize("agent", ["claude-code", "gemini"])
def test_plan_mode_leads_to_a_proposed_plan(agent: str, new_scene: SceneMaker) -> None:
    scene = new_scene(agent)
    plan = "# Plan\n1. write hello.py\n"
    script = (WritePlan(plan), ProposePlan(plan), Write("hello.py", HELLO), Say("done"))

    run = run_agent(scene, script, mode=Mode.PLAN)

    assert len(run.results()) == 3
    assert (scene.repo / "hello.py").read_text(encoding="utf-8") == HELLO


def test_session_is_resumed_with_its_history(new_scene: SceneMaker) -> None:
    scene = new_scene("claude-code")
    first = run_agent(scene, (Run("echo before"), Say("done")))

    run = run_agent(scene, (Say("more"),), resume=first.session(), args=("--", "go on"))

    assert run.session() == first.session()
    assert run.results() == first.results()


def test_killed_run_leaves_nothing_behind(new_scene: SceneMaker) -> None:
    scene = new_scene("claude-code")
    started = scene.repo / "started"
    script = (Run(f"touch {started}; sleep 600; touch late"), Say("done"))

    with start_agent(scene, script) as run:
        run.until(started.exists)
        run.kill()

    assert run.wait().exit_code == -9
    assert run.model.results() == ()


def test_unix_socket_is_the_only_way_out(new_scene: SceneMaker, tmp_path: Path) -> None:
    """How hooks reach a daemon outside the run, and why the agent cannot decide over its HTTP."""
    scene = new_scene("codex")
    program = scene.repo / "reach.py"
    program.write_text(REACH, encoding="utf-8")
    path = tmp_path / "socket"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))
        unix.listen()
        port = tcp.getsockname()[1]

        run = run_agent(scene, (Run(f"python3 reach.py {path} {port}"), Say("done")))

    assert "unix: reached" in run.results()[0]
    assert "tcp: ConnectionRefusedError" in run.results()[0]


def test_scripts_survive_the_way_to_the_server() -> None:
    scripts: dict[str, Script] = {
        "main": (
            Parallel((Run("true"), CallMcp("poke", {"target": ["x", 1]}))),
            Delegate("child"),
            Say("done"),
        ),
        "child": (),
    }

    assert load_scripts(dump_scripts(scripts)) == scripts
