"""An action in a few words, for a list and for a heading."""

from collections.abc import Iterable
from typing import assert_never

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnexplainedChange,
    UnknownAction,
)
from assent.core.facts import Facts
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Evidence
from assent.core.risk.paths import name_in, shown
from assent.core.risk.shell import join

_IMPERATIVES = {
    "deletes": "delete",
    "discards": "discard",
    "edits": "edit",
    "writes": "write",
    "reads": "read",
    "searches": "search",
    "lists": "list",
    "runs": "run",
    "installs": "install",
    "opens": "open",
    "pushes": "push",
    "commits": "commit",
    "stages": "stage",
    "makes": "make",
    "calls": "call",
    "takes": "take",
    "rewrites": "rewrite",
    "changes": "change",
    "reaches": "reach",
    "controls": "control",
    "overwrites": "overwrite",
    "shows": "show",
    "sets": "set",
    "names": "name",
    "creates": "create",
    "moves": "move",
}


def title_of(action: Action, worst: Evidence, facts: Facts) -> str:
    """What `action` does, verb first; a command is told by the worst thing that it does."""
    match action:
        case Command():
            return _imperative(worst.what) if worst.risk > RiskClass.LOW else _script(action)
        case FileEdit():
            return _edit_title(action, facts)
        case FileRead():
            return f"read {_file(action.paths, action.cwd, facts)}"
        case ToolCall():
            return f"call {shown(f'{action.server}/{action.tool}')}"
        case Plan():
            return f"follow its plan: {_heading(action.text)}"
        case PolicyEdit():
            return "change the policy"
        case UnexplainedChange():
            paths = tuple(change.path for change in action.changes)
            more = action.left_out
            name = f"{len(paths) + more} files" if more else _file(paths, action.workspace, facts)
            return f"{name} changed that no approved action explains"
        case UnknownAction():
            return f"use {shown(action.tool)}" if action.tool else "do something that is not known"
        case _:
            assert_never(action)


def _script(action: Command) -> str:
    text = action.script if isinstance(action.script, str) else " ".join(action.script)
    return f"run {shown(' '.join(text.split()))}"


def _imperative(what: str) -> str:
    """`deletes build, outside the workspace` as a title: `delete build`."""
    first, _, rest = what.partition(", ")[0].partition(" ")
    return f"{_IMPERATIVES[first]} {rest}" if first in _IMPERATIVES else f"run a script that {what}"


def _edit_title(action: FileEdit, facts: Facts) -> str:
    changes = action.changes
    if len(changes) != 1:
        return f"edit {_file(tuple(c.path for c in changes), action.cwd, facts)}"
    change = changes[0]
    name = _file((change.path,), action.cwd, facts)
    match change.kind:
        case EditKind.CREATE:
            return f"create {name} {_size(change.diff)}".rstrip()
        case EditKind.UPDATE:
            return f"edit {name} {_size(change.diff)}".rstrip()
        case EditKind.DELETE:
            return f"delete {name}"
        case EditKind.MOVE:
            target = _file((change.moved_to or "?",), action.cwd, facts)
            return f"move {name} to {target}"
        case _:
            assert_never(change.kind)


def _size(diff: str) -> str:
    """`+12 -3`, from a unified diff."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    counts = _count(lines, "+"), _count(lines, "-")
    return " ".join(f"{mark}{n}" for mark, n in zip("+-", counts, strict=True) if n)


def _count(lines: Iterable[str], mark: str) -> int:
    return sum(line.startswith(mark) for line in lines)


def _file(paths: tuple[str, ...], cwd: str, facts: Facts) -> str:
    if len(paths) != 1:
        return f"{len(paths)} files"
    path = join(cwd, paths[0])
    fact = facts.paths.get(path)
    return name_in(path if fact is None else fact.real, facts)


def _heading(text: str) -> str:
    lines = (line.strip().lstrip("#").strip() for line in text.splitlines())
    return shown(next((line for line in lines if line), "nothing written"))
