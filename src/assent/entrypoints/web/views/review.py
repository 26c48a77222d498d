"""One change as its page shows it: what a person needs, in the order in which they need it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.app.ports import Look
from assent.core.changes.closure import Need
from assent.core.changes.findings import Standing, Tracked, tracked
from assent.core.changes.hunks import FilePatch, Hunk
from assent.core.changes.lifecycle import IN_HAND
from assent.core.changes.limits import split
from assent.core.changes.model import (
    CLOSED,
    Change,
    ChangeState,
    Comment,
    Finding,
    HunkId,
    HunkRef,
    HunkStance,
    Merge,
    ReviewerKind,
    Revision,
    Severity,
    Stance,
    TestRun,
    ValuePayload,
)
from assent.core.changes.since import Since, compare
from assent.core.policy.changes import ChangeRules, Path
from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.factors import RiskClass
from assent.entrypoints.web.views.changes import STATES, project_of, turn_of
from assent.entrypoints.web.views.context import Context
from assent.entrypoints.web.views.patches import FOLDED, PAGE, FileShown, HunkShown, only_space
from assent.entrypoints.web.views.requests import Tier
from assent.entrypoints.web.views.words import plural, span

FILES = 300
"""Files that the overview lists."""
STEPS = 100
"""Entries of the history that the page shows."""
GROUPS = 20
"""Parts of a proposed split that are named."""

_HANDS = {
    Path.CHECKS: Tier.KEY,
    Path.LLM: Tier.KEY,
    Path.LLM_THEN_PERSON: Tier.KEY,
    Path.PERSON: Tier.CONFIRM,
    Path.ONE_BY_ONE: Tier.TYPE,
}
_CAN_BE_RETURNED = frozenset(
    {
        ChangeState.IN_REVIEW,
        ChangeState.APPROVED,
        ChangeState.PARTLY_APPROVED,
        ChangeState.QUEUED,
        ChangeState.EJECTED,
    }
)
_FOLDS = {
    PathClass.LOCKFILE: "a lock file, which a package manager writes",
    PathClass.GENERATED: "generated, by its name",
    PathClass.VENDORED: "somebody else's code, copied here",
}


@dataclass(frozen=True, slots=True)
class ReasonShown:
    risk: str
    what: str
    rule: str
    path: str
    href: str


@dataclass(frozen=True, slots=True)
class VerdictShown:
    reviewer: str
    kind: str
    opinion: str
    word: str
    summary: str
    findings: int
    moment: str
    made_with: str
    took: str
    counts: bool
    raises_to: str


@dataclass(frozen=True, slots=True)
class FindingShown:
    severity: str
    message: str
    reviewer: str
    rule: str
    place: str
    """`src/app.py:12`; empty when it is about the change as a whole."""
    quote: str
    standing: str


@dataclass(frozen=True, slots=True)
class CommentShown:
    id: str
    by: str
    moment: str
    text: str
    place: str
    revision: int
    quote: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file of the overview."""

    href: str
    path: str
    risk: str
    added: int
    removed: int
    hunks: int
    accepted: int
    rejected: int
    findings: int
    step: str
    """The line of the plan that names it, if one does."""


@dataclass(frozen=True, slots=True)
class RevisionLine:
    number: int
    moment: str
    by: str
    note: str
    lines: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class TestShown:
    ok: bool
    word: str
    moment: str
    took: str
    command: str
    sandbox: str
    tail: str
    log: str
    tree: str


@dataclass(frozen=True, slots=True)
class MergeShown:
    line: str
    commit: str
    reverted_by: str


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A part that could be a change of its own."""

    title: str
    lines: int
    files: int


@dataclass(frozen=True, slots=True)
class TooLarge:
    """It has more lines than a person can look at in one piece, and how it could be split."""

    limit: int
    groups: tuple[GroupShown, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Hunks of the revision on show."""

    accepted: int
    rejected: int
    undecided: int
    alone: int
    """Hunks that cannot be taken back and are not accepted yet: each by itself."""

    @property
    def total(self) -> int:
        return self.accepted + self.rejected + self.undecided


