"""A person's word about a change: whose it is, what it counts by, and how it is kept.

Whoever registered a passkey or a key accepts with that alone. What is signed has to say, byte for
byte, what is being decided about the change as it is stored; where nobody signed, the server says
that they said so. Both go into the repository's log of decisions, in the transaction that decides.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.app.changes.grounds import Grounds, grounds_of
from assent.app.changes.records import change_stream
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Opened, Tx, View
from assent.app.proof.record import record_entry
from assent.app.proof.signing import Spoken, attest, keep, listen, says, still_theirs, within_seen
from assent.app.speaking import must_sign
from assent.core.canonical import Digest, digest_of
from assent.core.changes.acceptance import Accepts, accepted, chosen
from assent.core.changes.agreement import Ground, matter_of, sets_of, why_not_count
from assent.core.changes.lifecycle import Cause, Refusal, Says, Step
from assent.core.changes.model import Change, HunkId, TreePayload
from assent.core.people.delegation import why_not, within
from assent.core.people.model import Delegation, Factor, Person
from assent.core.policy.model import Policy, Tier
from assent.core.proof.changes import ACCEPT, REJECT, ChangeWord, change_statement
from assent.core.proof.decisions import Moment
from assent.core.proof.dsse import read_envelope
from assent.core.proof.evidence import evidence_of_change
from assent.core.proof.keys import Unproven
from assent.core.proof.statement import Statement, statement_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks, where, and of what they looked at."""

    by: str
    via: str
    version: int | None = None
    revision: int | None = None
    """What was looked at; None takes whatever it is now."""
    factor: Factor = Factor.NONE
    """What showed that it is this person, apart from `envelope`."""
    envelope: bytes | None = None
    """A signed statement that says all of what is said."""
    in_name_of: str = ""
    """Who let them decide; empty: they speak for themselves, or for whoever let them where their
    own voice does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A word of which it is known whose it is; what it says is not yet taken."""

    decision: str
    by: str
    via: str
    at: int
    reason: str
    factor: Factor
    hunks: tuple[HunkId, ...]
    confirm: str
    ground: Ground
    policy: Policy
    moment: Moment
    in_name_of: str = ""
    delegation: str = ""
    spoken: Spoken | None = None
    signs: bool = False
    """Whether it is signed: the heaviest thing that a hand can do."""
    is_named: bool = False
    """Whether each hunk was named, not only those that were marked before."""

    def statement(self, current: Change) -> Statement:
        """What it says about the change as it is before it."""
        word = ChangeWord(
            decision=self.decision,
            by=self.by,
            via=self.via,
            hunks=self.hunks,
            policy=self.policy.digest,
            reason=self.reason,
            hand=self._hand,
            in_name_of=self.in_name_of,
            needs=self.ground.needs,
            apart=tuple(sorted(self.ground.apart)),
        )
        return change_statement(current, word, self.moment)

    @property
    def _hand(self) -> Tier:
        if self.signs or self.confirm:
            return Tier.APPROVE
        return Tier.REVIEW if self.moment.read else Tier.ACKNOWLEDGE

    def says(self, gate: Gatehouse, current: Change) -> Says | Refusal:
        """As the steps of a change take it; or why what was signed is not this."""
        statement = self.statement(current)
        if self.spoken is not None:
            fault = says(self.spoken, statement)
            if fault is not None:
                return not_proven(current, fault)
        known = gate.proof is not None
        return Says(
            by=self.by,
            at=self.at,
            reason=self.reason,
            via=self.via,
            factor=self.factor,
            envelope="" if self.spoken is None else self.spoken.digest,
            entry=_digest(statement) if known else "",
        )

    def accepted(
        self, gate: Gatehouse, current: Change, voice: Voice, digest: Digest | None
    ) -> Step:
        """The change after it was accepted so."""
        said = self.says(gate, current)
        if isinstance(said, Refusal):
            return said
        accepts = Accepts(
            says=said,
            via=self.via,
            hunks=self.hunks,
            version=voice.version,
            revision=voice.revision,
            digest=digest,
            confirm=self.confirm,
            in_name_of=self.in_name_of,
            delegation=self.delegation,
            is_named=self.is_named,
            shown_ms=self.moment.shown_ms,
            read=self.moment.read,
        )
        policy = self.policy
        return accepted(current, accepts, policy.changes, policy=policy.digest, ground=self.ground)

    def keep(self, gate: Gatehouse, tx: Tx, before: Change) -> Refusal | None:
        """Keep the statement, and have it appended to the repository's log of decisions.

        Raises ConflictError when it was used before, and UnavailableError when the server cannot
        sign.
        """
        proof = gate.proof
        if proof is None:
            return None
        about = change_stream(before)
        statement = self.statement(before)
        if self.spoken is not None:
            fault = still_theirs(tx, proof, self.spoken)
            if fault is not None:
                return not_proven(before, fault)
            keep(tx, self.spoken, about=about, at=self.at)
            body = self.spoken.body
        else:
            digest, body = attest(proof, statement)
            tx.add_envelope(digest, body, about=about, at=self.at)
        if isinstance(before.newest.payload, TreePayload):
            record_entry(
                tx,
                before.repository,
                read_envelope(body),
                ids=gate.ids,
                now=self.at,
                evidence=evidence_of_change(before),
            )
        return None


