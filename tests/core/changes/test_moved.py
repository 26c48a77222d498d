"""Which lines are only moved."""

import pytest
from hypothesis import given

from assent.core.changes.hunks import FilePatch
from assent.core.changes.moved import LEAST, Moved, moved, moved_words
from tests.core.changes.hunk_texts import edits, patch

BLOCK = "def parse(text):\n    found = text.split()\n    return found\n"
MIDDLE = "".join(f"line {number}\n" for number in range(20))


def patches(**files: tuple[str, str]) -> list[FilePatch]:
    return [patch(*(side.encode() for side in sides), path=path) for path, sides in files.items()]


def places(found: tuple[Moved, ...]) -> list[tuple[int, str, int, str, int]]:
    return [
        (each.lines, each.source_path, each.source_line, each.target_path, each.target_line)
        for each in found
    ]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a": (BLOCK + MIDDLE, MIDDLE), "b": (MIDDLE, MIDDLE + BLOCK)},
            [(3, "a", 1, "b", 21)],
            id="to-another-file",
        ),
        pytest.param(
            {"a": (BLOCK + MIDDLE, MIDDLE + BLOCK)}, [(3, "a", 1, "a", 21)], id="in-a-file"
        ),
        pytest.param(
            {
                "a": (BLOCK + MIDDLE, MIDDLE),
                "b": (MIDDLE, MIDDLE + "class A:\n" + BLOCK.replace("\n", "\n    ")),
            },
            [(3, "a", 1, "b", 22)],
            id="with-another-indentation",
        ),
        pytest.param(
            {"a": (BLOCK + MIDDLE, MIDDLE), "b": (MIDDLE, MIDDLE + BLOCK + "more\n" + BLOCK)},
            [(3, "a", 1, "b", 21)],
            id="once-when-it-comes-twice",
        ),
        pytest.param(
            {"a": (BLOCK * 2 + MIDDLE, MIDDLE), "b": (MIDDLE, MIDDLE + BLOCK * 2)},
            [(6, "a", 1, "b", 21)],
            id="the-longest-block",
        ),
        pytest.param(
            {"a": (BLOCK + MIDDLE, MIDDLE), "b": (MIDDLE, MIDDLE + BLOCK[:40])},
            [],
            id="less-than-three-lines",
        ),
        pytest.param(
            {"a": ("{\n}\n" * 9 + MIDDLE, MIDDLE), "b": (MIDDLE, MIDDLE + "{\n}\n" * 9)},
            [],
            id="lines-that-tell-nothing",
        ),
        pytest.param({"a": (BLOCK, BLOCK.replace("\n", "\n  "))}, [], id="changed-in-its-place"),
        pytest.param({"b": (MIDDLE, MIDDLE + BLOCK)}, [], id="only-added"),
    ],
)
def test_what_is_moved(
    files: dict[str, tuple[str, str]], expected: list[tuple[int, str, int, str, int]]
) -> None:
    assert places(moved(patches(**files))) == expected


def test_both_ends_are_told_in_words() -> None:
    files = patches(a=(BLOCK + MIDDLE, MIDDLE), b=(MIDDLE, BLOCK + MIDDLE))
    went, came = (each.hunks[0].id for each in files)
    assert moved_words(moved(files)) == {
        went: "3 lines moved to b:1",
        came: "3 lines moved from a:1",
    }


@given(edits(), edits())
def test_what_is_moved_is_there(one: tuple[bytes, bytes], two: tuple[bytes, bytes]) -> None:
    found = moved([patch(*one, path="a"), patch(*two, path="b")])
    old = {"a": one[0].split(b"\n"), "b": two[0].split(b"\n")}
    new = {"a": one[1].split(b"\n"), "b": two[1].split(b"\n")}
    for each in found:
        assert each.lines >= LEAST
        for step in range(each.lines):
            gone = old[each.source_path][each.source_line - 1 + step]
            came = new[each.target_path][each.target_line - 1 + step]
            assert gone.strip() == came.strip()


def test_many_equal_lines_take_no_time() -> None:
    """The guard against hangs is the limit of the test."""
    many = "    return a_value_that_tells_something\n" * 20_000
    assert sum(each.lines for each in moved(patches(a=(many, ""), b=("", many)))) == 20_000
    blank = "\n" * 20_000
    assert moved(patches(a=(blank, ""), b=("", blank))) == ()
