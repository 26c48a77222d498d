"""Changes to test with: made of a few hunks, at rest in any state."""

from collections.abc import Sequence

from assent.core.canonical import Digest
from assent.core.changes.acceptance import Accepts, accepted
from assent.core.changes.landing import landing, queued, testing
from assent.core.changes.lifecycle import Says
from assent.core.changes.model import (
    Change,
    ChangeState,
    Finding,
    HunkId,
    HunkRef,
    Landing,
    Opinion,
    Part,
    ReviewerKind,
    Revision,
    Severity,
    TestRun,
    TreePayload,
    Verdict,
)
from assent.core.policy.changes import ChangeRules
from assent.core.risk.factors import RiskClass

RULES = ChangeRules(test="make test")
POLICY = Digest("sha256:policy")


def hunk(name: str, *, path: str = "", risk: RiskClass = RiskClass.LOW, lines: int = 2) -> HunkRef:
    return HunkRef(
        id=HunkId(name * 8), path=path or f"src/{name}.py", risk=risk, added=lines, removed=0
    )


def revision(
    *hunks: HunkRef, number: int = 1, risk: RiskClass | None = None, trivial: str = ""
) -> Revision:
    taken = hunks or (hunk("a"), hunk("b"))
    return Revision(
        number=number,
        payload=TreePayload(base="base", commit=f"commit-{number}", tree=f"tree-{number}"),
        by="codex",
        session="s1",
        model="",
        at=number,
        risk=max(each.risk for each in taken) if risk is None else risk,
        reasons=(),
        hunks=taken,
        trivial=trivial,
    )


def change(
    *revisions: Revision,
    state: ChangeState = ChangeState.IN_REVIEW,
    verdicts: Sequence[Verdict] = (),
    agent: str = "codex",
) -> Change:
    return Change(
        id="id-1",
        number=1,
        title="Say hello",
        plan="",
        plan_approved=False,
        workspace="/w",
        repository="/w/.git",
        branch="hello",
        target="main",
        owner="ana",
        agent=agent,
        state=state,
        version=1,
        created_at=1,
        updated_at=1,
        revisions=revisions or (revision(),),
        verdicts=tuple(verdicts),
    )


def verdict(
    opinion: Opinion = Opinion.APPROVE,
    *findings: Finding,
    reviewer: str = "secrets",
    kind: ReviewerKind = ReviewerKind.STATIC,
    number: int = 1,
    raises_to: RiskClass | None = None,
    counts: bool = True,
) -> Verdict:
    return Verdict(
        reviewer=reviewer,
        kind=kind,
        revision=number,
        opinion=opinion,
        at=5,
        summary="said so",
        findings=findings,
        raises_to=raises_to,
        counts=counts,
    )


def finding(name: str, severity: Severity = Severity.ERROR, *, path: str = "src/a.py") -> Finding:
    return Finding(
        fingerprint=name,
        reviewer="secrets",
        rule="key",
        severity=severity,
        message=f"a key ({name})",
        path=path,
        line=1,
    )


def accepts(*hunks: str, by: str = "ana", reason: str = "", confirm: str = "") -> Accepts:
    """By hunks' letters; without any, whatever `None` stands for."""
    named = tuple(HunkId(each * 8) for each in hunks)
    return Accepts(
        says=Says(by=by, at=10, reason=reason), via="cli", hunks=named or None, confirm=confirm
    )


def run_of(tree: str, *, ok: bool = True) -> TestRun:
    return TestRun(tree=tree, command="make test", ok=ok, at=20, took_ms=5, sandbox="bubblewrap")


def landing_on(tree: str = "merged-tree", *, ok: bool = True) -> Landing:
    return Landing(before="old", after="new", tree=tree, tests=run_of(tree, ok=ok), at=20)


PART = Part(revision=0, commit="part", tree="part-tree", rest="rest")


def until_merging(made: Change, *hunks: str) -> Change:
    """`made`, accepted in full or in part, and about to land."""
    taken = accepted(made, accepts(*hunks), RULES, policy=POLICY)
    assert isinstance(taken, Change)
    waits = queued(taken, at=11, part=PART if hunks else None)
    assert isinstance(waits, Change)
    runs = testing(waits, at=12)
    assert isinstance(runs, Change)
    lands = landing(runs, landing_on(), at=13)
    assert isinstance(lands, Change)
    return lands
