"""Changes of people and keys that are signed at a terminal, by whoever has something to sign with.

A browser that was logged in by a passkey needs none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.app.gatehouse import Gatehouse
from assent.app.people.records import STREAM
from assent.app.people.rules import Speaker
from assent.app.ports import Tx
from assent.app.proof.signing import keep, listen, says, still_theirs
from assent.app.proof.statements import Prepared, moment_for, prepared, signer
from assent.core.canonical import Json
from assent.core.proof.accounts import account_statement
from assent.core.proof.keys import Unproven
from assent.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done about a person."""

    what: str
    """`add`, `change`, `disable`, `enable`, `link`, `keys` or `keys/remove`."""
    person: str
    fields: Mapping[str, Json]


async def to_be_signed(gate: Gatehouse, wish: Wish, by: Speaker) -> Prepared:
    """What `by` would sign to have it done. Raises UsageError where they have nothing to."""
    who = signer(gate, by.name)
    moment = await moment_for(gate, "", reading=lambda _view: None)
    said = account_statement(
        wish.what, wish.person, wish.fields, by=who.name, via=by.via, moment=moment
    )
    return prepared(who, said)


async def heard(gate: Gatehouse, wish: Wish, by: Speaker, envelope: bytes) -> Speaker:
    """Who signed exactly this wish, and by what. `by` is who brought it.

    The signed statement is used up, whatever comes of the wish. Raises ForbiddenError for one
    that does not count, and ConflictError for one that was used.
    """
    spoken = listen(gate, envelope, caller=by.name, via=by.via)
    if isinstance(spoken, Unproven):
        raise _refused(spoken)
    name = spoken.person.name
    fault = says(
        spoken,
        account_statement(
            wish.what, wish.person, wish.fields, by=name, via=by.via, moment=spoken.moment
        ),
    )
    if fault is not None:
        raise _refused(fault)
    now = gate.clock.now()

    def use(tx: Tx) -> None:
        gone = None if gate.proof is None else still_theirs(tx, gate.proof, spoken)
        if gone is not None:
            raise _refused(gone)
        keep(tx, spoken, about=STREAM, at=now)

    await gate.store.write(use, durable=True)
    return Speaker(name, by.via, spoken.factor)


def _refused(fault: Unproven) -> ForbiddenError:
    return ForbiddenError(f"Nothing was changed: {fault.why}.", hint="Sign it again.")
