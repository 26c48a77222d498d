"""One canonical form and one digest for each action.

A person approves the digest; what runs is checked against it again. Everything a person is shown
of an action is inside its canonical bytes, so nothing can differ between the two.
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnexplainedChange,
    UnknownAction,
    Vouched,
)
from assent.core.canonical import Digest, Json, canonical, digest_of


def to_json(action: Action) -> dict[str, Json]:
    """The canonical fields of `action`; `from_json` is its inverse."""
    match action:
        case Command():
            script = action.script if isinstance(action.script, str) else list(action.script)
            fields: dict[str, Json] = {
                "kind": kind_of(action),
                "script": script,
                "cwd": action.cwd,
                "env": [list(pair) for pair in action.env],
                "interactive": action.interactive,
            }
            if action.operands:
                # Left out where there are none, as in records of before 0.2.
                fields["operands"] = [list(pair) for pair in action.operands]
            return fields
        case FileEdit():
            changes: list[Json] = [_change_to_json(change) for change in action.changes]
            return {"kind": kind_of(action), "changes": changes, "cwd": action.cwd}
        case FileRead():
            return {"kind": kind_of(action), "paths": list(action.paths), "cwd": action.cwd}
        case ToolCall():
            return {
                "kind": kind_of(action),
                "server": action.server,
                "tool": action.tool,
                "arguments": action.arguments,
                "schema_hash": action.schema_hash,
                "vouched": action.vouched.value,
            }
        case Plan():
            return {"kind": kind_of(action), "text": action.text, "path": action.path}
        case PolicyEdit():
            return {
                "kind": kind_of(action),
                "workspace": action.workspace,
                "before": action.before,
                "after": action.after,
                "diff": action.diff,
            }
        case UnexplainedChange():
            return {
                "kind": kind_of(action),
                "workspace": action.workspace,
                "before": action.before,
                "after": action.after,
                "changes": [_change_to_json(change) for change in action.changes],
                "left_out": action.left_out,
            }
        case UnknownAction():
            return {
                "kind": kind_of(action),
                "agent": action.agent,
                "tool": action.tool,
                "raw": action.raw,
                "raw_digest": action.raw_digest,
                "reason": action.reason,
            }
        case _:
            assert_never(action)


def _change_to_json(change: FileChange) -> dict[str, Json]:
    return {
        "path": change.path,
        "kind": change.kind.value,
        "before": change.before,
        "after": change.after,
        "diff": change.diff,
        "moved_to": change.moved_to,
    }


def canonical_bytes(action: Action) -> bytes:
    """The bytes that are approved. Equal only for equal actions."""
    return canonical({"assent": "action/1", **to_json(action)})


def action_digest(action: Action) -> Digest:
    """The identity of `action`: what votes, receipts and the ledger name."""
    return digest_of(canonical_bytes(action))


def kind_of(action: Action) -> str:
    """The word for the kind of action, as policy and pages use it."""
    return _KINDS[type(action)]


_KINDS: Mapping[type[Action], str] = {
    Command: "command",
    FileEdit: "edit",
    FileRead: "read",
    ToolCall: "tool",
    Plan: "plan",
    PolicyEdit: "policy",
    UnexplainedChange: "unexplained",
    UnknownAction: "unknown",
}


def from_json(fields: Mapping[str, Json]) -> Action:
    """Rebuild the action that `to_json` wrote.

    Raises ValueError, TypeError or KeyError when `fields` are not what `to_json` writes.
    """
    view = _Fields(fields)
    kind = view.text("kind")
    if kind not in _READERS:
        raise ValueError(f"unknown kind of action: {kind!r}")
    return _READERS[kind](view)


class _Fields:
    """Typed access to decoded JSON: a field of another type is an error, never a guess."""

    def __init__(self, fields: Mapping[str, Json]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        value = self._fields[name]
        if not isinstance(value, str):
            raise TypeError(f"{name}: expected text, found {type(value).__name__}")
        return value

    def optional(self, name: str) -> str | None:
        return None if self._fields[name] is None else self.text(name)

    def digest(self, name: str) -> Digest | None:
        value = self.optional(name)
        return None if value is None else Digest(value)

    def flag(self, name: str) -> bool:
        value = self._fields[name]
        if not isinstance(value, bool):
            raise TypeError(f"{name}: expected a boolean, found {type(value).__name__}")
        return value

    def number(self, name: str) -> int:
        value = self._fields[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name}: expected a whole number, found {type(value).__name__}")
        return value

    def items(self, name: str) -> list[Json]:
        value = self._fields[name]
        if not isinstance(value, list):
            raise TypeError(f"{name}: expected a list, found {type(value).__name__}")
        return value

    def has(self, name: str) -> bool:
        return name in self._fields

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        pairs = []
        for pair in self.items(name):
            if not isinstance(pair, list) or len(pair) != 2:
                raise TypeError(f"{name}: expected pairs of texts")
            pairs.append((_text(pair[0]), _text(pair[1])))
        return tuple(pairs)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_text(item) for item in self.items(name))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _read_command(fields: _Fields) -> Command:
    try:
        script: str | tuple[str, ...] = fields.text("script")
    except TypeError:
        script = fields.texts("script")
    return Command(
        script=script,
        cwd=fields.text("cwd"),
        env=fields.pairs("env"),
        interactive=fields.flag("interactive"),
        operands=tuple(
            (path, Digest(digest))
            for path, digest in (fields.pairs("operands") if fields.has("operands") else ())
        ),
    )


def _read_edit(fields: _Fields) -> FileEdit:
    return FileEdit(changes=_read_changes(fields), cwd=fields.text("cwd"))


def _read_changes(fields: _Fields) -> tuple[FileChange, ...]:
    changes = []
    for item in fields.items("changes"):
        if not isinstance(item, Mapping):
            raise TypeError("changes: expected objects")
        changes.append(_read_change(_Fields(item)))
    return tuple(changes)


def _read_change(fields: _Fields) -> FileChange:
    return FileChange(
        path=fields.text("path"),
        kind=EditKind(fields.text("kind")),
        before=fields.digest("before"),
        after=fields.digest("after"),
        diff=fields.text("diff"),
        moved_to=fields.optional("moved_to"),
    )


def _read_read(fields: _Fields) -> FileRead:
    return FileRead(paths=fields.texts("paths"), cwd=fields.text("cwd"))


def _read_tool(fields: _Fields) -> ToolCall:
    return ToolCall(
        server=fields.text("server"),
        tool=fields.text("tool"),
        arguments=fields.text("arguments"),
        schema_hash=fields.digest("schema_hash"),
        vouched=Vouched(fields.text("vouched")),
    )


def _read_plan(fields: _Fields) -> Plan:
    return Plan(text=fields.text("text"), path=fields.optional("path"))


def _read_policy(fields: _Fields) -> PolicyEdit:
    return PolicyEdit(
        workspace=fields.text("workspace"),
        before=Digest(fields.text("before")),
        after=Digest(fields.text("after")),
        diff=fields.text("diff"),
    )


def _read_unexplained(fields: _Fields) -> UnexplainedChange:
    return UnexplainedChange(
        workspace=fields.text("workspace"),
        before=fields.text("before"),
        after=fields.text("after"),
        changes=_read_changes(fields),
        left_out=fields.number("left_out"),
    )


def _read_unknown(fields: _Fields) -> UnknownAction:
    return UnknownAction(
        agent=fields.text("agent"),
        tool=fields.text("tool"),
        raw=fields.text("raw"),
        raw_digest=Digest(fields.text("raw_digest")),
        reason=fields.text("reason"),
    )


_READERS: dict[str, Callable[[_Fields], Action]] = {
    "command": _read_command,
    "edit": _read_edit,
    "read": _read_read,
    "tool": _read_tool,
    "plan": _read_plan,
    "policy": _read_policy,
    "unexplained": _read_unexplained,
    "unknown": _read_unknown,
}
