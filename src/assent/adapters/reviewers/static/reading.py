"""What reviewers that only read have in common: a look at the difference becomes a verdict."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from assent import __version__
from assent.app.changes.ports import Subject
from assent.app.ports import Clock
from assent.core.changes.findings import Reported, Settled, opinion_of, settle
from assent.core.changes.model import (
    Finding,
    Opinion,
    Payload,
    ReviewerKind,
    Severity,
    TreePayload,
    ValuePayload,
    Verdict,
)
from assent.core.risk.edits import FileVersion
from assent.errors import AssentError

MADE_WITH = f"Assent {__version__}"


class Texts(Protocol):
    """Where whole files are read; `Repositories` is one. Both raise UnavailableError."""

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]: ...

    def blob(self, repository: str, commit: str, path: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one revision, before and after it."""

    texts: Texts
    repository: str
    payload: Payload

    @property
    def are_whole(self) -> bool:
        """Whether the texts are whole files, and not one value of a file."""
        return isinstance(self.payload, TreePayload) or not self.payload.pointer

    def versions(self) -> tuple[FileVersion, ...]:
        """Both texts of each file; of a value its own."""
        payload = self.payload
        if isinstance(payload, ValuePayload):
            # As its difference is named.
            path = f"{payload.file}#{payload.pointer}" if payload.pointer else payload.file
            return (FileVersion(path, payload.before, payload.after),)
        return self.texts.versions(self.repository, payload.base, payload.commit)

    def holds(self, path: str) -> bool:
        """Whether the revision has a file there; a value has none beside it."""
        payload = self.payload
        if isinstance(payload, ValuePayload):
            return False
        return self.texts.blob(self.repository, payload.commit, path) is not None


Look: TypeAlias = Callable[[Subject, Files], Iterable[Reported]]


@dataclass(frozen=True)
class ReadingReviewer:
    """Implements `Reviewer` by one function that reads."""

    name: str
    look: Look
    texts: Texts
    clock: Clock

    async def review(self, subject: Subject) -> Verdict:
        """Inconclusive when the files cannot be had, or the reviewer itself is at fault."""
        began = self.clock.now()
        looking = asyncio.ensure_future(asyncio.to_thread(self._settled, subject))
        await asyncio.wait([looking])
        error = looking.exception()
        if error is None:
            return verdict_of(self.name, subject, looking.result(), began=began, clock=self.clock)
        said = str(error) if isinstance(error, AssentError) else f"it failed: {error!r}"[:500]
        return inconclusive(self.name, subject, said, began=began, clock=self.clock)

    def _settled(self, subject: Subject) -> Settled:
        files = Files(self.texts, subject.change.repository, subject.revision.payload)
        return settle(self.name, self.look(subject, files), subject.patches)


def verdict_of(
    name: str,
    subject: Subject,
    settled: Settled,
    *,
    began: int,
    clock: Clock,
    opinion: Opinion | None = None,
    said: str = "",
    made_with: str = MADE_WITH,
) -> Verdict:
    """What was found, as a verdict; without an `opinion` the findings give one."""
    now = clock.now()
    parts = [said, summary(settled.findings)]
    if settled.left_out:
        parts.append(f"and {settled.left_out} more")
    return Verdict(
        reviewer=name,
        kind=ReviewerKind.STATIC,
        revision=subject.revision.number,
        opinion=opinion_of(settled.findings) if opinion is None else opinion,
        at=now,
        summary="; ".join(filter(None, parts)),
        findings=settled.findings,
        made_with=made_with,
        took_ms=max(0, now - began),
    )


def inconclusive(name: str, subject: Subject, why: str, *, began: int, clock: Clock) -> Verdict:
    """It could not look, and says why."""
    now = clock.now()
    return Verdict(
        reviewer=name,
        kind=ReviewerKind.STATIC,
        revision=subject.revision.number,
        opinion=Opinion.INCONCLUSIVE,
        at=now,
        summary=why,
        made_with=MADE_WITH,
        took_ms=max(0, now - began),
    )


def summary(findings: Iterable[Finding]) -> str:
    """How many of what there are: `1 error, 2 warnings`."""
    counts = dict.fromkeys(Severity, 0)
    for item in findings:
        counts[item.severity] += 1
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    said = [
        f"{counts[kind]} {word}{'s' if counts[kind] != 1 else ''}"
        for kind, word in words.items()
        if counts[kind]
    ]
    return ", ".join(said) or "nothing found"
