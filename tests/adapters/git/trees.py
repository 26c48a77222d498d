"""Bare repositories with commits of given files, and generated pairs of trees."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from hypothesis import strategies as st

from assent.adapters.git.run import Git
from tests.core.changes.hunk_texts import edits

Files: TypeAlias = Mapping[str, tuple[str, bytes]]
"""Mode and content by path; of a submodule the content is the name of its commit."""

PLAIN, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"


def bare(folder: Path, *, sha256: bool = False) -> Git:
    """A new bare repository."""
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(folder)
    kind = "sha256" if sha256 else "sha1"
    git.output("init", "--quiet", "--bare", f"--object-format={kind}", str(folder))
    return git


def commit(git: Git, files: Files, *, parent: str = "", message: str = "made") -> str:
    """A commit of exactly these files."""
    stream = [
        b"feature done",
        b"commit refs/heads/made",
        b"mark :1",
        "author Zoë <zoe@example.org> 1700000000 +0100".encode(),
        b"committer Max <max@example.org> 1700000001 +0100",
        b"data %d\n%s" % (len(message), message.encode()),
        *([b"from " + parent.encode(), b"deleteall"] if parent else []),
        *(_file(path, mode, content) for path, (mode, content) in files.items()),
        b"get-mark :1",
        b"done\n",
    ]
    if not parent:
        git.run("update-ref", "-d", "refs/heads/made")
    return git.line("fast-import", "--quiet", "--force", given=b"\n".join(stream))


def _file(path: str, mode: str, content: bytes) -> bytes:
    name = b'"' + b"".join(b"\\%03o" % char for char in os.fsencode(path)) + b'"'
    if mode == SUBMODULE:
        return b"M %s %s %s" % (mode.encode(), content, name)
    return b"M %s inline %s\ndata %d\n%s" % (mode.encode(), name, len(content), content)


def files_of(git: Git, tree: str) -> dict[str, tuple[str, bytes]]:
    """The files of a commit or tree."""
    found = {}
    for item in git.items("ls-tree", "-r", "-z", "--full-tree", tree):
        about, _, path = item.partition("\t")
        mode, kind, name = about.split(" ")
        content = name.encode() if kind == "commit" else git.output("cat-file", "blob", name)
        found[path] = (mode, content)
    return found


ODD_NAMES = (
    "plain.py",
    "with space",
    'quo"te',
    "back\\slash",
    "new\nline",
    "tab\there",
    "ünïcode.py",
    os.fsdecode(b"latin-\xe9"),
    "-dash",
    ":(glob)*",
    "*",
    "diff --git a b",
    "x\ndiff --git a/y b/y\n",
    " leading",
    "trailing ",
    "a b/c d",
    "new\nfolder/new\nfile",
)

_SUBMODULES = [b"1" * 40, b"2" * 40]


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[tuple[str, bytes] | None, tuple[str, bytes] | None]:
    """One path, before and after."""
    kind = draw(st.sampled_from(["text", "text", "text", "mode", "come", "go", "binary", "other"]))
    old, new = draw(edits())
    old_mode = draw(st.sampled_from([PLAIN, EXECUTABLE]))
    before, after = (old_mode, old), (old_mode, new)
    if kind == "mode":
        return before, (draw(st.sampled_from([PLAIN, EXECUTABLE])), new)
    if kind == "binary":
        return (old_mode, b"\0" + old), (old_mode, draw(st.sampled_from([b"\0\1", new])))
    if kind == "other":
        return draw(_others()), draw(_others())
    return (None if kind == "come" else before), (None if kind == "go" else after)


def _others() -> st.SearchStrategy[tuple[str, bytes]]:
    """Symlinks, submodules and files in turn."""
    return st.one_of(
        st.tuples(st.just(LINK), st.sampled_from([b"target", b"../out\nside"])),
        st.tuples(st.just(SUBMODULE), st.sampled_from(_SUBMODULES)),
        st.tuples(st.just(PLAIN), st.sampled_from([b"", b"text\n"])),
    )


@st.composite
def changes(draw: st.DrawFn) -> tuple[dict[str, tuple[str, bytes]], dict[str, tuple[str, bytes]]]:
    """Two trees of a few files with odd names; sometimes a file where a folder was, or back."""
    before: dict[str, tuple[str, bytes]] = {}
    after: dict[str, tuple[str, bytes]] = {}
    for path in draw(st.lists(st.sampled_from(ODD_NAMES), min_size=1, max_size=4, unique=True)):
        old, new = draw(_pairs())
        if old is not None:
            before[path] = old
        if new is not None:
            after[path] = new
    swap = draw(st.sampled_from(["", "", "to-file", "to-folder"]))
    folder = {"swap/one": (PLAIN, b"1\n"), "swap/two/three": (PLAIN, b"2\n")}
    file = {"swap": (PLAIN, b"file\n")}
    if swap == "to-file":
        before, after = {**before, **folder}, {**after, **file}
    elif swap == "to-folder":
        before, after = {**before, **file}, {**after, **folder}
    return before, after
