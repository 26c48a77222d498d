"""The log of decisions: appending to it, and verifying commits against a long one."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from assent.adapters.git.clones import Clone
from assent.adapters.git.log import GitLogs
from assent.adapters.identity.many import ManySignatures
from assent.adapters.identity.server_key import ServerKeyFile
from assent.app.proof.record import BEGUN, keys_predicate
from assent.app.proof.verify_range import Question, RangeVerification, verify_range
from assent.core.canonical import Json
from assent.core.people.model import Person
from assent.core.proof.dsse import Envelope
from assent.core.proof.log import NewEntry, hexdigest
from assent.core.proof.statement import (
    DECISION,
    KEYS,
    MERGE,
    Statement,
    Subject,
    statement_bytes,
)
from benchmarks.measure import Timings
from benchmarks.report import Row
from tests.signing import SshSigner

DECISIONS = 10_000
MERGES = 1_000
"""Of the decisions so many are about changes that merged: the commits that are verified."""
APPENDS = 50
ROUNDS = 5
MAIN = "refs/heads/main"
AT = 1_700_000_000_000


def run(*, quick: bool) -> Sequence[Row]:
    decisions, merges, appends, rounds = (
        (30, 10, 3, 1) if quick else (DECISIONS, MERGES, APPENDS, ROUNDS)
    )
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as folder:
        house = _House(Path(folder))
        commits = house.commits(merges)
        house.fill(commits, decisions)
        appended = Timings.of([house.append(number) for number in range(appends)])
        before = sum(os.times()[:4])
        verified, found = house.verify(merges, rounds)
        busy = (sum(os.times()[:4]) - before) / rounds
    approved = sum(each.is_approved for each in found.answers)
    if approved != merges or found.troubles:
        raise AssertionError(f"{approved} of {merges} approved: {found.troubles[:3]}")
    return [
        Row("append to the log, p50", appended.p50, "ms", at_most=50, detail=str(appended)),
        Row(
            f"verify {decisions:,} decisions, {merges:,} commits, fastest",
            verified.ms[0] / 1000,
            "s",
            at_most=3,
            detail=f"{busy:.1f} s of processor time; {found.entries:,} entries, each decision "
            "signed by a person and the server",
        ),
    ]


class _House:
    """A repository whose log is written at once, as the daemon would in a year."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "repo"
        self._git("init", "-q", "-b", "main", str(self._folder), cwd=folder)
        self._server = ServerKeyFile(folder / "server.key")
        self._ana = SshSigner()
        self._logs = GitLogs()

    @property
    def _repository(self) -> str:
        return str(self._folder / ".git")

    def _git(self, *words: str, given: bytes = b"", cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self._folder,
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commits(self, count: int) -> list[tuple[str, str, str]]:
        """Commits of `main` after the first: parent, commit, tree."""
        stream = [b"feature done"]
        for number in range(count + 1):
            stream += [
                b"commit refs/heads/main",
                b"committer U <u@example.org> %d +0000" % (AT // 1000 + number),
                b"data 1\nx",
                b"M 100644 inline src/%d/%d.txt\ndata 1\nx" % (number % 50, number),
                b"",
            ]
        stream.append(b"done\n")
        self._git("fast-import", "--quiet", given=b"\n".join(stream))
        listed = self._git("log", "--reverse", "--format=%P %H %T", "main").splitlines()[1:]
        return [(parent, commit, tree) for parent, commit, tree in map(str.split, listed)]

    def fill(self, commits: Sequence[tuple[str, str, str]], decisions: int) -> None:
        """Keys, a decision and a merge for each commit, and decisions about requests."""
        entries = [self._keys()]
        for number, (parent, commit, tree) in enumerate(commits):
            said = self._decision(number, parent, tree)
            entries += [said, self._merge(said, number, (parent, commit, tree))]
        entries += [self._request(number) for number in range(decisions - len(commits))]
        self._put(entries)
        self._git("-c", "gc.auto=0", "repack", "-q", "-a", "-d")

    def append(self, number: int) -> int:
        """One more decision, as the daemon appends it; nanoseconds."""
        entry = self._request(10_000_000 + number)
        started = time.perf_counter_ns()
        self._put([entry])
        return time.perf_counter_ns() - started

    def _put(self, entries: Sequence[NewEntry]) -> None:
        state = self._logs.state(self._repository)
        if self._logs.append(self._repository, entries, after=state, at=AT) is None:
            raise AssertionError("nobody else appends here")

    def verify(self, merges: int, rounds: int) -> tuple[Timings, RangeVerification]:
        """The whole way, from a clone that nothing is known of."""
        taken, found = [], []
        question = Question(given=f"main~{merges}..main", ref=MAIN)
        for _ in range(rounds):
            started = time.perf_counter_ns()
            found.append(verify_range(Clone(self._folder), ManySignatures(), question))
            taken.append(time.perf_counter_ns() - started)
        return Timings.of(taken), found[-1]

    def _signed(self, statement: Statement, *, by_ana: bool) -> NewEntry:
        payload = statement_bytes(statement)
        mine = (self._ana.signature(payload),) if by_ana else ()
        return NewEntry(Envelope(payload, (*mine, self._server.sign(payload))))

    def _keys(self) -> NewEntry:
        ana = Person(name="ana", added_at=0, added_by="", roles=("admin",), keys=(self._ana.key,))
        public = self._server.public
        predicate = {
            **keys_predicate([ana], change=BEGUN, at=AT),
            "server": [{"keyid": public.keyid, "publicKey": public.blob}],
            "prev": "",
        }
        return self._signed(Statement(KEYS, (Subject("keys", {}),), predicate), by_ana=False)

    def _decision(self, number: int, parent: str, tree: str) -> NewEntry:
        said = self._said(number) | {
            "decision": "accept",
            "change": f"CH-{number}",
            "ref": MAIN,
            "base": parent,
            "tree": tree,
            "hunks": [hexdigest(b"%d" % number)],
            "whole": True,
            "binding": f"sha256:{hexdigest(tree.encode())}",
        }
        subject = Subject(MAIN, {"gitTree": tree})
        return self._signed(Statement(DECISION, (subject,), said), by_ana=True)

    def _request(self, number: int) -> NewEntry:
        said = self._said(number) | {"decision": "approve", "request": f"REQ-{number}"}
        subject = Subject(f"REQ-{number}", {"sha256": hexdigest(b"%d" % number)})
        return self._signed(Statement(DECISION, (subject,), said), by_ana=True)

    @staticmethod
    def _said(number: int) -> dict[str, Json]:
        return {
            "by": "ana",
            "via": "web",
            "hand": "approve",
            "reason": "it does what the plan says, and its tests are there",
            "version": 1,
            "risk": "high",
            "rule": "changes-outside-the-plan",
            "policy": f"sha256:{'b' * 64}",
            "needs": [{"group": "", "people": [], "count": 1}],
            "agent": {"agent": "claude-code", "session": "0f6d2f62-4c53-4b8d-9d2e-benchmark"},
            "at": AT + number,
        }

    def _merge(self, said: NewEntry, number: int, at: tuple[str, str, str]) -> NewEntry:
        parent, commit, tree = at
        predicate: dict[str, Json] = {
            "change": f"CH-{number}",
            "ref": MAIN,
            "before": parent,
            "after": commit,
            "tree": tree,
            "binding": f"sha256:{hexdigest(tree.encode())}",
            "decisions": [f"sha256:{said.id}"],
            "tests": {"command": "make test", "outcome": "passed"},
            "owner": "ana",
            "at": AT,
        }
        subject = Subject(MAIN, {"gitTree": tree})
        return self._signed(Statement(MERGE, (subject,), predicate), by_ana=False)
