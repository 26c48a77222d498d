"""Measure how well reviewers find faults: plant some, review them like any change, count.

A fault is one edit of the repository's own code that its own tests catch. What is clean is an edit
that changes nothing, or a change of the past. Nothing of it is stored but the counts.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

from assent.app.changes.ports import Repositories, Reviewer, Subject, Tests
from assent.app.changes.revisions import Made, read_revision
from assent.app.changes.rules import policy_home
from assent.app.ports import Clock, Store, Tx, View
from assent.core.canonical import Json
from assent.core.changes.calibration import (
    KIND,
    Calibration,
    Standing,
    calibration_from,
    fields_of,
    model_of,
    standing_by,
    stream_of,
)
from assent.core.changes.findings import ordered
from assent.core.changes.model import (
    Change,
    ChangeState,
    Opinion,
    ReviewerKind,
    TestRun,
    TreePayload,
    Verdict,
)
from assent.core.changes.model_prompt import prompt_digest
from assent.core.changes.mutations import Edit, clean_edits, faults, in_turn, is_program, reads
from assent.core.policy import Policy
from assent.core.policy.changes import ModelRule
from assent.errors import UnavailableError, UsageError

FILES = 60
"""Files that faults are drawn from."""
DRAWS = 8
"""How many edits are tried for each fault that is wanted."""
PAST_LINES = 400
"""Changed lines of a change of the past; larger ones are no fair question."""
AT_ONCE = 3
"""Cases that are reviewed at the same time."""
NEAR = 3
"""Lines around a fault in which a finding counts for it: those its hunk shows."""


@dataclass(frozen=True, slots=True)
class Past:
    """A change of the past: a commit against its first parent."""

    payload: TreePayload
    title: str
    text: str


class Planting(Protocol):
    """Makes commits to be reviewed, in the executor's repository; no branch ever names them.

    All methods block, and raise UnavailableError when git fails.
    """

    def files(self, repository: str, commit: str) -> frozenset[str]:
        """The paths of all files in a commit."""
        ...

    def plant(self, repository: str, commit: str, path: str, content: bytes) -> TreePayload:
        """A commit on `commit` in which the file has this content."""
        ...

    def past(self, repository: str, commit: str, *, limit: int) -> Sequence[Past]:
        """The newest changes up to `commit`, along first parents."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What faults are planted in."""

    workspace: str
    """Where it is recorded."""
    repository: str
    commit: str
    target: str
    policy: Policy
    shared: Mapping[str, str] = field(default_factory=dict)
    """As in `Tests.run`."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a calibration works with."""

    repositories: Repositories
    planting: Planting
    tests: Tests
    static: Sequence[Reviewer]
    model: Reviewer | None
    clock: Clock
    tell: Callable[[str], None] = lambda _: None
    """Told how far it is, in words."""


@dataclass(frozen=True, slots=True)
class Case:
    """One change to be reviewed."""

    payload: TreePayload
    title: str
    plan: str
    fault: Edit | None = None
    """None: it is clean."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reviewer said of one case."""

    case: Case
    verdict: Verdict


async def calibrate(
    bench: Bench, ground: Ground, *, cases: int, seed: str
) -> tuple[Calibration, ...]:
    """How each reviewer did on `cases` planted faults and as many clean changes.

    The cases are the same for the same commit and seed. Raises UsageError when there is nothing to
    plant or the tests do not pass without a fault, and UnavailableError when the model reviews
    less than half of what it is asked: then nothing is known, and nothing is to be recorded.
    """
    planted = await _planted(bench, ground, cases=cases, seed=seed)
    clean = await asyncio.to_thread(_clean, bench, ground, cases=cases, seed=seed)
    bench.tell(f"faults that the tests catch: {len(planted)}; clean changes: {len(clean)}")
    reviewed = await _reviewed(bench, ground, (*planted, *clean))
    reviewers = [*bench.static, *([bench.model] if bench.model is not None else [])]
    return tuple(
        _counted(
            [Outcome(case, verdicts[reviewer.name]) for case, verdicts in reviewed],
            ground,
            seed=seed,
            at=bench.clock.now(),
        )
        for reviewer in reviewers
    )


async def record(
    store: Store, workspace: str, calibrations: Sequence[Calibration], *, by: str, at: int
) -> None:
    """Put them into the record, where `standing_of` finds them. `by` is who asked for it."""

    def work(tx: Tx) -> None:
        stream = stream_of(workspace)
        for made in calibrations:
            tx.append(stream, KIND, at=at, fields={**fields_of(made), "by": by})
        tx.publish("ledger", stream, at=at)

    await store.write(work, durable=True)