def _digest(statement: Statement) -> Digest:
    return digest_of(statement_bytes(statement))


async def hear_acceptance(
    gate: Gatehouse,
    seen: Change,
    voice: Voice,
    hunks: Sequence[HunkId] | None,
    *,
    reason: str = "",
    confirm: str = "",
) -> Heard | Refusal:
    """Who accepts which hunks of the newest revision, in which capacity; or why they do not."""
    accepted_now = chosen(seen, hunks)
    if isinstance(accepted_now, Refusal):
        return accepted_now
    grounds = await grounds_of(gate, seen)
    heard = await _hear(gate, seen, voice, grounds, accepted_now, decision=ACCEPT, reason=reason)
    if isinstance(heard, Refusal):
        return heard
    refusal = needs_factor(gate, heard.by, heard.factor)
    if refusal is not None:
        return refusal
    return replace(heard, confirm=confirm, is_named=hunks is not None)


async def hear_return(
    gate: Gatehouse, seen: Change, voice: Voice, hunks: Sequence[HunkId], *, reason: str
) -> Heard | Refusal:
    """Who sends it back, and which hunks they do not want."""
    grounds = await grounds_of(gate, seen)
    return await _hear(gate, seen, voice, grounds, tuple(hunks), decision=REJECT, reason=reason)


async def _hear(
    gate: Gatehouse,
    seen: Change,
    voice: Voice,
    grounds: Grounds,
    hunks: tuple[HunkId, ...],
    *,
    decision: str,
    reason: str,
) -> Heard | Refusal:
    spoken = _spoken(gate, seen, voice)
    if isinstance(spoken, Refusal):
        return spoken
    by = voice.by if spoken is None else spoken.person.name
    plain = _plain(gate, voice, grounds, hunks)
    opened = gate.store.read(lambda view: reading(view, seen, by))
    heard = replace(
        plain,
        decision=decision,
        by=by,
        reason=reason.strip(),
        factor=voice.factor if spoken is None else spoken.factor,
        moment=_moment(plain.at, opened) if spoken is None else spoken.moment,
        spoken=spoken,
        signs=spoken is not None,
    )
    return heard if decision == REJECT else handed(gate, seen, heard, voice.in_name_of)


def _spoken(gate: Gatehouse, seen: Change, voice: Voice) -> Spoken | Refusal | None:
    if voice.envelope is None:
        return None
    spoken = listen(gate, voice.envelope, caller=voice.by, via=voice.via)
    if isinstance(spoken, Unproven):
        return not_proven(seen, spoken)
    opened = gate.store.read(lambda view: reading(view, seen, spoken.person.name))
    known = _moment(0, opened)
    unseen = within_seen(spoken, shown_ms=known.shown_ms, read=known.read)
    return spoken if unseen is None else not_proven(seen, unseen)


def reading(view: View, change: Change, name: str) -> Opened | None:
    """What is known of a person's reading of the newest revision."""
    return view.opened(change.id, name, change.newest.number)


def _moment(at: int, opened: Opened | None) -> Moment:
    if opened is None:
        return Moment(at=at)
    return Moment(at=at, shown_ms=opened.shown_ms, read=opened.read)


