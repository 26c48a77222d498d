"""Restoring: what is written, deleted and left, and that a kill at any point does no harm."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from assent.adapters.git.shadow import ShadowRepositories
from assent.adapters.git.shadow_files import Hands
from assent.app.checkpoints.ports import Preview
from assent.core.checkpoints import Skipped, Snapshot
from assent.errors import UnavailableError
from tests.adapters.git.shadow_scene import LIMITS, State, Worktree, held_by, shadows, state_of


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    made = Worktree(tmp_path / "work").init()
    made.write(".gitignore", "*.log\n")
    made.write("kept.txt", "one\n")
    made.write("src/a.py", "a = 1\n")
    made.write("src/run", "#!/bin/sh\n", executable=True)
    (made.root / "link").symlink_to("src/a.py")
    made.commit()
    return made


@pytest.fixture
def shadow(tmp_path: Path) -> ShadowRepositories:
    return shadows(tmp_path)


def change_much(made: Worktree) -> None:
    """Every kind of change at once."""
    made.write("kept.txt", "two\r\n", executable=True)
    (made.root / "link").unlink()
    made.write("link/new/deep", "x")
    (made.root / "src/a.py").unlink()
    (made.root / "src/run").unlink()
    (made.root / "src").rmdir()
    (made.root / "src").symlink_to("/tmp")
    made.write("added/one", "1")
    made.write("added/two", "2")
    (made.root / "dangling").symlink_to("nowhere")


def restored(
    shadow: ShadowRepositories, made: Worktree, tree: str, paths: list[str] | None = None
) -> Preview:
    """Preview and restore, which must agree."""
    now = shadow.snapshot(str(made.root))
    before = made.state()
    expected = shadow.preview(str(made.root), tree, now=now, paths=paths)
    assert made.state() == before
    done = shadow.restore(str(made.root), tree, now=now, paths=paths)
    assert done == expected
    return done


def test_everything_comes_back_and_the_undo_is_undone(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    first, state = shadow.snapshot(str(tree.root)), tree.state()
    change_much(tree)
    second, changed = shadow.snapshot(str(tree.root)), tree.state()
    git = tree.git_bytes()
    done = restored(shadow, tree, first.tree)
    assert done == Preview(
        ("kept.txt", "link", "src/a.py", "src/run"),
        ("added/one", "added/two", "dangling", "link/new/deep", "src"),
    )
    assert tree.state() == state
    assert not (tree.root / "added").exists()
    restored(shadow, tree, second.tree)
    assert tree.state() == changed
    assert tree.git_bytes() == git
    assert restored(shadow, tree, second.tree).is_nothing


def test_only_the_named_paths_are_restored(shadow: ShadowRepositories, tree: Worktree) -> None:
    first = shadow.snapshot(str(tree.root))
    tree.write("kept.txt", "two")
    tree.write("src/a.py", "two")
    tree.write("src/new", "new")
    tree.write("other", "other")
    done = restored(shadow, tree, first.tree, ["src"])
    assert done == Preview(("src/a.py",), ("src/new",))
    assert tree.state()["kept.txt"] == ("100644", b"two")
    assert restored(shadow, tree, first.tree, ["."]) == Preview(("kept.txt",), ("other",))


def test_rights_of_an_overwritten_file_are_kept(shadow: ShadowRepositories, tree: Worktree) -> None:
    first = shadow.snapshot(str(tree.root))
    tree.write("kept.txt", "two").chmod(0o600)
    (tree.root / "src/a.py").chmod(0o750)
    (tree.root / "src/run").chmod(0o640)
    restored(shadow, tree, first.tree)
    rights = [(tree.root / name).stat().st_mode & 0o777 for name in ("kept.txt", "src/a.py")]
    assert rights == [0o600, 0o640]
    assert (tree.root / "src/run").stat().st_mode & 0o777 == 0o750


# What is left


def after_now(
    shadow: ShadowRepositories, made: Worktree, change: Callable[[Worktree], None]
) -> tuple[Preview, State]:
    """A restore of the first commit's state, with a change after the safety snapshot."""
    first = shadow.snapshot(str(made.root))
    made.write("kept.txt", "two")
    made.write("added/one", "1")
    (made.root / "src/a.py").unlink()
    now = shadow.snapshot(str(made.root))
    change(made)
    before = made.state()
    preview = shadow.preview(str(made.root), first.tree, now=now)
    done = shadow.restore(str(made.root), first.tree, now=now)
    assert done == preview
    return done, before


