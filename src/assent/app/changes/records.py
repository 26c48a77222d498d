"""What is recorded of a change, and how a step of it is stored: its row, its entry, its event."""

from collections.abc import Callable, Mapping

from assent.app.changes.telling import tell_step
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx, View
from assent.core.canonical import Json, digest_text
from assent.core.changes.acceptance import errors_in
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import Refusal, Step
from assent.core.changes.model import (
    Acceptance,
    Change,
    ChangeState,
    ReviewerKind,
    Revision,
    TreePayload,
    Verdict,
)
from assent.core.proof.levels import Level, level_of
from assent.core.redact import redact
from assent.errors import NotFoundError

TOPIC = "change"


def change_stream(change: Change) -> str:
    return f"change/{change.number}"


def find(view: View, number: int) -> Change:
    """Raises NotFoundError."""
    found = view.change_numbered(number)
    if found is None:
        raise NotFoundError(f"There is no CH-{number}.", hint="See: assent change list")
    return found


def keep(
    tx: Tx,
    change: Change,
    what: str,
    *,
    at: int,
    fields: Mapping[str, Json] | None = None,
    new: bool = False,
) -> None:
    """Store a step of a change with its entry in the ledger, and tell who watches."""
    if new:
        tx.add_change(change)
    else:
        tx.save_change(change)
    tx.append(
        change_stream(change), what, at=at, fields={**change_fields(change), **(fields or {})}
    )
    tx.publish(TOPIC, change.id, at=at)
    tell_step(tx, change, what, at=at)


async def take(
    gate: Gatehouse,
    seen: Change,
    step: Callable[[Change], Step],
    what: str,
    *,
    fields: Callable[[Change], Mapping[str, Json]] | None = None,
    decides: bool = False,
    also: Callable[[Tx, Change, Change], Refusal | None] | None = None,
) -> Step:
    """Take one step from what is stored now, not from what was `seen`; with `decides` seal it.

    `also` writes what belongs to the step in the same transaction, given the change before and
    after it. It may refuse, before it writes anything: then nothing happened.
    """
    now = gate.clock.now()

    def work(tx: Tx) -> Step:
        current = tx.change(seen.id)
        if current is None:
            raise NotFoundError(f"{seen.name} is gone.", hint="See: assent change list")
        after = step(current)
        if isinstance(after, Refusal):
            return after
        refusal = None if also is None else also(tx, current, after)
        if refusal is not None:
            return refusal
        keep(tx, after, what, at=now, fields=fields(after) if fields else None)
        if decides:
            tx.seal(now)
        return after

    return await gate.store.write(work, durable=True)


def change_fields(change: Change) -> dict[str, Json]:
    """Where the change stands after the step."""
    return {
        "change": change.number,
        "version": change.version,
        "state": change.state.value,
        "revision": change.newest.number,
    }


def submission_fields(change: Change) -> dict[str, Json]:
    newest = change.newest
    return {
        "title": redact(change.title),
        "workspace": change.workspace,
        "repository": change.repository,
        "branch": change.branch,
        "target": change.target,
        "owner": change.owner,
        "by": newest.by,
        "session": newest.session,
        "model": newest.model,
        "class": newest.risk.word,
        "trivial": newest.trivial,
        "lines": newest.lines,
        "in_plan": newest.in_plan,
        "reverts": change.reverts,
        "plan": digest_text(change.plan) if change.plan else None,
        "plan_approved": change.plan_approved,
        "content": content_fields(newest),
    }


def content_fields(revision: Revision) -> dict[str, Json]:
    """What exactly the revision proposes."""
    payload = revision.payload
    hunks: list[Json] = [hunk.id for hunk in revision.hunks]
    digest = binding(payload, (hunk.id for hunk in revision.hunks))
    if isinstance(payload, TreePayload):
        where: dict[str, Json] = {
            "base": payload.base,
            "commit": payload.commit,
            "tree": payload.tree,
        }
    else:
        where = {"sort": payload.sort, "file": payload.file, "pointer": payload.pointer}
    return {**where, "hunks": hunks, "digest": digest}


def return_fields(change: Change, by: str) -> dict[str, Json]:
    """The last time that a person sent it back."""
    said = next(
        each
        for each in reversed(change.verdicts)
        if each.reviewer == by and each.kind is ReviewerKind.PERSON
    )
    return {
        **voice_fields(by, said.via, said.summary),
        "factor": said.factor.value,
        "envelope": said.envelope,
        "entry": said.entry,
    }


def voice_fields(by: str, via: str, reason: str = "") -> dict[str, Json]:
    """Who said something, where, and why."""
    return {"by": by, "via": via, "reason": redact(reason)}


def acceptance_level(change: Change, acceptance: Acceptance) -> Level:
    """How much the record of it is worth."""
    revision = next(each for each in change.revisions if each.number == acceptance.revision)
    return level_of(acceptance.factor, signed=bool(acceptance.envelope), apart=revision.apart)


def verdict_fields(verdict: Verdict) -> dict[str, Json]:
    findings: list[Json] = [
        [item.severity.value, item.rule, item.path, item.line, redact(item.message)]
        for item in verdict.findings
    ]
    return {
        "reviewer": verdict.reviewer,
        "kind_of_reviewer": verdict.kind.value,
        "opinion": verdict.opinion.value,
        "summary": redact(verdict.summary),
        "findings": findings,
        "raises_to": None if verdict.raises_to is None else verdict.raises_to.word,
        "made_with": verdict.made_with,
        "counts": verdict.counts,
        "took_ms": verdict.took_ms,
    }


def acceptance_fields(change: Change) -> dict[str, Json]:
    """The last acceptance of a change, and how far it is accepted by that."""
    acceptance = change.acceptances[-1]
    return {
        "by": acceptance.by,
        "via": acceptance.via,
        "level": acceptance_level(change, acceptance).value,
        "errors": len(errors_in(change, acceptance.hunks)),
        "accepted": change.state is not ChangeState.IN_REVIEW,
        "awaited": list(change.awaited),
        "hunks": list(acceptance.hunks),
        "digest": acceptance.digest,
        "reason": redact(acceptance.reason),
        "policy": acceptance.policy,
        "revision_accepted": acceptance.revision,
        "factor": acceptance.factor.value,
        "envelope": acceptance.envelope,
        "entry": acceptance.entry,
        "in_name_of": acceptance.in_name_of,
        "delegation": acceptance.delegation,
        "shown_ms": acceptance.shown_ms,
        "read": acceptance.read,
    }
