"""Checkpoints as they are stored, and what they tell of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.app import records
from assent.app.ports import Tx, View
from assent.core.actions import UnexplainedChange
from assent.core.approvals import Request, State
from assent.core.canonical import Json
from assent.core.checkpoints import (
    IDLE_MS,
    Known,
    Occasion,
    Snapshot,
    WorktreeCheckpoint,
    last_known,
)
from assent.core.proposals import AgentSession
from assent.core.redact import redact

RECENT = 200
"""Checkpoints of a workspace that are looked at to know how it stands."""
ASSENT = "assent"
"""The agent's name on what Assent does, and on requests that it opens itself."""
NAMED = 200
"""Paths that one entry of the ledger names."""


def stream_of(workspace: str) -> str:
    return f"checkpoints/{workspace}"


@dataclass(frozen=True, slots=True)
class Matter:
    """Changes that no call accounts for, and the question about them."""

    row: WorktreeCheckpoint
    request: Request
    action: UnexplainedChange

    @property
    def paths(self) -> tuple[str, ...]:
        """From the workspace's root."""
        return self.row.explains or ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a workspace stands, as far as it is stored."""

    known: Known | None
    at_work: tuple[WorktreeCheckpoint, ...]
    """Checkpoints of calls that may still be at work, and of undos that a kill cut short."""
    matter: Matter | None
    recent: tuple[WorktreeCheckpoint, ...]
    """Newest first."""


def standing(view: View, workspace: str) -> Standing:
    recent = tuple(view.worktree_checkpoints(workspace, limit=RECENT))
    unclosed = view.unclosed_checkpoints(workspace)
    found = [row for row in unclosed if row.occasion is Occasion.FOUND]
    return Standing(
        known=last_known((*recent, *unclosed)),
        at_work=tuple(row for row in unclosed if row.occasion is not Occasion.FOUND),
        matter=_next_matter(view, found),
        recent=recent,
    )


def _next_matter(view: View, found: Sequence[WorktreeCheckpoint]) -> Matter | None:
    """One that is answered and not settled yet, or else the newest."""
    matters = [matter for row in found if (matter := _matter(view, row)) is not None]
    answered = [each for each in matters if each.request.state is not State.PENDING]
    return next(iter((*answered, *matters[::-1])), None)


def _matter(view: View, row: WorktreeCheckpoint) -> Matter | None:
    request = view.request(row.call)
    action = None if request is None else request.proposal.action
    if request is None or not isinstance(action, UnexplainedChange):
        return None
    return Matter(row, request, action)


def is_new_here(view: View, stood: Standing, session: AgentSession, now: int) -> bool:
    """Whether what changed until now cannot be this run's doing, nor that of another one.

    So it is when nothing is known of the run here, and no run was at work here within an hour: an
    ended one is not at work.
    """
    mine = (session.agent, session.session_id)
    if any((row.agent, row.session) == mine for row in stood.recent):
        return False
    return not anybody_at_work(view, stood, now)


def anybody_at_work(view: View, stood: Standing, now: int) -> bool:
    """Whether a run made a call here within an hour, and has not ended since."""
    since = now - IDLE_MS
    calls = [row for row in stood.recent if row.occasion is Occasion.CALL and row.agent != ASSENT]
    runs = {
        (row.agent, row.session) for row in calls if max(row.at, row.closed_at or row.at) > since
    }
    return any(not _has_ended(view, agent, session) for agent, session in sorted(runs))


def _has_ended(view: View, agent: str, session_id: str) -> bool:
    session = AgentSession(agent, session_id, workspace="", cwd="")
    newest = view.entries(stream=records.session_stream(session), limit=1)
    return bool(newest) and records.body_of(newest[0]).get("kind") == "session-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checkpoint before it has a number."""

    id: str
    workspace: str
    at: int
    occasion: Occasion
    snapshot: Snapshot
    agent: str = ""
    session: str = ""
    call: str = ""
    title: str = ""
    explains: tuple[str, ...] | None = ()
    closed_at: int | None = None


def store(tx: Tx, draft: Draft) -> WorktreeCheckpoint:
    made = WorktreeCheckpoint(
        id=draft.id,
        number=tx.next_checkpoint_number(),
        workspace=draft.workspace,
        at=draft.at,
        occasion=draft.occasion,
        snapshot=draft.snapshot,
        agent=draft.agent,
        session=draft.session,
        call=draft.call,
        title=redact(draft.title),
        explains=draft.explains,
        closed_at=draft.closed_at,
    )
    tx.add_worktree_checkpoint(made)
    return made


def close(
    tx: Tx, row: WorktreeCheckpoint, *, at: int, after: Snapshot | None = None
) -> WorktreeCheckpoint:
    """The call has ended; `after` is what was found then, if it was looked at."""
    closed = replace(
        row,
        closed_at=at,
        after="" if after is None else after.tree,
        after_commit="" if after is None else after.commit,
    )
    tx.save_worktree_checkpoint(closed)
    return closed


def named(paths: Sequence[str]) -> list[Json]:
    """Paths as they are recorded."""
    return [redact(path) for path in paths[:NAMED]]
