"""Differences as people see them, and what a snapshot will hold."""

import os
from pathlib import Path

import pytest

from assent.core.actions import EditKind, FileChange
from assent.core.canonical import digest_of
from tests.adapters.git.shadow_scene import LIMITS, Worktree, shadows


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    made = Worktree(tmp_path / "work").init()
    made.write(".gitignore", "*.log\nbuild/\n")
    made.write("a.txt", "one\ntwo\nthree")
    made.write("data", b"\0\1")
    made.write("run", "#!/bin/sh\n")
    made.write("gone", "x\n")
    (made.root / "link").symlink_to("a.txt")
    made.commit()
    return made


def test_changes_are_told_with_digests_and_diffs(tmp_path: Path, tree: Worktree) -> None:
    root, shadow = str(tree.root), shadows(tmp_path)
    first = shadow.snapshot(root)
    tree.write("a.txt", "one\n2\nthree")
    tree.write("data", b"\0\2")
    (tree.root / "run").chmod(0o755)
    (tree.root / "gone").unlink()
    (tree.root / "link").unlink()
    (tree.root / "link").symlink_to("run")
    hostile = tree.write("@@ -1 +1 @@\n+x", b"\xff\n@@ no header @@\n")
    second = shadow.snapshot(root)
    changes = shadow.difference(root, first.tree, second.tree)
    assert {change.path: change.kind for change in changes} == {
        "@@ -1 +1 @@\n+x": "create",
        "a.txt": "update",
        "data": "update",
        "gone": "delete",
        "link": "update",
        "run": "update",
    }
    by_name = {os.path.basename(one.path): one for one in shadow.as_edit(root, changes)}
    assert by_name["a.txt"] == FileChange(
        path=f"{root}/a.txt",
        kind=EditKind.UPDATE,
        before=digest_of(b"one\ntwo\nthree"),
        after=digest_of(b"one\n2\nthree"),
        diff="@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n\\ No newline at end of file\n",
    )
    assert by_name["data"].diff == ""
    assert by_name["data"].after == digest_of(b"\0\2")
    assert by_name["gone"] == FileChange(
        f"{root}/gone", EditKind.DELETE, digest_of(b"x\n"), None, "@@ -1 +0,0 @@\n-x\n"
    )
    assert by_name["link"].after == digest_of(b"run")
    assert by_name["run"].before == by_name["run"].after
    assert by_name["run"].diff == ""
    strange = by_name[hostile.name]
    assert strange.diff == "@@ -0,0 +1,2 @@\n+\udcff\n+@@ no header @@\n"


def test_a_function_beside_the_hunk_is_not_shown(tmp_path: Path, tree: Worktree) -> None:
    root, shadow = str(tree.root), shadows(tmp_path)
    lines = ["def secret():\n", *(f"    {number}\n" for number in range(9))]
    tree.write("f.py", "".join(lines))
    first = shadow.snapshot(root)
    tree.write("f.py", "".join([*lines[:-1], "    x\n"]))
    changes = shadow.difference(root, first.tree, shadow.snapshot(root).tree)
    (change,) = shadow.as_edit(root, changes)
    assert change.diff == "@@ -7,4 +7,4 @@\n     5\n     6\n     7\n-    8\n+    x\n"


def test_a_large_text_has_digests_and_no_diff(tmp_path: Path, tree: Worktree) -> None:
    root, shadow = str(tree.root), shadows(tmp_path)
    first = shadow.snapshot(root)
    tree.write("large", b"x\n" * (3 << 20))
    changes = shadow.difference(root, first.tree, shadow.snapshot(root).tree)
    (change,) = shadow.as_edit(root, changes)
    assert change.diff == ""
    assert change.after == digest_of(b"x\n" * (3 << 20))


def test_no_difference(tmp_path: Path, tree: Worktree) -> None:
    root, shadow = str(tree.root), shadows(tmp_path)
    found = shadow.snapshot(root)
    assert shadow.difference(root, found.tree, found.tree) == ()
    assert shadow.as_edit(root, ()) == ()


HELD = {
    "a.txt": True,
    "link": True,
    "src": True,
    "src/kept.log": True,
    "src/:(top)x": True,
    "src/*": True,
    "x.log": False,
    "mixed": False,
    "build": False,
    "build/x": False,
    "large": False,
    "holding-large": False,
    "nested": False,
    "nested/x": False,
    "pipe": False,
    "setuid": False,
    "absent": False,
    ".git": False,
    ".git/config": False,
    ".": False,
    "../work2/x": False,
    "through/x": False,
}


@pytest.mark.parametrize("taken", [False, True], ids=["at first", "after a snapshot"])
def test_what_the_next_snapshot_holds(tmp_path: Path, tree: Worktree, taken: bool) -> None:
    tree.write("src/kept.log", "k")
    tree.git("add", "-f", "src/kept.log")
    for name in ("src/:(top)x", "src/*", "x.log", "mixed/a", "mixed/b.log", "build/x", "setuid"):
        tree.write(name, "x")
    (tree.root / "setuid").chmod(0o4755)
    for name in ("large", "holding-large/x"):
        tree.write(name, b"x" * 1001)
    Worktree(tree.root / "nested").init().write("x", "x")
    Worktree(tmp_path / "work2").write("x", "x")
    (tree.root / "through").symlink_to("../work2")
    os.mkfifo(tree.root / "pipe")
    root, shadow = str(tree.root), shadows(tmp_path, limits=LIMITS.__class__(file_bytes=1000))
    if taken:
        shadow.snapshot(root)
    found = shadow.holds(root, [f"{root}/{name}" for name in HELD])
    assert found == {f"{root}/{name}" for name, is_held in HELD.items() if is_held}
    held = {name for name, is_held in HELD.items() if is_held}
    assert {name for name in HELD if shadow.holds(root, [f"{root}/{name}"])} == held
    assert shadow.holds(root, ["a.txt"]) == frozenset()
