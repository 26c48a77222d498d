"""Running tests on a commit's files: what they get, what they cannot reach, what is recorded."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.adapters.sandbox import Confinement, SandboxedTests
from assent.adapters.sandbox import processes as processes_module
from assent.adapters.sandbox.confinement import best_confinement
from assent.core.changes.model import TestRun
from assent.errors import UnavailableError
from tests.adapters.git.executor_scene import User, lines


class Scene:
    """A user's repository, and what runs on its commits."""

    def __init__(self, folder: Path, confinement: Confinement) -> None:
        self.home = folder / "assent"
        self.user = User.make(folder / "user", **{"a.txt": lines(3), "sub/b.txt": "b\n"})
        self.repositories = GitRepositories(self.home)
        self.kind = confinement
        self.tests = SandboxedTests(self.home, self.repositories, confinement=confinement)

    async def run(
        self,
        command: str,
        *,
        commit: str = "",
        limit_s: float = 30,
        retries: int = 0,
        shared: dict[str, str] | None = None,
    ) -> TestRun:
        head = self.repositories.head(self.user.repository, "main")
        return await self.tests.run(
            self.user.repository,
            commit or head,
            command,
            limit_s=limit_s,
            retries=retries,
            shared=shared,
        )


@pytest.fixture(scope="session")
def best(tmp_path_factory: pytest.TempPathFactory) -> Confinement:
    return best_confinement(tmp_path_factory.mktemp("probe"))


@pytest.fixture(params=["best", "none"])
def scene(tmp_path: Path, request: pytest.FixtureRequest, best: Confinement) -> Scene:
    return Scene(tmp_path, best if request.param == "best" else Confinement.NONE)


async def test_the_files_of_the_commit_and_no_others(scene: Scene) -> None:
    first = await scene.run("find . -type f | sort; cat sub/b.txt")
    assert (first.ok, first.attempts, first.flaky) == (True, 1, False)
    assert scene.tests.log(first.log) == b"./a.txt\n./sub/b.txt\nb\n"
    assert first.tree == scene.user.head("main^{tree}")
    assert first.sandbox == scene.kind.value


async def test_what_a_run_leaves_behind_is_gone_in_the_next(scene: Scene) -> None:
    mess = (
        "echo x > a.txt; rm -r sub; ln -s /etc sub; mkdir -p deep/er; echo y > deep/er/f; "
        "chmod 000 deep; git init -q inner 2>/dev/null; ln -s a.txt link; chmod 400 a.txt; "
        "mkdir .git; echo z > .git/HEAD; echo k > $HOME/kept"
    )
    await scene.run(mess)
    again = await scene.run("find . | sort; cat a.txt; ls -A $HOME")
    expected = f".\n./a.txt\n./sub\n./sub/b.txt\n{lines(3)}tmp\n"
    assert scene.tests.log(again.log) == expected.encode()


async def test_the_next_commit_takes_the_place_of_the_one_before(scene: Scene) -> None:
    first = scene.repositories.head(scene.user.repository, "main")
    await scene.run("true")
    (scene.user.folder / "sub/b.txt").unlink()
    (scene.user.folder / "sub").rmdir()
    scene.user.commit("second", **{"sub": "now a file\n", "c/d.txt": "d\n"})
    assert (await scene.run("find . -type f | sort && test -f sub")).tail == (
        "./a.txt\n./c/d.txt\n./sub"
    )
    back = await scene.run("find . -type f | sort", commit=first)
    assert back.tail == "./a.txt\n./sub/b.txt"


