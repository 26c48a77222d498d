"""How a change that is too large could be split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.changes.limits import split
from tests.core.changes.changes import hunk, revision

FOLDERS = st.sampled_from(["src/app", "src/web", "docs", "tests/app", ""])
FILES = st.sampled_from(["a.py", "b.py", "test_a.py", "a.md", "uv.lock", "package-lock.json"])


@given(
    st.lists(st.tuples(FOLDERS, FILES, st.integers(0, 90)), min_size=1, max_size=30),
    st.integers(1, 200),
)
def test_the_groups_are_the_change_and_each_is_small_enough(
    made: list[tuple[str, str, int]], limit: int
) -> None:
    hunks = [
        hunk(f"h{number}", path=f"{folder}/{name}".lstrip("/"), lines=lines)
        for number, (folder, name, lines) in enumerate(made)
    ]
    groups = split(revision(*hunks), limit)
    assert sorted(each for group in groups for each in group.hunks) == sorted(h.id for h in hunks)
    sizes = {each.id: each.added for each in hunks}
    for group in groups:
        assert group.lines == sum(sizes[each] for each in group.hunks)
        assert group.lines <= limit or len(group.hunks) == 1


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(
            ["src/shop/cart.py", "tests/shop/test_cart.py", "docs/cart.md"],
            {
                "documentation": ["docs/cart.md"],
                "src/shop": ["src/shop/cart.py", "tests/shop/test_cart.py"],
            },
            id="tests-with-their-code",
        ),
        pytest.param(
            ["web/page.ts", "web/page.test.ts", "package-lock.json"],
            {
                "lock files": ["package-lock.json"],
                "web": ["web/page.test.ts", "web/page.ts"],
            },
            id="lock-files-apart",
        ),
        pytest.param(
            ["setup.py", "api/views.py"],
            {"api": ["api/views.py"], "the top folder": ["setup.py"]},
            id="by-folder",
        ),
    ],
)
def test_what_belongs_together_stays_together(
    paths: list[str], expected: dict[str, list[str]]
) -> None:
    hunks = [hunk(f"h{number}", path=path) for number, path in enumerate(paths)]
    groups = split(revision(*hunks), 1_000)
    assert {group.title: sorted(group.paths) for group in groups} == expected


def test_parts_of_one_folder_are_numbered() -> None:
    hunks = [hunk(f"h{n}", path=f"src/app/f{n}.py", lines=60) for n in range(3)]
    titles = [group.title for group in split(revision(*hunks), 100)]
    assert titles == [f"src/app, part {n} of 3" for n in (1, 2, 3)]