@dataclass(frozen=True, slots=True)
class Acts:
    """What can be done with the change now."""

    accept: bool = False
    send_back: bool = False
    comment: bool = False
    ready: bool = False
    again: bool = False
    revert: bool = False
    abandon: bool = False
    seen: bool = False
    """It merged by the policy, and somebody is to say that they looked at it."""

    @property
    def has_any(self) -> bool:
        return any((self.accept, self.send_back, self.ready, self.again, self.seen))


@dataclass(frozen=True, slots=True)
class ReviewView:
    number: int
    name: str
    version: int
    href: str
    title: str
    risk: str
    state: str
    state_word: str
    turn: str
    turn_what: str
    is_yours: bool
    agent: str
    made_by: str
    owner: str
    model: str
    session: str
    project: str
    repository: str
    branch: str
    target: str
    created: str
    age: str
    revision: int
    newest: int
    plan: str
    plan_approved: bool
    in_plan: bool | None
    report: str
    note: str
    trivial: str
    reasons: tuple[ReasonShown, ...]
    plan_check: VerdictShown | None
    verdicts: tuple[VerdictShown, ...]
    reviewing: tuple[str, ...]
    findings: tuple[FindingShown, ...]
    """Those that no line can stand for."""
    found: tuple[tuple[str, int], ...]
    """How many there are of each severity."""
    comments: tuple[CommentShown, ...]
    """Those about the change as a whole."""
    files: tuple[FileLine, ...]
    more_files: int
    revisions: tuple[RevisionLine, ...]
    since: str
    """What is new since the person last looked."""
    counts: Counts
    lines: int
    too_large: TooLarge | None
    asked: str
    """Why a person has to look at it."""
    tier: Tier
    needs_reason: bool
    """Reviewers found errors: whoever accepts it says why."""
    acts: Acts
    ejected: str
    tests: tuple[TestShown, ...]
    merges: tuple[MergeShown, ...]
    accepted_by: tuple[str, ...]
    reverts: str
    returned: int
    value: str
    """What value of which file it replaces, when it is not code."""

    @property
    def is_newest(self) -> bool:
        return self.revision == self.newest


