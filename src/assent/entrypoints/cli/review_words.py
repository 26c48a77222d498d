"""How a local review is told: to a person, to a script, and as SARIF."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from urllib.parse import quote

import click

from assent import __version__
from assent.app.changes.local_review import Reviewed
from assent.core.changes.findings import by_hunk, weight
from assent.core.changes.model import Finding, HunkId, HunkRef, Opinion, Severity, Verdict
from assent.core.risk.factors import RiskClass
from assent.entrypoints.cli.marks import mark
from assent.entrypoints.cli.text import visible_block, visible_line

SEVERITIES = tuple(each.value for each in (Severity.INFO, Severity.WARNING, Severity.ERROR))
CLASSES = tuple(each.word for each in RiskClass if each >= RiskClass.LOW)
BARS = (*SEVERITIES, *CLASSES, "never")
REASONS = 8
"""Reasons of the class that are told."""
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "bright_black"}


def reaches(reviewed: Reviewed, bar: str) -> bool:
    """Whether a finding in the difference, or the class of the whole, is at the bar or above."""
    if not reviewed.patches or bar == "never":
        return False
    if bar in CLASSES:
        return risk_of(reviewed).word in CLASSES[CLASSES.index(bar) :]
    if any(verdict.opinion is Opinion.CHANGES for verdict in reviewed.verdicts):
        return True
    least = weight(Severity(bar))
    return any(item.in_diff and weight(item.severity) >= least for item in reviewed.findings)


def risk_of(reviewed: Reviewed) -> RiskClass:
    """The class, as raised by a reviewer."""
    raised = [verdict.raises_to for verdict in reviewed.verdicts if verdict.raises_to is not None]
    return max([reviewed.revision.risk, *raised])


# For a person


def describe(reviewed: Reviewed, *, against: str, bar: str) -> Iterator[str]:
    """The class and why; each file, the riskiest first, with its places and findings; the sum."""
    if not reviewed.patches:
        yield f"Nothing is {against}." if not against.startswith("in ") else "Nothing changes."
        return
    revision = reviewed.revision
    added = sum(hunk.added for hunk in revision.hunks)
    removed = sum(hunk.removed for hunk in revision.hunks)
    size = f"{_files(len(reviewed.patches))} {against}, +{added} -{removed}"
    yield f"{mark(risk_of(reviewed).word)}  {size}"
    yield from _reasons(reviewed)
    findings = reviewed.findings
    yield from _listed([item for item in findings if not item.path])
    placed = by_hunk(findings, reviewed.patches)
    for path, hunks in _by_risk(revision.hunks):
        yield ""
        yield from _file(path, hunks, placed)
    yield ""
    for verdict in reviewed.verdicts:
        yield from _verdict(verdict)
    yield _sum(reviewed, bar)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"


def _reasons(reviewed: Reviewed) -> Iterator[str]:
    revision = reviewed.revision
    if revision.trivial:
        yield f"Nothing can come of it: {visible_line(revision.trivial)}"
        return
    told = [reason for reason in revision.reasons if reason.risk >= RiskClass.MEDIUM]
    for reason in told[:REASONS]:
        yield f"  {mark(reason.risk.word)}  {visible_line(reason.what)}  ({reason.rule})"
    if len(told) > REASONS:
        yield f"  and {len(told) - REASONS} more reasons"


def _by_risk(hunks: Sequence[HunkRef]) -> list[tuple[str, list[HunkRef]]]:
    """The hunks of each file, the riskiest file first."""
    files = [(path, list(found)) for path, found in groupby(hunks, key=lambda hunk: hunk.path)]
    return sorted(files, key=lambda item: (-max(hunk.risk for hunk in item[1]), item[0]))


def _file(
    path: str, hunks: Sequence[HunkRef], placed: Mapping[HunkId | None, Sequence[Finding]]
) -> Iterator[str]:
    worst = max(hunk.risk for hunk in hunks)
    added, removed = sum(hunk.added for hunk in hunks), sum(hunk.removed for hunk in hunks)
    name = click.style(visible_line(path), bold=True)
    yield f"{mark(worst.word)}  {name}  +{added} -{removed}"
    for hunk in hunks:
        here = placed.get(hunk.id, ())
        if here or hunk.risk >= RiskClass.MEDIUM:
            what = f"  {visible_line(hunk.what)}" if hunk.what else ""
            place = f"line {hunk.new_start}" if hunk.new_start else "the file"
            yield f"  {place}, +{hunk.added} -{hunk.removed}  {mark(hunk.risk.word)}{what}"
            yield from _listed(here)
    yield from _listed([item for item in placed.get(None, ()) if item.path == path])


def _listed(findings: Sequence[Finding]) -> Iterator[str]:
    for item in findings:
        severity = click.style(f"{item.severity.value:7}", fg=_STYLES[item.severity])
        message = visible_line(item.message)
        yield f"    {severity}  {place_of(item)}{message}  ({item.reviewer}: {item.rule})"
        if item.quote:
            yield visible_block(item.quote.strip(), indent="             | ")


def place_of(item: Finding) -> str:
    """`src/a.py:12: `; empty for what is about the whole."""
    if not item.path:
        return ""
    line = f":{item.line}" if item.line else ""
    return f"{visible_line(item.path)}{line}: "


def _verdict(verdict: Verdict) -> Iterator[str]:
    """Only what could not look, and what a model says, are worth a line."""
    if verdict.opinion is Opinion.INCONCLUSIVE:
        told = f"{verdict.reviewer} could not look: {verdict.summary}"
        yield click.style(visible_line(told), fg="yellow")
    elif verdict.kind.value == "llm":
        yield visible_line(f"{verdict.reviewer}: {verdict.opinion.value}. {verdict.summary}")


def _sum(reviewed: Reviewed, bar: str) -> str:
    counts = dict.fromkeys(SEVERITIES, 0)
    for item in reviewed.findings:
        counts[item.severity.value] += 1
    said = f"{counts['error']} errors, {counts['warning']} warnings, {counts['info']} notes."
    said = said.replace("1 errors", "1 error").replace("1 warnings", "1 warning")
    said = said.replace("1 notes", "1 note")
    return f"{said} At `{bar}` or above: {'yes' if reaches(reviewed, bar) else 'no'}."


# For scripts


def as_fields(reviewed: Reviewed, *, failed: bool) -> dict[str, object]:
    """All of it; `failed` says what the exit code says."""
    revision = reviewed.revision
    return {
        "class": risk_of(reviewed).word if reviewed.patches else "trivial",
        "trivial": revision.trivial,
        "failed": failed,
        "reasons": [
            {"rule": each.rule, "class": each.risk.word, "what": each.what, "path": each.path}
            for each in revision.reasons
        ],
        "files": [_file_fields(path, hunks) for path, hunks in _by_risk(revision.hunks)],
        "findings": [finding_fields(item) for item in reviewed.findings],
        "reviewers": [
            {
                "reviewer": verdict.reviewer,
                "kind": verdict.kind.value,
                "opinion": verdict.opinion.value,
                "summary": verdict.summary,
                "made_with": verdict.made_with,
                "took_ms": verdict.took_ms,
            }
            for verdict in reviewed.verdicts
        ],
    }


def _file_fields(path: str, hunks: Sequence[HunkRef]) -> dict[str, object]:
    return {
        "path": path,
        "class": max(hunk.risk for hunk in hunks).word,
        "added": sum(hunk.added for hunk in hunks),
        "removed": sum(hunk.removed for hunk in hunks),
        "hunks": [
            {
                "id": hunk.id,
                "class": hunk.risk.word,
                "line": hunk.new_start,
                "added": hunk.added,
                "removed": hunk.removed,
                "what": hunk.what,
            }
            for hunk in hunks
        ],
    }


def finding_fields(item: Finding) -> dict[str, object]:
    return {
        "fingerprint": item.fingerprint,
        "reviewer": item.reviewer,
        "rule": item.rule,
        "severity": item.severity.value,
        "message": item.message,
        "path": item.path,
        "line": item.line,
        "end_line": item.end_line,
        "quote": item.quote,
        "in_diff": item.in_diff,
    }


_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def as_sarif(reviewed: Reviewed) -> dict[str, object]:
    """The findings as a SARIF 2.1 log."""
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "Assent", "version": __version__}},
                "results": [_result(item) for item in reviewed.findings],
            }
        ],
    }


def _result(item: Finding) -> Mapping[str, object]:
    location: dict[str, object] = {"artifactLocation": {"uri": _uri(item.path)}}
    if item.line:
        location["region"] = {"startLine": item.line, "endLine": max(item.end_line, item.line)}
    return {
        "ruleId": f"{item.reviewer}/{item.rule}",
        "level": _LEVELS[item.severity],
        "message": {"text": item.message},
        "locations": [{"physicalLocation": location}] if item.path else [],
        "partialFingerprints": {"assent/v1": item.fingerprint},
    }


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
