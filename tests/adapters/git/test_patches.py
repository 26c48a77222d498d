"""Differences as git has them: odd names, kinds of files, and nothing that hides a text."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.adapters.git.patches import blob, patches, versions
from assent.adapters.git.run import Git
from assent.core.changes.hunks import FilePatch, splice
from assent.core.risk.edits import FileVersion
from assent.errors import UnavailableError
from tests.adapters.git.trees import (
    EXECUTABLE,
    LINK,
    ODD_NAMES,
    PLAIN,
    SUBMODULE,
    Files,
    bare,
    changes,
    commit,
)

MANY = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = b"".join(b"line %d\n" % number for number in range(40))


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return bare(tmp_path / "repo.git")


def between(git: Git, before: Files, after: Files) -> tuple[FilePatch, ...]:
    return patches(git, commit(git, before), commit(git, after))


def one(git: Git, before: Files, after: Files) -> FilePatch:
    (found,) = between(git, before, after)
    return found


@pytest.mark.parametrize("sha256", [False, True], ids=["sha1", "sha256"])
@MANY
@given(pair=changes(), context=st.integers(0, 5))
def test_every_text_is_its_base_with_all_hunks(
    tmp_path_factory: pytest.TempPathFactory,
    sha256: bool,
    pair: tuple[Files, Files],
    context: int,
) -> None:
    git = bare(tmp_path_factory.mktemp("repo"), sha256=sha256)
    before, after = (widened(files) if sha256 else files for files in pair)
    found = patches(git, commit(git, before), commit(git, after), context=context)
    differing = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert {patch.path for patch in found} == differing
    for patch in found:
        old, new = before.get(patch.path), after.get(patch.path)
        assert patch.old_mode == (old and old[0])
        assert patch.new_mode == (new and new[0])
        if old is None or new is None or any(hunk.whole and not hunk.mode for hunk in patch.hunks):
            continue
        assert splice(old[1], [hunk for hunk in patch.hunks if not hunk.mode]) == new[1]


def widened(files: Files) -> Files:
    """The same with names of submodules' commits that are as long as those of SHA-256."""
    return {
        path: (mode, content[:1] * 64 if mode == SUBMODULE else content)
        for path, (mode, content) in files.items()
    }


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(git: Git, name: str) -> None:
    found = between(git, {"zz": (PLAIN, b"1\n")}, {name: (PLAIN, b"a\n"), "zz": (PLAIN, b"2\n")})
    assert [patch.path for patch in found] == sorted([name, "zz"], key=os.fsencode)
    assert {hunk.path for patch in found for hunk in patch.hunks} == {name, "zz"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param((PLAIN, b"a\n"), (EXECUTABLE, b"a\n"), [(True, True, 0)], id="mode"),
        pytest.param(
            (PLAIN, b"a\n"),
            (EXECUTABLE, b"b\n"),
            [(True, True, 0), (False, False, 2)],
            id="mode-and-content",
        ),
        pytest.param(None, (PLAIN, b""), [(True, False, 0)], id="empty-created"),
        pytest.param(None, (PLAIN, b"a\nb\n"), [(True, False, 2)], id="created"),
        pytest.param((PLAIN, b"a\n"), None, [(True, False, 1)], id="deleted"),
        pytest.param((PLAIN, b""), (PLAIN, b"a\n"), [(False, False, 1)], id="from-empty"),
        pytest.param((PLAIN, b"a\n"), (PLAIN, b""), [(False, False, 1)], id="to-empty"),
        pytest.param((LINK, b"a"), (LINK, b"b"), [(True, False, 2)], id="symlink"),
        pytest.param((PLAIN, b"a\n"), (LINK, b"b"), [(True, False, 2)], id="file-to-symlink"),
        pytest.param(
            (SUBMODULE, b"1" * 40), (SUBMODULE, b"2" * 40), [(True, False, 2)], id="submodule"
        ),
        pytest.param(
            (PLAIN, b"a\n"), (SUBMODULE, b"2" * 40), [(True, False, 2)], id="file-to-submodule"
        ),
        pytest.param((PLAIN, b"\0a"), (PLAIN, b"\0b"), [(True, False, 0)], id="binary"),
        pytest.param((PLAIN, b"text\n"), (PLAIN, b"\0b"), [(True, False, 0)], id="text-to-binary"),
        pytest.param(
            (PLAIN, b"\0a"),
            (EXECUTABLE, b"\0b"),
            [(True, True, 0), (True, False, 0)],
            id="binary-and-mode",
        ),
    ],
)
def test_kinds_of_files(
    git: Git,
    before: tuple[str, bytes] | None,
    after: tuple[str, bytes] | None,
    expected: list[tuple[bool, bool, int]],
) -> None:
    rest = {"rest": (PLAIN, b"r\n")}
    old = {**rest, "x": before} if before else rest
    new = {**rest, "x": after} if after else rest
    found = one(git, old, new)
    assert [(hunk.whole, hunk.mode, len(hunk.lines)) for hunk in found.hunks] == expected
    assert found.binary == any(b"\0" in side[1] for side in (before, after) if side)


