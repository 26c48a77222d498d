"""What a team wants of code, checked on the lines that an edit adds."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assent.core.actions import Action, FileChange, FileEdit
from assent.core.facts import Facts
from assent.core.policy.globs import named_below
from assent.core.risk.factors import Factors, Reach, Reversibility, Sensitivity
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.shell import join

TEAM_RULE = "team-rule"
LINE = 400
"""Characters of a line that are looked at."""
LINES = 20_000
"""Added lines of one edit that are looked at; one with more breaks every rule for its files."""


@dataclass(frozen=True, slots=True)
class TeamRule:
    """A pattern that must not be added, or a thing to be used instead of another."""

    name: str
    pattern: str
    """A regular expression, searched for in each added line."""
    message: str
    """What agents are told at the start, and when they break it."""
    paths: tuple[str, ...] = ()
    """Globs relative to the workspace; empty: all files."""


def broken_rules(action: Action, rules: Sequence[TeamRule], facts: Facts) -> list[Evidence]:
    """A reason for each rule that the edit breaks, once for each file."""
    if not rules or not isinstance(action, FileEdit):
        return []
    return [
        _broken(rule, path, where)
        for change in action.changes
        for path in (_real(change, action, facts),)
        for rule in rules
        if not rule.paths or any(named_below(glob, path, facts.workspace) for glob in rule.paths)
        for where in (_first(rule, change),)
        if where
    ]


def told(rules: Sequence[TeamRule]) -> str:
    """The rules in words, for an agent whose session starts; empty without rules."""
    if not rules:
        return ""
    lines = [
        f"- {rule.message}" + (f" (in {', '.join(rule.paths)})" if rule.paths else "")
        for rule in rules
    ]
    head = "Rules of this project's team. Assent checks them on every edit:"
    return "\n".join((head, *lines))


def _broken(rule: TeamRule, path: str, where: str) -> Evidence:
    return Evidence(
        rule=TEAM_RULE,
        effect=Effect.WORKSPACE_WRITE,
        factors=Factors(Reversibility.EASY, Reach.WORKSPACE, sensitivity=Sensitivity.SENSITIVE),
        what=f"{where} breaks the team's rule `{rule.name}`: {rule.message}",
        path=path,
    )


def _real(change: FileChange, action: FileEdit, facts: Facts) -> str:
    written = join(action.cwd, change.moved_to or change.path)
    known = facts.paths.get(written)
    return written if known is None else known.real


def _first(rule: TeamRule, change: FileChange) -> str:
    """Where the change breaks the rule first: `line 12`; empty where it does not."""
    pattern = _compiled(rule.pattern)
    for count, (number, line) in enumerate(_added(change.diff)):
        if count == LINES:
            return "an edit too long to be checked"
        if pattern.search(line[:LINE]):
            return f"line {number}"
    return ""


def _added(diff: str) -> Iterator[tuple[int, str]]:
    """The added lines of a unified diff of one file, with their numbers."""
    number, in_hunk = 0, False
    for line in diff.split("\n"):
        start = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", line)
        if start:
            number, in_hunk = int(start[1]), True
        elif in_hunk and line.startswith("+"):
            yield number, line[1:]
            number += 1
        elif in_hunk and line.startswith(" "):
            number += 1


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
