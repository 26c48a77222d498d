"""One person lets another decide in their name: for a while, within limits, and revocable."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import note
from assent.app.people.rules import Speaker, find_person, need_factor, speaking
from assent.app.policy_in_force import policy_in_force
from assent.app.ports import Tx, View
from assent.app.proof.record import known_places, record_entry
from assent.app.proof.signing import Spoken, keep, listen, says, still_theirs
from assent.app.proof.statements import Prepared, moment_for, prepared, signer
from assent.core.approvals import Decision, Request
from assent.core.canonical import Json
from assent.core.people.model import Delegation, Person
from assent.core.policy.model import DAY_MS, Handing
from assent.core.proof.decisions import Moment
from assent.core.proof.delegations import delegation_statement
from assent.core.proof.dsse import Envelope, read_envelope
from assent.core.proof.keys import Unproven
from assent.core.proof.statement import statement_bytes
from assent.core.redact import redact
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError, ForbiddenError, NotFoundError, UsageError

PATHS = 20
"""Globs of one delegation."""
GLOB = 200
"""Characters of a glob."""
REASON = 2_000
STREAM = "people"
SEARCHED = 500
"""Requests that are searched for what was decided in somebody's name, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What somebody wants to hand over, and within which limits."""

    taker: str
    until: int
    """In ms since the epoch."""
    worst: RiskClass = RiskClass.HIGH
    """Up to this class."""
    paths: tuple[str, ...] = ()
    """Globs from the workspace's root; empty: whatever is touched."""
    workspace: str = ""
    """Only there; empty: everywhere."""
    reason: str = ""


async def delegate(
    gate: Gatehouse, hand: Hand, by: Speaker, *, envelope: bytes | None = None
) -> Delegation:
    """Let `hand.taker` decide in the name of whoever speaks, from now on.

    An `envelope` is a signed statement that says the same: then its signer is the giver. Raises
    UsageError for limits that make no sense, NotFoundError for a taker who is nobody, and
    ForbiddenError where a policy or the giver's own keys forbid it.
    """
    spoken = _heard(gate, envelope, by)
    if spoken is not None:
        by = Speaker(spoken.person.name, by.via, spoken.factor)
    handing = await _handing(gate, hand.workspace)
    now, id_ = gate.clock.now(), gate.ids.new()
    _check(hand, handing, now=now)
    made = _made(hand, by, id_=id_, now=now)
    if spoken is not None:
        _demand_same(spoken, made, via=by.via)
        made = replace(made, envelope=spoken.digest)

    def work(tx: Tx) -> Delegation:
        giver = speaking(tx, by)
        need_factor(giver, by)
        _check_taker(find_person(tx, hand.taker), giver)
        if spoken is not None:
            _use(gate, tx, spoken, now=now)
        tx.add_delegation(made)
        note(tx, giver.name, "delegated", by=by, at=now, fields=delegation_fields(made))
        _log(gate, tx, made, spoken, via=by.via)
        tx.seal(now)
        return made

    return await gate.store.write(work, durable=True)


async def statement_of_delegation(gate: Gatehouse, hand: Hand, by: Speaker) -> Prepared:
    """What whoever speaks would sign by delegating so. Stores nothing; raises as `delegate`."""
    giver = signer(gate, by.name)
    _check(hand, await _handing(gate, hand.workspace), now=gate.clock.now())
    _check_taker(gate.store.read(lambda view: find_person(view, hand.taker)), giver)
    moment = await moment_for(gate, hand.workspace, reading=lambda _view: None)
    made = _made(hand, by, id_="", now=moment.at)
    return prepared(giver, delegation_statement(made, moment, via=by.via))


async def revoke(gate: Gatehouse, delegation_id: str, by: Speaker) -> Delegation:
    """End a delegation at once. Whoever gave or took it may, and an administrator.

    Raises NotFoundError, ForbiddenError, and ConflictError for one that is over.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Delegation:
        speaker, known = speaking(tx, by), tx.delegation(delegation_id)
        if known is None:
            raise NotFoundError("There is no such delegation.", hint="See: assent delegate list")
        if speaker.name not in (known.giver, known.taker) and not speaker.is_admin:
            raise ForbiddenError(f"Only {known.giver}, {known.taker} or an administrator ends it.")
        if not tx.revoke_delegation(delegation_id, at=now):
            raise ConflictError("This delegation is over already.")
        fields = delegation_fields(known)
        note(tx, known.giver, "delegation-revoked", by=by, at=now, fields=fields)
        tx.seal(now)
        return replace(known, revoked_at=now)

    return await gate.store.write(work, durable=True)


def delegations_of(view: View, name: str, *, limit: int = 100) -> Sequence[Delegation]:
    """Given or taken by a person, also ended ones; newest first."""
    return view.delegations_of(name, limit=limit)


@dataclass(frozen=True, slots=True)
class InName:
    """A decision that somebody took in another's name."""

    request: Request
    decision: Decision


