"""The changes before one branch are merged, tested and landed, several at once.

What is stored of a change says where it stands; what is built and which tests run is only known
here, and made again after a restart. Every step starts from what is stored at that moment, so that
two processes at the same line come to one history: the branch moves by compare-and-swap, and what
was about to land is completed by whoever finds it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assent.app.changes import records
from assent.app.changes.grounds import ground_in_force, grounds_of, why_not_now
from assent.app.changes.landed import finish_landing, run_fields, tests_piece
from assent.app.changes.ports import Candidate, ChangePorts, Conflict, Signature
from assent.app.changes.rules import policy_of, ports_of
from assent.app.changes.saying import log_head
from assent.app.gatehouse import Gatehouse
from assent.app.ports import View
from assent.core.canonical import Json
from assent.core.changes import landing
from assent.core.changes.hunks import FilePatch
from assent.core.changes.lifecycle import Cause, Refusal
from assent.core.changes.lifecycle import Step as Taken
from assent.core.changes.model import (
    IN_QUEUE,
    Change,
    ChangeState,
    Landing,
    TestRun,
    TreePayload,
)
from assent.core.merging.acceptance import deviation, named, source_of, why_not
from assent.core.merging.line import (
    Build,
    Built,
    Clash,
    Eject,
    Entry,
    Land,
    Line,
    Rebuild,
    Step,
    Stop,
    Test,
    Tests,
    narrower,
    plan,
    wider,
)
from assent.core.merging.message import merge_message
from assent.core.policy.changes import ChangeRules
from assent.errors import AssentError, UnavailableError, UsageError

Place = tuple[str, str]
"""A repository and a branch of it."""
NO_TESTS = "no tests are known: set `test` in `[changes]` of the policy, then merge again"
TRIES = 3
"""How often something is tried that cannot be done just now, before the change is ejected."""
LOOKED_BACK = 200
"""Changes in which an earlier run on the same tree is looked for, for one that takes back."""


@dataclass
class _Going:
    """What is known here of one change in the line."""

    source: str
    build: Build | None = None
    tests: Tests = Tests.NONE
    run: TestRun | None = None
    task: "asyncio.Task[TestRun] | None" = None
    faults: int = 0
    accepted: tuple[FilePatch, ...] | None = None
    """What the change brings to its base."""


@dataclass
class MergeLine:
    """One branch. `run` goes on until nothing waits, or nothing can be done now."""

    gate: Gatehouse
    place: Place
    step: Callable[[str], None]
    """Told the name of each step before it is taken."""
    window: int = 1
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _going: dict[str, _Going] = field(default_factory=dict)

    @property
    def _ports(self) -> ChangePorts:
        return ports_of(self.gate)

    async def run(self) -> bool:
        """Whether it is done; False: it cannot go on now, and is worth another try."""
        try:
            while True:
                self.wake.clear()
                # In a thread, since large changes take a while to be read.
                queued = await asyncio.to_thread(self.gate.store.read, self._queued)
                await self._drop_others(queued)
                if not queued:
                    return True
                try:
                    if not await self._advance(queued):
                        await self._wait()
                except UnavailableError:
                    return False
        finally:
            await self._drop_others({})

    def _queued(self, view: View) -> dict[str, Change]:
        return in_line(view, self.place)

    async def _advance(self, queued: Mapping[str, Change]) -> bool:
        """Do what is next; False when everything waits for tests."""
        landing_now = [each for each in queued.values() if each.state is ChangeState.MERGING]
        for change in landing_now:
            self.step("land")
            if await finish_landing(self.gate, change):
                self.window = wider(self.window, self._rules(change).window)
        if landing_now:
            return True
        head = await self._head(queued)
        if head is None:
            return True
        refused = await asyncio.to_thread(self._refused, queued, head)
        for change, why in refused:
            await self._eject(change, why)
        if refused:
            return True
        steps = plan(self._line(head, queued))
        for each in steps:
            await self._do(each, queued[each.change])
        return bool(steps)

    async def _head(self, queued: Mapping[str, Change]) -> str | None:
        repository, target = self.place
        try:
            return await asyncio.to_thread(self._ports.repositories.head, repository, target)
        except UsageError as error:
            for change in queued.values():
                await self._eject(change, str(error))
            return None

    def _line(self, head: str, queued: Mapping[str, Change]) -> Line:
        entries = []
        for change_id, change in queued.items():
            source = source_of(change)
            going = self._going.get(change_id)
            if going is None:
                going = self._going[change_id] = _Going(source)
            entries.append(Entry(change_id, going.build, going.tests))
        most = self._rules(next(iter(queued.values()))).window
        return Line(head, tuple(entries), min(self.window, most))

    def _rules(self, change: Change) -> ChangeRules:
        return policy_of(self.gate, change).changes

    def _refused(self, queued: Mapping[str, Change], head: str) -> list[tuple[Change, str]]:
        """Those that have no place in the line, and why."""
        found = []
        for change in queued.values():
            rules = self._rules(change)
            why = why_not_now(self.gate, change, head=head) if rules.test else NO_TESTS
            if why:
                found.append((change, why))
        return found

    async def _drop_others(self, queued: Mapping[str, Change]) -> None:
        """Forget what left the line, or what is no longer what was built."""
        gone = [
            change_id
            for change_id, going in self._going.items()
            if change_id not in queued or source_of(queued[change_id]) != going.source
        ]
        for change_id in gone:
            await self._stop(self._going.pop(change_id))

    async def _wait(self) -> None:
        """Until tests end, or something is stored."""
        running = [going.task for going in self._going.values() if going.task is not None]
        waking = asyncio.create_task(self.wake.wait())
        try:
            await asyncio.wait({waking, *running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
        for change_id, going in list(self._going.items()):
            if going.task is not None and going.task.done():
                await self._tested(change_id, going, going.task)

    # --- steps

    async def _do(self, step: Step, change: Change) -> None:
        going = self._going[change.id]
        match step:
            case Rebuild(_, onto):
                await self._rebuild(change, going, onto)
            case Test():
                await self._test(change, going)
            case Stop():
                await self._stop(going)
                going.build = None
            case Land():
                await self._land(change, going)
            case Eject():
                await self._blame(change, going)

    async def _rebuild(self, change: Change, going: _Going, onto: str) -> None:
        await self._stop(going)
        self.step("build")
        try:
            going.build = await self._build(change, going, onto)
        except UnavailableError as error:
            going.faults += 1
            if going.faults < TRIES:
                raise
            await self._eject(change, f"it cannot be merged: {error.message}")
        except AssentError as error:
            await self._eject(change, f"it cannot be merged: {error}")

    async def _build(self, change: Change, going: _Going, onto: str) -> Build:
        git, (repository, target) = self._ports.repositories, self.place
        payload, source = change.newest.payload, source_of(change)
        if not isinstance(payload, TreePayload):
            raise UsageError(f"{change.name} holds no files.")
        author = Signature(change.newest.by)
        message = merge_message(change, log_head=await log_head(self.gate, change))

        def work() -> Candidate | Conflict | str:
            made = git.candidate(
                repository, onto=onto, commit=source, message=message, author=author
            )
            if isinstance(made, Conflict):
                return made
            if going.accepted is None:
                going.accepted = git.patches(repository, payload.base, source)
            merged = git.patches(repository, onto, made.commit)
            return deviation(going.accepted, merged, target=target) or made

        made = await asyncio.to_thread(work)
        match made:
            case Candidate(commit, tree):
                return Built(onto, commit, tree)
            case Conflict(paths):
                return Clash(onto, f"it conflicts with what is in `{target}`, in {named(paths)}")
            case str():
                return Clash(onto, made)

    async def _test(self, change: Change, going: _Going) -> None:
        """Start the tests, with the command of the policy in force and of nobody else."""
        rules, build = self._rules(change), going.build
        if not isinstance(build, Built):
            return
        self.step("test")
        if change.state is ChangeState.QUEUED:
            fields: dict[str, Json] = {"onto": build.onto, "tree": build.tree}
            begun = await self._take(
                change, lambda it, at: landing.testing(it, at=at), "testing", fields
            )
            if isinstance(begun, Refusal):
                return
        earlier = self._earlier(change, tree=build.tree, command=rules.test)
        if earlier is not None:
            going.run, going.tests = earlier, Tests.PASSED
            return
        shared = {path: f"{change.workspace}/{path}" for path in rules.share}
        running = self._ports.tests.run(
            self.place[0],
            build.commit,
            rules.test,
            limit_s=rules.test_limit_ms / 1000,
            retries=rules.test_retries,
            shared=shared,
            must_confine=rules.sandbox,
        )
        going.task = asyncio.create_task(running)
        going.tests = Tests.RUNNING

    def _earlier(self, change: Change, *, tree: str, command: str) -> TestRun | None:
        """A run of the same command on the very same files that passed.

        Of other changes only for one that takes back: its tree is one that was there before.
        """
        known = list(change.tests)
        if change.reverts is not None:
            recent = self.gate.store.read(lambda view: view.changes(limit=LOOKED_BACK))
            known += [
                run for each in recent if each.repository == change.repository for run in each.tests
            ]
        fitting = (run for run in known if (run.tree, run.command, run.ok) == (tree, command, True))
        return next(fitting, None)

    async def _tested(self, change_id: str, going: _Going, task: "asyncio.Task[TestRun]") -> None:
        going.task = None
        change = self.gate.store.read(lambda view: view.change(change_id))
        if change is None:
            return
        try:
            run = task.result()
        except AssentError as error:
            await self._eject(change, f"its tests could not be run: {error}")
            return
        self.step("tested")
        await self._take(
            change, lambda it, at: landing.tested(it, run, at=at), "tested", run_fields(run)
        )
        going.run, going.tests = run, Tests.PASSED if run.ok else Tests.FAILED

    async def _land(self, change: Change, going: _Going) -> None:
        """Store what is about to happen; the next look at the line makes it happen."""
        build, run, rules = going.build, going.run, self._rules(change)
        if not isinstance(build, Built) or run is None or run.command != rules.test:
            going.tests = Tests.NONE
            return
        name = f"changes/{change.number}/{build.commit}"
        git = self._ports.repositories
        await asyncio.to_thread(git.keep, self.place[0], name, build.commit)

        grounds = await grounds_of(self.gate, change, head=build.onto)
        seen = await log_head(self.gate, change)
        piece = await asyncio.to_thread(tests_piece, self.gate, run)
        evidence = "" if piece is None else f"sha256:{piece.digest}"

        def step(current: Change, at: int) -> Taken:
            why = why_not(current, rules, ground_in_force(grounds, current))
            if why or source_of(current) != going.source:
                return Refusal(Cause.NOT_ACCEPTED, why or "it is another revision now")
            planned = Landing(
                before=build.onto,
                after=build.commit,
                tree=build.tree,
                tests=run,
                at=at,
                policy=grounds.policy.digest,
                seen=seen,
                evidence=evidence,
            )
            return landing.landing(current, planned, at=at)

        self.step("plan")
        fields: dict[str, Json] = {"before": build.onto, "after": build.commit, "tree": build.tree}
        await self._take(change, step, "merging", fields)

    async def _blame(self, change: Change, going: _Going) -> None:
        if isinstance(going.build, Clash):
            await self._eject(change, f"{going.build.why}.")
            return
        self.window = narrower(self.window)
        run = going.run
        times = f" {run.attempts} times" if run is not None and run.attempts > 1 else ""
        log = f"; its log is {run.log}" if run is not None and run.log else ""
        await self._eject(change, f"the tests failed{times} on what would be merged{log}.")

    async def _eject(self, change: Change, why: str) -> None:
        going = self._going.pop(change.id, None)
        if going is not None:
            await self._stop(going)
        fields: dict[str, Json] = {"why": why}
        await self._take(
            change, lambda it, at: landing.ejected(it, at=at, why=why), "ejected", fields
        )

    async def _stop(self, going: _Going) -> None:
        task, going.task = going.task, None
        going.tests, going.run = Tests.NONE, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _take(
        self,
        change: Change,
        step: Callable[[Change, int], Taken],
        what: str,
        fields: Mapping[str, Json],
    ) -> Taken:
        """Take a step from what is stored now; a refusal is seen when the line is looked at
        again."""
        now = self.gate.clock.now()
        return await records.take(
            self.gate, change, lambda it: step(it, now), what, fields=lambda _: fields
        )


def in_line(view: View, place: Place) -> dict[str, Change]:
    """What waits for a branch, by id, in the order in which it was queued."""
    repository, target = place
    found = [
        change
        for change in view.open_changes(repository)
        if change.state in IN_QUEUE and change.target == target
    ]
    found.sort(key=lambda change: (change.queued_at or 0, change.number))
    return {change.id: change for change in found}
