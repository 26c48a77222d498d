"""The daemon: hooks on a unix socket and the page on loopback, in one process and one event loop.

python -m assent.entrypoints.daemon        runs in the foreground until SIGTERM or SIGINT
"""

import asyncio
import fcntl
import grp
import json
import os
import resource
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
import uvicorn
import uvloop

from assent import __version__
from assent.app.await_decision import Wakeups
from assent.app.changes.merge import merge_work
from assent.app.changes.work import ReviewWork
from assent.app.checkpoints.ending import undo_unfinished
from assent.app.gatehouse import Gatehouse
from assent.app.notifications.plan import Pace
from assent.app.notifications.work import NotifyWork
from assent.app.people.directory import settle_owner
from assent.app.proof.log import LogWork
from assent.app.run_timers import BATCH, run_timers
from assent.entrypoints.home import Config, Home, find_home, give, read_config
from assent.entrypoints.hook.peers import login_of
from assent.entrypoints.hook.relay_build import install_relay
from assent.entrypoints.hook.server import HookServer
from assent.entrypoints.logs import configure_logs
from assent.entrypoints.web.app import create_app
from assent.entrypoints.web.listening import listen
from assent.entrypoints.web.settings import WebSettings
from assent.entrypoints.wiring import installed_hooks, open_gatehouse, passkey_ports, slack_door
from assent.errors import AssentError, UnavailableError, UsageError

TIMER_TICK_S = 1.0
SEAL_TICK_S = 5.0
LASTING_PAUSE_S = 10.0
GRACEFUL_S = 2
SWITCH_S = 0.0005
"""A tenth of Python's default: the store's writer gets its turn beside a busy event loop."""
OPEN_FILES = 10_000
LOCK_TRIES = 20
LOCK_PAUSE_S = 0.02

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DaemonInfo:
    """What `run/daemon.json` tells the command line about the running daemon."""

    pid: int
    url: str
    """For programs: by number, which nothing has to resolve."""
    page: str
    """For people: by name, since passkeys belong to one."""
    socket: str
    started_at: int
    version: str


async def serve(home: Home, config: Config) -> None:
    """Run until told to stop. Raises UnavailableError when another daemon serves this home."""
    group = _group(config)
    home.make()
    home.admit(group)
    with _only_one(home):
        # A killed daemon left it, and it names a port that now may be anybody's.
        home.daemon_file.unlink(missing_ok=True)
        gate = open_gatehouse(home, config)
        wakeups = Wakeups()
        gate.store.on_commit(wakeups.committed)
        hooks = HookServer(gate, wakeups, group=group)
        gate.store.on_commit(hooks.peers.committed)
        os.chdir(home.run)
        stopping = asyncio.Event()
        serving = _Serving(home, config, group, apart=hooks.peers.all_apart)
        try:
            await undo_unfinished(gate)
            await hooks.start(home.socket.name)
            async with _page(gate, serving, stopping) as page, asyncio.TaskGroup() as tasks:
                ticks = [
                    tasks.create_task(_tick(gate)),
                    tasks.create_task(_seal(gate)),
                    tasks.create_task(_lasting("reviews", ReviewWork(gate).run)),
                    tasks.create_task(_lasting("merges", lambda: merge_work(gate))),
                    tasks.create_task(_lasting("log", LogWork(gate).run)),
                ]
                if gate.notifier is not None:
                    pace = Pace(every_ms=config.notify_every_s * 1000)
                    telling = NotifyWork(gate, gate.notifier, link=page.link, pace=pace)
                    ticks.append(tasks.create_task(_lasting("notifications", telling.run)))
                await page.serve_until(stopping)
                for tick in ticks:
                    tick.cancel()
        finally:
            await hooks.stop()
            await gate.store.close()
            for path in (home.daemon_file, home.socket, home.api_socket):
                path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Serving:
    """Where the page listens, and for whom."""

    home: Home
    config: Config
    group: int | None
    """Whose members may use its socket."""
    apart: Callable[[], bool]
    """Whether every agent that called runs as another user."""


def _group(config: Config) -> int | None:
    """The group that the configuration names. Raises UsageError for an unknown one."""
    if not config.group:
        return None
    if config.group.isdecimal():
        return int(config.group)
    try:
        return grp.getgrnam(config.group).gr_gid
    except KeyError as error:
        raise UsageError(
            f"There is no system group `{config.group}`, which config.toml names.",
            hint=f"Make it: groupadd {config.group}",
        ) from error


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Hold the home's lock; the kernel lets go of it however this process ends."""
    with home.lock.open("w") as handle:
        for _ in range(LOCK_TRIES):
            # Whoever only looks whether a daemon runs holds it for a moment, too.
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(LOCK_PAUSE_S)
        else:
            raise UnavailableError(
                f"Another Assent already serves {home.root}.", hint="See: assent status"
            )
        yield


