"""A repository on disk with changes that are accepted, and tests whose outcome is made up."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assent.adapters.git.executor import GitRepositories
from assent.adapters.values import JsonFiles
from assent.app.changes.merge import MergeQueue
from assent.app.changes.ports import ChangePorts
from assent.app.changes.submit import Submission, submit_change
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Tx
from assent.app.records import body_of
from assent.core.changes import landing
from assent.core.changes.acceptance import Accepts, accepted, accepted_by_policy
from assent.core.changes.lifecycle import Says
from assent.core.changes.model import Change, ChangeState, HunkId, Part, TestRun, TreePayload
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import Policy
from tests.adapters.git.executor_scene import User, lines
from tests.app.changes.scene import Bench
from tests.app.conftest import Scene
from tests.app.world import BUILT_IN

COMMAND = "make test"
RULES = ChangeRules(test=COMMAND, window=4)


@dataclass
class MadeUpTests:
    """Implements Tests: they fail where the file `bad` is, or a file that is named `bad-…`."""

    repositories: GitRepositories
    ran: list[tuple[str, str]] = field(default_factory=list)
    """Commit and command."""
    shared: list[Mapping[str, str]] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Runs wait for it."""
    flaky: bool = False
    error: Exception | None = None
    wanted: int = 0
    """The second run and later ones end when so many have begun."""
    running: int = 0
    most: int = 0

    async def run(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        retries: int,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> TestRun:
        self.ran.append((commit, command))
        self.shared.append(dict(shared or {}))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await (self.held.wait() if self.held is not None else asyncio.sleep(0))
            while 1 < len(self.ran) < self.wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            if self.error is not None:
                raise self.error
        finally:
            self.running -= 1
        files = await asyncio.to_thread(self.repositories.files, repository, commit)
        bare = self.repositories
        tree = await asyncio.to_thread(lambda: bare.tree(repository, commit))
        return TestRun(
            tree=tree,
            command=command,
            ok=not any(path.startswith("bad") for path in files),
            at=5,
            took_ms=7,
            sandbox="not sandboxed",
            attempts=2 if self.flaky else 1,
            flaky=self.flaky,
            log="sha256:log",
        )

    def log(self, digest: str) -> bytes | None:
        return None


@dataclass
class SetPolicies:
    """A PolicyReader whose policy a test changes as it goes."""

    rules: ChangeRules

    def default(self) -> Policy:
        return replace(BUILT_IN, changes=self.rules)

    def default_text(self) -> bytes:
        return b""

    def parse(self, text: bytes) -> Policy:
        return self.default()


@dataclass
class Merging:
    """A repository, its queue, and what is looked at in both."""

    user: User
    scene: Scene
    policies: "SetPolicies"
    repositories: GitRepositories
    tests: MadeUpTests
    gate: Gatehouse
    queue: MergeQueue
    made: int = 0

    async def submit(self, branch: str, **more: str) -> Change:
        said = Submission(
            cwd=str(self.user.folder),
            owner="ana",
            title=f"Do {branch}",
            agent="robot",
            branch=branch,
            target="main",
            **more,  # type: ignore[arg-type]
        )
        return await submit_change(self.gate, said)

    async def queued(
        self, change: Change, *, hunks: Sequence[HunkId] | None = None, by: str = "ana"
    ) -> Change:
        """The change as `by` accepted it, or the hunks of it, in the queue."""
        says = Says(by=by, at=self.scene.clock.now())
        chosen = None if hunks is None else tuple(hunks)
        accepts = Accepts(says=says, via="web", hunks=chosen, confirm=change.name)
        if by == "policy":
            step = accepted_by_policy(change, why="trivial", at=1, policy=BUILT_IN.digest)
        else:
            step = accepted(change, accepts, RULES, policy=BUILT_IN.digest)
        assert isinstance(step, Change), step
        part: Part | None = None
        if step.state is ChangeState.PARTLY_APPROVED:
            assert isinstance(change.newest.payload, TreePayload)
            part = self.repositories.split(
                change.repository, change.newest.payload, step.acceptances[-1].hunks
            )
        self.made += 1
        after = landing.queued(step, at=self.scene.clock.now() + self.made, part=part)
        assert isinstance(after, Change), after

        def work(tx: Tx) -> None:
            tx.save_change(step)
            tx.save_change(after)
            tx.publish("change", change.id, at=1)

        await self.scene.store.write(work, durable=True)
        return after

    async def ready(self, branch: str, **files: str | bytes) -> Change:
        """A change of `files` on a branch from main, accepted and queued."""
        self.user.on_branch(branch, **files)
        return await self.queued(await self.submit(branch))

    def now(self, change: Change | int) -> Change:
        number = change if isinstance(change, int) else change.number
        found = self.scene.store.read(lambda view: view.change_numbered(number))
        assert found is not None
        return found

    def rules(self, rules: ChangeRules) -> None:
        """The policy in force from now on."""
        self.policies.rules = rules

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    def entries(self, change: Change) -> list[str]:
        stream = f"change/{change.number}"
        chain = self.scene.store.read(lambda view: list(view.chain(stream)))
        return [str(body_of(each)["kind"]) for each in chain]

    def first_parents(self) -> list[str]:
        """Subjects of the branch, the oldest first, without the first commit."""
        said = self.user.git("log", "--first-parent", "--reverse", "--format=%s", "main")
        return said.splitlines()[1:]


def merging(folder: Path, *, rules: ChangeRules = RULES, **files: str) -> Merging:
    user = User.make(folder / "user", **(files or {"a.txt": lines(40)}))
    scene = Scene()
    policies = SetPolicies(rules)
    repositories = GitRepositories(folder / "assent")
    tests = MadeUpTests(repositories)
    ports = ChangePorts(
        repositories=repositories, tests=tests, values=JsonFiles(), reviewers=Bench()
    )
    gate = replace(scene.gate, changes=ports, policies=policies)
    return Merging(user, scene, policies, repositories, tests, gate, MergeQueue(gate))
