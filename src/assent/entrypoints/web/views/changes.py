"""The list of changes, and the words for where one stands."""

import posixpath
from dataclasses import dataclass

from assent.app.ports import View
from assent.core.changes.flow import whose_turn
from assent.core.changes.model import Change, ChangeState
from assent.entrypoints.web.views.context import Context

PAGE = 50
TITLE = 200
"""Characters of a title that a row shows."""

STATES = {
    ChangeState.DRAFT: "draft",
    ChangeState.IN_REVIEW: "in review",
    ChangeState.CHANGES_REQUESTED: "sent back",
    ChangeState.PARTLY_APPROVED: "accepted in part",
    ChangeState.APPROVED: "accepted",
    ChangeState.QUEUED: "in the queue",
    ChangeState.TESTING: "being tested",
    ChangeState.MERGING: "merging",
    ChangeState.MERGED: "merged",
    ChangeState.EJECTED: "left the queue",
    ChangeState.REVERTED: "taken back",
    ChangeState.ABANDONED: "abandoned",
}
"""Each state in a person's words."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    number: int
    name: str
    title: str
    risk: str
    state: str
    state_word: str
    turn: str
    turn_what: str
    is_yours: bool
    """It waits for the person who looks."""
    agent: str
    owner: str
    project: str
    target: str
    created: str
    age: str
    added: int
    removed: int
    version: int


@dataclass(frozen=True, slots=True)
class ChangeList:
    rows: tuple[ChangeRow, ...]
    more_before: int | None
    """The number before which the next page begins; None when this is the last."""
    is_open: bool


def read_changes(
    view: View, context: Context, *, person: str, is_open: bool, before: int | None = None
) -> ChangeList:
    """One page. Of the open ones those that wait for `person` come first, then the newest."""
    found = view.changes(limit=PAGE + 1, before=before, is_open=is_open)
    page = found[:PAGE]
    rows = tuple(change_row(change, context, person=person) for change in page)
    return ChangeList(
        rows=tuple(sorted(rows, key=lambda row: not row.is_yours)) if is_open else rows,
        more_before=page[-1].number if len(found) > PAGE else None,
        is_open=is_open,
    )


def change_row(change: Change, context: Context, *, person: str) -> ChangeRow:
    newest = change.newest
    turn = turn_of(change, context, person=person)
    return ChangeRow(
        number=change.number,
        name=change.name,
        title=shortened(change.title),
        risk=newest.risk.word,
        state=change.state.value,
        state_word=STATES[change.state],
        turn=turn.who,
        turn_what=turn.what,
        is_yours=turn.is_yours,
        agent=context.agent_title(change.agent) if change.agent else "",
        owner=change.owner,
        project=project_of(change),
        target=change.target,
        created=context.iso(change.created_at),
        age=context.age(change.created_at),
        added=sum(hunk.added for hunk in newest.hunks),
        removed=sum(hunk.removed for hunk in newest.hunks),
        version=change.version,
    )


def shortened(title: str) -> str:
    return title[:TITLE] + ("…" if len(title) > TITLE else "")


def project_of(change: Change) -> str:
    return posixpath.basename(change.workspace) or change.workspace


@dataclass(frozen=True, slots=True)
class TurnShown:
    """Whose turn it is: `you`, `Claude Code`, `Assent`; empty when nobody's."""

    who: str
    what: str
    is_yours: bool = False

    @property
    def words(self) -> str:
        return f"{self.who}: {self.what}" if self.who and self.what else self.who


def turn_of(change: Change, context: Context, *, person: str) -> TurnShown:
    """Who has to do something for the change to go on, and what."""
    turn = whose_turn(change)
    match turn.who:
        case "person":
            return _person(change, turn.what, person)
        case "agent":
            return TurnShown(context.agent_title(change.agent), turn.what)
        case "assent":
            return TurnShown("Assent", turn.what)
        case _:
            return TurnShown("", "")


def _person(change: Change, what: str, person: str) -> TurnShown:
    """Its owner, where there is no agent that made it; else whoever may accept it."""
    makes = change.state in (
        ChangeState.DRAFT,
        ChangeState.CHANGES_REQUESTED,
        ChangeState.EJECTED,
    )
    who = (change.owner,) if makes else change.awaited or change.reviewers
    if not who or person in who:
        return TurnShown("you", what, is_yours=True)
    return TurnShown(" or ".join(who), what)


def moved_on(change: Change) -> dict[str, object]:
    """What a page needs to know when a change takes a step."""
    return {
        "number": change.number,
        "name": change.name,
        "version": change.version,
        "revision": change.newest.number,
        "state": change.state.value,
        "words": STATES[change.state],
    }
