"""A change (a merge request): its revisions, what was said about them, and where it stands.

    draft ─> in_review ─accept─> approved ────────> queued ─> testing ─> merging ─> merged
               │   └──accept a part─> partly_approved ─┘         └────eject─┴─> ejected
               └─return─> changes_requested
    changes_requested, ejected ─new revision─> in_review;  ejected ─again─> queued
    every open state ─> abandoned;  merged ─> reverted

A change accepted in part goes on with that part alone; once it is merged, the rest comes back as a
new revision in `changes_requested`. Times are whole milliseconds since the epoch.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, TypeAlias

from assent.core.canonical import Digest
from assent.core.people.model import Factor
from assent.core.risk.factors import RiskClass

HunkId = NewType("HunkId", str)
"""SHA-256 in hexadecimal of a hunk's path and body; see `hunks`."""


class ChangeState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    PARTLY_APPROVED = "partly_approved"
    APPROVED = "approved"
    QUEUED = "queued"
    TESTING = "testing"
    MERGING = "merging"
    MERGED = "merged"
    EJECTED = "ejected"
    REVERTED = "reverted"
    ABANDONED = "abandoned"


CLOSED = frozenset({ChangeState.MERGED, ChangeState.REVERTED, ChangeState.ABANDONED})
"""States in which nobody has anything left to do; a merged change can still be reverted."""
IN_QUEUE = frozenset({ChangeState.QUEUED, ChangeState.TESTING, ChangeState.MERGING})


class Severity(StrEnum):
    """How much a finding weighs. An error keeps a change from merging without a person."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class ReviewerKind(StrEnum):
    STATIC = "static"
    LLM = "llm"
    PERSON = "person"


class Opinion(StrEnum):
    """What a reviewer makes of a revision. Doubt, an error and silence are `inconclusive`."""

    APPROVE = "approve"
    CHANGES = "changes"
    INCONCLUSIVE = "inconclusive"


class Stance(StrEnum):
    """What a person says of one hunk. What nobody said anything of is undecided: not accepted."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a revision has its class: one piece of evidence, as it is shown."""

    rule: str
    risk: RiskClass
    what: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class HunkRef:
    """One hunk of a revision, without its text, which git holds."""

    id: HunkId
    path: str
    risk: RiskClass
    added: int
    removed: int
    new_start: int = 0
    what: str = ""
    """The worst that stands out in it, in words; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class TreePayload:
    """Files of a git repository. Ids are git object names in the executor's repository."""

    base: str
    """The commit of the target branch that the revision was made against."""
    commit: str
    tree: str


@dataclass(frozen=True, slots=True)
class ValuePayload:
    """What is not code: one value of one file, compared and replaced as a whole."""

    sort: str
    """`config`, `memory` or `data`."""
    file: str
    """Absolute path of the file that holds it."""
    pointer: str
    """JSON pointer (RFC 6901) of the value in the file; empty: the file as a whole."""
    before: str | None
    """The text before (of the value: JSON); None: it is not there."""
    after: str | None


Payload: TypeAlias = TreePayload | ValuePayload


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a change."""

    number: int
    payload: Payload
    by: str
    """Who made it: an agent's name, or a person."""
    session: str
    """The agent's session; empty when a person made it."""
    model: str
    at: int
    risk: RiskClass
    reasons: tuple[Reason, ...]
    hunks: tuple[HunkRef, ...]
    trivial: str = ""
    """How it is proven that nothing can come of it; empty when that is not proven."""
    report: str = ""
    """What the agent says it did: the execution report, unverified."""
    note: str = ""
    """What is new in it, as its maker says; or where it came from (`the rest of revision 2`)."""
    in_plan: bool | None = None
    """Whether all paths lie within the approved plan; None: no plan names any."""
    submitter: str = ""
    """The person who handed it in, or whose token or terminal was used for that."""
    person: str = ""
    """Whose agent made it; empty: not known, or no agent did."""
    apart: bool = False
    """Whether its agent ran as another user of the system than Assent."""
    authors: tuple[str, ...] = ()
    """Authors and committers of its own commits, as git has them: `Ana Lima <ana@example.com>`."""

    @property
    def lines(self) -> int:
        """Changed lines: added and removed."""
        return sum(hunk.added + hunk.removed for hunk in self.hunks)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hunk.path for hunk in self.hunks))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a reviewer found in a revision."""

    fingerprint: str
    """Equal for the same finding in another revision: reviewer, rule, path and the quoted text."""
    reviewer: str
    rule: str
    severity: Severity
    message: str
    path: str = ""
    """Empty: about the change as a whole."""
    line: int = 0
    """In the new file, counted from one; 0: the file as a whole."""
    end_line: int = 0
    quote: str = ""
    """The text it is about, found in the file word for word."""
    in_diff: bool = True
    """Whether the place is one that the revision changes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one reviewer said of one revision."""

    reviewer: str
    """The reviewer's name, or the person's."""
    kind: ReviewerKind
    revision: int
    opinion: Opinion
    at: int
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    raises_to: RiskClass | None = None
    """The class it finds the revision to have; only a higher one than assessed counts."""
    made_with: str = ""
    """Program and version; of a language model its name and the digest of the prompt."""
    counts: bool = True
    """False for a language model's approval while it is below the policy's floor."""
    took_ms: int = 0
    via: str = ""
    """Of a person: the surface they spoke through."""
    factor: Factor = Factor.NONE
    """Of a person: what showed that it was them."""
    envelope: str = ""
    """Of a person: digest of the signed statement; empty: the server says that they said so."""
    entry: str = ""
    """Of a person: digest of the statement in the log of decisions; empty: it has none."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person said about a line, a file or the change."""

    id: str
    by: str
    at: int
    revision: int
    text: str
    path: str = ""
    line: int = 0
    """Counted from one; 0: the file or the change as a whole."""
    side: str = "new"
    """`new` or `old`: which of the two files `line` counts in."""
    quote: str = ""
    """The line's text, so that it is found again in another revision."""
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class HunkStance:
    """What a person said of one hunk of one revision."""

    hunk: HunkId
    stance: Stance
    by: str
    at: int
    revision: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's decision (or the policy's, for classes that need none) about a revision."""

    by: str
    at: int
    revision: int
    via: str
    """`web`, `cli`, or `policy` when no person was needed."""
    hunks: tuple[HunkId, ...]
    """What was accepted, exactly."""
    digest: Digest
    """Of base, tree and hunks: what the decision is bound to; see `binding`."""
    reason: str = ""
    policy: str = ""
    """Digest of the policy in force."""
    factor: Factor = Factor.NONE
    """What showed that it was this person."""
    envelope: str = ""
    """Digest of the signed statement; empty: the server says that they said so."""
    entry: str = ""
    """Digest of the statement in the log of decisions, whoever signed it; empty: it has none."""
    in_name_of: str = ""
    """Who let this person decide for them, where that is why it counts."""
    delegation: str = ""
    """Id of the delegation by which they did."""
    version: int = 0
    """Of the change that was looked at."""
    shown_ms: int = 0
    """How long they had it open, as far as the page could tell."""
    read: bool = False
    """Whether it was opened to its end."""

    @property
    def voice(self) -> str:
        """Whose voice it is: of one person one counts, however it was given."""
        return self.in_name_of or self.by


@dataclass(frozen=True, slots=True)
class Part:
    """The accepted part of a revision, built as commits of its own."""

    revision: int
    commit: str
    """On the revision's base: the base with the accepted hunks."""
    tree: str
    rest: str
    """A commit on top of it whose tree is the whole proposal."""