def decided_in_name(view: View, name: str, *, limit: int = 20) -> tuple[InName, ...]:
    """What was decided in the name of `name`, newest first, among the newest requests."""
    if not any(each.giver == name for each in view.delegations_of(name, limit=SEARCHED)):
        return ()
    requests = (*view.recent(limit=SEARCHED), *view.waiting(limit=SEARCHED))
    found = [
        InName(request, said)
        for request in requests
        for said in request.decisions
        if said.in_name_of == name and said.by != name
    ]
    return tuple(sorted(found, key=lambda each: each.decision.at, reverse=True)[:limit])


def delegation_fields(made: Delegation) -> dict[str, Json]:
    """What the ledger keeps of a delegation."""
    return {
        "delegation": made.id,
        "giver": made.giver,
        "taker": made.taker,
        "until": made.until,
        "worst": made.worst.word,
        "paths": list(made.paths),
        "workspace": made.workspace,
        "reason": redact(made.reason),
        "signed_by": "person" if made.envelope else "server",
        "statement": made.envelope,
    }


def _heard(gate: Gatehouse, envelope: bytes | None, by: Speaker) -> Spoken | None:
    if envelope is None:
        return None
    spoken = listen(gate, envelope, caller=by.name, via=by.via)
    if isinstance(spoken, Unproven):
        raise ForbiddenError(f"Nothing was delegated: {spoken.why}.")
    return spoken


def _log(gate: Gatehouse, tx: Tx, made: Delegation, spoken: Spoken | None, *, via: str) -> None:
    """Have it stand in the logs of decisions where it holds, for those who verify them."""
    if gate.proof is None:
        return
    if spoken is not None:
        entry: Envelope | bytes = read_envelope(spoken.body)
    else:
        moment = Moment(at=made.created_at)
        entry = statement_bytes(delegation_statement(made, moment, via=via))
    for place in (made.workspace,) if made.workspace else known_places(tx):
        record_entry(tx, place, entry, ids=gate.ids, now=made.created_at)


def _demand_same(spoken: Spoken, made: Delegation, *, via: str) -> None:
    fault = says(spoken, delegation_statement(made, spoken.moment, via=via))
    if fault is not None:
        raise ForbiddenError(f"Nothing was delegated: {fault.why}.")


def _use(gate: Gatehouse, tx: Tx, spoken: Spoken, *, now: int) -> None:
    """Use the signed statement up, unless the keys that signed it are gone by now."""
    fault = None if gate.proof is None else still_theirs(tx, gate.proof, spoken)
    if fault is not None:
        raise ForbiddenError(f"Nothing was delegated: {fault.why}.")
    keep(tx, spoken, about=STREAM, at=now)


async def _handing(gate: Gatehouse, workspace: str) -> Handing:
    """The limits of the policy of a workspace; where none is named, the built-in ones."""
    if not workspace:
        return Handing()
    return (await policy_in_force(gate, workspace)).handing


def _made(hand: Hand, by: Speaker, *, id_: str, now: int) -> Delegation:
    return Delegation(
        id=id_,
        giver=by.name,
        taker=hand.taker,
        created_at=now,
        until=hand.until,
        worst=hand.worst,
        paths=hand.paths,
        workspace=hand.workspace,
        reason=hand.reason.strip(),
        factor=by.factor,
    )


def _check(hand: Hand, handing: Handing, *, now: int) -> None:
    if not handing.allowed:
        raise ForbiddenError(
            "The policy of this project lets nobody decide in another's name.",
            hint="Refer single requests instead: assent refer ID --to WHO",
        )
    if hand.until <= now:
        raise UsageError("A delegation needs an end that is still to come.", hint="Such as 2d.")
    if hand.until - now > handing.longest_ms:
        days = handing.longest_ms / DAY_MS
        raise ForbiddenError(f"A delegation lasts at most {days:g} days here.")
    if hand.worst > handing.worst:
        raise ForbiddenError(
            f"Decisions of the class {hand.worst.word} are not handed over here, "
            f"only up to {handing.worst.word}."
        )
    if len(hand.reason) > REASON:
        raise UsageError("The reason is too long.")
    _check_place(hand)


def _check_place(hand: Hand) -> None:
    if hand.workspace and not hand.workspace.startswith("/"):
        raise UsageError("A workspace is named by its whole path.")
    wrong = [glob for glob in hand.paths if not _is_glob(glob)]
    if wrong or len(hand.paths) > PATHS:
        raise UsageError(
            f"`{wrong[0][:60]}` is no path inside of a workspace." if wrong else "Too many paths.",
            hint="Write it from the workspace's root, such as src/pay/**",
        )


def _is_glob(text: str) -> bool:
    outside = text.startswith(("/", "~", "!")) or ".." in text.split("/")
    return 0 < len(text) <= GLOB and not outside


def _check_taker(taker: Person, giver: Person) -> None:
    if taker.name == giver.name:
        raise UsageError("Nobody delegates to themselves.")
    if not taker.active:
        raise ConflictError(f"{taker.name} is disabled, and decides nothing.")
