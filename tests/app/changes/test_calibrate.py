"""Calibration: on a real repository, with reviewers whose skill is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assent.adapters.git.executor import GitRepositories
from assent.adapters.git.planting import GitPlanting
from assent.app.changes.calibrate import (
    Bench,
    Case,
    Ground,
    Outcome,
    approval_counts,
    calibrate,
    is_caught,
    record,
    recorded,
    standing_of,
)
from assent.app.changes.ports import Subject
from assent.core.changes.calibration import Calibration
from assent.core.changes.findings import added_lines
from assent.core.changes.model import (
    Finding,
    Opinion,
    ReviewerKind,
    Severity,
    TestRun,
    TreePayload,
    Verdict,
)
from assent.core.changes.model_prompt import prompt_digest
from assent.core.changes.mutations import Edit
from assent.core.policy.changes import ChangeRules, ModelRule
from assent.core.risk.factors import RiskClass
from assent.errors import UnavailableError, UsageError
from assent.testing import FixedClock, MemoryStore
from tests.adapters.git.executor_scene import User
from tests.app.world import BUILT_IN

PROGRAM = """\
def withdraw(balance, amount, user, limit=100):
    if user != "ana":
        raise PermissionError(user)
    if amount > limit:
        raise ValueError(amount)
    rest = balance - amount
    if rest < 0:
        return None
    return rest


def double(number):
    result = number + number
    return result
"""


@dataclass
class RunsProgram:
    """Implements `Tests`: the program's own tests, without a sandbox or a process."""

    repositories: GitRepositories
    ran: list[str] = field(default_factory=list)

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
        text = self.repositories.blob(repository, commit, "bank.py")
        assert text is not None
        self.ran.append(commit)
        return TestRun(commit, command, _passes(text.decode()), at=0, took_ms=1, sandbox="")

    def log(self, digest: str) -> bytes | None:
        return None


def _passes(text: str) -> bool:
    space: dict[str, Callable[..., object]] = {}
    exec(text, space)
    withdraw = space["withdraw"]

    def outcome(*arguments: object) -> object:
        try:
            return withdraw(*arguments)
        except (PermissionError, ValueError, TypeError, NameError) as error:
            return type(error)

    return [
        outcome(50, 20, "ana"),
        outcome(50, 60, "ana"),
        outcome(50, 20, "bob"),
        outcome(500, 100, "ana"),
        outcome(500, 101, "ana"),
        outcome(50, 50, "ana"),
    ] == [30, None, PermissionError, 400, ValueError, 0]


@dataclass
class Spotter:
    """Finds fault with every change that the program's tests fail on; or never, or always."""

    judge: Callable[[Subject], Opinion]
    name: str = "openai:m"
    kind: ReviewerKind = ReviewerKind.LLM
    elsewhere: bool = False
    seen: list[Subject] = field(default_factory=list)

    async def review(self, subject: Subject) -> Verdict:
        self.seen.append(subject)
        opinion = self.judge(subject)
        findings: tuple[Finding, ...] = ()
        if opinion is Opinion.CHANGES:
            hunk = subject.patches[0].hunks[0]
            line = 900 if self.elsewhere else hunk.new_start + 3
            findings = (Finding("f", self.name, "r", Severity.ERROR, "m", "bank.py", line, line),)
        return Verdict(self.name, self.kind, 1, opinion, at=0, findings=findings)


class World:
    def __init__(self, tmp_path: Path) -> None:
        self.user = User.make(
            tmp_path / "repo", **{"bank.py": PROGRAM, "tests/test_bank.py": "1\n"}
        )
        # A change of the past that is no program.
        self.user.commit("words", **{"README.md": "bank\n"})
        self.user.commit("Explain the bank", **{"bank.py": f'"""A bank."""\n\n{PROGRAM}'})
        self.repositories = GitRepositories(tmp_path / "home")
        self.place = self.user.place(self.repositories)
        self.tests = RunsProgram(self.repositories)
        self.store = MemoryStore()
        self.rule = ModelRule(model="openai:m", floor=0.5)
        self.told: list[str] = []
        self.planting = GitPlanting(tmp_path / "home")

    def ground(self, **rules: str) -> Ground:
        given = ChangeRules(model=self.rule, **{"test": "run", **rules})  # type: ignore[arg-type]
        return Ground(
            workspace=self.place.workspace,
            repository=self.place.repository,
            commit=self.repositories.head(self.place.repository, "main"),
            target="main",
            policy=replace(BUILT_IN, changes=given),
        )

    def bench(self, model: Spotter | None, *static: Spotter) -> Bench:
        return Bench(
            repositories=self.repositories,
            planting=self.planting,
            tests=self.tests,
            static=static,
            model=model,
            clock=FixedClock(),
            tell=self.told.append,
        )

    def knows(self, subject: Subject) -> Opinion:
        """The one who is always right."""
        payload = subject.revision.payload
        assert isinstance(payload, TreePayload)
        text = self.repositories.blob(subject.change.repository, payload.commit, "bank.py")
        assert text is not None
        return Opinion.APPROVE if _passes(text.decode()) else Opinion.CHANGES


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_who_is_right_catches_all_and_never_cries_wolf(world: World) -> None:
    (found,) = await calibrate(world.bench(Spotter(world.knows)), world.ground(), cases=6, seed="1")
    assert (found.planted, found.caught, found.alarms, found.undecided) == (6, 6, 0, 0)
    assert found.clean >= 4
    assert (found.reviewer, found.model) == ("openai:m", "openai:m")
    assert (found.prompt, found.commit) == (prompt_digest(), world.user.head())


