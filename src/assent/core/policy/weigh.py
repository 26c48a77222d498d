"""What a policy itself adds to an assessment: the team's rules, prices and the budget."""

from assent.core.facts import Facts
from assent.core.policy.budget import Spent, priced, with_evidence, within_budget
from assent.core.policy.model import Policy
from assent.core.policy.team import broken_rules
from assent.core.proposals import Proposal
from assent.core.risk.model import Assessment

NOTHING_SPENT = Spent()


def weigh(
    assessment: Assessment,
    policy: Policy,
    *,
    proposal: Proposal,
    facts: Facts,
    spent: Spent = NOTHING_SPENT,
) -> Assessment:
    """`assessment` with the reasons that come from the policy. None of them lowers its class."""
    broken = broken_rules(proposal.action, policy.team, facts)
    known = priced(with_evidence(assessment, broken), policy.budget, proposal)
    return within_budget(known, policy.budget, spent)