@dataclass(frozen=True, slots=True)
class TestRun:
    """The target branch's tests on one tree."""

    __test__ = False

    tree: str
    command: str
    ok: bool
    at: int
    took_ms: int
    sandbox: str
    """`bubblewrap`, `network namespace` or `not sandboxed`."""
    attempts: int = 1
    flaky: bool = False
    """It failed, and passed when it was run again."""
    log: str = ""
    """Digest under which the log is kept."""
    tail: str = ""
    """The last lines of the log, secrets hidden."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Written before the target moves, so that a killed executor knows what it was doing."""

    before: str
    """The target's commit before; of a value the digest of what is there."""
    after: str
    tree: str
    tests: TestRun | None
    at: int
    policy: str = ""
    """Digest of the policy in force."""
    seen: str = ""
    """The newest entry of the repository's log of decisions at that time; empty: none."""
    evidence: str = ""
    """Digest of what is kept of the tests' log beside the statement about it; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Merge:
    """The change, or a part of it, is in the target."""

    before: str
    commit: str
    tree: str
    revision: int
    owner: str
    """The person who answers for it."""
    at: int
    tests: TestRun | None
    hunks: tuple[HunkId, ...]
    reverted_by: int | None = None
    """Number of the change that took it back."""
    entry: str = ""
    """Digest of the executor's statement about it; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Change:
    """A merge request."""

    id: str
    number: int
    title: str
    plan: str
    """The plan it serves, as it was approved, or as its maker says; empty: none."""
    plan_approved: bool
    workspace: str
    """Real path of the work tree it was submitted from."""
    repository: str
    """Real path of the repository's common git folder; of a value the file's folder."""
    branch: str
    """The branch it was made on; empty when it came from a detached work tree."""
    target: str
    """The branch it is to be merged into, without `refs/heads/`."""
    owner: str
    """The person who answers for it: who submitted it, or whose agent did."""
    agent: str
    """The agent that made it; empty: a person did."""
    state: ChangeState
    version: int
    created_at: int
    updated_at: int
    revisions: tuple[Revision, ...]
    verdicts: tuple[Verdict, ...] = ()
    comments: tuple[Comment, ...] = ()
    stances: tuple[HunkStance, ...] = ()
    acceptances: tuple[Acceptance, ...] = ()
    part: Part | None = None
    """What goes through the queue when it is less than the newest revision."""
    reviewers: tuple[str, ...] = ()
    """Who may accept it; empty: whoever has access."""
    queued_at: int | None = None
    ejected: str = ""
    """Why it left the queue; empty unless it did."""
    tests: tuple[TestRun, ...] = ()
    """All runs, the newest last; at most `KEPT_RUNS`."""
    landing: Landing | None = None
    merges: tuple[Merge, ...] = ()
    reverts: int | None = None
    """Number of the change that it takes back."""
    review_due: bool = False
    """It merged by the policy, and a person is to look at it afterwards."""
    returned: int = 0
    """How often it was sent back to its maker."""
    reviewing: tuple[str, ...] = ()
    """Reviewers that are under way for the newest revision, as last recorded."""
    asked: str = ""
    """Why a person has to look at the newest revision; empty while nobody has to."""
    awaited: tuple[str, ...] = ()
    """Who could give what is still missing, as last found; empty: whoever may accept it."""

    @property
    def name(self) -> str:
        return f"CH-{self.number}"

    @property
    def newest(self) -> Revision:
        return self.revisions[-1]

    @property
    def is_open(self) -> bool:
        return self.state not in CLOSED


KEPT_RUNS = 20
BY_ASSENT = "assent"
"""Who is named as the author of what Assent itself says about a change."""
