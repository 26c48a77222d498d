"""Quiet hours: when a person is not told of anything that can wait."""

from datetime import tzinfo

from assent.core.people.model import Person
from assent.core.policy.hours import WEEK, Hours, read_hours

MINUTE_MS = 60_000


def quiet_hours(person: Person) -> tuple[Hours, ...]:
    """The spans in which nothing is sent; what is not written as one is left out."""
    spans = (read_hours(text) for text in person.quiet)
    return tuple(span for span in spans if span is not None)


def sends_at(person: Person, now: int, *, urgent: bool, zone: tzinfo | None) -> int:
    """The next moment at which something may be sent to `person`: `now`, or when quiet ends.

    In ms since the epoch. What is urgent is sent at once. Spans hold by the clock on the wall in
    `zone`, that of `person.zone` (None: UTC), so that a night is quiet to its end also when clocks
    are changed in it. For somebody who is never reachable, it is a week away: asked again then.
    """
    spans = quiet_hours(person)
    if urgent or not any(span.holds(now, zone) for span in spans):
        return now
    minute = now - now % MINUTE_MS
    for _ in range(WEEK):
        minute += MINUTE_MS
        if not any(span.holds(minute, zone) for span in spans):
            return minute
    return minute
