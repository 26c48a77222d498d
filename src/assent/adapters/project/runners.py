"""mise.toml, .tool-versions, Taskfile.yml and the task files of mise."""

import os
import re
from collections.abc import Iterator, Mapping

from assent.adapters.project.found import Found, script_text, table, texts, with_needed
from assent.adapters.project.lines import Line, read_lines
from assent.adapters.project.python import read_toml
from assent.adapters.project.small_files import names_in, read_text
from assent.core.project import programs_in

MISE_FOLDERS = ("mise-tasks", ".mise-tasks", "mise/tasks", ".mise/tasks", ".config/mise/tasks")
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")
_UNKNOWN = '"$task_value"'


def mise_toml(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    """Tools by name, tasks with what they depend on."""
    manifest = read_toml(text)
    found = Found(programs={_tool(name) for name in table(manifest, "tools")})
    tasks = table(manifest, "tasks")
    own = {name: _mise_text(task) for name, task in tasks.items()}
    needs = {
        name: [words.split()[0] for words in texts(_as_list(table(task).get("depends"))) if words]
        for name, task in tasks.items()
        if isinstance(task, Mapping)
    }
    _add(found, ("mise",), own, needs)
    return found


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _mise_text(task: object) -> str:
    if isinstance(task, Mapping):
        lines = texts(task.get("run"))
        file = task.get("file")
        lines += [file] if isinstance(file, str) else []
    else:
        lines = texts(task)
    return script_text(_TEMPLATE.sub(_UNKNOWN, "\n".join(lines)))


def _tool(name: str) -> str:
    """`npm:prettier`, `aqua:owner/tool`, `go:example.org/cmd/x` name their last part."""
    return name.rsplit(":", 1)[-1].rsplit("/", 1)[-1].split("@")[0]


def tool_versions(text: str, path: str) -> Found:  # noqa: ARG001
    words = (line.split("#")[0].split() for line in text.splitlines())
    return Found(programs={_tool(line[0]) for line in words if line})


def mise_files(folder: str) -> Found:
    """Task files: `mise-tasks/db/migrate` is the task `db:migrate`."""
    found = Found()
    for place in MISE_FOLDERS:
        for name, path in _files_below(os.path.join(folder, place), ""):
            body = script_text(read_text(path))
            found.task(("mise",), name, body)
            found.programs |= programs_in(body)
    return found


def _files_below(folder: str, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in names_in(folder, limit=200):
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            is_task = entry.is_file() and os.access(entry.path, os.X_OK)
        except OSError:
            continue
        if is_folder and prefix.count(":") < 2:
            yield from _files_below(entry.path, f"{prefix}{entry.name}:")
        elif is_task:
            yield f"{prefix}{entry.name.rsplit('.', 1)[0] or entry.name}", entry.path


def taskfile(text: str, path: str) -> Found:  # noqa: ARG001
    """Tasks of a Taskfile whose YAML is plain: `cmds`, `cmd` and `deps` by name."""
    tasks = _Taskfile()
    for line in read_lines(text):
        tasks.take(line)
    found = Found()
    own = {name: _TEMPLATE.sub(_UNKNOWN, "\n".join(task)) for name, task in tasks.own.items()}
    _add(found, ("task",), own, tasks.needs)
    return found


class _Taskfile:
    """The tasks read so far, and where in the file the next line stands."""

    def __init__(self) -> None:
        self.own: dict[str, list[str]] = {}
        self.needs: dict[str, list[str]] = {}
        self._in_tasks = False
        self._indent = 0
        self._name = ""
        self._part = ""

    def take(self, line: Line) -> None:
        if line.indent == 0:
            self._in_tasks, self._indent, self._name = line.key == "tasks", 0, ""
        elif self._in_tasks and not line.is_item and line.indent <= (self._indent or line.indent):
            self._begin(line)
        elif self._name:
            self._continue(line)

    def _begin(self, line: Line) -> None:
        self._indent, self._name, self._part = line.indent, line.key, ""
        self.own[self._name] = [line.value] if line.value else []
        self.needs[self._name] = []

    def _continue(self, line: Line) -> None:
        if line.key and not line.is_item:
            self._part = line.key
        if self._part == "deps":
            names = line.value.strip("[]").split(",")
            self.needs[self._name] += [name.strip() for name in names if name.strip()]
        elif line.key == "task" and self._part == "cmds":
            # It stands where it is called, and what comes before it is judged no less.
            self.needs[self._name].append(line.value)
        elif self._part in ("cmds", "cmd") and line.value:
            self.own[self._name].append(line.value)


def _add(
    found: Found,
    runners: tuple[str, ...],
    own: Mapping[str, str],
    needs: Mapping[str, list[str]],
) -> None:
    for name in own:
        whole = with_needed(own, needs, name)
        found.task(runners, name, whole)
        found.programs |= programs_in(whole)
