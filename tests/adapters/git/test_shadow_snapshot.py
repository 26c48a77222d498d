"""What a snapshot holds, of every kind of work tree; and that the user's git stays as it was."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from assent.core.checkpoints import Skipped
from tests.adapters.git.shadow_scene import LIMITS, Worktree, held_by, shadows


@pytest.fixture
def tree(tmp_path: Path) -> Worktree:
    made = Worktree(tmp_path / "work").init()
    made.write(".gitignore", "*.log\nbuild/\n.env\n")
    made.write("kept.txt", "one\n")
    made.write("src/a.py", "a = 1\n")
    made.write("src/run", "#!/bin/sh\n", executable=True)
    (made.root / "link").symlink_to("src/a.py")
    made.commit()
    return made


def plain(made: Worktree) -> None:
    made.write("src/a.py", "a = 2\n")
    made.write("new.txt", "n")


def nothing(made: Worktree) -> None:
    pass


def modes(made: Worktree) -> None:
    (made.root / "kept.txt").chmod(0o755)
    (made.root / "src/run").chmod(0o644)


def folder_becomes_file(made: Worktree) -> None:
    (made.root / "src/a.py").unlink()
    (made.root / "src/run").unlink()
    (made.root / "src").rmdir()
    made.write("src", "a file now")


def file_becomes_folder(made: Worktree) -> None:
    (made.root / "kept.txt").unlink()
    made.write("kept.txt/in", "deep")


def folder_becomes_symlink(made: Worktree) -> None:
    (made.root / "src").rename(made.root / "moved")
    (made.root / "src").symlink_to("moved")


def symlink_becomes_folder(made: Worktree) -> None:
    (made.root / "link").unlink()
    made.write("link/in", "x")


def dangling(made: Worktree) -> None:
    (made.root / "nowhere").symlink_to("/nonexistent/x")
    (made.root / "loop").symlink_to("loop")


def odd_names(made: Worktree) -> None:
    for name in (b"\xff\xfe", b"new\nline", b" lead", b"-rf", b"*", b":(top)x", b'q"uote', b"a\\b"):
        Path(os.fsdecode(os.fsencode(made.root) + b"/" + name)).write_bytes(name)
    made.write("git~1/x", "x")
    made.write(".gitx", "x")


def line_ends(made: Worktree) -> None:
    made.write(".gitattributes", "* text=auto eol=crlf\n")
    made.write("crlf.txt", b"a\r\nb\r\n")
    made.write("lf.txt", b"a\nb\n")
    made.write("mixed.txt", b"a\r\nb\n")
    made.commit()


def settle(made: Worktree) -> None:
    """Files older than the index, so that git takes them for what the index says."""
    for path in made.git("ls-files", "-z").split("\0")[:-1]:
        os.utime(made.root / path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)
    made.git("update-index", "-q", "--refresh")


def converted_before(made: Worktree) -> None:
    line_ends(made)
    made.git("config", "core.autocrlf", "true")
    for path in ("crlf.txt", "lf.txt", "mixed.txt"):
        (made.root / path).unlink()
    made.git("checkout", "--", ".")
    settle(made)


def identity(made: Worktree) -> None:
    made.write(".gitattributes", "*.c ident\n*.u working-tree-encoding=UTF-16LE-BOM\n")
    made.write("v.c", "/* $Id$ */\n")
    made.write("t.u", "text".encode("utf-16"))
    made.commit()
    (made.root / "v.c").unlink()
    made.git("checkout", "--", "v.c")
    settle(made)


def filtered(made: Worktree) -> None:
    """As Git LFS does, but with contents of the same length."""
    made.git("config", "filter.f.clean", "tr a-y b-z")
    made.git("config", "filter.f.smudge", "tr b-z a-y")
    made.write(".gitattributes", "*.dat filter=f\n")
    made.write("x.dat", "abc")
    made.commit()
    settle(made)
    assert made.git("show", ":x.dat") == "bcd"


def local_attributes(made: Worktree) -> None:
    made.write(".git/info/attributes", "*.txt text eol=crlf\n")
    (made.root / "kept.txt").unlink()
    made.git("checkout", "--", "kept.txt")
    settle(made)


def hidden_changes(made: Worktree) -> None:
    made.git("update-index", "--assume-unchanged", "kept.txt")
    made.git("update-index", "--skip-worktree", "src/a.py")
    made.write("kept.txt", "two\n")
    made.write("src/a.py", "b = 1\n")


def racy(made: Worktree) -> None:
    """Of the same size and time: only that the index is no newer shows that git must look."""
    old = (1_700_000_000, 1_700_000_000)
    for content in ("aaa\n", "bbb\n"):
        os.utime(made.write("kept.txt", content), old)
        if content == "aaa\n":
            made.git("add", "kept.txt")
            os.utime(made.root / ".git/index", old)


def unmerged(made: Worktree) -> None:
    made.git("checkout", "-q", "-b", "other")
    made.write("kept.txt", "other\n")
    made.write("src/a.py", "gone there\n")
    made.commit()
    made.git("checkout", "-q", "main")
    made.write("kept.txt", "main\n")
    (made.root / "src/a.py").unlink()
    made.commit()
    made.git("merge", "other", check=False)
    assert made.git("ls-files", "-u")


def locked(made: Worktree) -> None:
    made.write(".git/index.lock", "")
    plain(made)


def partly_staged(made: Worktree) -> None:
    made.write("kept.txt", "staged\n")
    made.git("add", "kept.txt")
    made.write("kept.txt", "not staged\n")
    made.write("meant.txt", "m")
    made.git("add", "-N", "meant.txt")
    made.git("stash", "list")


def split_index(made: Worktree) -> None:
    made.git("update-index", "--split-index")
    plain(made)
    made.git("add", "new.txt")


def kept_though_ignored(made: Worktree) -> None:
    made.write("kept.log", "k")
    made.git("add", "-f", "kept.log")
    made.git("update-index", "--assume-unchanged", "kept.log")


CASES = (
    plain,
    nothing,
    modes,
    folder_becomes_file,
    file_becomes_folder,
    folder_becomes_symlink,
    symlink_becomes_folder,
    dangling,
    odd_names,
    line_ends,
    converted_before,
    identity,
    filtered,
    local_attributes,
    hidden_changes,
    racy,
    unmerged,
    locked,
    partly_staged,
    split_index,
    kept_though_ignored,
)


@pytest.mark.parametrize("later", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("change", CASES, ids=lambda case: case.__name__)
def test_a_snapshot_is_exact(
    tmp_path: Path, tree: Worktree, change: Callable[[Worktree], None], later: bool
) -> None:
    shadow = shadows(tmp_path)
    if later and change is not kept_though_ignored:
        shadow.snapshot(str(tree.root))
    change(tree)
    before = tree.git_bytes()
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()
    assert found.skipped == ()
    assert tree.git_bytes() == before
    assert shadow.snapshot(str(tree.root)) == found


def test_a_snapshot_of_named_paths_takes_the_rest_from_the_one_before(
    tmp_path: Path, tree: Worktree
) -> None:
    shadow = shadows(tmp_path)
    first = tree.state()
    shadow.snapshot(str(tree.root))
    tree.write("kept.txt", "two\n")
    tree.write("new/deep/x", "x")
    tree.write("unseen.txt", "u")
    tree.write("x.log", "ignored")
    (tree.root / "src/a.py").unlink()
    wanted = ["kept.txt", "new", "src/a.py", "x.log", "not-there", "../work", "/etc/passwd"]
    found = shadow.snapshot(str(tree.root), paths=wanted)
    now = tree.state()
    expected = {**first, "kept.txt": now["kept.txt"], "new/deep/x": now["new/deep/x"]}
    del expected["src/a.py"]
    assert not found.whole
    assert held_by(shadow, found.tree, tmp_path) == expected
    whole = shadow.snapshot(str(tree.root))
    del now["x.log"]
    assert held_by(shadow, whole.tree, tmp_path) == now


@pytest.mark.parametrize(
    "change", [folder_becomes_file, file_becomes_folder, symlink_becomes_folder]
)
def test_named_paths_that_change_their_kind(
    tmp_path: Path, tree: Worktree, change: Callable[[Worktree], None]
) -> None:
    shadow = shadows(tmp_path)
    shadow.snapshot(str(tree.root))
    change(tree)
    found = shadow.snapshot(str(tree.root), paths=["src", "kept.txt", "link"])
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_the_first_snapshot_is_always_whole(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root), paths=["kept.txt"])
    assert found.whole
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_ignored_files_are_not_captured(tmp_path: Path, tree: Worktree) -> None:
    person = Path(os.environ["HOME"]) / ".config/git"
    person.mkdir(parents=True, exist_ok=True)
    (person / "ignore").write_text("*.personal\n")
    tree.write(".git/info/exclude", "secret*\n")
    expected = tree.state()
    for name in (".env", "x.log", "build/out", "secret.txt", "me.personal"):
        tree.write(name, "s3cret")
    shadow = shadows(tmp_path)
    try:
        found = shadow.snapshot(str(tree.root))
    finally:
        (person / "ignore").unlink()
    assert held_by(shadow, found.tree, tmp_path) == expected
    tree.write(".git/info/exclude", "secret*\nmore*\n")
    tree.write("more.txt", "s3cret")
    tree.write("me.personal", "s3cret again")
    found = shadow.snapshot(str(tree.root))
    assert "more.txt" not in held_by(shadow, found.tree, tmp_path)


def test_a_configured_file_of_ignore_rules_counts(tmp_path: Path, tree: Worktree) -> None:
    (tmp_path / "mine").write_text("*.mine\n")
    tree.git("config", "core.excludesFile", str(tmp_path / "mine"))
    tree.write("a.mine", "x")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert "a.mine" not in held_by(shadow, found.tree, tmp_path)


def test_a_file_that_becomes_ignored_stays_captured(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    tree.write("notes", "one")
    shadow.snapshot(str(tree.root))
    tree.write(".gitignore", "notes\n")
    tree.write("notes", "two")
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path)["notes"] == ("100644", b"two")


def test_a_folder_without_git(tmp_path: Path) -> None:
    folder = Worktree(tmp_path / "plain")
    folder.write("a/b", "x")
    folder.write(".gitignore", "*.o\n")
    expected = folder.state()
    folder.write("a.o", "o")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(folder.root))
    assert held_by(shadow, found.tree, tmp_path) == expected
    assert not (folder.root / ".git").exists()


def test_an_empty_folder_has_a_snapshot(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tmp_path / "empty"))
    assert held_by(shadow, found.tree, tmp_path) == {}


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    folder = Worktree(tmp_path / "work").init()
    folder.write("a", "x")
    shadow = shadows(tmp_path)
    before = folder.git_bytes()
    found = shadow.snapshot(str(folder.root))
    assert held_by(shadow, found.tree, tmp_path) == folder.state()
    assert folder.git_bytes() == before


def test_a_sha256_repository(tmp_path: Path) -> None:
    folder = Worktree(tmp_path / "work").init("--object-format=sha256")
    folder.write("a", "x")
    folder.commit()
    folder.write("b", "y")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(folder.root))
    assert len(found.tree) == 64
    assert held_by(shadow, found.tree, tmp_path) == folder.state()


def test_a_sparse_checkout(tmp_path: Path, tree: Worktree) -> None:
    tree.write("other/x", "x")
    tree.commit()
    tree.git("sparse-checkout", "set", "src")
    assert not (tree.root / "other").exists()
    tree.write("src/a.py", "a = 3\n")
    shadow = shadows(tmp_path)
    before = tree.git_bytes()
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()
    assert tree.git_bytes() == before


def test_a_sparse_index(tmp_path: Path, tree: Worktree) -> None:
    tree.write("other/deep/x", "x")
    tree.commit()
    tree.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == tree.state()


def test_a_linked_work_tree(tmp_path: Path, tree: Worktree) -> None:
    tree.write(".git/info/exclude", "secret*\n")
    tree.git("worktree", "add", "-q", "-b", "w", str(tmp_path / "linked"))
    linked = Worktree(tmp_path / "linked")
    linked.write("src/a.py", "a = 9\n")
    expected = linked.state()
    del expected[".git"]
    linked.write("secret", "s")
    before = tree.git_bytes()
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(linked.root))
    assert held_by(shadow, found.tree, tmp_path) == expected
    assert tree.git_bytes() == before


def test_a_workspace_inside_a_repository_keeps_the_ignore_rules_above(
    tmp_path: Path, tree: Worktree
) -> None:
    tree.write(".gitignore", "*.log\n/part/tmp\npart/*.gen\nother/x\n!part/keep.log\n/*/deep/y\n")
    tree.write("part/.assent/policy.toml", "")
    tree.write("part/a", "a")
    tree.write("part/keep.log", "k")
    expected = Worktree(tree.root / "part").state()
    for name in ("x.log", "tmp/x", "b.gen", "deep/y"):
        tree.write(f"part/{name}", "ignored")
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root / "part"))
    assert held_by(shadow, found.tree, tmp_path) == expected


# What is not captured is named


def test_other_repositories_are_named_and_left_out(tmp_path: Path, tree: Worktree) -> None:
    expected = tree.state()
    with_commit = Worktree(tree.root / "nested/one").init()
    with_commit.write("x", "x")
    with_commit.commit()
    Worktree(tree.root / "two").init().write("y", "y")
    tree.git("worktree", "add", "-q", "-b", "w", str(tree.root / "three"))
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert found.skipped == (
        Skipped("nested/one", "nested repository"),
        Skipped("three", "nested work tree"),
        Skipped("two", "nested repository"),
    )
    assert held_by(shadow, found.tree, tmp_path) == expected
    part = shadow.snapshot(str(tree.root), paths=["two/y", "kept.txt"])
    assert Skipped("two", "nested repository") in part.skipped
    assert part.tree == found.tree


def test_a_submodule_is_named(tmp_path: Path, tree: Worktree) -> None:
    library = Worktree(tmp_path / "library").init()
    library.write("l", "l")
    library.commit()
    tree.git("submodule", "--quiet", "add", str(library.root), "lib")
    tree.commit()
    expected = {path: file for path, file in tree.state().items() if path[:4] != "lib/"}
    shadow = shadows(tmp_path)
    found = shadow.snapshot(str(tree.root))
    assert found.skipped == (Skipped("lib", "submodule: its own changes are not captured"),)
    assert held_by(shadow, found.tree, tmp_path) == expected


def test_a_folder_becomes_a_repository(tmp_path: Path, tree: Worktree) -> None:
    shadow = shadows(tmp_path)
    shadow.snapshot(str(tree.root))
    expected = tree.state()
    Worktree(tree.root / "src").init()
    tree.write("src/a.py", "changed")
    expected["src/a.py"] = ("100644", b"changed")
    found = shadow.snapshot(str(tree.root))
    assert held_by(shadow, found.tree, tmp_path) == expected


def test_pipes_sockets_and_large_files_are_named(tmp_path: Path, tree: Worktree) -> None:
    expected = tree.state()
    os.mkfifo(tree.root / "pipe")
    where = os.getcwd()
    os.chdir(tree.root / "src")
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s")
    finally:
        os.chdir(where)
    tree.write("large.bin", b"x" * 1001)
    shadow = shadows(tmp_path, limits=LIMITS.__class__(file_bytes=1000))
    found = shadow.snapshot(str(tree.root))
    large = Skipped("large.bin", "larger than 0.001 MB")
    assert found.skipped == (large, Skipped("pipe", "pipe"), Skipped("src/s", "socket"))
    assert held_by(shadow, found.tree, tmp_path) == expected
    tree.write("kept.txt", b"x" * 1001)
    (tree.root / "src/a.py").unlink()
    os.mkfifo(tree.root / "src/a.py")
    (tree.root / "pipe").unlink()
    again = shadow.snapshot(str(tree.root))
    assert again.skipped == (
        Skipped("kept.txt", "larger than 0.001 MB"),
        large,
        Skipped("src/a.py", "pipe"),
        Skipped("src/s", "socket"),
    )
    assert shadow.snapshot(str(tree.root), paths=["src/run"]).skipped == again.skipped
    tree.write("large.bin", b"small")
    shadow = shadows(tmp_path, limits=LIMITS.__class__(file_bytes=1000))
    assert large not in shadow.snapshot(str(tree.root), paths=["large.bin"]).skipped
    assert shadow.snapshot(str(tree.root)).skipped == tuple(s for s in again.skipped if s != large)


def test_names_that_git_cannot_hold_are_named(tmp_path: Path, tree: Worktree) -> None:
    tree.write("a/.GIT/x", "x")
    (tree.root / ".gitmodules").symlink_to("kept.txt")
    shadow = shadows(tmp_path)
    why = "a name that git cannot hold"
    found = shadow.snapshot(str(tree.root))
    assert found.skipped == (Skipped(".gitmodules", why), Skipped("a/.GIT/x", why))


def test_many_skipped_things_are_counted_by_folder(tmp_path: Path, tree: Worktree) -> None:
    for number in range(300):
        tree.write(f"data/{number}", b"x" * 101)
    shadow = shadows(tmp_path, limits=LIMITS.__class__(file_bytes=100))
    found = shadow.snapshot(str(tree.root))
    assert found.skipped == (Skipped("data", "300 times: larger than 0.0001 MB"),)