def handed(gate: Gatehouse, seen: Change, heard: Heard, wanted: str) -> Heard | Refusal:
    """In whose name it is said: `wanted`'s, or, where the speaker's own voice does not count, that
    of somebody who let them decide and whose does."""
    own = why_not_count(seen, heard.by, heard.ground)
    if not wanted and (own is None or own.cause is not Cause.NOT_A_REVIEWER):
        return heard
    given = within(
        heard.policy.handing, gate.store.read(lambda view: view.delegations(now=heard.at))
    )
    fitting = [each for each in given if _fits(seen, heard, each, wanted)]
    if fitting:
        found = fitting[0]
        handed_now = {**heard.ground.handed, found.id: found}
        ground = replace(heard.ground, handed=handed_now)
        return replace(heard, in_name_of=found.giver, delegation=found.id, ground=ground)
    if not wanted:
        return heard
    return Refusal(
        Cause.NOT_HANDED,
        f"{wanted} did not let {heard.by} decide about this. See: assent delegate list",
    )


def _fits(seen: Change, heard: Heard, given: Delegation, wanted: str) -> bool:
    return (
        given.taker == heard.by
        and wanted in ("", given.giver)
        and not why_not(given, matter_of(seen, heard.hunks, heard.ground), heard.at)
        and why_not_count(seen, heard.by, heard.ground, in_name_of=given.giver) is None
    )


async def may_say(gate: Gatehouse, seen: Change, voice: Voice) -> Refusal | None:
    """Why this person's voice counts for none of the sets of hunks that are accepted, nor for all
    of it; None when it does, or when they speak for somebody whose voice does."""
    return may_say_by(gate, seen, voice, await grounds_of(gate, seen))


def may_say_by(gate: Gatehouse, seen: Change, voice: Voice, grounds: Grounds) -> Refusal | None:
    """The same, by what is known already."""
    everything = tuple(hunk.id for hunk in seen.newest.hunks)
    refusal: Refusal | None = None
    for hunks in (*sets_of(seen), everything):
        ground = grounds.of(hunks)
        refusal = why_not_count(seen, voice.by, ground)
        heard = _plain(gate, voice, grounds, hunks)
        found = None if refusal is None else handed(gate, seen, heard, voice.in_name_of)
        if refusal is None or (isinstance(found, Heard) and found.in_name_of):
            return None
    return refusal


def _plain(gate: Gatehouse, voice: Voice, grounds: Grounds, hunks: tuple[HunkId, ...]) -> Heard:
    """As it is said without a signature."""
    now = gate.clock.now()
    return Heard(
        decision=ACCEPT,
        by=voice.by,
        via=voice.via,
        at=now,
        reason="",
        factor=voice.factor,
        hunks=hunks,
        confirm="",
        ground=grounds.of(hunks),
        policy=grounds.policy,
        moment=Moment(at=now),
    )


def needs_factor(gate: Gatehouse, name: str, factor: Factor) -> Refusal | None:
    """Whoever registered something to sign with accepts, merges and reverts only with that."""
    found: Person | None = gate.store.read(lambda view: view.person(name))
    if found is None or not found.has_factor or factor is not Factor.NONE:
        return None
    return Refusal(
        Cause.NEEDS_FACTOR,
        f"{name} registered a passkey or a key, so this takes one of them: log in with the "
        "passkey, or add --sign on the command line.",
    )


def needs_signature(gate: Gatehouse, seen: Change, heard: Heard) -> Refusal | None:
    """On the page whoever has a passkey accepts by signing: a session's cookie can be copied."""
    person = gate.store.read(lambda view: view.person(heard.by))
    if heard.signs or person is None or not must_sign(person, Tier.REVIEW, via=heard.via):
        return None
    return Refusal(
        Cause.NOT_SIGNED,
        f"{heard.by} has a passkey, so {seen.name} is accepted by signing it with that.",
    )


def not_proven(change: Change, fault: Unproven) -> Refusal:
    return Refusal(Cause.NOT_PROVEN, f"{change.name} was not decided: {fault.why}.")


async def log_head(gate: Gatehouse, change: Change) -> str:
    """The newest entry of the repository's log of decisions; empty: there is none."""
    if gate.proof is None or not isinstance(change.newest.payload, TreePayload):
        return ""
    return await asyncio.to_thread(gate.proof.log_head, change.repository)
