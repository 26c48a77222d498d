"""What one manifest names, and how tasks of several kinds become shell text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Toml: TypeAlias = Mapping[str, object]

MAX_TASKS = 500
MAX_TEXT = 8 * 1024
"""Characters of the longest text of a task; a longer one is cut, and what follows is not known."""
CUT = "\n: $assent_text_was_cut"
"""Ends a text that was cut: no shell reader can take it for all there is."""
MAX_DEEP = 8


@dataclass(slots=True)
class Found:
    """Programs by name, build output by path from the manifest's folder, tasks by runner."""

    programs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)
    tasks: dict[tuple[str, str], str] = field(default_factory=dict)

    def task(self, runners: Sequence[str], name: str, text: str) -> None:
        """Add a task for each of `runners`, as far as there is room."""
        if not name or len(name) > 200:
            return
        for runner in runners:
            if len(self.tasks) < MAX_TASKS:
                self.tasks[runner, name] = cut(text)


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rpartition("\n")[0] + CUT


def table(value: object, *keys: str) -> Toml:
    """The table at `keys` below `value`; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def texts(value: object) -> list[str]:
    """A text, or the texts of a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def with_needed(own: Mapping[str, str], needs: Mapping[str, Sequence[str]], name: str) -> str:
    """The text of a task after those of the tasks that it needs, each once."""
    order: list[str] = []
    _visit(needs, name, order, 0)
    return "\n".join(own[each] for each in order if own.get(each))


def _visit(needs: Mapping[str, Sequence[str]], name: str, order: list[str], deep: int) -> None:
    if name in order or deep > MAX_DEEP or len(order) > MAX_TASKS:
        return
    for needed in needs.get(name, ()):
        if needed != name:
            _visit(needs, needed, order, deep + 1)
    if name not in order:
        order.append(name)


_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def requirement_names(requirements: Iterable[str]) -> set[str]:
    """`Flask-SQLAlchemy>=3; python_version>'3'` names `Flask-SQLAlchemy` and `flask-sqlalchemy`."""
    found = set()
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is not None:
            found |= {match[1], match[1].lower()}
    return found


def heredoc(interpreter: str, body: str) -> str:
    """A script of another language, as the shell would hand it to its interpreter."""
    if "ASSENT_END" in body:
        return f"{interpreter} $assent_text_was_cut"
    return f"{interpreter} <<'ASSENT_END'\n{body}\nASSENT_END"


_SHEBANG = re.compile(r"#!\s*(?:/\S*/)?(?:env\s+(?:-S\s+)?)?([\w.-]+)")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})


def script_text(body: str) -> str:
    """A script that begins with `#!` as shell text; without, it is shell text already."""
    match = _SHEBANG.match(body)
    if match is None or match[1] in _SHELLS:
        return body
    return heredoc(match[1], body)
