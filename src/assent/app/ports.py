"""What the use cases need from outside. Adapters satisfy these structurally."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from assent.core.actions import Action
from assent.core.approvals import Request
from assent.core.canonical import Digest, Json
from assent.core.changes.model import Change
from assent.core.checkpoints import WorktreeCheckpoint
from assent.core.due import Timer
from assent.core.facts import Facts, PlanState
from assent.core.grants import Grant
from assent.core.ledger import Checkpoint, Entry, Head
from assent.core.people.model import AgentToken, Delegation, Factor, Person
from assent.core.project import Accepted, ProjectPrograms, ProjectTask
from assent.core.proposals import AgentSession

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> int:
        """Milliseconds since the epoch."""
        ...


class Ids(Protocol):
    def new(self) -> str:
        """A new UUIDv7 as text: unique, and sorted by time of creation."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """Something a page may want to show at once. `seq` grows with every committed event."""

    seq: int
    topic: str
    """`request` or `change` (opened or changed), or `ledger` (something was recorded)."""
    subject: str
    """The request's or the change's id, or the ledger stream."""
    at: int


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy file a person accepted for a workspace."""

    workspace: str
    digest: Digest
    text: bytes
    accepted_by: str
    at: int


@dataclass(frozen=True, slots=True)
class AcceptedPrograms:
    """What a person accepted of what the project's manifests name."""

    workspace: str
    accepted: Accepted
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands beside the policy of a workspace."""

    version: int = 0
    """Changes whenever anything else here does."""
    programs: AcceptedPrograms | None = None
    grants: tuple[Grant, ...] = ()
    """Those that were not revoked, also ended ones; oldest first."""


@dataclass(frozen=True, slots=True)
class WebSession:
    """A browser that a person logged in with. Only the hash of its token is stored."""

    token_hash: Digest
    person: str
    created_at: int
    expires_at: int
    factor: Factor = Factor.NONE
    """How they logged in."""
    browser: str = ""
    """What the browser calls itself, shortened, to tell sessions apart."""
    seen_at: int = 0
    """When it was last used, to a few minutes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a person's reading of one version of a request or revision of a change."""

    subject: str
    """The request's or the change's id."""
    person: str
    version: int
    """Of the request, or the revision of the change."""
    at: int
    shown_ms: int = 0
    """How long it was on the screen, in all."""
    read: bool = False
    """Whether its end was reached."""


class Sending(StrEnum):
    """Where something stands that leaves the house."""

    NEW = "new"
    SENT = "sent"
    DEAD = "dead"
    """Tried often enough; shown to people."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something to be done outside of the store, put there by the transaction that wants it."""

    id: str
    """UUIDv7: what is older goes first."""
    kind: str
    """`notify`: told to a person; `log`: appended to a repository's log of decisions."""
    dedup: str
    """Never twice the same."""
    place: str
    """What is done in order among its likes: a person's name, a repository."""
    body: bytes
    """Canonical JSON."""
    created_at: int
    run_at: int
    """Not before this; while it is being done: when that counts as failed."""
    state: Sending = Sending.NEW
    attempts: int = 0
    fault: str = ""
    """Why it failed the last time."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many calls went which way since a moment.

    Entries of the kinds `proceeded` and `notified` are what proceeded, `refused` what a rule
    refused; requests are what was asked, and of those the rejected ones.
    """

    proceeded: int = 0
    asked: int = 0
    rejected: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """When a person last had a change open, and at which revision."""

    revision: int
    at: int


