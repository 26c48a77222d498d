"""Starts a real agent on a script and tells what happened.

Each run has its own network namespace (loopback only) and its own process namespace, so that
killing a run leaves nothing behind. Unix sockets are files: a daemon outside is within reach of
the agent's hooks, while its HTTP side is not within reach of the agent.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .launch import HERE, MODEL_PORT, Launch, Mode, Prompt, Resume, launch, search_path
from .scene import Scene
from .scripted_model.steps import MAIN, Script, dump_scripts, marker

RUN_SECONDS = 90.0
"""How long a run may take: a guard against hangs, never a measurement."""

_GLANCE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. `exit_code` is the agent's; -9 means that the run was killed."""

    exit_code: int
    stdout: str
    stderr: str
    model: "ModelLog"
    mcp_calls: tuple[Mapping[str, Any], ...]

    def results(self, script: str = MAIN) -> tuple[str, ...]:
        """What the model saw of each tool call of a script, oldest first."""
        return self.model.results(script)

    def session(self) -> str:
        """The identifier of the session (Claude Code's stream), to resume it."""
        return str(next(event["session_id"] for event in self.events() if "session_id" in event))

    def events(self) -> Iterator[Mapping[str, Any]]:
        """The agent's own event stream: the lines of its stdout that are JSON objects."""
        for line in self.stdout.splitlines():
            if line.startswith("{"):
                yield json.loads(line)


@dataclass(frozen=True, slots=True)
class ModelLog:
    """What the model server recorded so far; it can be read while the agent runs."""

    path: Path

    def requests(self, script: str | None = None) -> tuple[Mapping[str, Any], ...]:
        """The recorded requests in order, all of them or those that played one script."""
        rows = _json_lines(self.path)
        return tuple(row for row in rows if script is None or row["script"] == script)

    def results(self, script: str = MAIN) -> tuple[str, ...]:
        """The texts of the tool results in the fullest history of the script."""
        histories = [tuple[str, ...](row["results"]) for row in self.requests(script)]
        return max(histories, key=len, default=())

    def offered(self, script: str = MAIN) -> frozenset[str]:
        """The names of all tools that were on offer to the script."""
        return frozenset(name for row in self.requests(script) for name in row["tools"])


class AgentRun:
    """A real agent at work. As a context manager it never outlives its block."""

    def __init__(self, scene: Scene, process: "subprocess.Popen[bytes]", records: Path) -> None:
        self.scene = scene
        self.model = ModelLog(records / "model.jsonl")
        self._process = process
        self._records = records

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def poll(self) -> int | None:
        """The exit code, or None while the agent works."""
        return self._process.poll()

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened; `AssertionError` if the run ends before it does."""
        while not happened():
            if self.poll() is not None and not happened():
                raise AssertionError(f"the run ended first: {_text(self._records / 'stderr')}")
            time.sleep(_GLANCE_SECONDS)

    def stdout(self) -> bytes:
        """What the agent has written so far."""
        return (self._records / "stdout").read_bytes()

    def results(self, script: str = MAIN) -> tuple[str, ...]:
        """What the model has seen so far of each tool call of a script, oldest first."""
        return self.model.results(script)

    def kill(self) -> None:
        """End the agent and everything it started, at once. No effect on a finished run."""
        self._process.kill()
        self._process.wait()

    def wait(self, timeout: float = RUN_SECONDS) -> RunResult:
        """The finished run; kills it and raises `subprocess.TimeoutExpired` when it is late."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return RunResult(
            exit_code=code,
            stdout=_text(self._records / "stdout"),
            stderr=_text(self._records / "stderr"),
            model=self.model,
            mcp_calls=tuple(_json_lines(self.scene.mcp_log)),
        )


def start_agent(
    scene: Scene,
    script: Script,
    *,
    delegates: Mapping[str, Script] | None = None,
    mode: Mode = Mode.EXEC,
    resume: str | None = None,
    args: Sequence[str] = (),
    env_extra: Mapping[str, str] | None = None,
) -> AgentRun:
    """Start the scene's agent on a script, with hooks as they are in its home.

    `delegates` are the scripts of sub-agents by name. `resume` goes on with the session of an
    earlier run instead of a new prompt. A scene may be run more than once, one run after the other.
    """
    records = _new_records(scene)
    script_file = records / "script.json"
    scripts = {MAIN: script, **(delegates or {})}
    script_file.write_text(dump_scripts(scripts), encoding="utf-8")
    opening = Prompt(f"Do the task. {marker(MAIN)}") if resume is None else Resume(resume)
    run_file = records / "run.json"
    run = {
        "model": _model_process(scene, records, script_file),
        "agent": _process(scene, launch(scene, mode, opening=opening, args=args), env_extra or {}),
    }
    run_file.write_text(json.dumps(run), encoding="utf-8")
    with (records / "stdout").open("wb") as stdout, (records / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [*_unshare(), sys.executable, str(HERE / "inside.py"), str(run_file)],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={"PATH": search_path(scene)},
            start_new_session=True,
        )
    return AgentRun(scene, process, records)


def run_agent(
    scene: Scene,
    script: Script,
    *,
    delegates: Mapping[str, Script] | None = None,
    mode: Mode = Mode.EXEC,
    resume: str | None = None,
    args: Sequence[str] = (),
    env_extra: Mapping[str, str] | None = None,
    timeout: float = RUN_SECONDS,
) -> RunResult:
    """`start_agent`, then wait for its end."""
    with start_agent(
        scene,
        script,
        delegates=delegates,
        mode=mode,
        resume=resume,
        args=args,
        env_extra=env_extra,
    ) as run:
        return run.wait(timeout)


def _unshare() -> list[str]:
    own_user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *own_user, "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _new_records(scene: Scene) -> Path:
    number = sum(1 for _ in scene.records.glob("run-*")) + 1
    records = scene.records / f"run-{number}"
    records.mkdir()
    return records


def _model_process(scene: Scene, records: Path, script_file: Path) -> dict[str, Any]:
    options = {
        "--agent": scene.agent,
        "--workdir": str(scene.repo),
        "--script": str(script_file),
        "--log": str(records / "model.jsonl"),
        "--port": str(MODEL_PORT),
    }
    words = [word for option in options.items() for word in option]
    return {
        "argv": [sys.executable, "-m", "scripted_model", *words],
        "cwd": str(records),
        "env": {"PYTHONPATH": str(HERE), "PATH": search_path(scene)},
    }


def _process(scene: Scene, made: Launch, env_extra: Mapping[str, str]) -> dict[str, Any]:
    env = {
        "PATH": search_path(scene),
        "HOME": str(scene.home),
        "TMPDIR": str(scene.temporary),
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        **made.env,
        **env_extra,
    }
    return {"argv": list(made.argv), "cwd": str(scene.repo), "env": env}


def _json_lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a file that another process may be writing."""
    whole, _, _ = _text(path).rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
