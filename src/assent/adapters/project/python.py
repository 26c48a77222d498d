"""pyproject.toml, tox.ini and noxfile.py."""

import configparser
import os
import re
import tomllib
from collections.abc import Mapping

from assent.adapters.project.found import Found, Toml, requirement_names, table, texts, with_needed
from assent.adapters.project.small_files import names_in
from assent.core.project import programs_in

_NOT_PROGRAMS = frozenset(
    {"setuptools", "setuptools_scm", "poe", "taskipy", "distutils", "semantic_release"}
)
_ENVIRONMENTS = (".venv/bin", "venv/bin")
"""Where the programs of installed dependencies are, whatever their packages are called."""
_SESSION = re.compile(
    r"^@(?:nox\.)?session\b[^\n]*\n(?:@[^\n]*\n)*(?:async )?def (\w+)\(", re.MULTILINE
)
_NAMED = re.compile(r"name\s*=\s*[\"']([\w.-]+)[\"']")


def read_toml(text: str) -> Toml:
    """The document; an empty one for what is not TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def pyproject(text: str, path: str) -> Found:
    """Programs of its own, of its tools and dependencies, and tasks of the runners it names."""
    found, manifest = Found(), read_toml(text)
    for place in _ENVIRONMENTS:
        entries = names_in(os.path.join(os.path.dirname(path), place))
        found.programs |= {entry.name for entry in entries}
    project, tools = table(manifest, "project"), table(manifest, "tool")
    found.programs |= {*table(project, "scripts"), *table(project, "gui-scripts")}
    found.programs |= {*table(tools, "poetry", "scripts")}
    found.programs |= {name for name in tools if name not in _NOT_PROGRAMS}
    found.programs |= requirement_names(_requirements(manifest))
    for runner, tasks in _task_tables(tools):
        _tasks(found, runner, tasks)
    return found


def _requirements(manifest: Toml) -> list[str]:
    project = table(manifest, "project")
    lists = [
        project.get("dependencies"),
        *table(project, "optional-dependencies").values(),
        *table(manifest, "dependency-groups").values(),
        *table(manifest, "tool", "pdm", "dev-dependencies").values(),
        table(manifest, "tool", "uv").get("dev-dependencies"),
    ]
    poetry = table(manifest, "tool", "poetry")
    groups = [table(group, "dependencies") for group in table(poetry, "group").values()]
    named = [table(poetry, "dependencies"), table(poetry, "dev-dependencies"), *groups]
    return [*(item for each in lists for item in texts(each)), *(n for t in named for n in t)]


def _task_tables(tools: Toml) -> list[tuple[str, Toml]]:
    environments = table(tools, "hatch", "envs").values()
    return [
        ("poe", table(tools, "poe", "tasks")),
        ("taskipy", table(tools, "taskipy", "tasks")),
        ("pdm", table(tools, "pdm", "scripts")),
        ("pixi", table(tools, "pixi", "tasks")),
        ("rye", table(tools, "rye", "scripts")),
        *(("hatch", table(each, "scripts")) for each in environments),
    ]


def _tasks(found: Found, runner: str, tasks: Toml) -> None:
    own = {name: _lines(task) for name, task in tasks.items()}
    needs = {name: _needed(task, own) for name, task in tasks.items()}
    for name in own:
        whole = with_needed(own, needs, name)
        found.task((runner,), name, whole)
        found.programs |= programs_in(whole)


def _lines(task: object) -> str:
    """The shell text of a task in any of the forms these runners share."""
    if isinstance(task, Mapping):
        for key in ("cmd", "shell", "command", "run"):
            if key in task:
                value = task[key]
                words = texts(value)
                return " ".join(words) if isinstance(value, list) else "\n".join(words)
        return "\n".join(_lines(each) for each in _steps(task))
    return "\n".join(texts(task))


def _steps(task: Mapping[str, object]) -> list[object]:
    value = task.get("sequence", task.get("composite", task.get("chain")))
    return value if isinstance(value, list) else []


def _needed(task: object, known: Mapping[str, str]) -> list[str]:
    """Names of the other tasks that run with this one."""
    steps = task if isinstance(task, list) else []
    if isinstance(task, Mapping):
        steps = [*_steps(task), *texts(task.get("deps")), *texts(task.get("depends-on"))]
    return [name.split()[0] for name in texts(steps) if name.split() and name.split()[0] in known]


def tox_ini(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    found = Found()
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return found
    found.programs.add("tox")
    for section in parser.sections():
        kind, _, name = section.partition(":")
        if kind == "testenv" and parser.has_option(section, "commands"):
            lines = parser.get(section, "commands")
            found.task(("tox",), name or "py", lines)
            found.programs |= programs_in(lines)
    return found


def noxfile(text: str, path: str) -> Found:  # noqa: ARG001
    """Sessions by name: what they run is Python."""
    found = Found({"nox"})
    for match in _SESSION.finditer(text):
        named = _NAMED.search(match[0])
        found.task(("nox",), named[1] if named else match[1], "")
    return found
