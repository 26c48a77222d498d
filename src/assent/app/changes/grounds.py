"""By what voices about a change are counted: the policy in force, and the people as they are now.

Who owns a path is said by the policy and by the CODEOWNERS of the branch that the change goes to,
as it is there now: never by that of the change.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.app.changes.rules import policy_home, policy_of, ports_of
from assent.app.gatehouse import Gatehouse
from assent.app.people.oncall import on_call
from assent.app.ports import View
from assent.core.changes.acceptance import BY_POLICY
from assent.core.changes.agreement import Ground
from assent.core.changes.lifecycle import acceptance_in_force
from assent.core.changes.makers import makers
from assent.core.changes.model import Change, HunkId, TreePayload
from assent.core.merging.acceptance import why_not
from assent.core.people.delegation import within
from assent.core.people.groups import (
    ON_CALL,
    OWNERS,
    OwnedPath,
    Roster,
    needs_in,
    reviewers_in,
)
from assent.core.people.model import Delegation, Need, Person
from assent.core.people.owners import CodeOwners, owners_of, policy_owners_of, read_codeowners
from assent.core.people.voices import active_names
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import Policy
from assent.errors import UnavailableError, UsageError

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where forges look for it; the first that is there counts."""


NO_OWNERS = CodeOwners()


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that the grounds of a change's sets of hunks are made from, read at one moment."""

    change: Change
    policy: Policy
    people: tuple[Person, ...]
    handed: Mapping[str, Delegation]
    on_call: tuple[str, ...] = ()
    codeowners: CodeOwners = NO_OWNERS
    why_no_owners: str = ""

    def of(self, hunks: Sequence[HunkId]) -> Ground:
        """Of one set of hunks of the newest revision."""
        change, rules, risk = self.change, self.policy.changes, self.change.newest.risk
        roster = self._roster(hunks)
        reviewers = rules.reviewers or change.reviewers
        first = Need(
            group=", ".join(reviewers),
            people=reviewers_in(reviewers, roster),
            count=rules.quorum,
        )
        return Ground(
            needs=(first, *needs_in(rules.needs.get(risk, ()), roster)),
            apart=makers(change, self.people) if rules.separate else {},
            active=active_names(self.people),
            signed=risk in rules.signed,
            handed=self.handed,
            workspace=policy_home(change.workspace, change.repository),
        )

    def _roster(self, hunks: Sequence[HunkId]) -> Roster:
        accepted = set(hunks)
        paths = dict.fromkeys(hunk.path for hunk in self.change.newest.hunks if hunk.id in accepted)
        owned = (
            OwnedPath(
                path,
                (
                    *policy_owners_of(path, self.policy.owners),
                    *owners_of(path, self.codeowners),
                ),
            )
            for path in paths
        )
        return Roster(
            people=self.people,
            teams=self.policy.teams,
            on_call=self.on_call,
            owned=tuple(each for each in owned if each.owned),
            why_no_owners=self.why_no_owners,
        )


async def grounds_of(
    gate: Gatehouse, change: Change, *, head: str = "", tells: bool = False
) -> Grounds:
    """As policy and people are now; `head` is the target's commit where it is known.

    Raises UnavailableError when git cannot be asked now; with `tells`, for who only wants to be
    shown it, that is what the owners' need says.
    """
    return await asyncio.to_thread(grounds_now, gate, change, head=head, tells=tells)


def grounds_now(gate: Gatehouse, change: Change, *, head: str = "", tells: bool = False) -> Grounds:
    """The same; it blocks for as long as git takes."""
    policy = policy_of(gate, change)
    words = words_of(policy.changes, change)
    codeowners, why = NO_OWNERS, ""
    if f"@{OWNERS}" in words and policy.codeowners:
        try:
            codeowners = _codeowners(gate, change, head)
        except UnavailableError as error:
            if not tells:
                raise
            why = f"nobody can tell now who they are: {error.message}"
        except UsageError as error:
            why = f"nobody can tell who they are: {error}"
    called = on_call(gate, gate.clock.now()).names if f"@{ON_CALL}" in words else ()
    return gate.store.read(
        lambda view: Grounds(
            change=change,
            policy=policy,
            people=tuple(view.people()),
            handed=_handed(view, change, policy),
            on_call=called,
            codeowners=codeowners,
            why_no_owners=why,
        )
    )


def ground_in_force(grounds: Grounds, change: Change) -> Ground | None:
    """Of what was accepted; None when nothing is, or the policy accepted it by itself."""
    accepted = acceptance_in_force(change)
    if accepted is None or accepted.via == BY_POLICY:
        return None
    return grounds.of(accepted.hunks)


def why_not_now(gate: Gatehouse, change: Change, *, head: str = "") -> str:
    """Why the change must not merge as policy and people are now; empty when it may. It blocks."""
    grounds = grounds_now(gate, change, head=head)
    return why_not(change, grounds.policy.changes, ground_in_force(grounds, change))


def words_of(rules: ChangeRules, change: Change) -> frozenset[str]:
    """The words by which the policy names whoever has to accept this class of change."""
    wanted = rules.needs.get(change.newest.risk, ())
    reviewers = rules.reviewers or change.reviewers
    return frozenset((*reviewers, *(word for each in wanted for word in each.who)))


def _codeowners(gate: Gatehouse, change: Change, head: str) -> CodeOwners:
    payload = change.newest.payload
    if not isinstance(payload, TreePayload):
        return CodeOwners()
    git = ports_of(gate).repositories
    commit = head or git.head(change.repository, change.target)
    for path in CODEOWNERS:
        text = git.blob(change.repository, commit, path)
        if text is not None:
            return read_codeowners(text.decode("utf-8", "replace"))
    return CodeOwners()


def _handed(view: View, change: Change, policy: Policy) -> dict[str, Delegation]:
    """Every delegation by which somebody spoke, no wider than the policy allows."""
    ids = {each.delegation for each in change.acceptances} - {""}
    found = [view.delegation(each) for each in sorted(ids)]
    known = [each for each in found if each is not None]
    return {each.id: each for each in within(policy.handing, known)}
