"""The only place where ports meet their adapters."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assent.adapters.agents.registry import AGENTS, INSTALLERS
from assent.adapters.catalog import built_in_catalog, read_programs
from assent.adapters.git.shadow import ShadowRepositories
from assent.adapters.identity.passkeys import WebauthnCeremonies
from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.adapters.policy_file import PolicyFiles
from assent.adapters.project import LocalProject
from assent.adapters.workspace import LocalFiles, LocalWorld
from assent.app.agents import HUMAN_IN_LOOP, HookStatus, Surroundings
from assent.app.changes.ports import ChangePorts
from assent.app.checkpoints.ports import Shadow
from assent.app.gatehouse import Gatehouse
from assent.app.notifications.ports import Notifier
from assent.app.people.passkeys import PasskeyPorts
from assent.app.ports import Event, Store, Tx, View
from assent.app.proof.ports import ProofPorts
from assent.entrypoints.home import Config, Home
from assent.entrypoints.hook.relay_build import RelayCommand, install_relay, installed_relay
from assent.errors import UnavailableError, UsageError
from assent.testing import MemoryStore

if TYPE_CHECKING:
    from assent.adapters.git.log import GitLogs
    from assent.adapters.store import Reader
    from assent.app.notifications.buttons import SlackDoor

T = TypeVar("T")


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class Uuid7:
    """UUIDv7 (RFC 9562): milliseconds and their 4096th parts first, so that ids sort by time."""

    def new(self) -> str:
        at, part = divmod(time.time_ns(), 1_000_000)
        value = (at & (1 << 48) - 1) << 80 | 0x7 << 76 | (part * 4096 // 1_000_000) << 64
        value |= 0b10 << 62 | secrets.randbits(62)
        text = f"{value:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def policy_files() -> PolicyFiles:
    """Policies with everything that is known about programs."""
    return PolicyFiles(built_in_catalog(), read_programs)


def passkey_ports() -> PasskeyPorts:
    """The ceremonies of passkeys, and the challenges of this process."""
    return PasskeyPorts(WebauthnCeremonies())


def database_url(home: Home, config: Config) -> str:
    return config.database or f"sqlite:///{home.database}"


def open_gatehouse(home: Home, config: Config) -> Gatehouse:
    """Everything the daemon works with. Raises UnavailableError when the store cannot be opened."""
    # Here, because it costs the command line, which needs no store, most of its time.
    from assent.adapters.store import open_store  # noqa: PLC0415

    shadow = ShadowRepositories(home.root)
    store = open_store(database_url(home, config))
    changes = _change_ports(home, store)
    gate = _gatehouse(home, store, shadow=shadow, changes=changes, logs=_logs())
    return replace(gate, notifier=_notifier(config))


def _notifier(config: Config) -> Notifier:
    from assent.adapters.notify.process import AppriseNotifier  # noqa: PLC0415

    if not config.slack.is_set:
        return AppriseNotifier()
    from assent.adapters.notify.routing import ByScheme  # noqa: PLC0415
    from assent.app.notifications.channels import SLACK_APP  # noqa: PLC0415

    with _extra("slack"):
        from assent.adapters.slack.sender import SlackSender  # noqa: PLC0415
    sender = SlackSender(config.slack.bot_token, api=config.slack.api)
    return ByScheme({SLACK_APP: sender}, AppriseNotifier())


def slack_door(config: Config) -> "SlackDoor | None":
    """What takes Slack's posts; None without an own app there."""
    if not config.slack.is_set:
        return None
    with _extra("slack"):
        from assent.adapters.slack.door import BoltDoor  # noqa: PLC0415
    known = config.slack
    return BoltDoor(signing_secret=known.signing_secret, token=known.bot_token, api=known.api)


@contextmanager
def _extra(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"config.toml asks for what is not installed ({error}).",
            hint=f"Install assent with the extra `{name}`.",
        ) from error


def _logs() -> "GitLogs":
    from assent.adapters.git.log import GitLogs  # noqa: PLC0415

    return GitLogs()


def _change_ports(home: Home, store: Store) -> ChangePorts:
    # Here, because the command line, which only asks the daemon, needs none of it.
    from assent.adapters.git.executor import GitRepositories  # noqa: PLC0415
    from assent.adapters.reviewers import PolicyReviewers  # noqa: PLC0415
    from assent.adapters.reviewers.llm.reviewer import ModelReviewer  # noqa: PLC0415
    from assent.adapters.sandbox import SandboxedTests  # noqa: PLC0415
    from assent.adapters.values import JsonFiles  # noqa: PLC0415
    from assent.app.changes.calibrate import approval_counts  # noqa: PLC0415

    clock = SystemClock()
    repositories = GitRepositories(home.root)
    tests = SandboxedTests(home.root, repositories)
    reviewers = PolicyReviewers(
        texts=repositories,
        checkouts=tests,
        clock=clock,
        model=lambda rule: ModelReviewer(
            rule, blobs=repositories, clock=clock, counts=approval_counts(store, rule)
        ),
    )
    return ChangePorts(
        repositories=repositories, tests=tests, values=JsonFiles(), reviewers=reviewers
    )


def _proof(home: Home, logs: "GitLogs | None") -> ProofPorts:
    signatures, server = CheckedSignatures(), ServerKeyFile(home.server_key)
    if logs is None:
        return ProofPorts(signatures, server)
    return ProofPorts(signatures, server, logs.head, logs)


def _gatehouse(
    home: Home,
    store: Store,
    *,
    shadow: Shadow | None = None,
    changes: ChangePorts | None = None,
    logs: "GitLogs | None" = None,
) -> Gatehouse:
    # Here, because the command line, which only asks the daemon, needs none of it.
    from assent.adapters.git.owners import GitOwners  # noqa: PLC0415

    return Gatehouse(
        store=store,
        clock=SystemClock(),
        ids=Uuid7(),
        agents=AGENTS,
        files=LocalFiles(),
        world=LocalWorld(
            home=str(Path.home()), assent_home=str(home.root), temporary=temporary_folders()
        ),
        project=LocalProject(),
        policies=policy_files(),
        changes=changes,
        shadow=shadow,
        oncall_file=str(home.oncall_file),
        proof=_proof(home, logs),
        owners=GitOwners(),
    )


class _OnlyLooked:
    """A store that is only read, while the daemon may be running or not."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:  # noqa: ARG002
        raise UnavailableError("The store is only looked at here.")

    def read(self, query: Callable[[View], T]) -> T:
        return self._reader.read(query)

    def on_commit(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Nothing is committed here."""

    async def close(self) -> None:
        self._reader.close()


@contextmanager
def looking_gatehouse(home: Home, config: Config) -> Iterator[Gatehouse]:
    """What the daemon works with, for looking only; an empty store where there is none yet."""
    from assent.adapters.store import open_reader  # noqa: PLC0415

    if not config.database and not home.database.exists():
        yield _gatehouse(home, MemoryStore())
        return
    with open_reader(database_url(home, config)) as reader:
        yield _gatehouse(home, _OnlyLooked(reader))


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


def _relay_of(home: Home) -> RelayCommand:
    """The relay that agents start. In another user's home it is the one which that Assent put
    there, so that no agent can change it. Raises UnavailableError."""
    if home.is_ours:
        home.make()
        return install_relay(home.bin)
    return installed_relay(home.bin)


def surroundings(home: Home, project: Path | None = None) -> Surroundings:
    """Where installers work, with the best relay put at its stable path."""
    command = _relay_of(home)
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
