"""Grade an action. Total: whatever cannot be understood is `UNKNOWN`, never harmless."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    UnexplainedChange,
    UnknownAction,
)
from assent.core.encoding import kind_of
from assent.core.facts import Facts
from assent.core.risk.catalog import NOTHING_KNOWN
from assent.core.risk.commands import inspect_command, inspect_script
from assent.core.risk.edits import inspect_edit
from assent.core.risk.expand import expanded
from assent.core.risk.factors import PLAIN, RiskClass, typical, worst_of
from assent.core.risk.findings import Finding, Repository, Touch, Use
from assent.core.risk.judgement import evidence_of, with_precedent
from assent.core.risk.model import Assessment, Effect, Evidence
from assent.core.risk.own import reaches_for_assent
from assent.core.risk.paths import shown
from assent.core.risk.shell import join
from assent.core.risk.titles import title_of
from assent.core.risk.tools import inspect_tool

NOTHING = Evidence("inert", Effect.NONE, PLAIN, "does nothing")
MAX_TRIVIAL = 20
"""Harmless things that are told of one action; everything else is told in full."""

_NOTHING = "there is nothing to undo"
UNDO: Mapping[Effect, str] = {
    Effect.NONE: _NOTHING,
    Effect.READ: _NOTHING,
    Effect.WORKSPACE_WRITE: "the change can be reversed in the workspace; git keeps what it knows",
    Effect.DELETE: "none for what git does not know; git restores what was committed",
    Effect.HISTORY_REWRITE: "the reflog keeps the old commits for a while",
    Effect.OUTSIDE_WRITE: "by hand: nothing keeps the old content outside the workspace",
    Effect.EXTERNAL: "none from here: what others received cannot be called back",
    Effect.CREDENTIAL: "none: a secret that was shown must be replaced",
    Effect.PRIVILEGE: "not known: it may change anything on this machine",
    Effect.CODE_EXEC: "not known: the code may do anything that you may do",
    Effect.INSTALL: "uninstall it; what its install scripts did stays",
    Effect.SERVICE: "start or stop it again by hand",
    Effect.POLICY_SELF: "put the old content back; what ran in between has run",
    Effect.NETWORK: "none: the request was sent",
    Effect.COST: "none for what has been spent",
    Effect.INTERACTIVE: "not known: what is typed later is not asked about",
    Effect.PLAN: "reject a later step, or take back your approval by rejecting the next plan",
    Effect.UNKNOWN: "not known",
}

KEEP_OR_UNDO = "approve to keep what changed; reject to undo it: the files become what they were"


def paths_of(action: Action, facts: Facts, *, cwd: str) -> tuple[str, ...]:
    """Absolute paths, as written, that the world should be asked about before `assess`.

    A path in the user's home may begin with `~`. `facts` needs no paths for this; with the texts
    of tasks and scripts in it, the paths that these name are told as well.
    """
    return tuple(uses_of(action, facts, cwd=cwd))


def uses_of(action: Action, facts: Facts, *, cwd: str) -> Mapping[str, frozenset[Use]]:
    """What happens to each path of `paths_of`."""
    uses: dict[str, frozenset[Use]] = {}
    for item in _findings(action, facts, cwd):
        if isinstance(item, Touch):
            uses[item.path] = uses.get(item.path, frozenset()) | {item.use}
    return uses


def repositories_of(action: Action, facts: Facts, *, cwd: str) -> tuple[str, ...]:
    """Folders in which git would run; `facts` should tell of all of them."""
    found = _findings(action, facts, cwd)
    folders = [item.folder for item in found if isinstance(item, Repository)]
    return tuple(dict.fromkeys(folders))


def assess(action: Action, facts: Facts) -> Assessment:
    """What `action` would do, how bad that is, and why."""
    cwd = action.cwd if isinstance(action, Command | FileEdit | FileRead) else facts.workspace
    own = reaches_for_assent(action, facts)
    found = (*own, *_content(action, facts), *_findings(action, facts, cwd))
    summed = assess_findings(found, facts)
    undo = KEEP_OR_UNDO if isinstance(action, UnexplainedChange) else summed.undo
    return replace(summed, title=title_of(action, summed.evidence[0], facts), undo=undo)


def _content(action: Action, facts: Facts) -> tuple[Evidence, ...]:
    """What the texts tell that an edit leaves behind."""
    match action:
        case FileEdit():
            return inspect_edit(action, facts)
        case UnexplainedChange():
            return inspect_edit(FileEdit(action.changes, action.workspace), facts)
        case _:
            return ()


def assess_findings(found: Iterable[Finding], facts: Facts) -> Assessment:
    """What findings amount to together. The title is what the worst of them says."""
    judged = (with_precedent(evidence_of(item, facts), facts) for item in found)
    evidence = tuple(sorted(dict.fromkeys(judged), key=_severity)) or (NOTHING,)
    worst = evidence[0]
    telling = [item for item in evidence if item.risk > RiskClass.TRIVIAL]
    return Assessment(
        risk=worst.risk,
        effects=frozenset(item.effect for item in evidence),
        evidence=evidence[: len(telling) + MAX_TRIVIAL],
        title=worst.what,
        undo=worst.undo or UNDO[worst.effect],
        factors=worst_of(tuple(item.factors for item in evidence)),
    )


def _severity(evidence: Evidence) -> tuple[int, bool]:
    return -evidence.risk, evidence.effect is Effect.UNKNOWN


# --- what an action is about


def _findings(action: Action, facts: Facts, cwd: str) -> tuple[Finding, ...]:
    """Everything that reading the action brings to light, tasks and scripts included."""
    return tuple(expanded(_told(action, facts, cwd), facts))


def _told(action: Action, facts: Facts, cwd: str) -> tuple[Finding, ...]:
    match action:
        case Command():
            return inspect_command(action, facts.catalog)
        case FileEdit():
            found = [touch for change in action.changes for touch in _touches(change, cwd)]
            return tuple(found) or _unknown(action)
        case FileRead():
            reads = [Touch(join(cwd, path), Use.READ) for path in action.paths]
            return tuple(reads) or _unknown(action)
        case ToolCall():
            return inspect_tool(
                action,
                facts,
                cwd=cwd,
                read_shell=lambda text, folder: inspect_script(
                    text, folder, facts.catalog or NOTHING_KNOWN
                ),
            )
        case Plan():
            what = "presents a plan: nothing is changed before a person agrees"
            return (Evidence("plan", Effect.PLAN, typical(RiskClass.MEDIUM), what),)
        case PolicyEdit():
            what = "changes the policy, which decides what agents may do"
            return (
                Evidence("policy-self", Effect.POLICY_SELF, typical(RiskClass.IRREVERSIBLE), what),
            )
        case UnexplainedChange():
            return (_unexplained(action),)
        case UnknownAction():
            what = f"could not be read: {shown(action.reason)}"
            return (Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what),)
        case _:
            assert_never(action)


def _unexplained(action: UnexplainedChange) -> Evidence:
    count = len(action.changes) + action.left_out
    files = "1 file" if count == 1 else f"{count:,} files"
    return Evidence(
        "unexplained",
        Effect.WORKSPACE_WRITE,
        typical(RiskClass.MEDIUM),
        f"{files} changed that no approved action explains",
    )


def _unknown(action: Action) -> tuple[Finding, ...]:
    what = f"is a {kind_of(action)} that names no file"
    return (Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what),)


def _touches(change: FileChange, cwd: str) -> list[Touch]:
    use = Use.DELETE if change.kind is EditKind.DELETE else Use.WRITE
    touches = [Touch(join(cwd, change.path), use)]
    if change.moved_to is not None:
        touches.append(Touch(join(cwd, change.moved_to), Use.WRITE))
    return touches
