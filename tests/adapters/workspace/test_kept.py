"""What git still holds of files that are about to be lost."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from assent.adapters.workspace import kept
from assent.adapters.workspace.git_config import GitConfigs
from assent.adapters.workspace.kept import GitKeeps, Keeping
from assent.core.facts import Kept
from tests.adapters.workspace.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path.resolve() / "project")


def look(repository: Repository, name: str) -> Keeping:
    path = str(repository.root / name)
    configs = GitConfigs()
    return GitKeeps(lambda folder: bool(configs.exec_keys(folder))).look([path])[path]


@pytest.mark.parametrize(
    ("prepare", "name", "kept_by", "unkept"),
    [
        pytest.param(lambda r: None, "kept.txt", Kept.GIT, 0, id="clean-file"),
        pytest.param(lambda r: None, "src", Kept.GIT, 0, id="clean-folder"),
        pytest.param(
            lambda r: r.write("kept.txt", "two\n"), "kept.txt", Kept.NOWHERE, 1, id="modified"
        ),
        pytest.param(lambda r: r.write("src/b.py", ""), "src", Kept.NOWHERE, 1, id="untracked"),
        pytest.param(
            lambda r: [r.write(f"new/{n}/x", "") for n in range(5)],
            "new",
            Kept.NOWHERE,
            5,
            id="untracked-folder",
        ),
        pytest.param(
            lambda r: (r.write("src/b.py", ""), r.git("add", "-A")),
            "src",
            Kept.GIT,
            0,
            id="staged",
        ),
        pytest.param(
            lambda r: r.write("build/out/x.o", ""), "build", Kept.REMADE, 0, id="build-output"
        ),
        pytest.param(
            lambda r: r.write("build/out/x.o", ""), "build/out", Kept.REMADE, 0, id="in-output"
        ),
        pytest.param(
            lambda r: r.write("src/node_modules/x/y.js", ""),
            "src",
            Kept.REMADE,
            0,
            id="folder-with-output",
        ),
        pytest.param(
            lambda r: r.write("debug.log", ""), "debug.log", Kept.NOWHERE, 1, id="ignored"
        ),
        pytest.param(lambda r: r.write(".env", "A=b"), ".env", Kept.NOWHERE, 1, id="secret"),
        pytest.param(
            lambda r: r.write("dist/x.js", ""), "dist", Kept.NOWHERE, 1, id="output-not-ignored"
        ),
        pytest.param(
            lambda r: r.git("update-index", "--assume-unchanged", "kept.txt"),
            "kept.txt",
            Kept.NOWHERE,
            1,
            id="assumed-unchanged",
        ),
        pytest.param(lambda r: None, ".git", Kept.NOWHERE, None, id="the-repository"),
        pytest.param(lambda r: None, ".git/HEAD", Kept.NOWHERE, 1, id="in-the-repository"),
        pytest.param(lambda r: None, "", Kept.NOWHERE, None, id="the-work-tree"),
        pytest.param(
            lambda r: Repository(r.root / "src/nested"),
            "src",
            Kept.NOWHERE,
            None,
            id="another-repository-inside",
        ),
        pytest.param(
            lambda r: r.git("config", "core.fsmonitor", "/bin/x"),
            "kept.txt",
            Kept.NOWHERE,
            1,
            id="git-would-run-something",
        ),
        pytest.param(
            lambda r: (r.write("*", "x"), r.write("b", "x")), "*", Kept.NOWHERE, 1, id="star"
        ),
    ],
)
def test_what_keeps_it(
    repository: Repository,
    prepare: Callable[[Repository], object],
    name: str,
    kept_by: Kept,
    unkept: int | None,
) -> None:
    prepare(repository)
    found = look(repository, name)
    assert found.kept is kept_by
    if unkept is not None:
        assert found.unkept == unkept


def test_outside_of_any_repository_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    found = GitKeeps(lambda _: False).look([str(tmp_path / "a"), str(tmp_path / "missing")])
    assert found[str(tmp_path / "a")] == Keeping(Kept.NOWHERE, 1, (str(tmp_path / "a"),))
    assert found[str(tmp_path / "missing")] == Keeping(Kept.NOWHERE, 0)


def test_git_that_takes_too_long_keeps_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "DEADLINE_S", 0.0)
    assert look(repository, "kept.txt").kept is Kept.NOWHERE


def test_git_that_is_not_there_keeps_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert look(repository, "kept.txt").kept is Kept.NOWHERE


def test_the_user_s_repository_is_left_as_it_was(repository: Repository) -> None:
    os.utime(repository.root / "kept.txt")
    before = (repository.root / ".git/index").read_bytes()
    assert look(repository, "kept.txt").kept is Kept.GIT
    assert (repository.root / ".git/index").read_bytes() == before


def test_a_few_files_that_nothing_keeps_are_named(repository: Repository) -> None:
    written = [str(repository.write(f"new/{n}/x", "")) for n in range(3)]
    assert sorted(look(repository, "new").files) == written
    for n in range(200):
        repository.write(f"new/{n}/y", "")
    assert look(repository, "new").files == ()
    assert look(repository, "new").unkept == 203
