"""Review what was not submitted: the same reviewers and rules, and nothing is recorded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assent.app.changes.ports import Reviewer, Reviewers, Subject
from assent.app.changes.revisions import Made, read_revision
from assent.app.ports import Clock
from assent.core.changes.findings import ordered
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import Change, ChangeState, Finding, Revision, TreePayload, Verdict
from assent.core.policy import Policy
from assent.core.risk.edits import ChangeReading, FileVersion, inspect_change


class Source(Protocol):
    """Where the difference is read."""

    def patches(self, payload: TreePayload) -> tuple[FilePatch, ...]: ...

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]: ...


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of it."""

    revision: Revision
    patches: tuple[FilePatch, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all reviewers, the worst first."""
        return ordered(item for verdict in self.verdicts for item in verdict.findings)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be reviewed, by which rules."""

    workspace: str
    payload: TreePayload
    policy: Policy
    llm: bool = False
    """Also by the language model that the policy names."""


async def review_locally(
    asked: Asked, *, source: Source, reviewers: Reviewers, clock: Clock
) -> Reviewed:
    """The verdicts of all reviewers; of an empty difference none.

    Raises UnavailableError when git fails.
    """
    read = await asyncio.to_thread(_read, asked.payload, source, clock.now())
    patches, reading, revision = read
    rules = asked.policy.changes
    subject = Subject(
        change=_change(asked, revision),
        revision=revision,
        patches=patches,
        rules=rules,
        team=tuple(rule.message for rule in asked.policy.team),
        team_rules=asked.policy.team,
        reading=reading,
    )
    if not patches:
        return Reviewed(revision, patches, ())
    verdicts = await _verdicts(reviewers.static(rules), subject)
    model = reviewers.llm(rules) if asked.llm else None
    if model is not None:
        verdicts = (*verdicts, await model.review(replace(subject, earlier=verdicts)))
    return Reviewed(revision, patches, verdicts)


def _read(
    payload: TreePayload, source: Source, at: int
) -> tuple[tuple[FilePatch, ...], ChangeReading, Revision]:
    patches, versions = source.patches(payload), source.versions("", payload.base, payload.commit)
    reading = inspect_change(versions)
    made = Made(by="", at=at)
    revision = read_revision(payload, patches, versions, made, number=1, reading=reading)
    return patches, reading, revision


async def _verdicts(reviewers: Sequence[Reviewer], subject: Subject) -> tuple[Verdict, ...]:
    """One after the other: checks of a project may not like company."""
    return tuple([await reviewer.review(subject) for reviewer in reviewers])


def _change(asked: Asked, revision: Revision) -> Change:
    """A change that nobody submitted."""
    return Change(
        id="",
        number=0,
        title="what was not submitted",
        plan="",
        plan_approved=False,
        workspace=asked.workspace,
        repository="",
        branch="",
        target="",
        owner="",
        agent="",
        state=ChangeState.DRAFT,
        version=0,
        created_at=revision.at,
        updated_at=revision.at,
        revisions=(revision,),
    )
