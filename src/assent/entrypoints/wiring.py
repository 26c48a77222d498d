"""The only place where ports meet their adapters."""

import os
import secrets
import tempfile
import time
from pathlib import Path

from assent.adapters.agents.registry import AGENTS, INSTALLERS
from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.adapters.project import LocalProject
from assent.adapters.workspace import LocalFiles, LocalWorld
from assent.app.agents import HUMAN_IN_LOOP, HookStatus, Surroundings
from assent.app.gatehouse import Gatehouse
from assent.entrypoints.home import Config, Home
from assent.entrypoints.hook.relay_build import install_relay


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class Uuid7:
    """UUIDv7 (RFC 9562): milliseconds first, so that ids sort by time."""

    def new(self) -> str:
        at = time.time_ns() // 1_000_000
        value = (at & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
        value |= 0b10 << 62 | secrets.randbits(62)
        text = f"{value:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def database_url(home: Home, config: Config) -> str:
    return config.database or f"sqlite:///{home.database}"


def open_gatehouse(home: Home, config: Config) -> Gatehouse:
    """Everything the daemon works with. Raises UnavailableError when the store cannot be opened."""
    # Here, because it costs the command line, which needs no store, most of its time.
    from assent.adapters.store import open_store  # noqa: PLC0415

    user_home = Path.home()
    return Gatehouse(
        store=open_store(database_url(home, config)),
        clock=SystemClock(),
        ids=Uuid7(),
        agents=AGENTS,
        files=LocalFiles(),
        world=LocalWorld(
            home=str(user_home), assent_home=str(home.root), temporary=temporary_folders()
        ),
        project=LocalProject(),
        policies=PolicyFiles(built_in_catalog()),
    )


def temporary_folders() -> tuple[str, ...]:
    """Where programs of this user keep what they need for a moment."""
    return ("/tmp", "/var/tmp", tempfile.gettempdir())


def current_project() -> Path:
    """The project the current folder lies in."""
    return Path(LocalFiles().workspace_of(str(Path.cwd())))


def installed_hooks(home: Home, project: Path | None = None) -> tuple[HookStatus, ...]:
    """How each agent stands on this machine and in `project`, without changing anything."""
    here = surroundings(home, project)
    return tuple(installer.status(here) for installer in INSTALLERS.values())


def surroundings(home: Home, project: Path | None = None) -> Surroundings:
    """Where installers work, with the best relay put at its stable path."""
    home.make()
    command = install_relay(home.bin)
    return Surroundings(
        home=Path.home(),
        assent_home=home.root,
        relay=lambda dialect, agent, event, names: command.argv(
            socket=home.socket,
            dialect=dialect,
            agent=agent,
            event=event,
            env_names=(*names, HUMAN_IN_LOOP),
        ),
        env=os.environ,
        project=project,
    )
