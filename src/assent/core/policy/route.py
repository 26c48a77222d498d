"""Choose the route of an assessed action."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assent.core.actions import FileEdit, Plan, PolicyEdit, UnexplainedChange, UnknownAction
from assent.core.facts import Facts, PlanState
from assent.core.policy.match import HARMLESS, fits_action, fits_moment, fits_reason, mode_of
from assent.core.policy.model import (
    STRICTNESS,
    Deny,
    Gate,
    Mode,
    Notify,
    Policy,
    Proceed,
    Route,
    RouteName,
    Rule,
)
from assent.core.policy.terms import terms_of
from assent.core.proposals import Proposal
from assent.core.risk.factors import Reach, RiskClass
from assent.core.risk.model import Assessment, Effect
from assent.core.risk.paths import lies_in
from assent.core.risk.shell import join

PLAN_RULE = "plan-not-approved"
PLAN_FILE = "plan-file"
SAFE = "safe"
PAIR = "pair"
AUTONOMOUS = "autonomous"
_WHILE_PLANNING = HARMLESS | {Effect.NETWORK}
_PLAN_OPEN = (
    "the plan is not approved yet, so nothing may be changed; finish the plan and present it, "
    "and a person will decide about it"
)
_PLAN_REJECTED = (
    "the plan was rejected, so nothing may be changed; make a new plan from the reason that was "
    "given and present it"
)


class By(StrEnum):
    """What decided about a route."""

    PLAN = "plan"
    """The run's plan is not approved."""
    RULE = "rule"
    CLASS = "class"
    """No rule fitted, or those that let through did not answer every reason."""
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Fit:
    """A rule that fits, and the reasons it is about, as places in the assessment's evidence."""

    rule: Rule
    reasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A route, and how it was found."""

    route: Route
    by: By
    mode: Mode
    rule: Rule | None = None
    """The rule that decided, if one did."""
    fits: tuple[Fit, ...] = ()
    """All rules that fit, in the policy's order."""
    guarded: bool = False
    """It concerns what guards the agents, or cannot be read: no rule lets it through."""
    unanswered: tuple[int, ...] = ()
    """Places of the reasons that no rule which lets through answers, where that mattered."""


def route(assessment: Assessment, policy: Policy, *, proposal: Proposal, facts: Facts) -> Route:
    """The strictest of the most specific rules that fit; with none, what is not safe waits.

    Three things stand above all rules: while a plan is open or rejected nothing is changed; neither
    an action that cannot be read nor a change of what guards the agents is let through; and in
    pair mode no rule lets anything through.
    """
    return choose(assessment, policy, proposal=proposal, facts=facts).route


def choose(assessment: Assessment, policy: Policy, *, proposal: Proposal, facts: Facts) -> Chosen:
    """`route` with what led to it."""
    mode = mode_of(policy, proposal)
    planned = _while_planning(assessment, proposal, facts)
    if planned is not None:
        return Chosen(planned, By.PLAN, mode)
    guarded = _is_guarded(assessment, proposal)
    fitting = _fitting(assessment, policy, proposal=proposal, facts=facts, mode=mode)
    usable = [fit for fit in fitting if not (fit.rule.loosens and (guarded or mode is Mode.PAIR))]
    best, unanswered = _choose(usable, assessment)
    if best is None or (mode is Mode.PAIR and best.loosens):
        found, by = _without_rule(assessment, policy, mode=mode, guarded=guarded)
    else:
        strict = [fit.rule for fit in usable if fit.rule.route is RouteName.GATE]
        found, by = _route_of(best, strict, assessment, policy, guarded=guarded), By.RULE
    return Chosen(found, by, mode, best, tuple(fitting), guarded, unanswered)


def _fitting(
    assessment: Assessment, policy: Policy, *, proposal: Proposal, facts: Facts, mode: Mode
) -> list[Fit]:
    fits = []
    for rule in policy.index.candidates(assessment, proposal, workspace=facts.workspace):
        if not fits_action(rule, assessment, proposal):
            continue
        if not fits_moment(rule, policy, mode=mode, facts=facts):
            continue
        about = tuple(
            place
            for place, item in enumerate(assessment.evidence)
            if fits_reason(rule, item, facts)
        )
        if about:
            fits.append(Fit(rule, about))
    return fits


