"""Which command runs a project's tests, as far as its files tell."""

import os
import re
from collections.abc import Callable, Iterator

from assent.adapters.project.project import LocalProject
from assent.adapters.project.small_files import read_text

_NO_TESTS = re.compile(r"no test specified|exit 1\s*$")
_RUNS = {
    "npm": "npm test",
    "make": "make test",
    "just": "just test",
    "task": "task test",
    "mise": "mise run test",
    "deno": "deno task test",
    "composer": "composer test",
}
"""What runs the task `test` of each runner; the first that has one is taken."""
_LOCKED = (("pnpm-lock.yaml", "pnpm test"), ("yarn.lock", "yarn test"), ("bun.lock", "bun test"))


def find_test_command(root: str) -> str:
    """Shell text that runs the tests of the project at `root`; empty when nothing tells."""
    return next((found for look in _LOOKS for found in look(root)), "")


def _task(root: str) -> Iterator[str]:
    tasks = LocalProject().programs(root).tasks
    at_top = {task.runner: task.text for task in tasks if task.name == "test" and not task.folder}
    for runner, command in _RUNS.items():
        if runner in at_top and not _NO_TESTS.search(at_top[runner]):
            own = (said for name, said in _LOCKED if runner == "npm" and _has(root, name))
            yield next(own, command)


def _compiled(root: str) -> Iterator[str]:
    if _has(root, "Cargo.toml"):
        yield "cargo test"
    if _has(root, "go.mod"):
        yield "go test ./..."


def _python(root: str) -> Iterator[str]:
    settings = read_text(os.path.join(root, "pyproject.toml"))
    uses_pytest = "pytest" in settings or _has(root, "pytest.ini") or _has(root, "conftest.py")
    if uses_pytest:
        yield "python3 -m pytest"
    elif any(_is_test(name) for name in _names(root)):
        yield "python3 -m unittest"
    elif any(_is_test(name) for name in _names(os.path.join(root, "tests"))):
        yield "python3 -m unittest discover -s tests -t ."


_LOOKS: tuple[Callable[[str], Iterator[str]], ...] = (_task, _compiled, _python)


def _is_test(name: str) -> bool:
    return name.startswith("test_") and name.endswith(".py")


def _has(root: str, name: str) -> bool:
    return os.path.isfile(os.path.join(root, name))


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
