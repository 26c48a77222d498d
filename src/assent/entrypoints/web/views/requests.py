"""A request as its page shows it."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.core import policy
from assent.core.actions import PolicyEdit, UnexplainedChange
from assent.core.approvals import Request, State, Verdict
from assent.core.grants import vouches_of
from assent.core.proof.levels import decision_level
from assent.core.proposals import Editable
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment, Evidence
from assent.entrypoints.web.views import words
from assent.entrypoints.web.views.actions import REASONS, ActionView, action_view, quoted
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.factors import FactorView, factor_views
from assent.entrypoints.web.views.standing import can_be_decided, outcome, said, standing
from assent.entrypoints.web.views.who import NOBODY_KNOWN, Known, WhoView, how_known, who_view

QUOTE = 80
"""Characters of the action that are quoted beside a reason."""
EDITABLE = 512 * 1024
"""Characters up to which a browser is asked to edit a text."""


class Tier(StrEnum):
    """What the hand has to do to approve."""

    KEY = "key"
    CONFIRM = "confirm"
    """The key arms it, a second, different act does it."""
    TYPE = "type"
    """The request's name has to be typed."""


def tier_of(request: Request) -> Tier:
    """What the page's hand does for the tier that the request was given."""
    return _HANDS[request.tier]


_HANDS = {
    policy.Tier.ACKNOWLEDGE: Tier.KEY,
    policy.Tier.REVIEW: Tier.CONFIRM,
    policy.Tier.APPROVE: Tier.TYPE,
}


@dataclass(frozen=True, slots=True)
class Reason:
    number: int
    what: str
    rule: str
    risk: str
    is_marked: bool
    """It points at a place in the text."""
    quote: str
    """The words there, unless it says them itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """One decision, as a line, with the reason given."""

    line: str
    via: str
    reason: str
    how: str
    """What shows whose word it is."""
    level: str
    """How much the record of it is worth."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One choice of how long to put a request off."""

    label: str
    until: int
    at: str


@dataclass(frozen=True, slots=True)
class RequestView:
    number: int
    name: str
    version: int
    state: str
    outcome: str
    standing: str
    risk: str
    tier: Tier
    wants: str
    """Between the agent's name and the title: `wants to`, `proposed a`."""
    verb: str
    rest: str
    """The title after its verb."""
    agent: str
    project: str
    reasons: tuple[Reason, ...]
    factors: tuple[FactorView, ...]
    more_reasons: int
    """How many more there are that say nothing worse than those listed."""
    rule: str
    why: str
    """The rule's own words; empty where the reasons say them."""
    undo: str
    rollback: str
    """How the agent says that it would take it back; unverified."""
    action: ActionView
    runs: ActionView | None
    """What was approved instead, where a person changed it."""
    digest: str
    facts: tuple[tuple[str, str], ...]
    """For what and for whom: label and value."""
    prose: str
    created: str
    expires: str
    expires_in: str
    decisions: tuple[Said, ...]
    can_be_decided: bool
    editable: Editable | None
    not_editable: str
    """Why a browser cannot edit it, where there is something to edit."""
    pauses: tuple[Pause, ...]
    who: WhoView
    makes_known: tuple[str, ...]
    """Programs that an approval makes known in the project."""


def request_view(
    request: Request, context: Context, known: Known = NOBODY_KNOWN, *, whole: bool = False
) -> RequestView:
    proposal, assessment = request.proposal, request.assessment
    evidence = telling(assessment)
    verb, _, rest = assessment.title.partition(" ")
    editable, not_editable = _editable(request)
    runnable = request.runnable
    is_changed = runnable is not None and runnable.subject != request.subject
    return RequestView(
        number=request.number,
        name=request.name,
        version=request.version,
        state=request.state.value,
        outcome=outcome(request),
        standing=standing(request, context),
        risk=assessment.risk.word,
        tier=tier_of(request),
        wants=_wants(request),
        verb=verb,
        rest=rest,
        agent=context.agent_title(proposal.session.agent),
        project=project_of(request),
        reasons=_reasons(request, evidence),
        factors=factor_views(assessment.factors),
        more_reasons=max(0, len(evidence) - REASONS),
        rule=request.rule,
        why=_why(request),
        undo=assessment.undo,
        rollback=request.rollback,
        action=action_view(proposal.action, evidence, whole=whole),
        runs=action_view(runnable.action, whole=whole) if runnable and is_changed else None,
        digest=request.subject,
        facts=_facts(request, context),
        prose=proposal.prose,
        created=context.iso(request.created_at),
        expires=context.moment(request.expires_at),
        expires_in=context.left(request.expires_at),
        decisions=tuple(
            Said(
                said(decision, context),
                decision.via,
                decision.reason,
                how=how_known(decision),
                level=decision_level(request, decision).value,
            )
            for decision in request.decisions
        ),
        can_be_decided=can_be_decided(request, context),
        editable=editable,
        not_editable=not_editable,
        pauses=pauses(context),
        who=who_view(request, context, known),
        makes_known=vouches_of(assessment) if request.is_for_one else (),
    )


