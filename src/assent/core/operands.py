"""What a command would run belongs to what is approved.

A person approves the text of a command and what the files hold that it runs; when one of them
changes, it is another action.
"""

from dataclasses import replace

from assent.core.actions import Command
from assent.core.facts import Facts
from assent.core.proposals import Proposal


def bind_operands(proposal: Proposal, facts: Facts) -> Proposal:
    """The proposal with the digests of the files that its command would run as they are now."""
    action = proposal.action
    if not isinstance(action, Command):
        return proposal
    bound = tuple(sorted((path, fact.digest) for path, fact in facts.scripts.items()))
    if bound == action.operands:
        return proposal
    return replace(proposal, action=replace(action, operands=bound))
