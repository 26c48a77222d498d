"""Findings of reviewers: where they lie in a revision, and which of them are known already.

A finding is the same in two revisions when its reviewer, rule, path and quoted text are; the number
of its line does not count, so that it is recognised when it moves. Where a line is there more than
once, the findings about it are told apart by their order.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.model import Finding, HunkId, Opinion, Severity, Verdict
from assent.core.redact import redact

MESSAGE = 1_000
"""Characters of a message that are kept."""
QUOTE = 400
"""Characters of a quoted line that are kept."""
MOST = 500
"""Findings of one reviewer that are kept; those in the difference first."""

_READ = 4_000
"""Characters of a message and of a line that are read for secrets."""

_WEIGHTS = {Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFO: 0}


@dataclass(frozen=True, slots=True)
class Reported:
    """What a reviewer says, before it is held against the difference."""

    rule: str
    severity: Severity
    message: str
    path: str = ""
    """From the root of the repository; empty: about the change as a whole."""
    line: int = 0
    """In the new file, counted from one; 0: the file as a whole."""
    end_line: int = 0
    quote: str | None = None
    """The text it is about; None: the line itself, where the difference shows it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings of one reviewer about one revision, in order."""

    findings: tuple[Finding, ...]
    left_out: int = 0
    """How many more there were."""


def weight(severity: Severity) -> int:
    """The larger, the worse."""
    return _WEIGHTS[severity]


def fingerprint(reviewer: str, rule: str, path: str, text: str, *, nth: int = 0) -> str:
    """What makes a finding the same one in another revision: SHA-256 in hexadecimal.

    `text` is the quote, or the message where nothing can be quoted; blanks and, in a message,
    numbers do not count. `nth` tells apart findings that are equal in all of this.
    """
    parts = (reviewer, rule, path, " ".join(text.split()), str(nth))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def settle(reviewer: str, reported: Iterable[Reported], patches: Sequence[FilePatch]) -> Settled:
    """Findings about files of the difference, or about all of it; each once, the worst first.

    What lies outside of the changed places is told and weighs nothing: it was there before, or
    nobody can say that it was not. What looks like a secret is hidden.
    """
    files = {patch.path: Lines(patch) for patch in patches}
    unique = {
        (item.rule, item.path, item.line, item.message): item
        for item in reported
        if not item.path or item.path in files
    }
    placed = [_placed(reviewer, item, files.get(item.path)) for item in unique.values()]
    numbered = _numbered(sorted(placed, key=lambda item: (item.path, item.line)))
    kept = ordered(numbered)
    return Settled(findings=kept[:MOST], left_out=max(0, len(kept) - MOST))


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first; then those in the difference, by path and line."""

    def key(item: Finding) -> tuple[int, bool, str, int, str]:
        return (-weight(item.severity), not item.in_diff, item.path, item.line, item.rule)

    return tuple(sorted(findings, key=key))


def opinion_of(findings: Sequence[Finding]) -> Opinion:
    """`changes` when there is an error in the difference."""
    wrong = any(item.severity is Severity.ERROR and item.in_diff for item in findings)
    return Opinion.CHANGES if wrong else Opinion.APPROVE


def _placed(reviewer: str, item: Reported, lines: "Lines | None") -> Finding:
    in_diff = lines is None or lines.changed(item.line, item.end_line)
    quote = item.quote
    if quote is None:
        quote = lines.text(item.line) if lines is not None else ""
    # A secret is neither told nor told by its digest.
    quote, message = redact(quote[:_READ]), redact(item.message[:_READ])
    text = quote or re.sub(r"\d+", "#", message)
    return Finding(
        fingerprint=fingerprint(reviewer, item.rule, item.path, text),
        reviewer=reviewer,
        rule=item.rule,
        severity=item.severity if in_diff else Severity.INFO,
        message=_cut(message, MESSAGE),
        path=item.path,
        line=item.line,
        end_line=max(item.end_line, item.line),
        quote=_cut(quote, QUOTE),
        in_diff=in_diff,
    )


def _numbered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Equal ones told apart, by their order in the file."""
    seen: Counter[str] = Counter()
    for item in findings:
        nth = seen[item.fingerprint]
        seen[item.fingerprint] += 1
        if nth == 0:
            yield item
        else:
            again = fingerprint(item.reviewer, item.rule, item.path, item.fingerprint, nth=nth)
            yield replace(item, fingerprint=again)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


# Where a finding lies


class Lines:
    """The new lines of one file's difference."""

    def __init__(self, patch: FilePatch) -> None:
        self._whole = patch.old_blob is None or any(
            hunk.whole and not hunk.mode for hunk in patch.hunks
        )
        self._spans = [span for hunk in patch.hunks for span in _spans(hunk)]
        self._texts: dict[int, str] = {}
        for hunk in patch.hunks:
            self._texts.update((number, text) for number, text, _ in new_lines(hunk))

    def changed(self, line: int, end_line: int = 0) -> bool:
        """Whether the change touches these lines; the file as a whole (0) it always does."""
        last = max(line, end_line)
        return (
            line <= 0
            or self._whole
            or any(start <= last and line <= end for start, end in self._spans)
        )

    def text(self, line: int) -> str:
        """A line as the difference shows it, without its end; empty where it does not."""
        return self._texts.get(line, "")


