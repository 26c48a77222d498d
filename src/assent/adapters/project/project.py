"""All manifests of a workspace, its packages one and two levels down included."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence

from assent.adapters.project.compiled import cargo_config, cargo_toml, gemfile, go_mod
from assent.adapters.project.found import Found
from assent.adapters.project.javascript import composer_json, deno_json, package_json
from assent.adapters.project.makefile import justfile, makefile
from assent.adapters.project.pipelines import gitlab_ci, pre_commit, workflow
from assent.adapters.project.python import noxfile, pyproject, tox_ini
from assent.adapters.project.runners import (
    MISE_FOLDERS,
    mise_files,
    mise_toml,
    taskfile,
    tool_versions,
)
from assent.adapters.project.small_files import Listings, Remembered, names_in, read_text
from assent.core.canonical import digest_of
from assent.core.project import FILE, ProjectPrograms, ProjectTask, put_together
from assent.core.risk import lies_in

Reader = Callable[[str, str], Found]

READERS: Mapping[str, Reader] = {
    "package.json": package_json,
    "deno.json": deno_json,
    "deno.jsonc": deno_json,
    "composer.json": composer_json,
    "pyproject.toml": pyproject,
    "tox.ini": tox_ini,
    "noxfile.py": noxfile,
    "GNUmakefile": makefile,
    "makefile": makefile,
    "Makefile": makefile,
    "justfile": justfile,
    "Justfile": justfile,
    ".justfile": justfile,
    "Taskfile.yml": taskfile,
    "Taskfile.yaml": taskfile,
    "taskfile.yml": taskfile,
    "mise.toml": mise_toml,
    ".mise.toml": mise_toml,
    ".tool-versions": tool_versions,
    "Cargo.toml": cargo_toml,
    "go.mod": go_mod,
    "Gemfile": gemfile,
    ".pre-commit-config.yaml": pre_commit,
    ".gitlab-ci.yml": gitlab_ci,
}
_BELOW: Mapping[str, Reader] = {
    ".cargo/config.toml": cargo_config,
    ".cargo/config": cargo_config,
    ".config/mise.toml": mise_toml,
    ".config/mise/config.toml": mise_toml,
    ".mise/config.toml": mise_toml,
}
_ALL = {**READERS, **_BELOW}
_MISE_TOPS = frozenset(folder.partition("/")[0] for folder in MISE_FOLDERS)
WORKFLOWS = ".github/workflows"
EXECUTABLES = ("scripts", "script", "bin", "tools", "hack", "ci")
NOT_PACKAGES = frozenset(
    {"node_modules", "target", "dist", "build", "vendor", "venv", "third_party", "__pycache__"}
)
MAX_PACKAGES = 200
MAX_WORKFLOWS = 50
MAX_EXECUTABLES = 300
MAX_EXECUTABLE = 512 * 1024


class LocalProject:
    """Implements `Project` on the machine's files."""

    def __init__(self) -> None:
        self._manifests = Remembered(_read_manifest)
        self._workflows = Remembered(lambda path: workflow(read_text(path), path))
        self._digests = Remembered(_digest)
        self._folders = Listings()

    def programs(self, workspace: str) -> ProjectPrograms:
        """All that the manifests name now. Never raises."""
        parts = [self._folder(workspace, folder) for folder in _packages(workspace)]
        parts.append(self._ci(workspace))
        return put_together(parts)

    def tasks_near(
        self, workspace: str, folders: Sequence[str], *, everywhere: bool
    ) -> Mapping[tuple[str, str], Sequence[ProjectTask]]:
        """The tasks that a runner finds from `folders`; those of all packages with `everywhere`."""
        if everywhere:
            places = list(_packages(workspace))
            return _by_key(task for place in places for task in self._tasks(workspace, place))
        found: dict[tuple[str, str], list[ProjectTask]] = {}
        for folder in folders:
            for key, tasks in self._nearest(workspace, folder).items():
                known = found.setdefault(key, [])
                known += [task for task in tasks if task not in known]
        return found

    def _nearest(self, workspace: str, folder: str) -> dict[tuple[str, str], list[ProjectTask]]:
        """From `folder` up to the workspace; the tasks of the nearer folder hide the farther."""
        found: dict[tuple[str, str], list[ProjectTask]] = {}
        for place in _upwards(workspace, _real(folder)):
            for key, tasks in _by_key(self._tasks(workspace, place)).items():
                found.setdefault(key, tasks)
        return found

    def _tasks(self, workspace: str, folder: str) -> Iterator[ProjectTask]:
        below = _below(workspace, folder)
        for found in self._found_in(folder):
            for (runner, name), text in found.tasks.items():
                yield ProjectTask(runner, name, below, text)

    def _found_in(self, folder: str) -> Iterator[Found]:
        present = self._folders.of(folder)
        for name in _ALL if present else ():
            if name.partition("/")[0] in present:
                found = self._manifests.of(os.path.join(folder, name))
                if found is not None:
                    yield found
        if not present.isdisjoint(_MISE_TOPS):
            yield mise_files(folder)

    def _folder(self, workspace: str, folder: str) -> ProjectPrograms:
        below = _below(workspace, folder)
        programs: set[str] = set()
        for found in self._found_in(folder):
            programs |= {name for name in found.programs if "/" not in name}
            programs |= {_joined(below, path) for path in found.outputs}
        tasks = (*self._tasks(workspace, folder), *self._executables(workspace, folder))
        return ProjectPrograms(frozenset(programs), tasks)

    def _executables(self, workspace: str, folder: str) -> Iterator[ProjectTask]:
        below, count = _below(workspace, folder), 0
        for place in EXECUTABLES:
            for entry in names_in(os.path.join(folder, place)):
                if count < MAX_EXECUTABLES and _is_executable(entry):
                    count += 1
                    digest = self._digests.of(entry.path)
                    if digest:
                        name = _joined(below, f"{place}/{entry.name}")
                        yield ProjectTask(FILE, name, "", digest)

    def _ci(self, workspace: str) -> ProjectPrograms:
        programs: set[str] = set()
        for entry in names_in(os.path.join(workspace, WORKFLOWS), limit=MAX_WORKFLOWS):
            if entry.name.endswith((".yml", ".yaml")):
                found = self._workflows.of(entry.path)
                programs |= found.programs if found is not None else set()
        return ProjectPrograms(frozenset(programs))


