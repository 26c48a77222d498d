"""Who can decide a request, who has, who is missing, and what happens when nobody does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.app.gatehouse import Gatehouse
from assent.app.ports import View
from assent.app.speaking import delegations_for
from assent.core.approvals import AGREEING, Decision, Request, State, approvers, ballot_of
from assent.core.canonical import Json
from assent.core.due import next_reminder
from assent.core.people.delegation import why_not
from assent.core.people.model import Delegation, Factor, Need, Person
from assent.core.people.voices import NeedProgress, Voice, active_names, is_anybody, is_member
from assent.entrypoints.web.views import words
from assent.entrypoints.web.views.context import Context


@dataclass(frozen=True, slots=True)
class Known:
    """The people here, and who lets whom decide in their name, as it is now."""

    people: tuple[Person, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    @property
    def active(self) -> frozenset[str] | None:
        return active_names(self.people)


NOBODY_KNOWN = Known()


def known_about(gate: Gatehouse, view: View, request: Request, *, now: int) -> Known:
    """Who is here, and which delegations the policy of the request's workspace lets hold."""
    return Known(tuple(view.people()), delegations_for(gate, view, request, at=now))


def others_than(person: str, known: Known) -> tuple[str, ...]:
    """Whom `person` could hand something to, by name."""
    return tuple(each.name for each in known.people if each.active and each.name != person)


def stance(request: Request, person: str, giver: str, *, known: Known) -> str:
    """What `person` can say about it, where that is not simply their own word; or empty.

    `giver` is in whose name they would speak.
    """
    if request.separate and person == request.asker:
        return "Your agent asks this, so others approve it. You can say no, delay or withdraw it."
    if giver:
        return f"You approve in {giver}'s name: {giver} let you, and is told."
    if not is_member(person, request.needs):
        return "You are not one of those who decide this."
    if person in approvers(request) and request.state is State.PENDING:
        return "You have approved; others are missing."
    if known.active is not None and person not in known.active:
        return "You are nobody who may decide here."
    return ""


@dataclass(frozen=True, slots=True)
class HasView:
    """A voice that counts, and what shows whose it is."""

    name: str
    in_name_of: str
    how: str


@dataclass(frozen=True, slots=True)
class NeedView:
    words: str
    """`1 of 2 of @security`."""
    is_met: bool
    missing: int
    """How many more it takes."""
    has: tuple[HasView, ...]
    can: tuple[str, ...]
    """Who could still agree, with those who may in their place: `ben, or eve in ben's name`."""
    unknown: tuple[str, ...]
    """Named, and no people here, or disabled."""
    note: str
    """Why it cannot be met; empty when it can."""


