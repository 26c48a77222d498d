"""A running Assent to measure: its own home and daemon, in a temporary folder."""

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assent.adapters.agents.registry import AGENTS
from assent.adapters.store import open_reader
from assent.app.agents import Dialect
from assent.entrypoints.cli.client import Client
from assent.entrypoints.cli.up import start_daemon
from assent.entrypoints.demo.stage import child_environment, stop_daemon
from assent.entrypoints.home import Config, Home
from assent.entrypoints.hook.relay_build import (
    SCRIPTS,
    RelayCommand,
    base_interpreter,
    install_files,
    install_relay,
)
from assent.entrypoints.wiring import database_url
from benchmarks.measure import Program

AGENT, EVENT = "claude-code", "PreToolUse"
SESSION = "benchmark"
SAFE = "git status --short && git diff --stat && ls -la src"
RISKY = "git push origin main"


@dataclass(frozen=True, slots=True)
class House:
    """One home. `relay` is what agents would start, `script` its Python fallback."""

    root: Path
    home: Home
    relay: RelayCommand
    script: RelayCommand
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def workspace(self) -> Path:
        return self.root / "project"

    def hook(self, relay: RelayCommand, payload: Path, dialect: Dialect = "exit2") -> Program:
        """A gated call through `relay`, as Claude Code makes it."""
        argv = relay.argv(
            socket=self.home.socket,
            dialect=dialect,
            agent=AGENT,
            event=EVENT,
            env_names=AGENTS[AGENT].forwarded_env,
        )
        return Program(argv, payload)

    def payload(self, command: str) -> Path:
        """A file with the payload of a Bash call."""
        path = self.root / f"payload-{next(self._numbers)}.json"
        path.write_bytes(bash_payload(command, self.workspace, call=path.stem))
        return path

    def recorded(self) -> int:
        """How many entries the ledger has about the benchmark's session."""
        with open_reader(database_url(self.home, Config())) as reader:
            heads = reader.read(lambda view: view.heads())
        return sum(head.seq for head in heads if head.stream == f"session/{AGENT}/{SESSION}")


def bash_payload(command: str, workspace: Path, *, call: str) -> bytes:
    """What Claude Code's hook gets on its standard input for a command."""
    fields = {
        "session_id": SESSION,
        "transcript_path": str(workspace / "transcript.jsonl"),
        "cwd": str(workspace),
        "permission_mode": "default",
        "hook_event_name": EVENT,
        "tool_name": "Bash",
        "tool_input": {"command": command, "description": "A step of the benchmark"},
        "tool_use_id": call,
    }
    return json.dumps(fields).encode()


@contextmanager
def house() -> Iterator[House]:
    """A home with relays and a workspace, and no daemon yet."""
    root = Path(tempfile.mkdtemp(prefix="assent-bench-")).resolve()
    try:
        home = Home(root / "assent")
        home.make()
        home.config_file.write_text("port = 0\n", encoding="utf-8")
        (root / "project" / ".git").mkdir(parents=True)
        (root / "project" / "src").mkdir()
        yield House(root, home, install_relay(home.bin), _script_relay(home.bin))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _script_relay(folder: Path) -> RelayCommand:
    """The relay that serves where there is no compiled one."""
    interpreter = (base_interpreter(), "-I", "-S", "-E")
    files = {script.name: script for script in SCRIPTS}
    if not install_files(files, folder, prefix=interpreter):
        raise RuntimeError("the Python relay does not run here")
    return RelayCommand((*interpreter, str(folder / SCRIPTS[-1].name)), compiled=False)


@contextmanager
def daemon(place: House) -> Iterator[Client]:
    """The daemon of a house, up and answering; stopped afterwards."""
    with child_environment(ASSENT_HOME=str(place.home.root)):
        client = start_daemon(place.home)
    try:
        yield client
    finally:
        stop_daemon(place.home, client.pid)


@contextmanager
def running_house(
    prepare: Callable[[House], None] = lambda _: None,
) -> Iterator[tuple[House, Client]]:
    with house() as place:
        prepare(place)
        with daemon(place) as client:
            yield place, client