def recorded(view: View, workspace: str) -> tuple[Calibration, ...]:
    """All calibrations of a workspace, oldest first."""
    return tuple(_recorded(view, workspace))


def standing_of(view: View, workspace: str, rule: ModelRule) -> Standing:
    """Whether the approval of this model counts in the workspace, and why."""
    return standing_by(_recorded(view, workspace), rule, prompt_digest())


def approval_counts(store: Store, rule: ModelRule) -> Callable[[Subject], bool]:
    """The same for whatever is reviewed, as a reviewer asks for it."""

    def counts(subject: Subject) -> bool:
        home = policy_home(subject.change.workspace, subject.change.repository)
        return store.read(lambda view: standing_of(view, home, rule)).counts

    return counts


def _recorded(view: View, workspace: str) -> Iterator[Calibration]:
    for entry in view.chain(stream_of(workspace)):
        body: Mapping[str, Json] = json.loads(entry.body)
        found = calibration_from(body)
        if found is not None:
            yield found


# Faults


async def _planted(bench: Bench, ground: Ground, *, cases: int, seed: str) -> list[Case]:
    rules = ground.policy.changes
    if not rules.test:
        raise UsageError(
            "Faults are those that the tests catch, and the policy names no test command.",
            hint="Set `test` in `[changes]` of .assent/policy.toml and accept it.",
        )
    bench.tell("running the tests without a fault")
    sound = await _tested(bench, ground, ground.commit, limit_s=rules.test_limit_ms / 1_000)
    if not sound.ok:
        raise UsageError(
            f"The tests fail on {ground.commit[:10]} without any fault: {_last_line(sound)}",
            hint="Make them pass first; see the log with `assent queue`, or run them by hand.",
        )
    edits = await asyncio.to_thread(_drawn, bench, ground, seed=seed, make=faults)
    limit_s = min(rules.test_limit_ms / 1_000, 30 + 3 * sound.took_ms / 1_000)
    found: list[Case] = []
    for edit in edits[: cases * DRAWS]:
        if len(found) == cases:
            break
        case = await asyncio.to_thread(_case, bench, ground, edit, fault=edit)
        tested = await _tested(bench, ground, case.payload.commit, limit_s=limit_s)
        if not tested.ok:
            found.append(case)
            bench.tell(f"fault {len(found)} of {cases}: {edit.kind} in {edit.path}:{edit.line}")
    if not found:
        raise UsageError(
            "No fault could be planted that the tests catch.",
            hint="The code has to be in a language that Assent can edit, and tests have to run it.",
        )
    return found


async def _tested(bench: Bench, ground: Ground, commit: str, *, limit_s: float) -> TestRun:
    rules = ground.policy.changes
    return await bench.tests.run(
        ground.repository,
        commit,
        rules.test,
        limit_s=limit_s,
        retries=rules.test_retries,
        shared=ground.shared,
        must_confine=rules.sandbox,
    )


