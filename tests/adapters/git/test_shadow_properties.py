"""Whatever the tree and whatever is done to it: a restore ends exact, and can be undone."""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.git.shadow_scene import File, State, Worktree, held_by, shadows

NAMES = ("a", "b", "sp ace", "new\nline", os.fsdecode(b"\xff"), "-x", "*", ".dot", "a\\b", "é", "z")
IGNORED = ("a.log", "z.log", "build")

files = st.one_of(
    st.tuples(st.sampled_from(["100644", "100755"]), st.binary(max_size=6)),
    st.tuples(st.just("100644"), st.sampled_from([b"a\r\nb\n", b"a\nb\n", b"$Id$\n", b"\0"])),
    st.tuples(st.just("120000"), st.sampled_from([b"a", b"..", b"/nonexistent", b"b/a"])),
)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
trees = st.dictionaries(paths, files, max_size=7)
ignored_paths = st.tuples(
    st.lists(st.sampled_from(NAMES), max_size=1), st.sampled_from(IGNORED)
).map(lambda parts: "/".join([*parts[0], parts[1] if parts[1] != "build" else "build/out"]))


def without_clashes(wanted: Mapping[str, File]) -> State:
    """What of it can be there at once: nothing is both a file and a folder."""
    found: State = {}
    for path, file in wanted.items():
        clashes = any(
            path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in found
        )
        if not clashes:
            found[path] = file
    return found


def put(root: Path, path: str, file: File) -> None:
    mode, content = file
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode == "120000":
        target.symlink_to(os.fsdecode(content))
    else:
        target.write_bytes(content)
        target.chmod(0o755 if mode == "100755" else 0o644)


def become(root: Path, wanted: State) -> None:
    """Make the folder hold exactly this, rewriting only what differs."""
    now = Worktree(root).state()
    for path in now:
        if now[path] != wanted.get(path):
            (root / path).unlink()
    for folder, _, _ in os.walk(root, topdown=False):
        if ".git" not in folder.split("/") and not os.listdir(folder) and folder != str(root):
            os.rmdir(folder)
    for path, file in wanted.items():
        if now.get(path) != file:
            put(root, path, file)


RULES: File = ("100644", b"*.log\nbuild/\n")
# The folder is made anew in each example.
EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated")


def fresh(place: Path, kind: str, committed: State) -> Worktree:
    shutil.rmtree(place)
    place.mkdir()
    made = Worktree(place / "work")
    made.root.mkdir()
    become(made.root, {**committed, ".gitignore": RULES})
    if kind != "plain":
        made.init()
        if kind == "converting":
            made.write(".git/info/attributes", "* text=auto eol=crlf ident\n")
        made.commit()
    return made


@EXAMPLES
@given(
    kind=st.sampled_from(["plain", "git", "converting"]),
    committed=trees.map(without_clashes),
    before=trees.map(without_clashes),
    after=trees.map(without_clashes),
)
def test_restoring_ends_exact_and_can_be_undone(
    place: Path, kind: str, committed: State, before: State, after: State
) -> None:
    made = fresh(place, kind, committed)
    root, shadow = str(made.root), shadows(place)
    before, after = ({**wanted, ".gitignore": RULES} for wanted in (before, after))
    become(made.root, before)
    put(made.root, "only.log", ("100755", b"ignored"))
    users = made.git_bytes()
    first = shadow.snapshot(root)
    assert held_by(shadow, first.tree, place) == before
    become(made.root, {**after, "only.log": ("100755", b"ignored")})
    second = shadow.snapshot(root)
    assert held_by(shadow, second.tree, place) == after
    for tree, now, wanted in ((first.tree, second, before), (second.tree, None, after)):
        safety = now or shadow.snapshot(root)
        done = shadow.restore(root, tree, now=safety)
        assert done.leaves == ()
        assert set(done.deletes) <= held_by(shadow, safety.tree, place).keys()
        assert made.state() == {**wanted, "only.log": ("100755", b"ignored")}
        assert shadow.snapshot(root).tree == tree
    assert made.git_bytes() == users


@EXAMPLES
@given(
    before=trees.map(without_clashes),
    after=trees.map(without_clashes),
    since=trees.map(without_clashes),
    ignored=st.dictionaries(ignored_paths, st.just(("100644", b"ignored")), max_size=3),
    paths=st.one_of(st.none(), st.lists(paths, max_size=2)),
)
def test_nothing_is_lost_that_no_snapshot_holds(
    place: Path,
    before: State,
    after: State,
    since: State,
    ignored: State,
    paths: list[str] | None,
) -> None:
    """Whatever happens before, and between the safety snapshot and the restore."""
    made = fresh(place, "git", before)
    root, shadow = str(made.root), shadows(place)
    first = shadow.snapshot(root)
    become(made.root, without_clashes({**ignored, **after, ".gitignore": RULES}))
    now = shadow.snapshot(root)
    become(made.root, without_clashes({**ignored, **since, ".gitignore": RULES}))
    there = made.state()
    held = held_by(shadow, now.tree, place)
    preview = shadow.preview(root, first.tree, now=now, paths=paths)
    assert made.state() == there
    done = shadow.restore(root, first.tree, now=now, paths=paths)
    assert done == preview
    result = made.state()
    for path, file in there.items():
        if result.get(path) != file:
            assert held.get(path) == file
            assert path in (*done.writes, *done.deletes)
    for path in done.writes:
        assert result[path] == {**before, ".gitignore": RULES}[path]
    assert all(
        stat.S_ISREG(os.lstat(made.root / name).st_mode) for name in ignored if name in there
    )