def test_nothing_differs(git: Git) -> None:
    name = commit(git, {"a": (PLAIN, b"a\n")})
    assert patches(git, name, name) == ()
    assert versions(git, name, name) == ()


def test_trees_can_be_named(git: Git) -> None:
    old, new = commit(git, {"a": (PLAIN, b"a\n")}), commit(git, {"a": (PLAIN, b"b\n")})
    assert patches(git, f"{old}^{{tree}}", f"{new}^{{tree}}") == patches(git, old, new)


def test_what_does_not_exist_is_unavailable(git: Git) -> None:
    with pytest.raises(UnavailableError):
        patches(git, "--output=/dev/null", "1" * 40)


def test_ids_stay_when_the_base_moves(git: Git) -> None:
    new = TEXT.replace(b"line 20\n", b"changed\n")
    was = one(git, {"a": (PLAIN, TEXT)}, {"a": (PLAIN, new)})
    above = b"inserted\n" * 5
    now = one(git, {"a": (PLAIN, above + TEXT)}, {"a": (PLAIN, above + new)})
    assert [hunk.id for hunk in was.hunks] == [hunk.id for hunk in now.hunks]
    assert now.hunks[0].new_start == was.hunks[0].new_start + 5


def test_renames_are_told_and_not_made(git: Git) -> None:
    changed = TEXT.replace(b"line 20\n", b"changed\n")
    went, came = between(git, {"a.py": (PLAIN, TEXT)}, {"b.py": (PLAIN, changed)})
    assert (went.path, went.new_blob, went.renamed_from) == ("a.py", None, "")
    assert (came.path, came.old_blob, came.renamed_from) == ("b.py", None, "a.py")


# What would hide a text

HIDING = (
    b"* binary\n",
    b"* -diff\n",
    b"* -text\n",
    b"* diff=program\n",
    b"*.py diff=program merge=program filter=program\n",
)


@pytest.mark.parametrize("attributes", HIDING)
@pytest.mark.parametrize("place", ["tree", "info", "both"])
def test_attributes_hide_nothing(git: Git, tmp_path: Path, attributes: bytes, place: str) -> None:
    files: dict[str, tuple[str, bytes]] = {"a.py": (PLAIN, b"a\n"), "b.py": (PLAIN, b"b\n")}
    after = {"a.py": (PLAIN, b"evil\n"), "b.py": (PLAIN, b"b\n"), "c.py": (PLAIN, b"c\n")}
    if place != "tree":
        info = git.git_dir / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_bytes(attributes)
    if place != "info":
        files[".gitattributes"] = after[".gitattributes"] = (PLAIN, attributes)
    for name in ("textconv", "command"):
        git.output("config", f"diff.program.{name}", f"touch {tmp_path}/ran; cat")
    git.output("config", "diff.program.binary", "true")
    head = commit(git, files)
    git.output("update-ref", "refs/heads/main", head)
    git.output("update-ref", "refs/heads/master", head)
    changed, created = patches(git, head, commit(git, after))
    assert changed.hunks[0].lines == (b"-a\n", b"+evil\n")
    assert created.hunks[0].lines == (b"+c\n",)
    assert not changed.binary
    assert not (tmp_path / "ran").exists()


def test_a_text_called_binary_has_a_binary_beside_it(git: Git) -> None:
    info = git.git_dir / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_bytes(b"* binary\n")
    before: Files = {"a b\n": (PLAIN, b"a\n"), "b": (PLAIN, b"\0")}
    text, binary = between(git, before, {"a b\n": (LINK, b"new"), "b": (PLAIN, b"\0\0")})
    assert text.hunks[0].lines == (b"-a\n", b"+new")
    assert binary.binary


def test_a_submodule_that_asks_to_be_ignored_is_shown(git: Git, tmp_path: Path) -> None:
    modules = b'[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n\tignore = all\n'
    rest = {".gitmodules": (PLAIN, modules)}
    old = commit(git, {**rest, "sub": (SUBMODULE, b"1" * 40)})
    new = commit(git, {**rest, "sub": (SUBMODULE, b"2" * 40)})
    (tmp_path / ".gitmodules").write_bytes(modules)
    git.output("config", "submodule.sub.ignore", "all")
    for place in (git, Git(git.git_dir, work_tree=tmp_path)):
        (found,) = patches(place, old, new)
        assert found.path == "sub"


