"""Who lets whom decide, and what was decided so, for pages and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.app.people.delegate import InName, decided_in_name, delegations_of
from assent.app.ports import View
from assent.core.canonical import Json
from assent.core.people.model import Delegation
from assent.core.policy.model import DAY_MS
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.standing import said
from assent.entrypoints.web.views.who import how_known

SPANS = (
    ("1 day", DAY_MS),
    ("2 days", 2 * DAY_MS),
    ("1 week", 7 * DAY_MS),
    ("2 weeks", 14 * DAY_MS),
)
"""For how long a page offers to hand over."""
CLASSES = (RiskClass.HIGH, RiskClass.MEDIUM, RiskClass.LOW, RiskClass.IRREVERSIBLE)
"""Up to which class a page offers it, the usual one first."""


@dataclass(frozen=True, slots=True)
class DelegationView:
    id: str
    line: str
    """`ben decides for you`, `you decide for ana`."""
    limits: str
    """`up to high, until tomorrow 09:00, in shop, about src/pay/**`."""
    how: str
    """What shows that it was given: a signature, or the server's word."""
    state: str
    """`in force`, `over`, `revoked`."""
    reason: str

    @property
    def is_open(self) -> bool:
        return self.state == "in force"


@dataclass(frozen=True, slots=True)
class InNameView:
    name: str
    title: str
    line: str


@dataclass(frozen=True, slots=True)
class DelegationsView:
    given: tuple[DelegationView, ...]
    taken: tuple[DelegationView, ...]
    decided: tuple[InNameView, ...]
    """In the person's name, by others."""
    takers: tuple[str, ...]
    """Whom the person could let decide."""
    spans: tuple[tuple[str, int], ...] = SPANS
    classes: tuple[str, ...] = tuple(risk.word for risk in CLASSES)


def delegations_view(view: View, person: str, context: Context) -> DelegationsView:
    found = delegations_of(view, person, limit=20)
    return DelegationsView(
        given=_views(found, person, context, is_given=True),
        taken=_views(found, person, context, is_given=False),
        decided=tuple(_in_name(each, context) for each in decided_in_name(view, person)),
        takers=tuple(each.name for each in view.people() if each.active and each.name != person),
    )


def _views(
    found: Sequence[Delegation], person: str, context: Context, *, is_given: bool
) -> tuple[DelegationView, ...]:
    mine = [each for each in found if (each.giver if is_given else each.taker) == person]
    return tuple(_view(each, context, is_given=is_given) for each in mine)


def _view(made: Delegation, context: Context, *, is_given: bool) -> DelegationView:
    return DelegationView(
        id=made.id,
        line=f"{made.taker} decides for you" if is_given else f"you decide for {made.giver}",
        limits=limits_of(made, context),
        how=how_given(made),
        state=state_of(made, context.now),
        reason=made.reason,
    )


def limits_of(made: Delegation, context: Context) -> str:
    parts = [f"up to {made.worst.word}", f"until {context.moment(made.until)}"]
    parts += [f"in {made.workspace}"] if made.workspace else []
    parts += [f"about {', '.join(made.paths)}"] if made.paths else []
    return ", ".join(parts)


def how_given(made: Delegation) -> str:
    return f"signed ({made.factor.value})" if made.envelope else "the server says so"


def state_of(made: Delegation, now: int) -> str:
    if made.revoked_at is not None:
        return "revoked"
    return "in force" if now < made.until else "over"


def _in_name(each: InName, context: Context) -> InNameView:
    line = f"{said(each.decision, context)}, {how_known(each.decision)}"
    return InNameView(each.request.name, each.request.assessment.title, line)


def delegation_record(made: Delegation, now: int) -> dict[str, Json]:
    return {
        "id": made.id,
        "giver": made.giver,
        "taker": made.taker,
        "created_at": made.created_at,
        "until": made.until,
        "class": made.worst.word,
        "paths": list(made.paths),
        "workspace": made.workspace,
        "reason": made.reason,
        "factor": made.factor.value,
        "envelope": made.envelope,
        "revoked_at": made.revoked_at,
        "state": state_of(made, now),
    }


def in_name_record(each: InName) -> dict[str, Json]:
    said_ = each.decision
    return {
        "request": each.request.name,
        "title": each.request.assessment.title,
        "class": each.request.assessment.risk.word,
        "verdict": said_.verdict.value,
        "by": said_.by,
        "at": said_.at,
        "reason": said_.reason,
        "factor": said_.factor.value,
        "envelope": said_.envelope,
    }
