"""What a finding amounts to, given what is known about the world."""

from dataclasses import replace
from typing import assert_never

from assent.core.facts import PROTECTED_BRANCHES, Facts, RepositoryFact, is_branch_in
from assent.core.risk.factors import Factors, Precedent, Reach, Reversibility, RiskClass
from assent.core.risk.findings import (
    Finding,
    Pushes,
    Repository,
    Rewrites,
    Runs,
    RunsTask,
    RunsText,
    Touch,
)
from assent.core.risk.look import UNKNOWN_PROGRAM
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.paths import judge, shown

_OWN = MEANINGS["project-run"]
_EASY = Factors(Reversibility.EASY, Reach.WORKSPACE)
_GIT_CODE = Factors(Reversibility.EFFORT, Reach.WORKSPACE)


def evidence_of(item: Finding, facts: Facts) -> Evidence:
    """The reason that a finding gives."""
    match item:
        case Evidence():
            return item
        case Touch():
            return replace(judge(item, facts), called=item.called)
        case Runs():
            return _in_workspace(item, facts)
        case RunsTask():
            return _task(item, facts)
        case RunsText():
            return Evidence(_OWN.word, _OWN.effect, _OWN.factors, "runs what it wrote", item.span)
        case Pushes():
            return _push(item, facts)
        case Rewrites():
            return _rewrites(item, facts)
        case Repository():
            return _git_runs(item, facts)
        case _:
            assert_never(item)


def with_precedent(evidence: Evidence, facts: Facts) -> Evidence:
    """Marked as the first time, where nobody has agreed to such an effect here before."""
    usual = facts.precedent is None or evidence.effect.value in facts.precedent
    if usual or evidence.risk <= RiskClass.LOW:
        return evidence
    return replace(evidence, factors=replace(evidence.factors, precedent=Precedent.FIRST))


def _in_workspace(item: Runs, facts: Facts) -> Evidence:
    """A rule vouches for a program in the workspace, not for its namesake elsewhere."""
    known = [facts.paths.get(folder) for folder in item.folders]
    inside = bool(known) and all(fact is not None and fact.inside for fact in known)
    if not inside:
        return replace(item.evidence, program=())
    name = item.evidence.program[0] if item.evidence.program else ""
    if item.evidence.rule == UNKNOWN_PROGRAM and name in facts.programs:
        what = f"runs {shown(name)}, which this project uses"
        return replace(
            item.evidence, rule="project-run", effect=_OWN.effect, factors=_OWN.factors, what=what
        )
    return item.evidence


def _task(item: RunsTask, facts: Facts) -> Evidence:
    """A task whose text is known is judged by its text; what is left is that it runs."""
    task = facts.tasks.get((item.runner, item.task))
    if task is None or not (task.text or task.accepted):
        return item.evidence
    what = f"runs the project's task {shown(item.task)}"
    return replace(
        item.evidence, rule="project-run", effect=_OWN.effect, factors=_OWN.factors, what=what
    )


def _push(item: Pushes, facts: Facts) -> Evidence:
    """Told with the branch that the repository is on when the command names none."""
    known = facts.repositories.get(item.folder)
    branch = item.branch if item.branch not in ("", "HEAD") else ""
    if not branch and known is not None:
        branch = known.upstream_branch or known.branch
    target = f"{item.remote}/{branch}" if branch else ""
    return replace(item.evidence, scope=Scope("push", target))


def _rewrites(item: Rewrites, facts: Facts) -> Evidence:
    """The reflog gives back what nobody else has; what was pushed, others may have built on."""
    known = facts.repositories.get(item.folder)
    pushed = known is not None and known.pushed is True
    if not pushed and (item.usual or (known is not None and _is_own(known))):
        return replace(item.evidence, factors=_EASY)
    return item.evidence


def _is_own(known: RepositoryFact) -> bool:
    """Whether the branch is nobody else's yet."""
    branch = known.branch
    shared = branch == known.default_branch or is_branch_in(branch, PROTECTED_BRANCHES)
    return bool(branch) and not shared and (known.pushed is False or not known.upstream_branch)


def _git_runs(item: Repository, facts: Facts) -> Evidence:
    if not facts.git_exec_keys:
        return Evidence("git", Effect.READ, Factors(), "runs git", item.span)
    keys = shown(", ".join(facts.git_exec_keys))
    what = f"runs git where its configuration runs programs ({keys})"
    return Evidence("git-config", Effect.CODE_EXEC, _GIT_CODE, what, item.span)
