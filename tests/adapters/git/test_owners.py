"""CODEOWNERS comes from the protected branch, whatever an agent's branch or work tree says."""

from pathlib import Path

import pytest

from assent.adapters.git.owners import LIMIT, GitOwners
from assent.app.ports import OwnersText
from assent.errors import UnavailableError, UsageError
from tests.adapters.workspace.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "work")


def owners(repository: Repository, target: str = "") -> str | None:
    found = GitOwners().codeowners(str(repository.root), target)
    assert found is None or not found.below
    return None if found is None else found.text


@pytest.mark.parametrize(
    "place", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"]
)
def test_it_is_found_where_forges_look_for_it(repository: Repository, place: str) -> None:
    assert owners(repository) is None
    repository.write(place, "* @ana\n")
    assert owners(repository) is None
    repository.commit()
    assert owners(repository) == "* @ana\n"


def test_an_agents_branch_and_work_tree_change_nothing(repository: Repository) -> None:
    repository.write("CODEOWNERS", "* @ana\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "agent")
    repository.write(".github/CODEOWNERS", "* @agent\n")
    repository.write("CODEOWNERS", "")
    assert owners(repository) == "* @ana\n"
    repository.commit()
    assert owners(repository) == "* @ana\n"
    assert owners(repository, "agent") == "* @agent\n"


def test_also_from_a_folder_below_and_with_attributes_of_the_repository(
    repository: Repository,
) -> None:
    repository.write("CODEOWNERS", "* @ana\n")
    repository.write(".gitattributes", "* text eol=crlf\n")
    repository.commit()
    below = GitOwners().codeowners(str(repository.root / "src"), "main")
    assert below == OwnersText("* @ana\n", "src/")


def test_a_link_is_no_file(repository: Repository) -> None:
    (repository.root / "docs").mkdir()
    (repository.root / "docs" / "CODEOWNERS").symlink_to("../kept.txt")
    repository.write(".gitlab/CODEOWNERS", "* @ben\n")
    repository.commit()
    assert owners(repository) == "* @ben\n"


def test_a_doubt_is_said(repository: Repository) -> None:
    with pytest.raises(UnavailableError, match="no branch `release`"):
        owners(repository, "release")
    with pytest.raises(UsageError):
        owners(repository, "--upload-pack=x")
    repository.write("CODEOWNERS", "#" * (LIMIT + 1))
    repository.commit()
    with pytest.raises(UnavailableError, match="larger than 3 MiB"):
        owners(repository)
    repository.git("branch", "-m", "main", "odd")
    with pytest.raises(UnavailableError, match="default branch"):
        owners(repository)


def test_without_a_repository_nobody_owns_anything(tmp_path: Path) -> None:
    assert GitOwners().codeowners(str(tmp_path), "") is None
