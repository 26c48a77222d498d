"""A real Assent in a scene: its own state folder, its daemon's process, its command line, its API.

The daemon runs outside of the agents' namespaces: hooks reach it by its unix socket, and people
(the tests) over HTTP.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from .launch import search_path
from .runner import AgentRun, RunResult
from .scene import Scene

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0
"""Guards against hangs, never measurements."""

_GLANCE_SECONDS = 0.05
_SHOWN_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the API lists and shows it."""

    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.record["name"])

    @property
    def agent(self) -> str:
        return str(self.record["agent"])

    @property
    def state(self) -> str:
        return str(self.record["state"])

    @property
    def editable(self) -> str:
        """The text of the part that a person may change."""
        return str(self.record["editable"]["text"])

    @property
    def kind(self) -> str:
        return str(self.record["action"]["kind"])

    @property
    def subagent(self) -> str:
        return str(self.record["subagent"])


class House:
    """As a context manager it never leaves a daemon behind."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.root = scene.records / "assent"
        self._daemon: subprocess.Popen[bytes] | None = None
        self.root.mkdir(mode=0o700)
        (self.root / "config.toml").write_text('port = 0\nperson = "ana"\n', encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if error is not None:
            sys.stdout.write(self.report())

    # --- the daemon's process

    def open(self) -> None:
        """Start the daemon and, while it starts, install the hooks."""
        self._launch()
        self.install()
        self._wait_until_up()

    def start(self) -> None:
        """Start the daemon and wait until its API answers."""
        self._launch()
        self._wait_until_up()

    def _launch(self) -> None:
        self._info.unlink(missing_ok=True)
        with (self.root / "daemon.out").open("ab") as out:
            self._daemon = subprocess.Popen(
                [*_ASSENT, "up", "--foreground"],
                cwd=self.root,
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def _wait_until_up(self) -> None:
        _until(lambda: self._info.exists() and self._answers(), START_SECONDS, self.report)

    @property
    def _info(self) -> Path:
        return self.root / "run" / "daemon.json"

    def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened that needs no run."""
        _until(happened, START_SECONDS, self.report)

    def kill(self) -> None:
        """kill -9. No effect when it does not run."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None

    def freeze(self) -> None:
        """SIGSTOP: the kernel goes on accepting connections, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._daemon is None:
            raise AssertionError("the daemon does not run")
        self._daemon.send_signal(number)

    def _answers(self) -> bool:
        try:
            self.get("/api/status")
        except (OSError, http.client.HTTPException):
            return False
        return True

    # --- the command line

    def cli(self, *arguments: str) -> str:
        """What `assent ARGUMENTS` prints, in the scene's home. A failure fails the test."""
        done = subprocess.run(
            [*_ASSENT, *arguments],
            cwd=self.scene.repo,
            env=self._env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"assent {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self) -> None:
        self.cli("agents", "install", self.scene.agent, "--yes")

    def uninstall(self) -> None:
        self.cli("agents", "uninstall", self.scene.agent)

    def hooks(self) -> Mapping[str, Any]:
        """How the scene's agent stands: a row of `assent agents list`."""
        rows: list[dict[str, Any]] = json.loads(self.cli("agents", "list", "--json"))
        return next(row for row in rows if row["agent"] == self.scene.agent)

    def _env(self) -> dict[str, str]:
        return {
            "PATH": search_path(self.scene),
            "HOME": str(self.scene.home),
            "ASSENT_HOME": str(self.root),
            "LANG": "C.UTF-8",
        }

    # --- people, over HTTP

    def waiting(self) -> tuple[Asked, ...]:
        """What waits for a person, oldest first."""
        return tuple(self.asked(row["name"]) for row in self._listed())

    def _listed(self, agent: str = "") -> list[Mapping[str, Any]]:
        rows: list[dict[str, Any]] = self.get("/api/requests?limit=500")["requests"]
        rows.sort(key=lambda row: int(row["number"]))
        return [row for row in rows if agent in ("", row["agent"])]

    def asked(self, name: str) -> Asked:
        return Asked(self.get(f"/api/requests/{name}"))

    def next_asked(self, run: AgentRun, *, by: str = "") -> Asked:
        """Wait until the run waits for a person, and show the oldest question of that agent."""
        agent = by or self.scene.agent
        run.until(lambda: bool(self._listed(agent)))
        return self.asked(self._listed(agent)[0]["name"])

    def finish(self, run: AgentRun) -> RunResult:
        """The run's end; a question that nobody expects fails the test instead of holding it."""
        agent = self.scene.agent
        run.until(lambda: run.poll() is not None or bool(self._listed(agent)))
        assert not self._listed(agent), f"nobody expects {self._listed(agent)}"
        return run.wait()

    def approve(self, asked: Asked) -> None:
        self._decide(asked, "approve")

    def reject(self, asked: Asked, reason: str) -> None:
        self._decide(asked, "reject", reason=reason)

    def modify(self, asked: Asked, text: str) -> None:
        self._decide(asked, "modify", text=text)

    def _decide(self, asked: Asked, verdict: str, **said: object) -> None:
        fields = {"version": asked.record["version"], "confirm": asked.name, **said}
        self._call("POST", f"/api/requests/{asked.name}/{verdict}", json.dumps(fields))

    def entries(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """What was recorded of a kind, oldest first."""
        entries = self.get(f"/api/entries?kind={kind}&limit=500")["entries"]
        return tuple(entry["body"] for entry in reversed(entries))

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: str | None = None) -> Any:
        info = json.loads(self._info.read_text(encoding="utf-8"))
        token = (self.root / "run" / "token").read_text(encoding="utf-8")
        connection = http.client.HTTPConnection(
            urlsplit(info["url"]).netloc, timeout=ANSWER_SECONDS
        )
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            answer = response.read().decode("utf-8")
        finally:
            connection.close()
        assert response.status == 200, f"{method} {path}: {response.status} {answer}"
        return json.loads(answer)

    # --- what there is to see when a test fails

    def report(self) -> str:
        parts = [
            _tail(self.root / "daemon.out"),
            _tail(self.root / "log" / "daemon.log"),
            *(
                _tail(path)
                for name in ("model.jsonl", "stdout", "stderr")
                for path in sorted(self.scene.records.glob(f"run-*/{name}"))
            ),
        ]
        return "\n".join(parts)


_ASSENT = (sys.executable, "-m", "assent")


def _tail(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else "(none)"
    return f"--- {os.path.join(*path.parts[-2:])}\n{text[-_SHOWN_CHARACTERS:]}\n"


def _until(happened: Callable[[], bool], seconds: float, report: Callable[[], str]) -> None:
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, f"not within {seconds:.0f} s\n{report()}"
        time.sleep(_GLANCE_SECONDS)