@pytest.mark.parametrize(
    ("opinion", "caught", "all_alarms"),
    [
        pytest.param(Opinion.APPROVE, 0, False, id="approves-all"),
        pytest.param(Opinion.CHANGES, 4, True, id="condemns-all"),
    ],
)
async def test_who_does_not_look(
    world: World, opinion: Opinion, caught: int, all_alarms: bool
) -> None:
    model = Spotter(lambda _: opinion)
    (found,) = await calibrate(world.bench(model), world.ground(), cases=4, seed="1")
    assert found.caught == caught
    assert found.alarms == (found.clean if all_alarms else 0)


async def test_a_finding_somewhere_else_is_no_catch(world: World) -> None:
    model = Spotter(world.knows, elsewhere=True)
    (found,) = await calibrate(world.bench(model), world.ground(), cases=3, seed="1")
    assert found.caught == 0


async def test_every_reviewer_is_counted_and_the_model_is_told_what_the_others_said(
    world: World,
) -> None:
    model = Spotter(world.knows)
    static = Spotter(lambda _: Opinion.APPROVE, name="lint", kind=ReviewerKind.STATIC)
    lint, llm = await calibrate(world.bench(model, static), world.ground(), cases=3, seed="1")
    assert (lint.reviewer, lint.model, lint.caught) == ("lint", "", 0)
    assert (llm.reviewer, llm.caught) == ("openai:m", 3)
    assert all([each.reviewer for each in seen.earlier] == ["lint"] for seen in model.seen)


async def test_the_cases_are_the_seeds(world: World) -> None:
    async def commits(seed: str) -> list[str]:
        model = Spotter(world.knows)
        await calibrate(world.bench(model), world.ground(), cases=3, seed=seed)
        trees = [seen.revision.payload for seen in model.seen]
        return sorted(each.tree for each in trees if isinstance(each, TreePayload))

    assert await commits("1") == await commits("1")
    assert await commits("1") != await commits("other")


async def test_nothing_gives_a_fault_away(world: World) -> None:
    model = Spotter(world.knows)
    await calibrate(world.bench(model), world.ground(), cases=4, seed="1")
    words = [
        f"{seen.change.title} {seen.change.plan} {seen.revision.report} {seen.revision.by}".lower()
        for seen in model.seen
    ]
    assert not any(word in text for text in words for word in ("fault", "mutat", "calibrat"))
    assert {len(seen.patches) for seen in model.seen} == {1}


async def test_the_users_repository_stays_as_it_is(world: World) -> None:
    before = world.user.state(), world.user.git("for-each-ref")
    await calibrate(world.bench(Spotter(world.knows)), world.ground(), cases=3, seed="1")
    assert (world.user.state(), world.user.git("for-each-ref")) == before


# What cannot be calibrated


async def test_without_a_test_command(world: World) -> None:
    with pytest.raises(UsageError, match="no test command"):
        await calibrate(world.bench(None), world.ground(test=""), cases=3, seed="1")


async def test_tests_that_fail_without_a_fault(world: World) -> None:
    world.user.commit("broken", **{"bank.py": PROGRAM.replace("> limit", "< limit")})
    with pytest.raises(UsageError, match="without any fault"):
        await calibrate(world.bench(None), world.ground(), cases=3, seed="1")


async def test_faults_that_no_test_catches_are_none(world: World) -> None:
    class Blind(RunsProgram):
        async def run(self, repository: str, commit: str, command: str, **more: object) -> TestRun:
            return TestRun(commit, command, ok=True, at=0, took_ms=1, sandbox="")

    bench = replace(world.bench(None), tests=Blind(world.repositories))
    with pytest.raises(UsageError, match="No fault could be planted"):
        await calibrate(bench, world.ground(), cases=3, seed="1")


async def test_a_model_that_cannot_be_reached_is_not_judged(world: World) -> None:
    model = Spotter(lambda _: Opinion.INCONCLUSIVE)
    with pytest.raises(UnavailableError, match="no conclusion"):
        await calibrate(world.bench(model), world.ground(), cases=3, seed="1")


# Caught


