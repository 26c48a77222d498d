"""The decision log of one change, as whoever audits it reads it: who asked, who made it, who had to
accept it, who did and how it is known, on what, and what came of it. Each line names its proof.

Times are exact and in UTC: it is printed, and read by people elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assent.app.changes.grounds import Grounds
from assent.app.changes.records import change_stream
from assent.app.changes.rules import policy_home
from assent.app.ports import Opened, View
from assent.core.canonical import Digest, Json, digest_text
from assent.core.changes.agreement import current_hunks, need_name, telling_needs
from assent.core.changes.binding import binding
from assent.core.changes.model import (
    Acceptance,
    Change,
    Merge,
    Opinion,
    ReviewerKind,
    Revision,
    TestRun,
    TreePayload,
)
from assent.core.ledger import Entry
from assent.core.proof.dsse import SignatureKind, read_envelope
from assent.core.proof.log import fields_of
from assent.core.proof.statement import read_statement
from assent.entrypoints.web.views.activity import body_of
from assent.entrypoints.web.views.agreement import how_words
from assent.entrypoints.web.views.changes import STATES
from assent.entrypoints.web.views.history import said_in
from assent.entrypoints.web.views.words import SECOND, plural, span

ENTRIES = 2_000
"""Entries of the record that are listed."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where what is said can be checked."""

    kind: str
    """`ledger`, `statement`, `commit`, `tree`, `hunks`, `policy`, `plan`, `evidence`, `log`."""
    value: str
    href: str = ""

    @property
    def short(self) -> str:
        return self.value.removeprefix("sha256:")[:12]


@dataclass(frozen=True, slots=True)
class LogLine:
    text: str
    who: str = ""
    at: int | None = None
    more: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()

    @property
    def moment(self) -> str:
        return "" if self.at is None else utc(self.at)

    @property
    def iso(self) -> str:
        return "" if self.at is None else _time(self.at).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class LogSection:
    id: str
    title: str
    lines: tuple[LogLine, ...]
    none: str
    """What is said where there is no line."""


@dataclass(frozen=True, slots=True)
class ChangeLog:
    name: str
    title: str
    risk: str
    state: str
    state_word: str
    repository: str
    target: str
    sections: tuple[LogSection, ...]
    is_cut: bool
    """Whether the record has more entries than are listed."""


def utc(at: int) -> str:
    return _time(at).strftime("%Y-%m-%d %H:%M:%S UTC")


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def change_log(view: View, change: Change, grounds: Grounds) -> ChangeLog:
    """All of it, read at one moment. Each person's reading is looked for in each revision."""
    entries = list(view.chain(change_stream(change)))
    said = _Said(view, change, grounds, entries)
    return ChangeLog(
        name=change.name,
        title=change.title,
        risk=change.newest.risk.word,
        state=change.state.value,
        state_word=STATES[change.state],
        repository=change.repository,
        target=change.target,
        sections=tuple(said.sections()),
        is_cut=len(entries) > ENTRIES,
    )


def log_record(log: ChangeLog) -> dict[str, Json]:
    """The same for scripts; times in ms since the epoch."""
    sections: list[Json] = [
        {
            "id": section.id,
            "title": section.title,
            "none": section.none,
            "lines": [_line_record(line) for line in section.lines],
        }
        for section in log.sections
    ]
    return {
        "change": log.name,
        "title": log.title,
        "class": log.risk,
        "state": log.state,
        "repository": log.repository,
        "target": log.target,
        "sections": sections,
        "cut": log.is_cut,
    }


def _line_record(line: LogLine) -> dict[str, Json]:
    proofs: list[Json] = [{"kind": each.kind, "value": each.value} for each in line.proofs]
    return {
        "at": line.at,
        "who": line.who,
        "text": line.text,
        "more": list(line.more),
        "proofs": proofs,
    }


