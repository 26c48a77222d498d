"""What changes need from outside: git, tests in a sandbox, reviewers, files with values.

All methods that are not `async` block for as long as git takes: use cases call them in a thread.
All raise UnavailableError with the reason when something cannot be done now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assent.core.changes.hunks import FilePatch
from assent.core.changes.model import (
    Change,
    HunkId,
    Part,
    Revision,
    TestRun,
    TreePayload,
    Verdict,
)
from assent.core.policy.changes import ChangeRules
from assent.core.policy.team import TeamRule
from assent.core.proof.log import NewEntry
from assent.core.risk.edits import ChangeReading, FileVersion


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change comes from."""

    workspace: str
    """Real path of the work tree's root."""
    repository: str
    """Real path of the common git folder."""
    branch: str
    """Checked out there; empty when detached."""
    target: str
    """Where it would go if nobody says otherwise: the remote's default branch, else `main`,
    `master`, `trunk`; empty when there is none of them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that the target could move to."""

    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """It cannot be merged: both sides changed these paths."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """The target was not where it was expected to be: somebody else moved it."""

    now: str


@dataclass(frozen=True, slots=True)
class InTheWay:
    """The target is checked out with uncommitted changes in files that the merge changes."""

    workspace: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Landed:
    """The target moved. `behind` names work trees whose files could not follow, with reasons."""

    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who a commit names. The committer is always Assent."""

    name: str
    email: str = ""


class Repositories(Protocol):
    """The executor's own bare repositories, one for each repository changes come from.

    The user's repository is only read (fetched from), but for `land`.
    """

    def place(self, folder: str) -> Place | None:
        """The repository that `folder` lies in; None when it lies in none."""
        ...

    def capture(
        self, place: Place, *, target: str, uncommitted: bool, branch: str = ""
    ) -> TreePayload:
        """Fetch what is to be reviewed into the executor's repository, kept there by a ref.

        With `branch` that branch's commit, else the work tree's HEAD; with `uncommitted` a commit
        on top of HEAD with all the work tree holds and git does not ignore. Raises UsageError when
        the target does not exist or has no common history with it. `base` is the merge base.
        """
        ...

    def continued(
        self, repository: str, payload: TreePayload, *, target: str, merged: Sequence[str]
    ) -> TreePayload:
        """`payload` without what was merged of its work tree already, as the merge commits
        `merged` (the newest first); `payload` itself when it does not hold any of that."""
        ...

    def head(self, repository: str, target: str) -> str:
        """The commit of `refs/heads/<target>` in the user's repository now, fetched; UsageError
        when there is none."""
        ...

    def patches(
        self, repository: str, base: str, commit: str, *, context: int = 3
    ) -> tuple[FilePatch, ...]:
        """The difference between two commits or trees, file by file, in order of path."""
        ...

    def versions(self, repository: str, base: str, commit: str) -> tuple[FileVersion, ...]:
        """The same as texts, as risk reads them; not for files too large to be read."""
        ...

    def authors(self, repository: str, base: str, commit: str) -> tuple[str, ...]:
        """Authors and committers of the commits that `commit` has and `base` has not, each once:
        `Ana Lima <ana@example.com>`. Without those who have no name but Assent's own."""
        ...

    def blob(self, repository: str, commit: str, path: str) -> bytes | None:
        """A file's bytes in a commit; None when it is not there. At most 8 MiB."""
        ...

    def split(self, repository: str, payload: TreePayload, accepted: Sequence[HunkId]) -> Part:
        """Build the accepted part and the commit of the rest; `Part.revision` is 0."""
        ...

    def rest_of(self, repository: str, part: Part, *, onto: str) -> TreePayload | Conflict | None:
        """What is left of a proposal after its part was merged as `onto`; None: nothing is."""
        ...

    def candidate(
        self, repository: str, *, onto: str, commit: str, message: str, author: Signature
    ) -> Candidate | Conflict:
        """Merge `commit` into `onto` (attributes of `onto` hold), as a merge commit of both."""
        ...

    def inverse(self, repository: str, *, onto: str, merge: str) -> TreePayload | Conflict:
        """A commit on `onto` that takes the merge commit `merge` back."""
        ...

    def land(
        self,
        repository: str,
        target: str,
        *,
        before: str,
        after: str,
        entry: NewEntry | None = None,
    ) -> Landed | Moved | InTheWay:
        """Move `refs/heads/<target>` of the user's repository from `before` to `after` in one
        transaction, and bring along the work trees in which it is checked out. `entry` goes into
        the repository's log of decisions with the same transaction, where that log knows who
        signed it; else it is left to who appends the rest.

        Doing it again after it was done, or after a kill in between, ends in the same.
        """
        ...

    def contains(self, repository: str, target: str, commit: str) -> bool:
        """Whether the target's history holds `commit`."""
        ...

    def keep(self, repository: str, name: str, commit: str) -> None:
        """Keep `commit` from being collected, under `refs/assent/<name>`."""
        ...


