"""Where one Assent keeps its state: ASSENT_HOME, by default the platform's user data folder."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from assent.errors import UsageError

DEFAULT_PORT = 7422
MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Home:
    """The layout of Assent's state. All of it belongs to the user alone (mode 0700)."""

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
    def config_file(self) -> Path:
        return self.root / "config.toml"

    def make(self) -> None:
        """Create the folders, for this user only."""
        for folder in (self.root, self.run, self.bin, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)


def find_home(env: Mapping[str, str] = os.environ) -> Home:
    """The home named by ASSENT_HOME, or the platform's default. It need not exist yet."""
    named = env.get("ASSENT_HOME")
    root = Path(named) if named else Path(platformdirs.user_data_dir("assent", appauthor=False))
    return Home(Path(os.path.abspath(root.expanduser())))


@dataclass(frozen=True, slots=True)
class Config:
    """What `config.toml` in the home can set."""

    port: int = DEFAULT_PORT
    """Port of the page; another free one is taken when it is in use. 0: any."""
    database: str = ""
    """`postgresql://…`, or empty for the file in the home."""
    person: str = ""
    """The name decisions are recorded under; empty: the name of the system's user."""


def read_config(home: Home) -> Config:
    """Raises UsageError when the file is there and is not what it should be."""
    try:
        return _config(tomllib.loads(home.config_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Config()
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{home.config_file}: {error}.", hint="Known keys: port, database, person."
        ) from error


def _config(fields: Mapping[str, object]) -> Config:
    kinds = {"port": int, "database": str, "person": str}
    for name, value in fields.items():
        if name not in kinds:
            raise TypeError(f"unknown key `{name}`")
        if type(value) is not kinds[name]:
            raise TypeError(f"`{name}` should be of type {kinds[name].__name__}")
    config = Config(**fields)  # type: ignore[arg-type]
    if not 0 <= config.port <= MAX_PORT:
        raise ValueError(f"`port` is at most {MAX_PORT}")
    return config
