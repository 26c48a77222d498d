"""Which git configuration makes harmless git commands run programs."""

import os
from pathlib import Path

import pytest

from assent.adapters.workspace.git_config import UNREADABLE, GitConfigs, scan


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(
            '[core]\n\tbare = false\n\trepositoryformatversion = 0\n[remote "origin"]\n'
            "\turl = git@github.com:a/b.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
            '[branch "main"]\n\tremote = origin\n; note\n# note\n',
            [],
            id="ordinary",
        ),
        pytest.param("[core]\nfsmonitor = ./x", ["core.fsmonitor"], id="fsmonitor"),
        pytest.param("[core]\nfsmonitor = true", [], id="built-in-fsmonitor"),
        pytest.param("[core]\nfsmonitor", [], id="fsmonitor-without-value"),
        pytest.param("[CORE] FSMonitor = ./x", ["core.fsmonitor"], id="case-and-one-line"),
        pytest.param("[core]\nhooksPath = /tmp/x", ["core.hookspath"], id="hooks-elsewhere"),
        pytest.param("[core]\nhooksPath = .husky/_", [], id="husky"),
        pytest.param("[core]\npager = x", ["core.pager"], id="pager"),
        pytest.param("[core]\nsshCommand = x", ["core.sshcommand"], id="ssh"),
        pytest.param("[diff]\nexternal = x", ["diff.external"], id="diff"),
        pytest.param('[diff "pdf"]\ntextconv = x', ["diff.pdf.textconv"], id="textconv"),
        pytest.param('[filter "x"]\nclean = y', ["filter.x.clean"], id="filter"),
        pytest.param(
            '[filter "lfs"]\nclean = git-lfs clean -- %f\nsmudge = git-lfs smudge -- %f\n'
            "process = git-lfs filter-process\nrequired = true",
            [],
            id="lfs",
        ),
        pytest.param('[filter "lfs"]\nclean = sh -c x', ["filter.lfs.clean"], id="not-lfs"),
        pytest.param("[include]\npath = x", ["include.path"], id="include"),
        pytest.param(
            '[includeIf "gitdir:x"]\npath = y', ["includeif.gitdir:x.path"], id="include-if"
        ),
        pytest.param('[remote "o"]\nurl = ext::sh -c x', ["remote.o.url"], id="helper-url"),
        pytest.param('[remote "o"]\nuploadpack = x', ["remote.o.uploadpack"], id="uploadpack"),
        pytest.param('[submodule "s"]\nupdate = !x', ["submodule.s.update"], id="submodule"),
        pytest.param('[submodule "s"]\nupdate = checkout', [], id="submodule-plain"),
        pytest.param("[gpg]\nprogram = x", ["gpg.program"], id="gpg"),
        pytest.param("[alias]\nx = !y", [], id="alias-of-no-command-we-let-through"),
        pytest.param("[core]\nfs\\\nmonitor = ./x", ["core.fsmonitor"], id="continued-line"),
        pytest.param("\ufeff[core]\r\nfsmonitor = ./x\r\n", ["core.fsmonitor"], id="bom-and-crlf"),
        pytest.param("fsmonitor = x", [UNREADABLE], id="without-section"),
        pytest.param("[core\nfsmonitor = x", [UNREADABLE, UNREADABLE], id="broken-section"),
        pytest.param("[core]\n= x", [UNREADABLE], id="broken-line"),
    ],
)
def test_scan(text: str, keys: list[str]) -> None:
    assert list(scan(text)) == keys


def repository(path: Path, config: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    (path / "objects").mkdir(exist_ok=True)
    (path / "refs").mkdir(exist_ok=True)
    (path / "config").write_text(config)
    return path


EVIL = "[core]\nfsmonitor = ./x\n"


def test_the_repository_that_git_would_find(tmp_path: Path) -> None:
    repository(tmp_path / "a/.git", EVIL)
    (tmp_path / "a/src").mkdir()
    repository(tmp_path / "b/.git", "")
    repository(tmp_path / "b/vendor/bare", EVIL)
    configs = GitConfigs()
    assert configs.exec_keys(str(tmp_path / "a/src")) == ("core.fsmonitor",)
    assert configs.exec_keys(str(tmp_path / "b")) == ()
    assert configs.exec_keys(str(tmp_path / "b/vendor/bare")) == ("core.fsmonitor",)
    assert configs.exec_keys(str(tmp_path / "b/vendor/bare/objects")) == ("core.fsmonitor",)


def test_a_worktree_reads_two_configurations(tmp_path: Path) -> None:
    common = repository(tmp_path / "main/.git", "")
    own = common / "worktrees/w"
    own.mkdir(parents=True)
    (own / "commondir").write_text("../..\n")
    (tmp_path / "w").mkdir()
    (tmp_path / "w/.git").write_text(f"gitdir: {own}\n")
    configs = GitConfigs()
    assert configs.exec_keys(str(tmp_path / "w")) == ()
    (own / "config.worktree").write_text("[diff]\nexternal = x\n")
    assert configs.exec_keys(str(tmp_path / "w")) == ("diff.external",)
    (common / "config").write_text(EVIL)
    assert set(configs.exec_keys(str(tmp_path / "w"))) == {"core.fsmonitor", "diff.external"}


def test_a_changed_configuration_is_read_again(tmp_path: Path) -> None:
    config = repository(tmp_path / ".git", "") / "config"
    configs = GitConfigs()
    assert configs.exec_keys(str(tmp_path)) == ()
    config.write_text(EVIL)
    assert configs.exec_keys(str(tmp_path)) == ("core.fsmonitor",)
    config.unlink()
    assert configs.exec_keys(str(tmp_path)) == ()


def test_what_cannot_be_read_is_not_harmless(tmp_path: Path) -> None:
    config = repository(tmp_path / ".git", "") / "config"
    config.unlink()
    config.symlink_to("config")
    assert GitConfigs().exec_keys(str(tmp_path)) == (UNREADABLE,)
    config.unlink()
    with config.open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    assert GitConfigs().exec_keys(str(tmp_path)) == (UNREADABLE,)


@pytest.mark.parametrize("folder", ["/", "/\0", "relative", "/" + "x" * 300])
def test_strange_folders_never_raise(folder: str) -> None:
    assert isinstance(GitConfigs().exec_keys(folder), tuple)


def test_a_file_that_points_to_a_repository_outside(tmp_path: Path) -> None:
    repository(tmp_path / "elsewhere", EVIL)
    (tmp_path / "w").mkdir()
    (tmp_path / "w/.git").write_text(
        f"gitdir: {os.path.relpath(tmp_path / 'elsewhere', tmp_path / 'w')}"
    )
    assert GitConfigs().exec_keys(str(tmp_path / "w")) == ("core.fsmonitor",)
