"""Moving a branch of the user's repository, and the work trees in which it is checked out."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.ports import InTheWay, Landed, Moved
from assent.errors import UnavailableError
from tests.adapters.git.executor_scene import User, captured, lines, merged

STEPS = ("transfer", "move", "follow", "followed")


@pytest.fixture
def repositories(tmp_path: Path) -> GitRepositories:
    return GitRepositories(tmp_path / "home")


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User.make(
        tmp_path / "user", **{"a.txt": lines(10), "gone.txt": "g\n", "sub/b.txt": "b\n"}
    )


def work(user: User, **files: str) -> str:
    """A branch that edits a file, deletes one, adds one in a new folder, and makes one run."""
    user.git("checkout", "-q", "-b", "work", "main")
    (user.folder / "gone.txt").unlink()
    (user.folder / "sub/b.txt").chmod(0o755)
    made = user.commit("work", **{"a.txt": lines(10, l2="mine"), "new/n.txt": "n\n", **files})
    user.git("checkout", "-q", "main")
    return made


def land(user: User, repositories: GitRepositories) -> Landed | Moved | InTheWay:
    found = merged(repositories, user, captured(repositories, user, "work"))
    before = user.head("main")
    return repositories.land(user.repository, "main", before=before, after=found.commit)


class TestBranch:
    def test_a_branch_that_is_checked_out_nowhere(
        self, user: User, repositories: GitRepositories
    ) -> None:
        work(user)
        user.git("checkout", "-q", "-b", "elsewhere")
        before = user.head("main")
        assert land(user, repositories) == Landed()
        assert user.head("main^1") == before
        assert user.head("elsewhere") == before
        assert user.status() == ""
        assert user.git("fsck", "--strict", "--no-dangling") == ""

    def test_done_again_it_is_the_same(self, user: User, repositories: GitRepositories) -> None:
        work(user)
        found = merged(repositories, user, captured(repositories, user, "work"))
        before = user.head("main")
        for _ in range(3):
            done = repositories.land(user.repository, "main", before=before, after=found.commit)
            assert done == Landed()
        assert user.head("main") == found.commit
        user.commit("since")
        again = repositories.land(user.repository, "main", before=before, after=found.commit)
        assert again == Landed()
        assert repositories.contains(user.repository, "main", found.commit)

    @pytest.mark.parametrize("how", ["ahead", "back", "deleted"])
    def test_a_target_that_moved_stays(
        self, user: User, repositories: GitRepositories, how: str
    ) -> None:
        user.commit("second")
        work(user)
        found = merged(repositories, user, captured(repositories, user, "work"))
        before = user.head("main")
        user.git("checkout", "-q", "--detach")
        if how == "deleted":
            user.git("branch", "-D", "main")
            now = ""
        else:
            user.git("branch", "-f", "main", "main~1" if how == "back" else "work")
            now = user.head("main")
        done = repositories.land(user.repository, "main", before=before, after=found.commit)
        assert done == Moved(now)
        assert not repositories.contains(user.repository, "main", found.commit)

    def test_one_of_many_wins(self, user: User, repositories: GitRepositories) -> None:
        work(user)
        commit = captured(repositories, user, "work")
        user.git("checkout", "-q", "--detach")
        before = user.head("main")
        found = [merged(repositories, user, commit, onto=before) for _ in range(1)]
        user.on_branch("other", **{"o.txt": "o\n"})
        found.append(merged(repositories, user, captured(repositories, user, "other"), onto=before))
        user.git("checkout", "-q", "--detach")
        done = [
            repositories.land(user.repository, "main", before=before, after=each.commit)
            for each in found
        ]
        assert done == [Landed(), Moved(found[0].commit)]


class TestCheckedOut:
    def test_index_and_files_follow(self, user: User, repositories: GitRepositories) -> None:
        work(user)
        user.write("a-untracked.txt", "mine\n")
        assert land(user, repositories) == Landed()
        assert user.status() == "?? a-untracked.txt"
        assert user.text("a.txt") == lines(10, l2="mine")
        assert not (user.folder / "gone.txt").exists()
        assert os.access(user.folder / "sub/b.txt", os.X_OK)

    def test_other_dirty_files_are_not_touched(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.commit("more", **{"c.txt": "c\n", "d.txt": "d\n", "e.txt": "e\n"})
        work(user)
        user.write("c.txt", "unstaged\n")
        user.write("d.txt", "staged\n")
        user.git("add", "d.txt")
        user.git("rm", "-q", "--cached", "e.txt")
        before = user.status()
        assert land(user, repositories) == Landed()
        assert user.status() == before
        assert (user.text("c.txt"), user.text("d.txt")) == ("unstaged\n", "staged\n")

    def test_what_is_there_already_is_no_change_any_more(
        self, user: User, repositories: GitRepositories
    ) -> None:
        """The change was submitted from this very work tree, uncommitted."""
        user.write("a.txt", lines(10, l2="mine"))
        user.write("new/n.txt", "n\n")
        (user.folder / "gone.txt").unlink()
        (user.folder / "sub/b.txt").chmod(0o755)
        (user.folder / "link").symlink_to("a.txt")
        taken = repositories.capture(user.place(repositories), target="main", uncommitted=True)
        found = merged(repositories, user, taken.commit)
        done = repositories.land(
            user.repository, "main", before=user.head("main"), after=found.commit
        )
        assert done == Landed()
        assert user.status() == ""

    @pytest.mark.parametrize(
        ("path", "how"),
        [
            pytest.param("a.txt", "write", id="edited"),
            pytest.param("a.txt", "stage", id="staged"),
            pytest.param("a.txt", "delete", id="deleted"),
            pytest.param("a.txt", "folder", id="a folder in its place"),
            pytest.param("a.txt", "symlink", id="a symlink in its place"),
            pytest.param("gone.txt", "write", id="edited where the merge deletes"),
            pytest.param("new/n.txt", "write", id="untracked where the merge creates"),
            pytest.param("new", "write", id="an untracked file where the merge makes a folder"),
            pytest.param("sub/b.txt", "mode", id="another mode"),
        ],
    )
    def test_uncommitted_changes_in_the_way(
        self, user: User, repositories: GitRepositories, path: str, how: str
    ) -> None:
        (user.folder / "sub/b.txt").chmod(0o644)
        work(user, **{"sub/b.txt": "other\n"} if how == "mode" else {})
        file = user.folder / path
        match how:
            case "delete":
                file.unlink()
            case "folder":
                file.unlink()
                user.write(f"{path}/inner", "x\n")
            case "symlink":
                file.unlink()
                file.symlink_to("elsewhere")
            case "mode":
                file.chmod(0o755)
            case _:
                user.write(path, "something else\n")
        if how == "stage":
            user.git("add", path)
        before, head = user.state(), user.head("main")
        done = land(user, repositories)
        assert isinstance(done, InTheWay)
        assert done.workspace == str(user.folder)
        assert path in done.paths or how == "write"
        assert (user.state(), user.head("main")) == (before, head)

    def test_a_linked_work_tree_follows(
        self, user: User, repositories: GitRepositories, tmp_path: Path
    ) -> None:
        work(user)
        user.git("checkout", "-q", "--detach")
        user.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
        assert land(user, repositories) == Landed()
        assert user.status(cwd=tmp_path / "linked") == ""
        assert (tmp_path / "linked" / "a.txt").read_text() == lines(10, l2="mine")
        assert user.text("a.txt") == lines(10)

    @pytest.mark.parametrize("kind", ["repository", "linked work tree"])
    def test_a_folder_of_another_repository_is_not_written(
        self, user: User, repositories: GitRepositories, tmp_path: Path, kind: str
    ) -> None:
        work(user)
        other = User.make(tmp_path / "other")
        if kind == "linked work tree":
            other.git("worktree", "add", "-q", str(tmp_path / "theirs"))
            other = User(tmp_path / "theirs")
        user.git("checkout", "-q", "--detach")
        user.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
        claimed = user.folder / ".git/worktrees/linked/gitdir"
        claimed.write_text(f"{other.folder}/.git\n")
        before = other.state()
        assert land(user, repositories) == Landed()
        assert other.state() == before

    def test_files_left_out_by_a_sparse_checkout_stay_out(
        self, user: User, repositories: GitRepositories
    ) -> None:
        work(user, **{"sub/b.txt": "changed\n", "sub/c.txt": "c\n"})
        user.git("sparse-checkout", "set", "--no-cone", "/*", "!/sub/")
        assert not (user.folder / "sub").exists()
        assert land(user, repositories) == Landed()
        assert not (user.folder / "sub/b.txt").exists()
        assert user.git("show", ":sub/b.txt") == "changed"
        assert "sub/b.txt" not in user.status()

    def test_line_ends_of_the_user_are_written(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.git("config", "core.autocrlf", "true")
        work(user)
        user.git("checkout", "-q", "-f", "main")
        assert land(user, repositories) == Landed()
        assert b"mine\r\n" in (user.folder / "a.txt").read_bytes()
        assert user.status() == ""

    def test_git_at_work_there(self, user: User, repositories: GitRepositories) -> None:
        work(user)
        user.write(".git/index.lock", "")
        head = user.head("main")
        with pytest.raises(UnavailableError, match="git is at work"):
            land(user, repositories)
        assert user.head("main") == head

    def test_names_that_are_hard_to_write(self, user: User, repositories: GitRepositories) -> None:
        names = ["new\nline", "tab\t", '"quoted"', "-dash", "\udcff", ":(glob)*"]
        user.commit("before", **dict.fromkeys(names, "1\n"))
        work(user, **dict.fromkeys(names, "2\n"))
        for name in names[:3]:
            user.write(name, "2\n")
        assert land(user, repositories) == Landed()
        assert user.status() == ""

    def test_a_file_becomes_a_folder_and_back(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.git("checkout", "-q", "-b", "work")
        (user.folder / "gone.txt").unlink()
        (user.folder / "sub/b.txt").unlink()
        (user.folder / "sub").rmdir()
        user.commit("work", **{"gone.txt/inner": "i\n", "sub": "a file\n"})
        user.git("checkout", "-q", "main")
        assert land(user, repositories) == Landed()
        assert user.status() == ""
        assert user.text("sub") == "a file\n"


CRASH = """
import os, sys
from pathlib import Path
from assent.adapters.git.executor import GitRepositories