def _while_planning(assessment: Assessment, proposal: Proposal, facts: Facts) -> Route | None:
    action = proposal.action
    if facts.plan not in (PlanState.OPEN, PlanState.REJECTED) or isinstance(action, Plan):
        return None
    if isinstance(action, FileEdit) and _edits_plan(action, facts):
        return Proceed(PLAN_FILE)
    if assessment.effects <= _WHILE_PLANNING:
        return None
    return Deny(PLAN_RULE, _PLAN_OPEN if facts.plan is PlanState.OPEN else _PLAN_REJECTED)


def _edits_plan(action: FileEdit, facts: Facts) -> bool:
    paths = [
        path
        for change in action.changes
        for path in (change.path, change.moved_to)
        if path is not None
    ]
    known = [facts.paths.get(join(action.cwd, path)) for path in paths]
    return bool(known) and all(
        fact is not None and any(lies_in(fact.real, plan) for plan in facts.plan_paths)
        for fact in known
    )


def _choose(fits: Sequence[Fit], assessment: Assessment) -> tuple[Rule | None, tuple[int, ...]]:
    """The rule that decides. One that lets through must answer every reason to wait."""
    strict = _best(fit.rule for fit in fits if not fit.rule.loosens)
    loose = [
        fit
        for fit in fits
        if fit.rule.loosens and (strict is None or fit.rule.specificity > strict.specificity)
    ]
    accepted = RiskClass.LOW if strict is None else RiskClass.TRIVIAL
    reasons = [place for place, item in enumerate(assessment.evidence) if item.risk > accepted]
    if not reasons:
        return _best(fit.rule for fit in loose) or strict, ()
    answers = {place: _best(fit.rule for fit in loose if place in fit.reasons) for place in reasons}
    answered = [rule for rule in answers.values() if rule is not None]
    if len(answered) < len(reasons):
        return strict, tuple(place for place, rule in answers.items() if rule is None)
    return max(answered, key=lambda rule: (STRICTNESS[rule.route], rule.specificity)), ()


def _best(rules: Iterable[Rule]) -> Rule | None:
    """The most specific one, and of equals the strictest."""
    return max(rules, key=lambda rule: (rule.specificity, STRICTNESS[rule.route]), default=None)


def _route_of(
    rule: Rule,
    asking: Sequence[Rule],
    assessment: Assessment,
    policy: Policy,
    *,
    guarded: bool,
) -> Route:
    why = assessment.evidence[0].what
    match rule.route:
        case RouteName.PROCEED:
            return Proceed(rule.name)
        case RouteName.NOTIFY:
            return Notify(rule.name)
        case RouteName.GATE:
            terms = terms_of(asking, policy, assessment, guarded=guarded)
            return Gate(rule.name, f"{why}, and the policy wants a person to look", terms)
        case RouteName.DENY:
            return Deny(rule.name, f"{why}, and the policy does not allow that")


def _is_guarded(assessment: Assessment, proposal: Proposal) -> bool:
    """What no rule can let through: whoever could change the guard could do anything."""
    return Effect.POLICY_SELF in assessment.effects or isinstance(
        proposal.action, UnknownAction | PolicyEdit | UnexplainedChange
    )


def _without_rule(
    assessment: Assessment, policy: Policy, *, mode: Mode, guarded: bool
) -> tuple[Route, By]:
    worst = assessment.evidence[0]
    accepted = RiskClass.TRIVIAL if mode is Mode.PAIR else RiskClass.LOW
    if assessment.risk <= accepted and not guarded:
        return Proceed(SAFE), By.CLASS
    if mode is Mode.AUTONOMOUS and not guarded and _stays_here(assessment):
        return Notify(AUTONOMOUS), By.MODE
    terms = terms_of((), policy, assessment, guarded=guarded)
    if assessment.risk <= RiskClass.LOW and not guarded:
        return Gate(PAIR, f"{worst.what}, and in pair mode every change is asked", terms), By.MODE
    return Gate(worst.rule, worst.what, terms), By.CLASS


def _stays_here(assessment: Assessment) -> bool:
    return assessment.risk is RiskClass.MEDIUM and all(
        item.factors.reach <= Reach.WORKSPACE
        for item in assessment.evidence
        if item.risk > RiskClass.LOW
    )
