"""The steps of a change, from the record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assent.core.ledger import Entry
from assent.entrypoints.web.views.activity import body_of
from assent.entrypoints.web.views.context import Context


@dataclass(frozen=True, slots=True)
class StepShown:
    at: str
    moment: str
    kind: str
    by: str
    why: str


_STANCES = {"accept": "accepts a hunk.", "reject": "rejects a hunk.", "undecide": "undecided."}


def steps_of(entries: Iterable[Entry], context: Context) -> tuple[StepShown, ...]:
    """In the order given: the newest first."""
    return tuple(_step(entry, context) for entry in entries)


def _step(entry: Entry, context: Context) -> StepShown:
    body = body_of(entry)
    at = body.get("at")
    by, why = said_in(body)
    moment = at if isinstance(at, int) else 0
    return StepShown(
        at=context.iso(moment),
        moment=context.moment(moment),
        kind=str(body.get("kind", "")).replace("-", " "),
        by=by,
        why=why,
    )


def said_in(body: Mapping[str, object]) -> tuple[str, str]:
    """Who took the step, and why or what they said; empty where that is not recorded."""
    by = next((body[key] for key in ("by", "reviewer", "owner") if body.get(key)), "")
    why = next((body[key] for key in ("reason", "why", "summary", "opinion") if body.get(key)), "")
    if body.get("stance"):
        why = f"{_STANCES.get(str(body['stance']), '')} {why}".strip()
    return str(by), str(why)