def test_what_changed_since_is_left_and_named(shadow: ShadowRepositories, tree: Worktree) -> None:
    def change(made: Worktree) -> None:
        made.write("kept.txt", "six")
        made.write("added/one", "7")
        made.write("src/a.py", "mine")

    done, before = after_now(shadow, tree, change)
    assert tree.state() == before
    assert done.is_nothing
    assert {one.path: one.why for one in done.leaves} == {
        "kept.txt": "changed since the files were looked at",
        "added/one": "changed since the files were looked at",
        "src/a.py": "no snapshot holds what is there",
    }


def test_a_change_of_rights_alone_is_one(shadow: ShadowRepositories, tree: Worktree) -> None:
    done, _ = after_now(shadow, tree, lambda made: (made.root / "kept.txt").chmod(0o755))
    assert [one.path for one in done.leaves] == ["kept.txt"]


def test_nothing_is_written_through_a_symlink(
    shadow: ShadowRepositories, tree: Worktree, tmp_path: Path
) -> None:
    outside = Worktree(tmp_path / "outside")
    outside.write("a.py", "theirs")
    outside.write("run", "#!/bin/sh\n", executable=True)
    first = shadow.snapshot(str(tree.root))
    for name in ("a.py", "run"):
        (tree.root / "src" / name).unlink()
    now = shadow.snapshot(str(tree.root))
    if (tree.root / "src").exists():
        (tree.root / "src").rmdir()
    (tree.root / "src").symlink_to(outside.root)
    kept = outside.state()
    done = shadow.restore(str(tree.root), first.tree, now=now)
    assert {one.path for one in done.leaves} == {"src/a.py", "src/run"}
    assert outside.state() == kept
    # Held by a snapshot, the symlink itself is replaced; what it leads to is not touched.
    now = shadow.snapshot(str(tree.root))
    assert shadow.restore(str(tree.root), first.tree, now=now).deletes == ("src",)
    assert outside.state() == kept
    assert tree.state()["src/a.py"] == ("100644", b"a = 1\n")


