"""What adapters observed about the world that an action would touch. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from assent.core.canonical import Digest

if TYPE_CHECKING:
    from assent.core.risk.catalog import Catalog


class PlanState(StrEnum):
    """Where the run stands with the plan it showed to a person."""

    NONE = "none"
    """No plan was shown, and the agent is not in its plan mode."""
    OPEN = "open"
    """The agent is in its plan mode, or its plan waits for a decision."""
    REJECTED = "rejected"
    APPROVED = "approved"


class Kept(StrEnum):
    """What still holds the content of a path that is deleted or overwritten."""

    NOWHERE = "nowhere"
    """Nothing, or it was not looked at."""
    GIT = "git"
    """Every file is committed or staged, and unmodified."""
    CHECKPOINT = "checkpoint"
    REMADE = "remade"
    """It is build output that git ignores: building makes it again."""


@dataclass(frozen=True, slots=True)
class PathFact:
    """Where a path really leads. `real` has every symlink resolved, also in missing tails."""

    real: str
    inside: bool
    """Whether `real` lies in the workspace."""
    exists: bool = True
    is_dir: bool = False
    kept: Kept = Kept.NOWHERE
    """Looked at only where a command would delete the path."""
    unkept: int = 0
    """How many files at or below the path nothing keeps, counted up to `UNKEPT_LIMIT`."""
    unkept_files: tuple[str, ...] = ()
    """These files by their real paths, if they are at most `UNKEPT_NAMED`."""
    temporary: bool = False
    """Whether `real` lies below a folder for temporary files, outside of the workspace."""
    written: bool = False
    """Whether this agent wrote it in this run."""
    made: bool = False
    """Whether this agent made it in this run, and everything in it that nothing keeps."""


UNKEPT_LIMIT = 10_000
UNKEPT_NAMED = 100


@dataclass(frozen=True, slots=True)
class RepositoryFact:
    """A git repository that the action would use, read from its files. Empty is: not known."""

    root: str
    """Real path of the work tree, or of the repository when it is bare."""
    branch: str = ""
    """The branch that is checked out; empty when `HEAD` is detached."""
    upstream_remote: str = ""
    upstream_branch: str = ""
    """What a plain `git pull` takes, and a plain `git push` updates."""
    remotes: Mapping[str, str] = field(default_factory=dict)
    """Host by the name of the remote; the host is empty for a folder of this machine."""
    default_branch: str = ""
    """As the remote told when it was cloned."""
    pushed: bool | None = None
    """Whether the remote-tracking branch of the upstream is at `HEAD`; None: not known."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the project, as its manifest has it."""

    text: str
    """What it runs, as shell text; empty when the manifest does not tell in that form."""
    folder: str
    """Real path of the folder in which it runs."""
    accepted: bool = False
    """Whether a person accepted the task with this very text."""


@dataclass(frozen=True, slots=True)
class ScriptFact:
    """A file that the action would run as a program or hand to an interpreter."""

    digest: Digest
    """Of the bytes that would run now."""
    text: str | None = None
    """None when it is longer than `SCRIPT_TEXT`, or is not text."""
    language: str = ""
    """`shell`, `python`, `javascript`, … by its first line or its ending; empty: not known."""
    tracked: bool = False
    """Whether it lies in a repository outside of the workspace, and git keeps it as it is."""
    written: bool = False
    """Whether this agent wrote it in this run."""


SCRIPT_TEXT = 16 * 1024


@dataclass(frozen=True, slots=True)
class PinnedTool:
    """A tool of a server that a person agreed to, as it was then. A changed tool is a new one."""

    schema_hash: Digest
    read_only: bool
    """Whether its `readOnlyHint` was set in the schema that was agreed to."""
    by: str
    """Who agreed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the pure core may know. A path that is not in `paths` was not looked at."""

    workspace: str
    """Real path of the workspace's root."""
    home: str
    """Real path of the user's home."""
    assent_home: str
    """Real path of Assent's own state."""
    paths: Mapping[str, PathFact] = field(default_factory=dict)
    """Keyed by the absolute path as written, before symlinks; `~` may stand for the home."""
    git_exec_keys: tuple[str, ...] = ()
    """Configuration keys of the repositories the action would use that make git run programs."""
    plan: PlanState = PlanState.NONE
    plan_paths: tuple[str, ...] = ()
    """Real paths (files or folders) where this agent keeps its plan; writable while planning."""
    programs: frozenset[str] = frozenset()
    """Programs of this project that a person accepted or vouched for: names, or real paths."""
    tasks: Mapping[tuple[str, str], Task] = field(default_factory=dict)
    """By runner (`npm`, `make`, `just`, `task`, `mise`, `cargo`, `poe`, …) and the task's name."""
    scripts: Mapping[str, ScriptFact] = field(default_factory=dict)
    """By the absolute path as written."""
    repositories: Mapping[str, RepositoryFact] = field(default_factory=dict)
    """By the folder as written in which git would run."""
    catalog: "Catalog | None" = field(default=None, repr=False)
    """What is known about programs; None: nothing is."""
    precedent: frozenset[str] | None = None
    """Effects above low to which a person agreed for this agent, here; None: not known."""
    now: int | None = None
    """Milliseconds since the epoch; None: not told."""
    branch: str | None = None
    """The branch checked out in the workspace, empty for none; None: not looked at."""
    pinned_tools: Mapping[tuple[str, str], PinnedTool] = field(default_factory=dict)
    """Tools that a person agreed to, by server and tool."""


PROTECTED_BRANCHES = ("main", "master", "trunk", "develop", "production", "release/", "release-")
"""Branches that others build on; with `/` or `-` at the end, all that begin so."""


def is_branch_in(branch: str, protected: tuple[str, ...]) -> bool:
    """Whether `branch` is one of `protected`."""
    return any(
        branch.startswith(name) if name.endswith(("/", "-")) else branch == name
        for name in protected
    )