def _read_manifest(path: str) -> Found:
    text = read_text(path)
    reader = READERS.get(os.path.basename(path))
    if reader is None:
        reader = next(made for name, made in _BELOW.items() if path.endswith(f"/{name}"))
    return reader(text, path) if text else Found()


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_EXECUTABLE + 1)
    except OSError:
        return ""
    return digest_of(data) if len(data) <= MAX_EXECUTABLE else ""


def _is_executable(entry: os.DirEntry[str]) -> bool:
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and mode & 0o111 != 0


def _packages(workspace: str) -> Iterator[str]:
    """The workspace, and its folders one and two levels down."""
    yield workspace
    count = 0
    for first in _folders(workspace):
        for folder in (first, *_folders(first)):
            if count == MAX_PACKAGES:
                return
            count += 1
            yield folder


def _folders(folder: str) -> list[str]:
    found = []
    for entry in names_in(folder, limit=500):
        if entry.name.startswith(".") or entry.name in NOT_PACKAGES:
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
        except OSError:
            continue
    return found


def _upwards(workspace: str, folder: str) -> Iterator[str]:
    """`folder` and those above it, up to the workspace; `/` is above itself."""
    root = workspace.rstrip("/") or "/"
    while lies_in(folder, root):
        yield folder
        if folder == root:
            return
        folder = os.path.dirname(folder)


def _real(folder: str) -> str:
    try:
        return os.path.realpath(folder)
    except (OSError, ValueError):
        return folder


def _below(workspace: str, folder: str) -> str:
    return folder[len(workspace.rstrip("/")) + 1 :]


def _joined(below: str, path: str) -> str:
    """A path from the workspace; one in the workspace itself begins with `./`."""
    plain = path.removeprefix("./")
    whole = f"{below}/{plain}" if below else plain
    return whole if "/" in whole else f"./{whole}"


def _by_key(tasks: Iterator[ProjectTask]) -> dict[tuple[str, str], list[ProjectTask]]:
    found: dict[tuple[str, str], list[ProjectTask]] = {}
    for task in tasks:
        found.setdefault((task.runner, task.name), []).append(task)
    return found
