"""What time does to a request: it comes back, people are reminded, others are asked, it expires.

Time never approves. Steps that are overdue together, after a sleep of the machine or a jump of its
clock, never run together: each is late by itself, and moves what comes after it along, so that
everybody who is asked has the time that they were to have. A clock that is set back does nothing
twice, since a step that was taken leaves no timer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from assent.core.approvals import (
    FINAL,
    Cause,
    Refusal,
    Request,
    State,
    Step,
    Verdict,
    ballot_of,
    outcome_of,
)
from assent.core.people.model import Rung
from assent.core.policy.model import AskIn


class TimerKind(StrEnum):
    RESUME = "resume"
    """A delay is over: the request comes back to the inbox."""
    EXPIRE = "expire"
    """It is denied, unless others are named to be asked then."""
    REMIND = "remind"
    """Those who have not answered are told again."""
    RUNG = "rung"
    """The next step of its ladder: others may decide, too."""


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due for one version of a request; stale once the version moved on."""

    request_id: str
    version: int
    kind: TimerKind
    due_at: int


def timers_of(request: Request, *, since: int = 0) -> tuple[Timer, ...]:
    """The timers that belong to this version of the request, replacing all earlier ones.

    `since`: a reminder at or before this moment was sent, or is no longer of use.
    """
    if request.state in FINAL:
        return ()
    due = [(TimerKind.EXPIRE, request.expires_at)]
    if request.state is State.PENDING and request.delayed_until is not None:
        due.append((TimerKind.RESUME, request.delayed_until))
    elif _is_asked(request):
        due += _while_asked(request, since)
    return tuple(Timer(request.id, request.version, kind, at) for kind, at in due)


def _is_asked(request: Request) -> bool:
    """Whether people are waited for. A prompt of the agent's own is nobody's but its user's."""
    return (
        request.state is State.PENDING
        and request.asked_in is AskIn.INBOX
        and request.delayed_until is None
    )


def _while_asked(request: Request, since: int) -> Iterator[tuple[TimerKind, int]]:
    if request.ladder and rung_due(request) < request.expires_at:
        yield TimerKind.RUNG, rung_due(request)
    reminder = next_reminder(request, since=since)
    if reminder is not None:
        yield TimerKind.REMIND, reminder


def next_reminder(request: Request, *, since: int) -> int | None:
    """The first reminder after `since`, counted from when it was asked or something was said."""
    if not request.remind_ms:
        return None
    said = (max(each.at, each.until or 0) for each in request.decisions)
    start = max((request.created_at, *said))
    gone = max(0, since - start) // request.remind_ms
    at = start + (gone + 1) * request.remind_ms
    return at if at < request.expires_at else None


def rung_due(request: Request) -> int:
    """When the next step of the ladder is due; with none left, when the request expires."""
    if not request.ladder:
        return request.expires_at
    return request.created_at + request.ladder[0].after_ms


def asked_next(request: Request) -> tuple[str, ...]:
    """Whom time asks next, as the policy names them; nobody where it denies."""
    if _is_asked(request) and rung_due(request) < request.expires_at:
        return request.ladder[0].ask
    return request.then_ask if request.state is State.PENDING else ()


def expire(request: Request, *, version: int, now: int) -> Step:
    """Time ran out: an open question is denied, an unused approval lapses.

    Not before a delay is over that was to end first, and every step of the ladder had its turn.
    """
    if request.state in FINAL:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is already {outcome_of(request)}.")
    if version != request.version:
        return _stale(request)
    if now < request.expires_at or _comes_first(request):
        return Refusal(Cause.NOT_YET_EXPIRED, f"{request.name} has not expired yet.")
    return replace(request, state=State.EXPIRED, version=request.version + 1)


def _comes_first(request: Request) -> bool:
    """Whether something else was due before the expiry, and has not happened."""
    if request.state is State.PENDING and request.delayed_until is not None:
        return request.delayed_until < request.expires_at
    return _is_asked(request) and rung_due(request) < request.expires_at