def test_a_folder_with_ignored_files_in_the_way_stays(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    first = shadow.snapshot(str(tree.root))
    (tree.root / "kept.txt").unlink()
    tree.write("kept.txt/x.log", "ignored")
    tree.write("kept.txt/y", "held")
    done = restored(shadow, tree, first.tree)
    why = "a folder with files that no snapshot holds is there"
    assert done.leaves == (Skipped("kept.txt", why),)
    assert tree.state()["kept.txt/x.log"] == ("100644", b"ignored")


def test_empty_folders_in_the_way_go(shadow: ShadowRepositories, tree: Worktree) -> None:
    first, state = shadow.snapshot(str(tree.root)), tree.state()
    (tree.root / "kept.txt").unlink()
    (tree.root / "kept.txt/a/b").mkdir(parents=True)
    restored(shadow, tree, first.tree)
    assert tree.state() == state


def test_only_folders_that_the_restore_emptied_are_removed(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    (tree.root / "empty").mkdir()
    first = shadow.snapshot(str(tree.root))
    tree.write("new/deep/x", "x")
    tree.write("mixed/x", "x")
    tree.write("mixed/y.log", "ignored")
    (tree.root / "new/void").mkdir()
    restored(shadow, tree, first.tree)
    assert (tree.root / "empty").is_dir()
    assert (tree.root / "mixed/y.log").exists()
    assert (tree.root / "new/void").is_dir()
    assert not (tree.root / "new/deep").exists()


def test_large_files_are_neither_deleted_nor_overwritten(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path, limits=LIMITS.__class__(file_bytes=1000))
    tree.write("large", b"x" * 1001)
    first = shadow.snapshot(str(tree.root))
    tree.write("large", b"now small")
    tree.write("later", b"y" * 1001)
    tree.write("kept.txt", b"z" * 1001)
    done = restored(shadow, tree, first.tree)
    assert done == Preview(
        (),
        (),
        (
            Skipped("large", "was there and was not captured then: larger than 0.001 MB"),
            Skipped("kept.txt", "larger than 0.001 MB"),
        ),
    )
    assert {"large", "later"} < tree.state().keys()


def test_nothing_is_done_inside_other_repositories(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    tree.write("lib/a", "a")
    tree.write("lib/b", "b")
    first = shadow.snapshot(str(tree.root))
    for name in ("a", "b"):
        (tree.root / "lib" / name).unlink()
    shadow.snapshot(str(tree.root))
    nested = Worktree(tree.root / "lib").init()
    nested.write("b", "theirs")
    nested.commit()
    before = {**nested.state(), **nested.git_bytes()}
    done = restored(shadow, tree, first.tree)
    assert {one.path for one in done.leaves} == {"lib/a", "lib/b"}
    assert {**nested.state(), **nested.git_bytes()} == before


def test_captured_files_stay_so_when_their_folder_becomes_a_repository(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    """Or an agent could take files out of the checkpoints with `git init`."""
    first, state = shadow.snapshot(str(tree.root)), tree.state()
    nested = Worktree(tree.root / "src").init()
    nested.write("a.py", "theirs")
    nested.write("new", "n")
    nested.commit()
    before = nested.git_bytes()
    done = restored(shadow, tree, first.tree)
    assert done == Preview(("src/a.py",), ("src/new",))
    assert tree.state() == state
    assert nested.git_bytes() == before


def test_what_was_in_another_repository_then_is_not_deleted(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    nested = Worktree(tree.root / "lib").init()
    nested.write("a", "a")
    first = shadow.snapshot(str(tree.root))
    (tree.root / "lib/.git").rename(tree.root.parent / "gone")
    done = restored(shadow, tree, first.tree)
    assert done.deletes == ()
    assert (tree.root / "lib/a").exists()


def test_what_was_ignored_then_is_not_deleted(shadow: ShadowRepositories, tree: Worktree) -> None:
    tree.write(".gitignore", "/secret/\n*.log\n!keep.log\n")
    tree.write("sub/.gitignore", "*.tmp\n")
    first = shadow.snapshot(str(tree.root))
    tree.write("secret/key", "k")
    tree.write("x.log", "l")
    tree.write("keep.log", "l")
    tree.write("sub/x.tmp", "t")
    tree.write("x.tmp", "t")
    tree.write(".gitignore", "")
    (tree.root / "sub/.gitignore").unlink()
    done = restored(shadow, tree, first.tree)
    assert done.deletes == ("keep.log", "x.tmp")
    assert {one.path for one in done.leaves} == {"secret/key", "x.log", "sub/x.tmp"}
    assert done.writes == (".gitignore", "sub/.gitignore")


def test_files_outside_a_sparse_checkout_are_not_written(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    tree.write("other/x", "x")
    tree.commit()
    tree.git("sparse-checkout", "set", "src")
    first = shadow.snapshot(str(tree.root))
    tree.write("src/a.py", "two")
    assert restored(shadow, tree, first.tree) == Preview(("src/a.py",), ())
    assert not (tree.root / "other").exists()


def test_the_users_rebase_and_clean_up_take_nothing_away(
    shadow: ShadowRepositories, tree: Worktree
) -> None:
    first, state = shadow.snapshot(str(tree.root)), tree.state()
    for name in ("kept.txt", "src/a.py", "src/run"):
        tree.write(name, "rewritten")
    tree.git("add", "-A")
    tree.git("commit", "-q", "--amend", "-m", "other")
    tree.git("reflog", "expire", "--expire=now", "--all")
    tree.git("gc", "-q", "--prune=now")
    restored(shadow, tree, first.tree)
    assert tree.state() == state


class MeddlingHands(Hands):
    """Somebody writes to the other files while the first step is done."""

    def __init__(self, made: Worktree) -> None:
        self._made = made
        self._is_done = False

    def unlink(self, folder: int, name: str) -> None:
        if not self._is_done:
            self._is_done = True
            for path in ("added/two", "kept.txt", "src/a.py", "src/run"):
                self._made.write(path, "meddled")
        super().unlink(folder, name)


def test_what_changes_during_the_restore_is_left(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path, hands=MeddlingHands(tree))
    first = shadow.snapshot(str(tree.root))
    tree.write("added/one", "1")
    tree.write("added/two", "2")
    tree.write("kept.txt", "two")
    (tree.root / "src/a.py").unlink()
    (tree.root / "src/run").chmod(0o644)
    now = shadow.snapshot(str(tree.root))
    done = shadow.restore(str(tree.root), first.tree, now=now)
    assert done.deletes == ("added/one",)
    assert done.writes == ()
    assert {one.path for one in done.leaves} == {"added/two", "kept.txt", "src/a.py", "src/run"}
    assert all(tree.state()[one.path] == ("100644", b"meddled") for one in done.leaves)
    assert not [name for name in tree.state() if ".assent-restore" in name]


# Kills


class KilledHands(Hands):
    """Ends the process at its n-th step: before it is done, or right after."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def _step(self) -> None:
        if self._left == 0:
            os._exit(9)
        self._left -= 1

    def unlink(self, folder: int, name: str) -> None:
        self._step()
        super().unlink(folder, name)

    def rmdir(self, folder: int, name: str) -> None:
        self._step()
        super().rmdir(folder, name)

    def create(self, folder: int, name: str, *, content: bytes, mode: int | None) -> None:
        self._step()
        super().create(folder, name, content=content[: len(content) // 2], mode=mode)
        self._step()
        super().unlink(folder, name)
        super().create(folder, name, content=content, mode=mode)

    def chmod(self, folder: int, name: str, mode: int) -> None:
        self._step()
        super().chmod(folder, name, mode)

    def replace(self, folder: int, name: str, target: str) -> None:
        self._step()
        super().replace(folder, name, target)
        self._step()


def killed_restore(tmp_path: Path, made: Worktree, tree: str, now: Snapshot, steps: int) -> bool:
    """Restore in a child that dies at the given step; whether it did."""
    child = os.fork()
    if child == 0:
        shadow = shadows(tmp_path, hands=KilledHands(steps))
        shadow.restore(str(made.root), tree, now=now)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("again", ["same snapshot", "new snapshot"])
def test_a_killed_restore_is_finished_by_the_next(
    tmp_path: Path, tree: Worktree, again: str
) -> None:
    shadow = shadows(tmp_path)
    first, state = shadow.snapshot(str(tree.root)), tree.state()
    change_much(tree)
    (tree.root / "added/void").mkdir()
    second, changed = shadow.snapshot(str(tree.root)), tree.state()
    steps, was_killed = 0, True
    while was_killed:
        was_killed = killed_restore(tmp_path, tree, first.tree, second, steps)
        now = second if again == "same snapshot" else shadow.snapshot(str(tree.root))
        for path, file in state_of(tree.root).items():
            part = path.rpartition("/")[2].startswith(".assent-restore-")
            assert part or file in (state.get(path), changed.get(path)), path
        shadow.restore(str(tree.root), first.tree, now=now)
        assert tree.state() == state
        assert sorted(os.listdir(tree.root)) == [
            *(".git", ".gitignore", "added", "kept.txt", "link", "src")
        ]
        now = shadow.snapshot(str(tree.root))
        assert shadow.restore(str(tree.root), second.tree, now=now).leaves == ()
        assert tree.state() == changed
        steps += 1
    assert steps > 20


def test_what_a_kill_left_is_removed_once(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    first = shadow.snapshot(str(tree.root))
    tree.write("added/one", "1")
    now = shadow.snapshot(str(tree.root))
    assert killed_restore(tmp_path, tree, first.tree, now, 1)
    assert (tree.root / "added").is_dir()
    shadow.snapshot(str(tree.root))
    assert not (tree.root / "added").exists()
    (tree.root / "added").mkdir()
    shadow.snapshot(str(tree.root))
    assert (tree.root / "added").is_dir()


def test_a_snapshot_that_has_lost_content_touches_nothing(
    tmp_path: Path, tree: Worktree, shadow: ShadowRepositories
) -> None:
    first = shadow.snapshot(str(tree.root))
    tree.write("kept.txt", "two")
    now = shadow.snapshot(str(tree.root))
    (blob,) = {
        change.after_blob
        for change in shadow.difference(str(tree.root), now.tree, first.tree)
        if change.path == "kept.txt"
    }
    assert blob is not None
    (place,) = (tmp_path / "assent/shadows").glob("*.git")
    (place / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(UnavailableError):
        shadow.restore(str(tree.root), first.tree, now=now)
    assert tree.state()["kept.txt"] == ("100644", b"two")
    assert held_by(shadow, now.tree, tmp_path) == tree.state()
