"""A real daemon in a home of its own, real relays started as the agents start them, and people.

The daemon is a process that can be stopped, killed and started again; the relays are the installed
programs; decisions go over HTTP with the token or through the `assent` command.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from assent.adapters.store import open_reader
from assent.app.ports import View
from assent.app.verify_ledger import Verification, verify_ledger
from assent.entrypoints.cli.client import Client
from assent.entrypoints.home import Home
from assent.entrypoints.hook.relay_build import (
    SCRIPTS,
    RelayCommand,
    base_interpreter,
    install_files,
    install_relay,
)
from assent.errors import UnavailableError
from tests.e2e.faults.agents import Agent, Said

T = TypeVar("T")

POLL_S = 0.02
DAEMON = (sys.executable, "-m", "assent.entrypoints.daemon")
ASSENT = (sys.executable, "-c", "from assent.entrypoints.cli.main import main; main()")
WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""Where the system can do it, a daemon ends with the tests, however they end."""


@dataclass
class Hook:
    """A hook that an agent started and waits for."""

    agent: Agent
    process: subprocess.Popen[bytes]

    def said(self) -> Said:
        """What the agent makes of it, once it has ended."""
        out, err = self.process.communicate()
        return Said(self.agent, self.process.returncode, out, err)

    @property
    def waits(self) -> bool:
        return self.process.poll() is None


