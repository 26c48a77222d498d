"""What is decided about, as far as delegations and owners go by it: how bad, where, which files."""

from dataclasses import dataclass
from posixpath import normpath

from assent.core.actions import Action, FileEdit, UnexplainedChange
from assent.core.proposals import Proposal
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment
from assent.core.risk.shell import join


@dataclass(frozen=True, slots=True)
class Matter:
    risk: RiskClass
    workspace: str
    paths: tuple[str, ...] = ()
    """From the workspace's root; of what lies elsewhere, the whole path."""
    is_all: bool = False
    """Whether nothing else is touched, as far as can be told."""


def matter_of(proposal: Proposal, assessment: Assessment) -> Matter:
    """What an action touches: the files it edits, and those that its reasons name."""
    workspace = proposal.session.workspace
    edited = _edited(proposal.action, workspace)
    grave = [item for item in assessment.evidence if item.risk > RiskClass.TRIVIAL]
    reasons = [item.path for item in assessment.evidence if item.path]
    return Matter(
        risk=assessment.risk,
        workspace=workspace,
        paths=tuple(dict.fromkeys(_below(path, workspace) for path in (*edited, *reasons))),
        is_all=_is_told(proposal.action) and (bool(edited) or all(item.path for item in grave)),
    )


def _is_told(action: Action) -> bool:
    return not isinstance(action, UnexplainedChange) or action.left_out == 0


def _edited(action: Action, workspace: str) -> tuple[str, ...]:
    """Absolute paths of the files that an edit changes."""
    if not isinstance(action, FileEdit | UnexplainedChange):
        return ()
    root = action.cwd if isinstance(action, FileEdit) else workspace
    return tuple(
        join(root, path)
        for change in action.changes
        for path in (change.path, change.moved_to)
        if path is not None
    )


def _below(path: str, root: str) -> str:
    """From the root; a path that goes up and down again is the place where it ends."""
    plain = normpath(path)
    if plain.startswith("/"):
        plain = f"/{plain.lstrip('/')}"
    return plain.removeprefix(root.rstrip("/") + "/")
