"""A person presses a button in Slack. It is less of a hand than the page, so it decides less."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.notifications.plan import can_press
from assent.app.ports import View
from assent.core.approvals import FINAL, Refusal, Request, State, Verdict, outcome_of
from assent.core.people.model import Factor, Person
from assent.errors import AssentError

VIA = "slack"
"""`Decision.via` of what was pressed there."""


@dataclass(frozen=True, slots=True)
class Press:
    """What somebody pressed. That it came from there was checked before."""

    user: str
    """Their member id in Slack."""
    request: str
    """The request's id."""
    version: int
    """Of the request that the message was about."""
    verdict: Verdict
    """`approve` or `reject`."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of it."""

    says: str
    """To whoever pressed, in a line."""
    is_taken: bool = False
    outcome: str = ""
    """What the message says from now on; empty: it can still be decided there."""


Pressing: TypeAlias = Callable[[Press], Awaitable[Pressed]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to Slack."""

    status: int
    body: str = ""
    kind: str = "text/plain"


class SlackDoor(Protocol):
    """Takes what Slack sends. Only what it signed, and signed just now, gets any further."""

    async def answer(self, body: bytes, headers: dict[str, str], press: Pressing) -> Answer: ...


async def press(gate: Gatehouse, pressed: Press) -> Pressed:
    """Take somebody's press for their word, where it is enough of one."""
    person, request = gate.store.read(lambda view: _found(view, pressed))
    if person is None:
        return Pressed(
            f"Assent does not know who you are. Your member id is {pressed.user}: "
            f"assent people change NAME --slack {pressed.user}"
        )
    if request is None:
        return Pressed("This request is gone.", outcome="This request is gone.")
    if not can_press(request, person):
        return Pressed(f"{request.name} cannot be decided by a button: open it.")
    word = Word(
        verdict=pressed.verdict,
        by=person.name,
        via=VIA,
        version=pressed.version,
        reason=pressed.reason,
        factor=Factor.NONE,
    )
    try:
        decided = await decide_request(gate, request.number, word)
    except AssentError as error:
        return Pressed(str(error))
    if isinstance(decided, Refusal):
        return Pressed(decided.message, outcome=_outcome(gate, request))
    return Pressed(_said(decided, person.name), is_taken=True, outcome=_said(decided, person.name))


def _found(view: View, pressed: Press) -> tuple[Person | None, Request | None]:
    people = [
        each for each in view.people() if each.active and each.slack and each.slack == pressed.user
    ]
    # Two who say they are one account are nobody.
    person = people[0] if len(people) == 1 else None
    return person, view.request(pressed.request)


def _outcome(gate: Gatehouse, request: Request) -> str:
    """How it stands where it can no longer be decided; empty where it can, perhaps elsewhere."""
    now = gate.store.read(lambda view: view.request(request.id))
    if now is None or now.state is State.PENDING:
        return ""
    return f"{request.name} is {outcome_of(now)}."


def _said(decided: Request, name: str) -> str:
    if decided.state is State.PENDING:
        return f"{decided.name}: {name} has approved; others are still to agree."
    if decided.state in FINAL or decided.state is State.APPROVED:
        return f"{decided.name} is {outcome_of(decided)}."
    return f"{decided.name} is {decided.state.value}."