def review_view(
    change: Change,
    context: Context,
    rules: ChangeRules,
    *,
    person: str,
    number: int | None = None,
    look: Look | None = None,
    can_accept: bool = True,
) -> ReviewView:
    """The change at revision `number`, the newest by default; `look` is the person's last one."""
    revision = revision_of(change, number)
    turn = turn_of(change, context, person=person)
    stances = stances_of(change, revision)
    found = [item for item in tracked(change.verdicts, revision.number) if is_there(item)]
    files = _files(change, revision, stances, found)
    verdicts = _verdicts(change, revision, context)
    return ReviewView(
        number=change.number,
        name=change.name,
        version=change.version,
        href=f"/changes/{change.name}",
        title=change.title,
        risk=class_of(change, revision).word,
        state=change.state.value,
        state_word=STATES[change.state],
        turn=turn.who,
        turn_what=turn.what,
        is_yours=turn.is_yours,
        agent=context.agent_title(change.agent) if change.agent else "",
        made_by=context.agent_title(revision.by),
        owner=change.owner,
        model=revision.model,
        session=revision.session,
        project=project_of(change),
        repository=change.repository,
        branch=change.branch,
        target=change.target,
        created=context.iso(revision.at),
        age=context.age(revision.at),
        revision=revision.number,
        newest=change.newest.number,
        plan=change.plan,
        plan_approved=change.plan_approved,
        in_plan=revision.in_plan,
        report=revision.report,
        note=revision.note,
        trivial=revision.trivial,
        reasons=_reasons(revision),
        plan_check=next((item for item in reversed(verdicts) if item.kind == "llm"), None),
        verdicts=verdicts,
        reviewing=change.reviewing if revision is change.newest else (),
        findings=tuple(finding_shown(item) for item in found if not item.finding.path),
        found=_found(found),
        comments=tuple(
            comment_shown(comment, context) for comment in change.comments if not comment.path
        ),
        files=files[:FILES],
        more_files=max(0, len(files) - FILES),
        revisions=tuple(
            RevisionLine(
                number=other.number,
                moment=context.moment(other.at),
                by=context.agent_title(other.by),
                note=other.note,
                lines=other.lines,
                is_shown=other is revision,
            )
            for other in reversed(change.revisions)
        ),
        since=_since(change, revision, look, context),
        counts=counts_of(revision, stances),
        lines=revision.lines,
        too_large=_too_large(revision, rules),
        asked=change.asked,
        tier=tier_of(change, rules),
        needs_reason=any(item.finding.severity is Severity.ERROR for item in found),
        acts=acts_of(change, revision, can_accept=can_accept),
        ejected=change.ejected,
        tests=tuple(test_shown(run, context) for run in reversed(change.tests)),
        merges=tuple(_merge(merge, context) for merge in change.merges),
        accepted_by=tuple(
            f"{given.by} accepted {plural(len(given.hunks), 'hunk')} of revision {given.revision}"
            f" at {context.moment(given.at)}{', by the policy' if given.via == 'policy' else ''}"
            for given in change.acceptances
        ),
        reverts="" if change.reverts is None else f"CH-{change.reverts}",
        returned=change.returned,
        value=_value(revision),
    )


def revision_of(change: Change, number: int | None) -> Revision:
    """The revision with that number; the newest when there is none."""
    named = (revision for revision in change.revisions if revision.number == number)
    return next(named, change.newest)


def class_of(change: Change, revision: Revision) -> RiskClass:
    """As it was assessed, or as a reviewer raised it."""
    raised = (
        verdict.raises_to
        for verdict in change.verdicts
        if verdict.revision == revision.number and verdict.raises_to is not None
    )
    return max([revision.risk, *raised])


def tier_of(change: Change, rules: ChangeRules) -> Tier:
    """What the hand has to do to accept it."""
    return _HANDS[rules.paths[class_of(change, change.newest)]]


def _too_large(revision: Revision, rules: ChangeRules) -> TooLarge | None:
    limit = rules.lines[revision.risk]
    if revision.lines <= limit:
        return None
    groups = split(revision, limit)
    return TooLarge(
        limit=limit,
        groups=tuple(
            GroupShown(group.title, group.lines, len(group.paths)) for group in groups[:GROUPS]
        ),
        more=max(0, len(groups) - GROUPS),
    )


def stances_of(change: Change, revision: Revision) -> Mapping[HunkId, HunkStance]:
    """The last word on each hunk of a revision."""
    hunks = {hunk.id for hunk in revision.hunks}
    return {
        said.hunk: said
        for said in change.stances
        if said.hunk in hunks and said.revision <= revision.number
    }


def counts_of(revision: Revision, stances: Mapping[HunkId, HunkStance]) -> Counts:
    said = Counter(stance.stance for stance in stances.values())
    accepted, rejected = said[Stance.ACCEPT], said[Stance.REJECT]
    return Counts(
        accepted=accepted,
        rejected=rejected,
        undecided=len({hunk.id for hunk in revision.hunks}) - accepted - rejected,
        alone=sum(
            hunk.risk is RiskClass.IRREVERSIBLE and hunk.id not in stances
            for hunk in revision.hunks
        ),
    )


