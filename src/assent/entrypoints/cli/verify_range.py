"""Verifying commits, and saying what is known of each: who, when, why, on what evidence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from assent.adapters.git.clones import Clone
from assent.adapters.identity.many import ManySignatures
from assent.app.proof.verify_range import (
    NamedVerification,
    Question,
    RangeVerification,
    verify_range,
)
from assent.core.canonical import Json
from assent.core.people.model import Factor
from assent.core.proof.answers import Answer, Verdict, Wanted
from assent.core.proof.log import Trouble
from assent.core.proof.voices import Voice
from assent.entrypoints.cli.text import moment, visible_line
from assent.errors import IntegrityError

NOT_APPROVED = 1
SIGNS = {
    Verdict.APPROVED: ("✓", "green"),
    Verdict.NOT_APPROVED: ("✗", "red"),
    Verdict.UNVERIFIABLE: ("?", "yellow"),
}
_FACTORS = {
    Factor.NONE: "the server says so",
    Factor.KEY: "signed with an SSH key",
    Factor.TOUCH: "signed with a touched key",
    Factor.PASSKEY: "signed with a passkey",
}


def verify_commits(
    folder: Path, given: str, *, ref: str, root: str, wanted: Wanted, as_json: bool
) -> None:
    """Print an answer for each commit. Ends with exit 1 where one is not approved, and raises
    IntegrityError where the log was touched."""
    clone = Clone(folder)
    question = Question(
        given=given,
        ref=full_ref(ref) if ref else clone.usual_branch(),
        root=root,
        wanted=wanted,
    )
    found = verify_range(clone, ManySignatures(), question)
    click.echo(json.dumps(as_fields(found), indent=2) if as_json else "\n".join(_words(found)))
    refuse_touched(found.troubles)
    if not found.is_approved:
        click.get_current_context().exit(NOT_APPROVED)


def refuse_touched(troubles: Sequence[Trouble]) -> None:
    """Raises IntegrityError where there are any."""
    if troubles:
        raise IntegrityError(
            f"The log of decisions was tampered with, or is damaged, in {len(troubles)} places.",
            hint="Compare it with other clones, and keep what you have.",
        )


def full_ref(name: str) -> str:
    return name if name.startswith("refs/") else f"refs/heads/{name}"


def as_fields(found: RangeVerification) -> dict[str, Json]:
    """For scripts."""
    return {
        "ref": found.ref,
        "approved": found.is_approved,
        "tampered": bool(found.troubles),
        "commits": [_answer(each, found.evidence) for each in found.answers],
        "log": {"head": found.log_head, **log_fields(found)},
    }


def log_fields(found: RangeVerification | NamedVerification) -> dict[str, Json]:
    """What is known of the log itself."""
    return {
        "entries": found.entries,
        "root": found.root,
        "troubles": [
            {"kind": each.kind.value, "where": each.where, "what": each.what}
            for each in found.troubles
        ],
        "notes": list(found.notes),
    }


def _answer(answer: Answer, evidence: Mapping[str, bytes]) -> dict[str, Json]:
    return {
        "commit": answer.commit.id,
        "title": answer.commit.title,
        "verdict": answer.verdict.value,
        "why": answer.why,
        "how": answer.how.value,
        "change": answer.change,
        "owner": answer.owner,
        "level": answer.level.value if answer.is_approved else None,
        "policy": answer.policy,
        "tests": None if answer.tests is None else dict(answer.tests),
        "decisions": [voice_fields(each, evidence) for each in answer.voices],
        "notes": list(answer.notes),
    }


def voice_fields(voice: Voice, evidence: Mapping[str, bytes]) -> dict[str, Json]:
    kept: list[Json] = [
        {"name": name, "sha256": digest, "there": digest in evidence}
        for name, digest in voice.evidence
    ]
    return {
        "by": voice.by,
        "in_name_of": voice.text("inNameOf"),
        "at": voice.at,
        "reason": voice.text("reason"),
        "via": voice.text("via"),
        "risk": voice.text("risk"),
        "factor": voice.factor.value,
        "key": None if voice.vouched is None else voice.vouched.value,
        "level": voice.level.value,
        "evidence": kept,
        "entry": voice.entry.id,
    }


# In words


def _words(found: RangeVerification) -> Iterator[str]:
    for answer in found.answers:
        yield from _answer_words(answer)
    yield from log_words(found)
    yield _summary(found)


def log_words(found: RangeVerification | NamedVerification) -> Iterator[str]:
    """What is wrong or odd with the log."""
    if found.troubles:
        yield click.style("The log of decisions is not as it should be:", fg="red")
        yield from (f"  {trouble_words(each)}" for each in found.troubles)
    yield from found.notes


def trouble_words(trouble: Trouble) -> str:
    return visible_line(f"{trouble.where}: {trouble.kind.value}: {trouble.what}")


def _summary(found: RangeVerification) -> str:
    counts = {
        verdict: sum(each.verdict is verdict for each in found.answers) for verdict in Verdict
    }
    said = ", ".join(
        f"{count} {verdict.value.replace('-', ' ')}" for verdict, count in counts.items() if count
    )
    branch = found.ref.removeprefix("refs/heads/")
    log = f"{found.entries} entries in the log"
    root = f"; its first keys: {found.root}" if found.root else ""
    return f"{visible_line(branch)}: {said or 'no commits'}. {log}{root}."


def _answer_words(answer: Answer) -> Iterator[str]:
    sign, colour = SIGNS[answer.verdict]
    name = f"{answer.commit.id[:10]}  {visible_line(answer.commit.title)}"
    yield f"{click.style(sign, fg=colour)} {name}"
    level = f" Level: {answer.level.value}." if answer.voices else ""
    word = "" if answer.is_approved else f"{answer.verdict.value.replace('-', ' ')}: "
    yield f"    {word}{visible_line(answer.why)}{level}"
    yield from (f"    {voice_words(each)}" for each in answer.voices)
    if answer.is_approved:
        yield from _rest_words(answer)


def voice_words(voice: Voice) -> str:
    name = voice.text("inNameOf")
    who = f"{voice.by} for {name}" if name else voice.by
    reason = voice.text("reason")
    because = f", because: {reason}" if reason else ""
    said = f"{who}, {moment(voice.at)}, {_FACTORS[voice.factor]}{because}"
    return visible_line(said)


def _rest_words(answer: Answer) -> Iterator[str]:
    tests = answer.tests or {}
    parts = []
    if tests:
        parts.append(f"tests {tests.get('outcome', '')}: {tests.get('command', '')}")
    seen = dict.fromkeys(name for voice in answer.voices for name, _ in voice.evidence)
    if seen:
        parts.append(f"evidence: {', '.join(seen)}")
    if answer.owner:
        parts.append(f"owner: {answer.owner}")
    if parts:
        yield f"    {visible_line('; '.join(parts))}"
    yield from (f"    {visible_line(note)}" for note in answer.notes)
