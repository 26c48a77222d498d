"""Work that goes on where an earlier change was merged from is proposed without that change."""

from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.ports import Candidate, Landed, Place, Signature
from assent.core.changes.model import TreePayload
from tests.app.changes.scene import NUMBERS, git, sample

FIRST = NUMBERS + "first = 1\n"
SECOND = FIRST + "second = 2\n"


class Desk:
    """A repository with a work tree on `work`, and what submits and merges its changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = sample(folder / "shop")
        self.git = GitRepositories(folder / "assent")
        place = self.git.place(str(self.folder))
        assert place is not None
        self.place: Place = place
        self.merged: list[str] = []

    def write(self, text: str, name: str = "numbers.txt") -> None:
        (self.folder / name).write_text(text)

    def capture(self) -> TreePayload:
        held = self.git.capture(self.place, target="main", uncommitted=True)
        return self.git.continued(
            self.place.repository, held, target="main", merged=self.merged[::-1]
        )

    def merge(self, commit: str) -> None:
        repository = self.place.repository
        before = self.git.head(repository, "main")
        made = self.git.candidate(
            repository, onto=before, commit=commit, message="m", author=Signature("t")
        )
        assert isinstance(made, Candidate), made
        landed = self.git.land(repository, "main", before=before, after=made.commit)
        assert isinstance(landed, Landed)
        self.merged.append(made.commit)

    def proposed(self, payload: TreePayload) -> list[str]:
        """The lines that a payload adds and removes."""
        patches = self.git.patches(self.place.repository, payload.base, payload.commit)
        return [
            line.decode().rstrip()
            for patch in patches
            for hunk in patch.hunks
            for line in hunk.lines
            if line[:1] in b"+-"
        ]

    def main(self, name: str = "numbers.txt") -> str:
        return git(self.folder, "show", f"main:{name}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write(FIRST)
    made.merge(made.capture().commit)
    return made


@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "uncommitted"])
def test_only_what_is_new_is_proposed_and_it_merges(desk: Desk, *, is_committed: bool) -> None:
    desk.write(SECOND)
    if is_committed:
        git(desk.folder, "commit", "-q", "-a", "-m", "both")
    payload = desk.capture()
    assert desk.proposed(payload) == ["+second = 2"]
    desk.merge(payload.commit)
    assert desk.main() == SECOND.strip()
    desk.write(SECOND + "third = 3\n")
    assert desk.proposed(desk.capture()) == ["+third = 3"]


def test_what_others_merged_meanwhile_is_no_part_of_it(desk: Desk) -> None:
    git(desk.folder, "branch", "other", "main")
    git(desk.folder, "worktree", "add", "-q", "../other", "other")
    other = desk.folder.parent / "other"
    (other / "notes.md").write_text("# Others\n")
    git(other, "commit", "-q", "-a", "-m", "others")
    git(desk.folder, "update-ref", "refs/heads/main", "other")
    desk.write(SECOND)
    payload = desk.capture()
    assert desk.proposed(payload) == ["+second = 2"]
    desk.merge(payload.commit)
    assert (desk.main(), desk.main("notes.md")) == (SECOND.strip(), "# Others")


def test_what_began_anew_does_not_take_back_what_was_merged(desk: Desk) -> None:
    desk.write(NUMBERS.replace("line 3 = 3", "line 3 = 33"))
    payload = desk.capture()
    assert desk.proposed(payload) == ["-line 3 = 3", "+line 3 = 33"]
    desk.merge(payload.commit)
    assert "first = 1" in desk.main()


def test_a_branch_that_has_the_merge_needs_nothing(desk: Desk) -> None:
    git(desk.folder, "checkout", "-q", "-f", "-B", "work", "main")
    desk.write(SECOND)
    held = desk.git.capture(desk.place, target="main", uncommitted=True)
    assert desk.capture() == held
    assert desk.proposed(held) == ["+second = 2"]


def test_nothing_new_is_nothing(desk: Desk) -> None:
    assert desk.proposed(desk.capture()) == []


def test_after_a_part_was_merged_the_rest_is_proposed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(NUMBERS.replace("line 2 = 2", "line 2 = 22").replace("line 25 = 25", "line 25 = 0"))
    payload = desk.capture()
    first, _ = desk.git.patches(desk.place.repository, payload.base, payload.commit)[0].hunks
    part = desk.git.split(desk.place.repository, payload, [first.id])
    desk.merge(part.commit)
    assert desk.proposed(desk.capture()) == ["-line 25 = 25", "+line 25 = 0"]