def acts_of(change: Change, revision: Revision, *, can_accept: bool) -> Acts:
    """`can_accept`: the person's voice counts, or they speak for somebody whose voice does."""
    state, is_newest = change.state, revision is change.newest
    in_hand = state in IN_HAND and is_newest
    return Acts(
        accept=in_hand and can_accept,
        send_back=is_newest and state in _CAN_BE_RETURNED,
        comment=state not in CLOSED and is_newest,
        ready=state is ChangeState.DRAFT,
        again=state is ChangeState.EJECTED,
        revert=state is ChangeState.MERGED
        and bool(change.merges)
        and change.merges[-1].reverted_by is None,
        abandon=change.is_open and state is not ChangeState.MERGING,
        seen=change.review_due,
    )


def is_there(item: Tracked) -> bool:
    return item.standing is not Standing.GONE


def finding_shown(item: Tracked) -> FindingShown:
    finding = item.finding
    standing = {
        Standing.NEW: "",
        Standing.OPEN: f"since revision {item.since}",
        Standing.AGAIN: "back again",
        Standing.UNCHECKED: f"of revision {item.since}, not looked at again",
        Standing.GONE: "gone",
    }[item.standing]
    return FindingShown(
        severity=finding.severity.value,
        message=finding.message,
        reviewer=finding.reviewer,
        rule=finding.rule,
        place=_place(finding.path, finding.line),
        quote=finding.quote,
        standing=standing,
    )


def comment_shown(comment: Comment, context: Context) -> CommentShown:
    return CommentShown(
        id=comment.id,
        by=comment.by,
        moment=context.moment(comment.at),
        text=comment.text,
        place=_place(comment.path, comment.line),
        revision=comment.revision,
        quote=comment.quote,
        resolved=comment.resolved,
    )


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if path and line else path


def test_shown(run: TestRun, context: Context) -> TestShown:
    word = "passed" if run.ok else "failed"
    if run.flaky:
        word = f"passed at attempt {run.attempts}, after it failed"
    return TestShown(
        ok=run.ok,
        word=word,
        moment=context.moment(run.at),
        took=span(run.took_ms) if run.took_ms >= 1_000 else f"{run.took_ms} ms",
        command=run.command,
        sandbox=run.sandbox,
        tail=run.tail,
        log=run.log,
        tree=run.tree[:12],
    )


def _merge(merge: Merge, context: Context) -> MergeShown:
    return MergeShown(
        line=f"revision {merge.revision}, {plural(len(merge.hunks), 'hunk')},"
        f" at {context.moment(merge.at)}; {merge.owner} answers for it",
        commit=merge.commit,
        reverted_by="" if merge.reverted_by is None else f"CH-{merge.reverted_by}",
    )


def _value(revision: Revision) -> str:
    payload = revision.payload
    if not isinstance(payload, ValuePayload):
        return ""
    where = f"{payload.pointer} in {payload.file}" if payload.pointer else payload.file
    return f"{payload.sort}: {where}"


def _reasons(revision: Revision) -> tuple[ReasonShown, ...]:
    places = file_places(revision)
    graver = [reason for reason in revision.reasons if reason.risk > RiskClass.LOW]
    worst = sorted(graver or revision.reasons, key=lambda reason: -reason.risk)
    return tuple(
        ReasonShown(
            risk=reason.risk.word,
            what=reason.what,
            rule=reason.rule,
            path=reason.path,
            href=f"#F{places[reason.path]}" if reason.path in places else "",
        )
        for reason in worst
    )


def _verdicts(change: Change, revision: Revision, context: Context) -> tuple[VerdictShown, ...]:
    return tuple(
        VerdictShown(
            reviewer=verdict.reviewer,
            kind=verdict.kind.value,
            opinion=verdict.opinion.value,
            word=_OPINIONS[verdict.kind][verdict.opinion.value],
            summary=verdict.summary,
            findings=len(verdict.findings),
            moment=context.moment(verdict.at),
            made_with=verdict.made_with,
            took=f"{verdict.took_ms / 1000:.1f} s" if verdict.took_ms else "",
            counts=verdict.counts,
            raises_to="" if verdict.raises_to is None else verdict.raises_to.word,
        )
        for verdict in change.verdicts
        if verdict.revision == revision.number
    )


