"""The demo's agent obeys its hooks as Claude Code does, and stays in its sample."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assent.entrypoints.demo.agent import Agent

ANSWER = """
import json, sys
payload = json.load(sys.stdin)
with open({log!r}, "a") as log:
    log.write(json.dumps([payload["hook_event_name"], payload["tool_name"]]) + "\\n")
sys.stdout.write({stdout!r})
sys.stderr.write({stderr!r})
sys.exit({code})
"""


def decision(**fields: object) -> str:
    return json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", **fields}})


class Play:
    """One agent whose hook always gives the same answer."""

    def __init__(self, root: Path, *, stdout: str = "", stderr: str = "", code: int = 0) -> None:
        self.repo = root / "repo"
        (self.repo / "build").mkdir(parents=True)
        self._log = root / "hooks.log"
        script = root / "hook.py"
        script.write_text(
            ANSWER.format(log=str(self._log), stdout=stdout, stderr=stderr, code=code)
        )
        hook = {"command": f"{sys.executable} {script}", "onFailure": "block"}
        groups = [{"matcher": "*", "hooks": [hook]}]
        self.agent = Agent(root, self.repo, {"PreToolUse": groups, "PostToolUse": groups})

    def run(self, tool: str, **arguments: object) -> dict[str, Any]:
        step = {"id": "call", "tool": tool, "arguments": arguments, "planning": False}
        *_, last = self.agent.take(step)
        return last

    @property
    def hooks(self) -> Sequence[object]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]


@pytest.mark.parametrize(
    ("answer", "runs"),
    [
        pytest.param({"stdout": decision(permissionDecision="allow")}, True, id="allow"),
        pytest.param({}, True, id="silence"),
        pytest.param({"stdout": decision(permissionDecision="deny")}, False, id="deny"),
        pytest.param({"stdout": decision(permissionDecision="ask")}, False, id="ask"),
        pytest.param({"stdout": decision(permissionDecision="defer")}, False, id="defer"),
        pytest.param({"stderr": "no", "code": 2}, False, id="exit-2"),
        pytest.param({"stderr": "no", "code": 1}, False, id="exit-1-with-onFailure-block"),
        pytest.param({"code": 127}, False, id="relay-missing"),
    ],
)
def test_obeys(tmp_path: Path, answer: dict[str, Any], runs: bool) -> None:
    play = Play(tmp_path, **answer)

    report = play.run("Bash", command="rm -rf build")

    assert (report["what"] == "ran") is runs
    assert (play.repo / "build").exists() is not runs
    told = ["PreToolUse", "PostToolUse"] if runs else ["PreToolUse"]
    assert play.hooks == [[event, "Bash"] for event in told]


def test_runs_what_the_hook_changed(tmp_path: Path) -> None:
    changed = decision(permissionDecision="allow", updatedInput={"command": "rm -rf build/tmp"})
    play = Play(tmp_path, stdout=changed)
    (play.repo / "build" / "tmp").mkdir()

    report = play.run("Bash", command="rm -rf build")

    assert report["changed"] is True
    assert (play.repo / "build").exists()
    assert not (play.repo / "build" / "tmp").exists()


def test_passes_on_the_reason(tmp_path: Path) -> None:
    denied = decision(permissionDecision="deny", permissionDecisionReason="use revert")
    assert Play(tmp_path, stdout=denied).run("Bash", command="ls")["reason"] == "use revert"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("Bash", {"command": "rm -rf ../outside"}, id="rm-parent"),
        pytest.param("Bash", {"command": "rm -rf ."}, id="rm-the-repository"),
        pytest.param("Bash", {"command": "rm -rf link/file"}, id="rm-through-a-link"),
        pytest.param("Bash", {"command": "curl http://example.org"}, id="other-program"),
        pytest.param("Bash", {"command": "ls && rm -rf ../outside"}, id="no-shell"),
        pytest.param("Read", {"file_path": "/etc/hostname"}, id="read-outside"),
        pytest.param("WebFetch", {"url": "http://example.org"}, id="unknown-tool"),
    ],
)
def test_stays_in_the_sample(tmp_path: Path, tool: str, arguments: dict[str, object]) -> None:
    play = Play(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (play.repo / "link").symlink_to(outside)

    report = play.run(tool, **arguments)

    assert report["ok"] is False
    assert (outside / "file").exists()
    assert play.repo.exists()