@dataclass(frozen=True, slots=True)
class _Said:
    """What the sections are made from."""

    view: View
    change: Change
    grounds: Grounds
    entries: Sequence[Entry]

    def sections(self) -> Iterator[LogSection]:
        yield LogSection("asked", "Who asked for it", tuple(self._asked()), "")
        yield LogSection("made", "What was proposed, and who made it", tuple(self._made()), "")
        yield LogSection("wanted", "Who had to accept it", tuple(self._wanted()), "")
        looked = tuple(self._looked())
        yield LogSection("looked", "Who looked at it, and how long", looked, "Nobody opened it.")
        reviewed = tuple(self._reviewed())
        yield LogSection("reviewed", "What reviewers found", reviewed, "No reviewer spoke.")
        accepted = tuple(self._accepted())
        yield LogSection("decided", "Who decided what", accepted, "Nobody decided anything yet.")
        policies = tuple(self._policies())
        yield LogSection("policy", "The policy in force", policies, "The built-in policy.")
        tests = tuple(_test_line(run) for run in self.change.tests)
        yield LogSection("tests", "Tests", tests, "No tests have run.")
        merged = tuple(self._merged())
        yield LogSection("merged", "What became of it", merged, "It is not merged.")
        everything = tuple(self._entry(each) for each in self.entries[:ENTRIES])
        yield LogSection("record", "Everything, in order", everything, "")

    # --- one section each

    def _asked(self) -> Iterator[LogLine]:
        change, first = self.change, self.change.revisions[0]
        by = f"{first.by} for {change.owner}" if change.agent else change.owner
        more = [f"from {change.workspace}" + (f", branch {change.branch}" if change.branch else "")]
        more += [f"session {first.session}"] if first.session else []
        more += [f"model {first.model}"] if first.model else []
        more += [f"handed in by {first.submitter}"] if first.submitter else []
        more += [f"it takes CH-{change.reverts} back"] if change.reverts is not None else []
        yield LogLine(
            text="asked for it to be merged",
            who=by,
            at=change.created_at,
            more=tuple(more),
            proofs=self._ledger("submitted")[:1],
        )
        if change.plan:
            how = "as a person approved it" if change.plan_approved else "as its maker says"
            proof = Proof("plan", digest_text(change.plan))
            yield LogLine(text=f"a plan came with it, {how}", proofs=(proof,))

    def _made(self) -> Iterator[LogLine]:
        for revision in self.change.revisions:
            yield self._revision(revision)

    def _revision(self, revision: Revision) -> LogLine:
        payload = revision.payload
        digest = binding(payload, (hunk.id for hunk in revision.hunks))
        proofs = [Proof("hunks", digest)]
        if isinstance(payload, TreePayload):
            proofs += [Proof("commit", payload.commit), Proof("tree", payload.tree)]
        more = [f"commits by {', '.join(revision.authors)}"] if revision.authors else []
        more += [f"made by the agent of {revision.person}"] if revision.person else []
        more += [revision.note] if revision.note else []
        return LogLine(
            text=f"revision {revision.number}: {plural(revision.lines, 'line')} in "
            f"{plural(len(revision.paths), 'file')}, {plural(len(revision.hunks), 'hunk')}, "
            f"class {revision.risk.word}",
            who=revision.by,
            at=revision.at,
            more=tuple(more),
            proofs=tuple(proofs),
        )

    def _wanted(self) -> Iterator[LogLine]:
        change, rules = self.change, self.grounds.policy.changes
        path = rules.paths[change.newest.risk].value
        yield LogLine(text=f"what is {change.newest.risk.word} has to pass `{path}`")
        ground = self.grounds.of(current_hunks(change))
        for need in telling_needs(ground.needs):
            people = ", ".join(need.people)
            who = f" ({people})" if people and people != need.group else ""
            yield LogLine(text=f"{need_name(need)}{who}")
        if ground.signed:
            yield LogLine(text="by a signature that no program can give")
        for name, why in sorted(ground.apart.items()):
            yield LogLine(text=f"does not count: {why}", who=name)
        if not rules.separate:
            yield LogLine(text="whoever made it may accept it, too: the policy does not part them")

    def _looked(self) -> Iterator[LogLine]:
        change = self.change
        names = [person.name for person in self.grounds.people]
        names += [each.by for each in change.acceptances]
        names += [each.reviewer for each in change.verdicts if each.kind is ReviewerKind.PERSON]
        for revision in change.revisions:
            for name in dict.fromkeys(names):
                opened = self.view.opened(change.id, name, revision.number)
                if opened is not None:
                    yield LogLine(text=_looked(opened), who=name, at=opened.at)

    def _reviewed(self) -> Iterator[LogLine]:
        for verdict in self.change.verdicts:
            if verdict.kind is ReviewerKind.PERSON:
                continue
            counts = "" if verdict.counts else " (it did not count)"
            found = plural(len(verdict.findings), "finding")
            more = [verdict.summary] if verdict.summary else []
            more += [f"made with {verdict.made_with}"] if verdict.made_with else []
            yield LogLine(
                text=f"{_OPINIONS[verdict.opinion]} revision {verdict.revision}{counts}, {found}",
                who=f"{verdict.reviewer} ({verdict.kind.value})",
                at=verdict.at,
                more=tuple(more),
            )

    def _accepted(self) -> Iterator[LogLine]:
        ledger = self._ledger("accepted")
        lines = [
            self._acceptance(each, ledger[place : place + 1])
            for place, each in enumerate(self.change.acceptances)
        ]
        lines += [self._return(each) for each in self.entries if _kind(each) == "returned"]
        yield from sorted(lines, key=lambda line: line.at or 0)

    def _acceptance(self, given: Acceptance, ledger: tuple[Proof, ...]) -> LogLine:
        revision = next(r for r in self.change.revisions if r.number == given.revision)
        total = len({hunk.id for hunk in revision.hunks})
        some = f"{len(given.hunks)} of {plural(total, 'hunk')}"
        what = f"all {plural(total, 'hunk')}" if len(given.hunks) == total else some
        how = "by the policy, without a person" if given.via == "policy" else ""
        more = [how or how_words(self.change, given), *self._capacity(given)]
        more += [f"because: {given.reason}"] if given.reason else []
        proofs = [*ledger, Proof("hunks", given.digest)]
        proofs += [Proof("policy", given.policy)] if given.policy else []
        signed, evidence = self._statement(given.entry)
        return LogLine(
            text=f"accepted {what} of revision {given.revision}",
            who=f"{given.by} for {given.in_name_of}" if given.in_name_of else given.by,
            at=given.at,
            more=(*more, *signed),
            proofs=(*proofs, *self._statement_proof(given.entry), *evidence),
        )

    def _capacity(self, given: Acceptance) -> list[str]:
        """Which needs it counts for, as policy and people are now."""
        if given.via == "policy" or given.revision != self.change.newest.number:
            return []
        ground = self.grounds.of(given.hunks)
        named = [
            need_name(each)
            for each in ground.needs
            if given.voice in each.people or given.by in each.people
        ]
        return [f"as {', '.join(named)}"] if named else []

    def _return(self, entry: Entry) -> LogLine:
        body = body_of(entry)
        reason = str(body.get("reason") or body.get("why") or "")
        digest = str(body.get("entry") or "")
        signed, evidence = self._statement(digest)
        at = body.get("at")
        return LogLine(
            text=f"sent revision {body.get('revision')} back",
            who=str(body.get("by") or ""),
            at=at if isinstance(at, int) else None,
            more=tuple(part for part in (f"because: {reason}" if reason else "", *signed) if part),
            proofs=(_ledger_proof(entry), *self._statement_proof(digest), *evidence),
        )

    def _policies(self) -> Iterator[LogLine]:
        change = self.change
        digests = [each.policy for each in change.acceptances if each.policy]
        digests += [self.grounds.policy.digest]
        now = self.view.policy_in_force(policy_home(change.workspace, change.repository))
        for digest in dict.fromkeys(digests):
            used = sum(each.policy == digest for each in change.acceptances)
            text = f"in force for {plural(used, 'decision')}" if used else "in force now"
            line = LogLine(text=text, proofs=(Proof("policy", digest),))
            if now is not None and now.digest == digest:
                line = replace(line, who=now.accepted_by, at=now.at, text=f"accepted it; {text}")
            yield line

    def _merged(self) -> Iterator[LogLine]:
        ledger = self._ledger("merged")
        for place, done in enumerate(self.change.merges):
            yield self._merge(done, ledger[place : place + 1])
            if done.reverted_by is not None:
                yield LogLine(text=f"taken back by CH-{done.reverted_by}")

    def _merge(self, done: Merge, ledger: tuple[Proof, ...]) -> LogLine:
        where = f"into {self.change.target}" if self.change.target else "into its file"
        signed, evidence = self._statement(done.entry)
        commits = [Proof("commit", done.commit)] if done.tree else []
        commits += [Proof("tree", done.tree)] if done.tree else []
        return LogLine(
            text=f"{plural(len(done.hunks), 'hunk')} of revision {done.revision} merged {where}; "
            f"{done.owner} answers for it",
            who="Assent",
            at=done.at,
            more=(f"the branch was at {done.before} before", *signed) if done.tree else signed,
            proofs=(*ledger, *commits, *self._statement_proof(done.entry), *evidence),
        )

    def _entry(self, entry: Entry) -> LogLine:
        body = body_of(entry)
        at = body.get("at")
        by, why = said_in(body)
        return LogLine(
            text=str(body.get("kind", "unreadable")).replace("-", " "),
            who=by,
            at=at if isinstance(at, int) else None,
            more=(why,) if why else (),
            proofs=(_ledger_proof(entry),),
        )

    # --- proofs

    def _ledger(self, kind: str) -> tuple[Proof, ...]:
        """Of all entries of a kind, in order."""
        return tuple(_ledger_proof(each) for each in self.entries if _kind(each) == kind)

    def _statement_proof(self, digest: str) -> tuple[Proof, ...]:
        href = f"/changes/{self.change.name}/statements/{digest}"
        return (Proof("statement", digest, href),) if digest else ()

    def _statement(self, digest: str) -> tuple[tuple[str, ...], tuple[Proof, ...]]:
        """Who signed a statement, in words, and the evidence that it names."""
        body = self.view.envelope(Digest(digest)) if digest else None
        if body is None:
            return (), ()
        try:
            envelope = read_envelope(body)
            predicate = read_statement(envelope.payload).predicate
        except ValueError:
            return ("what was signed cannot be read any more",), ()
        return (
            tuple(f"{_SIGNERS[each.kind]} {each.keyid}" for each in envelope.signatures),
            tuple(_evidence(predicate)),
        )


