"""The demo's surroundings: a throw-away home, a daemon of its own, hooks, the sample repository."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from assent.adapters.agents.registry import INSTALLERS
from assent.entrypoints.cli.client import Client, held
from assent.entrypoints.cli.up import start_daemon
from assent.entrypoints.demo.sample import Sample, make_sample
from assent.entrypoints.home import Home
from assent.entrypoints.wiring import surroundings

AGENT = "claude-code"
"""The agent whose hooks and habits the scripted one has."""
STOP_LIMIT_S = 10.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Stage:
    root: Path
    home: Home
    user_home: Path
    sample: Sample
    client: Client

    def stop_daemon(self) -> None:
        stop_daemon(self.home, self.client.pid)


@contextmanager
def set_stage(*, person: str = "") -> Iterator[Stage]:
    """Set everything up in a new temporary folder, and remove all of it at the end.

    `person` is the name decisions are recorded under; empty is the name of the system's user.
    Nothing outside the folder is read or written, least of all the user's own Assent.
    """
    root = Path(tempfile.mkdtemp(prefix="assent-demo-")).resolve()
    home = Home(root / "assent")
    try:
        user_home = root / "home"
        user_home.mkdir(mode=0o700)
        home.make()
        home.config_file.write_text(f'port = 0\nperson = "{person}"\n', encoding="utf-8")
        sample = make_sample(root, user_home)
        _install_hooks(home, user_home)
        with child_environment(ASSENT_HOME=str(home.root), HOME=str(user_home)):
            client = start_daemon(home)
        try:
            yield Stage(root, home, user_home, sample, client)
        finally:
            stop_daemon(home, client.pid)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _install_hooks(home: Home, user_home: Path) -> None:
    (user_home / ".claude").mkdir()
    INSTALLERS[AGENT].install(replace(surroundings(home), home=user_home, env={}))


@contextmanager
def child_environment(**names: str) -> Iterator[None]:
    """The environment that a child started meanwhile gets."""
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def stop_daemon(home: Home, pid: int) -> None:
    """Stop the daemon of `home`; one that does not stop in time is killed."""
    if not held(home):
        return
    os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + STOP_LIMIT_S
    while held(home):
        if time.monotonic() > give_up:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(POLL_S)
