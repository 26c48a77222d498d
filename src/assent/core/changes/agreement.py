"""Whether all who have to accept a change did: for one and the same set of its hunks.

An acceptance is a voice for exactly its hunks of its revision. A person's last one counts, and
stands until they send the change back. Voices for other hunks are counted apart: nothing is
accepted by adding up what different people agreed to. The needs of a set are those of its hunks,
since other paths have other owners.

Whoever may accept can also send back, and while such a word stands nothing is accepted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.core.canonical import Digest
from assent.core.changes.binding import binding
from assent.core.changes.lifecycle import Cause, Refusal, made_by, verdicts_of
from assent.core.changes.model import Acceptance, Change, HunkId, Opinion, ReviewerKind
from assent.core.people.delegation import why_not
from assent.core.people.matter import Matter
from assent.core.people.model import Delegation, Need
from assent.core.people.voices import Ballot, Bars, NeedProgress, Voice, is_anybody, is_member

ANYBODY = (Need(group=""),)
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Ground:
    """What voices for a set of hunks are counted by: policy and people, as they are now."""

    needs: tuple[Need, ...] = ANYBODY
    """The first is `reviewers` and `quorum`; all have to be met."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """People who do not count, and what part they have in the change."""
    active: frozenset[str] | None = None
    """Who is known here and active; None: nobody is known yet, and every name counts."""
    signed: bool = False
    """Whether only what was signed with a factor that no program has counts."""
    handed: Mapping[str, Delegation] = field(default_factory=dict)
    """Delegations by their ids, no wider than the policy allows."""
    workspace: str = ""
    """Whose policy holds: delegations may be for one."""


def named_ground(reviewers: Iterable[str]) -> Ground:
    """Where nothing but names of reviewers is known."""
    people = tuple(reviewers)
    return Ground(needs=(Need(group=", ".join(people), people=people),))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far one set of hunks is accepted."""

    hunks: tuple[HunkId, ...]
    digest: Digest
    needs: tuple[NeedProgress, ...]
    voices: tuple[Acceptance, ...]
    """Those that count."""
    void: tuple[tuple[Acceptance, str], ...]
    """Voices for it that do not count, and why."""
    vetoes: tuple[str, ...]
    """Who sent it back and may: while that stands, nothing is accepted."""

    @property
    def is_met(self) -> bool:
        met = all(each.is_met for each in self.needs)
        return bool(self.needs and self.voices) and met and not self.vetoes

    @property
    def awaited(self) -> tuple[str, ...]:
        """Who could give what is missing; empty also where anybody could."""
        found = [name for each in self.needs if each.missing for name in each.can]
        return tuple(dict.fromkeys(found))

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing, in words: `1 more of @security (ana or ben)`."""
        return tuple(each.words for each in self.needs if not each.is_met)


def agreement(change: Change, hunks: Sequence[HunkId], ground: Ground) -> Agreement:
    """How far `hunks` of the newest revision are accepted."""
    digest = binding(change.newest.payload, hunks)
    counted: list[Acceptance] = []
    void: list[tuple[Acceptance, str]] = []
    for each in voices_for(change, digest):
        why = why_void(change, each, ground)
        if why:
            void.append((each, why))
        else:
            counted.append(each)
    return Agreement(
        hunks=tuple(hunks),
        digest=digest,
        needs=_progress(change, counted, ground),
        voices=tuple(counted),
        void=tuple(void),
        vetoes=vetoes(change, ground),
    )


def voices_for(change: Change, digest: Digest) -> tuple[Acceptance, ...]:
    """Present voices for one set of hunks, one of each person, the oldest first."""
    return tuple(each for each in present_voices(change) if each.digest == digest)


def present_voices(change: Change) -> tuple[Acceptance, ...]:
    """The last voice of each person about the newest revision that they did not take back.

    A person's own voice stands before one that was given in their name.
    """
    took_back = {
        each.reviewer
        for each in verdicts_of(change)
        if each.kind is ReviewerKind.PERSON and each.opinion is Opinion.CHANGES
    }
    last: dict[str, Acceptance] = {}
    for each in change.acceptances:
        before = last.get(each.voice)
        is_own = not each.in_name_of or before is None or bool(before.in_name_of)
        if each.revision == change.newest.number and is_own:
            last[each.voice] = each
    kept = (each for each in last.values() if not {each.by, each.in_name_of} & took_back)
    return tuple(sorted(kept, key=lambda each: each.at))


def sets_of(change: Change) -> tuple[tuple[HunkId, ...], ...]:
    """The sets of hunks that somebody accepted, the one with the newest voice last."""
    found: dict[Digest, tuple[HunkId, ...]] = {}
    for each in present_voices(change):
        found.pop(each.digest, None)
        found[each.digest] = each.hunks
    return tuple(found.values())


def current_hunks(change: Change) -> tuple[HunkId, ...]:
    """The set that is being agreed on: that of the newest voice, else all of the revision."""
    sets = sets_of(change)
    return sets[-1] if sets else tuple(dict.fromkeys(hunk.id for hunk in change.newest.hunks))


def vetoes(change: Change, ground: Ground) -> tuple[str, ...]:
    """Who sent the newest revision back and could also accept it."""
    return tuple(
        each.reviewer
        for each in verdicts_of(change)
        if each.kind is ReviewerKind.PERSON
        and each.opinion is Opinion.CHANGES
        and why_not_count(change, each.reviewer, ground) is None
    )


def why_not_count(
    change: Change, by: str, ground: Ground, *, in_name_of: str = ""
) -> Refusal | None:
    """Why the voice of `by` counts for nothing; None when it counts for some need."""
    for name in (by, in_name_of):
        if not name:
            continue
        if name in made_by(change):
            return Refusal(Cause.MAKER, f"{name} made {change.name} and cannot accept it.")
        if ground.active is not None and name not in ground.active:
            return Refusal(
                Cause.NOT_A_REVIEWER,
                f"{name} is nobody who decides here: not known, or no longer active.",
            )
        if name in ground.apart:
            return Refusal(
                Cause.APART,
                f"{name} cannot accept {change.name}: {name} {ground.apart[name]}, and the policy "
                "wants somebody else for that.",
            )
    voice = in_name_of or by
    if is_member(voice, ground.needs) or is_member(by, ground.needs):
        return None
    names = list(dict.fromkeys(name for need in ground.needs for name in need.people))
    whom = ", ".join(sorted(names)) or " and ".join(need.group for need in ground.needs)
    return Refusal(Cause.NOT_A_REVIEWER, f"{change.name} is for {whom} to decide, not for {voice}.")


def why_void(change: Change, voice: Acceptance, ground: Ground) -> str:
    """Why a voice that was given does not count, as policy and people are now; empty if it does."""
    refusal = why_not_count(change, voice.by, ground, in_name_of=voice.in_name_of)
    if refusal is not None:
        return refusal.message
    if ground.signed and not (voice.envelope and voice.factor.is_human):
        return f"what is {change.newest.risk.word} is accepted by a signature, and this has none"
    if voice.in_name_of:
        return _why_not_handed(change, voice, ground)
    return ""


def _why_not_handed(change: Change, voice: Acceptance, ground: Ground) -> str:
    """Whether it was in force when it was used, and wide enough."""
    handed = ground.handed.get(voice.delegation)
    if handed is None or (handed.giver, handed.taker) != (voice.in_name_of, voice.by):
        return f"{voice.in_name_of} did not let {voice.by} decide"
    return why_not(handed, matter_of(change, voice.hunks, ground), voice.at)


def matter_of(change: Change, hunks: Sequence[HunkId], ground: Ground) -> Matter:
    """What is decided about, as far as delegations go by it."""
    accepted = set(hunks)
    paths = (hunk.path for hunk in change.newest.hunks if hunk.id in accepted)
    return Matter(
        risk=change.newest.risk,
        workspace=ground.workspace or change.workspace,
        paths=tuple(dict.fromkeys(paths)),
        is_all=True,
    )


def _progress(
    change: Change, voices: Sequence[Acceptance], ground: Ground
) -> tuple[NeedProgress, ...]:
    """Whoever has a part in the change is in no group; that may leave nobody in it."""
    needs = tuple(
        need
        if is_anybody(need)
        else replace(
            need,
            group=need.group or ", ".join(need.people) or NOBODY,
            people=tuple(
                name for name in need.people if why_not_count(change, name, ground) is None
            ),
        )
        for need in ground.needs
    )
    said = tuple(Voice(each.by, each.in_name_of) for each in voices)
    return Ballot(needs, said, Bars(active=ground.active)).progress


def telling_needs(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Those that say something: beside others, that anybody may accept it does not."""
    others = tuple(each for each in needs if not is_anybody(each) or each.count > 1)
    return others or tuple(needs)


def need_name(need: Need) -> str:
    """A need as a policy says it: `2 of @security`, `ana`."""
    if is_anybody(need):
        return "anybody" if need.count == 1 else f"{need.count} people"
    return need.group if need.count == 1 else f"{need.count} of {need.group}"