@dataclass
class House:
    root: Path
    relays: Mapping[str, RelayCommand] = field(init=False)
    daemon: subprocess.Popen[bytes] | None = None
    starter: tuple[str, ...] = ()
    """A program that starts the daemon in surroundings of its own, such as `unshare -m`."""
    hooks: list[Hook] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in (self.user_home, self.workspace / ".git"):
            folder.mkdir(parents=True)
        self.home.make()
        self.home.config_file.write_text('port = 0\nperson = "ana"\n')
        self.relays = {"compiled": install_relay(self.home.bin), "python": self._python_relay()}

    @property
    def home(self) -> Home:
        return Home(self.root / "assent")

    @property
    def user_home(self) -> Path:
        return self.root / "user"

    @property
    def workspace(self) -> Path:
        return self.root / "project"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        return {**kept, "HOME": str(self.user_home), "ASSENT_HOME": str(self.home.root)}

    def _python_relay(self) -> RelayCommand:
        interpreter = (base_interpreter(), "-I", "-S", "-E")
        folder = self.home.bin / "python"
        folder.mkdir()
        scripts = {script.name: script for script in SCRIPTS}
        assert install_files(scripts, folder, prefix=interpreter)
        return RelayCommand((*interpreter, str(folder / SCRIPTS[-1].name)), compiled=False)

    # The daemon

    def start(self) -> None:
        """Start the daemon and wait until it answers. A daemon that ends instead is a failure."""
        self.launch()
        assert self.daemon is not None
        while self.reach() is None:
            if self.daemon.poll() is not None:
                raise AssertionError(
                    f"the daemon ended with {self.daemon.returncode}: {self.last_words()}"
                )
            time.sleep(POLL_S)

    def launch(self) -> None:
        """Start the daemon, and wait for nothing."""
        with self.home.log.with_name("daemon.err").open("ab") as sink:
            self.daemon = subprocess.Popen(
                [*WITH_US, *self.starter, *DAEMON],
                env=self.env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    def last_words(self) -> str:
        return self.home.log.with_name("daemon.err").read_text(errors="replace")[-2000:]

    def reach(self) -> Client | None:
        try:
            client = Client(self.home)
            if self.daemon is None or client.pid != self.daemon.pid:
                return None
            client.get("/api/status")
        except UnavailableError:
            return None
        return client

    @property
    def pid(self) -> int:
        assert self.daemon is not None
        return self.daemon.pid

    def signal(self, number: signal.Signals) -> None:
        assert self.daemon is not None
        self.daemon.send_signal(number)

    def stop_still(self) -> None:
        """SIGSTOP, and wait until the kernel has done it."""
        self.signal(signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self.daemon is not None
        self.daemon.wait()

    def stop(self) -> int:
        """SIGTERM, and how the daemon ended."""
        self.signal(signal.SIGTERM)
        assert self.daemon is not None
        return self.daemon.wait()

    def close(self) -> None:
        for hook in self.hooks:
            if hook.waits:
                hook.process.kill()
            hook.process.communicate()
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill()
        with suppress(UnavailableError, OSError):
            # One that `assent up` started is no child of ours.
            os.kill(Client(self.home).pid, signal.SIGKILL)

    # Agents

    def ask(
        self, agent: Agent, payload: bytes, *, event: str = "", relay: str = "compiled"
    ) -> Hook:
        """Start the hook as `agent` does for `event`, by default before a call of a tool."""
        argv = self.relays[relay].argv(
            socket=self.home.socket,
            dialect=agent.dialect_of(event or agent.before),
            agent=agent.name,
            event=event or agent.before,
            env_names=tuple(agent.env),
        )
        return self.start_hook(agent, argv, payload)

    def start_hook(self, agent: Agent, argv: Sequence[str], payload: bytes) -> Hook:
        process = subprocess.Popen(
            argv,
            env={**self.env, **agent.env},
            cwd=self.workspace,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        hook = Hook(agent, process)
        self.hooks.append(hook)
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(payload)
        process.stdin = None
        return hook

    def shell(self, agent: Agent, command: str, **how: str) -> Hook:
        """The agent wants to run a command in its shell."""
        return self.ask(agent, agent.shell(command, cwd=str(self.workspace)), **how)

    # People

    @property
    def client(self) -> Client:
        return Client(self.home)

    def waiting(self, count: int = 1) -> list[dict[str, Any]]:
        """The requests that wait, once there are `count` of them."""
        return until(lambda: found if len(found := self.inbox()) >= count else None)

    def inbox(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get("/api/requests?limit=500")["requests"]
        return found

    def request(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/requests/{number}")
        return found

    def decide(self, number: int, verdict: str = "approve", **fields: object) -> dict[str, Any]:
        said = {"confirm": str(number), **fields}
        decided: dict[str, Any] = self.client.post(f"/api/requests/{number}/{verdict}", said)
        return decided

    def assent(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the `assent` command."""
        return subprocess.run(
            [*ASSENT, *arguments],
            env={**self.env, **(env or {})},
            cwd=cwd or self.workspace,
            input=(stdin or b"").decode("utf-8", "surrogateescape"),
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )

    # The record

    def read(self, query: Callable[[View], T]) -> T:
        """What the database holds, with or without a daemon."""
        with open_reader(f"sqlite:///{self.home.database}") as reader:
            return reader.read(query)

    def entries(self, *kinds: str) -> list[dict[str, Any]]:
        """What was recorded, oldest first, of these kinds or of all."""
        entries = self.read(lambda view: view.entries(limit=100_000))
        bodies = [json.loads(entry.body) for entry in reversed(entries)]
        return [body for body in bodies if not kinds or body["kind"] in kinds]

    def steps(self, number: int) -> list[str]:
        """What was recorded of one request, oldest first, by kind."""
        chain = self.read(lambda view: list(view.chain(f"request/{number}")))
        return [json.loads(entry.body)["kind"] for entry in chain]

    def verify(self) -> Verification:
        return self.read(verify_ledger)


def until(look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds something. The test's time limit is the only one."""
    while True:
        found = look()
        if found:
            return found
        time.sleep(POLL_S)


@contextmanager
def house_in(root: Path, *, starter: Sequence[str] = ()) -> Iterator[House]:
    house = House(root, starter=tuple(starter))
    try:
        yield house
    finally:
        house.close()
        shutil.rmtree(root, ignore_errors=True)
