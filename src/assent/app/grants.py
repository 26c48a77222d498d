"""Grants: given with an approval, used by calls, listed and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.app import records
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Ids, Tx
from assent.app.precedent import Recalled
from assent.core.actions import Plan
from assent.core.approvals import Request, State, Verdict
from assent.core.facts import Facts
from assent.core.grants import (
    PLAN_GRANT_MS,
    SCOPE_GRANT_MS,
    Grant,
    GrantKind,
    apply_grants,
    covers,
    mark_out_of_plan,
    named_in_plan,
    read_scope,
    vouches_of,
)
from assent.core.policy import Gate, Notify, Policy, Proceed, Route, choose
from assent.core.proposals import AgentSession, Proposal
from assent.core.redact import redact
from assent.core.risk import Assessment
from assent.core.risk.factors import RiskClass
from assent.errors import NotFoundError, UsageError

MAX_GRANT_MS = 30 * 24 * 3_600_000
"""The longest that an outward effect may be allowed at once: thirty days."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person allows beyond the one call, with an approval."""

    keep: bool = True
    """Programs that were not known become known here, where one person decides that."""
    scope: str = ""
    """A scope that is allowed from now on, such as `push origin/agent/*`."""
    for_ms: int = SCOPE_GRANT_MS


ONCE = Allowance(keep=False)
"""This call, and nothing more."""


def check_allowance(request: Request, allowance: Allowance) -> None:
    """Raises UsageError when the scope is none, or does not cover what the request asks for, and
    where others have to agree: they agree to this call, and not to what one of them adds."""
    if not allowance.scope:
        return
    if not request.is_for_one:
        raise UsageError(
            f"{request.name} needs more than one person, so it allows this one call.",
            hint="Approve it without a grant. For more than that, change the policy.",
        )
    pattern = read_scope(allowance.scope)
    if pattern is None:
        raise UsageError(
            f"{allowance.scope!r} is not a scope.",
            hint="Write an act and what it is done to: push origin/agent/*",
        )
    if not 0 < allowance.for_ms <= MAX_GRANT_MS:
        raise UsageError("A grant may last up to 30 days.", hint="Say how long: --for 8h")
    if not any(covers(pattern, item) for item in request.assessment.evidence):
        raise UsageError(
            f"The scope {pattern!r} does not cover what {request.name} asks for"
            f"{_scopes_of(request)}.",
            hint="What cannot be taken back is asked about each time.",
        )


def _scopes_of(request: Request) -> str:
    scopes = [
        f"{item.scope.act} {item.scope.target}"
        for item in request.assessment.evidence
        if item.scope is not None and item.scope.target and item.risk < RiskClass.IRREVERSIBLE
    ]
    return f": {', '.join(dict.fromkeys(scopes))}" if scopes else ""


def give_grants(tx: Tx, request: Request, allowance: Allowance, *, ids: Ids) -> None:
    """Store what an approval allows beyond the one call."""
    last = request.decisions[-1] if request.decisions else None
    if request.state is not State.APPROVED or last is None or last.verdict is not Verdict.APPROVE:
        return
    keeps = allowance.keep and request.is_for_one
    programs = vouches_of(request.assessment) if keeps else ()
    named = _named(request.proposal)
    scope = read_scope(allowance.scope) if allowance.scope else None
    if programs:
        _give(tx, _grant(request, ids.new(), GrantKind.PROGRAM, what=programs))
    if named:
        _give(tx, _grant(request, ids.new(), GrantKind.PLAN, what=named, ms=PLAN_GRANT_MS))
    if scope is not None:
        what = (scope,)
        _give(tx, _grant(request, ids.new(), GrantKind.SCOPE, what=what, ms=allowance.for_ms))


def _named(proposal: Proposal) -> tuple[str, ...]:
    """What a plan names. A run without a name could not be told from others, so it gets nothing."""
    session, action = proposal.session, proposal.action
    if not isinstance(action, Plan) or not session.session_id:
        return ()
    return named_in_plan(action.text, session.workspace)


