"""Stand-ins for the outside world, for our tests and for those of adapters written elsewhere.

`MemoryStore` keeps the whole contract of `Store` but survival; the contract suite runs on it too.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from assent.app.ports import (
    AcceptedPrograms,
    Event,
    Look,
    Opened,
    Outgoing,
    PolicyVersion,
    Sending,
    Standing,
    Tally,
    Tx,
    View,
    WebSession,
)
from assent.core.approvals import Request, State, deciding
from assent.core.canonical import Digest, Json
from assent.core.changes.model import Change
from assent.core.checkpoints import WorktreeCheckpoint
from assent.core.due import Timer
from assent.core.facts import PlanState
from assent.core.grants import Grant
from assent.core.ledger import (
    Checkpoint,
    Entry,
    Head,
    entry_body,
    head_of,
    link,
    seal,
    stream_name,
)
from assent.core.people.model import AgentToken, Delegation, Person
from assent.core.policy.model import AskIn
from assent.errors import ConflictError, UnavailableError

T = TypeVar("T")


@dataclass(slots=True)
class FixedClock:
    """A clock that moves only when it is told to."""

    at: int = 1_700_000_000_000

    def now(self) -> int:
        return self.at

    def advance(self, ms: int) -> None:
        self.at += ms


class CountingIds:
    """Ids in the shape of UUIDv7, counted up, so that a test can name the next one."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"00000000-0000-7000-8000-{self._last:012x}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A ledger entry with what it is counted by."""

    entry: Entry
    kind: str
    at: int


@dataclass(slots=True)
class _State:
    """Everything that is stored. A committed state is never changed; a write changes a copy."""

    requests: dict[str, Request] = field(default_factory=dict)
    timers: dict[str, tuple[Timer, ...]] = field(default_factory=dict)
    recorded: list[Recorded] = field(default_factory=list)
    heads: dict[str, Head] = field(default_factory=dict)
    sealed: dict[str, Head] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    plans: dict[tuple[str, str], PlanState] = field(default_factory=dict)
    policies: dict[str, PolicyVersion] = field(default_factory=dict)
    sessions: dict[Digest, WebSession] = field(default_factory=dict)
    logins: dict[Digest, tuple[str, int]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    programs: dict[str, AcceptedPrograms] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    written: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    precedents: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    looks: dict[tuple[str, str], Look] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    delegations: dict[str, Delegation] = field(default_factory=dict)
    tokens: dict[str, AgentToken] = field(default_factory=dict)
    opened: dict[tuple[str, str, int], Opened] = field(default_factory=dict)
    envelopes: dict[Digest, tuple[str, int, bytes]] = field(default_factory=dict)
    outbox: dict[str, Outgoing] = field(default_factory=dict)
    worktrees: dict[str, WorktreeCheckpoint] = field(default_factory=dict)
    last_number: int = 0
    last_change: int = 0
    last_worktree: int = 0

    def copy(self) -> "_State":
        return _State(**{each.name: copy(getattr(self, each.name)) for each in fields(self)})


class MemoryView:
    """`View` of one state."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def request(self, request_id: str) -> Request | None:
        return self._state.requests.get(request_id)

    def request_numbered(self, number: int) -> Request | None:
        return next((each for each in self._requests() if each.number == number), None)

    def waiting(self, *, limit: int, after: int = 0) -> Sequence[Request]:
        return [each for each in self._open() if each.number > after][:limit]

    def delayed(self, *, limit: int) -> Sequence[Request]:
        delayed = [
            (each.delayed_until, each.number, each)
            for each in self._requests(State.PENDING)
            if each.delayed_until is not None
        ]
        return [each for _, _, each in sorted(delayed, key=lambda found: found[:2])][:limit]

    def recent(self, *, limit: int, before: int | None = None) -> Sequence[Request]:
        closed = [
            each
            for each in self._requests()
            if each.state is not State.PENDING and (before is None or each.number < before)
        ]
        return closed[::-1][:limit]

    def count_waiting(self) -> int:
        return len(self._open())

    def live_request(self, *, agent: str, workspace: str, subject: Digest) -> Request | None:
        found = (
            each
            for each in self._requests(State.PENDING, State.APPROVED)
            if each.subject == subject
            and (each.proposal.session.agent, each.proposal.session.workspace) == (agent, workspace)
        )
        return next(found, None)

    def rejected_request(
        self, *, agent: str, session_id: str, subject: Digest, since: int
    ) -> Request | None:
        found = [
            each
            for each in self._requests(State.REJECTED)
            if each.subject == subject
            and _run(each) == (agent, session_id)
            and _decided_at(each) >= since
        ]
        return max(found, key=lambda each: (_decided_at(each), each.number), default=None)

    def rejections(self, *, agent: str, session_id: str, since: int) -> int:
        rejected = self._requests(State.REJECTED)
        return sum(
            _run(each) == (agent, session_id) and _decided_at(each) >= since for each in rejected
        )

    def prompted_request(self, *, agent: str, session_id: str, call_id: str) -> Request | None:
        found = (
            each
            for each in self._requests(State.PENDING)
            if each.asked_in is AskIn.AGENT
            and _run(each) == (agent, session_id)
            and each.proposal.call_id == call_id
        )
        return next(found, None)

    def plan_state(self, *, agent: str, session_id: str) -> PlanState:
        return self._state.plans.get((agent, session_id), PlanState.NONE)

    def policy_in_force(self, workspace: str) -> PolicyVersion | None:
        return self._state.policies.get(workspace)

    def standing_version(self, workspace: str) -> int:
        return self._state.versions.get(workspace, 0)

    def standing(self, workspace: str, *, now: int) -> Standing:
        return Standing(
            version=self.standing_version(workspace),
            programs=self._state.programs.get(workspace),
            grants=tuple(
                grant
                for _, grant in sorted(self._state.grants.items())
                if grant.workspace == workspace and _is_open(grant, now)
            ),
        )

    def written_paths(self, *, agent: str, session_id: str) -> Mapping[str, bool]:
        return self._state.written.get((agent, session_id), {})

    def precedent(self, *, agent: str, workspace: str) -> frozenset[str]:
        return self._state.precedents.get((agent, workspace), frozenset())

    def entries(
        self, *, stream: str | None = None, limit: int, before: str | None = None
    ) -> Sequence[Entry]:
        newest = [each.entry for each in reversed(self._state.recorded)]
        if stream is not None:
            newest = [entry for entry in newest if entry.stream == stream_name(stream)]
        if before is not None:
            places = [place for place, entry in enumerate(newest) if entry.hash == before]
            newest = newest[places[0] + 1 :] if places else []
        return newest[:limit]

    def chain(self, stream: str) -> Iterator[Entry]:
        name = stream_name(stream)
        return (each.entry for each in self._state.recorded if each.entry.stream == name)

    def recorded(self, kinds: Sequence[str], *, since: int, until: int) -> Iterator[Entry]:
        return (
            each.entry
            for each in self._state.recorded
            if each.kind in kinds and since <= each.at < until
        )

    def heads(self) -> Sequence[Head]:
        return [head for _, head in sorted(self._state.heads.items())]

    def headless_streams(self) -> Sequence[str]:
        named = {each.entry.stream for each in self._state.recorded}
        return sorted(named - self._state.heads.keys())

    def checkpoints(self) -> Iterator[Checkpoint]:
        return iter(self._state.checkpoints)

    def last_checkpoint(self) -> Checkpoint | None:
        return self._state.checkpoints[-1] if self._state.checkpoints else None

    def unsealed(self) -> bool:
        return self._state.heads != self._state.sealed

    def events(self, *, after: int, limit: int) -> Sequence[Event]:
        return [each for each in self._state.events if each.seq > after][:limit]

    def last_event(self) -> int:
        return len(self._state.events)

    def due_timers(self, *, now: int, limit: int) -> Sequence[Timer]:
        due = [timer for timer in self._timers() if timer.due_at <= now]
        return sorted(due, key=lambda timer: timer.due_at)[:limit]

    def next_due(self) -> int | None:
        return min((timer.due_at for timer in self._timers()), default=None)

    def tally(self, *, since: int) -> Tally:
        kinds = [each.kind for each in self._state.recorded if each.at >= since]
        rejected = [each for each in self._requests(State.REJECTED) if _decided_at(each) >= since]
        return Tally(
            proceeded=kinds.count("proceeded") + kinds.count("notified"),
            asked=sum(each.created_at >= since for each in self._requests()),
            rejected=len(rejected),
            refused=kinds.count("refused"),
        )

    def web_session(self, token_hash: Digest) -> WebSession | None:
        return self._state.sessions.get(token_hash)

    def web_sessions(self, name: str) -> Sequence[WebSession]:
        mine = [each for each in self._state.sessions.values() if each.person == name]
        return sorted(mine, key=lambda each: -each.created_at)

    def person(self, name: str) -> Person | None:
        return self._state.people.get(name)

    def people(self) -> Sequence[Person]:
        return sorted(self._state.people.values(), key=lambda each: each.name)

    def delegations(self, *, now: int) -> Sequence[Delegation]:
        return [
            each for each in self._delegations() if each.revoked_at is None and now < each.until
        ]

    def delegation(self, delegation_id: str) -> Delegation | None:
        return self._state.delegations.get(delegation_id)

    def delegations_of(self, name: str, *, limit: int) -> Sequence[Delegation]:
        mine = [each for each in self._delegations() if name in (each.giver, each.taker)]
        return mine[::-1][:limit]

    def _delegations(self) -> Sequence[Delegation]:
        return sorted(self._state.delegations.values(), key=lambda each: each.id)

    def agent_token(self, token_hash: Digest) -> AgentToken | None:
        return next((each for each in self.agent_tokens() if each.hash == token_hash), None)

    def agent_tokens(self) -> Sequence[AgentToken]:
        return sorted(self._state.tokens.values(), key=lambda each: each.id)

    def opened(self, subject: str, name: str, version: int) -> Opened | None:
        return self._state.opened.get((subject, name, version))

    def envelope(self, digest: Digest) -> bytes | None:
        found = self._state.envelopes.get(digest)
        return None if found is None else found[2]

    def envelopes(self, about: str) -> Sequence[bytes]:
        found = [
            (at, digest, body)
            for digest, (stream, at, body) in self._state.envelopes.items()
            if stream == about
        ]
        return [body for _, _, body in sorted(found)]

    def outgoing(self, outgoing_id: str) -> Outgoing | None:
        return self._state.outbox.get(outgoing_id)

    def outgoing_in(
        self, state: Sending, *, limit: int, kind: str | None = None
    ) -> Sequence[Outgoing]:
        return [each for each in self._outbox(kind) if each.state is state][:limit]

    def next_outgoing(self, kind: str) -> int | None:
        waiting = self.outgoing_in(Sending.NEW, limit=len(self._state.outbox), kind=kind)
        return min((each.run_at for each in waiting), default=None)

    def _outbox(self, kind: str | None) -> Sequence[Outgoing]:
        found = self._state.outbox.values()
        mine = (each for each in found if kind is None or each.kind == kind)
        return sorted(mine, key=lambda each: each.id)

    def change(self, change_id: str) -> Change | None:
        return self._state.changes.get(change_id)

    def change_numbered(self, number: int) -> Change | None:
        return next((each for each in self._changes() if each.number == number), None)

    def changes(
        self, *, limit: int, before: int | None = None, is_open: bool | None = None
    ) -> Sequence[Change]:
        found = [
            each
            for each in self._changes()
            if (before is None or each.number < before)
            and (is_open is None or each.is_open is is_open)
        ]
        return found[::-1][:limit]

    def open_changes(self, repository: str | None = None) -> Sequence[Change]:
        return [
            each
            for each in self._changes()
            if each.is_open and (repository is None or each.repository == repository)
        ]

    def count_open_changes(self) -> int:
        return len(self.open_changes())

    def _changes(self) -> Sequence[Change]:
        return sorted(self._state.changes.values(), key=lambda each: each.number)

    def looked(self, change_id: str, person: str) -> Look | None:
        return self._state.looks.get((change_id, person))

    def worktree_checkpoint(self, number: int) -> WorktreeCheckpoint | None:
        found = self._state.worktrees.values()
        return next((each for each in found if each.number == number), None)

    def worktree_checkpoints(
        self, workspace: str, *, limit: int, before: int | None = None
    ) -> Sequence[WorktreeCheckpoint]:
        found = [
            each for each in self._worktrees(workspace) if before is None or each.number < before
        ]
        return found[::-1][:limit]

    def checkpointed_workspaces(self) -> Sequence[str]:
        found = sorted(self._state.worktrees.values(), key=lambda each: -each.number)
        return list(dict.fromkeys(each.workspace for each in found))

    def unclosed_checkpoints(self, workspace: str) -> Sequence[WorktreeCheckpoint]:
        return [each for each in self._worktrees(workspace) if each.closed_at is None]

    def _worktrees(self, workspace: str) -> Sequence[WorktreeCheckpoint]:
        found = (each for each in self._state.worktrees.values() if each.workspace == workspace)
        return sorted(found, key=lambda each: each.number)

    def _requests(self, *states: State) -> Sequence[Request]:
        """In order of number; all, or those in one of `states`."""
        found = self._state.requests.values()
        return sorted(
            (each for each in found if not states or each.state in states),
            key=lambda each: each.number,
        )

    def _open(self) -> Sequence[Request]:
        return [each for each in self._requests(State.PENDING) if each.delayed_until is None]

    def _timers(self) -> Iterable[Timer]:
        return (timer for timers in self._state.timers.values() for timer in timers)


