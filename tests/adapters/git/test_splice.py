"""The accepted part of a proposal, built as commits, and what is left of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.adapters.git.patches import patches
from assent.adapters.git.run import Git
from assent.adapters.git.splice import rest_of, split
from assent.app.changes.ports import Conflict
from assent.core.changes.closure import clashes
from assent.core.changes.hunks import Hunk
from assent.core.changes.model import HunkId, Part, TreePayload
from assent.errors import UsageError
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
    files_of,
)

FEW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = b"".join(b"line %d\n" % number for number in range(60))
CHANGED = TEXT.replace(b"line 10\n", b"ten\n").replace(b"line 30\n", b"").replace(b"line 50", b"L")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return bare(tmp_path / "repo.git")


def hunks(git: Git, base: str, proposal: str) -> list[Hunk]:
    return [hunk for patch in patches(git, base, proposal) for hunk in patch.hunks]


def tree(git: Git, name: str) -> str:
    return git.line("rev-parse", f"{name}^{{tree}}")


def pair(git: Git, before: Files, after: Files) -> tuple[str, str]:
    base = commit(git, before)
    return base, commit(git, after, parent=base)


def lines(git: Git) -> tuple[str, str, list[Hunk]]:
    """One file with three places that change."""
    base, proposal = pair(git, {"a": (PLAIN, TEXT)}, {"a": (PLAIN, CHANGED)})
    return base, proposal, hunks(git, base, proposal)


# The accepted part


@pytest.mark.parametrize("sha256", [False, True], ids=["sha1", "sha256"])
@FEW
@given(trees=changes(), data=st.data())
def test_part_and_rest(
    tmp_path_factory: pytest.TempPathFactory,
    sha256: bool,
    trees: tuple[Files, Files],
    data: st.DataObject,
) -> None:
    git = bare(tmp_path_factory.mktemp("repo"), sha256=sha256)
    before, after = (wide(files) if sha256 else files for files in trees)
    base, proposal = pair(git, before, after)
    read = patches(git, base, proposal)
    every = [hunk.id for patch in read for hunk in patch.hunks]
    chosen = [name for name in every if data.draw(st.booleans())]
    if not chosen or clashes(read, chosen):
        with pytest.raises(UsageError):
            split(git, base, proposal, chosen)
        return
    part = split(git, base, proposal, data.draw(st.permutations(chosen)))
    assert tree(git, part.rest) == tree(git, proposal)
    assert part.tree == tree(git, part.commit)
    left = [hunk.id for hunk in hunks(git, part.commit, proposal)]
    assert (left == []) == (part.tree == tree(git, proposal)) == (len(chosen) == len(every))
    if left:
        assert split(git, part.commit, proposal, left).tree == tree(git, proposal)
    untouched = {
        patch.path for patch in read if not {hunk.id for hunk in patch.hunks} & set(chosen)
    }
    taken = {patch.path for patch in read if {hunk.id for hunk in patch.hunks} <= set(chosen)}
    made = files_of(git, part.commit)
    for path in {*before, *after}:
        if path in untouched:
            assert made.get(path) == before.get(path)
        elif path in taken:
            assert made.get(path) == after.get(path)
    assert git.line("rev-parse", f"{part.rest}~", f"{part.commit}~") == f"{part.commit}\n{base}"


def wide(files: Files) -> Files:
    return {
        path: (mode, content[:1] * 64 if mode == SUBMODULE else content)
        for path, (mode, content) in files.items()
    }


@FEW
@given(
    changed=st.sets(st.integers(0, 99), min_size=1),
    gone=st.sets(st.integers(0, 99)),
    ends=st.booleans(),
    data=st.data(),
)
def test_the_same_tree_as_git_apply_where_no_line_repeats(
    tmp_path_factory: pytest.TempPathFactory,
    changed: set[int],
    gone: set[int],
    ends: bool,
    data: st.DataObject,
) -> None:
    git = bare(tmp_path_factory.mktemp("repo"))
    old = [b"line %d\r\n" % number for number in range(100)]
    new = [b"new " + line if at in changed else line for at, line in enumerate(old)]
    kept = [line for at, line in enumerate(new) if at not in gone or at in changed]
    text = b"".join(kept) if ends else b"".join(kept).removesuffix(b"\n")
    base, proposal = pair(git, {"a": (PLAIN, b"".join(old))}, {"a": (PLAIN, text)})
    every = hunks(git, base, proposal)
    chosen = [hunk for hunk in every if data.draw(st.booleans())] or every[:1]
    part = split(git, base, proposal, [hunk.id for hunk in chosen])
    assert part.tree == applied(git, base, chosen)


def applied(git: Git, base: str, chosen: Sequence[Hunk]) -> str:
    """The tree that `git apply` makes of the hunks of one file."""
    shift = 0
    text = b"--- a/a\n+++ b/a\n"
    for hunk in chosen:
        start = hunk.old_start + shift
        text += b"@@ -%d,%d +%d,%d @@\n" % (
            *(hunk.old_start, hunk.old_count),
            *(start, hunk.new_count),
        )
        for line in hunk.lines:
            text += line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
        shift += hunk.new_count - hunk.old_count
    indexed = Git(git.git_dir, env={"GIT_INDEX_FILE": str(git.git_dir / "an-index")})
    indexed.output("read-tree", base)
    indexed.output("apply", "--cached", "--whitespace=nowarn", "-", given=text)
    return indexed.line("write-tree")


def test_the_right_one_of_identical_blocks_changes(git: Git) -> None:
    block = b"def f():\n    a\n    b\n    c\n    d\n    return 1\n\n\n"
    edited = block.replace(b"    b\n", b"    changed\n")
    base, proposal = pair(git, {"a": (PLAIN, block * 4)}, {"a": (PLAIN, edited * 4)})
    every = hunks(git, base, proposal)
    assert len(every) == 4
    for at, hunk in enumerate(every):
        part = split(git, base, proposal, [hunk.id])
        expected = b"".join(edited if at == place else block for place in range(4))
        assert files_of(git, part.commit) == {"a": (PLAIN, expected)}


def test_again_is_the_same_part(git: Git) -> None:
    base, proposal, (first, second, _) = lines(git)
    part = split(git, base, proposal, [first.id, second.id])
    assert split(git, base, proposal, [second.id, first.id, first.id]) == part


def test_parts_of_one_proposal_stand_beside_each_other(git: Git) -> None:
    base, proposal, every = lines(git)
    parts = [split(git, base, proposal, [hunk.id]) for hunk in every]
    refs = git.items("for-each-ref", "--format=%(objectname)%00", "refs/assent/parts/")
    assert {ref.strip() for ref in refs} - {""} == {part.rest for part in parts}


def test_the_part_is_signed_by_the_maker_and_committed_by_assent(git: Git) -> None:
    base, proposal, (first, *_) = lines(git)
    part = split(git, base, proposal, [first.id])
    shown = "%an <%ae> %ad|%cn <%ce> %cd|%s"
    for name, subject in (
        (part.commit, f"1 of 3 hunks of {proposal}"),
        (part.rest, f"The rest of {proposal}"),
    ):
        assert git.line("log", "-1", "--date=raw", f"--format={shown}", name) == (
            "Zoë <zoe@example.org> 1700000000 +0100|"
            f"Assent <assent@localhost> 1700000001 +0100|{subject}"
        )


@pytest.mark.parametrize(
    "line",
    [
        b"author",
        b"author nobody",
        b"author <> 1 +0000\nauthor two <two> 2 +0000",
        b"author A <a@b> 99999999999999999999 +0000",
        b"author A <a@b> 1 +9999",
        b"author A<a@b> 1 +0000",
        b"author A <a<b>> -1 +0000",
        b"author \xff\xfe <\xe9> 1 -0330",
    ],
)
def test_authors_that_git_would_not_write(git: Git, line: bytes) -> None:
    base, proposal, (first, *_) = lines(git)
    content = b"tree %s\nparent %s\n%s\ncommitter ?\nencoding odd\n\n\0" % (
        *(tree(git, proposal).encode(), base.encode()),
        line,
    )
    odd = git.line("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=content)
    part = split(git, base, odd, [first.id])
    assert tree(git, part.rest) == tree(git, proposal)
    author = git.output("log", "-1", "--format=%an <%ae> %ad", "--date=raw", part.commit)
    known = (b"\xff\xfe <\xe9> 1 -0330", b" <> 1 +0000", b"Assent <assent@localhost> 0 +0000")
    assert author.strip(b"\n") in known


def test_mode_and_content_are_taken_apart(git: Git) -> None:
    base, proposal = pair(git, {"a": (PLAIN, b"a\n")}, {"a": (EXECUTABLE, b"b\n")})
    mode, content = hunks(git, base, proposal)
    by_mode = split(git, base, proposal, [mode.id])
    assert files_of(git, by_mode.commit) == {"a": (EXECUTABLE, b"a\n")}
    by_content = split(git, base, proposal, [content.id])
    assert files_of(git, by_content.commit) == {"a": (PLAIN, b"b\n")}


def test_everything_can_go(git: Git) -> None:
    base, proposal = pair(git, {"a/b": (PLAIN, b"a\n"), "c": (LINK, b"x")}, {})
    part = split(git, base, proposal, [hunk.id for hunk in hunks(git, base, proposal)])
    assert files_of(git, part.commit) == {}
    assert part.tree == tree(git, proposal)


def test_odd_names_are_written_as_they_are(git: Git) -> None:
    before: Files = dict.fromkeys(ODD_NAMES, (PLAIN, b"a\n"))
    after: Files = dict.fromkeys(ODD_NAMES, (PLAIN, b"b\n"))
    base, proposal = pair(git, before, after)
    for hunk in hunks(git, base, proposal):
        part = split(git, base, proposal, [hunk.id])
        assert files_of(git, part.commit) == {**before, hunk.path: (PLAIN, b"b\n")}


# What cannot be built


def test_nothing_accepted_is_refused(git: Git) -> None:
    base, proposal, _ = lines(git)
    with pytest.raises(UsageError, match="Nothing is accepted"):
        split(git, base, proposal, [])


def test_hunks_of_another_revision_are_refused(git: Git) -> None:
    base, proposal, (first, *_) = lines(git)
    with pytest.raises(UsageError, match="not in this revision"):
        split(git, base, proposal, [first.id, HunkId("0" * 64)])


@pytest.mark.parametrize(
    ("before", "after", "accepted", "said"),
    [
        pytest.param(
            {"a": (PLAIN, b"1")},
            {"a/b": (PLAIN, b"2")},
            ["a/b"],
            "removes a, for a cannot stay a file",
            id="folder-without-removing-the-file",
        ),
        pytest.param(
            {"a/b": (PLAIN, b"1"), "a/c": (PLAIN, b"1")},
            {"a": (PLAIN, b"2")},
            ["a", "a/b"],
            "removes a/c, for a cannot stay a folder",
            id="file-without-emptying-the-folder",
        ),
    ],
)
def test_a_path_is_not_a_file_and_a_folder(
    git: Git, before: Files, after: Files, accepted: list[str], said: str
) -> None:
    base, proposal = pair(git, before, after)
    chosen = [hunk.id for hunk in hunks(git, base, proposal) if hunk.path in accepted]
    with pytest.raises(UsageError, match=said):
        split(git, base, proposal, chosen)


# What is left


def merged(git: Git, onto: str, part: Part) -> str:
    """The merge commit of the part."""
    made = git.line("merge-tree", "--write-tree", onto, part.commit)
    return committed(git, made, onto, part.commit)


def committed(git: Git, made: str, *parents: str) -> str:
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "A"}
    author = Git(git.git_dir, env={**who, "GIT_COMMITTER_EMAIL": "a"})
    words = [word for parent in parents for word in ("-p", parent)]
    return author.line("commit-tree", made, *words, "-m", "merge")


def test_the_rest_is_what_was_not_accepted(git: Git) -> None:
    base, proposal, (first, second, third) = lines(git)
    part = split(git, base, proposal, [second.id])
    moved = b"above\n" * 5 + TEXT.replace(b"line 20\n", b"twenty\n")
    target = commit(git, {"a": (PLAIN, moved), "b": (PLAIN, b"b")}, parent=base)
    onto = merged(git, target, part)
    rest = rest_of(git, part, onto=onto)
    assert isinstance(rest, TreePayload)
    assert rest.base == onto
    assert tree(git, rest.commit) == rest.tree
    assert git.line("rev-parse", f"{rest.commit}~") == onto
    assert [hunk.id for hunk in hunks(git, onto, rest.commit)] == [first.id, third.id]
    assert git.line("log", "-1", "--format=%an|%cn", rest.commit) == "Zoë|Assent"
    assert rest_of(git, part, onto=onto) == rest


def test_nothing_is_left_when_all_was_accepted(git: Git) -> None:
    base, proposal, every = lines(git)
    part = split(git, base, proposal, [hunk.id for hunk in every])
    assert rest_of(git, part, onto=merged(git, base, part)) is None


def test_nothing_is_left_when_somebody_else_made_the_same(git: Git) -> None:
    base, proposal, (first, *_) = lines(git)
    part = split(git, base, proposal, [first.id])
    assert rest_of(git, part, onto=proposal) is None


def test_the_rest_may_conflict(git: Git) -> None:
    base, proposal, (first, *_) = lines(git)
    part = split(git, base, proposal, [first.id])
    other = CHANGED.replace(b"L\n", b"something else\n")
    onto = committed(
        git, tree(git, commit(git, {"a": (PLAIN, other)}, parent=base)), base, part.commit
    )
    assert rest_of(git, part, onto=onto) == Conflict(("a",))