home, repository, before, after, where = sys.argv[1:]
def step(name):
    if name == where:
        os._exit(9)
GitRepositories(Path(home), step=step).land(repository, "main", before=before, after=after)
"""


@pytest.mark.parametrize("where", STEPS)
@pytest.mark.parametrize("dirty", [False, True], ids=["clean", "submitted uncommitted"])
def test_killed_at_any_step_it_is_finished_by_doing_it_again(
    user: User, repositories: GitRepositories, tmp_path: Path, where: str, dirty: bool
) -> None:
    work(user)
    if dirty:
        user.write("a.txt", lines(10, l2="mine"))
        user.write("new/n.txt", "n\n")
    found = merged(repositories, user, captured(repositories, user, "work"))
    before = user.head("main")
    words = (str(tmp_path / "home"), user.repository, before, found.commit, where)
    killed = subprocess.run([sys.executable, "-c", CRASH, *words], check=False)
    assert killed.returncode == 9
    assert user.head("main") == (before if where in STEPS[:2] else found.commit)
    again = repositories.land(user.repository, "main", before=before, after=found.commit)
    assert again == Landed()
    assert user.head("main") == found.commit
    assert user.status() == ""
    assert user.text("a.txt") == lines(10, l2="mine")


def test_edited_between_kill_and_recovery_the_edit_stays(
    user: User, repositories: GitRepositories, tmp_path: Path
) -> None:
    work(user)
    found = merged(repositories, user, captured(repositories, user, "work"))
    before = user.head("main")
    words = (str(tmp_path / "home"), user.repository, before, found.commit, "follow")
    subprocess.run([sys.executable, "-c", CRASH, *words], check=False)
    user.write("a.txt", "an edit\n")
    done = repositories.land(user.repository, "main", before=before, after=found.commit)
    assert isinstance(done, Landed)
    assert len(done.behind) == 1
    assert "a.txt" in done.behind[0]
    assert user.text("a.txt") == "an edit\n"


@pytest.mark.parametrize("where", STEPS)
def test_nobody_else_looks_at_files_that_are_being_written(
    user: User, repositories: GitRepositories, tmp_path: Path, where: str
) -> None:
    """Half written, they would be taken for edits, and the change for one that cannot land."""
    work(user)
    found = merged(repositories, user, captured(repositories, user, "work"))
    before, met = user.head("main"), []

    def step(name: str) -> None:
        if name == where:
            [lock] = (tmp_path / "home" / "repos").glob("*.landing")
            with lock.open() as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            met.append(name)

    landing = GitRepositories(tmp_path / "home", step=step)
    done = landing.land(user.repository, "main", before=before, after=found.commit)
    assert (done, met) == (Landed(), [where])
