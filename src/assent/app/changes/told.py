"""What agents are told about their changes: plainly, and as data for those that read it."""

from collections.abc import Sequence

from assent.app.ports import View
from assent.core.canonical import Json
from assent.core.changes.lifecycle import findings_of, verdicts_of
from assent.core.changes.limits import split
from assent.core.changes.model import (
    BY_ASSENT,
    Change,
    ChangeState,
    Opinion,
    ReviewerKind,
    Severity,
    Stance,
)
from assent.core.policy.changes import ChangeRules

AT_START = 5
"""Changes of a workspace that an agent is told of as its run begins."""
_TO_DO = frozenset({ChangeState.CHANGES_REQUESTED, ChangeState.EJECTED})


def after_submit(change: Change) -> str:
    """For the agent that submitted it, as the answer to its call."""
    where = f"{change.name} is in review ({change.newest.risk.word})"
    if change.state is ChangeState.DRAFT:
        return (
            f"{change.name} is kept as a draft. Go on with it, and hand in what is new with "
            f"`assent change submit --change {change.name}`."
        )
    return (
        f"{where}. Your run ends here: stop, and say so. Do not merge, push or change it further. "
        f"When it comes back, you are told what to change; see also `assent change show "
        f"{change.name}`."
    )


def when_back(change: Change) -> str:
    """What is to be changed, for the agent that made it."""
    lines = [f"{change.name} ({change.title}) came back to you: {_why(change)}"]
    lines += [f"- {_place(item)}{item['text']}" for item in _points(change)]
    what = "Change what is asked for and nothing else"
    if change.state is ChangeState.EJECTED:
        what = f"Put that right (after a conflict, bring `{change.target}` into your branch first)"
    lines.append(f"{what}, then hand it in again: assent change submit --change {change.name}")
    return "\n".join(lines)


def as_data(change: Change) -> dict[str, Json]:
    """The same for programs. `points` have a path, a line (0: none), a kind and a text; `why` and
    `text` are empty while nothing is to be done."""
    points: list[Json] = [{**item} for item in _points(change)]
    is_back = change.state in _TO_DO
    return {
        "change": change.name,
        "state": change.state.value,
        "revision": change.newest.number,
        "why": _why(change) if is_back else "",
        "points": points,
        "text": when_back(change) if is_back else "",
    }


def told_at_start(view: View, workspace: str) -> str:
    """What waits for an agent that begins a run in `workspace`; empty when nothing does."""
    back = [
        change
        for change in view.open_changes()
        if change.workspace == workspace and change.agent and change.state in _TO_DO
    ]
    return "\n\n".join(when_back(change) for change in back[:AT_START])


def split_comment(change: Change, rules: ChangeRules) -> str:
    """What is said about a change that is too large to be looked at in one piece."""
    newest = change.newest
    limit = rules.lines[newest.risk]
    head = (
        f"This changes {newest.lines} lines; at most {limit} can be looked at in one piece where "
        f"the class is {newest.risk.word}. It could be split like this:"
    )
    lines = [head]
    lines += [
        f"- {group.title}: {group.lines} lines in {_files(group.paths)}"
        for group in split(newest, limit)
    ]
    return "\n".join(lines)


def _files(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{len(paths)} files"


def _why(change: Change) -> str:
    if change.state is ChangeState.EJECTED:
        return f"it could not be merged: {change.ejected}"
    said = [each for each in verdicts_of(change) if each.opinion is Opinion.CHANGES]
    by_people = [each for each in said if each.kind is ReviewerKind.PERSON]
    if said:
        last = (by_people or said)[-1]
        return f"{last.reviewer} asks for changes: {last.summary or 'see its findings'}"
    return change.newest.note or "a part of it is not accepted"


def _points(change: Change) -> list[dict[str, str | int]]:
    """Comments that are open, rejected hunks, and what reviewers found; each with its place."""
    comments = [
        _point("comment", each.path, each.line, f"{each.by}: {each.text}")
        for each in change.comments
        if not each.resolved and (each.by != BY_ASSENT or each.revision == change.newest.number)
    ]
    places = {hunk.id: hunk for hunk in change.newest.hunks}
    rejected = [
        _point(
            "rejected",
            places[each.hunk].path,
            places[each.hunk].new_start,
            f"{each.by} rejects this hunk" + (f": {each.reason}" if each.reason else ""),
        )
        for each in change.stances
        if each.stance is Stance.REJECT and each.hunk in places
    ]
    findings = [
        _point(
            found.finding.severity.value,
            found.finding.path,
            found.finding.line,
            f"{found.finding.reviewer}: {found.finding.message}",
        )
        for found in findings_of(change)
        if found.finding.severity is not Severity.INFO
    ]
    return [*comments, *rejected, *findings]


def _point(kind: str, path: str, line: int, text: str) -> dict[str, str | int]:
    return {"kind": kind, "path": path, "line": line, "text": text}


def _place(point: dict[str, str | int]) -> str:
    path, line = point["path"], point["line"]
    if not path:
        return ""
    return f"{path}:{line}: " if line else f"{path}: "
