"""Branch, remotes and what was pushed, read from a repository's files."""

from pathlib import Path

import pytest

from assent.adapters.workspace.git_config import sections
from assent.adapters.workspace.repositories import Repositories, host_of
from assent.core.facts import PROTECTED_BRANCHES, RepositoryFact, is_branch_in
from tests.adapters.workspace.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path.resolve() / "project")


@pytest.fixture
def cloned(repository: Repository, tmp_path: Path) -> Repository:
    clone = Repository.__new__(Repository)
    clone.root = tmp_path.resolve() / "clone"
    repository.git("clone", "-q", str(repository.root), str(clone.root))
    return clone


def fact(repository: Repository, folder: str = "") -> RepositoryFact:
    found = Repositories().fact(str(repository.root / folder))
    assert found is not None
    return found


def test_a_repository_of_its_own(repository: Repository) -> None:
    assert fact(repository, "src") == RepositoryFact(str(repository.root), branch="main")


def test_a_clone_follows_its_remote(cloned: Repository) -> None:
    found = fact(cloned)
    assert (found.upstream_remote, found.upstream_branch) == ("origin", "main")
    assert (found.default_branch, found.remotes, found.pushed) == ("main", {"origin": ""}, True)


def test_a_commit_is_not_pushed(cloned: Repository) -> None:
    repositories = Repositories()
    assert repositories.fact(str(cloned.root)) == fact(cloned)
    cloned.write("new.txt", "x")
    cloned.commit()
    found = repositories.fact(str(cloned.root))
    assert found is not None
    assert found.pushed is False


def test_packed_references_are_read(cloned: Repository) -> None:
    cloned.git("pack-refs", "--all")
    assert fact(cloned).pushed is True


def test_a_new_branch_has_no_upstream(cloned: Repository) -> None:
    cloned.git("switch", "-q", "-c", "agent/x")
    cloned.git("remote", "add", "fork", "git@github.com:me/x.git")
    found = fact(cloned)
    assert (found.branch, found.upstream_branch, found.pushed) == ("agent/x", "", None)
    assert found.remotes == {"origin": "", "fork": "github.com"}


def test_no_branch_is_checked_out(repository: Repository) -> None:
    repository.git("checkout", "-q", "--detach")
    assert fact(repository).branch == ""


def test_a_linked_work_tree(repository: Repository, tmp_path: Path) -> None:
    place = tmp_path.resolve() / "tree"
    repository.git("worktree", "add", "-q", "-b", "side", str(place))
    found = Repositories().fact(str(place))
    assert found is not None
    assert (found.root, found.branch) == (str(place), "side")


def test_no_repository(tmp_path: Path) -> None:
    assert Repositories().fact(str(tmp_path)) is None
    assert Repositories().branch(str(tmp_path)) == ""


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://user:x@GitHub.com:443/a/b", "github.com", id="https"),
        pytest.param("git@github.com:a/b.git", "github.com", id="scp"),
        pytest.param("github.com:a/b.git", "github.com", id="scp-without-user"),
        pytest.param("ssh://git@example.org/a", "example.org", id="ssh"),
        pytest.param("/srv/git/a", "", id="folder"),
        pytest.param("../a", "", id="relative"),
        pytest.param("file:///srv/a", "", id="file"),
        pytest.param("https://[bad", "", id="broken"),
        pytest.param("", "", id="empty"),
    ],
)
def test_hosts(url: str, host: str) -> None:
    assert host_of(url) == host


def test_sections_of_a_configuration() -> None:
    text = '\ufeff[Remote "Up"]\n\tURL = "x" \n pushurl=y\n[core]bare\n nonsense?\nfoo = a\\\nb\n'
    assert sections(text) == {
        "remote.Up": {"url": "x", "pushurl": "y"},
        "core": {"bare": "true", "foo": "ab"},
    }


@pytest.mark.parametrize(
    ("branch", "protected"),
    [("main", True), ("release/1.2", True), ("release-1", True), ("mainline", False), ("x", False)],
)
def test_protected_branches(branch: str, protected: bool) -> None:
    assert is_branch_in(branch, PROTECTED_BRANCHES) is protected
