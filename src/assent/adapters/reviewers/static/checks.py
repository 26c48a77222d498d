"""The project's own linters and type checkers, run on the files of a revision."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assent.adapters.reviewers.static.reading import inconclusive, verdict_of
from assent.app.changes.ports import Checkouts, Ran, Subject
from assent.app.ports import Clock
from assent.core.changes.check_output import read_lines, read_sarif
from assent.core.changes.findings import Reported, Settled, settle, weight
from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import Opinion, Severity, TreePayload, Verdict
from assent.core.policy.changes import CheckRule
from assent.core.policy.globs import fits
from assent.core.redact import redact
from assent.errors import UnavailableError

LIMIT_S = 300.0
"""For one call of a check."""
PATHS = "{paths}"
MOST_WORDS = 64 * 1024
"""Bytes of paths in one call: the kernel takes 128 KiB for the text of a shell."""
TAIL_LINES = 20
TOLD_ELSEWHERE = 5
"""Findings in other files that are told one by one."""
MISSING = frozenset((126, 127))
"""How a shell ends whose program is not there, or cannot be run."""


@dataclass(frozen=True)
class CheckReviewer:
    """Implements `Reviewer` by a command of the policy in force."""

    rule: CheckRule
    checkouts: Checkouts
    clock: Clock

    @property
    def name(self) -> str:
        return f"check:{self.rule.name}"

    async def review(self, subject: Subject) -> Verdict:
        """Inconclusive when the command is not there, is late, or cannot be run."""
        began = self.clock.now()
        payload = subject.revision.payload
        files = tuple(_files(self.rule, subject.patches))
        if not files or not isinstance(payload, TreePayload):
            return verdict_of(
                self.name,
                subject,
                Settled(()),
                began=began,
                clock=self.clock,
                said="no file that it looks at",
            )
        try:
            ran = await self._runs(subject, payload.commit, files)
            why = self._unusable(ran)
            if why:
                return inconclusive(self.name, subject, why, began=began, clock=self.clock)
            elsewhere = await self._elsewhere(subject, payload, files, ran)
        except UnavailableError as error:
            return inconclusive(self.name, subject, str(error), began=began, clock=self.clock)
        return self._verdict(subject, ran, elsewhere, began=began)

    async def _runs(self, subject: Subject, commit: str, files: Sequence[str]) -> tuple[Ran, ...]:
        """What all calls came to; up to the first that could not be made."""
        change = subject.change
        shared = {name: f"{change.workspace}/{name}" for name in subject.rules.share}
        done: list[Ran] = []
        for command in commands(self.rule.command, files):
            ran = await self.checkouts.run_check(
                change.repository,
                commit,
                command,
                limit_s=LIMIT_S,
                shared=shared,
                must_confine=subject.rules.sandbox,
            )
            done.append(ran)
            if self._unusable((ran,)):
                break
        return tuple(done)

    def _unusable(self, runs: Sequence[Ran]) -> str:
        """Why nothing can be concluded from a run; empty when something can."""
        ran = runs[-1]
        if ran.code is None:
            return f"`{self.rule.command}` took longer than {LIMIT_S:.0f} s and was stopped"
        if ran.code in MISSING:
            said = tail(ran.output, lines=1)
            return (
                f"`{self.rule.command}` could not be run where checks run ({said}): install it for "
                "the project, or change the check in the policy"
            )
        if self.rule.form == "sarif" and any(self._read(ran) is None for ran in runs):
            return (
                f"`{self.rule.command}` printed no SARIF (exit code {ran.code}): set its option "
                f'for that, or `format = "plain"`: {tail(ran.output, lines=3)}'
            )
        return ""

    def _read(self, ran: Ran) -> tuple[Reported, ...] | None:
        read = read_sarif if self.rule.form == "sarif" else read_lines
        return read(ran.output, roots=ran.roots, severity=self.rule.severity)

    def _reported(self, runs: Sequence[Ran]) -> tuple[Reported, ...]:
        return tuple(item for ran in runs for item in self._read(ran) or ())

    async def _elsewhere(
        self, subject: Subject, payload: TreePayload, files: Sequence[str], runs: Sequence[Ran]
    ) -> tuple[Reported, ...]:
        """Findings in files that the change does not touch and that come from it all the same:
        a caller that no longer fits. Told by running the check on the base as well; raises
        UnavailableError when that cannot be done, since then nothing is known of them."""
        touched = {patch.path for patch in subject.patches}
        here = [item for item in self._reported(runs) if item.path and item.path not in touched]
        new_files = {patch.path for patch in subject.patches if patch.old_mode is None}
        files = [path for path in files if path not in new_files]
        if not here or not files:
            return ()
        before = await self._runs(subject, payload.base, files)
        why = self._unusable(before)
        if why:
            raise UnavailableError(f"It found something elsewhere, and on the base {why}.")
        known = Counter(_known_by(item) for item in self._reported(before))
        new: list[Reported] = []
        for item in here:
            known[_known_by(item)] -= 1
            if known[_known_by(item)] < 0:
                new.append(item)
        return tuple(new)

    def _verdict(
        self, subject: Subject, runs: Sequence[Ran], elsewhere: Sequence[Reported], *, began: int
    ) -> Verdict:
        reported = self._reported(runs)
        failed = next((ran for ran in runs if ran.code != 0), None)
        if failed is not None and not reported:
            reported = (_unread(self.rule, failed),)
        settled = settle(
            self.name,
            [self._capped(item) for item in (*reported, *_told(elsewhere))],
            subject.patches,
        )
        wrong = any(item.in_diff and weight(item.severity) > 0 for item in settled.findings)
        stops = failed is not None and self.rule.fails and wrong
        touched = {patch.path for patch in subject.patches}
        left = sum(item.path not in touched for item in reported if item.path) - len(elsewhere)
        return verdict_of(
            self.name,
            subject,
            settled,
            began=began,
            clock=self.clock,
            opinion=Opinion.CHANGES if stops else None,
            said=f"{left} in files that the change does not touch left out" if left > 0 else "",
            made_with=f"`{self.rule.command}`, {runs[-1].sandbox}",
        )

    def _capped(self, item: Reported) -> Reported:
        """A check that does not count has no errors."""
        if self.rule.fails or item.severity is not Severity.ERROR:
            return item
        return Reported(
            rule=item.rule,
            severity=Severity.WARNING,
            message=item.message,
            path=item.path,
            line=item.line,
            end_line=item.end_line,
        )


def _files(rule: CheckRule, patches: Sequence[FilePatch]) -> Iterator[str]:
    """The changed files that are there to be looked at; where the command does not name them, all
    that changed, also those that went."""
    for patch in patches:
        there = patch.new_mode in ("100644", "100755")
        if (there or PATHS not in rule.command) and (
            not rule.paths or any(fits(glob, patch.path) for glob in rule.paths)
        ):
            yield patch.path


def commands(command: str, paths: Sequence[str]) -> Iterator[str]:
    """The calls to be made: one, or several where there are too many paths for one."""
    if PATHS not in command:
        yield command
        return
    words: list[str] = []
    size = 0
    for path in paths:
        # A file is no option, whatever it is called.
        word = shlex.quote(f"./{path}" if path.startswith("-") else path)
        length = len(word.encode("utf-8", "surrogatepass")) + 1
        if words and size + length > MOST_WORDS:
            yield command.replace(PATHS, " ".join(words))
            words, size = [], 0
        words.append(word)
        size += length
    yield command.replace(PATHS, " ".join(words))


def _known_by(item: Reported) -> tuple[str, str, str]:
    return item.rule, item.path, item.message


def _told(elsewhere: Sequence[Reported]) -> Iterator[Reported]:
    """What a change breaks elsewhere, said of the change as a whole."""
    for item in elsewhere[:TOLD_ELSEWHERE]:
        yield Reported(
            rule=item.rule,
            severity=item.severity,
            message=f"not so before this change, in {item.path}:{item.line}: {item.message}",
        )
    more = elsewhere[TOLD_ELSEWHERE:]
    if more:
        worst = max(more, key=lambda item: weight(item.severity))
        yield Reported(
            rule="elsewhere",
            severity=worst.severity,
            message=f"{len(more)} more in files that the change does not touch",
        )


def _unread(rule: CheckRule, ran: Ran) -> Reported:
    return Reported(
        rule=f"exit-{ran.code}",
        severity=Severity.ERROR,
        message=f"`{rule.command}` ended with exit code {ran.code}: {tail(ran.output)}",
    )


def tail(output: bytes, *, lines: int = TAIL_LINES) -> str:
    """The last lines of what a program printed, secrets hidden."""
    last = output[-8_000:].decode("utf-8", "replace").strip().splitlines()[-lines:]
    return redact("\n".join(last))[-700:] or "it printed nothing"