def _last_line(run: TestRun) -> str:
    lines = [line.strip() for line in run.tail.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "they do not say why"


def _drawn(
    bench: Bench,
    ground: Ground,
    *,
    seed: str,
    make: Callable[[str, str], tuple[Edit, ...]],
) -> tuple[Edit, ...]:
    """Edits of the programs, in the order that the seed gives them."""
    paths = bench.planting.files(ground.repository, ground.commit)
    programs = sorted(filter(is_program, paths), key=lambda path: _mark(seed, path))
    edits: list[Edit] = []
    for path in programs[:FILES]:
        text = _text(bench, ground, path)
        if text is not None:
            edits += make(path, text)
    return tuple(edit for edit in in_turn(edits, seed) if reads(edit))


def _mark(seed: str, path: str) -> str:
    return sha256(f"{seed}\0{path}".encode("utf-8", "surrogatepass")).hexdigest()


def _text(bench: Bench, ground: Ground, path: str) -> str | None:
    data = bench.repositories.blob(ground.repository, ground.commit, path)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _case(bench: Bench, ground: Ground, edit: Edit, *, fault: Edit | None = None) -> Case:
    """Of a fault and of a clean edit the words are the same: they give nothing away."""
    payload = bench.planting.plant(
        ground.repository, ground.commit, edit.path, edit.text.encode("utf-8")
    )
    what = f"{edit.scope} in {edit.path}" if edit.scope else edit.path
    return Case(
        payload=payload,
        title=f"Rework {what}",
        plan=f"Go over {what} so that it reads more easily. What it does stays as it is.",
        fault=fault,
    )


# Clean changes


def _clean(bench: Bench, ground: Ground, *, cases: int, seed: str) -> list[Case]:
    """Half of the past, as far as there is one; the others edits that change nothing."""
    old = [
        Case(payload=past.payload, title=past.title, plan=past.text or past.title)
        for past in bench.planting.past(ground.repository, ground.commit, limit=4 * cases)
        if _is_fair(bench, ground, past)
    ][: cases // 2]
    edits = _drawn(bench, ground, seed=seed, make=clean_edits)[: cases - len(old)]
    return [*old, *(_case(bench, ground, edit) for edit in edits)]


def _is_fair(bench: Bench, ground: Ground, past: Past) -> bool:
    patches = bench.repositories.patches(ground.repository, past.payload.base, past.payload.commit)
    lines = sum(patch.added + patch.removed for patch in patches)
    return 0 < lines <= PAST_LINES and any(is_program(patch.path) for patch in patches)


# Reviews


async def _reviewed(
    bench: Bench, ground: Ground, cases: Sequence[Case]
) -> list[tuple[Case, Mapping[str, Verdict]]]:
    free = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(case: Case) -> tuple[Case, Mapping[str, Verdict]]:
        nonlocal done
        async with free:
            subject = await asyncio.to_thread(_subject, bench, ground, case)
            verdicts = [await reviewer.review(subject) for reviewer in bench.static]
            if bench.model is not None:
                told = replace(subject, earlier=tuple(verdicts))
                verdicts.append(await bench.model.review(told))
        done += 1
        bench.tell(f"reviewed {done} of {len(cases)}")
        return case, {verdict.reviewer: verdict for verdict in verdicts}

    return list(await asyncio.gather(*(one(case) for case in cases)))


def _subject(bench: Bench, ground: Ground, case: Case) -> Subject:
    """The case as a change in review; it is stored nowhere."""
    payload = case.payload
    patches = bench.repositories.patches(ground.repository, payload.base, payload.commit)
    versions = bench.repositories.versions(ground.repository, payload.base, payload.commit)
    now = bench.clock.now()
    made = Made(by="agent", at=now, report="Done as planned. The tests pass.")
    revision = read_revision(payload, patches, versions, made, number=1)
    change = Change(
        id="",
        number=0,
        title=case.title,
        plan=case.plan,
        plan_approved=True,
        workspace=ground.workspace,
        repository=ground.repository,
        branch="",
        target=ground.target,
        owner="",
        agent="agent",
        state=ChangeState.IN_REVIEW,
        version=1,
        created_at=now,
        updated_at=now,
        revisions=(revision,),
    )
    return Subject(
        change=change,
        revision=revision,
        patches=patches,
        rules=ground.policy.changes,
        team=tuple(rule.message for rule in ground.policy.team),
        team_rules=ground.policy.team,
    )


def _counted(outcomes: Sequence[Outcome], ground: Ground, *, seed: str, at: int) -> Calibration:
    bad = [outcome for outcome in outcomes if outcome.case.fault is not None]
    good = [outcome for outcome in outcomes if outcome.case.fault is None]
    verdict = outcomes[0].verdict
    undecided = [each for each in outcomes if each.verdict.opinion is Opinion.INCONCLUSIVE]
    rule = ground.policy.changes.model
    is_model = verdict.kind is ReviewerKind.LLM and rule is not None
    if is_model and 2 * len(undecided) > len(outcomes):
        raise UnavailableError(
            f"{verdict.reviewer} came to no conclusion in {len(undecided)} of {len(outcomes)} "
            f"cases, so that nothing was recorded. It says: {undecided[-1].verdict.summary}",
            hint="See that the model can be reached and that its key is set, then try again.",
        )
    return Calibration(
        reviewer=verdict.reviewer,
        model=model_of(rule) if is_model and rule is not None else "",
        prompt=prompt_digest() if is_model else "",
        planted=len(bad),
        caught=sum(is_caught(outcome) for outcome in bad),
        clean=len(good),
        alarms=sum(_raises_alarm(outcome.verdict) for outcome in good),
        undecided=len(undecided),
        commit=ground.commit,
        seed=seed,
        at=at,
    )


def is_caught(outcome: Outcome) -> bool:
    """Whether the fault would have been stopped for what it is: by a higher class, or by `changes`
    with a finding where it was planted."""
    fault, verdict = outcome.case.fault, outcome.verdict
    if fault is None:
        return False
    if verdict.raises_to is not None:
        return True
    return verdict.opinion is Opinion.CHANGES and any(
        finding.path == fault.path
        and finding.line <= fault.end_line + NEAR
        and max(finding.end_line, finding.line) >= fault.line - NEAR
        for finding in ordered(verdict.findings)
    )


def _raises_alarm(verdict: Verdict) -> bool:
    return verdict.opinion is Opinion.CHANGES or verdict.raises_to is not None