def test_replaced_objects_are_not_followed(git: Git) -> None:
    old = commit(git, {"a": (PLAIN, b"a\n")})
    new = commit(git, {"a": (PLAIN, b"evil\n")})
    git.output("replace", new, old)
    (found,) = patches(git, old, new)
    assert found.hunks[0].lines == (b"-a\n", b"+evil\n")
    assert versions(git, old, new)[0].after == "evil\n"
    assert blob(git, new, "a") == b"evil\n"


def test_configuration_changes_nothing(git: Git) -> None:
    before, after = {"a": (PLAIN, TEXT)}, {"a": (PLAIN, TEXT.replace(b"line 2", b"\nline x"))}
    plain = between(git, before, after)
    for name, value in {
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "diff.interHunkContext": "30",
        "diff.suppressBlankEmpty": "true",
        "diff.algorithm": "patience",
        "diff.renames": "copies",
        "diff.orderFile": "nowhere",
        "core.abbrev": "4",
        "core.quotePath": "true",
        "diff.external": "false",
    }.items():
        git.output("config", name, value)
    assert between(git, before, after) == plain


# Texts for risk


def test_versions(git: Git) -> None:
    before: Files = {
        "bin": (PLAIN, b"\0"),
        "gone": (PLAIN, b"gone\r\n"),
        "latin": (PLAIN, b"\xe9"),
        "link": (LINK, b"here"),
        "mode": (PLAIN, b"same\n"),
        "sub": (SUBMODULE, b"1" * 40),
    }
    after: Files = {
        "bin": (PLAIN, b"text"),
        "latin": (PLAIN, b"\xe8"),
        "link": (LINK, b"there"),
        "mode": (EXECUTABLE, b"same\n"),
        "new": (PLAIN, b"new"),
        "sub": (SUBMODULE, b"2" * 40),
    }
    found = versions(git, commit(git, before), commit(git, after))
    assert found == (
        FileVersion("bin", "", "", "binary"),
        FileVersion("gone", "gone\r\n", None),
        FileVersion("latin", "\udce9", "\udce8"),
        FileVersion("link", "here", "there", "symlink"),
        FileVersion("mode", "same\n", "same\n", "mode"),
        FileVersion("new", None, "new"),
        FileVersion(
            "sub", f"Subproject commit {'1' * 40}\n", f"Subproject commit {'2' * 40}\n", "submodule"
        ),
    )


def test_what_is_too_large_to_be_read_is_left_out(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.adapters.git.patches.READABLE", 10)
    before: Files = {"large": (PLAIN, b"1" * 11), "small": (PLAIN, b"1" * 10)}
    after: Files = {"large": (PLAIN, b"2"), "small": (PLAIN, b"2")}
    found = versions(git, commit(git, before), commit(git, after))
    assert [version.path for version in found] == ["small"]


def test_what_is_too_large_to_be_read_is_one_hunk(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.adapters.git.patches.READABLE", 1024)
    before: Files = {"large": (PLAIN, b"1\n" * 513), "small": (PLAIN, b"1\n" * 512)}
    after: Files = {"large": (PLAIN, b"2\n"), "small": (PLAIN, b"2\n")}
    large, small = between(git, before, after)
    assert (large.binary, [hunk.lines for hunk in large.hunks]) == (True, [()])
    assert (small.binary, small.removed) == (False, 512)


def test_files_are_read_in_parts(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assent.adapters.git.patches.AT_ONCE", 5)
    before: Files = {f"{size}": (PLAIN, b"\n" * size) for size in range(9)}
    after: Files = {path: (mode, b"x" + text) for path, (mode, text) in before.items()}
    found = versions(git, commit(git, before), commit(git, after))
    assert [(each.before, each.after) for each in found] == [
        ("\n" * size, "x" + "\n" * size) for size in range(9)
    ]


def test_blobs_by_path(git: Git) -> None:
    files: Files = {name: (PLAIN, name.encode("utf-8", "surrogateescape")) for name in ODD_NAMES}
    name = commit(git, {**files, "sub": (SUBMODULE, b"1" * 40)})
    for path, (_, content) in files.items():
        assert blob(git, name, path) == content
    for path in ("a b", "a b/", "./plain.py", "sub", "no", "", "plain.py/"):
        assert blob(git, name, path) is None
    assert blob(git, name, "plain.py", limit=3) is None
