"""What CI and pre-commit run: only the names of programs."""

from assent.adapters.project.found import Found
from assent.adapters.project.lines import read_lines
from assent.core.project import programs_in

_SCRIPT_KEYS = frozenset({"script", "before_script", "after_script"})


def workflow(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    """The programs that the `run` lines of a GitHub workflow start."""
    found = Found()
    for line in read_lines(text):
        if line.key == "run" and line.value:
            found.programs |= programs_in(line.value)
    return found


def gitlab_ci(text: str, path: str) -> Found:  # noqa: ARG001
    found, part, indent = Found(), "", 0
    for line in read_lines(text):
        if line.key and not line.is_item:
            part, indent = line.key, line.indent
        is_script = part in _SCRIPT_KEYS and (line.is_item or line.indent == indent)
        if is_script and line.value:
            found.programs |= programs_in(line.value)
    return found


def pre_commit(text: str, path: str) -> Found:  # noqa: ARG001
    """The ids of the hooks, which are mostly named after their programs, and what they start."""
    found = Found({"pre-commit"})
    for line in read_lines(text):
        if line.key == "id":
            found.programs |= {line.value, line.value.split("-")[0]}
        elif line.key == "entry":
            found.programs |= programs_in(line.value)
    return found
