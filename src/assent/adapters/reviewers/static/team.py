"""The team's rules on added lines."""

import re
from collections.abc import Iterator

from assent.adapters.reviewers.static.reading import Files
from assent.app.changes.ports import Subject
from assent.core.changes.findings import Reported, added_lines
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import Severity
from assent.core.policy.globs import fits
from assent.core.policy.team import LINE, LINES, TeamRule

MOST_LINES_OF_A_RULE = 50
"""Lines of one file that are told to break one rule."""


def look(subject: Subject, _files: Files) -> Iterator[Reported]:
    for patch in subject.patches:
        for rule in subject.team_rules:
            if not rule.paths or any(fits(glob, patch.path) for glob in rule.paths):
                yield from _broken(rule, patch)


def _broken(rule: TeamRule, patch: FilePatch) -> Iterator[Reported]:
    pattern = re.compile(rule.pattern)
    told = 0
    for count, (number, line) in enumerate(added_lines(patch)):
        if count == LINES:
            yield Reported(
                rule=rule.name,
                severity=Severity.ERROR,
                message=f"gains more lines than can be checked: {rule.message}",
                path=patch.path,
            )
            return
        if pattern.search(line[:LINE]):
            yield Reported(
                rule=rule.name,
                severity=Severity.ERROR,
                message=rule.message,
                path=patch.path,
                line=number,
            )
            told += 1
            if told == MOST_LINES_OF_A_RULE:
                return