class View(Protocol):
    """A consistent look at the store."""

    def request(self, request_id: str) -> Request | None: ...

    def request_numbered(self, number: int) -> Request | None: ...

    def waiting(self, *, limit: int, after: int = 0) -> Sequence[Request]:
        """Pending requests, not delayed, oldest first, with a number above `after`."""
        ...

    def delayed(self, *, limit: int) -> Sequence[Request]: ...

    def recent(self, *, limit: int, before: int | None = None) -> Sequence[Request]:
        """Requests that are no longer pending, newest number first, numbers below `before`."""
        ...

    def count_waiting(self) -> int: ...

    def live_request(self, *, agent: str, workspace: str, subject: Digest) -> Request | None:
        """The oldest pending or approved request for this very action, in whichever run."""
        ...

    def rejected_request(
        self, *, agent: str, session_id: str, subject: Digest, since: int
    ) -> Request | None:
        """The newest rejection of this very action in this run, decided at or after `since`."""
        ...

    def rejections(self, *, agent: str, session_id: str, since: int) -> int:
        """How many requests of this run were rejected at or after `since`."""
        ...

    def prompted_request(self, *, agent: str, session_id: str, call_id: str) -> Request | None:
        """The pending request that this very call opened at the agent's own prompt, if any."""
        ...

    def plan_state(self, *, agent: str, session_id: str) -> PlanState: ...

    def policy_in_force(self, workspace: str) -> PolicyVersion | None: ...

    def standing_version(self, workspace: str) -> int:
        """Of `standing`, without the rest; 0 when nothing ever stood."""
        ...

    def standing(self, workspace: str, *, now: int) -> Standing:
        """What stands in the workspace; of the grants those that end after `now`."""
        ...

    def written_paths(self, *, agent: str, session_id: str) -> Mapping[str, bool]:
        """Real paths that the agent wrote in this run, and whether it made them."""
        ...

    def precedent(self, *, agent: str, workspace: str) -> frozenset[str]:
        """Effects to which a person agreed for this agent in this workspace."""
        ...

    def entries(
        self, *, stream: str | None = None, limit: int, before: str | None = None
    ) -> Sequence[Entry]:
        """Newest first. `before` is the `hash` of the last entry of the page before.

        It is looked for from the newest on, so that a page far back takes longer.
        """
        ...

    def chain(self, stream: str) -> Iterator[Entry]:
        """All entries of one stream, oldest first."""
        ...

    def recorded(self, kinds: Sequence[str], *, since: int, until: int) -> Iterator[Entry]:
        """Entries of these kinds from `since` on and before `until`, oldest first."""
        ...

    def heads(self) -> Sequence[Head]: ...

    def headless_streams(self) -> Sequence[str]:
        """Streams that have entries and no head: somebody removed the head."""
        ...

    def checkpoints(self) -> Iterator[Checkpoint]:
        """All, in order of number."""
        ...

    def last_checkpoint(self) -> Checkpoint | None: ...

    def unsealed(self) -> bool:
        """Whether anything was recorded since the last checkpoint."""
        ...

    def events(self, *, after: int, limit: int) -> Sequence[Event]:
        """Committed events in order; never skips one that commits later with a lower `seq`."""
        ...

    def last_event(self) -> int:
        """The `seq` to start listening from; 0 when there is none."""
        ...

    def due_timers(self, *, now: int, limit: int) -> Sequence[Timer]: ...

    def next_due(self) -> int | None:
        """When the earliest timer is due."""
        ...

    def tally(self, *, since: int) -> Tally: ...

    def web_session(self, token_hash: Digest) -> WebSession | None: ...

    def web_sessions(self, name: str) -> Sequence[WebSession]:
        """Those of a person, also ended ones that were not cleared away yet; newest first."""
        ...

    def person(self, name: str) -> Person | None: ...

    def people(self) -> Sequence[Person]:
        """All, by name, also those who are no longer active."""
        ...

    def delegations(self, *, now: int) -> Sequence[Delegation]:
        """Those in force at `now`, oldest first."""
        ...

    def delegation(self, delegation_id: str) -> Delegation | None: ...

    def delegations_of(self, name: str, *, limit: int) -> Sequence[Delegation]:
        """Given or taken by a person, also ended ones; newest first."""
        ...

    def agent_token(self, token_hash: Digest) -> AgentToken | None: ...

    def agent_tokens(self) -> Sequence[AgentToken]:
        """All, oldest first."""
        ...

    def opened(self, subject: str, name: str, version: int) -> Opened | None: ...

    def envelope(self, digest: Digest) -> bytes | None:
        """A signed statement, byte for byte."""
        ...

    def envelopes(self, about: str) -> Sequence[bytes]:
        """The signed statements about a ledger stream, oldest first."""
        ...

    def outgoing(self, outgoing_id: str) -> Outgoing | None: ...

    def outgoing_in(
        self, state: Sending, *, limit: int, kind: str | None = None
    ) -> Sequence[Outgoing]:
        """Oldest first."""
        ...

    def next_outgoing(self, kind: str) -> int | None:
        """When the next one of the kind is due."""
        ...

    def change(self, change_id: str) -> Change | None: ...

    def change_numbered(self, number: int) -> Change | None: ...

    def changes(
        self, *, limit: int, before: int | None = None, is_open: bool | None = None
    ) -> Sequence[Change]:
        """Newest number first, numbers below `before`; all, or only those (not) open."""
        ...

    def open_changes(self, repository: str | None = None) -> Sequence[Change]:
        """Those not merged, reverted or abandoned, oldest number first."""
        ...

    def count_open_changes(self) -> int: ...

    def looked(self, change_id: str, person: str) -> Look | None:
        """The look before the present one; see `Tx.note_look`."""
        ...

    def worktree_checkpoint(self, number: int) -> WorktreeCheckpoint | None: ...

    def worktree_checkpoints(
        self, workspace: str, *, limit: int, before: int | None = None
    ) -> Sequence[WorktreeCheckpoint]:
        """Newest number first, numbers below `before`."""
        ...

    def checkpointed_workspaces(self) -> Sequence[str]:
        """Workspaces with checkpoints, that with the newest one first."""
        ...

    def unclosed_checkpoints(self, workspace: str) -> Sequence[WorktreeCheckpoint]:
        """Those whose call may still be at work, oldest first."""
        ...


