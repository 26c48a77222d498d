"""Where no checkpoint is taken, what stops one, and how old ones go."""

import fcntl
import os
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assent.adapters.git.run import Git
from assent.adapters.git.shadow import ShadowRepositories
from assent.adapters.git.shadow_repository import Limits
from assent.errors import UnavailableError
from tests.adapters.git.shadow_scene import LIMITS, Worktree, held_by, shadows


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    made = Worktree(tmp_path / "work").init()
    made.write("a", "1")
    made.commit()
    return made


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def the_shadow(tmp_path: Path) -> Path:
    (place,) = (tmp_path / "assent/shadows").glob("*.git")
    return place


@pytest.mark.parametrize(
    "workspace", ["/", "user", ".", "assent", "assent/worktrees/x", "absent", "file", "to-user"]
)
def test_some_folders_get_no_checkpoints(tmp_path: Path, workspace: str) -> None:
    for folder in ("user/project", "assent/worktrees/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "to-user").symlink_to("user")
    before = sorted(os.walk(tmp_path))
    shadow = shadows(tmp_path)
    with pytest.raises(UnavailableError):
        shadow.snapshot(str(tmp_path / workspace))
    assert shadow.holds(str(tmp_path / workspace), [str(tmp_path / workspace / "x")]) == frozenset()
    assert sorted(os.walk(tmp_path)) == before
    assert shadow.snapshot(str(tmp_path / "user/project")).tree


def test_assents_own_folder_in_a_workspace_is_not_captured(tmp_path: Path) -> None:
    (tmp_path / "assent").mkdir()
    (tmp_path / "assent/control.db").write_text("x")
    (tmp_path / "a").write_text("a")
    shadow = ShadowRepositories(tmp_path / "assent", user_home=Path("/nonexistent"))
    found = shadow.snapshot(str(tmp_path))
    assert held_by(shadow, found.tree, tmp_path) == {"a": ("100644", b"a")}


def test_nobody_else_can_read_a_shadow(tmp_path: Path, tree: Worktree) -> None:
    shadows(tmp_path).snapshot(str(tree.root))
    assert stat.S_IMODE(the_shadow(tmp_path).stat().st_mode) == 0o700


def test_too_many_untracked_files_are_refused(tmp_path: Path, tree: Worktree) -> None:
    for number in range(4):
        tree.write(f"new/{number}", "x")
    with pytest.raises(UnavailableError, match=r"more than 3 files.*Name what is generated"):
        shadows(tmp_path, limits=Limits(untracked=3)).snapshot(str(tree.root))


def test_a_deadline_ends_a_snapshot_and_the_next_one_works(tmp_path: Path, tree: Worktree) -> None:
    clock = Clock()
    shadow = shadows(tmp_path, clock=clock)
    shadow.snapshot(str(tree.root))
    tree.write("a", "2")
    clock.step = 4.0
    with pytest.raises(UnavailableError, match="longer than 10 s"):
        shadow.snapshot(str(tree.root))
    clock.step = 0.0
    (the_shadow(tmp_path) / "index.lock").touch()
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_after_three_failures_nothing_is_tried_for_a_while(tmp_path: Path, tree: Worktree) -> None:
    clock = Clock()
    shadow = shadows(tmp_path, limits=Limits(untracked=0), clock=clock)
    fine = Worktree(tmp_path / "fine").init()
    tree.write("new", "x")
    for _ in range(3):
        with pytest.raises(UnavailableError, match="more than 0 files"):
            shadow.snapshot(str(tree.root))
    (tree.root / "new").unlink()
    with pytest.raises(
        UnavailableError, match=r"No checkpoint of .* is tried for 30 s.*more than 0 files"
    ):
        shadow.snapshot(str(tree.root))
    assert shadow.holds(str(tree.root), [f"{tree.root}/a"]) == frozenset()
    assert shadow.snapshot(str(fine.root)).tree
    clock.now = 31.0
    assert shadow.snapshot(str(tree.root)).tree


def test_a_success_ends_the_count_of_failures(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path, limits=Limits(untracked=0))
    for _ in range(3):
        for _ in range(2):
            tree.write("new", "x")
            with pytest.raises(UnavailableError, match="more than 0 files"):
                shadow.snapshot(str(tree.root))
        (tree.root / "new").unlink()
        assert shadow.snapshot(str(tree.root)).tree


def test_a_shadow_does_not_grow_above_its_cap(tmp_path: Path, tree: Worktree) -> None:
    limits = Limits(shadow_bytes=400_000, young_s=-1)
    shadow = shadows(tmp_path, limits=limits)
    commits = []
    for _ in range(6):
        tree.write("noise", os.urandom(50_000))
        commits.append(shadow.snapshot(str(tree.root)).commit)
    tree.write("noise", os.urandom(350_000))
    with pytest.raises(UnavailableError, match="would take more than"):
        shadow.snapshot(str(tree.root))
    tree.write("noise", os.urandom(50_000))
    before = tree.state()["noise"]
    assert shadow.forget(str(tree.root), keep=commits[-1:]) < 200_000
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path)["noise"] == before


def test_linked_objects_do_not_count(tmp_path: Path, tree: Worktree) -> None:
    tree.write("large", os.urandom(300_000))
    tree.commit()
    shadow = shadows(tmp_path, limits=Limits(shadow_bytes=200_000))
    shadow.snapshot(str(tree.root))
    tree.write("a", "2")
    shadow.snapshot(str(tree.root))
    assert shadow.forget(str(tree.root), keep=[]) < 100_000