_MACHINE = {
    "approve": "has no objection",
    "changes": "wants changes",
    "inconclusive": "could not tell",
}
_PERSON = {"approve": "accepts", "changes": "wants changes", "inconclusive": "is not sure"}
_OPINIONS = {
    ReviewerKind.STATIC: _MACHINE,
    ReviewerKind.LLM: {**_MACHINE, "approve": "would accept it"},
    ReviewerKind.PERSON: _PERSON,
}


def _found(found: Sequence[Tracked]) -> tuple[tuple[str, int], ...]:
    counted = Counter(item.finding.severity for item in found)
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    return tuple((severity.value, counted[severity]) for severity in order if counted[severity])


def _since(change: Change, revision: Revision, look: Look | None, context: Context) -> str:
    if look is None or look.revision >= revision.number:
        return ""
    found = since_look(change, revision, look)
    count = plural(len(revision.hunks), "hunk")
    what = f"{len(found.new)} of {count} new" if found.new else "no hunk is new"
    gone = f", {len(found.gone)} gone" if found.gone else ""
    return (
        f"Since you looked {context.age(look.at)} ago, at revision {look.revision}: {what}{gone}."
    )


def since_look(change: Change, revision: Revision, look: Look) -> Since:
    """What became of the hunks that the person last looked at."""
    seen = [
        hunk.id
        for earlier in change.revisions
        if earlier.number == look.revision
        for hunk in earlier.hunks
    ]
    return compare(seen, (hunk.id for hunk in revision.hunks))


def new_hunks(change: Change, revision: Revision, look: Look | None) -> frozenset[HunkId]:
    """The hunks that were not there when the person last looked; none when they never did."""
    if look is None or look.revision >= revision.number:
        return frozenset()
    return since_look(change, revision, look).new


# Files


def file_places(revision: Revision) -> dict[str, int]:
    """The index of each file: its position in order of path, as git sorts."""
    paths = sorted(revision.paths, key=lambda path: path.encode("utf-8", "surrogateescape"))
    return {path: index for index, path in enumerate(paths)}


def _files(
    change: Change,
    revision: Revision,
    stances: Mapping[HunkId, HunkStance],
    found: Iterable[Tracked],
) -> tuple[FileLine, ...]:
    """In the order of the page."""
    places = file_places(revision)
    hunks: dict[str, list[HunkRef]] = {}
    for hunk in revision.hunks:
        hunks.setdefault(hunk.path, []).append(hunk)
    findings = Counter(item.finding.path for item in found)
    steps = plan_steps(change.plan, tuple(places))
    lines = []
    for path in in_order(revision, {item.finding.path: item.finding for item in found}):
        said = Counter(stances[hunk.id].stance for hunk in hunks[path] if hunk.id in stances)
        lines.append(
            FileLine(
                href=f"#F{places[path]}",
                path=path,
                risk=max(hunk.risk for hunk in hunks[path]).word,
                added=sum(hunk.added for hunk in hunks[path]),
                removed=sum(hunk.removed for hunk in hunks[path]),
                hunks=len(hunks[path]),
                accepted=said[Stance.ACCEPT],
                rejected=said[Stance.REJECT],
                findings=findings[path],
                step=steps.get(path, ""),
            )
        )
    return tuple(lines)


def in_order(revision: Revision, findings: Mapping[str, Finding]) -> tuple[str, ...]:
    """The paths of a revision, what needs a look most first; what is folded comes last."""
    worst: dict[str, RiskClass] = {}
    for hunk in revision.hunks:
        worst[hunk.path] = max(worst.get(hunk.path, RiskClass.TRIVIAL), hunk.risk)
    order = file_places(revision)
    return tuple(
        sorted(
            worst,
            key=lambda path: (
                -worst[path],
                path not in findings,
                bool(fold_reason(path)),
                order[path],
            ),
        )
    )


