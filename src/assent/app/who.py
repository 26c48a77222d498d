"""Whom a request is for: the words of a policy become names at the moment it is opened.

Calls that proceed never come here, and a policy that names nobody costs no look at people.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from assent.app.gatehouse import Gatehouse
from assent.app.people.oncall import on_call
from assent.app.ports import OwnersText, View
from assent.core.approvals import Request
from assent.core.people.groups import (
    ON_CALL,
    OWNERS,
    Roster,
    is_group,
    needs_in,
    owned_paths,
    reviewers_in,
)
from assent.core.people.matter import Matter
from assent.core.people.owners import read_codeowners
from assent.core.people.voices import active_names
from assent.core.policy.model import Policy, Terms
from assent.errors import UnavailableError, UsageError

NOBODY_NAMED = Roster()


async def roster_for(
    gate: Gatehouse, policy: Policy, words: Iterable[str], *, matter: Matter
) -> Roster:
    """Whom `words` mean in the workspace of `matter` now; only what they need is looked up.

    Reads files and asks git, so that it belongs in no transaction.
    """
    groups = {word for word in words if is_group(word)}
    if not groups:
        return NOBODY_NAMED
    roster = Roster(people=tuple(gate.store.read(lambda view: view.people())), teams=policy.teams)
    if f"@{ON_CALL}" in groups:
        duty = await asyncio.to_thread(on_call, gate, gate.clock.now())
        roster = replace(roster, on_call=duty.names)
    if f"@{OWNERS}" in groups:
        roster = await asyncio.to_thread(_with_owners, gate, policy, roster, matter)
    return roster


def words_of(terms: Terms, *others: str) -> tuple[str, ...]:
    """All who are named by the terms under which a request is opened, and `others`."""
    return (*terms.reviewers, *(word for each in terms.needs for word in each.who), *others)


def addressed(
    request: Request, terms: Terms, roster: Roster, *, others: tuple[str, ...] = ()
) -> Request:
    """A new request under `terms`, for the people they mean; `others` decide instead of those."""
    return replace(
        request,
        quorum=terms.quorum,
        tier=terms.tier,
        reviewers=reviewers_in(others or terms.reviewers, roster),
        then_ask=terms.then_ask,
        also=needs_in(terms.needs, roster),
        asker=request.proposal.session.person,
        separate=terms.separate,
        signed=terms.signed,
        remind_ms=terms.remind_ms,
        ladder=terms.ladder,
        advice=terms.advice,
    )


def by_two(view: View, request: Request) -> Request:
    """A new request of which nobody knows whose it is, where whoever asks is not to approve: two
    people do, so that one of them is another one. Where only one could, that one does."""
    if not request.separate or request.asker:
        return request
    active = active_names(view.people()) or frozenset()
    could = active & frozenset(request.reviewers or active)
    return replace(request, quorum=max(request.quorum, 2)) if len(could) > 1 else request


def _with_owners(gate: Gatehouse, policy: Policy, roster: Roster, matter: Matter) -> Roster:
    """Where it cannot be told who owns the files, nobody does who could agree."""
    try:
        found = _codeowners(gate, policy, matter.workspace)
    except (UnavailableError, UsageError) as error:
        return replace(roster, why_no_owners=f"CODEOWNERS cannot be read: {error.message}")
    codeowners = read_codeowners(found.text)
    owned = owned_paths(matter.paths, codeowners, policy.owners, below=found.below)
    return replace(roster, owned=owned)


def _codeowners(gate: Gatehouse, policy: Policy, workspace: str) -> OwnersText:
    if not policy.codeowners or gate.owners is None:
        return OwnersText("")
    return gate.owners.codeowners(workspace, policy.changes.target) or OwnersText("")