def escalate(
    request: Request, *, version: int, now: int, people: tuple[str, ...] | None = None
) -> Step:
    """Time ran out, and others are named to be asked then: once, and for as long again.

    `people` are those whom `then_ask` means now; None: whom it names. Nobody's silence counts, and
    what was approved by then still does. With nobody to ask it is refused, and time has run out.
    """
    due = expire(request, version=version, now=now)
    if isinstance(due, Refusal):
        return due
    asked = request.then_ask if people is None else people
    if request.state is not State.PENDING or not request.then_ask or not asked:
        return Refusal(Cause.NOBODY_ELSE, f"{request.name} names nobody to be asked next.")
    return replace(
        request,
        version=request.version + 1,
        reviewers=tuple(dict.fromkeys((*asked, *_agreed(request)))),
        then_ask=(),
        expires_at=now + max(request.expires_at - request.created_at, 1),
        delayed_until=None,
    )


def _agreed(request: Request) -> tuple[str, ...]:
    """Those of the reviewers who agreed by now, or in whose place somebody did."""
    counted = (voice for each in ballot_of(request).progress for voice in each.counted)
    names = (voice.in_name_of or voice.by for voice in counted)
    return tuple(name for name in names if not request.reviewers or name in request.reviewers)


def climb(request: Request, *, version: int, now: int, people: tuple[str, ...]) -> Step:
    """Nobody answered for so long: those of the next rung may decide from now on, too.

    `people` are those whom the rung means now; there may be none, and then the following one is
    waited for. Where anybody may decide, they do already. The rungs that follow and the expiry
    keep their distance from this one, however late it comes.
    """
    if not _is_asked(request):
        return Refusal(Cause.ALREADY_DECIDED, f"Nobody is waited for in {request.name}.")
    if version != request.version:
        return _stale(request)
    if not request.ladder:
        return Refusal(Cause.NOBODY_ELSE, f"{request.name} names nobody to be asked next.")
    if now < rung_due(request):
        return Refusal(Cause.NOT_LATER, f"{request.name} gives people more time.")
    late = now - rung_due(request)
    return replace(
        _joined(request, people),
        version=request.version + 1,
        ladder=_later(request.ladder[1:], late),
        expires_at=request.expires_at + late,
    )


def _joined(request: Request, people: tuple[str, ...]) -> Request:
    """With `people` in the first need that names anybody."""
    if request.reviewers:
        return replace(request, reviewers=tuple(dict.fromkeys((*request.reviewers, *people))))
    if not request.also:
        return request
    first, *others = request.also
    joined = replace(first, people=tuple(dict.fromkeys((*first.people, *people))))
    return replace(request, also=(joined, *others))


def _later(ladder: tuple[Rung, ...], ms: int) -> tuple[Rung, ...]:
    return tuple(replace(rung, after_ms=rung.after_ms + ms) for rung in ladder)


def resume(request: Request, *, version: int, now: int) -> Step:
    """A delay is over. The time that it took counts for nobody."""
    if request.state is not State.PENDING or request.delayed_until is None:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is not delayed.")
    if version != request.version:
        return _stale(request)
    if now < request.delayed_until:
        return Refusal(Cause.NOT_LATER, f"{request.name} is delayed for longer.")
    return replace(
        request,
        delayed_until=None,
        version=request.version + 1,
        ladder=_later(request.ladder, max(0, now - _put_off_at(request, now))),
        expires_at=request.expires_at + now - request.delayed_until,
    )


def _put_off_at(request: Request, now: int) -> int:
    """When the delay began that ends now, also when it was made longer on the way."""
    began: int | None = None
    for said in reversed(request.decisions):
        if said.verdict is not Verdict.DELAY:
            continue
        if began is not None and (said.until or 0) < began:
            break
        began = said.at
    return now if began is None else began


def _stale(request: Request) -> Refusal:
    return Refusal(Cause.STALE_VERSION, f"{request.name} changed since this timer was set.")
