"""Choose the route of an assessed action."""

from collections.abc import Iterable, Sequence

from assent.core.actions import FileEdit, Plan, PolicyEdit, UnknownAction
from assent.core.facts import Facts, PlanState
from assent.core.policy.match import HARMLESS, LOOSENING, fits_action, fits_reason
from assent.core.policy.model import Deny, Gate, Notify, Policy, Proceed, Route, RouteName, Rule
from assent.core.proposals import Proposal
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment, Effect
from assent.core.risk.paths import lies_in
from assent.core.risk.shell import join

PLAN_RULE = "plan-not-approved"
_WHILE_PLANNING = HARMLESS | {Effect.NETWORK}
_STRICTNESS = {
    RouteName.PROCEED: 0,
    RouteName.NOTIFY: 1,
    RouteName.GATE: 2,
    RouteName.DENY: 3,
}
_PLAN_OPEN = (
    "the plan is not approved yet, so nothing may be changed; finish the plan and present it, "
    "and a person will decide about it"
)
_PLAN_REJECTED = (
    "the plan was rejected, so nothing may be changed; make a new plan from the reason that was "
    "given and present it"
)


def route(assessment: Assessment, policy: Policy, *, proposal: Proposal, facts: Facts) -> Route:
    """The strictest of the most specific rules that fit; with none, what is not safe waits.

    Two things stand above all rules: while a plan is open or rejected nothing is changed, and
    neither an action that cannot be read nor a change of what guards the agents is let through.
    """
    planned = _while_planning(assessment, proposal, facts)
    if planned is not None:
        return planned
    known = policy.index.candidates(assessment, proposal, workspace=facts.workspace)
    rules = [rule for rule in known if fits_action(rule, assessment, proposal)]
    if _is_guarded(assessment, proposal):
        rules = [rule for rule in rules if rule.route not in LOOSENING]
    chosen = _choose(rules, assessment, facts)
    return _by_class(assessment) if chosen is None else _route_of(chosen, assessment)


def _while_planning(assessment: Assessment, proposal: Proposal, facts: Facts) -> Route | None:
    action = proposal.action
    if facts.plan not in (PlanState.OPEN, PlanState.REJECTED) or isinstance(action, Plan):
        return None
    if isinstance(action, FileEdit) and _edits_plan(action, facts):
        return Proceed("plan-file")
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


def _choose(rules: Sequence[Rule], assessment: Assessment, facts: Facts) -> Rule | None:
    """The rule that decides. One that lets through must answer every reason to wait."""
    touching = [
        rule
        for rule in rules
        if any(fits_reason(rule, item, facts) for item in assessment.evidence)
    ]
    strict = _best(rule for rule in touching if rule.route not in LOOSENING)
    least = -1 if strict is None else strict.specificity
    loose = [r for r in touching if r.route in LOOSENING and r.specificity > least]
    accepted = RiskClass.LOW if strict is None else RiskClass.TRIVIAL
    reasons = [item for item in assessment.evidence if item.risk > accepted]
    if not reasons:
        return _best(loose) or strict
    answers = [_best(r for r in loose if fits_reason(r, item, facts)) for item in reasons]
    answered = [rule for rule in answers if rule is not None]
    if len(answered) < len(reasons):
        return strict
    return max(answered, key=lambda rule: (_STRICTNESS[rule.route], rule.specificity))


def _best(rules: Iterable[Rule]) -> Rule | None:
    """The most specific one, and of equals the strictest."""
    return max(rules, key=lambda rule: (rule.specificity, _STRICTNESS[rule.route]), default=None)


def _route_of(rule: Rule, assessment: Assessment) -> Route:
    why = assessment.evidence[0].what
    match rule.route:
        case RouteName.PROCEED:
            return Proceed(rule.name)
        case RouteName.NOTIFY:
            return Notify(rule.name)
        case RouteName.GATE:
            return Gate(rule.name, f"{why}, and the policy wants a person to look")
        case RouteName.DENY:
            return Deny(rule.name, f"{why}, and the policy does not allow that")


def _is_guarded(assessment: Assessment, proposal: Proposal) -> bool:
    """What no rule can let through: whoever could change the guard could do anything."""
    return Effect.POLICY_SELF in assessment.effects or isinstance(
        proposal.action, UnknownAction | PolicyEdit
    )


def _by_class(assessment: Assessment) -> Route:
    worst = assessment.evidence[0]
    if assessment.risk <= RiskClass.LOW:
        return Proceed("safe")
    return Gate(worst.rule, worst.what)
