"""Whether the demo ended as it should: by the files, by the ledger, and by what the agent saw."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.adapters.store import open_reader
from assent.app.verify_ledger import Verification, verify_ledger
from assent.core.approvals import Verdict
from assent.entrypoints.demo.play import Played
from assent.entrypoints.demo.sample import BRANCH, KEPT, PACKAGE, SECRET, STALE, Sample
from assent.entrypoints.demo.script import FIXED, Expected
from assent.entrypoints.demo.stage import Stage
from assent.entrypoints.home import read_config
from assent.entrypoints.wiring import database_url

LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Check:
    """One promise, and what was found instead where it does not hold."""

    promise: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Record:
    """What the ledger says about each call, newest entries included."""

    bodies: Sequence[Mapping[str, Any]]
    verification: Verification

    def calls(self, *kinds: str) -> Counter[str]:
        """How often each call has an entry of one of these kinds."""
        return Counter(str(body["call"]) for body in self.bodies if body["kind"] in kinds)


def read_record(stage: Stage) -> Record:
    """Read the ledger from the disk, with no daemon in between."""
    with open_reader(database_url(stage.home, read_config(stage.home))) as reader:
        entries = reader.read(lambda view: view.entries(limit=LIMIT))
        return Record([json.loads(entry.body) for entry in entries], reader.read(verify_ledger))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a run of the demo left behind."""

    sample: Sample
    played: Sequence[Played]
    unguarded: Played
    """The call made when Assent had been stopped."""
    record: Record
    log: str
    """The daemon's log."""


def outcome_of(stage: Stage, played: Sequence[Played], unguarded: Played) -> Outcome:
    """The outcome, once the daemon has been stopped."""
    log = stage.home.log.read_text(encoding="utf-8")
    return Outcome(stage.sample, played, unguarded, read_record(stage), log)


def check_all(outcome: Outcome) -> Sequence[Check]:
    """Every promise of the demo, and whether it was kept."""
    sample, played, record = outcome.sample, outcome.played, outcome.record
    promises: Sequence[tuple[str, Iterator[str]]] = (
        ("Safe calls ran at once, risky ones asked first", _ways(record, played)),
        ("Each asked call ran if it was approved, and only then", _obeyed(played)),
        ("The changed call ran as it was changed", _changed(sample, played)),
        ("Nothing ran undecided", _undecided(record, played)),
        ("Each approval was used once", _used_once(record)),
        ("The edits are in place and their tests passed", _edited(sample, played)),
        ("Nothing was pushed", _pushed(sample)),
        ("The release happened once", _released(sample)),
        ("The agent never saw the secret", _leaked(outcome)),
        ("With Assent stopped, nothing ran", _dead(outcome.unguarded)),
        ("The record is intact", _broken(record)),
    )
    return [Check(promise, tuple(faults)) for promise, faults in promises]


def _ways(record: Record, played: Sequence[Played]) -> Iterator[str]:
    kinds: Mapping[Expected, str] = {
        Expected.AT_ONCE: "proceeded",
        Expected.ASKED: "asked",
        Expected.REFUSED: "refused",
    }
    ways = {kind: record.calls(kind) for kind in kinds.values()}
    for done in played:
        found = [kind for kind, calls in ways.items() if done.step.name in calls]
        if found != [kinds[done.step.expected]]:
            yield f"{done.step.shown}: {' and '.join(found) or 'not on record'}"


def _obeyed(played: Sequence[Played]) -> Iterator[str]:
    for done in played:
        if done.ran != done.step.should_run:
            yield f"{done.step.shown}: {'ran' if done.ran else f'did not run: {done.reason}'}"


def _changed(sample: Sample, played: Sequence[Played]) -> Iterator[str]:
    for done in played:
        reply = done.step.reply
        wanted = reply.text if reply and reply.verdict is Verdict.MODIFY else None
        ran = done.arguments.get("command")
        if done.is_changed != (wanted is not None) or (wanted is not None and ran != wanted):
            yield f"{done.step.shown}: ran as {ran}"
    if (sample.repo / STALE).exists():
        yield f"{STALE} is still there"
    if not any((sample.repo / KEPT).iterdir()):
        yield f"{KEPT} was deleted"


def _undecided(record: Record, played: Sequence[Played]) -> Iterator[str]:
    decided = record.calls("proceeded", "let-through")
    ran = Counter(done.step.name for done in played if done.ran)
    for call in (ran | record.calls("finished")) - decided:
        yield f"call {call}"


def _used_once(record: Record) -> Iterator[str]:
    used = Counter(body["request"] for body in record.bodies if body["kind"] == "let-through")
    approved = {
        body["request"]
        for body in record.bodies
        if body["kind"] == "decided" and body["state"] == "approved"
    }
    for number in sorted(approved | set(used)):
        if number not in approved or used[number] != 1:
            yield f"REQ-{number} was used {used[number]} times"


def _edited(sample: Sample, played: Sequence[Played]) -> Iterator[str]:
    if FIXED not in (sample.repo / PACKAGE).read_text(encoding="utf-8"):
        yield f"{PACKAGE} was not changed"
    for done in played:
        if done.ran and not done.is_ok:
            yield f"{done.step.shown}: {done.output.strip()[-200:]}"


def _pushed(sample: Sample) -> Iterator[str]:
    ahead = sample.git("rev-list", "--count", f"origin/{BRANCH}..{BRANCH}").strip()
    there = sample.git("ls-remote", "origin", f"refs/heads/{BRANCH}").split("\t")[0]
    known = sample.git("rev-parse", f"origin/{BRANCH}").strip()
    if there != known:
        yield "the remote has moved"
    if ahead != "1":
        yield f"the branch is {ahead} commits ahead, not 1"


def _released(sample: Sample) -> Iterator[str]:
    lines = (
        sample.deploys.read_text(encoding="utf-8").splitlines() if sample.deploys.exists() else []
    )
    if len(lines) != 1:
        yield f"{len(lines)} releases"


def _leaked(outcome: Outcome) -> Iterator[str]:
    yield from (done.step.shown for done in outcome.played if SECRET in done.output)
    if SECRET in outcome.log:
        yield "it is in the daemon's log"
    if any(SECRET in json.dumps(body) for body in outcome.record.bodies):
        yield "it is in the ledger"


def _dead(unguarded: Played) -> Iterator[str]:
    if unguarded.ran:
        yield f"{unguarded.step.shown} ran"
    elif "assent up" not in unguarded.reason:
        yield f"the agent was told: {unguarded.reason}"


def _broken(record: Record) -> Iterator[str]:
    if not record.verification.entries:
        yield "it is empty"
    yield from (f"{broken.where}: {broken.what}" for broken in record.verification.breaks)
