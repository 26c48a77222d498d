"""The whole log checked from its first entry on: signatures, keys, policies, what people saw.

Each entry is checked with the keys that were in force where it stands. What does not hold is named
as a `Trouble`, and counts for nothing from then on.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from assent.core.canonical import Json
from assent.core.people.model import Factor
from assent.core.proof.dsse import NAMESPACE, Signature, SignatureKind
from assent.core.proof.key_history import (
    EMPTY,
    KeyBook,
    KeyChange,
    Vouch,
    next_book,
    read_change,
)
from assent.core.proof.keys import PublicKey, Unproven, keyid_of
from assent.core.proof.log import (
    JOINED,
    Log,
    LogEntry,
    Touched,
    Trouble,
    joined_commits,
    text_of,
)
from assent.core.proof.policies import PolicyWalk
from assent.core.proof.sshsig import read_signature
from assent.core.proof.statement import DECISION, KEYS, MERGE, POLICY
from assent.core.proof.voices import MergeEntry, PolicyEntry, Voice

Check = Callable[[Signature, bytes, PublicKey], Factor | Unproven]
"""See `Signatures.check`."""
LATE_MS = 3_600_000
"""A decision may be appended so much after others that were made later: people sign what they read
some minutes before, and git may be away for a while."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What of a log holds."""

    log: Log
    voices: Mapping[str, Voice]
    """By the entry's id: those that count."""
    merges: Mapping[str, MergeEntry]
    """By the commit that they made."""
    policies: tuple[PolicyEntry, ...]
    root: str
    """The fingerprint of the first entry of keys; empty: there is none."""
    servers_only: tuple[str, ...]
    """Ids of keys that only the server vouches for."""
    troubles: tuple[Trouble, ...]
    void: Mapping[str, str]
    """Why entries count for nothing, by their ids."""
    notes: tuple[str, ...] = ()
    """What is odd, and may be honest."""

    def policy_at(self, position: int) -> str:
        """The digest of the policy in force at a place of the log; empty: none is known."""
        held = [each.digest for each in self.policies if each.position <= position]
        return held[-1] if held else ""


def signed_in(log: Log) -> Iterator[tuple[Signature, bytes, PublicKey]]:
    """The signatures that checking the log will ask for, as far as its entries name their keys."""
    keys: dict[str, PublicKey] = {}
    for entry in log.entries:
        if entry.statement.kind == KEYS:
            with suppress(ValueError):
                change = read_change(entry.id, entry.statement)
                own = (key for person in change.people for key in person.keys)
                keys.update((keyid_of(key), key) for key in (*own, *change.servers))
        for signature in entry.envelope.signatures:
            if signature.keyid in keys:
                yield signature, entry.envelope.payload, keys[signature.keyid]


def check_log(log: Log, check: Check) -> Checked:
    """Check every entry. Takes time in proportion to the log; never raises for what is in it."""
    walk = _Walk(log, check)
    for entry in log.entries:
        walk.take(entry)
    return walk.result()


@dataclass(frozen=True, slots=True)
class _Signed:
    """Who signed an entry, as far as keys of that place show it."""

    person: str = ""
    factor: Factor = Factor.NONE
    vouched: Vouch | None = None
    server: bool = False