@dataclass(frozen=True, slots=True)
class StepView:
    """What happens when nobody decides by then."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class WhoView:
    needs: tuple[NeedView, ...]
    asker: str
    """Whose agent asks, and whether that person may approve; empty when it is not known."""
    signed: bool
    steps: tuple[StepView, ...]
    advice: str
    is_plain: bool
    """Anybody may decide, alone: there is nothing to tell of it."""


def who_view(request: Request, context: Context, known: Known) -> WhoView:
    ballot = ballot_of(request, active=known.active)
    needs = tuple(_need(request, each, context=context, known=known) for each in ballot.progress)
    return WhoView(
        needs=needs,
        asker=_asker(request),
        signed=request.signed,
        steps=tuple(_steps(request, context)),
        advice=request.advice,
        is_plain=len(needs) == 1 and is_anybody(ballot.needs[0]) and request.quorum == 1,
    )


def need_words(progress: NeedProgress) -> str:
    """`1 of 2 of @security`, `0 of 1 of ana, ben`, `1 of 2 people`."""
    need = progress.need
    counted = min(len(progress.counted), need.count)
    if is_anybody(need):
        return f"{counted} of {words.plural(need.count, 'person', 'people')}"
    return f"{counted} of {need.count} of {group_of(need)}"


def group_of(need: Need) -> str:
    return need.group or ", ".join(need.people)


def _need(request: Request, progress: NeedProgress, *, context: Context, known: Known) -> NeedView:
    named = frozenset(progress.need.people)
    active = known.active
    unknown = tuple(sorted(named - active)) if active is not None else ()
    can = () if progress.is_met else _can(request, progress, context=context, known=known)
    return NeedView(
        words=need_words(progress),
        is_met=progress.is_met,
        missing=progress.missing,
        has=tuple(_has(request, voice) for voice in progress.counted),
        can=can,
        unknown=unknown,
        note="" if progress.can_be_met else _never(progress),
    )


def _can(
    request: Request, progress: NeedProgress, *, context: Context, known: Known
) -> tuple[str, ...]:
    lines = []
    for name in progress.can:
        others = sorted(
            each.taker
            for each in known.delegations
            if each.giver == name
            and not why_not(each, request.matter, context.now)
            and not (request.separate and each.taker == request.asker)
        )
        lines.append(f"{name}, or {_people(others)} in {name}'s name" if others else name)
    return tuple(lines)


def _never(progress: NeedProgress) -> str:
    if not progress.need.people or all(name.startswith("@") for name in progress.need.people):
        return f"nobody is in {group_of(progress.need)}, so this cannot be approved"
    return "not enough of them may decide, so this cannot be approved"


def _has(request: Request, voice: Voice) -> HasView:
    said = next(
        each
        for each in reversed(request.decisions)
        if each.verdict in AGREEING and each.by == voice.by
    )
    return HasView(voice.by, voice.in_name_of, how_known(said))


def how_known(said: Decision) -> str:
    """What shows that somebody said it: `signed with a passkey`, `the server says so`."""
    if said.envelope:
        return {
            Factor.PASSKEY: "signed with a passkey",
            Factor.TOUCH: "signed with a key that was touched",
            Factor.KEY: "signed with a key",
        }.get(said.factor, "the server says so")
    if said.factor is Factor.PASSKEY:
        return "logged in with a passkey, the server says"
    return "the server says so"


def _asker(request: Request) -> str:
    if not request.asker:
        return ""
    if request.separate:
        return f"an agent of {request.asker}, who is not one of those who approve"
    return f"an agent of {request.asker}"


def _steps(request: Request, context: Context) -> Iterable[StepView]:
    """What time will do, the next first."""
    if request.state is not State.PENDING:
        return
    if request.delayed_until is not None:
        yield StepView(context.moment(request.delayed_until), "it comes back")
    reminder = next_reminder(request, since=context.now)
    if reminder is not None and request.delayed_until is None:
        yield StepView(context.moment(reminder), "those who are missing are reminded")
    for rung in request.ladder:
        at = request.created_at + rung.after_ms
        if at < request.expires_at:
            yield StepView(context.moment(at), f"{_people(rung.ask)} may decide, too")
    yield StepView(context.moment(request.expires_at), _end(request))


def _end(request: Request) -> str:
    if request.then_ask:
        return f"{_people(request.then_ask)} is asked instead"
    return f"it is denied: {request.advice}" if request.advice else "it is denied"


def _people(names: Sequence[str]) -> str:
    """`ana`, `ana or ben`, `ana, ben or eve`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def who_record(request: Request, context: Context, known: Known) -> dict[str, Json]:
    """The same for programs; names instead of sentences."""
    progress = ballot_of(request, active=known.active).progress
    needs: list[Json] = []
    for each in progress:
        view = _need(request, each, context=context, known=known)
        has: list[Json] = [
            {"name": voice.name, "in_name_of": voice.in_name_of, "how": voice.how}
            for voice in view.has
        ]
        needs.append(
            {
                "words": view.words,
                "group": group_of(each.need),
                "people": list(each.need.people),
                "count": each.need.count,
                "is_met": each.is_met,
                "missing": each.missing,
                "has": has,
                "can": list(each.can),
                "unknown": list(view.unknown),
                "note": view.note,
            }
        )
    steps: list[Json] = [
        {"after_ms": rung.after_ms, "at": request.created_at + rung.after_ms, "ask": list(rung.ask)}
        for rung in request.ladder
    ]
    return {
        "needs": needs,
        "asker": request.asker,
        "separate": request.separate,
        "signed": request.signed,
        "ladder": steps,
        "remind_ms": request.remind_ms,
        "next_reminder": next_reminder(request, since=context.now),
        "advice": request.advice,
    }
