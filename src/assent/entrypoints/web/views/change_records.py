"""Changes as the API gives them: exact texts, times in ms since the epoch."""

from collections.abc import Sequence

from assent.app.ports import Look
from assent.core.canonical import Json
from assent.core.changes.binding import binding
from assent.core.changes.findings import Tracked
from assent.core.changes.flow import whose_turn
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.lifecycle import acceptance_in_force, findings_of
from assent.core.changes.limits import split
from assent.core.changes.model import (
    IN_QUEUE,
    Acceptance,
    Change,
    ChangeState,
    Comment,
    HunkRef,
    Merge,
    Payload,
    Revision,
    Stance,
    TestRun,
    TreePayload,
    Verdict,
)
from assent.core.policy.changes import ChangeRules, Path


def change_summary(change: Change) -> dict[str, Json]:
    """One line's worth of a change."""
    turn, newest = whose_turn(change), change.newest
    return {
        "number": change.number,
        "name": change.name,
        "title": change.title,
        "state": change.state.value,
        "version": change.version,
        "turn": {"who": turn.who, "what": turn.what},
        "class": newest.risk.word,
        "agent": change.agent,
        "owner": change.owner,
        "workspace": change.workspace,
        "repository": change.repository,
        "branch": change.branch,
        "target": change.target,
        "revision": newest.number,
        "files": len(newest.paths),
        "added": sum(hunk.added for hunk in newest.hunks),
        "removed": sum(hunk.removed for hunk in newest.hunks),
        "created_at": change.created_at,
        "updated_at": change.updated_at,
        "review_due": change.review_due,
    }


def change_record(
    change: Change, rules: ChangeRules, *, look: Look | None = None, queue: Sequence[Change] = ()
) -> dict[str, Json]:
    """Everything a person needs to decide, and what was decided."""
    newest = change.newest
    names = [each.name for each in queue]
    in_force = acceptance_in_force(change)
    return {
        **change_summary(change),
        "plan": change.plan,
        "plan_approved": change.plan_approved,
        "path": rules.paths[newest.risk].value,
        "one_by_one": rules.paths[newest.risk] is Path.ONE_BY_ONE,
        "reviewers": list(rules.reviewers or change.reviewers),
        "asked": change.asked,
        "awaited": list(change.awaited),
        "returned": change.returned,
        "reviewing": list(change.reviewing),
        "digest": binding(newest.payload, (hunk.id for hunk in newest.hunks)),
        "reasons": [
            {"rule": each.rule, "class": each.risk.word, "what": each.what, "path": each.path}
            for each in newest.reasons
        ],
        "trivial": newest.trivial,
        "in_plan": newest.in_plan,
        "report": newest.report,
        "hunks": _hunks(change),
        "split": _split(newest, rules),
        "revisions": [_revision(each) for each in change.revisions],
        "verdicts": [_verdict(each) for each in change.verdicts],
        "findings": [_finding(each) for each in findings_of(change)],
        "comments": [_comment(each) for each in change.comments],
        "acceptances": [_acceptance(each) for each in change.acceptances],
        "in_force": None if in_force is None else _acceptance(in_force),
        "queued_at": change.queued_at,
        "queue_place": names.index(change.name) + 1 if change.name in names else None,
        "ejected": change.ejected,
        "tests": [_run(each) for each in change.tests],
        "merges": [_merge(each) for each in change.merges],
        "reverts": change.reverts,
        "looked": None if look is None else {"revision": look.revision, "at": look.at},
    }


def queue_of(changes: Sequence[Change]) -> list[Change]:
    """Those in the queue, the next one first."""
    waiting = [each for each in changes if each.state in IN_QUEUE]
    return sorted(
        waiting,
        key=lambda each: (_AHEAD[each.state], each.queued_at or 0, each.number),
    )


_AHEAD = {ChangeState.MERGING: 0, ChangeState.TESTING: 1, ChangeState.QUEUED: 2}


def _hunks(change: Change) -> list[Json]:
    stances = {each.hunk: each for each in change.stances}
    found: list[Json] = []
    for hunk in change.newest.hunks:
        stance = stances.get(hunk.id)
        said: dict[str, Json] = {"stance": "undecided", "by": "", "reason": ""}
        if stance is not None:
            word = "accepted" if stance.stance is Stance.ACCEPT else "rejected"
            said = {"stance": word, "by": stance.by, "reason": stance.reason}
        found.append({**_hunk(hunk), **said})
    return found


def _hunk(hunk: HunkRef) -> dict[str, Json]:
    return {
        "id": hunk.id,
        "path": hunk.path,
        "class": hunk.risk.word,
        "added": hunk.added,
        "removed": hunk.removed,
        "line": hunk.new_start,
        "what": hunk.what,
    }


