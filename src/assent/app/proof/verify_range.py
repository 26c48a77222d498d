"""Verify a range of commits against the log of decisions beside them: in any clone, offline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from assent.core.people.model import Factor
from assent.core.proof.answers import Answer, Commit, Verdict, Wanted
from assent.core.proof.checking import Checked, check_log, signed_in
from assent.core.proof.coverage import Coverage
from assent.core.proof.dsse import Signature
from assent.core.proof.keys import PublicKey, Unproven
from assent.core.proof.log import Log, LogCommit, Touched, Trouble, read_log
from assent.core.proof.named import Account, accounts

FINGERPRINT = 16
"""Digits of a root's fingerprint that are enough to pin it."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Where the logs of a repository end: its own, and those that fetches brought."""

    head: str
    """The one to read: that which holds all others, else the own one; empty: there is none."""
    beside: tuple[str, ...] = ()
    """Names of logs that have entries which the one to read lacks."""
    is_cut: bool = False
    """Whether the beginning is missing, as in a shallow clone."""


Signed: TypeAlias = tuple[Signature, bytes, PublicKey]
"""A signature, the payload that it is under, and the key that made it."""


class ManySignatures(Protocol):
    """Checks signatures, and may check many of them at once before it is asked for each."""

    def check(self, signature: Signature, payload: bytes, key: PublicKey) -> Factor | Unproven:
        """See `Signatures.check`."""
        ...

    def check_ahead(self, signed: Iterable[Signed]) -> None: ...


class CodeHistory(Protocol):
    """A clone, of which only objects and refs are looked at. All methods raise UnavailableError."""

    def heads(self) -> Heads: ...

    def log(self, head: str) -> Sequence[LogCommit]: ...

    def commits(self, given: str) -> Sequence[Commit]:
        """Those of a range along first parents, the oldest first: `v1..main`, `..main` for all of a
        branch, or one commit. Raises UsageError when it names nothing."""
        ...

    def history(self, name: str) -> Sequence[str]:
        """All commits of a branch, here or where the remote had it, or up to a commit, along first
        parents; none where it is not."""
        ...

    def between(self, base: str, end: str) -> Sequence[Commit]:
        """The commits after `base` up to `end` along first parents, the oldest first; the last
        thousand where `base` is not among them."""
        ...

    def hunks(self, commit: Commit) -> frozenset[str] | None:
        """The ids of the hunks between it and its first parent; None where objects are missing."""
        ...