class Tx(View, Protocol):
    """A transaction. All of it commits, or none of it. Reads see its own writes.

    An exception from any method ends it: catching one and going on is not possible.
    """

    def next_number(self) -> int:
        """The next REQ number; gaps appear when a transaction is rolled back."""
        ...

    def add_request(self, request: Request) -> None: ...

    def save_request(self, request: Request) -> None:
        """Store the next version. Raises ConflictError unless the stored one is `version - 1`."""
        ...

    def set_timers(self, request_id: str, timers: Sequence[Timer]) -> None:
        """Replace the timers of a request."""
        ...

    def drop_timer(self, timer: Timer) -> None:
        """Remove a timer that no longer means anything."""
        ...

    def append(self, stream: str, kind: str, *, at: int, fields: Mapping[str, Json]) -> Entry: ...

    def seal(self, at: int) -> Checkpoint | None:
        """Checkpoint the heads that moved since the last one; None when none did."""
        ...

    def publish(self, topic: str, subject: str, *, at: int) -> None: ...

    def set_plan_state(self, *, agent: str, session_id: str, state: PlanState, at: int) -> None: ...

    def accept_policy(self, version: PolicyVersion) -> None: ...

    def accept_programs(self, programs: AcceptedPrograms) -> None:
        """In the place of what was accepted before."""
        ...

    def add_grant(self, grant: Grant) -> None: ...

    def revoke_grant(self, grant: Grant, *, at: int) -> bool:
        """Whether it was in force until now."""
        ...

    def add_written(
        self, *, agent: str, session_id: str, paths: Mapping[str, bool], at: int
    ) -> None:
        """Remember written paths; of one that is known already, what was known stays."""
        ...

    def add_precedent(
        self, *, agent: str, workspace: str, effects: frozenset[str], at: int
    ) -> None: ...

    def add_web_session(self, session: WebSession) -> None: ...

    def drop_web_session(self, token_hash: Digest) -> None: ...

    def drop_web_sessions(self, name: str) -> None:
        """Log a person out everywhere."""
        ...

    def touch_web_session(self, token_hash: Digest, *, at: int) -> None: ...

    def save_person(self, made: Person) -> None:
        """A new one at version 1, or the next version. Raises ConflictError for any other."""
        ...

    def add_delegation(self, made: Delegation) -> None: ...

    def revoke_delegation(self, delegation_id: str, *, at: int) -> bool:
        """Whether it was in force until now."""
        ...

    def add_agent_token(self, token: AgentToken) -> None: ...

    def revoke_agent_token(self, token_id: str, *, at: int) -> bool:
        """Whether it was in force until now."""
        ...

    def note_opened(self, made: Opened) -> None:
        """In the place of what was known of that version."""
        ...

    def add_envelope(self, digest: Digest, body: bytes, *, about: str, at: int) -> None:
        """Keep a signed statement about a ledger stream. Raises ConflictError for a known one."""
        ...

    def add_outgoing(self, made: Outgoing) -> bool:
        """False when its `dedup` is known already: then nothing changes."""
        ...

    def claim_outgoing(
        self, kind: str, *, now: int, until: int, limit: int, in_order: bool = True
    ) -> Sequence[Outgoing]:
        """Take what is due, the oldest first and of each place only its oldest, due or not.

        Without `in_order` also what came later to the same place. What is claimed counts one
        attempt more and is not due again before `until`.
        """
        ...

    def save_outgoing(self, made: Outgoing) -> None:
        """Store what changed of one that is there."""
        ...

    def drop_outgoing(self, *, kind: str, before: int) -> None:
        """Forget what was sent of things created before."""
        ...

    def add_login(self, token_hash: Digest, *, person: str, expires_at: int) -> None:
        """A one-time login link."""
        ...

    def take_login(self, token_hash: Digest, *, now: int) -> str | None:
        """Use up a login link: the person it was made for, or None when it is void."""
        ...

    def next_change_number(self) -> int: ...

    def add_change(self, made: Change) -> None: ...

    def save_change(self, made: Change) -> None:
        """Store the next version. Raises ConflictError unless the stored one is `version - 1`."""
        ...

    def note_look(self, change_id: str, person: str, look: Look) -> None:
        """A person has the change open at `look.revision` now."""
        ...

    def next_checkpoint_number(self) -> int: ...

    def add_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None: ...

    def save_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None:
        """Store what changed of a checkpoint that is there."""
        ...

    def drop_worktree_checkpoints(self, workspace: str, *, below: int) -> None:
        """Forget those with a number below `below`, to make room."""
        ...


