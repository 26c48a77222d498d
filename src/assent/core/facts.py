"""What adapters observed about the world that an action would touch. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PlanState(StrEnum):
    """Where the run stands with the plan it showed to a person."""

    NONE = "none"
    """No plan was shown, and the agent is not in its plan mode."""
    OPEN = "open"
    """The agent is in its plan mode, or its plan waits for a decision."""
    REJECTED = "rejected"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class PathFact:
    """Where a path really leads. `real` has every symlink resolved, also in missing tails."""

    real: str
    inside: bool
    """Whether `real` lies in the workspace."""
    exists: bool = True
    is_dir: bool = False


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