def _looked(opened: Opened) -> str:
    end = "all of its files, to the end" if opened.read else "not to the end of all files"
    if opened.shown_ms < SECOND:
        return f"opened revision {opened.version}, {end}"
    return f"had revision {opened.version} on show for {span(opened.shown_ms)}, {end}"


def _evidence(predicate: Mapping[str, Json]) -> Iterator[Proof]:
    for each in fields_of(predicate.get("evidence")):
        yield Proof(f"evidence {each.get('name')}", str(each.get("digest")))


_SIGNERS = {
    SignatureKind.SSHSIG: "signed with the SSH key",
    SignatureKind.WEBAUTHN: "signed with the passkey",
    SignatureKind.SERVER: "said by the server, with the key",
}
_OPINIONS = {
    Opinion.APPROVE: "has no objection to",
    Opinion.CHANGES: "wants changes in",
    Opinion.INCONCLUSIVE: "could not tell about",
}


def _test_line(run: TestRun) -> LogLine:
    came = "passed" if run.ok else "failed"
    again = f", at attempt {run.attempts}, after it failed" if run.flaky else ""
    proofs = [Proof("tree", run.tree)] if run.tree else []
    proofs += [Proof("log", run.log, f"/tests/{run.log}")] if run.log else []
    return LogLine(
        text=f"`{run.command}` {came}{again}, {run.sandbox}", at=run.at, proofs=tuple(proofs)
    )


def _kind(entry: Entry) -> str:
    return str(body_of(entry).get("kind", ""))


def _ledger_proof(entry: Entry) -> Proof:
    return Proof("ledger", entry.hash, f"/activity?stream={entry.stream}#{entry.hash}")
