"""Whom words mean that name people and groups, for a request that is open already."""

from collections.abc import Iterable

from assent.app.gatehouse import Gatehouse
from assent.app.who import roster_for
from assent.core.approvals import Request
from assent.core.people.groups import is_group, reviewers_in
from assent.core.policy.model import Policy
from assent.errors import UsageError

MOST = 20
"""Words that one referral may have."""


async def people_meant(gate: Gatehouse, request: Request, words: Iterable[str]) -> tuple[str, ...]:
    """The people whom `words` mean now, by name; nobody for a group that nobody is in.

    Reads files and may ask git, so that it belongs in no transaction.
    """
    named = tuple(words)
    policy = _policy(gate, request.proposal.session.workspace)
    roster = await roster_for(gate, policy, named, matter=request.matter)
    return tuple(name for name in reviewers_in(named, roster) if not is_group(name))


async def referred_to(gate: Gatehouse, request: Request, words: Iterable[str]) -> tuple[str, ...]:
    """`people_meant` by somebody who refers a request. Raises UsageError when that is nobody."""
    named = tuple(dict.fromkeys(word for each in words for word in each.replace(",", " ").split()))
    if not named or len(named) > MOST:
        raise UsageError(
            f"To refer {request.name}, name the people to decide it.",
            hint="People or groups, such as ben or @security.",
        )
    people = await people_meant(gate, request, named)
    if not people:
        raise UsageError(
            f"Nobody is in {' or '.join(named)} now.", hint="See who is here: assent people"
        )
    return people


def _policy(gate: Gatehouse, workspace: str) -> Policy:
    """The one in force, for its teams and owners. One that cannot be read has none of them."""
    accepted = gate.store.read(lambda view: view.policy_in_force(workspace))
    if accepted is None:
        return gate.policies.default()
    try:
        return gate.policies.parse(accepted.text)
    except UsageError:
        return gate.policies.default()
