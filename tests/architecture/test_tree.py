"""The tree holds nothing that a merge or a patch left behind."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_SOURCES = {".git", ".venv", ".dev", ".hypothesis", "__pycache__", "node_modules", "dist"}

CONFLICT = re.compile(rb"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
REJECTED = {".orig", ".rej"}


def sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NOT_SOURCES or path.name.endswith("_cache"):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from sources(path)
        elif path.is_file():
            yield path


def leftovers(folder: Path) -> list[Path]:
    """Files with conflict markers, and files that a failed patch wrote."""
    return sorted(
        path
        for path in sources(folder)
        if path.suffix in REJECTED or CONFLICT.search(path.read_bytes())
    )


def test_no_merge_leftovers() -> None:
    assert leftovers(ROOT) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.py", "x = 1\n" + "<" * 7 + " HEAD\n", id="ours"),
        pytest.param("a.md", ">" * 7 + " topic\n", id="theirs"),
        pytest.param("a.py.rej", "", id="rejected-patch"),
    ],
)
def test_planted_leftovers_are_found(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "heading.md").write_text("Heading\n=======\n")
    assert leftovers(tmp_path) == [tmp_path / name]
