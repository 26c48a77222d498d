"""Whether what was accepted is still what would merge, under the policy in force now."""

from collections import Counter
from collections.abc import Iterable, Sequence

from assent.core.changes.acceptance import BY_POLICY
from assent.core.changes.agreement import Agreement, Ground, agreement, named_ground, why_void
from assent.core.changes.binding import binding
from assent.core.changes.hunks import FilePatch
from assent.core.changes.lifecycle import acceptance_in_force
from assent.core.changes.model import Change, HunkId, TreePayload
from assent.core.policy.changes import ChangeRules, Path

SHOWN = 5
"""Paths that are named."""


def why_not(change: Change, rules: ChangeRules, ground: Ground | None = None) -> str:
    """Why the change must not merge as it is stored; empty when it may.

    `ground` is that of what was accepted, as policy and people are now.
    """
    accepted = acceptance_in_force(change)
    if accepted is None:
        return f"nobody accepted revision {change.newest.number}"
    if accepted.digest != binding(change.newest.payload, accepted.hunks):
        return "what was accepted is not what is stored"
    everything = {hunk.id for hunk in change.newest.hunks}
    if set(accepted.hunks) != everything and change.part is None:
        return "it is accepted in part, and that part is not built"
    if change.part is not None and change.part.revision != change.newest.number:
        return "the part that was built is of another revision"
    if accepted.via == BY_POLICY:
        return _needs_person(change, rules)
    ground = named_ground(rules.reviewers or change.reviewers) if ground is None else ground
    return _lacking(change, agreement(change, accepted.hunks, ground), ground)


def _lacking(change: Change, found: Agreement, ground: Ground) -> str:
    """What an acceptance lacks that was enough when it was given."""
    if found.is_met:
        return ""
    if found.void:
        voice, _ = found.void[0]
        why = why_void(change, voice, ground).rstrip(".")
        return f"the policy no longer lets {voice.by} accept it: {why}"
    if found.vetoes:
        return f"{' and '.join(found.vetoes)} sent it back"
    return f"it is not accepted by all who have to: {'; '.join(found.missing)}"


def _needs_person(change: Change, rules: ChangeRules) -> str:
    risk = change.newest.risk
    if rules.paths[risk].strictness < Path.PERSON.strictness:
        return ""
    return f"the policy now wants a person for what is {risk.word}"


def source_of(change: Change) -> str:
    """The commit that merges: the accepted part, or the newest revision; empty for a value."""
    if change.part is not None:
        return change.part.commit
    payload = change.newest.payload
    return payload.commit if isinstance(payload, TreePayload) else ""


def deviation(accepted: Sequence[FilePatch], merged: Sequence[FilePatch], *, target: str) -> str:
    """Why a merge does not bring exactly what was accepted; empty when it does."""
    wanted, found = Counter(_ids(accepted)), Counter(_ids(merged))
    if not found:
        return f"`{target}` has all of it already: nothing is left to merge"
    if wanted == found:
        return ""
    differing = {
        hunk.path
        for patch in (*accepted, *merged)
        for hunk in patch.hunks
        if wanted[hunk.id] != found[hunk.id]
    }
    return (
        f"`{target}` changed close to it, so that the merge is no longer what was accepted, in "
        f"{named(sorted(differing))}. Bring the branch up to date, submit it again, and look at it"
    )


def _ids(patches: Iterable[FilePatch]) -> Iterable[HunkId]:
    return (hunk.id for patch in patches for hunk in patch.hunks)


def named(paths: Sequence[str]) -> str:
    """The first paths, and how many more there are."""
    shown = ", ".join(paths[:SHOWN])
    return shown if len(paths) <= SHOWN else f"{shown} and {len(paths) - SHOWN} more"
