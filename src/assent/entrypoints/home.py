"""Where one Assent keeps its state: ASSENT_HOME, by default the platform's user data folder."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import platformdirs

from assent.errors import UnavailableError, UsageError

DEFAULT_PORT = 7422
MAX_PORT = 65_535
SLACK_SECRETS = {
    "signing_secret": "ASSENT_SLACK_SIGNING_SECRET",
    "bot_token": "ASSENT_SLACK_BOT_TOKEN",
}
"""Variables that count for more than the file."""
ADMITTED = 0o710
"""Mode of a folder through which a group may pass."""
ORIGIN = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of Assent's state. All of it belongs to the user alone (mode 0700), unless a group
    may reach its sockets and its relay (see `admit`)."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "control.db"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def socket(self) -> Path:
        return self.run / "hook.sock"

    @property
    def api_socket(self) -> Path:
        """Where the daemon's API listens beside its port, for callers without a network."""
        return self.run / "api.sock"

    @property
    def lock(self) -> Path:
        return self.run / "daemon.lock"

    @property
    def daemon_file(self) -> Path:
        """Tells where the running daemon listens; see `DaemonInfo`."""
        return self.run / "daemon.json"

    @property
    def token(self) -> Path:
        """What the command line shows the daemon to prove that it is the same user."""
        return self.run / "token"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def log(self) -> Path:
        return self.root / "log" / "daemon.log"

    @property
    def server_key(self) -> Path:
        """By which this Assent signs what people only said; see `adapters.identity.server_key`."""
        return self.root / "server.key"

    @property
    def config_file(self) -> Path:
        return self.root / "config.toml"

    @property
    def oncall_file(self) -> Path:
        """Who is on call and when, as people write it down."""
        return self.root / "oncall.txt"

    @property
    def is_ours(self) -> bool:
        """Whether this user keeps it, or would: another user's is only spoken to."""
        try:
            return self.root.stat().st_uid == os.geteuid()
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def make(self) -> None:
        """Create the folders, for this user only; what a group was admitted to stays so."""
        for folder in (self.root, self.run, self.bin, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(folder.stat().st_mode) != ADMITTED:
                folder.chmod(0o700)

    def admit(self, group: int | None) -> None:
        """Let members of `group` pass through to the sockets and start the relay, and nobody else.

        They read nothing else. Raises UnavailableError when the folders cannot be given to it.
        """
        for folder in (self.root, self.run, self.bin):
            folder.chmod(0o700)
            if group is not None:
                give(folder, group, ADMITTED)
        if group is not None and self.config_file.exists():
            # It may hold the database's password; whoever wrote it may have left it readable.
            give(self.config_file, group, 0o600)


def give(path: Path, group: int, mode: int) -> None:
    """Let members of `group` use `path` as `mode` says. Raises UnavailableError."""
    try:
        os.chown(path, -1, group)
        path.chmod(mode)
    except OSError as error:
        raise UnavailableError(
            f"{path} cannot be given to the group that `group` in config.toml names.",
            hint="Make this user a member of that group, then start Assent again.",
        ) from error


def find_home(env: Mapping[str, str] = os.environ) -> Home:
    """The home named by ASSENT_HOME, or the platform's default. It need not exist yet."""
    named = env.get("ASSENT_HOME")
    root = Path(named) if named else Path(platformdirs.user_data_dir("assent", appauthor=False))
    return Home(Path(os.path.abspath(root.expanduser())))


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """The table `slack` of `config.toml`: an app of one's own in one's Slack."""

    signing_secret: str = field(default="", repr=False)
    bot_token: str = field(default="", repr=False)
    api: str = "https://slack.com/api/"
    """Where Slack's API is."""

    @property
    def is_set(self) -> bool:
        return bool(self.signing_secret and self.bot_token)


@dataclass(frozen=True, slots=True)
class Config:
    """What `config.toml` in the home can set."""

    port: int = DEFAULT_PORT
    """Port of the page; another free one is taken when it is in use. 0: any."""
    database: str = ""
    """`postgresql://…`, or empty for the file in the home."""
    person: str = ""
    """The name decisions are recorded under; empty: the name of the system's user."""
    group: str = ""
    """Name or number of a system group whose members' agents are guarded, too; empty: none."""
    origin: str = ""
    """`https://assent.example.com`, where a proxy with TLS on this machine leads to the page."""
    notify_every_s: int = 60
    """On one channel of a person one message in so many seconds, but for what is irreversible."""
    slack: SlackConfig = SlackConfig()
    """Buttons in Slack; without its secrets there are none."""


def read_config(home: Home, env: Mapping[str, str] = os.environ) -> Config:
    """Raises UsageError when the file is there and is not what it should be."""
    try:
        config = _config(tomllib.loads(home.config_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        config = Config()
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{home.config_file}: {error}.",
            hint="Known keys: port, database, person, group, origin, notify_every_s, [slack].",
        ) from error
    given = {name: env[key] for name, key in SLACK_SECRETS.items() if env.get(key)}
    return replace(config, slack=replace(config.slack, **given))


def _config(fields: Mapping[str, object]) -> Config:
    texts = ("database", "person", "group", "origin")
    _check_types(
        fields, {"port": int, "notify_every_s": int, "slack": dict, **dict.fromkeys(texts, str)}
    )
    slack = fields.get("slack")
    if isinstance(slack, dict):
        _check_types(slack, {"signing_secret": str, "bot_token": str, "api": str}, "slack.")
        fields = {**fields, "slack": SlackConfig(**slack)}
    config = Config(**fields)  # type: ignore[arg-type]
    if not 0 <= config.port <= MAX_PORT:
        raise ValueError(f"`port` is at most {MAX_PORT}")
    if config.notify_every_s < 0:
        raise ValueError("`notify_every_s` is 0 or more")
    if config.origin and not ORIGIN.fullmatch(config.origin):
        raise ValueError("`origin` is like https://assent.example.com, without anything after it")
    return config


def _check_types(fields: Mapping[str, object], kinds: Mapping[str, type], of: str = "") -> None:
    for name, value in fields.items():
        if name not in kinds:
            raise TypeError(f"unknown key `{of}{name}`")
        if type(value) is not kinds[name]:
            raise TypeError(f"`{of}{name}` should be of type {kinds[name].__name__}")
