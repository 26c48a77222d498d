"""What an agent proposes, as a closed union."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from assent.core.canonical import Digest, digest_of


class Vouched(StrEnum):
    """What an adapter knows about a tool built into its agent. MCP tools are never vouched for."""

    INERT = "inert"
    """Changes nothing but the conversation: to-do lists, sub-agents (their calls come alone)."""
    READ = "read"
    """Reads in the workspace; no path to check is known."""
    NETWORK_READ = "network-read"
    """Fetches from the network."""
    NOTHING = ""
    """Nothing is known; risk decides by the worst case."""


class EditKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Command:
    """A shell script text, or an argument vector when no shell reads it."""

    script: str | tuple[str, ...]
    cwd: str
    env: tuple[tuple[str, str], ...] = ()
    """The environment the call itself sets, sorted by name; values are part of what is approved."""
    interactive: bool = False
    """It opens a terminal into which more can be typed without another call to the gate."""
    operands: tuple[tuple[str, Digest], ...] = ()
    """The files it would run, by absolute path as written, with the digest of what they hold."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's part of an edit. Hashes are of exact bytes; `None` means the file is not there."""

    path: str
    kind: EditKind
    before: Digest | None
    after: Digest | None
    diff: str
    """Unified diff of the text, for the person; empty for binary content."""
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class FileEdit:
    changes: tuple[FileChange, ...]
    cwd: str


@dataclass(frozen=True, slots=True)
class FileRead:
    paths: tuple[str, ...]
    cwd: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool, of an MCP server or built into the agent (`server` is then the agent)."""

    server: str
    tool: str
    arguments: str
    """Canonical JSON text of the arguments."""
    schema_hash: Digest | None = None
    """Hash of the tool's schema, where the surface shows it; a changed tool is a new tool."""
    vouched: Vouched = Vouched.NOTHING


@dataclass(frozen=True, slots=True)
class Plan:
    """What an agent means to do. `path` names the plan file, if the agent keeps one."""

    text: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyEdit:
    """A policy file that differs from the policy in force in `workspace`."""

    workspace: str
    before: Digest
    after: Digest
    diff: str


@dataclass(frozen=True, slots=True)
class UnexplainedChange:
    """Files of `workspace` that differ though no call accounts for it. Paths are absolute.

    `before` and `after` name trees of the workspace's checkpoints.
    """

    workspace: str
    before: str
    after: str
    changes: tuple[FileChange, ...]
    left_out: int = 0
    """Files that are not listed since they are too many; the trees tell them all."""


@dataclass(frozen=True, slots=True)
class UnknownAction:
    """Something this version cannot read. It is always gated, never let through."""

    agent: str
    tool: str
    raw: str
    """The payload as text, undecodable bytes as lone surrogates, cut after `RAW_LIMIT`."""
    raw_digest: Digest
    """Digest of the whole payload, also of what `raw` leaves out."""
    reason: str


Action: TypeAlias = (
    Command | FileEdit | FileRead | ToolCall | Plan | PolicyEdit | UnexplainedChange | UnknownAction
)

RAW_LIMIT = 64 * 1024
"""Characters of an unreadable payload that are kept for the person who decides."""


def unknown_action(agent: str, *, tool: str, payload: bytes, reason: str) -> UnknownAction:
    """Wrap a payload that could not be read, so that a person can still look at it."""
    return UnknownAction(
        agent=agent,
        tool=tool,
        raw=payload.decode("utf-8", "surrogateescape")[:RAW_LIMIT],
        raw_digest=digest_of(payload),
        reason=reason,
    )
