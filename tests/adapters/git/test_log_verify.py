"""What is approved, by whom and how; and what came some other way."""

from pathlib import Path

import pytest

from assent.core.canonical import Json
from assent.core.proof.answers import How, Verdict, Wanted
from assent.core.proof.levels import Level
from assent.core.proof.log import NewEntry
from assent.core.proof.statement import read_statement
from tests.adapters.git.log_scene import LogHouse, person
from tests.signing import PasskeySigner, SshSigner


@pytest.fixture
def house(tmp_path: Path) -> LogHouse:
    return LogHouse.make(tmp_path)


def test_a_merge_by_assent_is_approved(house: LogHouse) -> None:
    house.merged()
    answer = house.answer()
    assert (answer.verdict, answer.how) == (Verdict.APPROVED, How.MERGE)
    assert [voice.by for voice in answer.voices] == ["ana"]
    assert answer.level is Level.PRESENT
    assert answer.tests == {"command": "make test", "outcome": "passed"}


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_it_is_proven_in_a_fresh_clone(tmp_path: Path, form: str) -> None:
    house = LogHouse.make(tmp_path, form=form)
    house.merged()
    clone = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(clone))
    house.user.git("fetch", "-q", "origin", "refs/assent/log:refs/assent/log", cwd=clone)
    found = house.verify(folder=clone)
    assert found.is_approved
    assert not found.troubles


def test_without_a_log_nothing_can_be_told(house: LogHouse, tmp_path: Path) -> None:
    house.merged()
    clone = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(clone))
    answer = house.verify(folder=clone).answers[0]
    assert answer.verdict is Verdict.UNVERIFIABLE
    assert "git fetch origin refs/assent/log:refs/assent/log" in answer.why


def test_a_log_without_its_beginning_tells_nothing(house: LogHouse, tmp_path: Path) -> None:
    house.merged()
    clone = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(clone))
    source = f"file://{house.user.folder}"
    house.user.git(
        "fetch", "-q", "--depth=1", source, "+refs/assent/log:refs/assent/log", cwd=clone
    )
    answer = house.verify(folder=clone).answers[0]
    assert answer.verdict is Verdict.UNVERIFIABLE
    assert "shallow" in answer.why


def test_what_came_without_assent_is_not_approved(house: LogHouse) -> None:
    house.merged()
    house.user.commit("By hand", **{"c.txt": "c\n"})
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "without Assent" in answer.why


def test_the_target_moved_in_between(house: LogHouse) -> None:
    base, made = house.change("b.txt")
    house.merged("c.txt", "other\n")
    said = house.decision(base, made, change="CH-1")
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said, change="CH-1"))
    assert house.answer().how is How.MERGE