@dataclass
class _Walk:
    log: Log
    check: Check
    book: KeyBook = EMPTY
    voices: dict[str, Voice] = field(default_factory=dict)
    merges: dict[str, MergeEntry] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    void: dict[str, str] = field(default_factory=dict)
    root: str = ""
    latest: int = 0
    notes: list[str] = field(default_factory=list)
    rejoined: set[str] = field(default_factory=set)
    policies: PolicyWalk = field(default_factory=PolicyWalk)

    def result(self) -> Checked:
        by_person = self.voices.values()
        kept, faults = self.policies.result(list(by_person), self.log.evidence)
        for entry, kind, what in faults:
            self._say(kind, entry, what)
        self._check_joined()
        return Checked(
            log=self.log,
            voices=self.voices,
            merges=self.merges,
            policies=kept,
            root=self.root,
            servers_only=tuple(
                keyid for keyid, held in self.book.held.items() if held.vouched is Vouch.SERVER
            ),
            troubles=(*self.log.troubles, *self.troubles),
            void=self.void,
            notes=tuple(self.notes),
        )

    def take(self, entry: LogEntry) -> None:
        self._check_seen(entry)
        match entry.statement.kind:
            case kind if kind == KEYS:
                self._take_keys(entry)
            case kind if kind == DECISION:
                self._take_voice(entry)
            case _:
                self._take_servers(entry)

    # --- keys

    def _take_keys(self, entry: LogEntry) -> None:
        try:
            change = read_change(entry.id, entry.statement)
        except ValueError as error:
            self._say(Touched.UNREADABLE, entry, f"The keys cannot be read: {error}.")
            return
        if not self.book.entry:
            self._take_root(entry, change)
            return
        if change.prev != self.book.entry:
            self._say(
                Touched.KEYS_BY_STRANGER, entry, "These keys do not follow the ones before them."
            )
            return
        signed = self._signed(entry, self.book)
        if signed is None:
            return
        is_admins = self.book.is_admin(signed.person) or signed.person == text_of(
            _change_of(entry), "who"
        )
        if not (signed.server or (signed.person and is_admins)):
            self._say(
                Touched.KEYS_BY_STRANGER,
                entry,
                f"{signed.person or 'Nobody known'} changed the keys, who may not.",
            )
            return
        self._turn(entry, change, signed.person if is_admins else "")

    def _take_root(self, entry: LogEntry, change: KeyChange) -> None:
        said = KeyBook("", servers={each.keyid: each for each in change.servers})
        signed = self._signed(entry, said)
        if signed is None:
            return
        if not signed.server:
            self._say(Touched.NOT_SIGNED, entry, "No server that they name signed the first keys.")
            return
        self.root = entry.id
        self._turn(entry, change, "")

    def _turn(self, entry: LogEntry, change: KeyChange, person: str) -> None:
        try:
            self.book = next_book(self.book, change, signed_by=person)
        except ValueError as error:
            self._say(Touched.UNREADABLE, entry, f"The keys cannot be used: {error}.")

    # --- what people say

    def _take_voice(self, entry: LogEntry) -> None:
        voice = Voice(entry)
        known = self.book.people.get(voice.by)
        signed = self._signed(entry, self.book, by=voice.by)
        if signed is None:
            return
        if voice.is_at_prompt and not signed.person:
            # Nobody knows who sat there, and nobody says so: it is kept, and approves nothing.
            return
        if voice.agrees and (known is None or not known.active):
            self._say(
                Touched.NOT_A_PERSON,
                entry,
                f"{voice.by or 'Nobody'} approved {voice.about}, and is no person who may decide "
                "at this place of the log.",
            )
            return
        parts = voice.parts_taken()
        selves = [name for name in dict.fromkeys((voice.by, voice.whose)) if name in parts]
        if voice.agrees and selves:
            self._say(
                Touched.SELF_APPROVAL,
                entry,
                f"{selves[0]} approved {voice.about}, in which {selves[0]} has a part.",
            )
            return
        missing = [name for name, digest in voice.evidence if digest not in self.log.evidence]
        for name in missing:
            self._say(
                Touched.EVIDENCE_MISSING,
                entry,
                f"The evidence `{name}` of {voice.about} is not in the log.",
                is_void=False,
            )
        self._note_time(entry, voice)
        self.voices[entry.id] = Voice(entry, signed.factor, signed.vouched)

    def _note_time(self, entry: LogEntry, voice: Voice) -> None:
        if entry.id not in self.rejoined:
            if voice.at < self.latest - LATE_MS:
                self.notes.append(
                    f"{entry.where}: {voice.about} was decided long before what stands before it: "
                    "a clock was set back, or the log was reordered."
                )
            self.latest = max(self.latest, voice.at)

    # --- what the server says

    def _take_servers(self, entry: LogEntry) -> None:
        signed = self._signed(entry, self.book)
        if signed is None:
            return
        kind = entry.statement.kind
        if kind in (MERGE, POLICY, JOINED) and not signed.server:
            self._say(Touched.NOT_SIGNED, entry, "The server did not sign it.")
        elif kind == MERGE:
            merge = MergeEntry(entry)
            self.merges[merge.text("after")] = merge
        elif kind == POLICY:
            self.policies.take(entry)
        elif kind == JOINED:
            self.rejoined.update(entry_id for _, entry_id in joined_commits(entry.statement))

    def _check_joined(self) -> None:
        """Whatever was to be appended again has to be there."""
        there = {entry.id for entry in self.log.entries}
        for entry in self.log.entries:
            if entry.statement.kind != JOINED:
                continue
            lost = [name for _, name in joined_commits(entry.statement) if name not in (*there, "")]
            if lost:
                self._say(
                    Touched.TAIL_DROPPED,
                    entry,
                    f"{len(lost)} entries were to be appended again and are not there.",
                )

    # --- signatures

    def _signed(self, entry: LogEntry, book: KeyBook, *, by: str = "") -> _Signed | None:
        """Who signed; None, and named, when a signature does not hold. All of them have to."""
        found = _Signed()
        for signature in entry.envelope.signatures:
            one = (
                self._server_signed(entry, book, signature)
                if signature.kind is SignatureKind.SERVER
                else self._person_signed(entry, book, signature, by=by)
            )
            if one is None:
                return None
            found = _both(found, one)
        if not (found.server or found.person):
            self._say(Touched.NOT_SIGNED, entry, "Nobody signed it.")
            return None
        return found

    def _server_signed(
        self, entry: LogEntry, book: KeyBook, signature: Signature
    ) -> _Signed | None:
        key = book.servers.get(signature.keyid)
        if key is None:
            self._say(
                Touched.UNKNOWN_KEY, entry, "A server signed it that the log does not know there."
            )
            return None
        checked = self.check(signature, entry.envelope.payload, key)
        if isinstance(checked, Unproven):
            self._say(
                Touched.BAD_SIGNATURE, entry, f"The server's signature is void: {checked.why}."
            )
            return None
        return _Signed(server=True)

    def _person_signed(
        self, entry: LogEntry, book: KeyBook, signature: Signature, *, by: str
    ) -> _Signed | None:
        held = book.held.get(signature.keyid)
        if held is None:
            self._say(*_unknown(entry, book, signature))
            return None
        if by and held.person != by:
            self._say(
                Touched.OTHERS_KEY,
                entry,
                f"It says that {by} decided, and {held.person}'s key signed it.",
            )
            return None
        checked = self.check(signature, entry.envelope.payload, held.key)
        if isinstance(checked, Unproven):
            kind = _kind_of_fault(signature)
            self._say(kind, entry, f"{held.person}'s signature is void: {checked.why}.")
            return None
        return _Signed(held.person, checked, held.vouched)

    # --- what was seen

    def _check_seen(self, entry: LogEntry) -> None:
        """Whoever says that they saw the log end somewhere is a witness of what it held."""
        seen = text_of(entry.statement.predicate, "seenLogHead")
        if not seen:
            return
        position = self.log.commits.get(seen)
        if position is None:
            who = text_of(entry.statement.predicate, "by") or "the server"
            self._say(
                Touched.TAIL_DROPPED,
                entry,
                f"{who} saw the log end with {seen[:10]}, which is not in it: its tail was "
                "dropped, reordered or replaced.",
                is_void=False,
            )
        elif position >= entry.position:
            self._say(
                Touched.REORDERED,
                entry,
                f"It was made when the log ended with {seen[:10]}, which stands after it.",
                is_void=False,
            )

    def _say(self, kind: Touched, entry: LogEntry, what: str, *, is_void: bool = True) -> None:
        self.troubles.append(Trouble(kind, entry.where, what))
        if is_void:
            self.void[entry.id] = what