async def test_nothing_outside_is_removed_through_a_link(scene: Scene, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("p")
    await scene.run(f"rm -r sub; ln -s {outside} sub; ln -s {outside} other")
    await scene.run("true")
    assert (outside / "precious").read_text() == "p"


async def test_no_token_and_a_home_of_its_own(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hush")
    ran = await scene.run("env | cut -d= -f1 | sort; test $HOME != ~root")
    log = scene.tests.log(ran.log)
    assert log is not None
    names = set(log.decode().split()) - {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
    assert names == {"PATH", "LANG", "HOME", "TMPDIR", "GIT_CEILING_DIRECTORIES"}


async def test_a_failure_is_recorded_with_its_last_lines(scene: Scene) -> None:
    ran = await scene.run("echo fine; echo 'password = hunter22secret' >&2; exit 7")
    assert not ran.ok
    assert ran.tail.endswith("Assent: ended with 7.")
    assert "hunter22secret" not in ran.tail
    assert "fine" in ran.tail


async def test_one_that_keeps_failing_is_run_as_often_as_allowed(scene: Scene) -> None:
    ran = await scene.run("exit 1", retries=2)
    assert (ran.ok, ran.attempts, ran.flaky) == (False, 3, False)


async def test_one_that_passes_when_run_again_is_flaky(tmp_path: Path) -> None:
    open_scene = Scene(tmp_path, Confinement.NONE)
    mark = tmp_path / "been"
    ran = await open_scene.run(
        f"test -e {mark} || {{ touch {mark}; echo once; exit 1; }}", retries=1
    )
    assert (ran.ok, ran.attempts, ran.flaky) == (True, 2, True)
    assert "once" in ran.tail


async def test_too_long(scene: Scene) -> None:
    ran = await scene.run("echo begun; sleep 60 & sleep 60", limit_s=0.5)
    assert not ran.ok
    assert ran.tail.startswith("begun")
    assert "longer than 0.5 s" in ran.tail


async def test_what_stays_in_the_background_is_killed(scene: Scene, tmp_path: Path) -> None:
    ran = await scene.run("sleep 60 & echo done")
    assert ran.ok
    assert ran.tail == "done"


async def test_a_cancelled_run_leaves_no_process(scene: Scene) -> None:
    mark = f"61.{os.getpid()}"
    running = asyncio.create_task(scene.run(f"sleep {mark}"))
    await _until(f"sleep {mark}", runs=True)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await _until(f"sleep {mark}", runs=False)


async def _until(command: str, *, runs: bool) -> None:
    while _runs(command) is not runs:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def _runs(command: str) -> bool:
    found = subprocess.run(["ps", "-eo", "stat,args"], capture_output=True, text=True, check=True)
    return any(
        line.split(None, 1)[-1] == command and not line.startswith("Z")
        for line in found.stdout.splitlines()
    )


async def test_long_output_is_cut_in_the_middle(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "OUTPUT_LIMIT", 200_000)
    ran = await scene.run("echo first; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo last")
    log = scene.tests.log(ran.log)
    assert log is not None
    assert log.startswith(b"first\n")
    assert log.endswith(b"last\n")
    assert b"bytes are left out" in log
    assert len(log) < 400_000


async def test_runs_at_once_have_files_of_their_own(scene: Scene) -> None:
    command = "echo mine >> a.txt; wc -l < a.txt; pwd"
    ran = await asyncio.gather(*(scene.run(command) for _ in range(3)))
    assert [each.tail.split()[0] for each in ran] == ["4", "4", "4"]


async def test_shared_folders_are_linked(scene: Scene, tmp_path: Path) -> None:
    scene.user.commit("own", **{"own/o.txt": "o\n"})
    modules = scene.user.folder / "node_modules"
    modules.mkdir()
    (modules / "m.js").write_text("m\n")
    shared = {
        "node_modules": str(modules),
        "own": str(modules),
        "../up": str(modules),
        "missing": str(tmp_path / "missing"),
    }
    ran = await scene.run("cat node_modules/m.js; cat own/*; ls ..", shared=shared)
    assert ran.tail.splitlines()[:2] == ["m", "o"]
    assert "up" not in ran.tail
    await scene.run("true")
    assert (modules / "m.js").read_text() == "m\n"


async def test_a_check_gives_its_whole_output(scene: Scene) -> None:
    head = scene.repositories.head(scene.user.repository, "main")
    ran = await scene.tests.run_check(
        scene.user.repository, head, "pwd; cat a.txt >&2; exit 3", limit_s=30
    )
    assert (ran.code, ran.sandbox) == (3, scene.kind.value)
    assert ran.output == f"{ran.roots[0]}\n{lines(3)}".encode()


class TestShutIn:
    """What holds where a sandbox can be had. Elsewhere a run says that there is none."""

    @pytest.fixture
    def scene(self, tmp_path: Path, best: Confinement) -> Scene:
        return Scene(tmp_path, best)

    async def failed(self, scene: Scene, command: str) -> bool:
        ran = await scene.run(command)
        return not ran.ok or ran.sandbox == Confinement.NONE.value

    @pytest.mark.parametrize(
        "command",
        [
            pytest.param("cat ../../../secret", id="Assent's own files"),
            pytest.param("cat ../0.lock", id="what stands beside the slot"),
            pytest.param("ls {user}", id="the user's repository"),
            pytest.param("touch /usr/assent-was-here", id="writing elsewhere"),
            pytest.param("kill -0 {pid}", id="processes outside"),
            pytest.param("grep -q eth /proc/net/dev", id="network"),
            pytest.param("umount /tmp", id="taking it back"),
            pytest.param("unshare -m true", id="another namespace"),
        ],
    )
    async def test_out_of_reach(self, scene: Scene, command: str) -> None:
        (scene.home / "secret").parent.mkdir(exist_ok=True)
        (scene.home / "secret").write_text("s")
        assert await self.failed(scene, command.format(user=scene.user.folder, pid=os.getpid()))

    async def test_the_loopback_is_there_and_its_own(self, scene: Scene) -> None:
        listen = (
            'python3 -c \'import socket; s = socket.create_server(("127.0.0.1", 0)); '
            "socket.create_connection(s.getsockname())'"
        )
        assert (await scene.run(listen)).ok

    async def test_shared_folders_cannot_be_written(self, scene: Scene) -> None:
        modules = scene.user.folder / "node_modules"
        modules.mkdir()
        shared = {"node_modules": str(modules)}
        ran = await scene.run("echo x > node_modules/x", shared=shared)
        assert (not ran.ok and not any(modules.iterdir())) or scene.kind is Confinement.NONE


async def test_a_policy_that_wants_a_sandbox_gets_one_or_no_run(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Confinement.NONE)
    head = scene.repositories.head(scene.user.repository, "main")
    with pytest.raises(UnavailableError, match="wants a sandbox"):
        await scene.tests.run(
            scene.user.repository, head, "true", limit_s=9, retries=0, must_confine=True
        )
    with pytest.raises(UnavailableError, match="wants a sandbox"):
        await scene.tests.run_check(
            scene.user.repository, head, "true", limit_s=9, must_confine=True
        )


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../../../etc/passwd", "x" * 64])
def test_a_log_that_is_not_there(tmp_path: Path, digest: str) -> None:
    tests = SandboxedTests(tmp_path, GitRepositories(tmp_path))
    assert tests.log(digest) is None
