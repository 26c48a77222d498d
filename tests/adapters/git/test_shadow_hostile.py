"""Nothing that an agent plants is run, or leads a snapshot or a restore elsewhere."""

import os
from pathlib import Path

import pytest

from tests.adapters.git.shadow_scene import Worktree, held_by, shadows


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    made = Worktree(tmp_path / "work").init()
    made.write("a.txt", "1\n")
    made.write("sub/b.txt", "1\n")
    made.commit()
    return made


def plant(tree: Worktree, proof: Path) -> None:
    script = tree.write(".git/planted", f"#!/bin/sh\ntouch '{proof}'\ncat\n", executable=True)
    for key in (
        *(
            "core.fsmonitor",
            "core.sshCommand",
            "core.editor",
            "core.pager",
            "core.alternateRefsCommand",
        ),
        *(
            "filter.f.clean",
            "filter.f.smudge",
            "filter.f.process",
            "diff.external",
            "diff.f.command",
        ),
        *("diff.f.textconv", "merge.f.driver", "credential.helper", "uploadpack.packObjectsHook"),
    ):
        tree.git("config", key, str(script))
    hooks = tree.root / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "pre-commit", "pre-auto-gc"):
        (hooks / name).write_bytes(script.read_bytes())
        (hooks / name).chmod(0o755)
    tree.git("config", "core.hooksPath", str(hooks))
    tree.git("config", "core.worktree", "/tmp")
    tree.write(".gitattributes", "* filter=f diff=f merge=f\n*.txt -diff\n")


def test_nothing_planted_is_run(tmp_path: Path, tree: Worktree) -> None:
    proof = tmp_path / "it-ran"
    plant(tree, proof)
    root, shadow = str(tree.root), shadows(tmp_path)
    state = tree.state()
    first = shadow.snapshot(root)
    assert held_by(shadow, first.tree, tmp_path) == state
    tree.write("a.txt", "2\n")
    tree.write("c.txt", "c\n")
    shadow.holds(root, [f"{root}/a.txt"])
    shadow.snapshot(root, paths=["a.txt"])
    now = shadow.snapshot(root)
    shown = shadow.as_edit(root, shadow.difference(root, first.tree, now.tree))
    assert [change.diff for change in shown] == ["@@ -1 +1 @@\n-1\n+2\n", "@@ -0,0 +1 @@\n+c\n"]
    shadow.restore(root, first.tree, now=now)
    shadow.forget(root, keep=[])
    assert tree.state() == state
    assert not proof.exists()


def test_the_environment_of_git_is_not_taken_over(
    tmp_path: Path, tree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Worktree(tmp_path / "other").init()
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    monkeypatch.undo()
    assert held_by(shadow, found.tree, tmp_path) == tree.state()
    assert not (tmp_path / "objects").exists()


def test_a_git_pointer_that_leads_nowhere_is_a_file(tmp_path: Path) -> None:
    folder = Worktree(tmp_path / "work")
    folder.write("a", "a")
    folder.write(".git", "gitdir: /nonexistent\n")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(folder.root))
    assert held_by(shadow, found.tree, tmp_path) == {"a": ("100644", b"a")}


def test_a_symlinked_git_dir_and_workspace(tmp_path: Path, tree: Worktree) -> None:
    (tree.root / ".git").rename(tmp_path / "elsewhere")
    (tree.root / ".git").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "way").symlink_to(tree.root)
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tmp_path / "way"))
    state = {path: file for path, file in tree.state().items() if path != ".git"}
    assert held_by(shadow, found.tree, tmp_path) == state
    assert shadow.snapshot(str(tree.root)) == found


def test_a_broken_index_does_not_stop_checkpoints(tmp_path: Path, tree: Worktree) -> None:
    tree.write(".git/index", os.urandom(100))
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()