def _grant(
    request: Request, id_: str, kind: GrantKind, *, what: tuple[str, ...], ms: int | None = None
) -> Grant:
    session, last = request.proposal.session, request.decisions[-1]
    of_run = kind is GrantKind.PLAN
    return Grant(
        id=id_,
        workspace=session.workspace,
        kind=kind,
        what=what,
        by=last.by,
        request=request.number,
        created_at=last.at,
        until=None if ms is None else last.at + ms,
        agent="" if kind is GrantKind.PROGRAM else session.agent,
        session=session.session_id if of_run else "",
    )


_GIVEN = {GrantKind.PROGRAM: "vouched", GrantKind.SCOPE: "granted", GrantKind.PLAN: "plan-granted"}


def _give(tx: Tx, grant: Grant) -> None:
    tx.add_grant(grant)
    tx.append(
        records.policy_stream(grant.workspace),
        _GIVEN[grant.kind],
        at=grant.created_at,
        fields={
            "grant": grant.id,
            "what": [redact(item) for item in grant.what],
            "by": grant.by,
            "request": grant.request,
            "agent": grant.agent,
            "session": grant.session,
            "until": grant.until,
        },
    )


# --- used


@dataclass(frozen=True, slots=True)
class Judged:
    """A call as it was judged, under a policy."""

    proposal: Proposal
    assessment: Assessment
    policy: Policy
    facts: Facts


def compared_with_plan(
    assessment: Assessment, proposal: Proposal, recalled: Recalled, now: int
) -> Assessment:
    """Marked where it lies outside of the plan that this run follows."""
    plans = [
        grant
        for grant in recalled.standing.grants
        if grant.kind is GrantKind.PLAN and grant.holds(proposal.session, now)
    ]
    return mark_out_of_plan(assessment, proposal.action, plans) if plans else assessment


def through_grants(route: Route, judged: Judged, recalled: Recalled, now: int) -> Route:
    """`route`, or that of what grants leave to ask about where that lets it through.

    What the policy refuses no grant opens.
    """
    if not isinstance(route, Gate):
        return route
    granted = apply_grants(judged.assessment, judged.proposal, recalled.standing.grants, now)
    if granted is None:
        return route
    rest = choose(
        granted.assessment, judged.policy, proposal=judged.proposal, facts=judged.facts
    ).route
    if not isinstance(rest, Proceed | Notify):
        return route
    return Proceed(f"grant {', '.join(grant.id for grant in granted.by)}")


# --- listed and taken back


def grants_of(gate: Gatehouse, workspace: str) -> Sequence[Grant]:
    """The grants in force in a workspace, oldest first."""
    now = gate.clock.now()
    return gate.store.read(lambda view: view.standing(workspace, now=now)).grants


def end_plan_grants(tx: Tx, session: AgentSession, now: int) -> None:
    """What a plan covered ends with the run that showed it."""
    if not session.session_id:
        return
    for grant in tx.standing(session.workspace, now=now).grants:
        if (grant.agent, grant.session) == (session.agent, session.session_id):
            tx.revoke_grant(grant, at=now)


async def revoke_grant(gate: Gatehouse, workspace: str, *, id_: str, by: str) -> Grant:
    """Take a grant back. `id_` may be its end, if only one ends so. Raises NotFoundError."""
    now = gate.clock.now()

    def work(tx: Tx) -> Grant:
        held = tx.standing(workspace, now=now).grants
        found = [grant for grant in held if id_ and grant.id.endswith(id_)]
        if len(found) != 1 or not tx.revoke_grant(found[0], at=now):
            raise NotFoundError(
                f"There is no grant {id_} in force here.", hint="See: assent policy grants"
            )
        tx.append(
            records.policy_stream(workspace),
            "grant-revoked",
            at=now,
            fields={"grant": found[0].id, "by": by, "what": [redact(w) for w in found[0].what]},
        )
        tx.seal(now)
        return found[0]

    return await gate.store.write(work, durable=True)
