"""What a person would sign by accepting a change or sending it back. Nothing is stored by it."""

from collections.abc import Sequence
from dataclasses import replace

from assent.app.changes.decide import look, named_hunks
from assent.app.changes.saying import Heard, Voice, hear_acceptance, hear_return, reading
from assent.app.gatehouse import Gatehouse
from assent.app.proof.statements import Prepared, best_factor, moment_for, prepared, signer
from assent.core.changes.acceptance import Accepts, accepted
from assent.core.changes.lifecycle import Refusal, Says, Step, fits, returned
from assent.core.changes.model import Change
from assent.core.proof.changes import ACCEPT

UNSIGNED = "to be signed"


async def statement_of_change(
    gate: Gatehouse,
    number: int,
    voice: Voice,
    decision: str,
    *,
    hunks: Sequence[str] | None = None,
    reason: str = "",
    confirm: str = "",
) -> Prepared | Refusal:
    """What `voice.by` would sign by saying so; or why it would not be taken.

    `decision` is `accept` or `reject`. Raises NotFoundError for an unknown number and UsageError
    for somebody who has nothing to sign with.
    """
    seen = look(gate, number)
    signing = signer(gate, voice.by)
    named = None if hunks is None else named_hunks(seen, hunks)
    if isinstance(named, Refusal):
        return named
    stale = fits(seen, version=voice.version, revision=voice.revision)
    if stale is not None:
        return stale
    speaks = replace(voice, factor=best_factor(signing), envelope=None)
    if decision == ACCEPT:
        heard = await hear_acceptance(gate, seen, speaks, named, reason=reason, confirm=confirm)
    else:
        heard = await hear_return(gate, seen, speaks, named or (), reason=reason)
    if isinstance(heard, Refusal):
        return heard
    place = seen.repository
    moment = await moment_for(gate, place, reading=lambda view: reading(view, seen, signing.name))
    signed = replace(heard, moment=moment, signs=True)
    refusal = _tried(seen, signed)
    if isinstance(refusal, Refusal):
        return refusal
    return prepared(signing, signed.statement(seen))


def _tried(seen: Change, heard: Heard) -> Step:
    """What the change would become."""
    says = Says(
        by=heard.by,
        at=heard.at,
        reason=heard.reason,
        via=heard.via,
        factor=heard.factor,
        envelope=UNSIGNED,
    )
    if heard.decision != ACCEPT:
        return returned(seen, says)
    accepts = Accepts(
        says=says,
        via=heard.via,
        hunks=heard.hunks,
        confirm=heard.confirm,
        is_named=heard.is_named,
        in_name_of=heard.in_name_of,
        delegation=heard.delegation,
    )
    rules, policy = heard.policy.changes, heard.policy.digest
    return accepted(seen, accepts, rules, policy=policy, ground=heard.ground)