def _both(one: _Signed, other: _Signed) -> _Signed:
    server = one.server or other.server
    if not one.person or not other.person:
        person = one if one.person else other
        return _Signed(person.person, person.factor, person.vouched, server)
    order = tuple(Factor)
    best = max(one, other, key=lambda each: order.index(each.factor))
    return _Signed(best.person, best.factor, best.vouched, server)


def _unknown(entry: LogEntry, book: KeyBook, signature: Signature) -> tuple[Touched, LogEntry, str]:
    keyid = signature.keyid
    if keyid in book.servers:
        return (
            Touched.SERVER_AS_PERSON,
            entry,
            "The server's own key signed it as if it were a person's.",
        )
    if keyid in book.gone:
        return (
            Touched.REVOKED_KEY,
            entry,
            f"A key signed it that was {book.gone[keyid]}'s and was taken out before.",
        )
    return (
        Touched.UNKNOWN_KEY,
        entry,
        f"The key {keyid[:20]} signed it, which is no person's at this place of the log.",
    )


def _kind_of_fault(signature: Signature) -> Touched:
    if signature.kind is SignatureKind.SSHSIG:
        try:
            if read_signature(signature.sig).namespace != NAMESPACE:
                return Touched.WRONG_NAMESPACE
        except ValueError:
            return Touched.BAD_SIGNATURE
    return Touched.BAD_SIGNATURE


def _change_of(entry: LogEntry) -> Mapping[str, Json]:
    change = entry.statement.predicate.get("change")
    return change if isinstance(change, Mapping) else {}