def _split(revision: Revision, rules: ChangeRules) -> Json:
    limit = rules.lines[revision.risk]
    if revision.lines <= limit:
        return None
    groups: list[Json] = [
        {
            "title": group.title,
            "lines": group.lines,
            "paths": list(group.paths),
            "hunks": list(group.hunks),
        }
        for group in split(revision, limit)
    ]
    return {"lines": revision.lines, "limit": limit, "groups": groups}


def _revision(revision: Revision) -> dict[str, Json]:
    return {
        "number": revision.number,
        "by": revision.by,
        "session": revision.session,
        "model": revision.model,
        "at": revision.at,
        "class": revision.risk.word,
        "lines": revision.lines,
        "hunks": len(revision.hunks),
        "note": revision.note,
        "submitter": revision.submitter,
        "person": revision.person,
        "authors": list(revision.authors),
        "payload": _payload(revision.payload),
    }


def _payload(payload: Payload) -> dict[str, Json]:
    if isinstance(payload, TreePayload):
        return {
            "kind": "tree",
            "base": payload.base,
            "commit": payload.commit,
            "tree": payload.tree,
        }
    return {
        "kind": "value",
        "sort": payload.sort,
        "file": payload.file,
        "pointer": payload.pointer,
        "before": payload.before,
        "after": payload.after,
    }


def _verdict(verdict: Verdict) -> dict[str, Json]:
    return {
        "reviewer": verdict.reviewer,
        "kind": verdict.kind.value,
        "revision": verdict.revision,
        "opinion": verdict.opinion.value,
        "at": verdict.at,
        "summary": verdict.summary,
        "findings": len(verdict.findings),
        "raises_to": None if verdict.raises_to is None else verdict.raises_to.word,
        "made_with": verdict.made_with,
        "counts": verdict.counts,
        "took_ms": verdict.took_ms,
    }


def _finding(found: Tracked) -> dict[str, Json]:
    finding = found.finding
    return {
        "fingerprint": finding.fingerprint,
        "reviewer": finding.reviewer,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.path,
        "line": finding.line,
        "end_line": finding.end_line,
        "quote": finding.quote,
        "in_diff": finding.in_diff,
        "standing": found.standing.value,
        "since": found.since,
    }


def _comment(comment: Comment) -> dict[str, Json]:
    return {
        "id": comment.id,
        "by": comment.by,
        "at": comment.at,
        "revision": comment.revision,
        "text": comment.text,
        "path": comment.path,
        "line": comment.line,
        "side": comment.side,
        "quote": comment.quote,
        "resolved": comment.resolved,
    }


def _acceptance(acceptance: Acceptance) -> dict[str, Json]:
    return {
        "by": acceptance.by,
        "at": acceptance.at,
        "revision": acceptance.revision,
        "via": acceptance.via,
        "hunks": list(acceptance.hunks),
        "digest": acceptance.digest,
        "reason": acceptance.reason,
        "policy": acceptance.policy,
        "factor": acceptance.factor.value,
        "envelope": acceptance.envelope,
        "entry": acceptance.entry,
        "in_name_of": acceptance.in_name_of,
        "shown_ms": acceptance.shown_ms,
        "read": acceptance.read,
    }


def _run(run: TestRun) -> dict[str, Json]:
    return {
        "tree": run.tree,
        "command": run.command,
        "ok": run.ok,
        "at": run.at,
        "took_ms": run.took_ms,
        "sandbox": run.sandbox,
        "attempts": run.attempts,
        "flaky": run.flaky,
        "log": run.log,
        "tail": run.tail,
    }


def _merge(merge: Merge) -> dict[str, Json]:
    return {
        "before": merge.before,
        "commit": merge.commit,
        "tree": merge.tree,
        "revision": merge.revision,
        "owner": merge.owner,
        "at": merge.at,
        "tests": None if merge.tests is None else _run(merge.tests),
        "hunks": list(merge.hunks),
        "reverted_by": merge.reverted_by,
        "entry": merge.entry,
    }


def patch_record(patch: FilePatch) -> dict[str, Json]:
    """One file's difference. Lines have their sign and no line end; bytes that are not UTF-8 come
    as `\\udcXX`."""
    return {
        "path": patch.path,
        "old_mode": patch.old_mode,
        "new_mode": patch.new_mode,
        "old_blob": patch.old_blob,
        "new_blob": patch.new_blob,
        "binary": patch.binary,
        "renamed_from": patch.renamed_from,
        "added": patch.added,
        "removed": patch.removed,
        "hunks": [_lines(hunk) for hunk in patch.hunks],
    }


def _lines(hunk: Hunk) -> dict[str, Json]:
    return {
        "id": hunk.id,
        "old_start": hunk.old_start,
        "old_count": hunk.old_count,
        "new_start": hunk.new_start,
        "new_count": hunk.new_count,
        "section": hunk.section,
        "whole": hunk.whole,
        "lines": [_text(line) for line in hunk.lines],
    }


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "surrogateescape")
    return text[:-1] if text.endswith("\n") else text
