"""What earlier calls and decisions tell about this one, kept in this process between calls."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from assent.app.ports import Standing, Tx, View
from assent.core.actions import Action, Command, EditKind, FileEdit
from assent.core.facts import Facts, PathFact
from assent.core.grants import GrantKind
from assent.core.proposals import AgentSession
from assent.core.risk import RiskClass, Use, uses_of
from assent.core.risk.model import Assessment, Effect
from assent.core.risk.shell import join

K = TypeVar("K")
V = TypeVar("V")

MAX_RUNS = 500
"""Runs whose written paths are kept in memory; of others the store is asked again."""
MAX_WORKSPACES = 500
MAX_PATH = 300
"""Characters, as JSON has them, of the longest path that is remembered as written."""
_NO_NEWS = frozenset(
    effect.value for effect in (Effect.UNKNOWN, Effect.PLAN, Effect.WORKSPACE_WRITE)
)
"""Effects of which a first time tells nothing: every agent has them on its first day."""
_WRITING = frozenset({Effect.WORKSPACE_WRITE, Effect.OUTSIDE_WRITE})


@dataclass(frozen=True, slots=True)
class Recalled:
    """What stands in the workspace, and what this agent did there before."""

    standing: Standing
    programs: frozenset[str]
    """Accepted ones and those that a person vouched for; a path from the workspace is whole."""
    written: Mapping[str, bool]
    """Real paths that this run wrote, and whether it made them."""
    precedent: frozenset[str]


@dataclass(slots=True)
class Memory:
    """What the store told, for as long as it holds. The store is asked again when it changed."""

    _standings: dict[str, tuple[Standing, frozenset[str]]] = field(default_factory=dict)
    _precedents: dict[tuple[str, str], tuple[int, frozenset[str]]] = field(default_factory=dict)
    _written: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)

    def recall(self, view: View, session: AgentSession, now: int) -> Recalled:
        """To be called with every call: one small query tells whether anything changed."""
        workspace = session.workspace
        version = view.standing_version(workspace)
        known = self._standings.get(workspace)
        if known is None or known[0].version != version:
            standing = view.standing(workspace, now=now)
            known = (standing, _programs(standing, workspace))
            _keep(self._standings, workspace, known, limit=MAX_WORKSPACES)
        standing, programs = known
        return Recalled(
            standing,
            programs,
            self._written_paths(view, session),
            self._precedent(view, session, standing.version) | _NO_NEWS,
        )

    def _precedent(self, view: View, session: AgentSession, version: int) -> frozenset[str]:
        key = (session.agent, session.workspace)
        known = self._precedents.get(key)
        if known is None or known[0] != version:
            effects = view.precedent(agent=session.agent, workspace=session.workspace)
            known = (version, effects)
            _keep(self._precedents, key, known, limit=MAX_WORKSPACES)
        return known[1]

    def _written_paths(self, view: View, session: AgentSession) -> dict[str, bool]:
        key = (session.agent, session.session_id)
        known = self._written.get(key)
        if known is None:
            known = dict(view.written_paths(agent=session.agent, session_id=session.session_id))
            _keep(self._written, key, known, limit=MAX_RUNS)
        return known

    def forget(self, session: AgentSession) -> None:
        """Ask the store again what the run wrote."""
        self._written.pop((session.agent, session.session_id), None)

    def wrote(self, session: AgentSession, paths: Mapping[str, bool]) -> None:
        """The run wrote these; to be called once that is stored."""
        known = self._written.get((session.agent, session.session_id))
        if known is not None:
            for path, made in paths.items():
                known.setdefault(path, made)


def _keep(known: dict[K, V], key: K, value: V, *, limit: int) -> None:
    if len(known) >= limit:
        known.clear()
    known[key] = value


def _programs(standing: Standing, workspace: str) -> frozenset[str]:
    accepted = standing.programs.accepted.programs if standing.programs is not None else ()
    root = workspace.rstrip("/")
    whole = {f"{root}/{name.removeprefix('./')}" if "/" in name else name for name in accepted}
    vouched = {
        name for grant in standing.grants if grant.kind is GrantKind.PROGRAM for name in grant.what
    }
    return frozenset(whole | vouched)


def with_written(facts: Facts, written: Mapping[str, bool]) -> Facts:
    """`facts` that tell which of its files this run wrote."""
    if not written:
        return facts
    paths = {path: _written_fact(fact, written) for path, fact in facts.paths.items()}
    scripts = {
        path: replace(script, written=True) if path in paths and paths[path].written else script
        for path, script in facts.scripts.items()
    }
    return replace(facts, paths=paths, scripts=scripts)


def _written_fact(fact: PathFact, written: Mapping[str, bool]) -> PathFact:
    if fact.is_dir:
        mine = bool(fact.unkept_files) and all(written.get(file) for file in fact.unkept_files)
        return replace(fact, written=True, made=True) if mine else fact
    made = written.get(fact.real)
    if made is None:
        return fact
    return replace(fact, written=True, made=made)


def new_writes(
    action: Action, assessment: Assessment, facts: Facts, known: Mapping[str, bool]
) -> Mapping[str, bool]:
    """Real paths that the action writes and that are not `known`, and whether it makes them."""
    written: dict[str, bool] = {}
    for path in _write_paths(action, assessment, facts):
        fact = facts.paths.get(path)
        if fact is None or fact.is_dir or fact.real in known:
            continue
        if len(json.dumps(fact.real)) <= MAX_PATH:
            written[fact.real] = not fact.exists
    return written


def _write_paths(action: Action, assessment: Assessment, facts: Facts) -> list[str]:
    match action:
        case FileEdit():
            kept = [change for change in action.changes if change.kind is not EditKind.DELETE]
            return [join(action.cwd, change.moved_to or change.path) for change in kept]
        case Command() if not _WRITING.isdisjoint(assessment.effects):
            uses = uses_of(action, facts, cwd=action.cwd)
            return [path for path, use in uses.items() if Use.WRITE in use]
        case _:
            return []


def note_writes(tx: Tx, session: AgentSession, paths: Mapping[str, bool], now: int) -> None:
    """Remember what the run writes, with the record of the call that does it."""
    if paths:
        tx.add_written(agent=session.agent, session_id=session.session_id, paths=paths, at=now)


def effects_of(assessment: Assessment) -> frozenset[str]:
    """The effects that are no news once the action has been let through."""
    telling = (item for item in assessment.evidence if item.risk > RiskClass.TRIVIAL)
    return frozenset(item.effect.value for item in telling) - _NO_NEWS


def note_agreement(tx: Tx, session: AgentSession, effects: frozenset[str], now: int) -> None:
    """A person, or the policy, agreed to these effects: the next time is not the first."""
    if effects:
        tx.add_precedent(agent=session.agent, workspace=session.workspace, effects=effects, at=now)
