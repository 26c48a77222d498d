"""Who has to accept a change, who did, and who is missing: for pages, the API and the terminal."""

from dataclasses import dataclass

from assent.app.changes.grounds import Grounds
from assent.app.changes.records import acceptance_level
from assent.core.canonical import Json
from assent.core.changes.agreement import (
    Agreement,
    agreement,
    current_hunks,
    need_name,
    present_voices,
    telling_needs,
    why_not_count,
)
from assent.core.changes.binding import binding
from assent.core.changes.model import Acceptance, Change, ChangeState
from assent.core.people.model import Factor
from assent.core.people.voices import NeedProgress, is_anybody
from assent.entrypoints.web.views.words import plural, span

FACTORS = {
    Factor.NONE: "clicked or typed",
    Factor.KEY: "an SSH key",
    Factor.TOUCH: "a touch key",
    Factor.PASSKEY: "a passkey",
}
"""How somebody was known to be who they are."""
_WAITING = frozenset({ChangeState.IN_REVIEW, ChangeState.CHANGES_REQUESTED})


@dataclass(frozen=True, slots=True)
class NeedShown:
    """One need: `2 of @security`, by whom it is met, and who could meet what is missing."""

    name: str
    have: tuple[str, ...]
    can: tuple[str, ...]
    missing: str
    is_met: bool
    lacks: int
    """How many are missing."""


@dataclass(frozen=True, slots=True)
class VoiceShown:
    """One voice about the newest revision."""

    who: str
    what: str
    how: str
    void: str
    """Why it does not count; empty when it does."""


@dataclass(frozen=True, slots=True)
class AgreementShown:
    """How far the set of hunks is accepted that the newest voice is for."""

    needs: tuple[NeedShown, ...]
    voices: tuple[VoiceShown, ...]
    apart: tuple[str, ...]
    vetoes: tuple[str, ...]
    signed: bool
    why_not_you: str
    """Why the person who looks cannot accept it; empty when they can."""
    is_open: bool
    """Whether anybody can still say anything."""

    @property
    def waits_for_others(self) -> bool:
        """Whether one more voice is not enough."""
        missing = [each for each in self.needs if not each.is_met]
        return self.is_open and (len(missing) > 1 or any(each.lacks > 1 for each in missing))

    @property
    def has_more(self) -> bool:
        """Whether there is more to say than that anybody may accept it."""
        return bool(
            self.voices
            or self.apart
            or self.vetoes
            or self.signed
            or len(self.needs) > 1
            or any(each.name != "anybody" for each in self.needs)
        )


def agreement_view(change: Change, grounds: Grounds, *, person: str) -> AgreementShown:
    """As the page and the terminal show it to `person`."""
    hunks = current_hunks(change)
    ground = grounds.of(hunks)
    found = agreement(change, hunks, ground)
    refusal = why_not_count(change, person, ground)
    told = telling_needs([each.need for each in found.needs])
    return AgreementShown(
        needs=tuple(_need(each) for each in found.needs if each.need in told),
        voices=tuple(_voice(change, each, found) for each in present_voices(change)),
        apart=tuple(
            f"{name} {why}"
            for name, why in sorted(ground.apart.items())
            if ground.active is None or name in ground.active
        ),
        vetoes=found.vetoes,
        signed=ground.signed,
        why_not_you="" if refusal is None else refusal.message,
        is_open=change.state in _WAITING,
    )


def _need(found: NeedProgress) -> NeedShown:
    return NeedShown(
        name=need_name(found.need),
        have=tuple(
            f"{each.by} for {each.in_name_of}" if each.in_name_of else each.by
            for each in found.counted
        ),
        can=() if is_anybody(found.need) else found.can,
        missing=found.words,
        is_met=found.is_met,
        lacks=found.missing,
    )


def _voice(change: Change, given: Acceptance, found: Agreement) -> VoiceShown:
    total = len({hunk.id for hunk in change.newest.hunks})
    taken = len(given.hunks)
    what = "all of it" if taken == total else f"{taken} of {plural(total, 'hunk')}"
    void = next((why for voice, why in found.void if voice == given), "")
    if given.digest != binding(change.newest.payload, found.hunks):
        void = "these are other hunks than the ones that are being agreed on"
    who = f"{given.by} for {given.in_name_of}" if given.in_name_of else given.by
    return VoiceShown(who, what, how_words(change, given), void)


def how_words(change: Change, given: Acceptance) -> str:
    """By what they were known, whether they signed, and how they looked:
    `signed with a passkey, present; 3 min on show, to the end`."""
    how = FACTORS[given.factor]
    said = f"signed with {how}" if given.envelope else f"{how}, on {given.via or 'the server'}"
    looked = f"{span(given.shown_ms)} on show" if given.shown_ms >= 1_000 else ""
    looked = f"{looked}, to the end" if looked and given.read else looked
    level = acceptance_level(change, given).value
    return "; ".join(part for part in (f"{said}, {level}", looked) if part)


# As data


def agreement_record(change: Change, grounds: Grounds) -> dict[str, Json]:
    """The same for scripts and the terminal."""
    hunks = current_hunks(change)
    ground = grounds.of(hunks)
    found = agreement(change, hunks, ground)
    needs: list[Json] = [
        {
            "group": need_name(each.need),
            "people": list(each.need.people),
            "count": each.need.count,
            "have": [{"by": one.by, "in_name_of": one.in_name_of} for one in each.counted],
            "can": list(each.can),
            "missing": each.words,
            "met": each.is_met,
        }
        for each in found.needs
    ]
    void: list[Json] = [{"by": voice.voice, "why": why} for voice, why in found.void]
    sets: list[Json] = [
        {
            "hunks": list(each.hunks),
            "digest": each.digest,
            "by": each.by,
            "in_name_of": each.in_name_of,
            "counts": any(each == voice for voice in found.voices),
        }
        for each in present_voices(change)
    ]
    return {
        "digest": found.digest,
        "hunks": list(hunks),
        "needs": needs,
        "voices": sets,
        "void": void,
        "apart": dict(ground.apart),
        "vetoes": list(found.vetoes),
        "signed": ground.signed,
        "met": found.is_met,
        "awaited": list(found.awaited),
        "waits": change.state in _WAITING,
    }
