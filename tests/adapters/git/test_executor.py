"""The executor's repository: what it takes, what it merges, and what it takes back."""

import os
import subprocess
from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.app.changes.ports import Candidate, Conflict, Signature
from assent.core.changes.model import TreePayload
from assent.errors import UsageError
from tests.adapters.git.executor_scene import ANA, User, captured, lines, merged


@pytest.fixture
def repositories(tmp_path: Path) -> GitRepositories:
    return GitRepositories(tmp_path / "home")


@pytest.fixture(params=["sha1", "sha256"])
def user(tmp_path: Path, request: pytest.FixtureRequest) -> User:
    return User.make(tmp_path / "user", form=request.param)


def show(user: User, repositories: GitRepositories, commit: str, path: str) -> bytes | None:
    return repositories.blob(user.repository, commit, path)


class TestPlace:
    def test_a_work_tree(self, user: User, repositories: GitRepositories) -> None:
        (user.folder / "sub").mkdir()
        place = repositories.place(str(user.folder / "sub"))
        assert place is not None
        assert (place.workspace, place.branch, place.target) == (str(user.folder), "main", "main")
        assert place.repository == user.repository

    def test_a_linked_work_tree_has_the_common_folder(
        self, user: User, repositories: GitRepositories, tmp_path: Path
    ) -> None:
        user.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
        place = repositories.place(str(tmp_path / "linked"))
        assert place is not None
        assert (place.repository, place.branch) == (user.repository, "side")

    def test_a_detached_head_is_no_branch(self, user: User, repositories: GitRepositories) -> None:
        user.git("checkout", "-q", "--detach")
        assert user.place(repositories).branch == ""

    def test_the_default_branch_of_the_remote_comes_first(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.git("branch", "develop")
        user.git("update-ref", "refs/remotes/origin/develop", "develop")
        user.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
        assert user.place(repositories).target == "develop"

    def test_no_repository(self, repositories: GitRepositories, tmp_path: Path) -> None:
        assert repositories.place(str(tmp_path)) is None
        assert repositories.place(str(tmp_path / "missing")) is None


class TestCapture:
    def capture(self, user: User, repositories: GitRepositories) -> TreePayload:
        return repositories.capture(user.place(repositories), target="main", uncommitted=True)

    def test_a_branch(self, user: User, repositories: GitRepositories) -> None:
        base = user.head()
        commit = user.on_branch("work", **{"a.txt": lines(10, l3="x")})
        user.commit("main moves on", **{"b.txt": "b\n"})
        taken = repositories.capture(
            user.place(repositories), target="main", uncommitted=False, branch="work"
        )
        assert (taken.base, taken.commit) == (base, commit)

    def test_head_of_a_linked_work_tree(
        self, user: User, repositories: GitRepositories, tmp_path: Path
    ) -> None:
        user.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
        user.git("commit", "-q", "--allow-empty", "-m", "x", cwd=tmp_path / "linked")
        place = repositories.place(str(tmp_path / "linked"))
        assert place is not None
        taken = repositories.capture(place, target="main", uncommitted=False)
        assert taken.commit == user.git("rev-parse", "HEAD", cwd=tmp_path / "linked")

    def test_all_that_git_does_not_ignore(self, user: User, repositories: GitRepositories) -> None:
        user.commit("ignore", **{".gitignore": "*.log\n", "gone.txt": "g\n"})
        user.write("a.txt", lines(10, l1="changed"))
        user.write("staged.txt", "staged\n")
        user.git("add", "staged.txt")
        user.write("new \n \udcff.txt", "new\n") if os.name == "posix" else None
        user.write("x.log", "ignored\n")
        (user.folder / "gone.txt").unlink()
        (user.folder / "link").symlink_to("a.txt")
        (user.folder / "run.sh").write_text("#!/bin/sh\n")
        (user.folder / "run.sh").chmod(0o755)
        taken = self.capture(user, repositories)
        files = {
            each.path: (each.old_mode, each.new_mode)
            for each in repositories.patches(user.repository, user.head(), taken.commit)
        }
        assert files == {
            "a.txt": ("100644", "100644"),
            "gone.txt": ("100644", None),
            "link": (None, "120000"),
            "new \n \udcff.txt": (None, "100644"),
            "run.sh": (None, "100755"),
            "staged.txt": (None, "100644"),
        }

    def test_not_a_byte_of_the_user_changes(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.on_branch("work", **{"w.txt": "w\n"})
        user.write("a.txt", "uncommitted\n")
        user.write("new.txt", "n\n")
        user.git("add", "new.txt")
        before = user.state()
        self.capture(user, repositories)
        captured(repositories, user, "work")
        assert user.state() == before

    def test_an_edit_of_the_same_size_at_the_same_time_is_seen(
        self, user: User, repositories: GitRepositories
    ) -> None:
        then = 1_700_000_000
        user.write("r.txt", "aaaa\n")
        os.utime(user.folder / "r.txt", (then, then))
        user.commit("racy")
        # An index that is no newer than the file says that git has to look into it.
        os.utime(user.folder / ".git" / "index", (then, then))
        user.write("r.txt", "bbbb\n")
        os.utime(user.folder / "r.txt", (then, then))
        taken = self.capture(user, repositories)
        assert show(user, repositories, taken.commit, "r.txt") == b"bbbb\n"

    def test_nothing_changed_is_head_itself(
        self, user: User, repositories: GitRepositories
    ) -> None:
        assert self.capture(user, repositories).commit == user.head()

    def test_the_same_files_are_the_same_commit(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.write("a.txt", "x\n")
        assert self.capture(user, repositories) == self.capture(user, repositories)

    def test_a_repository_within_is_left_out(
        self, user: User, repositories: GitRepositories
    ) -> None:
        User.make(user.folder / "inner")
        (user.folder / "empty").mkdir()
        user.git("init", "-q", "empty")
        user.write("empty/file", "f\n")
        assert self.capture(user, repositories).commit == user.head()

    def test_what_the_user_ignores_beside_gitignore_stays_out(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.write(".git/info/exclude", "secret*\n")
        user.write("elsewhere", "private*\n")
        user.git("config", "core.excludesFile", str(user.folder / "elsewhere"))
        user.write("secret.txt", "s\n")
        user.write("private.txt", "p\n")
        taken = self.capture(user, repositories)
        paths = [
            each.path for each in repositories.patches(user.repository, user.head(), taken.commit)
        ]
        assert paths == ["elsewhere"]

    def test_line_ends_are_stored_as_the_user_has_them_stored(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.git("config", "core.autocrlf", "true")
        user.write("a.txt", lines(10, l2="x").replace("\n", "\r\n"))
        taken = self.capture(user, repositories)
        assert show(user, repositories, taken.commit, "a.txt") == lines(10, l2="x").encode()

    @pytest.mark.parametrize("kind", ["clean", "process", "smudge"])
    def test_a_planted_filter_is_not_run(
        self, user: User, repositories: GitRepositories, tmp_path: Path, kind: str
    ) -> None:
        user.git("config", f"filter.evil.{kind}", f"touch {tmp_path / 'ran'}; cat")
        user.write(".gitattributes", "*.txt filter=evil\n")
        user.write("a.txt", "changed\n")
        with pytest.raises(UsageError, match="filter program"):
            self.capture(user, repositories)
        assert not (tmp_path / "ran").exists()

    def test_planted_programs_are_not_run(
        self, user: User, repositories: GitRepositories, tmp_path: Path
    ) -> None:
        plant(user, tmp_path / "ran")
        user.write("a.txt", "changed\n")
        self.capture(user, repositories)
        assert not (tmp_path / "ran").exists()

    def test_a_branch_that_is_not_there(self, user: User, repositories: GitRepositories) -> None:
        with pytest.raises(UsageError, match="no branch `gone`"):
            captured(repositories, user, "gone")
        with pytest.raises(UsageError, match="no branch `gone`"):
            repositories.capture(user.place(repositories), target="gone", uncommitted=True)

    def test_no_common_history(self, user: User, repositories: GitRepositories) -> None:
        user.git("checkout", "-q", "--orphan", "apart")
        user.commit("apart")
        with pytest.raises(UsageError, match="no history in common"):
            repositories.capture(user.place(repositories), target="main", uncommitted=False)


def plant(user: User, mark: Path) -> None:
    """Every program that a repository's configuration and hooks can name, each leaving `mark`."""
    script = user.folder / ".git" / "evil"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "core.alternateRefsCommand",
        "core.sshCommand",
        "core.editor",
        "core.pager",
        "diff.external",
        "uploadpack.packObjectsHook",
        "gpg.program",
        "merge.evil.driver",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
    ):
        user.git("config", name, str(script))
    for name in (
        "post-checkout",
        "post-merge",
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "pre-receive",
        "update",
        "post-receive",
        "post-update",
    ):
        hook = user.folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script.read_text())
        hook.chmod(0o755)


class TestCandidate:
    def test_a_merge_of_two(self, user: User, repositories: GitRepositories) -> None:
        commit = user.on_branch("work", **{"a.txt": lines(10, l2="mine")})
        user.commit("theirs", **{"a.txt": lines(10, l9="theirs")})
        found = merged(repositories, user, captured(repositories, user, "work"))
        both = lines(10, l2="mine", l9="theirs")
        assert show(user, repositories, found.commit, "a.txt") == both.encode()
        repositories.land(user.repository, "main", before=user.head(), after=found.commit)
        assert user.git("show", "-s", "--format=%P|%an|%ae|%cn|%s", found.commit) == (
            f"{user.head('main~1')} {commit}|ana|ana@example.org|Assent|CH-1"
        )

    def test_conflict_names_the_paths(self, user: User, repositories: GitRepositories) -> None:
        user.on_branch("work", **{"a.txt": lines(10, l2="mine"), "ok.txt": "o\n"})
        commit = captured(repositories, user, "work")
        user.commit("theirs", **{"a.txt": lines(10, l2="theirs")})
        onto = repositories.head(user.repository, "main")
        found = repositories.candidate(
            user.repository, onto=onto, commit=commit, message="m", author=ANA
        )
        assert found == Conflict(("a.txt",))

    def test_binary_conflict(self, user: User, repositories: GitRepositories) -> None:
        user.commit("binary", **{"b.bin": bytes(range(256))})
        user.on_branch("work", **{"b.bin": b"\0mine"})
        commit = captured(repositories, user, "work")
        user.commit("theirs", **{"b.bin": b"\0theirs"})
        onto = repositories.head(user.repository, "main")
        found = repositories.candidate(
            user.repository, onto=onto, commit=commit, message="m", author=ANA
        )
        assert found == Conflict(("b.bin",))

    def test_renames_modes_and_binaries_come_through(
        self, user: User, repositories: GitRepositories
    ) -> None:
        files: dict[str, str | bytes] = {"old.txt": lines(30), "run": "#!/bin/sh\n"}
        user.commit("more", **files, **{"b.bin": b"\0\1"})
        user.git("checkout", "-q", "-b", "work")
        user.git("mv", "old.txt", "new.txt")
        (user.folder / "run").chmod(0o755)
        user.commit("work", **{"b.bin": b"\0\2"})
        user.git("checkout", "-q", "main")
        user.commit("theirs", **{"old.txt": lines(30, l20="theirs")})
        found = merged(repositories, user, captured(repositories, user, "work"))
        assert show(user, repositories, found.commit, "new.txt") == lines(30, l20="theirs").encode()
        assert show(user, repositories, found.commit, "old.txt") is None
        assert show(user, repositories, found.commit, "b.bin") == b"\0\2"
        modes = {
            each.path: each.new_mode
            for each in repositories.patches(user.repository, user.head(), found.commit)
        }
        assert modes["run"] == "100755"

    def test_attributes_of_the_target_hold(self, user: User, repositories: GitRepositories) -> None:
        user.commit("attributes", **{".gitattributes": "*.md merge=union\n", "log.md": "1\n"})
        user.on_branch("work", **{"log.md": "1\nmine\n"})
        commit = captured(repositories, user, "work")
        user.commit("theirs", **{"log.md": "1\ntheirs\n"})
        found = merged(repositories, user, commit)
        assert show(user, repositories, found.commit, "log.md") in (
            b"1\nmine\ntheirs\n",
            b"1\ntheirs\nmine\n",
        )

    def test_attributes_of_the_change_do_not(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.on_branch("work", **{"a.txt": lines(10, l2="m"), ".gitattributes": "* merge=union\n"})
        commit = captured(repositories, user, "work")
        user.commit("theirs", **{"a.txt": lines(10, l2="t")})
        onto = repositories.head(user.repository, "main")
        found = repositories.candidate(
            user.repository, onto=onto, commit=commit, message="m", author=ANA
        )
        assert isinstance(found, Conflict)

    def test_a_planted_merge_driver_is_not_run(
        self, user: User, repositories: GitRepositories, tmp_path: Path
    ) -> None:
        user.commit("attributes", **{".gitattributes": "* merge=evil filter=evil diff=evil\n"})
        user.on_branch("work", **{"a.txt": lines(10, l2="mine")})
        user.commit("theirs", **{"a.txt": lines(10, l9="theirs")})
        plant(user, tmp_path / "ran")
        found = merged(repositories, user, captured(repositories, user, "work"))
        done = repositories.land(user.repository, "main", before=user.head(), after=found.commit)
        assert done.behind == ()  # type: ignore[union-attr]
        assert not (tmp_path / "ran").exists()
        assert user.text("a.txt") == lines(10, l2="mine", l9="theirs")

    @pytest.mark.parametrize("name", ["", "<>", "a\nb <x@y>", "  .,", "Zoë"])
    def test_any_name_makes_a_commit(
        self, user: User, repositories: GitRepositories, name: str
    ) -> None:
        commit = user.on_branch("work", **{"b.txt": "b\n"})
        onto = repositories.head(user.repository, "main")
        captured(repositories, user, "work")
        found = repositories.candidate(
            user.repository, onto=onto, commit=commit, message="m", author=Signature(name, name)
        )
        assert isinstance(found, Candidate)


class TestInverse:
    def test_nothing_landed_since_gives_the_tree_of_before(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.on_branch("work", **{"a.txt": lines(10, l2="mine"), "new.txt": "n\n"})
        found = merged(repositories, user, captured(repositories, user, "work"))
        before = user.head("main^{tree}")
        repositories.land(user.repository, "main", before=user.head(), after=found.commit)
        taken = repositories.inverse(user.repository, onto=found.commit, merge=found.commit)
        assert isinstance(taken, TreePayload)
        assert (taken.base, taken.tree) == (found.commit, before)

    def test_what_landed_since_stays(self, user: User, repositories: GitRepositories) -> None:
        user.on_branch("work", **{"a.txt": lines(10, l2="mine")})
        found = merged(repositories, user, captured(repositories, user, "work"))
        repositories.land(user.repository, "main", before=user.head(), after=found.commit)
        user.commit("since", **{"a.txt": lines(10, l2="mine", l9="since")})
        onto = repositories.head(user.repository, "main")
        taken = repositories.inverse(user.repository, onto=onto, merge=found.commit)
        assert isinstance(taken, TreePayload)
        assert show(user, repositories, taken.commit, "a.txt") == lines(10, l9="since").encode()

    def test_what_was_built_on_it_conflicts(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.on_branch("work", **{"a.txt": lines(10, l2="mine")})
        found = merged(repositories, user, captured(repositories, user, "work"))
        repositories.land(user.repository, "main", before=user.head(), after=found.commit)
        user.commit("since", **{"a.txt": lines(10, l2="built on mine")})
        onto = repositories.head(user.repository, "main")
        assert repositories.inverse(user.repository, onto=onto, merge=found.commit) == Conflict(
            ("a.txt",)
        )


def test_the_users_gc_breaks_nothing(user: User, repositories: GitRepositories) -> None:
    commit = user.on_branch("work", **{"b.txt": "b\n"})
    captured(repositories, user, "work")
    user.git("branch", "-D", "work")
    user.git("reflog", "expire", "--expire=now", "--all")
    user.git("gc", "-q", "--prune=now")
    gone = subprocess.run(
        ["git", "cat-file", "-e", commit], cwd=user.folder, capture_output=True, check=False
    )
    assert gone.returncode != 0
    assert show(user, repositories, merged(repositories, user, commit).commit, "b.txt") == b"b\n"


def test_a_folder_that_is_no_repository(repositories: GitRepositories, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        repositories.head(str(tmp_path), "main")


class TestAuthors:
    def test_of_the_commits_of_its_own_each_once(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.on_branch("topic", "one", **{"b.txt": "b\n"})
        user.git("checkout", "-q", "topic")
        user.git("commit", "-q", "--allow-empty", "-m", "two", "--author", "Zoë <zoe@example.org>")
        user.git(
            "commit", "-q", "--allow-empty", "-m", "three", "--author", "Zoë <zoe@example.org>"
        )
        place = user.place(repositories)
        payload = repositories.capture(place, target="main", uncommitted=False, branch="topic")
        found = repositories.authors(user.repository, payload.base, payload.commit)
        assert sorted(found) == ["U <u@example.org>", "Zoë <zoe@example.org>"]

    def test_what_is_not_committed_is_nobodys(
        self, user: User, repositories: GitRepositories
    ) -> None:
        user.write("b.txt", "b\n")
        place = user.place(repositories)
        payload = repositories.capture(place, target="main", uncommitted=True)
        assert repositories.authors(user.repository, payload.base, payload.commit) == ()
