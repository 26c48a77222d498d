"""What people say about a change, and what the executor says of its merge, as statements.

A statement is made from what is stored, what was said, and nothing else: made again from the same
it has the same bytes, so that one can be checked by making it anew.
"""

from dataclasses import dataclass

from assent.core.canonical import Digest, Json, digest_text
from assent.core.changes.acceptance import owner_of
from assent.core.changes.agreement import voices_for
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import acceptance_in_force
from assent.core.changes.model import (
    Acceptance,
    Change,
    HunkId,
    Landing,
    Revision,
    TestRun,
    TreePayload,
)
from assent.core.people.model import Need
from assent.core.policy.model import Tier
from assent.core.proof.decisions import Moment
from assent.core.proof.evidence import evidence_fields, evidence_of_change, needs_fields
from assent.core.proof.statement import DECISION, MERGE, Statement, Subject
from assent.core.redact import redact

ACCEPT = "accept"
REJECT = "reject"
_SHA = "sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWord:
    """A person's word about the newest revision of a change."""

    decision: str
    """`accept` or `reject`."""
    by: str
    via: str
    hunks: tuple[HunkId, ...]
    """What is accepted; with `reject` what is not wanted of it."""
    policy: Digest
    """In force."""
    reason: str = ""
    hand: Tier = Tier.ACKNOWLEDGE
    """What the hand did; to sign is the heaviest."""
    in_name_of: str = ""
    needs: tuple[Need, ...] = ()
    """Who has to accept these hunks, as policy and people are at that moment."""
    apart: tuple[str, ...] = ()
    """Who has a part in it that keeps them from accepting."""


def change_statement(change: Change, word: ChangeWord, moment: Moment) -> Statement:
    """What a person signs who accepts a change, as it is stored, or sends it back."""
    newest = change.newest
    accepts = word.decision == ACCEPT
    about = word.hunks if accepts else tuple(hunk.id for hunk in newest.hunks)
    bound = binding(newest.payload, about)
    predicate: dict[str, Json] = {
        "decision": word.decision,
        "by": word.by,
        "inNameOf": word.in_name_of,
        "via": word.via,
        "hand": word.hand.value,
        "reason": redact(word.reason),
        "change": change.name,
        "revision": newest.number,
        "version": change.version,
        "risk": newest.risk.word,
        "policy": word.policy,
        "plan": digest_text(change.plan) if change.plan else "",
        **_place(change),
        "hunks" if accepts else "rejectedHunks": list(word.hunks),
        "whole": accepts and {*word.hunks} == {hunk.id for hunk in newest.hunks},
        "binding": bound,
        "needs": needs_fields(word.needs),
        "apart": list(word.apart),
        "evidence": evidence_fields(evidence_of_change(change)),
        "agent": _agent(newest),
        "asker": newest.person or newest.submitter,
        **moment.fields(),
    }
    return Statement(
        kind=DECISION,
        subjects=_subjects(change, _tree(newest), bound),
        predicate=without_nothing(predicate),
    )


def merge_statement(change: Change, landing: Landing) -> Statement:
    """The executor's, about what it is about to do: which ref moves from where to where, by which
    decisions and tests. Made from what is stored before it happens, so that whoever completes it
    after a kill says the very same."""
    run = landing.tests
    accepted = acceptance_in_force(change)
    voices = () if accepted is None else accepted_by(change, accepted)
    predicate: dict[str, Json] = {
        "change": change.name,
        "revision": change.newest.number,
        **_place(change),
        "before": landing.before,
        "after": landing.after,
        "tree": landing.tree,
        "hunks": [] if accepted is None else list(accepted.hunks),
        "binding": "" if accepted is None else accepted.digest,
        "decisions": [each.entry for each in voices if each.entry],
        "tests": {} if run is None else _tests(run),
        "evidence": [{"name": "tests", "digest": landing.evidence}] if landing.evidence else [],
        "policy": landing.policy,
        "owner": owner_of(change, accepted),
        "reverts": "" if change.reverts is None else f"CH-{change.reverts}",
        "at": landing.at,
        "seenLogHead": landing.seen,
    }
    bound = "" if accepted is None else accepted.digest
    return Statement(
        kind=MERGE,
        subjects=_subjects(change, landing.tree, bound),
        predicate=without_nothing(predicate),
    )


def accepted_by(change: Change, accepted: Acceptance) -> tuple[Acceptance, ...]:
    """The voices by which what `accepted` completed was accepted; the policy's is its own."""
    return voices_for(change, accepted.digest) or (accepted,)


def _tests(run: TestRun) -> dict[str, Json]:
    """`outcome` is `passed`, `flaky` (it failed first) or `failed`; `log` is the log's digest."""
    passed = "flaky" if run.flaky else "passed"
    return without_nothing(
        {
            "command": redact(run.command),
            "outcome": passed if run.ok else "failed",
            "log": run.log,
        }
    )


def without_nothing(predicate: dict[str, Json]) -> dict[str, Json]:
    """Keys that do not apply are left out."""
    return {name: value for name, value in predicate.items() if value not in (None, "", [], {})}


def _place(change: Change) -> dict[str, Json]:
    payload = change.newest.payload
    if isinstance(payload, TreePayload):
        return {"ref": _ref(change), "base": payload.base, "tree": payload.tree}
    return {"file": payload.file, "pointer": payload.pointer, "sort": payload.sort}


def _ref(change: Change) -> str:
    return f"refs/heads/{change.target}"


def _tree(revision: Revision) -> str:
    return revision.payload.tree if isinstance(revision.payload, TreePayload) else ""


def _subjects(change: Change, tree: str, bound: str) -> tuple[Subject, ...]:
    own = Subject(change.name, {"sha256": bound.removeprefix(_SHA)})
    return (Subject(_ref(change), {"gitTree": tree}), own) if tree else (own,)


def _agent(revision: Revision) -> dict[str, Json]:
    if not revision.session and not revision.person:
        return {}
    return without_nothing(
        {
            "agent": revision.by,
            "session": revision.session,
            "model": revision.model,
            "person": revision.person,
        }
    )
