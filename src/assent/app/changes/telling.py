"""Whom a step of a change is news for: who can accept it now, and who answers for it."""

from collections.abc import Iterable

from assent.app.changes.grounds import Grounds
from assent.app.notifications.items import Occasion
from assent.app.notifications.news import tell_of_change
from assent.app.ports import Tx
from assent.core.changes.agreement import agreement, current_hunks, present_voices
from assent.core.changes.lifecycle import verdicts_of
from assent.core.changes.model import Change, ChangeState, Opinion, ReviewerKind
from assent.core.people.voices import is_anybody


def awaited_by(change: Change, grounds: Grounds) -> tuple[str, ...]:
    """Who could give what is missing; empty where anybody here could."""
    hunks = current_hunks(change)
    ground = grounds.of(hunks)
    found = agreement(change, hunks, ground)
    if found.awaited or not ground.apart or ground.active is None:
        return found.awaited
    anybody = any(is_anybody(each.need) and not each.is_met for each in found.needs)
    return tuple(sorted(ground.active - ground.apart.keys())) if anybody else ()


def tell_step(tx: Tx, change: Change, what: str, *, at: int) -> None:
    """Have people told of the step `what` that was just stored. Nobody is told what they did."""
    match what:
        case "asked" | "accepted" if change.state is ChangeState.IN_REVIEW:
            spoke = {each.by for each in present_voices(change)}
            to = change.awaited or [each.name for each in tx.people() if each.active]
            _tell(tx, change, Occasion.CHANGE_WAITS, set(to) - spoke, at)
        case "returned":
            _tell(tx, change, Occasion.CHANGE_RETURNED, {change.owner} - _returned_by(change), at)
        case "ejected":
            accepted = {each.by for each in present_voices(change)}
            _tell(tx, change, Occasion.CHANGE_EJECTED, {change.owner, *accepted}, at)
        case _:
            pass


def _returned_by(change: Change) -> set[str]:
    return {
        each.reviewer
        for each in verdicts_of(change)
        if each.kind is ReviewerKind.PERSON and each.opinion is Opinion.CHANGES
    }


def _tell(tx: Tx, change: Change, occasion: Occasion, to: Iterable[str], at: int) -> None:
    tell_of_change(tx, change, occasion, to=sorted(to), now=at, risk=change.newest.risk)
