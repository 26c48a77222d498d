"""Submit what an agent or a person made: a new change, or a new revision of one that is open."""

import asyncio
from dataclasses import dataclass, replace

from assent.app.changes import records
from assent.app.changes.ports import Place
from assent.app.changes.revisions import Made, held_against_plan, tree_revision, value_revision
from assent.app.changes.rules import policy_for, policy_home, ports_of
from assent.app.gatehouse import Gatehouse
from assent.app.policy_in_force import policy_in_force
from assent.app.ports import Tx, View
from assent.core.actions import Plan
from assent.core.approvals import State
from assent.core.changes.lifecycle import Refusal, revised
from assent.core.changes.model import (
    Change,
    ChangeState,
    Revision,
    TreePayload,
    ValuePayload,
)
from assent.core.policy.changes import ChangeRules
from assent.core.proposals import AgentSession
from assent.errors import ConflictError, UsageError

TITLE = 200
"""Characters of a title that are kept."""
LOOKED_BACK = 500
"""Requests that are looked through for the plan of a run."""
MERGES_FROM = 100
"""Changes that are looked through for merges of the same work tree."""
MERGES_KNOWN = 5
SORTS = ("config", "memory", "data")


@dataclass(frozen=True, slots=True)
class ValueEdit:
    """A new value of a file, in the place of what is there."""

    sort: str
    """`config`, `memory` or `data`."""
    file: str
    """Absolute path."""
    pointer: str
    """JSON pointer of the value; empty: the file as a whole."""
    after: str | None
    """None: it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What is submitted, from where, and by whom."""

    cwd: str
    """A folder in the work tree it comes from."""
    owner: str
    """The person who answers for it."""
    submitter: str = ""
    """The person who hands it in, by whatever showed who it is; empty: the owner."""
    title: str = ""
    """What it does; of a new revision it may be left out."""
    plan: str = ""
    branch: str = ""
    """The branch to submit; empty: what is checked out in `cwd`."""
    target: str = ""
    """The branch to merge into; empty: as the policy says, else the repository's default."""
    uncommitted: bool = False
    """Also what is not committed yet."""
    report: str = ""
    note: str = ""
    change: int | None = None
    """Number of the change that this is a new revision of."""
    draft: bool = False
    agent: str = ""
    """The agent that made it; empty: the person did."""
    session: str = ""
    model: str = ""
    value: ValueEdit | None = None

    @property
    def by(self) -> str:
        return self.agent or self.owner


@dataclass(frozen=True, slots=True)
class _Captured:
    place: Place
    target: str
    revision: Revision
    rules: ChangeRules


async def submit_change(gate: Gatehouse, submission: Submission) -> Change:
    """Put it up for review. Raises UsageError where there is nothing to submit or nowhere to.

    Raises ConflictError when the change that it is a revision of cannot be revised now.
    """
    known = _known(gate, submission)
    captured = await _capture(gate, submission, known)
    if known is not None:
        return await _revise(gate, known, submission, captured.revision)
    return await _open(gate, submission, captured)


def _known(gate: Gatehouse, submission: Submission) -> Change | None:
    number = submission.change
    if number is not None:
        return gate.store.read(lambda view: records.find(view, number))
    if not submission.title.strip():
        raise UsageError("A change needs a title.", hint="Say in a few words what it does.")
    return None


async def _capture(gate: Gatehouse, submission: Submission, known: Change | None) -> _Captured:
    run = gate.store.read(lambda view: _run_of(view, submission))
    made = Made(
        by=submission.by,
        at=gate.clock.now(),
        session=submission.session,
        model=submission.model,
        report=submission.report,
        note=submission.note,
        submitter=submission.submitter or submission.owner,
        person=run.person,
        apart=run.apart,
    )
    if submission.value is not None:
        return await _capture_value(gate, submission, submission.value, made)
    git = ports_of(gate).repositories
    place = await asyncio.to_thread(git.place, submission.cwd)
    if place is None:
        raise UsageError(
            f"{submission.cwd} lies in no git repository.", hint="Submit from a work tree."
        )
    if known is not None and known.repository != place.repository:
        raise UsageError(f"{known.name} is a change of another repository.")
    # Whoever changed the policy file is asked about it, before a change fails for want of it.
    policy = await policy_in_force(gate, policy_home(place.workspace, place.repository))
    rules = policy.changes
    target = known.target if known is not None else _target(submission, rules, place)
    merged = gate.store.read(lambda view: _merged_from(view, place, target))

    def capture() -> tuple[TreePayload, tuple[str, ...]]:
        held = git.capture(
            place, target=target, uncommitted=submission.uncommitted, branch=submission.branch
        )
        if not merged:
            return held, ()
        payload = git.continued(place.repository, held, target=target, merged=merged)
        # What goes on after a merge is one new commit, whoever wrote those that it comes from.
        authors = git.authors(place.repository, held.base, held.commit)
        return payload, () if payload == held else authors

    payload, authors = await asyncio.to_thread(capture)
    revision = await tree_revision(gate, place.repository, payload, replace(made, authors=authors))
    if not revision.hunks:
        hint = "" if submission.uncommitted else "To submit what is not committed: --uncommitted"
        raise UsageError(f"Nothing differs from {target}.", hint=hint)
    return _Captured(place, target, _with_plan(gate, submission, place, revision), rules)


