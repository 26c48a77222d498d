"""Strict reading of what an agent's hook sent: a value of the expected type, or one typed fault.

Nothing here guesses. JSON that two readers could take differently (duplicate keys, NaN, text that
is not Unicode) is a fault, because the agent is the other reader.
"""

import json
import math
import posixpath
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, TypeGuard

from assent.app.agents import Files, ToolProposed
from assent.core.actions import unknown_action
from assent.core.canonical import Json, canonical
from assent.core.proposals import AgentSession, Proposal

MAX_PAYLOAD: Final = 16 * 1024 * 1024
"""Bytes of a payload that are parsed; a larger one is gated unread."""

MAX_DEPTH: Final = 100
"""Levels of nesting. No agent's tool comes near; the recursion of every reader stays far away."""


class UnreadablePayload(Exception):
    """The payload is not what this adapter can read. The message says why, for the person."""


def read_object(payload: bytes) -> "Fields":
    """The JSON object that `payload` is. Raises UnreadablePayload."""
    value = read_json(payload)
    if not is_object(value):
        raise UnreadablePayload(f"the payload is {_kind(value)}, not a JSON object")
    return Fields(value)


def read_json(payload: bytes) -> Json:
    """The JSON value that `payload` is, nested at most MAX_DEPTH deep. Raises UnreadablePayload."""
    if len(payload) > MAX_PAYLOAD:
        raise UnreadablePayload(f"the payload is larger than {MAX_PAYLOAD} bytes")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadablePayload(f"the payload is not UTF-8 at byte {error.start}") from error
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise UnreadablePayload("the payload is nested too deeply") from error
    except ValueError as error:
        raise UnreadablePayload(f"the payload is not JSON: {error}") from error
    if not _shallow(value):
        raise UnreadablePayload("the payload is nested too deeply")
    return value


def is_object(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, Mapping)


def is_array(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


class Fields:
    """Typed access to a JSON object: a member that is missing or of another type is a fault.

    `where` names the object in messages, such as `tool_input`.
    """

    def __init__(self, members: Mapping[str, Json], *, where: str = "") -> None:
        self._members = members
        self._where = where

    @property
    def members(self) -> Mapping[str, Json]:
        return self._members

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def value(self, name: str) -> Json:
        if name not in self._members:
            raise UnreadablePayload(f"{self._named(name)} is missing")
        return self._members[name]

    def text(self, name: str, *, default: str | None = None) -> str:
        """Unicode text. A member that is missing or null gives `default`, if there is one."""
        if default is not None and self._members.get(name) is None:
            return default
        return self._unicode(name, self.value(name))

    def path(self, name: str, *, cwd: str) -> str:
        """An absolute path, as written or joined to `cwd`; no part of it is resolved."""
        return absolute(self.text(name), cwd=cwd)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        if default is not None and self._members.get(name) is None:
            return default
        value = self.value(name)
        if not isinstance(value, bool):
            self._fault(name, value, "a boolean")
        return value

    def number(self, name: str, *, default: int | None = None) -> int:
        if default is not None and self._members.get(name) is None:
            return default
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            self._fault(name, value, "a whole number")
        return value

    def object(self, name: str) -> "Fields":
        value = self.value(name)
        if not is_object(value):
            self._fault(name, value, "an object")
        return Fields(value, where=self._named(name))

    def objects(self, name: str) -> "tuple[Fields, ...]":
        """An array of objects."""
        found = []
        for index, item in enumerate(self.array(name)):
            if not is_object(item):
                self._fault(f"{name}[{index}]", item, "an object")
            found.append(Fields(item, where=f"{self._named(name)}[{index}]"))
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """An array of Unicode texts."""
        return tuple(
            self._unicode(f"{name}[{index}]", item) for index, item in enumerate(self.array(name))
        )

    def array(self, name: str) -> Sequence[Json]:
        value = self.value(name)
        if not is_array(value):
            self._fault(name, value, "an array")
        return value

    def canonical(self) -> str:
        """Canonical JSON text of the whole object, as a ToolCall carries its arguments."""
        return canonical(self._members).decode("ascii")

    def _unicode(self, name: str, value: Json) -> str:
        if not isinstance(value, str):
            self._fault(name, value, "text")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            # Agents write such text in ways of their own, so its bytes cannot be foretold.
            raise UnreadablePayload(f"{self._named(name)} is not valid Unicode") from error
        return value

    def _named(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _fault(self, name: str, value: Json, expected: str) -> NoReturn:
        raise UnreadablePayload(f"{self._named(name)} is {_kind(value)}, not {expected}")


def absolute(path: str, *, cwd: str) -> str:
    """`path` as written, absolute with the help of `cwd`.

    Raises UnreadablePayload when it cannot name a file.
    """
    if not path:
        raise UnreadablePayload("a path is empty")
    if "\0" in path:
        raise UnreadablePayload("a path holds a NUL character")
    joined = posixpath.join(cwd, path)
    if not joined.startswith("/"):
        raise UnreadablePayload(f"the path {path!r} is relative to an unknown folder")
    return joined


def working_folder(fields: Fields, name: str = "cwd") -> str:
    """The absolute folder the agent says it works in. Raises UnreadablePayload."""
    cwd = fields.text(name)
    if not cwd.startswith("/") or "\0" in cwd:
        raise UnreadablePayload(f"{name} is not an absolute path")
    return cwd


def session_at(
    agent: str, *, session_id: str, cwd: str, files: Files, project: str = ""
) -> AgentSession:
    """A session with its workspace looked up; adapters add what else their agent tells.

    `project` is the folder the agent was started in, where its surface tells. It goes before
    `cwd`, which follows the agent's own `cd` and would let it walk into another workspace.
    """
    known = project.startswith("/") and "\0" not in project
    workspace = files.workspace_of(project if known else cwd)
    return AgentSession(agent=agent, session_id=session_id, workspace=workspace, cwd=cwd)


def unreadable(
    agent: str,
    *,
    payload: bytes,
    reason: str,
    tool: str = "",
    call_id: str = "",
    session: AgentSession | None = None,
    call: bytes | None = None,
) -> ToolProposed:
    """The gated proposal that stands for a payload nobody could read.

    `call` is the part of the payload that is the same when the call is made again: with it, the
    retry of an approved call is known by its digest although times and ids differ.
    """
    return ToolProposed(
        Proposal(
            session=session or AgentSession(agent=agent, session_id="", workspace="", cwd=""),
            call_id=call_id,
            tool=tool,
            action=unknown_action(
                agent, tool=tool, payload=payload if call is None else call, reason=reason
            ),
            payload=payload,
        )
    )


def changed(members: Mapping[str, Json], path: Sequence[str], value: Json) -> bytes:
    """JSON bytes of `members` with the member at `path` (through nested objects) set to `value`."""
    return json.dumps(_with(members, path, value), allow_nan=False).encode("ascii")


def _with(members: Mapping[str, Json], path: Sequence[str], value: Json) -> Json:
    head, *rest = path
    if not rest:
        return {**members, head: value}
    inner = members.get(head)
    if not is_object(inner):
        raise UnreadablePayload(f"{head} is not an object")
    return {**members, head: _with(inner, rest, value)}


def _unique_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _shallow(value: Json) -> bool:
    """Whether `value` is nested at most MAX_DEPTH deep, found without recursion."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner for outer in level for inner in _inner(outer) if isinstance(inner, list | dict)
        ]
        if not level:
            return True
    return False


def _inner(value: Json) -> Sequence[Json]:
    if is_object(value):
        return list(value.values())
    return value if is_array(value) else ()


def _kind(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "an object"
        case _:
            return "an array"
