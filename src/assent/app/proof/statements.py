"""A statement to be signed: what a decision would say, made before it is taken.

Nothing is stored by it. Whoever signs sends the decision as always, with the envelope.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from assent.app.decide_request import Word, decision_from
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Opened, View
from assent.app.proof.requests import allowed_fields
from assent.app.speaking import reading_of, taken
from assent.core.approvals import Refusal
from assent.core.canonical import Digest, digest_of
from assent.core.people.model import Factor, Passkey, Person, SshKey
from assent.core.policy.model import Tier
from assent.core.proof.decisions import Moment, decision_statement
from assent.core.proof.statement import Statement, statement_bytes
from assent.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `by` may sign now, and with what."""

    by: str
    payload: bytes
    passkeys: tuple[Passkey, ...]
    keys: tuple[SshKey, ...]

    @property
    def digest(self) -> Digest:
        return digest_of(self.payload)


async def statement_of_request(gate: Gatehouse, number: int, word: Word) -> Prepared | Refusal:
    """What `word.by` would sign by deciding so; or why the decision would not be taken.

    Raises NotFoundError for an unknown number and UsageError as deciding does, and for somebody
    who has nothing to sign with.
    """
    seen = gate.store.read(lambda view: view.request_numbered(number))
    if seen is None:
        raise NotFoundError(f"There is no REQ-{number}.", hint="See: assent inbox")
    signing = signer(gate, word.by)
    moment = await moment_for(
        gate,
        seen.proposal.session.workspace,
        reading=lambda view: reading_of(view, seen, word.by),
    )
    decision = replace(
        decision_from(gate, seen, word),
        hand=Tier.APPROVE,
        factor=best_factor(signing),
        envelope="to be signed",
        shown_ms=moment.shown_ms,
        read=moment.read,
    )
    refusal = gate.store.read(lambda view: taken(gate, view, seen, decision))
    if isinstance(refusal, Refusal):
        return refusal
    allowed = allowed_fields(decision.verdict, word.allowance)
    return prepared(signing, decision_statement(seen, decision, moment, allowed=allowed))


def signer(gate: Gatehouse, name: str) -> Person:
    """The person who is to sign. Raises UsageError when they cannot."""
    found = gate.store.read(lambda view: view.person(name))
    if found is None or not found.active:
        raise UsageError(f"{name} is nobody who may decide here.", hint="See: assent people")
    if not found.has_factor:
        raise UsageError(
            f"{name} has nothing to sign with.",
            hint=f"Register a passkey on the page, or a key: assent people keys add {name} KEY.pub",
        )
    return found


async def moment_for(
    gate: Gatehouse, workspace: str, *, reading: Callable[[View], Opened | None]
) -> Moment:
    """Now, with the heads of the record as they are, and what is known of the reading."""
    log_head = ""
    if gate.proof is not None:
        log_head = await asyncio.to_thread(gate.proof.log_head, workspace)
    opened, last = gate.store.read(lambda view: (reading(view), view.last_checkpoint()))
    return Moment(
        at=gate.clock.now(),
        log_head=log_head,
        checkpoint="" if last is None else last.hash,
        shown_ms=0 if opened is None else opened.shown_ms,
        read=opened is not None and opened.read,
    )


def prepared(person: Person, statement: Statement) -> Prepared:
    """What `person` signs to say `statement`."""
    payload = statement_bytes(statement)
    return Prepared(person.name, payload, person.passkeys, person.keys)


def best_factor(person: Person) -> Factor:
    """The strongest factor that they have registered."""
    if person.passkeys:
        return Factor.PASSKEY
    if any(key.wants_touch for key in person.keys):
        return Factor.TOUCH
    return Factor.KEY if person.keys else Factor.NONE
