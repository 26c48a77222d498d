"""A server's `pre-receive` hook: what reaches a protected branch has to be covered by decisions,
and the log of decisions only grows. Runs while what is pushed lies in git's quarantine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from assent.adapters.git.clones import Clone
from assent.adapters.identity.many import ManySignatures
from assent.app.proof.verify_range import Question, RangeVerification, verify_range
from assent.core.proof.answers import Wanted
from assent.core.proof.log import LOG_REF
from assent.entrypoints.cli.text import visible_line
from assent.entrypoints.cli.verify_range import full_ref, trouble_words
from assent.errors import UsageError

REFUSED = 1


def refuse_push(
    folder: Path,
    lines: Sequence[str],
    *,
    env: Mapping[str, str],
    refs: Sequence[str],
    root: str,
    wanted: Wanted,
) -> None:
    """Ends with exit 1, and says why, where a line (`old new ref`) may not pass."""
    updates = [_update(line) for line in lines if line.strip()]
    logs = [new for _, new, ref in updates if ref == LOG_REF]
    clone = Clone(folder, env=env, log=logs[0] if logs and _is_there(logs[0]) else None)
    protected = {full_ref(each) for each in refs} or {clone.default_branch()}
    faults = [
        fault
        for old, new, ref in updates
        if ref == LOG_REF or ref in protected
        for fault in _faults(clone, (old, new, ref), root=root, wanted=wanted)
    ]
    for fault in faults:
        click.echo(f"assent: {visible_line(fault)}", err=True)
    if faults:
        click.get_current_context().exit(REFUSED)


def _update(line: str) -> tuple[str, str, str]:
    parts = line.split(" ", 2)
    if len(parts) != 3:
        raise UsageError(
            f"`{visible_line(line)}` is not what git hands to a hook.",
            hint="Call it from hooks/pre-receive.",
        )
    return parts[0], parts[1], parts[2]


def _is_there(name: str) -> bool:
    return bool(name.strip("0"))


def _faults(clone: Clone, update: tuple[str, str, str], *, root: str, wanted: Wanted) -> list[str]:
    """Why this update may not pass; none: it may."""
    old, new, ref = update
    short = ref.removeprefix("refs/heads/")
    if not _is_there(new):
        return [f"{short} may not be deleted."]
    if _is_there(old) and not clone.is_ancestor(old, new):
        return [f"{short} may only grow: what is pushed lacks commits that are there."]
    if ref == LOG_REF:
        # Of one empty range: the log by itself.
        given, branch = f"{new}..{new}", clone.default_branch()
    else:
        given, branch = (f"{old}..{new}" if _is_there(old) else f"..{new}"), ref
    question = Question(given=given, ref=branch, root=root, wanted=wanted)
    return _said(verify_range(clone, ManySignatures(), question), short)


def _said(found: RangeVerification, short: str) -> list[str]:
    if found.troubles:
        return [f"{short}: {trouble_words(each)}" for each in found.troubles]
    return [
        f"{short}: {each.commit.id[:10]} {each.verdict.value.replace('-', ' ')}: {each.why}"
        for each in found.answers
        if not each.is_approved
    ]
