"""How a command is shut in: bubblewrap where it works, else namespaces of our own, else not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

INSIDE = Path(__file__).with_name("inside.py")
PROBE_LIMIT_S = 20.0
MEMORY_SHARE = 0.75
FILE_SIZE = 4 * 1024**3
TEMPORARY = ("/tmp", "/var/tmp")
SECRETS = (
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".config/gh",
    ".config/gcloud",
    ".config/git",
    ".claude",
    ".codex",
    ".gemini",
    ".copilot",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".cargo/credentials.toml",
)
"""Places in a home folder that hold credentials."""
DOORS = ("/run/user", "/run/docker.sock", "/run/podman", "/run/containerd", "/run/dbus")
"""Sockets of services that would act for whoever reaches them."""


class Confinement(StrEnum):
    """As it is recorded with a run."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "network namespace"
    NONE = "not sandboxed"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a command may see and write. Paths are absolute and real."""

    folder: Path
    """Where it runs; writable."""
    home: Path
    """Its own home folder; writable."""
    hidden: Path
    """Assent's own folder."""
    readable: tuple[Path, ...] = ()
    """Folders that stay visible though something above them is hidden."""


def confined(kind: Confinement, cell: Cell, command: Sequence[str]) -> list[str]:
    """The command line that runs `command` in `cell`."""
    inner = list(command)
    if kind is Confinement.BUBBLEWRAP:
        inner = [*_bubblewrap(cell), *inner]
    spec = {
        "namespaces": kind is Confinement.NAMESPACES,
        "folder": str(cell.folder),
        "writable": [str(cell.folder), str(cell.home)],
        "readable": [str(path) for path in cell.readable],
        "hidden": _hidden(cell),
        "memory": _memory(),
        "file_size": FILE_SIZE,
    }
    return [sys.executable, "-I", "-S", str(INSIDE), json.dumps(spec), *inner]


def _hidden(cell: Cell) -> list[str]:
    home = Path.home()
    secrets = [os.path.realpath(home / name) for name in SECRETS]
    found = [*TEMPORARY, *DOORS, *secrets, str(cell.hidden)]
    return [path for path in dict.fromkeys(found) if os.path.exists(path)]


def _bubblewrap(cell: Cell) -> list[str]:
    words = [
        "bwrap",
        *("--die-with-parent", "--new-session", "--unshare-all", "--cap-drop", "ALL"),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
    ]
    for path in _hidden(cell):
        if os.path.isdir(path):
            words += ["--tmpfs", path]
        else:
            words += ["--ro-bind", "/dev/null", path]
    for folder in cell.readable:
        words += ["--ro-bind", str(folder), str(folder)]
    for folder in (cell.folder, cell.home):
        words += ["--bind", str(folder), str(folder)]
    return [*words, "--chdir", str(cell.folder), "--"]


def _memory() -> int:
    """Bytes of data that one process may have."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        whole = 8 * 1024**3
    return int(whole * MEMORY_SHARE)


def best_confinement(scratch: Path) -> Confinement:
    """The first that works on this machine, found by trying it in a folder below `scratch`."""
    if sys.platform != "linux":
        return Confinement.NONE
    for kind in (Confinement.BUBBLEWRAP, Confinement.NAMESPACES):
        if kind is Confinement.BUBBLEWRAP and shutil.which("bwrap") is None:
            continue
        if _works(kind, scratch):
            return kind
    return Confinement.NONE


def _works(kind: Confinement, scratch: Path) -> bool:
    """Whether a command runs, and writes where it may."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="probe-") as made:
        folder, home = Path(made).resolve() / "folder", Path(made).resolve() / "home"
        folder.mkdir()
        home.mkdir()
        cell = Cell(folder, home, hidden=scratch.resolve())
        command = ["sh", "-c", 'touch ran "$HOME/ran"']
        try:
            done = subprocess.run(
                confined(kind, cell, command),
                stdin=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)},
                capture_output=True,
                timeout=PROBE_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0 and (folder / "ran").exists() and (home / "ran").exists()
