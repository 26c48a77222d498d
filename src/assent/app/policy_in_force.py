"""Which policy holds in a workspace: the last one a person accepted, whatever the file says.

A policy file that differs from it changes nothing; it becomes a request of its own, once per
content, which a person approves or rejects like any other.
"""

import difflib

from assent.app import records, requests
from assent.app.gatehouse import Gatehouse
from assent.app.ports import PolicyVersion, Tx, View
from assent.app.proof.record import policy_accepted
from assent.app.who import addressed, by_two, roster_for, words_of
from assent.core.actions import PolicyEdit
from assent.core.approvals import Request
from assent.core.canonical import Digest, Json, digest_of
from assent.core.facts import Facts
from assent.core.people.matter import matter_of
from assent.core.policy import Gate, Policy, Terms, route
from assent.core.policy.terms import terms_of
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Assessment, assess
from assent.errors import ConflictError, UsageError

POLICY_AGENT = "assent"
"""The agent's name on requests that Assent opens itself."""
POLICY_RULE = "policy-edit"


async def policy_in_force(gate: Gatehouse, workspace: str) -> Policy:
    """The accepted policy of `workspace`, or the built-in one; asks about a changed file."""
    accepted = gate.store.read(lambda view: view.policy_in_force(workspace))
    return await policy_given(gate, workspace, accepted)


async def begin_policy(gate: Gatehouse, workspace: str, *, by: str, seen: Digest) -> None:
    """Put the first policy of `workspace` in force, as the person who set it up was shown it.

    Raises ConflictError when the file holds something else, or a policy was accepted before:
    then it is asked about like any other change of it.
    """
    text = gate.world.policy_file(workspace)
    if text is None or digest_of(text) != seen:
        raise ConflictError(
            "The policy file is not the one that was shown.", hint="Look at it, then try again."
        )
    gate.policies.parse(text)
    now = gate.clock.now()
    before = before_digest(gate, None)

    def work(tx: Tx) -> None:
        if tx.policy_in_force(workspace) is not None:
            raise ConflictError(
                "A policy is in force here already.", hint="See its change in: assent inbox"
            )
        accepted = PolicyVersion(workspace, seen, text, by, now)
        tx.accept_policy(accepted)
        policy_accepted(tx, accepted, before=before, ids=gate.ids)
        fields: dict[str, Json] = {"policy": seen, "before": before, "by": by, "request": None}
        tx.append(records.policy_stream(workspace), "policy-accepted", at=now, fields=fields)
        tx.seal(now)

    await gate.store.write(work, durable=True)


async def policy_given(gate: Gatehouse, workspace: str, accepted: PolicyVersion | None) -> Policy:
    """`policy_in_force` for whoever has looked up already what was `accepted` last."""
    current = gate.policies.default() if accepted is None else gate.policies.parse(accepted.text)
    text = gate.world.policy_file(workspace)
    if text is not None and digest_of(text) != current.digest:
        await _ask_about(gate, current, edit_proposal(gate, workspace, accepted, text))
    return current


async def _ask_about(gate: Gatehouse, current: Policy, proposal: Proposal) -> None:
    """Ask under the terms of the policy in force; a rule that denies would leave no way out."""
    workspace, text = proposal.session.workspace, proposal.payload
    if gate.store.read(lambda view: _was_asked(view, proposal)) or not readable(gate, text):
        return
    now = gate.clock.now()
    request_id = gate.ids.new()
    facts = Facts(workspace=workspace, home="", assent_home="", now=now)
    assessment = assess(proposal.action, facts)
    terms = _terms(current, assessment, proposal, facts)
    expires_ms = current.expires_ms if terms.expires_ms is None else terms.expires_ms
    matter = matter_of(proposal, assessment)
    roster = await roster_for(gate, current, words_of(terms), matter=matter)

    def work(tx: Tx) -> None:
        if _was_asked(tx, proposal) or _is_outdated(gate, tx, proposal):
            return
        request = Request(
            id=request_id,
            number=tx.next_number(),
            proposal=proposal,
            assessment=assessment,
            rule=POLICY_RULE,
            why="a policy changes only when a person accepts it",
            policy=current.digest,
            created_at=now,
            expires_at=now + expires_ms,
        )
        requests.open_request(tx, by_two(tx, addressed(request, terms, roster)), now)

    await gate.store.write(work, durable=True)


def _terms(policy: Policy, assessment: Assessment, proposal: Proposal, facts: Facts) -> Terms:
    asked = route(assessment, policy, proposal=proposal, facts=facts)
    if isinstance(asked, Gate):
        return asked.terms
    return terms_of((), policy, assessment, guarded=True)


def edit_proposal(
    gate: Gatehouse, workspace: str, accepted: PolicyVersion | None, text: bytes
) -> Proposal:
    """The change of policy that `text` would be, as a call of Assent itself."""
    before = gate.policies.default_text() if accepted is None else accepted.text
    action = PolicyEdit(
        workspace=workspace,
        before=before_digest(gate, accepted),
        after=digest_of(text),
        diff=_diff(before, text),
    )
    session = AgentSession(
        agent=POLICY_AGENT, session_id="policy", workspace=workspace, cwd=workspace
    )
    return Proposal(
        session=session, call_id="", tool="policy", action=action, payload=text, event=""
    )


def before_digest(gate: Gatehouse, accepted: PolicyVersion | None) -> Digest:
    return gate.policies.default().digest if accepted is None else accepted.digest


def readable(gate: Gatehouse, text: bytes) -> bool:
    """Whether `text` is a policy at all; one that is not cannot be accepted, so nobody is asked."""
    try:
        gate.policies.parse(text)
    except UsageError:
        return False
    return True


def _was_asked(view: View, proposal: Proposal) -> bool:
    session = proposal.session
    live = view.live_request(
        agent=session.agent, workspace=session.workspace, subject=proposal.subject
    )
    rejected = view.rejected_request(
        agent=session.agent, session_id=session.session_id, subject=proposal.subject, since=0
    )
    return live is not None or rejected is not None


def _is_outdated(gate: Gatehouse, view: View, proposal: Proposal) -> bool:
    """Whether a policy was accepted since: the next one who looks compares the file with that."""
    action = proposal.action
    in_force = before_digest(gate, view.policy_in_force(proposal.session.workspace))
    return isinstance(action, PolicyEdit) and action.before != in_force


def _diff(before: bytes, after: bytes) -> str:
    old, new = (
        text.decode("utf-8", "surrogateescape").splitlines(keepends=True)
        for text in (before, after)
    )
    return "".join(difflib.unified_diff(old, new, "policy in force", "policy file"))
