"""The plugin under a JavaScript engine, with a scripted relay: it only ever fails closed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.agents.opencode.install import OpencodeInstaller
from assent.app.agents import Dialect, Surroundings

# The fast tests run where only Python is; where the real agents run, there is node.
pytestmark = pytest.mark.agents

HARNESS = Path(__file__).with_name("harness.mjs")
NO_ANSWER = "Assent gave no answer, so this call was not let through. Check it: assent status"
INPUT = {"tool": "bash", "sessionID": "ses_1", "callID": "call_1"}

Run = Callable[..., list[dict[str, Any]]]


def script(body: str) -> str:
    return f"#!{sys.executable}\nimport json, os, signal, sys\n{body}\n"


@pytest.fixture
def run(here: Surroundings, tmp_path: Path) -> Run:
    """Installs the plugin with a relay that runs `body`, and plays the steps to it."""

    def play(body: str | None, *steps: Sequence[object]) -> list[dict[str, Any]]:
        relay = tmp_path / "as sent; touch x" / "$(relay)"
        if body is not None:
            relay.parent.mkdir()
            relay.write_text(script(body))
            relay.chmod(0o700)

        def argv(
            dialect: Dialect, agent: str, event: str, names: tuple[str, ...]
        ) -> tuple[str, ...]:
            return (str(relay), dialect, agent, event, *names)

        OpencodeInstaller().install(replace(here, relay=argv))
        # Outside opencode only the name of a file says that it is a module.
        plugin = tmp_path / "assent.mjs"
        plugin.write_bytes((here.home / ".config/opencode/plugins/assent.js").read_bytes())
        node = shutil.which("node")
        assert node is not None, "the tests marked `agents` need node"
        ended = subprocess.run(
            [node, str(HARNESS), str(plugin)],
            input=json.dumps(steps).encode(),
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LOG": str(tmp_path / "log")},
            check=True,
        )
        assert not (tmp_path / "x").exists()
        outcomes: list[dict[str, Any]] = json.loads(ended.stdout)
        assert outcomes[0] == {"exports": ["function"]}, "opencode takes no other exports"
        return outcomes[1:]

    return play


def before(args: object, *word: str) -> Sequence[object]:
    return ("tool.execute.before", INPUT, {"args": args}, *word)


def say(answer: object) -> str:
    return f"sys.stdin.read(); print({json.dumps(json.dumps(answer))})"


def test_a_call_that_proceeds_can_be_changed_by_nobody_after(run: Run) -> None:
    args = {"command": "ls", "deep": {"er": [1]}}
    (outcome,) = run(say({"decision": "proceed"}), before(args))
    assert outcome == {"args": args, "later": "TypeError"}


def test_a_changed_call_has_the_changed_arguments_and_no_others(run: Run) -> None:
    answer = {"decision": "change", "args": {"command": "ls", "timeout": 5}}
    (outcome,) = run(say(answer), before({"command": "rm -r build", "workdir": "/"}))
    assert outcome == {"args": {"command": "ls", "timeout": 5}, "later": "TypeError"}


def test_a_denied_call_throws_the_reason(run: Run) -> None:
    (outcome,) = run(say({"decision": "deny", "reason": "not now: do that"}), before({}))
    assert outcome == {"thrown": "not now: do that"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param("sys.exit('Assent is not running.')", "Assent is not running.", id="exit-1"),
        pytest.param(
            "print('Start it.', file=sys.stderr); print('{\"decision\":\"proceed\"}'); sys.exit(2)",
            "Start it.",
            id="exit-2-in-spite-of-an-answer",
        ),
        pytest.param("sys.exit(2)", NO_ANSWER, id="exit-2-in-silence"),
        pytest.param("", NO_ANSWER, id="silence"),
        pytest.param("print('this is not json {')", NO_ANSWER, id="garbage"),
        pytest.param("print('null')", NO_ANSWER, id="null"),
        pytest.param("print('[\"proceed\"]')", NO_ANSWER, id="array"),
        pytest.param(say({"decision": "allow"}), NO_ANSWER, id="unknown-decision"),
        pytest.param(say({"decision": "change"}), NO_ANSWER, id="change-to-nothing"),
        pytest.param(say({"decision": "change", "args": []}), NO_ANSWER, id="change-to-a-list"),
        pytest.param(
            'print(\'{"decision":"proceed"}\', flush=True); os.kill(os.getpid(), signal.SIGKILL)',
            f"{NO_ANSWER} (the relay ended by SIGKILL)",
            id="killed",
        ),
        pytest.param(
            "sys.stdout.write('x' * (65 << 20)); sys.stdout.flush()",
            f"{NO_ANSWER} (the relay ended by SIGKILL)",
            id="too-much",
        ),
    ],
)
def test_anything_else_stops_the_call(run: Run, body: str, message: str) -> None:
    (outcome,) = run(body, before({"command": "ls"}))
    assert outcome == {"thrown": message}


def test_a_missing_relay_stops_the_call(run: Run, tmp_path: Path) -> None:
    after = ("tool.execute.after", {**INPUT, "args": {}}, {"title": "x", "metadata": {}})
    created = ("event", {"event": {"type": "session.created", "properties": {"info": {"id": "s"}}}})
    stopped, *others = run(None, before({"command": "ls"}), after, created)
    assert stopped["thrown"].startswith(f"{NO_ANSWER} (spawn ")
    assert others == [{}, {}], "events that only inform must not disturb the agent"


@pytest.mark.parametrize("word", ["changed", "swapped"])
def test_a_call_that_changes_while_it_is_decided_does_not_run(run: Run, word: str) -> None:
    (outcome,) = run(say({"decision": "proceed"}), before({"command": "ls"}, word))
    changed = "The call changed while Assent decided about it, so it was not let through."
    assert outcome == {"thrown": changed}


def test_an_early_answer_to_a_large_call_counts(run: Run) -> None:
    args = {"content": "x" * 4_000_000}
    (outcome,) = run('print(\'{"decision":"proceed"}\')', before(args))
    assert outcome["args"] == args


LOGGING = """
said = json.load(sys.stdin)
with open(os.environ["LOG"], "a") as log:
    log.write(json.dumps([sys.argv[1:], said]) + "\\n")
print('{"decision":"proceed"}')
"""


def test_the_relay_is_told_the_call_and_whose_it_is(run: Run, tmp_path: Path) -> None:
    def created(session: str, parent: str) -> Sequence[object]:
        info = {"id": session, "parentID": parent}
        return ("event", {"event": {"type": "session.created", "properties": {"info": info}}})

    run(
        LOGGING,
        created("ses_child", "ses_1"),
        created("ses_grandchild", "ses_child"),
        before({"command": "l\u2028s"}),
        ("tool.execute.before", {**INPUT, "sessionID": "ses_grandchild"}, {"args": {}}),
    )
    calls = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    folders = {"headless": False, "directory": "/home/dev/repo", "worktree": "/home/dev/repo"}
    argv = ["exit2", "opencode", "tool.execute.before"]
    assert calls == [
        [argv, {"input": INPUT, "args": {"command": "l\u2028s"}, **folders}],
        [
            argv,
            {
                "input": {**INPUT, "sessionID": "ses_grandchild"},
                "args": {},
                "parentID": "ses_1",
                **folders,
            },
        ],
    ]