def _run(request: Request) -> tuple[str, str]:
    session = request.proposal.session
    return session.agent, session.session_id


def _is_open(grant: Grant, now: int) -> bool:
    return grant.until is None or grant.until > now


def _decided_at(request: Request) -> int:
    decision = deciding(request)
    return -1 if decision is None else decision.at


class MemoryTx(MemoryView):
    """`Tx` on a state of its own."""

    def next_number(self) -> int:
        self._state.last_number += 1
        return self._state.last_number

    def add_request(self, request: Request) -> None:
        known = self._state.requests
        if request.id in known or any(each.number == request.number for each in known.values()):
            raise ConflictError(f"{request.name} is in the store already.")
        known[request.id] = request

    def save_request(self, request: Request) -> None:
        stored = self._state.requests.get(request.id)
        if stored is None or stored.version != request.version - 1:
            raise ConflictError(
                f"{request.name} changed in the meantime.", hint="Look at it again, then decide."
            )
        self._state.requests[request.id] = request

    def set_timers(self, request_id: str, timers: Sequence[Timer]) -> None:
        self._state.timers[request_id] = tuple(timers)

    def drop_timer(self, timer: Timer) -> None:
        kept = self._state.timers.get(timer.request_id, ())
        self._state.timers[timer.request_id] = tuple(each for each in kept if each != timer)

    def append(self, stream: str, kind: str, *, at: int, fields: Mapping[str, Json]) -> Entry:
        name = stream_name(stream)
        entry = link(name, self._state.heads.get(name), entry_body(kind, at, fields))
        self._state.recorded.append(Recorded(entry, kind, at))
        self._state.heads[name] = head_of(entry)
        return entry

    def seal(self, at: int) -> Checkpoint | None:
        heads, sealed = self._state.heads, self._state.sealed
        moved = [head for name, head in heads.items() if sealed.get(name) != head]
        if not moved:
            return None
        known = self._state.checkpoints
        made = seal(known[-1] if known else None, moved, at)
        known.append(made)
        self._state.sealed = dict(heads)
        return made

    def publish(self, topic: str, subject: str, *, at: int) -> None:
        self._state.events.append(Event(len(self._state.events) + 1, topic, subject, at))

    def set_plan_state(
        self,
        *,
        agent: str,
        session_id: str,
        state: PlanState,
        at: int,  # noqa: ARG002 - for whoever looks into a database
    ) -> None:
        self._state.plans[agent, session_id] = state

    def accept_policy(self, version: PolicyVersion) -> None:
        self._state.policies[version.workspace] = version

    def accept_programs(self, programs: AcceptedPrograms) -> None:
        self._moved(programs.workspace)
        self._state.programs[programs.workspace] = programs

    def add_grant(self, grant: Grant) -> None:
        self._moved(grant.workspace)
        self._state.grants[grant.id] = grant

    def revoke_grant(self, grant: Grant, *, at: int) -> bool:
        self._moved(grant.workspace)
        found = self._state.grants.pop(grant.id, None)
        return found is not None and _is_open(found, at)

    def _moved(self, workspace: str) -> None:
        self._state.versions[workspace] = self.standing_version(workspace) + 1

    def add_written(
        self,
        *,
        agent: str,
        session_id: str,
        paths: Mapping[str, bool],
        at: int,  # noqa: ARG002 - for whoever looks into a database
    ) -> None:
        known = self.written_paths(agent=agent, session_id=session_id)
        self._state.written[agent, session_id] = {**paths, **known}

    def add_precedent(
        self,
        *,
        agent: str,
        workspace: str,
        effects: frozenset[str],
        at: int,  # noqa: ARG002 - for whoever looks into a database
    ) -> None:
        known = self.precedent(agent=agent, workspace=workspace)
        if not effects <= known:
            self._moved(workspace)
        self._state.precedents[agent, workspace] = known | effects

    def add_web_session(self, session: WebSession) -> None:
        self._state.sessions = {
            name: each
            for name, each in self._state.sessions.items()
            if each.expires_at > session.created_at
        }
        self._state.sessions[session.token_hash] = session

    def drop_web_session(self, token_hash: Digest) -> None:
        self._state.sessions.pop(token_hash, None)

    def drop_web_sessions(self, name: str) -> None:
        for session in self.web_sessions(name):
            self.drop_web_session(session.token_hash)

    def touch_web_session(self, token_hash: Digest, *, at: int) -> None:
        known = self.web_session(token_hash)
        if known is not None:
            self._state.sessions[token_hash] = replace(known, seen_at=at)

    def save_person(self, made: Person) -> None:
        known = self.person(made.name)
        if (0 if known is None else known.version) != made.version - 1:
            raise ConflictError(
                f"{made.name} was changed in the meantime.", hint="Look again, then change it."
            )
        self._state.people[made.name] = made

    def add_delegation(self, made: Delegation) -> None:
        self._state.delegations[made.id] = made

    def revoke_delegation(self, delegation_id: str, *, at: int) -> bool:
        known = self.delegation(delegation_id)
        if known is None or known.revoked_at is not None or known.until <= at:
            return False
        self._state.delegations[delegation_id] = replace(known, revoked_at=at)
        return True

    def add_agent_token(self, token: AgentToken) -> None:
        self._state.tokens[token.id] = token

    def revoke_agent_token(self, token_id: str, *, at: int) -> bool:
        known = self._state.tokens.get(token_id)
        if known is None or known.revoked_at is not None:
            return False
        self._state.tokens[token_id] = replace(known, revoked_at=at)
        return True

    def note_opened(self, made: Opened) -> None:
        self._state.opened[made.subject, made.person, made.version] = made

    def add_envelope(self, digest: Digest, body: bytes, *, about: str, at: int) -> None:
        if digest in self._state.envelopes:
            raise ConflictError("This signed statement was used already.")
        self._state.envelopes[digest] = (about, at, body)

    def add_outgoing(self, made: Outgoing) -> bool:
        if any(each.dedup == made.dedup for each in self._state.outbox.values()):
            return False
        self._state.outbox[made.id] = made
        return True

    def claim_outgoing(
        self, kind: str, *, now: int, until: int, limit: int, in_order: bool = True
    ) -> Sequence[Outgoing]:
        first: dict[str, Outgoing] = {}
        for each in self.outgoing_in(Sending.NEW, limit=len(self._state.outbox), kind=kind):
            first.setdefault(each.place if in_order else each.id, each)
        due = [each for each in first.values() if each.run_at <= now][:limit]
        claimed = [replace(each, run_at=until, attempts=each.attempts + 1) for each in due]
        for each in claimed:
            self.save_outgoing(each)
        return claimed

    def save_outgoing(self, made: Outgoing) -> None:
        if made.id in self._state.outbox:
            self._state.outbox[made.id] = made

    def drop_outgoing(self, *, kind: str, before: int) -> None:
        for each in self.outgoing_in(Sending.SENT, limit=len(self._state.outbox), kind=kind):
            if each.created_at < before:
                del self._state.outbox[each.id]

    def add_login(self, token_hash: Digest, *, person: str, expires_at: int) -> None:
        self._state.logins[token_hash] = (person, expires_at)

    def take_login(self, token_hash: Digest, *, now: int) -> str | None:
        person, expires_at = self._state.logins.pop(token_hash, (None, 0))
        return person if now < expires_at else None

    def next_change_number(self) -> int:
        self._state.last_change += 1
        return self._state.last_change

    def add_change(self, made: Change) -> None:
        if made.id in self._state.changes or self.change_numbered(made.number) is not None:
            raise ConflictError(f"{made.name} is in the store already.")
        self._state.changes[made.id] = made

    def save_change(self, made: Change) -> None:
        known = self._state.changes.get(made.id)
        if known is None or known.version != made.version - 1:
            raise ConflictError(
                f"{made.name} changed in the meantime.", hint="Look at it again, then decide."
            )
        self._state.changes[made.id] = made

    def note_look(self, change_id: str, person: str, look: Look) -> None:
        self._state.looks[change_id, person] = look

    def next_checkpoint_number(self) -> int:
        self._state.last_worktree += 1
        return self._state.last_worktree

    def add_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None:
        self._state.worktrees[made.id] = made

    def save_worktree_checkpoint(self, made: WorktreeCheckpoint) -> None:
        if made.id in self._state.worktrees:
            self._state.worktrees[made.id] = made

    def drop_worktree_checkpoints(self, workspace: str, *, below: int) -> None:
        for made in self._worktrees(workspace):
            if made.number < below:
                del self._state.worktrees[made.id]


class MemoryStore:
    """`Store` in memory, for any number of threads and event loops."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._state = _State(people={each.name: each for each in people})
        self._lock = threading.Lock()
        self._listeners: list[
            tuple[asyncio.AbstractEventLoop, Callable[[Sequence[Event]], None]]
        ] = []
        self._closed = False

    async def write(
        self,
        work: Callable[[Tx], T],
        *,
        durable: bool,  # noqa: ARG002 - nothing here outlives the process
    ) -> T:
        with self._lock:
            if self._closed:
                raise UnavailableError("The store is closed.")
            state = self._state.copy()
            result = work(MemoryTx(state))
            published = state.events[len(self._state.events) :]
            self._state = state
        for loop, listener in self._listeners:
            if published and not loop.is_closed():
                loop.call_soon_threadsafe(listener, published)
        return result

    def read(self, query: Callable[[View], T]) -> T:
        return query(MemoryView(self._state))

    def on_commit(self, listener: Callable[[Sequence[Event]], None]) -> None:
        self._listeners.append((asyncio.get_running_loop(), listener))

    async def close(self) -> None:
        self._closed = True
