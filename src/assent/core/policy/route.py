"""Choose the route of an assessed action."""

from assent.core.facts import Facts
from assent.core.policy.model import Gate, Policy, Proceed, Route
from assent.core.proposals import Proposal
from assent.core.risk.model import Assessment, RiskClass


def route(assessment: Assessment, policy: Policy, *, proposal: Proposal, facts: Facts) -> Route:
    """The strictest of the most specific rules that match; with no rule, gate what is not safe."""
    if assessment.risk <= RiskClass.LOW:
        return Proceed("safe")
    return Gate("not-safe", "it is not known to be safe")