class _Page:
    """The web page's server, with its socket already bound."""

    def __init__(self, server: "_Server", listening: Sequence[socket.socket], *, link: str) -> None:
        self.link = link
        """Where people find it."""
        self._server = server
        self._listening = list(listening)

    async def serve_until(self, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        serving = asyncio.create_task(self._server.serve(sockets=self._listening))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        stopping.set()
        stop.cancel()
        self._server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the daemon stops it after the open streams."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _page(
    gate: Gatehouse, serving: _Serving, stopping: asyncio.Event
) -> AsyncIterator[_Page]:
    home, config = serving.home, serving.config
    loopback, local = listen(config.port), _listen_here(home)
    if serving.group is not None:
        # The relay of this home is the one that members' agents start.
        install_relay(home.bin)
        give(Path(home.api_socket.name), serving.group, 0o660)
    port = loopback[0].getsockname()[1]
    url, page = f"http://127.0.0.1:{port}", config.origin or f"http://localhost:{port}"
    started_at = gate.clock.now()
    settings = WebSettings(
        person=await settle_owner(gate, named=config.person, login=login_of(os.getuid())),
        cli_token=_fresh_token(home),
        version=__version__,
        shutting_down=stopping,
        hooks=lambda: installed_hooks(home),
        origin=config.origin,
        passkeys=passkey_ports(),
        slack=slack_door(config),
        apart=serving.apart,
    )
    app = create_app(gate, settings=settings)
    uvicorn_config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # The guard knows the one proxy there may be; nobody else says where a request came from.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        limit_concurrency=None,
        backlog=512,
    )
    info = DaemonInfo(os.getpid(), url, page, str(home.socket), started_at, __version__)
    _write_private(home.daemon_file.name, json.dumps(asdict(info)))
    if serving.group is not None:
        give(Path(home.daemon_file.name), serving.group, 0o640)
    log.info("daemon.up", **asdict(info))
    try:
        yield _Page(_Server(uvicorn_config), (*loopback, local), link=page)
    finally:
        for each in (*loopback, local):
            each.close()
        log.info("daemon.down")


def _listen_here(home: Home) -> socket.socket:
    """The same API on a unix socket: an agent's sandbox often has no network, not even loopback."""
    name = home.api_socket.name
    with suppress(FileNotFoundError):
        os.unlink(name)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # By its name in the current folder: a unix socket's whole path may have about 100 characters.
    listening.bind(name)
    os.chmod(name, 0o600)
    listening.listen(128)
    return listening


def _fresh_token(home: Home) -> str:
    token = secrets.token_urlsafe(32)
    _write_private(home.token.name, token)
    return token


def _write_private(name: str, text: str) -> None:
    """Replace a file in the current folder at once, readable by this user only."""
    draft = f"{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(draft)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(draft, name)


async def _tick(gate: Gatehouse) -> None:
    """Run timers every second. A fault is logged and tried again: waiting requests lose nothing."""
    while True:
        try:
            while await run_timers(gate) == BATCH:
                continue
        except AssentError as error:
            log.error("timers.failed", error=str(error))
        await asyncio.sleep(TIMER_TICK_S)


async def _seal(gate: Gatehouse) -> None:
    """Checkpoint the ledger every few seconds while anything is recorded."""
    while True:
        await asyncio.sleep(SEAL_TICK_S)
        try:
            if gate.store.read(lambda view: view.unsealed()):
                await gate.store.write(lambda tx: tx.seal(gate.clock.now()), durable=True)
        except AssentError as error:
            log.error("seal.failed", error=str(error))


async def _lasting(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Keep `work` going. Its state is in the store: after a fault it begins anew from there."""
    while True:
        try:
            await work()
        # A fault in one of a change's files must not end the daemon, which guards the agents.
        except Exception:
            log.exception(f"{name}.failed")
        await asyncio.sleep(LASTING_PAUSE_S)


def _allow_many_files() -> None:
    """Every agent that is held and every page that watches keeps a connection open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    home = find_home()
    os.umask(0o077)
    sys.setswitchinterval(SWITCH_S)
    try:
        config = read_config(home)
        home.make()
        configure_logs(home.log)
        _allow_many_files()
        uvloop.run(serve(home, config))
    except AssentError as error:
        return _failed(error)
    except OSError as error:
        return _failed(UnavailableError(f"{error}.", hint="Check the folder and its disk."))
    return 0


def _failed(error: AssentError) -> int:
    log.error("daemon.failed", error=str(error))
    sys.stderr.write(f"assent: {error}\n")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
