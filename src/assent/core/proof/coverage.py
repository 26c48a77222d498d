"""Which decisions cover a commit. The people's layer names base, tree and hunks; the executor's
names which branch moved from where to where by which of them.

A set of hunks is used up by the one commit that brought it to the branch: the same set again, after
a revert or anywhere else, needs people to approve it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assent.core.canonical import Json
from assent.core.people.model import Need
from assent.core.proof.answers import Answer, Commit, How, Verdict, Wanted
from assent.core.proof.checking import Checked
from assent.core.proof.key_history import Vouch
from assent.core.proof.levels import Level
from assent.core.proof.policies import met_by
from assent.core.proof.voices import MergeEntry, Voice

REJECT = "reject"
Hunks = Callable[[Commit], frozenset[str] | None]
"""The ids of the hunks between a commit and its first parent; None when they cannot be told."""
Set = tuple[str, str]


@dataclass
class Coverage:
    """Answers for the commits of one branch, which are asked about from the oldest on."""

    checked: Checked
    ref: str
    history: frozenset[str]
    """All commits of the branch along first parents."""
    hunks: Hunks
    between: Callable[[str, str], Sequence[Commit]]
    """The commits after one and up to another, along first parents, the oldest first."""
    wanted: Wanted = Wanted.ANY
    _sets: dict[Set, list[Voice]] = field(default_factory=dict)
    _elsewhere: dict[Set, list[Voice]] = field(default_factory=dict)
    _used: dict[Set, str] = field(default_factory=dict)
    _by_tree: dict[tuple[str, str], Set] = field(default_factory=dict)
    _by_hunks: dict[frozenset[str], list[Set]] = field(default_factory=dict)
    _trees: dict[str, str] = field(default_factory=dict)
    _rejections: dict[str, list[Voice]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for voice in self.checked.voices.values():
            ref = voice.text("ref")
            if not ref:
                continue
            if ref != self.ref:
                self._elsewhere.setdefault(voice.set, []).append(voice)
                continue
            self._sets.setdefault(voice.set, []).append(voice)
            if voice.text("decision") == REJECT:
                self._rejections.setdefault(voice.about, []).append(voice)
            if voice.agrees:
                if voice.is_whole:
                    self._by_tree[voice.text("base"), voice.text("tree")] = voice.set
                self._by_hunks.setdefault(voice.hunks, []).append(voice.set)
                self._trees[voice.text("tree")] = voice.about
        for commit, merge in self.checked.merges.items():
            if merge.text("ref") == self.ref and commit in self.history:
                self._used[merge.change, merge.text("binding")] = commit

    def answer(self, commit: Commit) -> Answer:
        """Whether `commit` is approved, and by what."""
        if not commit.parents:
            return self._no(commit, "It is the first commit: there is nothing that it changes.")
        merge = self.checked.merges.get(commit.id)
        if merge is not None and merge.text("ref") == self.ref:
            return self._merged(commit, merge)
        return self._unmerged(commit)

    # --- what Assent merged

    def _merged(self, commit: Commit, merge: MergeEntry) -> Answer:
        fault = merge_fault(merge, commit)
        if fault:
            return self._no(commit, fault, change=merge.change)
        if not merge.decisions:
            return self._by_policy(commit, merge)
        named = [self.checked.voices.get(each) for each in merge.decisions]
        voices = [each for each in named if each is not None and each.about == merge.change]
        if len(voices) != len(named):
            whys = [self.checked.void.get(each, "") for each in merge.decisions]
            why = next((each for each in whys if each), "A decision that it names is not there.")
            return self._no(commit, why, change=merge.change)
        sets = {each.set for each in voices}
        if len(sets) != 1 or {each.text("ref") for each in voices} != {self.ref}:
            return self._no(
                commit, "The decisions that it names are not about one thing.", change=merge.change
            )
        if not self._is_exactly(commit, voices[0]):
            found = self.hunks(commit)
            if found is None:
                return self._cannot(commit, merge.change)
            if found != voices[0].hunks:
                return self._no(
                    commit,
                    f"It is not what was approved as {merge.change}: its hunks are others.",
                    change=merge.change,
                )
        return self._judged(commit, voices, How.MERGE, owner=merge.text("owner"), tests=merge.tests)

    def _by_policy(self, commit: Commit, merge: MergeEntry) -> Answer:
        if self.wanted is not Wanted.ANY:
            return self._no(
                commit, f"The policy merged {merge.change}; no person signed.", change=merge.change
            )
        return Answer(
            commit,
            Verdict.APPROVED,
            f"{merge.change} merged by the policy, as the server says: no person had to look.",
            how=How.POLICY,
            change=merge.change,
            owner=merge.text("owner"),
            tests=merge.tests or None,
            policy=merge.text("policy"),
        )

    @staticmethod
    def _is_exactly(commit: Commit, voice: Voice) -> bool:
        """Whether it is the proposal on the very commit that it was approved for. Of one approved
        in part the tree is another than the one that the statement names."""
        return voice.is_whole and (voice.text("base"), voice.text("tree")) == (
            commit.parent,
            commit.tree,
        )

    # --- what came some other way

    def _unmerged(self, commit: Commit) -> Answer:
        exact = self._by_tree.get((commit.parent, commit.tree))
        if exact is not None and self._is_free(exact, commit):
            self._used[exact] = commit.id
            return self._judged(commit, self._agreeing(exact), How.SAME_TREE)
        if not self._sets and not self._elsewhere:
            return self._no(commit, "Nobody approved anything for this branch.")
        found = self.hunks(commit)
        if found is None:
            return self._cannot(commit, "")
        known = self._by_hunks.get(found, []) if found else []
        for each in known:
            if self._is_free(each, commit) and not self._came_before(each, commit):
                self._used[each] = commit.id
                return self._judged(commit, self._agreeing(each), How.SAME_HUNKS)
        return self._no(commit, self._why_not(commit, found, known))

    def _is_free(self, each: Set, commit: Commit) -> bool:
        return self._used.get(each, commit.id) == commit.id

    def _came_before(self, each: Set, commit: Commit) -> bool:
        """Whether the same hunks came to the branch earlier without an entry of a merge; where that
        cannot be told, they may have."""
        voices = self._agreeing(each)
        for earlier in self.between(voices[0].text("base"), commit.parent):
            if earlier.id in self.checked.merges or not earlier.parents:
                continue
            if self.hunks(earlier) in (None, voices[0].hunks):
                self._used[each] = earlier.id
                return True
        return False

    def _agreeing(self, each: Set) -> list[Voice]:
        return [voice for voice in self._sets[each] if voice.agrees]

    def _why_not(self, commit: Commit, found: frozenset[str], known: Sequence[Set]) -> str:
        if known:
            used = self._used[known[0]]
            return (
                f"It repeats {known[0][0]}, which was approved once and merged as {used[:10]}: "
                "taken again, also after a revert, it needs a new approval."
            )
        about = self._trees.get(commit.tree)
        if about is not None:
            return (
                f"It puts the files of {about} on another base than they were approved for: what "
                "came in between would be lost."
            )
        for voices in self._elsewhere.values():
            if found and voices[0].hunks == found and voices[0].agrees:
                return f"{voices[0].about} was approved for {_short(voices[0].text('ref'))} only."
        void = [each for each in self.checked.log.entries if each.id in self.checked.void]
        for entry in void:
            voice = Voice(entry)
            if voice.text("ref") == self.ref and voice.hunks == found:
                return f"{voice.about} does not count: {self.checked.void[entry.id]}"
        return "It came to this branch without Assent: nobody approved it."

    # --- people enough

    def _judged(
        self,
        commit: Commit,
        voices: Sequence[Voice],
        how: How,
        *,
        owner: str = "",
        tests: Mapping[str, Json] | None = None,
    ) -> Answer:
        """Whether those who agreed are all who had to."""
        change = voices[0].about
        against = self._against(voices)
        if against is not None:
            return self._no(
                commit, f"{against.by} rejected {change} after it was approved.", change=change
            )
        present = [each for each in voices if each.is_present]
        signed = [each for each in voices if each.is_signed]
        # Who had to agree is what a person signed, where one did: no later word lowers that.
        needs = max(signed or voices, key=lambda each: each.at).needs
        counted = {Wanted.ANY: voices, Wanted.SIGNED: signed, Wanted.PRESENT: present}
        missing = unmet(needs, counted[self.wanted])
        if missing:
            more = "" if self.wanted is Wanted.ANY else f" as `{self.wanted.value}` wants it"
            return self._no(commit, f"{change} lacks {missing}{more}.", change=change)
        level = Level.PRESENT if not unmet(needs, present) else Level.ADVISORY
        return Answer(
            commit,
            Verdict.APPROVED,
            _words(change, how),
            how=how,
            change=change,
            owner=owner,
            voices=tuple(voices),
            level=level,
            tests=tests or None,
            policy=voices[0].text("policy"),
            notes=tuple(self._notes(voices, how)),
        )

    def _against(self, voices: Sequence[Voice]) -> Voice | None:
        """Somebody who may, and rejected the same revision after the last of `voices`."""
        last, of = max(each.at for each in voices), voices[0]
        revision = of.entry.statement.predicate.get("revision")
        for each in self._rejections.get(of.about, ()):
            same = each.entry.statement.predicate.get("revision") == revision
            if same and each.at > last:
                return each
        return None

    def _notes(self, voices: Sequence[Voice], how: How) -> list[str]:
        found = []
        if how in (How.SAME_TREE, How.SAME_HUNKS):
            found.append("Tests did not run on this tree.")
        for voice in voices:
            if voice.whose != voice.by:
                found.append(
                    f"{voice.by} decided for {voice.whose}: that {voice.whose} let them is what "
                    "the server says."
                )
            if voice.vouched is Vouch.SERVER:
                found.append(
                    f"{voice.by}'s key was put in by the server alone: that it is theirs is what "
                    "the server says."
                )
            held = self.checked.policy_at(voice.entry.position)
            said = voice.text("policy")
            if held and said and held != said:
                found.append(
                    f"{voice.by} decided under the policy {said[7:17]}, while the log had "
                    f"{held[7:17]} in force."
                )
        return list(dict.fromkeys(found))

    def _no(self, commit: Commit, why: str, *, change: str = "") -> Answer:
        return Answer(commit, Verdict.NOT_APPROVED, why, change=change)

    def _cannot(self, commit: Commit, change: str) -> Answer:
        return Answer(
            commit,
            Verdict.UNVERIFIABLE,
            "What it changes cannot be read here: fetch the whole history, with all files.",
            change=change,
        )


def merge_fault(merge: MergeEntry, commit: Commit) -> str:
    """Why an entry of the executor is not about this commit; empty when it is."""
    if merge.text("before") != commit.parent:
        return "The entry of its merge says that the branch stood elsewhere before."
    if merge.text("tree") != commit.tree:
        return "The entry of its merge names other files."
    return ""


def unmet(needs: Sequence[Need], voices: Sequence[Voice]) -> str:
    """What is missing, in words; empty: nothing is."""
    missing = []
    for need in needs:
        left = need.count - len(met_by(need, voices))
        if left > 0:
            of = need.group or ", ".join(need.people) or "anybody who may"
            missing.append(f"{left} more of {of}")
    if missing:
        return " and ".join(missing)
    return "" if voices else "anybody who approved it"


def _words(change: str, how: How) -> str:
    if how is How.SAME_HUNKS:
        return f"Same hunks as {change}, which came here some other way than by Assent's merge."
    if how is How.SAME_TREE:
        return f"The very files of {change}, which came here some other way than by Assent's merge."
    return f"Merged as {change}."


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")
