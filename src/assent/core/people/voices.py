"""Who counts for what: the voices that were given, and the needs of people that they meet.

A voice counts for a need in the place of one of its people: in the speaker's own where they are
one of them, else in that of whoever let them decide. No place is taken twice, and nobody takes
two places of one need, whichever way they spoke: so as many different people decide as are named.
Where places could be taken in several ways, the way that counts most of them holds, so that the
order in which people speak does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.core.people.model import Factor, Need, Person


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody's agreement, their own or in the place of another."""

    by: str
    in_name_of: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Who does not count, whatever a group says."""

    asker: str = ""
    """Whose agent asks; empty: not known."""
    separate: bool = False
    """Whether whoever asks is barred."""
    active: frozenset[str] | None = None
    """Those who are people here and active; None: nobody is known yet, and every name counts."""

    def is_active(self, name: str) -> bool:
        return self.active is None or name in self.active

    def is_asker(self, name: str) -> bool:
        return self.separate and bool(name) and name == self.asker

    def lets(self, name: str) -> bool:
        return self.is_active(name) and not self.is_asker(name)


OPEN = Bars()


@dataclass(frozen=True, slots=True)
class NeedProgress:
    """One need, and how far it is met."""

    need: Need
    counted: tuple[Voice, ...]
    """Those that count for it: a voice of somebody's own, or in the place of the one named."""
    can: tuple[str, ...]
    """Who of its people could still agree. Of a need that anybody meets nobody is named."""

    @property
    def missing(self) -> int:
        return max(0, self.need.count - len(self.counted))

    @property
    def is_met(self) -> bool:
        return self.missing == 0

    @property
    def can_be_met(self) -> bool:
        """Whether there are people enough. In a group with nobody in it there never are."""
        return is_anybody(self.need) or len(self.can) >= self.missing

    @property
    def words(self) -> str:
        """What is missing: `1 more of @security (ana or ben)`; empty when nothing is."""
        if self.is_met:
            return ""
        more = " more" if self.counted else ""
        if is_anybody(self.need):
            return f"{self.missing}{more} {'people' if self.missing > 1 else 'person'}"
        group = self.need.group or ", ".join(self.need.people)
        lacking = f"{self.missing}{more} of {group}"
        if not self.can_be_met:
            return f"{lacking}, and there are not enough people who could"
        names = " or ".join(self.can)
        return lacking if names in (group, group.replace(", ", " or ")) else f"{lacking} ({names})"


def is_anybody(need: Need) -> bool:
    """Whether everybody with access meets it."""
    return not need.group and not need.people


def is_member(name: str, needs: Iterable[Need]) -> bool:
    """Whether a need is for this person, or for anybody."""
    return any(is_anybody(need) or name in need.people for need in needs)


@dataclass(frozen=True, slots=True)
class Ballot:
    """Needs of people and the voices that were given."""

    needs: tuple[Need, ...]
    voices: tuple[Voice, ...] = ()
    bars: Bars = field(default=OPEN)

    @property
    def progress(self) -> tuple[NeedProgress, ...]:
        """Each need in order, and how far it is met."""
        return tuple(self._progress_of(need) for need in self.needs)

    @property
    def is_met(self) -> bool:
        """Whether every need is. Without a need nothing is ever agreed to."""
        return bool(self.needs) and all(each.is_met for each in self.progress)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing, in words."""
        return tuple(each.words for each in self.progress if not each.is_met)

    def hears(self, voice: Voice) -> "Ballot":
        return replace(self, voices=(*self.voices, voice))

    def brings(self, voice: Voice) -> bool:
        """Whether it says anything that was not said: it takes a place that its owner left free,
        and for which the same person has not spoken yet."""
        spoke = {each.by for each in self.voices}
        before = [each for each in self.voices if each.by == voice.by]
        for need in self.needs:
            place = self._place(voice, need)
            known = {self._place(each, need) for each in before}
            if place and place not in known and (place == voice.by or place not in spoke):
                return True
        return False

    def best_name(self, by: str, givers: Sequence[str]) -> str:
        """In whose name `by` should speak so that it counts most; empty: in their own.

        Only those of `givers` who are needed here count, and nobody where it makes no difference
        to somebody who is needed themselves.
        """
        names = ["", *(name for name in givers if self._may_stand_for(name))]
        is_own = is_member(by, self.needs)
        return max(names, key=lambda name: (self._worth(Voice(by, name)), is_own == (not name)))

    def _may_stand_for(self, giver: str) -> bool:
        return any(giver in need.people for need in self.needs)

    def _worth(self, voice: Voice) -> tuple[int, bool]:
        heard = self.hears(voice)
        counted = sum(min(each.need.count, len(each.counted)) for each in heard.progress)
        return counted, self.brings(voice)

    def _progress_of(self, need: Need) -> NeedProgress:
        taken = _matched(self._wishes(need))
        counted = tuple(
            Voice(by, "" if place == by else place) for place, by in sorted(taken.items())
        )
        can = (name for name in need.people if self.bars.lets(name) and name not in taken)
        return NeedProgress(need, counted, tuple(dict.fromkeys(can)))

    def _wishes(self, need: Need) -> dict[str, list[str]]:
        """The places that each speaker could take in a need; who has an own one comes first."""
        wishes: dict[str, list[str]] = {}
        for voice in self.voices:
            place = self._place(voice, need)
            if place:
                wishes.setdefault(voice.by, []).append(place)
        ordered = sorted(wishes, key=lambda by: (by not in wishes[by], by))
        return {by: sorted(set(wishes[by])) for by in ordered}

    def _place(self, voice: Voice, need: Need) -> str:
        """Whose place the voice takes in a need; empty when it counts for nothing there."""
        if not self.bars.lets(voice.by):
            return ""
        if is_anybody(need) or voice.by in need.people:
            return voice.by
        giver = voice.in_name_of
        return giver if giver in need.people and self.bars.lets(giver) else ""


def _matched(wishes: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Who takes which place, so that as many as possible have one."""
    taken: dict[str, str] = {}

    def seat(by: str, tried: set[str]) -> bool:
        for place in wishes[by]:
            if place in tried:
                continue
            tried.add(place)
            if place not in taken or seat(taken[place], tried):
                taken[place] = by
                return True
        return False

    for by in wishes:
        seat(by, set())
    return taken


def is_proven(person: Person, factor: Factor) -> bool:
    """Whether `factor` speaks for this person. Whoever has a key or a passkey is heard by it."""
    return factor is not Factor.NONE or not person.has_factor


def active_names(people: Iterable[Person]) -> frozenset[str] | None:
    """Who may decide at all; None while nobody was ever added here."""
    known = list(people)
    return frozenset(person.name for person in known if person.active) if known else None