def test_a_merge_that_brings_more_than_was_approved(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    house.append(said)
    house.user.git("merge", "-q", "--no-ff", "--no-commit", made)
    after = house.user.commit("Merge", **{"evil.txt": "more\n"})
    house.append(house.merge_entry(base, after, said))
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "its hunks are others" in answer.why


def test_a_part_that_was_approved_does_not_cover_the_whole(house: LogHouse) -> None:
    base, made = house.change("b.txt")
    all_hunks = house.hunks(base, made)
    said = house.decision(base, made, hunks=all_hunks[:0], whole=False)
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    assert house.answer().verdict is Verdict.NOT_APPROVED


# Squashed, rebased, picked


def _onto_main(house: LogHouse, made: str, *, how: str) -> None:
    if how == "squash":
        house.user.git("merge", "-q", "--squash", made)
        house.user.git("commit", "-q", "-m", "Squashed")
    else:
        house.user.git("cherry-pick", made)


@pytest.mark.parametrize("how", ["squash", "cherry-pick"])
@pytest.mark.parametrize("moved", [False, True], ids=["same-base", "moved-base"])
def test_the_same_hunks_cover_another_way(house: LogHouse, how: str, moved: bool) -> None:
    base, made = house.change("b.txt")
    house.append(house.decision(base, made))
    if moved:
        house.merged("c.txt", "other\n")
    _onto_main(house, made, how=how)
    answer = house.answer()
    assert answer.verdict is Verdict.APPROVED
    assert answer.how is (How.SAME_HUNKS if moved else How.SAME_TREE)
    assert "Tests did not run on this tree." in answer.notes


def test_the_same_hunks_elsewhere_are_not_approved(house: LogHouse) -> None:
    base, made = house.change("b.txt")
    house.append(house.decision(base, made, ref="refs/heads/release"))
    _onto_main(house, made, how="squash")
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "approved for release only" in answer.why


def test_other_hunks_are_not_approved(house: LogHouse) -> None:
    base, made = house.change("b.txt", "more\n")
    house.append(house.decision(base, made))
    house.user.commit("Nearly", **{"b.txt": "more, and worse\n"})
    assert house.answer().verdict is Verdict.NOT_APPROVED


# Used up


def test_a_replay_on_another_base(house: LogHouse) -> None:
    base, made = house.change("b.txt")
    house.append(house.decision(base, made))
    house.merged("c.txt", "other\n")
    tree = house.tree(made)
    head = house.user.git("rev-parse", "main")
    replayed = house.user.git("commit-tree", tree, "-p", head, "-m", "replay")
    house.user.git("update-ref", "refs/heads/main", replayed)
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "another base" in answer.why


def test_a_replay_after_a_revert(house: LogHouse) -> None:
    first = house.merged("b.txt")
    house.user.git("revert", "--no-edit", "-m", "1", first)
    house.user.git("cherry-pick", "topic-1")
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert first[:10] in answer.why
    assert "after a revert" in answer.why


def test_a_replay_of_what_came_without_an_entry(house: LogHouse) -> None:
    base, made = house.change("b.txt")
    house.append(house.decision(base, made))
    house.merged("c.txt", "other\n")
    house.user.git("cherry-pick", made)
    picked = house.user.git("rev-parse", "main")
    assert house.answer().is_approved
    house.user.git("revert", "--no-edit", picked)
    house.user.git("cherry-pick", made)
    again = house.verify("main").answers[0]
    assert again.verdict is Verdict.NOT_APPROVED
    assert picked[:10] in again.why


# People enough


TWO: Json = [{"group": "", "people": [], "count": 2}]


def test_two_people_are_two(house: LogHouse) -> None:
    base, made = house.change()
    said = [house.decision(base, made, by=name, needs=TWO) for name in ("ana", "ben")]
    house.append(*said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, *said))
    answer = house.answer()
    assert answer.is_approved
    assert answer.level is Level.ADVISORY, "ben's key wants no touch"


def test_one_person_with_two_keys_is_one(house: LogHouse) -> None:
    second = SshSigner()
    house.people[0] = person("ana", house.ana, second, roles=("admin",))
    house.keys(signers=[house.ana])
    base, made = house.change()
    said = [house.decision(base, made, signers=[key], needs=TWO) for key in (house.ana, second)]
    house.append(*said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, *said))
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "1 more of" in answer.why


def test_a_later_word_of_the_server_does_not_lower_what_people_signed(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made, needs=TWO)
    easier = house.decision(base, made, signers=[])
    house.append(said, easier)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said, easier))
    assert house.answer().verdict is Verdict.NOT_APPROVED


def test_a_group_is_met_by_its_people_only(house: LogHouse) -> None:
    base, made = house.change()
    needs: Json = [{"group": "@security", "people": ["ben"], "count": 1}]
    said = house.decision(base, made, needs=needs)
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "1 more of @security" in answer.why


def test_a_voice_in_anothers_name_counts_as_theirs(house: LogHouse) -> None:
    base, made = house.change()
    needs: Json = [{"group": "@security", "people": ["ben"], "count": 1}]
    said = house.decision(base, made, needs=needs, inNameOf="ben")
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    assert house.answer().is_approved


def test_a_rejection_that_came_later_stands(house: LogHouse) -> None:
    base, made = house.change()
    said = house.decision(base, made)
    veto = house.decision(base, made, by="ben", decision="reject")
    house.append(said, veto)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    answer = house.answer()
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "ben rejected" in answer.why


# What is required