def project_of(request: Request) -> str:
    workspace = request.proposal.session.workspace
    return posixpath.basename(workspace) or workspace


def _why(request: Request) -> str:
    """What the policy's rule says, unless it only repeats the first reason."""
    evidence = request.assessment.evidence
    return "" if evidence and evidence[0].what == request.why else request.why


def telling(assessment: Assessment) -> tuple[Evidence, ...]:
    """The evidence that explains the class: harmless steps say nothing beside harmful ones."""
    if assessment.risk is RiskClass.TRIVIAL:
        return assessment.evidence
    return tuple(item for item in assessment.evidence if item.risk > RiskClass.TRIVIAL)


def _wants(request: Request) -> str:
    is_open = request.state is State.PENDING
    if isinstance(request.proposal.action, UnexplainedChange):
        return "found that"
    if isinstance(request.proposal.action, PolicyEdit):
        return "found that somebody wants to" if is_open else "found that somebody wanted to"
    return "wants to" if is_open else "wanted to"


def _reasons(request: Request, evidence: Sequence[Evidence]) -> tuple[Reason, ...]:
    reasons = []
    for number, item in enumerate(evidence[:REASONS], start=1):
        words_there = quoted(request.proposal.action, item)
        quote = "" if words_there in item.what else words_there
        reasons.append(
            Reason(
                number=number,
                what=item.what,
                rule=item.rule,
                risk=item.risk.word,
                is_marked=bool(words_there),
                quote=quote[:QUOTE] + ("…" if len(quote) > QUOTE else ""),
            )
        )
    return tuple(reasons)


def _facts(request: Request, context: Context) -> tuple[tuple[str, str], ...]:
    session = request.proposal.session
    agent = context.agent_title(session.agent)
    if session.model:
        agent += f", {session.model}"
    rows = [
        ("purpose", _purpose(request)),
        ("agent", agent),
        ("sub-agent", session.subagent),
        ("session", session.session_id),
        ("mode", session.mode),
        ("project", session.workspace),
        ("folder", session.cwd if session.cwd != session.workspace else ""),
        ("tool", request.proposal.tool),
        ("asked", f"{context.moment(request.created_at)}, {context.age(request.created_at)} ago"),
    ]
    return tuple((label, value) for label, value in rows if value)


def _purpose(request: Request) -> str:
    """What the agent says it is for, where that is not shown as its words anyway."""
    told = request.purpose in request.proposal.prose
    return "" if told else f"{request.purpose} (the agent says)"


def _is_enough(request: Request) -> bool:
    """Whether one person's word could be enough: the others would have approved something else."""
    return request.quorum == 1 and not request.also


def _editable(request: Request) -> tuple[Editable | None, str]:
    """The part that a form can hand back unchanged but for the edits, or why there is none."""
    editable = request.proposal.editable
    if editable is None or not _is_enough(request):
        return None, ""
    text = editable.text
    if len(text) > EDITABLE:
        return None, f"The {editable.label} is too long to be edited here."
    if not survives_a_form(text):
        return None, f"The {editable.label} holds characters that a browser would change."
    return editable, ""


def survives_a_form(text: str) -> bool:
    """Whether HTML and a form give `text` back: no lone surrogates, NULs or stray line ends."""
    if any("\ud800" <= char <= "\udfff" for char in text) or "\0" in text:
        return False
    return "\r" not in text or line_end_of(text) == "\r\n"


def line_end_of(text: str) -> str:
    """`\\r\\n` when every line of `text` ends so, else `\\n`."""
    pairs = text.count("\r\n")
    uniform = pairs > 0 and text.count("\n") == pairs and text.count("\r") == pairs
    return "\r\n" if uniform else "\n"


def from_form(text: str, original: str) -> str:
    """What a person typed, with the line ends of `original`: forms always send `\\r\\n`."""
    return text.replace("\r\n", "\n").replace("\n", line_end_of(original))


def pauses(context: Context) -> tuple[Pause, ...]:
    """The choices for a delay that are still to come, nearest first."""
    evening = words.at_hour(context.now, 18, zone=context.zone)
    choices = [("1 hour", context.now + words.HOUR)]
    if evening > context.now + words.HOUR:
        choices.append(("this evening", evening))
    choices.append(("tomorrow", words.at_hour(context.now, 9, days=1, zone=context.zone)))
    return tuple(Pause(label, until, context.moment(until)) for label, until in choices)


def _is_short(reason: str) -> bool:
    return 0 < len(reason) <= 200 and survives_a_form(reason)


def last_reasons(requests: Sequence[Request], limit: int = 4) -> tuple[str, ...]:
    """The newest different reasons given for a rejection, to be used again."""
    reasons = (
        decision.reason
        for request in requests
        for decision in request.decisions
        if decision.verdict is Verdict.REJECT and _is_short(decision.reason)
    )
    return tuple(dict.fromkeys(reasons))[:limit]
