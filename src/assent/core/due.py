"""What time does to a request: it comes back, others are asked, it expires. Time never approves."""

from dataclasses import dataclass, replace
from enum import StrEnum

from assent.core.approvals import FINAL, Cause, Refusal, Request, State, Step, outcome_of


def expire(request: Request, *, version: int, now: int) -> Step:
    """Time ran out: an open question is denied, an unused approval lapses."""
    if request.state in FINAL:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is already {outcome_of(request)}.")
    if version != request.version:
        return Refusal(Cause.STALE_VERSION, f"{request.name} changed since this timer was set.")
    if now < request.expires_at:
        return Refusal(Cause.NOT_YET_EXPIRED, f"{request.name} has not expired yet.")
    return replace(request, state=State.EXPIRED, version=request.version + 1)


def escalate(request: Request, *, version: int, now: int) -> Step:
    """Time ran out, and others are named to be asked then: once, and for as long again.

    What was approved by then still counts; nobody's silence does.
    """
    due = expire(request, version=version, now=now)
    if isinstance(due, Refusal):
        return due
    if request.state is not State.PENDING or not request.then_ask:
        return Refusal(Cause.NOBODY_ELSE, f"{request.name} names nobody to be asked next.")
    return replace(
        request,
        version=request.version + 1,
        reviewers=request.then_ask,
        then_ask=(),
        expires_at=now + max(request.expires_at - request.created_at, 1),
        delayed_until=None,
    )


class TimerKind(StrEnum):
    RESUME = "resume"
    """A delay is over: the request comes back to the inbox."""
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that is due for one version of a request; stale once the version moved on."""

    request_id: str
    version: int
    kind: TimerKind
    due_at: int


def timers_of(request: Request) -> tuple[Timer, ...]:
    """The timers that belong to this version of the request, replacing all earlier ones."""
    if request.state in FINAL:
        return ()
    due = [(TimerKind.EXPIRE, request.expires_at)]
    if request.state is State.PENDING and request.delayed_until is not None:
        due.append((TimerKind.RESUME, request.delayed_until))
    return tuple(Timer(request.id, request.version, kind, at) for kind, at in due)


def resume(request: Request, *, version: int, now: int) -> Step:
    """A delay is over."""
    if request.state is not State.PENDING or request.delayed_until is None:
        return Refusal(Cause.ALREADY_DECIDED, f"{request.name} is not delayed.")
    if version != request.version:
        return Refusal(Cause.STALE_VERSION, f"{request.name} changed since this timer was set.")
    if now < request.delayed_until:
        return Refusal(Cause.NOT_LATER, f"{request.name} is delayed for longer.")
    return replace(request, delayed_until=None, version=request.version + 1)
