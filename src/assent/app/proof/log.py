"""What transactions noted for a repository's log of decisions is appended there, in order.

All that waits for one repository goes at once, one commit each. An entry that is in the log already
is left out, so that it can be done again after a kill, and by several processes. A log whose keys
do not name this Assent's server belongs to another one: then only what people signed goes in.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assent.app.gatehouse import Gatehouse
from assent.app.outbox import OutboxWork, done, failed
from assent.app.ports import Outgoing, Sending, Tx
from assent.app.proof.log_ports import LogState
from assent.app.proof.ports import ProofPorts
from assent.app.proof.record import (
    BEGUN,
    KIND,
    EntryStep,
    KeysStep,
    keys_predicate,
    known_places,
    read_steps,
)
from assent.core.canonical import Json, canonical, digest_of
from assent.core.proof.dsse import Envelope, SignatureKind, read_envelope
from assent.core.proof.log import JOINED, LOG_REF, NewEntry, hexdigest
from assent.core.proof.statement import (
    KEYS,
    POLICY,
    Statement,
    Subject,
    read_statement,
    statement_bytes,
)
from assent.errors import UnavailableError

AT_ONCE = 500
"""Rows that are looked at together."""
TRIES = 20
"""How often it is begun anew because others appended in between."""
JOIN_EVERY_S = 60.0
"""How often it is looked whether a fetch brought another log."""
FOREIGN = (
    "the log of decisions here belongs to another Assent, and nobody signed this: "
    "an administrator there has to accept this one's key"
)
_UNREADABLE = "what was noted for the log cannot be read"


class LogWork:
    """Appends until it is cancelled. Begun anew after a fault, it goes on from what is stored."""

    def __init__(self, gate: Gatehouse) -> None:
        self._gate = gate
        self._outbox = OutboxWork(gate, KIND, self.append)

    async def run(self) -> None:
        """Nothing is appended where there are no logs."""
        if self._gate.proof is None or self._gate.proof.logs is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outbox.run())
            group.create_task(self._join())

    async def settle(self) -> None:
        """Append what is due now, and return."""
        while claimed := await self._outbox.claim():
            await self.append(claimed)

    async def append(self, claimed: Sequence[Outgoing]) -> None:
        """Append what was claimed, with all that waits for the same places."""
        for first in claimed:
            waiting = self._gate.store.read(
                lambda view: view.outgoing_in(Sending.NEW, limit=AT_ONCE, kind=KIND)
            )
            await self._append_rows(first, waiting)

    async def _append_rows(self, first: Outgoing, waiting: Sequence[Outgoing]) -> None:
        """With `first` all of its repository, from whichever work tree, so that its order is kept.
        An unreadable or foreign row is given up by itself; what cannot be done now is left."""
        try:
            rows = await asyncio.to_thread(_of_one_log, self._gate, first.place, waiting)
            refused = await asyncio.to_thread(append_rows, self._gate, first.place, rows)
        except UnavailableError as error:
            fault = str(error)
            await self._save([failed(first, fault, now=self._gate.clock.now())])
            return
        now = self._gate.clock.now()
        await self._save(
            [
                failed(each, refused[each.id], now=now, for_good=True)
                if each.id in refused
                else done(each)
                for each in rows
            ]
        )

    async def _save(self, rows: Sequence[Outgoing]) -> None:
        def work(tx: Tx) -> None:
            for row in rows:
                stored = tx.outgoing(row.id)
                if stored is not None and stored.state is Sending.NEW:
                    tx.save_outgoing(row)

        await self._gate.store.write(work, durable=True)

    async def _join(self) -> None:
        """Bring what a fetch brought and what is here together, also when nothing is decided."""
        while True:
            for place in self._gate.store.read(known_places):
                try:
                    await asyncio.to_thread(append_rows, self._gate, place, ())
                except UnavailableError:
                    continue  # Told by the next entry that cannot be appended.
            await asyncio.sleep(JOIN_EVERY_S)


def _of_one_log(gate: Gatehouse, place: str, rows: Sequence[Outgoing]) -> list[Outgoing]:
    """Those whose place has the same log as `place`."""
    logs = gate.proof.logs if gate.proof is not None else None
    if logs is None:
        return [row for row in rows if row.place == place]
    found = {each: logs.find(each) for each in {place, *(row.place for row in rows)}}
    wanted = found[place]
    return [
        row
        for row in rows
        if row.place == place or (wanted is not None and found[row.place] == wanted)
    ]


def append_rows(gate: Gatehouse, place: str, rows: Sequence[Outgoing]) -> dict[str, str]:
    """Append what `rows` ask for; by id those that never can be, and why.

    Blocks for as long as git takes. Raises UnavailableError when it cannot be done now.
    """
    proof = gate.proof
    if proof is None or proof.logs is None:
        raise UnavailableError("Nothing is appended to logs of decisions here.")
    repository = proof.logs.find(place)
    if repository is None:
        return {}
    for _ in range(TRIES):
        state = proof.logs.state(repository)
        if not rows and not state.strays and state.refs.get(LOG_REF, "") == state.head:
            return {}
        writing = _Writing(gate, proof, state)
        refused = writing.take(rows)
        made = proof.logs.append(repository, writing.entries, after=state, at=gate.clock.now())
        if made is not None:
            return refused
    raise UnavailableError("Others keep appending to the log of decisions.")


@dataclass(frozen=True, slots=True)
class _Keys:
    """The newest entry of keys."""

    id: str
    statement: Statement

    @property
    def people(self) -> bytes:
        return canonical(self.statement.predicate.get("people"))

    @property
    def at(self) -> int:
        at = self.statement.predicate.get("at")
        return at if isinstance(at, int) else 0

    def names(self, keyid: str) -> bool:
        servers = self.statement.predicate.get("server")
        listed = servers if isinstance(servers, Sequence) and not isinstance(servers, str) else ()
        return any(isinstance(each, dict) and each.get("keyid") == keyid for each in listed)


class _Writing:
    """Turns rows into entries on top of one state of the log."""

    def __init__(self, gate: Gatehouse, proof: ProofPorts, state: LogState) -> None:
        self._gate = gate
        self._proof = proof
        self._state = state
        self._server = proof.server.public
        self._keys = None if state.keys is None else _keys_of(state.keys)
        self._has_policy = state.has_policy
        self.entries: list[NewEntry] = []
        self._take_strays()

    @property
    def _is_ours(self) -> bool:
        return self._keys is None or self._keys.names(self._server.keyid)

    def take(self, rows: Sequence[Outgoing]) -> dict[str, str]:
        """By id the rows that cannot be appended, and why."""
        refused = {}
        for row in rows:
            try:
                steps = read_steps(row.body)
                faults = [fault for step in steps if (fault := self._take_step(step))]
            except ValueError:
                faults = [_UNREADABLE]
            if faults:
                refused[row.id] = faults[0]
        return refused

    def _take_step(self, step: KeysStep | EntryStep) -> str:
        if isinstance(step, KeysStep):
            self._take_keys(step)
            return ""
        if self._keys is None:
            self._take_keys(KeysStep(self._known_now()))
        statement = read_statement(step.envelope.payload)
        if statement.kind == POLICY:
            if step.is_first and self._has_policy:
                return ""
            self._has_policy = True
        signed = self._signed(step.envelope)
        if not signed.signatures:
            return FOREIGN
        self.entries.append(NewEntry(signed, step.evidence, step.policy))
        return ""

    def _known_now(self) -> dict[str, Json]:
        people = self._gate.store.read(lambda view: view.people())
        return keys_predicate(people, change=BEGUN, at=self._gate.clock.now())

    def _take_keys(self, step: KeysStep) -> None:
        """Unless the log says the same already, or something newer."""
        before = self._keys
        at = step.predicate.get("at")
        if before is not None and (
            not self._is_ours
            or before.people == canonical(step.predicate.get("people"))
            or (isinstance(at, int) and at < before.at)
        ):
            return
        server: dict[str, Json] = {"keyid": self._server.keyid, "publicKey": self._server.blob}
        known = before.statement.predicate.get("server") if before is not None else [server]
        predicate = {
            **step.predicate,
            "server": known,
            "prev": "" if before is None else before.id,
        }
        digest = digest_of(canonical(step.predicate.get("people")))
        subject = Subject("keys", {"sha256": digest.removeprefix("sha256:")})
        statement = Statement(KEYS, (subject,), predicate)
        payload = statement_bytes(statement)
        self.entries.append(NewEntry(self._signed(Envelope(payload, ()))))
        self._keys = _Keys(hexdigest(payload), statement)

    def _take_strays(self) -> None:
        """What a fetch replaced, again on top, and that this was done."""
        strays = self._state.strays
        if not strays or self._keys is None:
            return
        kinds = {each.commit: _kind(each.entry) for each in strays}
        pairs: list[Json] = [
            [each.commit, "" if kinds[each.commit] == KEYS else each.entry.id] for each in strays
        ]
        if self._is_ours:
            said = Statement(
                JOINED,
                (Subject("log", {"gitCommit": self._state.head}),),
                {"commits": pairs, "at": self._gate.clock.now()},
            )
            self.entries.append(NewEntry(self._signed(Envelope(statement_bytes(said), ()))))
        for each in strays:
            if kinds[each.commit] == KEYS:
                self._take_keys(KeysStep(_told(each.entry)))
            else:
                self.entries.append(each.entry)

    def _signed(self, envelope: Envelope) -> Envelope:
        """With the server's signature beside the person's, where the log knows this server."""
        there = any(each.kind is SignatureKind.SERVER for each in envelope.signatures)
        if self._is_ours and not there:
            made = self._proof.server.sign(envelope.payload)
            return replace(envelope, signatures=(*envelope.signatures, made))
        if not self._is_ours:
            kept = (e for e in envelope.signatures if e.kind is not SignatureKind.SERVER)
            return replace(envelope, signatures=tuple(kept))
        return envelope


def _keys_of(data: bytes) -> _Keys:
    """Raises UnavailableError when the log's keys cannot be read: somebody put something there."""
    try:
        payload = read_envelope(data).payload
        return _Keys(hexdigest(payload), read_statement(payload))
    except ValueError as error:
        raise UnavailableError(
            f"The keys in the log of decisions cannot be read: {error}.",
            hint="See what is wrong with it: assent verify HEAD",
        ) from error


def _kind(entry: NewEntry) -> str:
    return read_statement(entry.envelope.payload).kind


def _told(entry: NewEntry) -> dict[str, Json]:
    """What an entry of keys says of people, without what belongs to its place in the log."""
    predicate = read_statement(entry.envelope.payload).predicate
    return {name: value for name, value in predicate.items() if name not in ("server", "prev")}