@dataclass(frozen=True, slots=True)
class RangeVerification:
    ref: str
    answers: tuple[Answer, ...]
    troubles: tuple[Trouble, ...]
    entries: int
    root: str
    """Fingerprint of the first keys; empty: there are none."""
    log_head: str
    notes: tuple[str, ...] = ()
    evidence: Mapping[str, bytes] = field(default_factory=dict)
    """By digest in hexadecimal: what decisions were taken on."""

    @property
    def is_approved(self) -> bool:
        return all(each.is_approved for each in self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be verified."""

    given: str
    ref: str
    """`refs/heads/…`: the branch for which it has to be approved."""
    root: str = ""
    """What the fingerprint of the first keys has to begin with; empty: any."""
    wanted: Wanted = Wanted.ANY


def verify_range(
    history: CodeHistory, signatures: ManySignatures, question: Question
) -> RangeVerification:
    """Answers for each commit of the range, and all that is wrong with the log.

    Raises UsageError for a range that names nothing.
    """
    commits = history.commits(question.given)
    heads = history.heads()
    if not heads.head or heads.is_cut:
        why = _CUT if heads.head else _NO_LOG
        answers = tuple(Answer(each, Verdict.UNVERIFIABLE, why) for each in commits)
        return RangeVerification(question.ref, answers, (), 0, "", heads.head)
    log = read_log(history.log(heads.head))
    signatures.check_ahead(signed_in(log))
    checked = check_log(log, signatures.check)
    line = set(history.history(question.ref))
    line.update(history.history(commits[-1].id) if commits else ())
    coverage = Coverage(
        checked=checked,
        ref=question.ref,
        history=frozenset(line),
        hunks=history.hunks,
        between=history.between,
        wanted=question.wanted,
    )
    answers = tuple(coverage.answer(each) for each in commits)
    return RangeVerification(
        ref=question.ref,
        answers=answers,
        troubles=(*checked.troubles, *_seen(checked, answers), *_pinned(checked, question.root)),
        entries=len(log.entries),
        root=checked.root,
        log_head=heads.head,
        notes=(*checked.notes, *_notes(log, heads)),
        evidence=log.evidence,
    )


@dataclass(frozen=True, slots=True)
class NamedVerification:
    """What the log says of one request or change."""

    name: str
    accounts: tuple[Account, ...]
    troubles: tuple[Trouble, ...]
    entries: int
    root: str
    notes: tuple[str, ...]
    why_none: str
    """Why nothing is said of it; empty where something is."""

    @property
    def is_approved(self) -> bool:
        approved = (each.verdict is Verdict.APPROVED for each in self.accounts)
        return bool(self.accounts) and all(approved)


def verify_named(
    history: CodeHistory, signatures: ManySignatures, name: str, *, root: str, wanted: Wanted
) -> NamedVerification:
    """What was decided about `name` (`REQ-7`, `CH-4`), and all that is wrong with the log."""
    heads = history.heads()
    if not heads.head or heads.is_cut:
        why = _CUT if heads.head else _NO_LOG
        return NamedVerification(name, (), (), 0, "", (), why)
    log = read_log(history.log(heads.head))
    signatures.check_ahead(signed_in(log))
    checked = check_log(log, signatures.check)
    found = accounts(checked, name, wanted)
    return NamedVerification(
        name=name,
        accounts=found,
        troubles=(*checked.troubles, *_pinned(checked, root)),
        entries=len(log.entries),
        root=checked.root,
        notes=(*checked.notes, *_notes(log, heads)),
        why_none="" if found else f"The log of decisions here says nothing of {name}.",
    )


_NO_LOG = (
    "There is no log of decisions here. Fetch it: git fetch origin refs/assent/log:refs/assent/log"
)
_CUT = (
    "The beginning of the log of decisions is missing here, since the clone is shallow. Fetch it "
    "whole: git fetch --unshallow, or fetch-depth: 0 in a pipeline"
)


def _seen(checked: Checked, answers: Sequence[Answer]) -> list[Trouble]:
    """Merge commits name the head of the log as it was: they are witnesses of it, too."""
    found = []
    for answer in answers:
        commit = answer.commit
        if commit.seen_log and commit.by_assent and commit.seen_log not in checked.log.commits:
            found.append(
                Trouble(
                    Touched.TAIL_DROPPED,
                    commit.id[:10],
                    f"When this was merged the log ended with {commit.seen_log[:10]}, which is not "
                    "in it: its tail was dropped, or all of it was replaced.",
                )
            )
    return found


def _pinned(checked: Checked, root: str) -> list[Trouble]:
    wanted = root.lower().removeprefix("sha256:")
    if not wanted or (len(wanted) >= FINGERPRINT and checked.root.startswith(wanted)):
        return []
    return [
        Trouble(
            Touched.OTHER_ROOT,
            "log",
            f"The log begins with the keys {checked.root or 'of nobody'}, not with those that "
            "were asked for.",
        )
    ]


def _notes(log: Log, heads: Heads) -> list[str]:
    found = []
    if log.joined:
        found.append(
            f"{log.joined} entries were appended again after a fetch had brought another log, as "
            "the server says."
        )
    found.extend(
        f"{name} has entries that the log here lacks: two places appended at once. The running "
        "Assent brings them together within a minute; then push the log."
        for name in heads.beside
    )
    return found
