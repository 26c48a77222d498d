"""The exact action of a request, cut into pieces that a page can mark and fold."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, assert_never

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnexplainedChange,
    UnknownAction,
)
from assent.core.encoding import kind_of
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Evidence
from assent.entrypoints.web.views.diffs import Diff, read_diff
from assent.entrypoints.web.views.excerpt import PROSE, SCRIPT, Folded, Measure, Shown, excerpt

REASONS = 40
"""Reasons that are listed and marked in the text; the worst come first."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text. Marked ones carry the worst class said about them, and by which reason."""

    text: str
    risk: str = ""
    reason: int = 0


TextPart: TypeAlias = Run | Folded


@dataclass(frozen=True, slots=True)
class FileView:
    path: str
    what: str
    """`create`, `update`, `delete`, `move`."""
    moved_to: str | None
    diff: Diff | None
    note: str = ""
    """Said where no diff can be shown."""


@dataclass(frozen=True, slots=True)
class ActionView:
    """`kind` is the action's own word. Texts are exact; only `Folded` parts are left out."""

    kind: str
    lead: str
    """What the block below holds."""
    text: tuple[TextPart, ...] = ()
    arguments: tuple[str, ...] = ()
    files: tuple[FileView, ...] = ()
    paths: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """More of what would happen, as label and exact value."""
    warning: str = ""

    @property
    def is_folded(self) -> bool:
        """Whether a part is left out."""
        return any(isinstance(part, Folded) for part in self.text) or any(
            file.diff is not None and file.diff.is_folded for file in self.files
        )


def action_view(
    action: Action, evidence: Sequence[Evidence] = (), *, whole: bool = False
) -> ActionView:
    """With `whole` nothing is folded."""
    kind = kind_of(action)
    match action:
        case Command():
            return _command(action, evidence, whole=whole)
        case FileEdit():
            files = tuple(_file(change, whole=whole) for change in action.changes)
            return ActionView(kind, "Changes to files", files=files, facts=(("in", action.cwd),))
        case FileRead():
            return ActionView(
                kind, "Reads these files", paths=action.paths, facts=(("in", action.cwd),)
            )
        case ToolCall():
            return ActionView(
                kind,
                "Arguments of the call",
                text=_text(_pretty(action.arguments), (), measure=_as_far_as(PROSE, whole=whole)),
                facts=_tool_facts(action),
            )
        case Plan():
            return ActionView(
                kind,
                "The plan, as the agent wrote it",
                text=_text(action.text, evidence, measure=_as_far_as(PROSE, whole=whole)),
                facts=(("file", action.path),) if action.path else (),
            )
        case PolicyEdit():
            file = FileView(
                ".assent/policy.toml", "update", None, read_diff(action.diff, whole=whole)
            )
            return ActionView(
                kind,
                "Change of the rules",
                files=(file,),
                facts=(
                    ("workspace", action.workspace),
                    ("in force now", action.before),
                    ("would be", action.after),
                ),
            )
        case UnexplainedChange():
            return ActionView(
                kind,
                "Changed, and no call of an agent accounts for it",
                files=tuple(_file(change, whole=whole) for change in action.changes),
                facts=_unexplained_facts(action),
                warning=(
                    "Approve to keep these changes. Reject to undo them: the files become what "
                    "they were, and what is there now stays in a checkpoint."
                ),
            )
        case UnknownAction():
            return ActionView(
                kind,
                "What the agent sent, unread",
                text=_text(action.raw, (), measure=_as_far_as(PROSE, whole=whole)),
                facts=(("tool", action.tool or "not told"), ("digest", action.raw_digest)),
                warning=f"Assent cannot read this: {action.reason}",
            )
        case _:
            assert_never(action)


def _command(action: Command, evidence: Sequence[Evidence], *, whole: bool) -> ActionView:
    facts = [("in", action.cwd)]
    facts += [(f"with {name}", value) for name, value in action.env]
    facts += [("runs", f"{path}, as it was when asked ({file})") for path, file in action.operands]
    warning = (
        "This opens a terminal: what is typed into it later does not pass Assent."
        if action.interactive
        else ""
    )
    if isinstance(action.script, str):
        return ActionView(
            "command",
            "The shell runs this text",
            text=_text(action.script, evidence, measure=_as_far_as(SCRIPT, whole=whole)),
            facts=tuple(facts),
            warning=warning,
        )
    return ActionView(
        "command",
        "Runs this program with these arguments, no shell reads them",
        arguments=action.script,
        facts=tuple(facts),
        warning=warning,
    )


def _unexplained_facts(action: UnexplainedChange) -> tuple[tuple[str, str], ...]:
    facts = [("in", action.workspace), ("was", action.before), ("is", action.after)]
    if action.left_out:
        facts.append(("not listed", f"{action.left_out:,} more files"))
    return tuple(facts)


def _tool_facts(action: ToolCall) -> tuple[tuple[str, str], ...]:
    facts = [("tool", action.tool), ("of", action.server)]
    if action.schema_hash:
        facts.append(("schema", action.schema_hash))
    return tuple(facts)


def _pretty(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


def _file(change: FileChange, *, whole: bool) -> FileView:
    diff = read_diff(change.diff, whole=whole) if change.diff else None
    note = "" if diff else _without_diff(change)
    return FileView(change.path, change.kind.value, change.moved_to, diff, note)


def _without_diff(change: FileChange) -> str:
    match change.kind:
        case EditKind.MOVE:
            return "The content stays as it is."
        case EditKind.DELETE:
            return "The whole file goes."
        case EditKind.CREATE | EditKind.UPDATE:
            return f"Not text, or nothing to show. After: {change.after or 'no file'}."
        case _:
            assert_never(change.kind)


# Marks in a text


def _as_far_as(measure: Measure, *, whole: bool) -> Measure | None:
    return None if whole else measure


def _text(
    text: str, evidence: Sequence[Evidence], *, measure: Measure | None
) -> tuple[TextPart, ...]:
    places = tuple(_places(text, evidence))
    spans = (place.span for place in places)
    parts = (Shown(0, len(text)),) if measure is None else excerpt(text, spans, measure)
    return tuple(
        run
        for part in parts
        for run in (_runs(text, part, places) if isinstance(part, Shown) else (part,))
    )


@dataclass(frozen=True, slots=True)
class _Place:
    span: tuple[int, int]
    risk: RiskClass
    reason: int


def _places(text: str, evidence: Sequence[Evidence]) -> Iterator[_Place]:
    for number, item in enumerate(evidence[:REASONS], start=1):
        if item.span is None:
            continue
        start, end = max(0, item.span[0]), min(len(text), item.span[1])
        if start < end:
            yield _Place((start, end), item.risk, number)


def _runs(text: str, part: Shown, places: Sequence[_Place]) -> Iterator[Run]:
    """Cut at every edge of a place. Where places overlap, the worst class is the one that shows."""
    edges = {part.start, part.end}
    for place in places:
        edges.update(edge for edge in place.span if part.start < edge < part.end)
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        inside = [place for place in places if place.span[0] <= start and end <= place.span[1]]
        worst = max(inside, key=lambda place: (place.risk, -place.reason), default=None)
        if worst is None:
            yield Run(text[start:end])
        else:
            yield Run(text[start:end], worst.risk.word, worst.reason)


def quoted(action: Action, item: Evidence) -> str:
    """The words of the action that a reason points at; empty when it points at none."""
    if item.span is None:
        return ""
    if isinstance(action, Command) and isinstance(action.script, str):
        text = action.script
    elif isinstance(action, Plan):
        text = action.text
    else:
        return ""
    return text[max(0, item.span[0]) : item.span[1]]
