"""Reading whole files, whatever stands at their path."""

import os
from pathlib import Path

import pytest

from assent.adapters.workspace import LocalFiles
from assent.adapters.workspace.files import MAX_FILE
from assent.app.agents import UnreadableFile

FILES = LocalFiles()


def test_a_regular_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a\r\n\xff\x00")
    (tmp_path / "link").symlink_to("a")
    assert FILES.read(str(tmp_path / "a")) == b"a\r\n\xff\x00"
    assert FILES.read(str(tmp_path / "link")) == b"a\r\n\xff\x00"


def test_where_no_file_is_there_is_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "a").touch()
    for name in ("missing", "dangling", ".", "a/b"):
        assert FILES.read(str(tmp_path / name)) is None


def test_what_is_written_into_a_pipe_or_a_device_is_no_edit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(UnreadableFile, match="not a regular file"):
            FILES.read(str(path))


def test_a_file_that_cannot_be_shown_is_an_error(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "huge", tmp_path / "loop", f"{tmp_path}/a\0b", "/" + "x" * 300):
        with pytest.raises(UnreadableFile):
            FILES.read(str(path))


@pytest.mark.parametrize(
    ("mark", "cwd", "found"),
    [
        pytest.param("repo/.git/", "repo/src/deep", "repo", id="git"),
        pytest.param("repo/.git", "repo/src/deep", "repo", id="git-worktree"),
        pytest.param("repo/.assent/", "repo/src/deep", "repo", id="assent"),
        pytest.param("repo/.git/", "repo", "repo", id="root"),
        pytest.param("repo/other/", "repo/src", "repo/src", id="none"),
        pytest.param("repo/.git/", "repo/missing/deep", "repo", id="missing-folder"),
    ],
)
def test_the_workspace_is_the_nearest_project(
    tmp_path: Path, mark: str, cwd: str, found: str
) -> None:
    for folder in ("repo/src/deep", "repo/other"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    if mark.endswith("/"):
        (tmp_path / mark).mkdir(exist_ok=True)
    else:
        (tmp_path / mark).touch()
    (tmp_path / "link").symlink_to("repo")
    assert FILES.workspace_of(str(tmp_path / cwd)) == str(tmp_path.resolve() / found)
    through_link = str(tmp_path / cwd).replace("/repo", "/link")
    assert FILES.workspace_of(through_link) == str(tmp_path.resolve() / found)


@pytest.mark.parametrize("cwd", ["", "relative", "a\0b", "/\0", "/\udcff"])
def test_a_strange_folder_never_raises(cwd: str) -> None:
    assert FILES.workspace_of(cwd).startswith("/")
