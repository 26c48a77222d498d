"""What git still holds of files that are about to be deleted or overwritten.

Git is asked, with a configuration that runs nothing and a deadline; where it cannot be asked, it
keeps nothing.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from assent.core.facts import UNKEPT_LIMIT, UNKEPT_NAMED, Kept
from assent.core.risk import lies_in
from assent.core.risk.names import names

DEADLINE_S = 0.3
ENDING_S = 1.0
MAX_OUTPUT = 4 * 1024 * 1024
_REMADE = names(
    "node_modules dist build out target __pycache__ .venv venv coverage htmlcov .nyc_output"
    " .pytest_cache .mypy_cache .ruff_cache .tox .nox .hypothesis .eggs .next .nuxt .output"
    " .svelte-kit .astro .angular .turbo .parcel-cache .vite .gradle .dart_tool _build obj"
    " cmake-build-debug cmake-build-release bazel-bin bazel-out storybook-static"
)
_REMADE_ENDS = (".pyc", ".pyo", ".o", ".obj", ".class", ".tsbuildinfo", ".egg-info", ".coverage")
_GIT = (
    "git",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.quotePath=false",
    "-c",
    "gc.auto=0",
    "-c",
    "safe.directory=*",
)
_STATUS = ("status", "--porcelain=v1", "-z", "--no-renames", "--ignored=matching")
_ALL = "--untracked-files=all"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeps a path, and which of its files nothing keeps."""

    kept: Kept = Kept.NOWHERE
    unkept: int = 0
    files: tuple[str, ...] = ()
    """The files that nothing keeps, if they are few."""


class GitKeeps:
    """Asks git about paths. `runs_programs` tells whether git would run some in a folder."""

    def __init__(self, runs_programs: Callable[[str], bool]) -> None:
        self._runs_programs = runs_programs

    def look(self, reals: Sequence[str]) -> Mapping[str, Keeping]:
        """What keeps each of these real paths. One that is not in the answer nothing keeps."""
        found: dict[str, Keeping] = {}
        by_root: dict[str, list[str]] = {}
        for real in dict.fromkeys(reals):
            root = _root_of(real)
            if root is not None and not _is_of_git(real, root):
                by_root.setdefault(root, []).append(real)
        for root, paths in by_root.items():
            if not self._runs_programs(root):
                found |= _ask(root, paths)
        for real in reals:
            if real not in found:
                found[real] = _unkept(list(_files(real)))
        return found


def _root_of(real: str) -> str | None:
    """The work tree that `real` lies in; a folder with a repository of its own is not in it."""
    folder = os.path.dirname(real)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _is_of_git(real: str, root: str) -> bool:
    """Whether it is a part of the repository itself, or holds another one."""
    inner = real[len(root.rstrip("/")) + 1 :]
    return ".git" in inner.split("/") or os.path.lexists(os.path.join(real, ".git"))


def _ask(root: str, paths: Sequence[str]) -> dict[str, Keeping]:
    relative = {real[len(root.rstrip("/")) + 1 :]: real for real in paths}
    told = _git(root, (*_STATUS, _ALL, "--", *relative), ("ls-files", "-v", "-z", "--", *relative))
    if told is None:
        return {}
    status, listed = told
    hidden = {line[2:] for line in listed if not line.startswith("H ")}
    return {real: _keeping(root, name, status, hidden) for name, real in relative.items()}


def _keeping(root: str, name: str, status: Sequence[str], hidden: set[str]) -> Keeping:
    """Put together what git said about the files at and below `name`."""
    unkept: list[str] = []
    remade = 0
    for line in status:
        path = line[3:]
        if not (lies_in(path.rstrip("/"), name) or lies_in(name, path.rstrip("/"))):
            continue
        mark = line[:2]
        if mark == "!!" and _is_remade(path if lies_in(path.rstrip("/"), name) else name):
            remade += 1
        elif mark[1] != " ":
            place = os.path.join(root, path if len(path) > len(name) else name)
            unkept += _files(place) if len(unkept) < UNKEPT_LIMIT else ()
    unkept += (os.path.join(root, path) for path in hidden if lies_in(path, name))
    if unkept:
        return _unkept(unkept)
    return Keeping(Kept.REMADE if remade else Kept.GIT)


def _unkept(files: Sequence[str]) -> Keeping:
    named = tuple(files) if len(files) <= UNKEPT_NAMED else ()
    return Keeping(Kept.NOWHERE, min(len(files), UNKEPT_LIMIT), named)


def _is_remade(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    return not _REMADE.isdisjoint(parts) or parts[-1].endswith(_REMADE_ENDS)


def _files(path: str) -> Iterator[str]:
    """The files at and below `path`, up to the limit; symlinks are not followed."""
    if not os.path.isdir(path) or os.path.islink(path):
        if os.path.lexists(path):
            yield path
        return
    count = 0
    for folder, _, files in os.walk(path):
        for name in files:
            yield os.path.join(folder, name)
            count += 1
            if count == UNKEPT_LIMIT:
                return


def _git(root: str, *calls: tuple[str, ...]) -> list[list[str]] | None:
    """What each call prints, parted at NUL; None when one fails or takes too long."""
    deadline = monotonic() + DEADLINE_S
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.extend(_start(root, call) for call in calls)
        return [_output(process, deadline) for process in started]
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    finally:
        for process in started:
            _end(process)


def _start(root: str, call: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (*_GIT, "-C", root, *call),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _environment() -> dict[str, str]:
    """Nothing of the user's configuration, and nothing that could ask or wait."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _output(process: subprocess.Popen[bytes], deadline: float) -> list[str]:
    data, _ = process.communicate(timeout=max(0.0, deadline - monotonic()))
    if process.returncode != 0 or len(data) > MAX_OUTPUT:
        raise subprocess.SubprocessError
    return [os.fsdecode(item) for item in data.split(b"\0") if item]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    if process.stdout is not None:
        process.stdout.close()
    with suppress(subprocess.SubprocessError):
        process.wait(timeout=ENDING_S)
