"""What stands out in a change, as findings at their lines: weaker tests, hidden text and more."""

from collections.abc import Iterator

from assent.adapters.reviewers.static.reading import Files
from assent.app.changes.ports import Subject
from assent.core.changes.findings import Reported
from assent.core.changes.model import Severity
from assent.core.risk.edits import inspect_change
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Evidence

OTHERS = frozenset(("secret-added", "new-dependency"))
"""Told by reviewers of their own."""
OF_THE_FILE = frozenset(
    (
        "agent-instructions",
        "ci",
        "infrastructure",
        "migration",
        "lockfile",
        "vendored",
        "sensitive-path",
        "generated",
    )
)
"""What is said of a file by its name alone; it is no fault."""
LARGE = "large-edit"


def look(subject: Subject, files: Files) -> Iterator[Reported]:
    reading = subject.reading or inspect_change(files.versions())
    told: set[tuple[str, str]] = set()
    for hunk in reading.hunks:
        for item in hunk.evidence:
            if _matters(item) and not _is_of_the_file(item):
                told.add((item.rule, hunk.file))
                yield _reported(item, hunk.file, hunk.after_start)
    for item in reading.evidence:
        if _matters(item) and (item.rule, item.path) not in told:
            yield _reported(item, "" if item.rule == LARGE else item.path, 0)


def _matters(item: Evidence) -> bool:
    return item.risk >= RiskClass.MEDIUM and item.rule not in OTHERS


def _is_of_the_file(item: Evidence) -> bool:
    return item.rule in OF_THE_FILE or item.rule == "policy-self"


def _reported(item: Evidence, path: str, line: int) -> Reported:
    return Reported(
        rule=item.rule,
        severity=_severity(item),
        message=item.what,
        path=path,
        line=line,
    )


def _severity(item: Evidence) -> Severity:
    """Text that reads otherwise than it looks is an error: nobody can have reviewed it."""
    if item.rule in OF_THE_FILE or item.rule == LARGE:
        return Severity.INFO
    deceives = item.rule == "hidden-text" and item.risk >= RiskClass.HIGH
    return Severity.ERROR if deceives else Severity.WARNING
