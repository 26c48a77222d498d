"""A repository on disk, a gatehouse in memory, and reviewers that say what a test wants."""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.ports import ChangePorts, Reviewer, Subject
from assent.app.changes.saying import Voice
from assent.app.changes.submit import Submission, submit_change
from assent.app.changes.work import see_to
from assent.app.gatehouse import Gatehouse
from assent.app.records import body_of
from assent.core.changes.lifecycle import Refusal
from assent.core.changes.model import (
    Change,
    Finding,
    Opinion,
    ReviewerKind,
    TestRun,
    Verdict,
)
from assent.core.policy.changes import ChangeRules
from assent.core.risk.factors import RiskClass
from tests.app.conftest import Scene
from tests.app.world import BUILT_IN, StillPolicies

ANA = Voice(by="ana", via="cli")


def git(folder: Path, *words: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@localhost",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@localhost",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, env=env
    )
    return done.stdout.decode().strip()


NUMBERS = "\n".join(f"line {number} = {number}" for number in range(30)) + "\n"


def sample(folder: Path) -> Path:
    """A repository on `main` with a branch `work` checked out."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "numbers.txt").write_text(NUMBERS)
    (folder / "notes.md").write_text("# Notes\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "start")
    git(folder, "checkout", "-q", "-b", "work")
    return folder


@dataclass
class Says:
    """A reviewer that has its answer ready."""

    name: str = "secrets"
    opinion: Opinion = Opinion.APPROVE
    kind: ReviewerKind = ReviewerKind.STATIC
    findings: tuple[Finding, ...] = ()
    raises_to: RiskClass | None = None
    counts: bool = True
    breaks: bool = False
    seen: list[Subject] = field(default_factory=list)

    async def review(self, subject: Subject) -> Verdict:
        self.seen.append(subject)
        await asyncio.sleep(0)
        if self.breaks:
            raise RuntimeError
        return Verdict(
            reviewer=self.name,
            kind=self.kind,
            revision=subject.revision.number,
            opinion=self.opinion,
            at=2_000_000,
            summary="so it is",
            findings=self.findings,
            raises_to=self.raises_to,
            counts=self.counts,
        )


@dataclass
class Bench:
    """Implements Reviewers."""

    checks: list[Says] = field(default_factory=lambda: [Says()])
    model: Says | None = None

    def static(self, rules: ChangeRules) -> Sequence[Reviewer]:
        return self.checks

    def llm(self, rules: ChangeRules) -> Reviewer | None:
        return self.model


class NoTests:
    """Implements Tests; nothing is run here."""

    async def run(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        retries: int,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> TestRun:
        raise AssertionError

    def log(self, digest: str) -> bytes | None:
        return None


@dataclass
class HeldValues:
    """Implements Values on a dictionary."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, file: str, pointer: str) -> str | None:
        return self.texts.get((file, pointer))

    def replace(self, file: str, pointer: str, *, before: str | None, after: str | None) -> bool:
        raise AssertionError


@dataclass
class Stage:
    """Everything that a test of changes works with."""

    folder: Path
    scene: Scene
    bench: Bench
    values: HeldValues
    gate: Gatehouse

    def write(self, **files: str) -> None:
        """Write files in the work tree; `__` in a name stands for `.`."""
        for name, text in files.items():
            (self.folder / name.replace("__", ".")).write_text(text)

    def commit(self, **files: str) -> None:
        self.write(**files)
        git(self.folder, "add", ".")
        git(self.folder, "commit", "-q", "-m", "work")

    async def submit(self, **said: object) -> Change:
        fields: dict[str, object] = {
            "cwd": str(self.folder),
            "owner": "ana",
            "title": "Count on",
            "agent": "plain",
            **said,
        }
        return await submit_change(self.gate, Submission(**fields))  # type: ignore[arg-type]

    async def see_to(self, change: Change) -> Change:
        """The change after Assent did what it can do by itself."""
        await see_to(self.gate, change.id)
        return self.now(change)

    def numbered(self, number: int) -> Change:
        found = self.scene.store.read(lambda view: view.change_numbered(number))
        assert found is not None
        return found

    def now(self, change: Change) -> Change:
        found = self.scene.store.read(lambda view: view.change(change.id))
        assert found is not None
        return found

    def entries(self, change: Change) -> list[str]:
        """Kinds of what was recorded of it, oldest first."""
        stream = f"change/{change.number}"
        chain = self.scene.store.read(lambda view: list(view.chain(stream)))
        return [str(body_of(each)["kind"]) for each in chain]


def stage(folder: Path, scene: Scene, *, rules: ChangeRules | None = None) -> Stage:
    made, bench, values = sample(folder / "shop"), Bench(), HeldValues()
    if rules is not None:
        scene.policies = StillPolicies(replace(BUILT_IN, changes=rules))
    ports = ChangePorts(
        repositories=GitRepositories(folder / "assent"),
        tests=NoTests(),
        values=values,
        reviewers=bench,
    )
    return Stage(made, scene, bench, values, replace(scene.gate, changes=ports))


def done(outcome: Change | Refusal) -> Change:
    assert isinstance(outcome, Change), outcome
    return outcome