class Tests(Protocol):
    """Runs a command on a commit's files, in a sandbox without network, credentials and home."""

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
        """`ok` is False also when it took too long. Its log is kept under `TestRun.log`.

        `shared` are folders that are linked into the files: the path there, and the folder's own.
        With `must_confine` raises UnavailableError where no sandbox can be had.
        """
        ...

    def log(self, digest: str) -> bytes | None:
        """A kept log."""
        ...


@dataclass(frozen=True, slots=True)
class Ran:
    """What a check of the project's own came to."""

    code: int | None
    """Its exit code; None: it was stopped because it took too long."""
    output: bytes
    """What it printed, both streams, cut in the middle when it is very long."""
    sandbox: str
    """As in `TestRun.sandbox`."""
    roots: tuple[str, ...] = ()
    """Absolute paths under which the command may have named the folder of the files."""


class Checkouts(Protocol):
    """Runs the project's own linters and type checkers on a commit's files."""

    async def run_check(
        self,
        repository: str,
        commit: str,
        command: str,
        *,
        limit_s: float,
        shared: Mapping[str, str] | None = None,
        must_confine: bool = False,
    ) -> Ran:
        """`shared` and `must_confine` as in `Tests.run`."""
        ...


class Values(Protocol):
    """Files that hold values of changes which are not code."""

    def read(self, file: str, pointer: str) -> str | None:
        """The value's text: of the file as a whole, or JSON. Raises UsageError when the file
        cannot be read so."""
        ...

    def replace(self, file: str, pointer: str, *, before: str | None, after: str | None) -> bool:
        """Write `after` if `before` is there; whether that is what is there now. Atomic."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What a reviewer is given."""

    change: Change
    revision: Revision
    patches: tuple[FilePatch, ...]
    rules: ChangeRules
    """Of the policy in force, never of the change itself."""
    team: tuple[str, ...] = ()
    """The team's rules, as agents are told them."""
    earlier: tuple[Verdict, ...] = field(default=())
    """What other reviewers said of this revision."""
    team_rules: tuple[TeamRule, ...] = ()
    """The same rules as `team`, as the policy in force has them."""
    reading: ChangeReading | None = None
    """What the difference amounts to, where it was read already."""


class Reviewer(Protocol):
    """Looks at a revision. Never raises: what goes wrong is an `inconclusive` verdict."""

    @property
    def name(self) -> str: ...

    async def review(self, subject: Subject) -> Verdict: ...


class Reviewers(Protocol):
    """The reviewers that a policy names."""

    def static(self, rules: ChangeRules) -> Sequence[Reviewer]: ...

    def llm(self, rules: ChangeRules) -> Reviewer | None:
        """None when the policy names no model."""
        ...


@dataclass(frozen=True, slots=True)
class ChangePorts:
    """All of the above for one running Assent."""

    repositories: Repositories
    tests: Tests
    values: Values
    reviewers: Reviewers
