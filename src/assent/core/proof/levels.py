"""How much a record of a decision is worth: computed from what was the case, never claimed.

advisory   the server says that they said so, and the agent's user could have made it say that
present    signed with a factor that no program has by itself
isolated   present, and Assent runs as another user of the system than the agent
brokered   isolated, and the agent has no credentials of its own: not reached by this version
"""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.approvals import Decision, Request
from assent.core.people.model import Factor


class Level(StrEnum):
    """Declared from the weakest on."""

    ADVISORY = "advisory"
    PRESENT = "present"
    ISOLATED = "isolated"
    BROKERED = "brokered"


def level_of(factor: Factor, *, signed: bool, apart: bool) -> Level:
    """The level of a decision that was given with `factor`.

    `signed`: its statement was, by that factor; a session that was opened with a passkey and then
    only clicked in proves nothing afterwards. `apart`: the agent that asked runs as another user.
    """
    if not (signed and factor.is_human):
        return Level.ADVISORY
    return Level.ISOLATED if apart else Level.PRESENT


def decision_level(request: Request, decision: Decision) -> Level:
    """The level of what was said about a request."""
    return level_of(
        decision.factor,
        signed=bool(decision.envelope),
        apart=request.proposal.session.apart,
    )


@dataclass(frozen=True, slots=True)
class Outlook:
    """The best level that somebody's decisions reach here, and what the next one would take."""

    level: Level
    why: str
    """What is the case."""
    next_step: str
    """What to do to raise it; empty at the highest."""


def outlook(*, has_human_factor: bool, apart: bool) -> Outlook:
    """For a person with or without a passkey or a key that wants a touch; `apart`: every agent
    that called since Assent started runs as another user than Assent."""
    if not has_human_factor:
        return Outlook(
            Level.ADVISORY,
            "Decisions here are what the server says that you said: it guards against mistakes, "
            "not against a program of your user that attacks it on purpose.",
            "Register a passkey on your account's page, or a touch key: "
            "assent people keys add NAME KEY.pub",
        )
    if not apart:
        return Outlook(
            Level.PRESENT,
            "What you sign, no program could have signed for you; what you only click is "
            "advisory. Agents run as the same user as Assent, and could reach its database.",
            "Run Assent as a user of its own: see the guide `isolate`.",
        )
    return Outlook(
        Level.ISOLATED,
        "What you sign, no program could have signed for you; what you only click is advisory. "
        "Agents run as other users and cannot reach Assent's files.",
        "",
    )
