"""What a log of decisions says of one request or change, by the name that people know it by."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.people.model import Need
from assent.core.proof.answers import Verdict, Wanted
from assent.core.proof.checking import Checked
from assent.core.proof.coverage import unmet
from assent.core.proof.levels import Level
from assent.core.proof.voices import Voice


@dataclass(frozen=True, slots=True)
class Account:
    """One thing of that name. Two homes that share a repository may both have a REQ-7."""

    name: str
    subject: str
    """What was decided about: the digest of an action, or of a proposal and its hunks."""
    voices: tuple[Voice, ...]
    """All that was said, the oldest first."""
    verdict: Verdict
    """`APPROVED`: those who had to did, and nobody rejected it since. Never `UNVERIFIABLE`."""
    why: str
    level: Level


def accounts(checked: Checked, name: str, wanted: Wanted) -> tuple[Account, ...]:
    """Each thing that the log knows by `name` (`REQ-7`, `CH-4`), in its order; of entries that
    count for nothing there is none."""
    found: dict[str, list[Voice]] = {}
    voices = sorted(checked.voices.values(), key=lambda each: each.entry.position)
    for voice in voices:
        if voice.about == name:
            found.setdefault(_subject(voice), []).append(voice)
    return tuple(_account(name, subject, said, wanted) for subject, said in found.items())


def _subject(voice: Voice) -> str:
    return voice.text("binding") or next(iter(voice.subjects()), "")


def _account(name: str, subject: str, said: Sequence[Voice], wanted: Wanted) -> Account:
    why, level = _why_not(said, wanted), Level.ADVISORY
    verdict = Verdict.NOT_APPROVED if why else Verdict.APPROVED
    agreed = [each for each in said if each.agrees]
    if not why and not unmet(_needs(agreed), [each for each in agreed if each.is_present]):
        level = Level.PRESENT
    return Account(name, subject, tuple(said), verdict, why or "approved", level)


def _why_not(said: Sequence[Voice], wanted: Wanted) -> str:
    """Why it was not approved; empty: it was."""
    agreed = [each for each in said if each.agrees]
    last = said[-1]
    if last.text("decision") in AGAINST:
        return f"{last.by} said no"
    lacks = unmet(_needs(agreed), [each for each in agreed if _counts(each, wanted)])
    return f"it lacks {lacks}" if lacks else ""


AGAINST = frozenset({"reject", "withdraw"})
"""What ends a request, and sends a change back."""


def _counts(voice: Voice, wanted: Wanted) -> bool:
    if wanted is Wanted.PRESENT:
        return voice.is_present
    return voice.is_signed if wanted is Wanted.SIGNED else True


def _needs(agreed: Sequence[Voice]) -> tuple[Need, ...]:
    """Who had to agree: as a person signed it, where one did; no later word lowers that."""
    signed = [each for each in agreed if each.is_signed]
    return max(signed or agreed, key=lambda each: each.at).needs if agreed else ()
