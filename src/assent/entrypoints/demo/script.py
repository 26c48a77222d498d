"""What the demo's agent does, step by step, and what the person of `--auto` says to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assent.core.approvals import Verdict
from assent.core.canonical import Json
from assent.entrypoints.demo.sample import BRANCH, PACKAGE, STALE, TESTS

FIXED = "    return f\"Hello, {name or 'you'}\"\n"
BEFORE = '    return f"Hello, {name}"\n'
TEST_OF_THE_FIX = (
    "    def test_name(self):\n"
    '        self.assertEqual(greet("Ana"), "Hello, Ana")\n\n'
    "    def test_nobody(self):\n"
    '        self.assertEqual(greet(""), "Hello, you")\n'
)
OLD_TEST = '    def test_name(self):\n        self.assertEqual(greet("Ana"), "Hello, Ana")\n'

PLAN = f"""# Greet people who gave no name

1. Say "Hello, you" when the name is empty: `{PACKAGE}`.
2. Add a test to `{TESTS}` and run them all.
3. Delete the old exports.
4. Commit, push to `origin` and release to staging.
"""


class Expected(StrEnum):
    """What Assent's own policy does with a step."""

    AT_ONCE = "at once"
    ASKED = "asked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person of `--auto` says about a step."""

    verdict: Verdict
    reason: str = ""
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call, as Claude Code would make it."""

    name: str
    """Also the call's id."""
    shown: str
    tool: str
    arguments: Mapping[str, Json]
    expected: Expected
    reply: Reply | None = None
    is_planning: bool = False
    """Made in the agent's plan mode."""

    @property
    def should_run(self) -> bool:
        if self.reply is None:
            return self.expected is Expected.AT_ONCE
        return self.reply.verdict is not Verdict.REJECT


def steps(repo: Path) -> Sequence[Step]:
    """The whole script, for the sample repository at `repo`."""
    return (*_planning(repo), *_working(repo), *_leaving(repo))


def _planning(repo: Path) -> Sequence[Step]:
    return (
        _command("look", "git status", Expected.AT_ONCE, is_planning=True),
        Step(
            name="write-early",
            shown=f"edit {PACKAGE}, with no plan approved",
            tool="Edit",
            arguments=_edit(repo / PACKAGE, BEFORE, FIXED),
            expected=Expected.REFUSED,
            is_planning=True,
        ),
        Step(
            name="plan",
            shown="show its plan",
            tool="ExitPlanMode",
            arguments={"plan": PLAN},
            expected=Expected.ASKED,
            reply=Reply(Verdict.APPROVE),
            is_planning=True,
        ),
    )


def _working(repo: Path) -> Sequence[Step]:
    return (
        Step(
            name="edit",
            shown=f"edit {PACKAGE}",
            tool="Edit",
            arguments=_edit(repo / PACKAGE, BEFORE, FIXED),
            expected=Expected.AT_ONCE,
        ),
        Step(
            name="edit-tests",
            shown=f"edit {TESTS}",
            tool="Edit",
            arguments=_edit(repo / TESTS, OLD_TEST, TEST_OF_THE_FIX),
            expected=Expected.AT_ONCE,
        ),
        _command("tests", "python3 -m unittest", Expected.AT_ONCE, says="Run all tests"),
        _command("diff", "git diff --stat", Expected.AT_ONCE),
        _command(
            "delete",
            "rm -rf exports",
            Expected.ASKED,
            Reply(Verdict.MODIFY, "Keep what was sent.", text=f"rm -rf {STALE}"),
            says="Tidy up old exports",
        ),
    )


def _leaving(repo: Path) -> Sequence[Step]:
    no_secret = "Not needed: the tests run without it."
    no_push = "Not before a review: leave the commit on your branch."
    return (
        _command("list", "ls exports", Expected.AT_ONCE),
        Step(
            name="secret",
            shown="read .env",
            tool="Read",
            arguments={"file_path": str(repo / ".env")},
            expected=Expected.ASKED,
            reply=Reply(Verdict.REJECT, no_secret),
        ),
        _command("commit", "git commit -a -m 'Greet people who gave no name'", Expected.AT_ONCE),
        _command(
            "push",
            f"git push origin {BRANCH}",
            Expected.ASKED,
            Reply(Verdict.REJECT, no_push),
            says="Share the commit",
        ),
        Step(
            name="release",
            shown="call deploy/release (MCP) for staging",
            tool="mcp__deploy__release",
            arguments={"project": "greeter", "to": "staging"},
            expected=Expected.ASKED,
            reply=Reply(Verdict.APPROVE),
        ),
    )


def last_try() -> Step:
    """What the agent tries when Assent has been stopped."""
    return _command("unguarded", f"git push origin {BRANCH}", Expected.REFUSED)


def _command(
    name: str,
    script: str,
    expected: Expected,
    reply: Reply | None = None,
    *,
    says: str = "",
    is_planning: bool = False,
) -> Step:
    """A shell command. `says` is what the agent claims that it is for."""
    arguments: Mapping[str, Json] = {"command": script, "description": says or script}
    return Step(
        name=name,
        shown=script,
        tool="Bash",
        arguments=arguments,
        expected=expected,
        reply=reply,
        is_planning=is_planning,
    )


def _edit(path: Path, old: str, new: str) -> Mapping[str, Json]:
    return {"file_path": str(path), "old_string": old, "new_string": new}
