"""Revisions on paper: texts before and after, as reviewers are given them."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assent.app.changes.ports import Ran, Subject
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import (
    Change,
    ChangeState,
    HunkId,
    Payload,
    Revision,
    TreePayload,
)
from assent.core.policy.changes import ChangeRules
from assent.core.policy.team import TeamRule
from assent.core.risk.edits import FileVersion
from assent.core.risk.factors import RiskClass

REPOSITORY, BASE, COMMIT = "/repo/.git", "b" * 40, "c" * 40
Texts = Mapping[str, str | None]


@dataclass
class Clock:
    at: int = 1_000

    def now(self) -> int:
        self.at += 5
        return self.at


@dataclass(frozen=True)
class PaperTexts:
    """Implements `Texts` on what a revision has in its files."""

    before: Texts
    after: Texts
    others: frozenset[str] = frozenset()
    """Files that stay as they are."""

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]:
        assert (repository, base, commit) == (REPOSITORY, BASE, COMMIT)
        paths = sorted({*self.before, *self.after})
        return tuple(
            FileVersion(path, self.before.get(path), self.after.get(path)) for path in paths
        )

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:
        text = "" if path in self.others else self.after.get(path)
        return None if text is None else text.encode()


@dataclass
class PaperCheckouts:
    """Implements `Checkouts` by what was prepared for a commit."""

    by_commit: Mapping[str, Ran]
    asked: list[tuple[str, str]] = field(default_factory=list)
    shared: dict[str, str] = field(default_factory=dict)
    confined: bool = False
    """Whether the last run had to be in a sandbox."""

    async def run_check(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> Ran:
        assert repository == REPOSITORY
        assert limit_s > 0
        self.shared = dict(shared or {})
        self.confined = must_confine
        self.asked.append((commit, command))
        return self.by_commit[commit]


_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def patches(before: Texts, after: Texts) -> tuple[FilePatch, ...]:
    """The difference, as git would tell it."""
    return tuple(
        _patch(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _patch(path: str, before: str | None, after: str | None) -> FilePatch:
    return FilePatch(
        path=path,
        old_mode=None if before is None else "100644",
        new_mode=None if after is None else "100644",
        old_blob=None if before is None else "1" * 40,
        new_blob=None if after is None else "2" * 40,
        hunks=tuple(_hunks(path, before, after)),
    )


def _hunks(path: str, before: str | None, after: str | None) -> Sequence[Hunk]:
    old = (before or "").splitlines(keepends=True)
    new = (after or "").splitlines(keepends=True)
    found: list[Hunk] = []
    for line in list(difflib.unified_diff(old, new))[2:]:
        head = _HEAD.match(line)
        if head:
            start, count, at, of = (int(n) if n else 1 for n in head.groups())
            found.append(
                Hunk(
                    id=HunkId(f"{path}:{len(found)}"),
                    path=path,
                    old_start=start,
                    old_count=count,
                    new_start=at,
                    new_count=of,
                    whole=before is None or after is None,
                )
            )
        else:
            last = found.pop()
            found.append(
                Hunk(
                    id=last.id,
                    path=path,
                    old_start=last.old_start,
                    old_count=last.old_count,
                    new_start=last.new_start,
                    new_count=last.new_count,
                    lines=(*last.lines, line.encode("utf-8", "surrogateescape")),
                    whole=last.whole,
                )
            )
    return found


def subject(
    files: Sequence[FilePatch],
    *,
    rules: ChangeRules | None = None,
    team: Sequence[TeamRule] = (),
    payload: Payload | None = None,
) -> Subject:
    revision = Revision(
        number=2,
        payload=payload or TreePayload(base=BASE, commit=COMMIT, tree="d" * 40),
        by="claude-code",
        session="s",
        model="m",
        at=0,
        risk=RiskClass.LOW,
        reasons=(),
        hunks=(),
    )
    change = Change(
        id="id",
        number=4,
        title="a change",
        plan="",
        plan_approved=False,
        workspace="/repo",
        repository=REPOSITORY,
        branch="topic",
        target="main",
        owner="ana",
        agent="claude-code",
        state=ChangeState.IN_REVIEW,
        version=1,
        created_at=0,
        updated_at=0,
        revisions=(revision,),
    )
    return Subject(
        change=change,
        revision=revision,
        patches=tuple(files),
        rules=rules or ChangeRules(),
        team_rules=tuple(team),
    )