@pytest.mark.parametrize(
    ("signer", "wanted", "approved"),
    [
        pytest.param("nobody", Wanted.ANY, True, id="server-says"),
        pytest.param("nobody", Wanted.SIGNED, False, id="server-says-signed"),
        pytest.param("ben", Wanted.SIGNED, True, id="key-signed"),
        pytest.param("ben", Wanted.PRESENT, False, id="key-present"),
        pytest.param("ana", Wanted.PRESENT, True, id="touch-present"),
    ],
)
def test_what_is_required(house: LogHouse, signer: str, wanted: Wanted, approved: bool) -> None:
    by = "ana" if signer == "nobody" else signer
    house.merged(by=by, signers=[] if signer == "nobody" else None)
    assert house.answer(wanted=wanted).is_approved is approved


def test_the_policy_merged_it(house: LogHouse) -> None:
    _, made = house.change()
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after))
    answer = house.answer()
    assert (answer.verdict, answer.how) == (Verdict.APPROVED, How.POLICY)
    assert not house.answer(wanted=Wanted.SIGNED).is_approved


def test_what_was_said_at_an_agents_prompt_is_kept_and_approves_nothing(house: LogHouse) -> None:
    base, made = house.change()
    who = "whoever sits at the agent's prompt"
    here = house.decision(base, made, by=who, signers=[], via="agent-prompt", ref="")
    policy = house.policy(b"[lax]\n", request="REQ-1", action=_action(here))
    house.append(here)
    assert not house.verify("main").troubles
    house.append(house.policy(), policy)
    assert [each.kind.value for each in house.verify("main").troubles] == ["policy-by-stranger"]


def _action(entry: NewEntry) -> str:
    subjects = read_statement(entry.envelope.payload).subjects
    return f"sha256:{subjects[-1].digest['sha256']}"


# Keys


def test_a_passkey_speaks_offline(house: LogHouse) -> None:
    eva = PasskeySigner()
    house.people.append(person("eva", eva))
    house.keys()
    base, made = house.change()
    said = house.decision(base, made, by="eva", signers=[eva])
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    answer = house.answer(wanted=Wanted.PRESENT)
    assert answer.is_approved
    assert answer.level is Level.PRESENT


def test_a_second_key_that_only_the_server_vouches_for_proves_nothing(house: LogHouse) -> None:
    second = SshSigner("sk-ssh-ed25519@openssh.com")
    house.people[0] = person("ana", house.ana, second, roles=("admin",))
    house.keys()
    house.merged(signers=[second])
    answer = house.answer()
    assert answer.is_approved
    assert answer.level is Level.ADVISORY
    assert any("what the server says" in note for note in answer.notes)
    assert not house.answer(wanted=Wanted.SIGNED).is_approved


def test_a_second_key_that_the_person_signed_for_counts(house: LogHouse) -> None:
    second = SshSigner("sk-ssh-ed25519@openssh.com")
    house.people[0] = person("ana", house.ana, second, roles=("admin",))
    house.keys(signers=[house.ana])
    house.merged(signers=[second])
    assert house.answer(wanted=Wanted.PRESENT).is_approved


def test_a_key_put_in_by_recovery_proves_nothing(house: LogHouse) -> None:
    lost = SshSigner("sk-ssh-ed25519@openssh.com")
    house.people.append(person("eva"))
    house.keys()
    house.people[-1] = person("eva", lost)
    house.keys(what="recovery")
    base, made = house.change()
    said = house.decision(base, made, by="eva", signers=[lost])
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(before, after, said))
    assert house.answer().level is Level.ADVISORY


def test_a_decision_made_before_its_key_was_taken_out_stands(house: LogHouse) -> None:
    house.merged(by="ben")
    house.people[1] = person("ben")
    house.keys()
    assert house.answer().is_approved


def test_the_first_keys_can_be_pinned(house: LogHouse) -> None:
    house.merged()
    root = house.verify().root
    assert not house.verify(root=root[:20]).troubles
    assert not house.verify(root=f"sha256:{root}").troubles
    assert [each.kind.value for each in house.verify(root="0" * 64).troubles] == ["other-root"]
    assert house.verify(root=root[:8]).troubles, "too short to pin anything"
