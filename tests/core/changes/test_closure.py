"""Which hunks need others."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.closure import MOST, Need, clashes, needs
from assent.core.changes.hunks import Entry, FilePatch, read_patch
from tests.core.changes.hunk_texts import diff, patch, texts

MIDDLE = "\n".join(f"line_{number} = {number}" for number in range(12)) + "\n"


def changed(files: Mapping[str, tuple[str | None, str | None]]) -> tuple[FilePatch, ...]:
    return tuple(one(path, *sides) for path, sides in sorted(files.items()))


def one(path: str, old: str | None, new: str | None) -> FilePatch:
    sides = [side is not None for side in (old, new)]
    given_entry = Entry(
        path,
        *("100644" if there else None for there in sides),
        *(number * 40 if there else None for number, there in zip("12", sides, strict=True)),
    )
    return read_patch(
        given_entry, [diff((old or "").encode(), (new or "").encode())], (old or "").encode()
    )


def told(patches: tuple[FilePatch, ...], *accepted: tuple[str, int]) -> list[tuple[str, str, str]]:
    """Needs when only the hunks named by path and position are accepted, by paths."""
    ids = {
        hunk.id
        for path, at in accepted
        for found in patches
        if found.path == path
        for hunk in found.hunks[at : at + 1]
    }
    assert len(ids) == len(accepted)
    paths = {hunk.id: hunk.path for found in patches for hunk in found.hunks}
    return [(paths[need.hunk], paths[need.needs], need.why) for need in needs(patches, ids)]


PARSE = "def parse_line(text):\n    return text\n"


@pytest.mark.parametrize(
    ("files", "accepted", "expected"),
    [
        pytest.param(
            {"a.py": (MIDDLE, PARSE + MIDDLE + "x = parse_line('a')\n")},
            ("a.py", 1),
            [("a.py", "a.py", "defines parse_line")],
            id="function-in-the-same-file",
        ),
        pytest.param(
            {"a.py": ("", PARSE), "b.py": (MIDDLE, MIDDLE + "import a\na.parse_line('')\n")},
            ("b.py", 0),
            [("b.py", "a.py", "defines parse_line")],
            id="function-in-another-file",
        ),
        pytest.param(
            {"a.py": (MIDDLE, "import tomllib\n" + MIDDLE + "x = tomllib.loads('')\n")},
            ("a.py", 1),
            [("a.py", "a.py", "imports tomllib")],
            id="import",
        ),
        pytest.param(
            {
                "a.py": (
                    MIDDLE,
                    "from x import (\n    one,\n    two as second,\n)\n" + MIDDLE + "second()\n",
                )
            },
            ("a.py", 1),
            [("a.py", "a.py", "imports second")],
            id="import-under-another-name",
        ),
        pytest.param(
            {"a.py": (MIDDLE, "TIMEOUT_S = 3\n" + MIDDLE + "wait(TIMEOUT_S)\n")},
            ("a.py", 1),
            [("a.py", "a.py", "defines TIMEOUT_S")],
            id="constant",
        ),
        pytest.param(
            {
                "a.py": ("class A:\n" + MIDDLE, "class A:\n    limit: int = 3\n" + MIDDLE),
                "b.py": (MIDDLE, MIDDLE + "a.limit\n"),
            },
            ("b.py", 0),
            [("b.py", "a.py", "defines limit")],
            id="field",
        ),
        pytest.param(
            {
                "a.py": (PARSE + MIDDLE, PARSE.replace("parse_line", "read_line") + MIDDLE),
                "b.py": ("parse_line('')\n", "read_line('')\n"),
            },
            ("b.py", 0),
            [("b.py", "a.py", "defines read_line")],
            id="rename-not-accepted",
        ),
        pytest.param(
            {
                "a.py": (PARSE + MIDDLE, PARSE.replace("parse_line", "read_line") + MIDDLE),
                "b.py": ("parse_line('')\n", "read_line('')\n"),
            },
            ("a.py", 0),
            [("a.py", "b.py", "stops using parse_line")],
            id="users-of-a-renamed-name-not-accepted",
        ),
        pytest.param(
            {"a.py": (PARSE + MIDDLE, MIDDLE), "b.py": (MIDDLE, MIDDLE + PARSE)},
            ("a.py", 0),
            [("a.py", "b.py", "defines parse_line in its new place")],
            id="moved-away-to-nowhere",
        ),
        pytest.param(
            {
                "a.py": (PARSE + MIDDLE, PARSE.replace("(text)", "(text, end)") + MIDDLE),
                "b.py": ("x = parse_line('')\n", "x = parse_line('', 1)\n"),
            },
            ("b.py", 0),
            [("b.py", "a.py", "changes what parse_line takes")],
            id="call-without-its-signature",
        ),
        pytest.param(
            {
                "a.py": (PARSE + MIDDLE, PARSE.replace("(text)", "(text, end)") + MIDDLE),
                "b.py": ("x = parse_line('')\n", "x = parse_line('', 1)\n"),
            },
            ("a.py", 0),
            [("a.py", "b.py", "changes a call of parse_line")],
            id="signature-without-its-calls",
        ),
        pytest.param(
            {
                "src/pkg/new.py": (None, "X = 1\n"),
                "b.py": (MIDDLE, "from pkg.new import Y\n" + MIDDLE),
            },
            ("b.py", 0),
            [("b.py", "src/pkg/new.py", "creates src/pkg/new.py")],
            id="module-created",
        ),
        pytest.param(
            {"pkg/new.py": (None, "X = 1\n"), "pkg/b.py": (MIDDLE, "from . import new\n" + MIDDLE)},
            ("pkg/b.py", 0),
            [("pkg/b.py", "pkg/new.py", "creates pkg/new.py")],
            id="module-created-beside",
        ),
        pytest.param(
            {
                "p/new/__init__.py": (None, ""),
                "p/q/b.py": (MIDDLE, "from ..new import z\n" + MIDDLE),
            },
            ("p/q/b.py", 0),
            [("p/q/b.py", "p/new/__init__.py", "creates p/new/__init__.py")],
            id="package-created-above",
        ),
        pytest.param(
            {
                "web/util/index.ts": (None, "1\n"),
                "web/b.tsx": (MIDDLE, MIDDLE + 'import q from "./util"\n'),
            },
            ("web/b.tsx", 0),
            [("web/b.tsx", "web/util/index.ts", "creates web/util/index.ts")],
            id="javascript-folder-created",
        ),
        pytest.param(
            {"lib/new.h": (None, "1\n"), "lib/b.c": (MIDDLE, '#include "new.h"\n' + MIDDLE)},
            ("lib/b.c", 0),
            [("lib/b.c", "lib/new.h", "creates lib/new.h")],
            id="header-created",
        ),
        pytest.param(
            {"old.py": ("X = 1\n", None), "b.py": ("import old\n" + MIDDLE, MIDDLE)},
            ("old.py", 0),
            [("old.py", "b.py", "stops using old.py")],
            id="file-deleted-and-still-used",
        ),
        pytest.param(
            {"b.ts": (MIDDLE, "export const limitOf = (x) => x\n" + MIDDLE + "limitOf(1)\n")},
            ("b.ts", 1),
            [("b.ts", "b.ts", "defines limitOf")],
            id="javascript-name",
        ),
        pytest.param(
            {"b.go": (MIDDLE, "func (s *Server) Listen(a int) {\n}\n" + MIDDLE + "s.Listen(1)\n")},
            ("b.go", 1),
            [("b.go", "b.go", "defines Listen")],
            id="go-method",
        ),
        pytest.param(
            {"b.c": (MIDDLE, "static int add_up(int a)\n{\n}\n" + MIDDLE + "x = add_up(1);\n")},
            ("b.c", 1),
            [("b.c", "b.c", "defines add_up")],
            id="c-function",
        ),
        pytest.param(
            {
                "pyproject.toml": (MIDDLE, MIDDLE + "x = 1\n"),
                "uv.lock": (MIDDLE, MIDDLE + "y = 1\n"),
            },
            ("pyproject.toml", 0),
            [("pyproject.toml", "uv.lock", "updates uv.lock")],
            id="manifest-without-lock-file",
        ),
        pytest.param(
            {
                "w/package.json": ("1\n", "2\n"),
                "w/yarn.lock": ("1\n", "2\n"),
                "yarn.lock": ("1\n", "2\n"),
            },
            ("w/yarn.lock", 0),
            [("w/yarn.lock", "w/package.json", "updates package.json")],
            id="lock-file-without-manifest-of-its-folder",
        ),
    ],
)
def test_what_is_needed_is_named(
    files: Mapping[str, tuple[str | None, str | None]],
    accepted: tuple[str, int],
    expected: list[tuple[str, str, str]],
) -> None:
    assert told(changed(files), accepted) == expected


@pytest.mark.parametrize(
    ("files", "accepted"),
    [
        pytest.param(
            {"a.py": (MIDDLE, PARSE + MIDDLE + "x = 'parse_line'  # parse_line\n")},
            ("a.py", 1),
            id="only-in-a-string",
        ),
        pytest.param(
            {"a.py": (MIDDLE, PARSE + MIDDLE + '"""\nparse_line\n"""\n')},
            ("a.py", 1),
            id="only-in-a-docstring",
        ),
        pytest.param(
            {"a.py": (MIDDLE, PARSE + MIDDLE), "b.py": ("parse_line()\n", "y = parse_line()\n")},
            ("b.py", 0),
            id="used-before",
        ),
        pytest.param(
            {
                "a.py": (None, PARSE),
                "b.py": (MIDDLE, MIDDLE + "for parse_line in x:\n    print(parse_line)\n"),
            },
            ("b.py", 0),
            id="a-name-of-its-own",
        ),
        pytest.param(
            {
                "a.py": (None, "def f(\n    tmp_path: Path,\n):\n    pass\n"),
                "b.py": (MIDDLE, MIDDLE + "def g(tmp_path): pass\n"),
            },
            ("b.py", 0),
            id="an-argument",
        ),
        pytest.param(
            {"test_a.py": (None, PARSE), "b.py": (MIDDLE, MIDDLE + "parse_line(1)\n")},
            ("b.py", 0),
            id="defined-in-a-test",
        ),
        pytest.param(
            {"a.py": (None, "_PRIVATE = 1\n"), "b.py": (MIDDLE, MIDDLE + "x = _PRIVATE\n")},
            ("b.py", 0),
            id="private-to-another-file",
        ),
        pytest.param(
            {"a.py": (None, "def get(self): pass\n"), "b.py": (MIDDLE, MIDDLE + "{}.get(1)\n")},
            ("b.py", 0),
            id="a-common-name",
        ),
        pytest.param(
            {"a.py": (None, PARSE), "b.js": (MIDDLE, MIDDLE + "parse_line(1)\n")},
            ("b.js", 0),
            id="another-language",
        ),
        pytest.param(
            {"a.py": (None, PARSE), "b.md": (MIDDLE, MIDDLE + "parse_line(1)\n")},
            ("b.md", 0),
            id="prose",
        ),
        pytest.param(
            {"a.py": (None, PARSE), "b.py": (MIDDLE, MIDDLE + "parse_line(1)\n")},
            ("a.py", 0),
            id="definition-without-its-users",
        ),
    ],
)
def test_what_is_not_needed_is_not_named(
    files: Mapping[str, tuple[str | None, str | None]], accepted: tuple[str, int]
) -> None:
    assert told(changed(files), accepted) == []


def test_a_submodule_needs_its_line_in_the_list() -> None:
    modules = one(".gitmodules", MIDDLE, MIDDLE + '[submodule "sub"]\n\tpath = sub\n')
    sub = read_patch(Entry("sub", None, "160000", None, "2" * 40), [b""], b"")
    assert told((modules, sub), ("sub", 0)) == [("sub", ".gitmodules", "lists the submodules")]


def test_both_ends_of_a_rename_belong_together() -> None:
    went, came = one("a", "1\n", None), one("b", None, "1\n")
    renamed = FilePatch(
        came.path, None, came.new_mode, None, came.new_blob, came.hunks, renamed_from="a"
    )
    assert told((went, renamed), ("b", 0)) == [("b", "a", "removes a, its name before")]
    assert told((went, renamed), ("a", 0)) == [("a", "b", "creates b, its new name")]


def test_a_link_needs_what_it_leads_to() -> None:
    link = read_patch(Entry("d/l", None, "120000", None, "2" * 40), [diff(b"", b"../new.txt")], b"")
    assert told((link, one("new.txt", None, "1\n")), ("d/l", 0)) == [
        ("d/l", "new.txt", "creates new.txt")
    ]


def test_a_file_and_a_folder_of_one_name_clash() -> None:
    patches = changed({"a": ("1\n", None), "a/b": (None, "2\n"), "a/c": (None, "2\n")})
    expected = [("a/b", "a", "removes a, for a cannot stay a file")]
    assert told(patches, ("a/b", 0)) == expected
    (need,) = clashes(patches, {patches[1].hunks[0].id})
    assert need == Need(
        patches[1].hunks[0].id, patches[0].hunks[0].id, "removes a, for a cannot stay a file"
    )
    everything = {hunk.id for found in patches for hunk in found.hunks}
    assert clashes(patches, everything) == clashes(patches, set()) == ()


@given(st.lists(st.tuples(texts(), texts()), max_size=4), st.data())
def test_any_text_is_read(pairs: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    names = ["a.py", "b.js", "c.go", "d/e.c", "f.sh", "Makefile"]
    patches = tuple(patch(*sides, path=path) for path, sides in zip(names, pairs, strict=False))
    every = [hunk.id for found in patches for hunk in found.hunks]
    accepted = {name for name in every if data.draw(st.booleans())}
    for need in needs(patches, accepted):
        assert need.hunk in accepted
        assert need.needs in set(every) - accepted
    assert needs(patches, every) == needs(patches, ()) == ()


HOSTILE = (
    *("/*" * 400, "import " + " " * 900, "func (" * 150, '"\\' * 400, "b" * 900, "(" * 900),
    *("'" + "a/" * 450, "def f" + "(" * 900, "a." * 450, "type " * 180, "\t" * 900, "x" * 10_000),
)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("x = " + "-" * 20_000 + "1\n", id="deep-signs"),
        pytest.param("x = " + "(" * 500 + ")" * 500 + "\n", id="deep-brackets"),
        pytest.param("x = " + "a." * 20_000 + "b\n", id="deep-attributes"),
        pytest.param("x = '\\d'\n", id="odd-escape"),
        pytest.param("x = '\0'\n", id="nul"),
        pytest.param("x = 1\n" * 50_000, id="long"),
    ],
)
def test_python_that_is_hard_to_parse(odd: str) -> None:
    files = {"a.py": (None, PARSE), "b.py": (MIDDLE, MIDDLE + odd + "parse_line('')\n")}
    assert told(changed(files), ("b.py", 0)) == [("b.py", "a.py", "defines parse_line")]


@pytest.mark.parametrize("ending", ["py", "js", "c", "sh"])
def test_long_and_odd_lines_are_read_in_bounded_time(ending: str) -> None:
    """The guard against hangs is the limit of the test."""
    chosen = random.Random(1)
    body = "".join(chosen.choice(HOSTILE) + "\n" for _ in range(300))
    first, second = (f"{name}.{ending}" for name in "ab")
    patches = changed({first: (None, body), second: (None, body)})
    assert len(needs(patches, {patches[0].hunks[0].id})) <= MOST


def test_not_more_is_told_than_can_be_read() -> None:
    blocks = [f"def name_{number}(): pass\n" for number in range(2000)]
    users = [f"x = name_{number}()\n" for number in range(2000)]
    defining = [patch(b"", text.encode(), path=f"d{at}.py") for at, text in enumerate(blocks)]
    using = [patch(b"", text.encode(), path=f"u{at}.py") for at, text in enumerate(users)]
    accepted = {hunk.id for found in using for hunk in found.hunks}
    found = needs((*defining, *using), accepted)
    assert len(found) == MOST
    assert {need.why for need in found} <= {f"defines name_{number}" for number in range(2000)}