def a_case() -> Case:
    payload = TreePayload("b", "c", "t")
    return Case(payload, "t", "p", Edit("a.py", "off-by-one", 10, 11, ""))


@pytest.mark.parametrize(
    ("fields", "caught"),
    [
        pytest.param({"line": 10}, True, id="there"),
        pytest.param({"line": 14}, True, id="in-its-hunk"),
        pytest.param({"line": 15}, False, id="below-its-hunk"),
        pytest.param({"line": 6}, False, id="above-its-hunk"),
        pytest.param({"line": 1, "end_line": 20}, True, id="around-it"),
        pytest.param({"line": 10, "path": "b.py"}, False, id="another-file"),
    ],
)
def test_caught_is_a_finding_where_the_fault_is(fields: dict[str, object], caught: bool) -> None:
    given: dict[str, object] = {"path": "a.py", **fields}
    finding = Finding("f", "m", "r", Severity.ERROR, "m", **given)  # type: ignore[arg-type]
    verdict = Verdict("m", ReviewerKind.LLM, 1, Opinion.CHANGES, at=0, findings=(finding,))
    assert is_caught(Outcome(a_case(), verdict)) is caught
    doubtful = replace(verdict, opinion=Opinion.INCONCLUSIVE)
    assert not is_caught(Outcome(a_case(), doubtful))


def test_a_higher_class_is_a_catch() -> None:
    verdict = Verdict("m", ReviewerKind.LLM, 1, Opinion.APPROVE, at=0, raises_to=RiskClass.HIGH)
    assert is_caught(Outcome(a_case(), verdict))


# The record


def a_calibration(caught: int) -> Calibration:
    return Calibration("openai:m", "openai:m", prompt_digest(), 20, caught, clean=20, alarms=0)


async def test_what_was_recorded_decides_what_counts(world: World) -> None:
    def standing() -> bool:
        return world.store.read(lambda view: standing_of(view, "/w", world.rule)).counts

    assert not standing()
    await record(world.store, "/w", [a_calibration(19)], by="ana", at=1)
    assert standing()
    assert not world.store.read(lambda view: standing_of(view, "/other", world.rule)).counts
    await record(world.store, "/w", [a_calibration(3)], by="ana", at=2)
    assert not standing()
    found = world.store.read(lambda view: recorded(view, "/w"))
    assert [(each.caught, each.at) for each in found] == [(19, 1), (3, 2)]
    topics = [each.topic for each in world.store.read(lambda view: view.events(after=0, limit=9))]
    assert topics == ["ledger", "ledger"]


# Commits that are planted


def test_a_planted_commit_keeps_mode_and_the_other_files(world: World, tmp_path: Path) -> None:
    world.user.write("run me.sh", "echo one\n")
    (world.user.folder / "run me.sh").chmod(0o755)
    base = world.user.commit("script")
    world.repositories.head(world.place.repository, "main")
    made = world.planting.plant(world.place.repository, base, "run me.sh", b"echo two\n")
    (patch,) = world.repositories.patches(world.place.repository, base, made.commit)
    assert (patch.path, patch.old_mode, patch.new_mode) == ("run me.sh", "100755", "100755")
    assert [text for _, text in added_lines(patch)] == ["echo two"]
    assert made.base == base


def test_the_past_is_read_along_first_parents(world: World) -> None:
    world.user.on_branch("topic", **{"bank.py": PROGRAM + "\n"})
    world.user.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    head = world.repositories.head(world.place.repository, "main")
    past = world.planting.past(world.place.repository, head, limit=9)
    assert [each.title for each in past] == ["Merge topic", "Explain the bank", "words"]
    assert past[0].payload.base == past[1].payload.commit


def test_a_file_that_is_not_there_cannot_be_planted_in(world: World) -> None:
    head = world.repositories.head(world.place.repository, "main")
    with pytest.raises(UnavailableError, match="not in"):
        world.planting.plant(world.place.repository, head, "gone.py", b"")


async def test_it_says_how_far_it_is(world: World) -> None:
    await calibrate(world.bench(Spotter(world.knows)), world.ground(), cases=2, seed="1")
    assert world.told[0] == "running the tests without a fault"
    assert any(said.startswith("fault 2 of 2: ") for said in world.told)
    assert world.told[-1].startswith("reviewed ")


async def test_a_reviewer_asks_where_the_policy_is_kept(world: World) -> None:
    """What was recorded for the main work tree holds for changes out of linked ones."""
    model = Spotter(world.knows)
    await calibrate(world.bench(model), world.ground(), cases=1, seed="1")
    subject = model.seen[0]
    linked = replace(subject, change=replace(subject.change, workspace="/anywhere"))
    counts = approval_counts(world.store, world.rule)
    assert not counts(linked)
    await record(world.store, str(world.user.folder.resolve()), [a_calibration(19)], by="ana", at=1)
    assert counts(linked)