def new_lines(hunk: Hunk) -> Iterator[tuple[int, str, bool]]:
    """The lines of the new file that a hunk shows: number, text without its end, whether it is
    new. Bytes that are not UTF-8 become replacement characters."""
    number = _first(hunk)
    for line in hunk.lines:
        if line[:1] in (b"+", b" "):
            text = line[1:].decode("utf-8", "replace").rstrip("\r\n")
            yield number, text, line[:1] == b"+"
            number += 1


def _first(hunk: Hunk) -> int:
    """The number of its first line in the new file, or of the one behind where it has none."""
    return max(hunk.new_start + (hunk.new_count == 0), 1)


def added_lines(patch: FilePatch) -> Iterator[tuple[int, str]]:
    """The lines that a file gains, with their numbers."""
    for hunk in patch.hunks:
        for number, text, new in new_lines(hunk):
            if new:
                yield number, text


def _spans(hunk: Hunk) -> Iterator[tuple[int, int]]:
    """From the first changed line to the last; where lines only went, the lines around."""
    number, went = _first(hunk), False
    marked: list[int] = []
    for line in hunk.lines:
        if line[:1] == b"+":
            marked.append(number)
            number, went = number + 1, False
        elif line[:1] == b"-":
            went = True
        elif line[:1] == b" ":
            marked += [number - 1, number] if went else []
            number, went = number + 1, False
    marked += [number - 1, number] if went else []
    if marked:
        yield min(marked), max(marked)


def _hunk_of(patch: FilePatch, line: int) -> Hunk | None:
    return next((hunk for hunk in patch.hunks if _shows(hunk, line)), None)


def _shows(hunk: Hunk, line: int) -> bool:
    start = _first(hunk)
    return start <= line < start + max(hunk.new_count, 1)


def by_hunk(
    findings: Sequence[Finding], patches: Sequence[FilePatch]
) -> Mapping[HunkId | None, tuple[Finding, ...]]:
    """The findings under the hunk that shows their line; under None all the others."""
    files = {patch.path: patch for patch in patches}
    found: dict[HunkId | None, list[Finding]] = {}
    for item in findings:
        patch = files.get(item.path)
        hunk = None if patch is None or item.line <= 0 else _hunk_of(patch, item.line)
        found.setdefault(None if hunk is None else hunk.id, []).append(item)
    return {hunk_id: tuple(items) for hunk_id, items in found.items()}


# Across revisions


class Standing(StrEnum):
    """What became of a finding by a revision."""

    NEW = "new"
    OPEN = "open"
    """It was there in the revision before."""
    AGAIN = "again"
    """It was gone, and is back."""
    GONE = "gone"
    UNCHECKED = "unchecked"
    """It was there, and its reviewer has not looked at this revision, or could not."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A finding over the revisions of a change."""

    finding: Finding
    """As it was last told."""
    standing: Standing
    since: int
    """The revision that had it first."""


def tracked(verdicts: Sequence[Verdict], revision: int) -> tuple[Tracked, ...]:
    """What became of all findings by `revision`, each once: the worst first, the gone ones last.

    Of several verdicts of one reviewer about one revision the last one counts.
    """
    newest: dict[str, dict[int, Verdict]] = {}
    for verdict in verdicts:
        if verdict.revision <= revision:
            newest.setdefault(verdict.reviewer, {})[verdict.revision] = verdict
    found = [item for given in newest.values() for item in _followed(given, revision)]
    places = {
        item.fingerprint: place for place, item in enumerate(ordered(t.finding for t in found))
    }
    return tuple(
        sorted(
            found,
            key=lambda item: (item.standing is Standing.GONE, places[item.finding.fingerprint]),
        )
    )


def _followed(verdicts: Mapping[int, Verdict], revision: int) -> Iterator[Tracked]:
    """One reviewer's findings, from its first verdict on."""
    looked = [
        verdicts[number]
        for number in sorted(verdicts)
        if verdicts[number].opinion is not Opinion.INCONCLUSIVE
    ]
    checked = bool(looked) and looked[-1].revision == revision
    last: dict[str, Tracked] = {}
    for verdict in looked:
        here = {item.fingerprint: item for item in verdict.findings}
        last = {
            mark: Tracked(
                here.get(mark, before.finding), _next(before.standing, mark in here), before.since
            )
            for mark, before in last.items()
        } | {
            mark: Tracked(item, Standing.NEW, verdict.revision)
            for mark, item in here.items()
            if mark not in last
        }
    for item in last.values():
        if checked or item.standing is Standing.GONE:
            yield item
        else:
            yield replace(item, standing=Standing.UNCHECKED)


def _next(before: Standing, there: bool) -> Standing:  # noqa: FBT001
    if not there:
        return Standing.GONE
    return Standing.AGAIN if before is Standing.GONE else Standing.OPEN
