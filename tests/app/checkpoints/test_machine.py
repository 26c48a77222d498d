"""Whatever agents, people and others do in whatever order: nothing that bypassed a call stays
unseen, what a person undid is gone, and what a person or a call made stays."""

import asyncio
from collections.abc import Awaitable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from assent.app.agents import LetThrough
from assent.app.question import Waiting
from assent.core.actions import UnexplainedChange
from assent.core.approvals import Verdict
from tests.app.checkpoints.conftest import Yard, command, edit

SESSIONS = st.sampled_from(["s1", "s2"])
NAMES = st.sampled_from(["a.py", "b.py", "c.py"])


class Worktree(RuleBasedStateMachine):
    """One agent's run is at work all the time; every text that is written is a new one."""

    def __init__(self) -> None:
        super().__init__()
        self.yard = Yard()
        self.count = 0
        self.agreed = dict(self.yard.files)
        """What calls made of the files, and what people kept."""
        self.do(self.yard.runs(command("make first"), call="first"))

    def do(self, work: Awaitable[object]) -> object:
        async def within() -> object:
            found = await work
            await self.yard.gate.watch.settled()
            return found

        self.yard.clock.advance(1_000)
        return asyncio.run(within())

    def text(self) -> str:
        self.count += 1
        return f"{self.count}\n"

    @property
    def is_open(self) -> bool:
        return bool(self.yard.waiting())

    @property
    def sneaky(self) -> set[str]:
        """Files that nobody agreed to as they are."""
        now = self.yard.files
        return {name for name in {*now, *self.agreed} if now.get(name) != self.agreed.get(name)}

    # Agents

    @rule(session=SESSIONS, name=NAMES)
    def edits(self, session: str, name: str) -> None:
        """Looks at its own file before it runs, and at everything afterwards."""
        text = self.text()
        call = f"c{self.count}"
        answer = self.do(self.yard.asks(edit(name), session=session, call=call))
        if isinstance(answer, Waiting):
            assert self.sneaky
            return
        assert answer == LetThrough()
        assert name not in self.sneaky
        self.yard.files[name] = self.agreed[name] = text
        self.do(self.yard.ends(session=session, call=call))
        assert self.is_open == bool(self.sneaky)

    @rule(session=SESSIONS, name=NAMES)
    def runs(self, session: str, name: str) -> None:
        """A command looks at everything before it runs."""
        text = self.text()
        call = f"c{self.count}"
        answer = self.do(self.yard.asks(command(f"make {text}"), session=session, call=call))
        assert isinstance(answer, Waiting) == bool(self.sneaky)
        if answer == LetThrough():
            self.yard.files[name] = self.agreed[name] = text
            self.do(self.yard.ends(session=session, call=call))

    @rule(name=NAMES, gone=st.booleans())
    def bypasses(self, name: str, *, gone: bool) -> None:
        if gone:
            self.yard.files.pop(name, None)
        else:
            self.yard.files[name] = self.text()

    # People

    @precondition(lambda self: self.is_open)
    @rule()
    def keeps(self) -> None:
        shown = self.shown()
        self.do(self.yard.says(self.yard.waiting()[0].number, Verdict.APPROVE))
        for name, text in shown.items():
            if text is None:
                self.agreed.pop(name, None)
            else:
                self.agreed[name] = text

    @precondition(lambda self: self.is_open)
    @rule()
    def undoes(self) -> None:
        shown = self.shown()
        self.do(self.yard.says(self.yard.waiting()[0].number, Verdict.REJECT))
        assert self.sneaky.isdisjoint(shown)
        assert self.is_open == bool(self.sneaky)

    def shown(self) -> dict[str, str | None]:
        """The files of the open question, with what they held as it was asked."""
        action = self.yard.waiting()[0].proposal.action
        assert isinstance(action, UnexplainedChange)
        changes = self.yard.shadow.difference("/w", action.before, action.after)
        listed = {change.path.removeprefix("/w/") for change in action.changes}
        return {each.path: each.after_blob for each in changes if each.path in listed}

    # The machine

    @rule()
    def starts_again(self) -> None:
        self.yard.start()


Worktree.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestWorktree = Worktree.TestCase