def test_forgotten_snapshots_go_and_kept_ones_stay(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    root = str(tree.root)
    states, found = [], []
    for number in range(4):
        tree.write("a", os.urandom(10_000))
        tree.write(f"more/{number}", "x")
        states.append(tree.state())
        found.append(shadow.snapshot(root))
    shadow.forget(root, keep=[found[1].commit, found[3].commit])
    for number in (1, 3):
        assert held_by(shadow, found[number].tree, tmp_path) == states[number]
    assert shadow.snapshot(root) == found[3]
    with pytest.raises(UnavailableError):
        shadow.restore(root, found[0].tree, now=found[3])
    assert tree.state() == states[3]
    shadow.restore(root, found[1].tree, now=found[3])
    assert tree.state() == states[1]
    shadow.forget(root, keep=[])
    again = shadow.snapshot(root)
    assert held_by(shadow, again.tree, tmp_path) == states[1]


def test_a_new_snapshot_is_not_forgotten(tmp_path: Path, tree: Worktree) -> None:
    """It may not be written down yet."""
    shadow = shadows(tmp_path, limits=Limits())
    root = str(tree.root)
    first = shadow.snapshot(root)
    tree.write("a", "2")
    now = shadow.snapshot(root)
    shadow.forget(root, keep=[])
    assert shadow.restore(root, first.tree, now=now).writes == ("a",)


def test_nothing_to_forget(tmp_path: Path, tree: Worktree) -> None:
    assert shadows(tmp_path).forget(str(tree.root), keep=[]) == 0
    assert not (tmp_path / "assent").exists()


def test_a_killed_first_snapshot_is_begun_again(tmp_path: Path, tree: Worktree) -> None:
    shadows(tmp_path).snapshot(str(tree.root))
    place = the_shadow(tmp_path)
    place.rename(place.with_suffix(".making"))
    (place.with_suffix(".making") / "index").write_bytes(b"half")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_a_snapshot_killed_between_index_and_tree_is_made_up_for(
    tmp_path: Path, tree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = shadows(tmp_path)
    first = shadow.snapshot(str(tree.root))
    tree.write("a", "2")
    child = os.fork()
    if child == 0:
        # The tree is the only thing that a snapshot asks git for as a line.
        monkeypatch.setattr(Git, "line", lambda *_, **__: os._exit(9))
        shadow.snapshot(str(tree.root))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    found = shadows(tmp_path).snapshot(str(tree.root))
    assert found.tree != first.tree
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_a_new_process_goes_on_with_the_same_shadow(tmp_path: Path, tree: Worktree) -> None:
    first = shadows(tmp_path).snapshot(str(tree.root))
    os.mkfifo(tree.root / "pipe")
    tree.write("b", "2")
    shadow = shadows(tmp_path)
    second = shadow.snapshot(str(tree.root))
    assert [one.path for one in second.skipped] == ["pipe"]
    assert shadow.restore(str(tree.root), first.tree, now=second).deletes == ("b",)


def test_many_threads_and_instances_at_once(tmp_path: Path, tree: Worktree) -> None:
    several = [shadows(tmp_path) for _ in range(3)]
    start = threading.Barrier(9)

    def work(number: int) -> None:
        start.wait()
        for turn in range(3):
            tree.write(f"from/{number}", str(turn))
            several[number % 3].snapshot(str(tree.root), paths=None if turn else ["from"])

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(work, range(9)))
    found = several[0].snapshot(str(tree.root))
    assert held_by(several[0], found.tree, tmp_path) == tree.state()


def test_another_process_that_does_not_let_go_is_not_waited_for_forever(
    tmp_path: Path, tree: Worktree
) -> None:
    shadow = shadows(tmp_path, limits=Limits(snapshot_s=0.1, first_s=0.1))
    (tmp_path / "assent/shadows").mkdir(parents=True)
    shadows(tmp_path, limits=LIMITS).snapshot(str(tree.root))
    with the_shadow(tmp_path).with_suffix(".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UnavailableError, match="longer than"):
            shadow.snapshot(str(tree.root))


def test_a_store_on_another_file_system_gets_copies(
    tmp_path: Path, tree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    tree.write("a", "2")
    tree.git("repack", "-a", "-d", "-q")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()
    assert list((the_shadow(tmp_path) / "objects/pack").glob("*.pack"))


def test_a_repository_that_borrows_objects(tmp_path: Path, tree: Worktree) -> None:
    tree.git("clone", "-q", "--shared", str(tree.root), str(tmp_path / "borrower"))
    borrower = Worktree(tmp_path / "borrower")
    borrower.write("b", "b")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(borrower.root))
    assert held_by(shadow, found.tree, tmp_path) == borrower.state()


def test_a_repository_that_went_away_is_not_missed(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    shadow.snapshot(str(tree.root))
    shutil.rmtree(tree.root / ".git")
    for number in range(600):
        tree.write(f"many/{number}", "x")
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_a_broken_shadow_is_a_fault_that_is_told(tmp_path: Path, tree: Worktree) -> None:
    (tmp_path / "assent").mkdir()
    (tmp_path / "assent/shadows").write_text("not a folder")
    with pytest.raises(UnavailableError, match="cannot be used"):
        shadows(tmp_path).snapshot(str(tree.root))