def fold_reason(path: str) -> str:
    """Why a file of that name is folded; empty when it is not."""
    classes = classes_of(path)
    return next((reason for found, reason in _FOLDS.items() if found in classes), "")


def plan_steps(plan: str, paths: Sequence[str]) -> dict[str, str]:
    """For each path the first line of the plan that names it, by its end or its whole."""
    lines = [line.strip().lstrip("-*# ").strip() for line in plan.splitlines()]
    named: dict[str, str] = {}
    for path in paths:
        name = path.rpartition("/")[2]
        hit = next((line for line in lines if path in line), "")
        hit = hit or next((line for line in lines if len(name) > _SHORT and name in line), "")
        if hit:
            named[path] = hit[:200]
    return named


_SHORT = 4
"""Characters up to which a file's name alone says too little to be looked for in a plan."""


def files_shown(
    change: Change,
    revision: Revision,
    patches: Sequence[FilePatch],
    *,
    look: Look | None,
    moved: Mapping[HunkId, str],
    opened: frozenset[int] = frozenset(),
) -> tuple[FileShown, ...]:
    """The files of a revision in the order of the page, without what was said of their lines."""
    refs = {hunk.id: (place, hunk) for place, hunk in enumerate(revision.hunks)}
    stances = stances_of(change, revision)
    fresh = new_hunks(change, revision, look)
    found = {
        item.finding.path: item.finding
        for item in tracked(change.verdicts, revision.number)
        if is_there(item)
    }
    order = {path: place for place, path in enumerate(in_order(revision, found))}
    places = file_places(revision)
    files: list[FileShown] = []
    shown_lines = 0
    for patch in sorted(patches, key=lambda patch: order.get(patch.path, len(order))):
        index = places.get(patch.path, len(places))
        hunks = tuple(
            _hunk_shown(hunk, refs, stances, fresh=fresh, moved=moved) for hunk in patch.hunks
        )
        size = patch.added + patch.removed
        fold = "" if index in opened else fold_reason(patch.path) or _too_long(size, shown_lines)
        shown_lines += 0 if fold else size
        risk = max((hunk.risk for hunk in hunks), default=RiskClass.TRIVIAL)
        files.append(FileShown(index, patch, hunks, risk=risk, fold=fold))
    return tuple(files)


def _too_long(size: int, before: int) -> str:
    if size > FOLDED:
        return f"{plural(size, 'changed line')} in one file"
    if size + before > PAGE:
        return f"the page holds {PAGE:,} changed lines"
    return ""


def _hunk_shown(
    hunk: Hunk,
    refs: Mapping[HunkId, tuple[int, HunkRef]],
    stances: Mapping[HunkId, HunkStance],
    *,
    fresh: frozenset[HunkId],
    moved: Mapping[HunkId, str],
) -> HunkShown:
    place, ref = refs.get(hunk.id, (-1, None))
    said = stances.get(hunk.id)
    return HunkShown(
        hunk=hunk,
        place=place,
        risk=RiskClass.TRIVIAL if ref is None else ref.risk,
        what="" if ref is None else ref.what,
        stance="" if said is None else said.stance.value,
        reason="" if said is None else said.reason,
        by="" if said is None else said.by,
        is_new=hunk.id in fresh,
        is_space=only_space(hunk),
        moved=moved.get(hunk.id, ""),
    )


def need_words(revision: Revision, need: Need) -> str:
    """What an accepted hunk lacks: ``a.py:12` needs the hunk that defines parse: `b.py:3``."""
    refs = {hunk.id: hunk for hunk in revision.hunks}
    which = (
        f"`{refs[hunk].path}:{refs[hunk].new_start}`" if hunk in refs else "another file"
        for hunk in (need.hunk, need.needs)
    )
    hunk, needed = which
    return f"{hunk} needs the hunk that {need.why}: {needed}"