class Store(Protocol):
    """Everything that must survive. One writer; a write is done when it is committed."""

    async def write(self, work: Callable[[Tx], T], *, durable: bool) -> T:
        """Run `work` in a transaction; its result comes back after the commit.

        `work` runs in another thread, and again when another process was in its way: it may read
        and write through the transaction, and nothing else. A write whose caller is cancelled may
        happen or not.
        `durable` waits until the commit is on disk (decisions, requests, policy); without it a
        power cut, but not a crash, may lose the newest records. An exception from `work` rolls
        back and is raised here. Raises UnavailableError when nothing can be recorded now.
        """
        ...

    def read(self, query: Callable[[View], T]) -> T:
        """Run a quick query on what is committed. Raises UnavailableError, IntegrityError.

        Iterators are used up inside of `query`. Any thread may read.
        """
        ...

    def on_commit(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Call `listener` after each commit that published events, in the caller's event loop.

        What it is told is a hint and may come twice; whoever must miss nothing keeps the last
        `seq` it read and asks `View.events` for more.
        """
        ...

    async def close(self) -> None: ...


class Project(Protocol):
    """What the manifests of a workspace name."""

    def programs(self, workspace: str) -> ProjectPrograms:
        """All of it, as it is now. Never raises: what cannot be read names nothing."""
        ...

    def tasks_near(
        self, workspace: str, folders: Sequence[str], *, everywhere: bool
    ) -> Mapping[tuple[str, str], Sequence[ProjectTask]]:
        """The tasks that a runner finds from `folders`: those of the nearest manifests.

        With `everywhere` those of all manifests. A key that several have holds them all.
        """
        ...


@dataclass(frozen=True, slots=True)
class OwnersText:
    """CODEOWNERS of the repository that a workspace lies in."""

    text: str
    below: str = ""
    """The workspace's folder from the repository's root, `packages/pay/`; empty: it is the root."""


class OwnersFile(Protocol):
    """Who owns which files of a repository."""

    def codeowners(self, workspace: str, target: str) -> OwnersText | None:
        """CODEOWNERS as the branch `target` has it; empty: the default branch. None: no such file.

        Raises UnavailableError where it cannot be told, UsageError for no name of a branch.
        """
        ...


class World(Protocol):
    """What can be observed of the world that an action would touch."""

    def facts(self, action: Action, session: AgentSession, known: Facts) -> Facts:
        """`known` with what is seen of the world that `action` would touch.

        `known` says what others know: the plan, the catalog, the project's tasks and programs.
        """
        ...

    def branch(self, workspace: str) -> str:
        """The branch that is checked out there; empty for none."""
        ...

    def policy_file(self, workspace: str) -> bytes | None:
        """The bytes of the workspace's policy file; None when it has none."""
        ...