def _target(submission: Submission, rules: ChangeRules, place: Place) -> str:
    target = submission.target or rules.target or place.target
    if not target:
        raise UsageError(
            "The branch to merge into is not known.",
            hint="Name it with --target, or as `[changes] target` in the policy.",
        )
    if target == (submission.branch or place.branch) and not submission.uncommitted:
        raise UsageError(
            f"{target} cannot be merged into itself.", hint="Work on a branch of its own."
        )
    return target


def _merged_from(view: View, place: Place, target: str) -> list[str]:
    """The merges of what this work tree submitted before, the newest first."""
    found = [
        merge
        for change in view.changes(limit=MERGES_FROM)
        if (change.workspace, change.target) == (place.workspace, target)
        for merge in change.merges
        if merge.reverted_by is None
    ]
    return [each.commit for each in sorted(found, key=lambda each: -each.at)][:MERGES_KNOWN]


async def _capture_value(
    gate: Gatehouse, submission: Submission, value: ValueEdit, made: Made
) -> _Captured:
    if value.sort not in SORTS:
        raise UsageError(f"A value is one of: {', '.join(SORTS)}.")
    if not value.file.startswith("/") or "/../" in f"{value.file}/":
        raise UsageError(f"{value.file} is not an absolute path.")
    before = await asyncio.to_thread(ports_of(gate).values.read, value.file, value.pointer)
    if before == value.after:
        raise UsageError(f"Nothing differs from what is in {value.file}.")
    workspace = gate.files.workspace_of(submission.cwd)
    folder = value.file.rpartition("/")[0] or "/"
    payload = ValuePayload(value.sort, value.file, value.pointer, before, value.after)
    revision = await asyncio.to_thread(value_revision, gate, workspace, payload, made)
    place = Place(workspace=workspace, repository=folder, branch="", target="")
    return _Captured(place, "", revision, policy_for(gate, workspace, folder).changes)


def _with_plan(
    gate: Gatehouse, submission: Submission, place: Place, revision: Revision
) -> Revision:
    if not submission.session:
        return revision
    session = AgentSession(
        agent=submission.agent,
        session_id=submission.session,
        workspace=place.workspace,
        cwd=place.workspace,
    )
    standing = gate.store.read(lambda view: view.standing(place.workspace, now=revision.at))
    return held_against_plan(revision, place.workspace, standing.grants, session)


@dataclass(frozen=True, slots=True)
class _Run:
    """What is known of the agent's run that a change comes from."""

    person: str = ""
    apart: bool = False


def _run_of(view: View, submission: Submission) -> _Run:
    """By what the run asked before, since its calls tell whose agent it is."""
    if not submission.agent:
        return _Run()
    for request in view.recent(limit=LOOKED_BACK) if submission.session else ():
        session = request.proposal.session
        same = (session.agent, session.session_id) == (submission.agent, submission.session)
        if same and session.person:
            return _Run(session.person, session.apart)
    # An agent hands in by the terminal or the token of the person who runs it.
    return _Run(submission.submitter)


def _approved_plan(view: View, submission: Submission) -> str:
    """The plan of the run that a person approved last; empty when there is none."""
    if not submission.agent or not submission.session:
        return ""
    for request in view.recent(limit=LOOKED_BACK):
        session, action = request.proposal.session, request.proposal.action
        if (
            (session.agent, session.session_id) == (submission.agent, submission.session)
            and isinstance(action, Plan)
            and request.state in (State.APPROVED, State.CONSUMED)
        ):
            runs = action if request.runnable is None else request.runnable.action
            return runs.text if isinstance(runs, Plan) else action.text
    return ""


async def _open(gate: Gatehouse, submission: Submission, captured: _Captured) -> Change:
    approved = gate.store.read(lambda view: _approved_plan(view, submission))
    revision, place = captured.revision, captured.place
    change_id = gate.ids.new()

    def work(tx: Tx) -> Change:
        made = Change(
            id=change_id,
            number=tx.next_change_number(),
            title=" ".join(submission.title.split())[:TITLE],
            plan=approved or submission.plan,
            plan_approved=bool(approved),
            workspace=place.workspace,
            repository=place.repository,
            branch=submission.branch or place.branch,
            target=captured.target,
            owner=submission.owner,
            agent=submission.agent,
            state=ChangeState.DRAFT if submission.draft else ChangeState.IN_REVIEW,
            version=1,
            created_at=revision.at,
            updated_at=revision.at,
            revisions=(revision,),
            reviewers=captured.rules.reviewers,
        )
        fields = records.submission_fields(made)
        records.keep(tx, made, "submitted", at=revision.at, fields=fields, new=True)
        return made

    return await gate.store.write(work, durable=True)


async def _revise(
    gate: Gatehouse, known: Change, submission: Submission, revision: Revision
) -> Change:
    title = " ".join(submission.title.split())[:TITLE]

    def step(current: Change) -> Change | Refusal:
        after = revised(current, revision, at=revision.at, draft=submission.draft)
        if isinstance(after, Refusal):
            return after
        return replace(after, title=title or after.title, plan=after.plan or submission.plan)

    after = await records.take(gate, known, step, "revised", fields=records.submission_fields)
    if isinstance(after, Refusal):
        raise ConflictError(after.message, hint=f"See: assent change show {known.name}")
    return after
