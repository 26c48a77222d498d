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
    UnknownAction,
    Vouched,
)
from assent.core.encoding import kind_of
from assent.core.facts import Facts
from assent.core.risk.commands import inspect_command
from assent.core.risk.factors import RiskClass, typical, worst_of
from assent.core.risk.findings import Finding, Repository, Runs, Touch, Use
from assent.core.risk.model import Assessment, Effect, Evidence
from assent.core.risk.own import reaches_for_assent
from assent.core.risk.paths import judge, name_in, shown
from assent.core.risk.shell import join

MAX_TRIVIAL = 20
"""Harmless things that are told of one action; everything else is told in full."""

_NOTHING = "there is nothing to undo"
_UNDO = {
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
_IMPERATIVES = {
    "deletes": "delete",
    "discards": "discard",
    "edits": "edit",
    "writes": "write",
    "reads": "read",
    "searches": "search",
    "lists": "list",
    "runs": "run",
    "installs": "install",
    "opens": "open",
    "pushes": "push",
    "commits": "commit",
    "stages": "stage",
    "makes": "make",
    "calls": "call",
    "takes": "take",
    "rewrites": "rewrite",
    "changes": "change",
    "reaches": "reach",
    "controls": "control",
    "overwrites": "overwrite",
    "shows": "show",
    "sets": "set",
    "names": "name",
    "creates": "create",
    "moves": "move",
}


def paths_of(action: Action, *, cwd: str) -> tuple[str, ...]:
    """Absolute paths, as written, that the world should be asked about before `assess`.

    A path in the user's home may begin with `~`.
    """
    found = _findings(action, cwd)
    paths = [item.path for item in found if isinstance(item, Touch)]
    return tuple(dict.fromkeys(paths))


def uses_of(action: Action, *, cwd: str) -> Mapping[str, frozenset[Use]]:
    """What happens to each path of `paths_of`."""
    uses: dict[str, frozenset[Use]] = {}
    for item in _findings(action, cwd):
        if isinstance(item, Touch):
            uses[item.path] = uses.get(item.path, frozenset()) | {item.use}
    return uses


def repositories_of(action: Action, *, cwd: str) -> tuple[str, ...]:
    """Folders in which git would run; `Facts.git_exec_keys` should tell of all of them."""
    found = _findings(action, cwd)
    folders = [item.folder for item in found if isinstance(item, Repository)]
    return tuple(dict.fromkeys(folders))


def assess(action: Action, facts: Facts) -> Assessment:
    """What `action` would do, how bad that is, and why."""
    cwd = action.cwd if isinstance(action, Command | FileEdit | FileRead) else facts.workspace
    judged = (_evidence(item, facts) for item in _findings(action, cwd))
    own = reaches_for_assent(action, facts)
    evidence = tuple(sorted(dict.fromkeys((*own, *judged)), key=_severity))
    worst = evidence[0]
    telling = [item for item in evidence if item.risk > RiskClass.TRIVIAL]
    return Assessment(
        risk=worst.risk,
        effects=frozenset(item.effect for item in evidence),
        evidence=evidence[: len(telling) + MAX_TRIVIAL],
        title=_title(action, worst, facts),
        undo=worst.undo or _UNDO[worst.effect],
        factors=worst_of(tuple(item.factors for item in evidence)),
    )


def _severity(evidence: Evidence) -> tuple[int, bool]:
    return -evidence.risk, evidence.effect is Effect.UNKNOWN


# --- what an action is about


def _findings(action: Action, cwd: str) -> tuple[Finding, ...]:
    match action:
        case Command():
            return inspect_command(action)
        case FileEdit():
            found = [touch for change in action.changes for touch in _touches(change, cwd)]
            return tuple(found) or _unknown(action)
        case FileRead():
            reads = [Touch(join(cwd, path), Use.READ) for path in action.paths]
            return tuple(reads) or _unknown(action)
        case ToolCall():
            return (_tool_evidence(action),)
        case Plan():
            what = "presents a plan: nothing is changed before a person agrees"
            return (Evidence("plan", Effect.PLAN, typical(RiskClass.MEDIUM), what),)
        case PolicyEdit():
            what = "changes the policy, which decides what agents may do"
            return (
                Evidence("policy-self", Effect.POLICY_SELF, typical(RiskClass.IRREVERSIBLE), what),
            )
        case UnknownAction():
            what = f"could not be read: {shown(action.reason)}"
            return (Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what),)
        case _:
            assert_never(action)


def _unknown(action: Action) -> tuple[Finding, ...]:
    what = f"is a {kind_of(action)} that names no file"
    return (Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what),)


def _touches(change: FileChange, cwd: str) -> list[Touch]:
    use = Use.DELETE if change.kind is EditKind.DELETE else Use.WRITE
    touches = [Touch(join(cwd, change.path), use)]
    if change.moved_to is not None:
        touches.append(Touch(join(cwd, change.moved_to), Use.WRITE))
    return touches


def _tool_evidence(call: ToolCall) -> Evidence:
    name = shown(f"{call.server}/{call.tool}")
    match call.vouched:
        case Vouched.INERT:
            return Evidence("inert", Effect.NONE, typical(RiskClass.TRIVIAL), f"calls {name}")
        case Vouched.READ:
            return Evidence("read", Effect.READ, typical(RiskClass.TRIVIAL), f"reads with {name}")
        case Vouched.NETWORK_READ:
            what = f"fetches from the network with {name}"
            return Evidence("network", Effect.NETWORK, typical(RiskClass.MEDIUM), what)
        case Vouched.NOTHING:
            what = f"calls {name}, and what that does is not known"
            return Evidence("unknown-tool", Effect.UNKNOWN, typical(RiskClass.MEDIUM), what)
        case _:
            assert_never(call.vouched)


# --- what the world says about it


def _evidence(item: Finding, facts: Facts) -> Evidence:
    match item:
        case Evidence():
            return item
        case Touch():
            return judge(item, facts)
        case Runs():
            return _in_workspace(item, facts)
        case Repository():
            return _git_runs(item, facts)
        case _:
            assert_never(item)


def _in_workspace(item: Runs, facts: Facts) -> Evidence:
    """A rule vouches for a program in the workspace, not for its namesake elsewhere."""
    known = [facts.paths.get(folder) for folder in item.folders]
    if all(fact is not None and fact.inside for fact in known):
        return item.evidence
    return replace(item.evidence, program=())


def _git_runs(item: Repository, facts: Facts) -> Evidence:
    if not facts.git_exec_keys:
        return Evidence("git", Effect.READ, typical(RiskClass.TRIVIAL), "runs git", item.span)
    keys = shown(", ".join(facts.git_exec_keys))
    what = f"runs git where its configuration runs programs ({keys})"
    return Evidence("git-config", Effect.CODE_EXEC, typical(RiskClass.MEDIUM), what, item.span)


# --- words


def _title(action: Action, worst: Evidence, facts: Facts) -> str:
    match action:
        case Command():
            return _imperative(worst.what) if worst.risk > RiskClass.LOW else _script(action)
        case FileEdit():
            return _edit_title(action, facts)
        case FileRead():
            return f"read {_file(action.paths, action.cwd, facts)}"
        case ToolCall():
            return f"call {shown(f'{action.server}/{action.tool}')}"
        case Plan():
            return f"follow its plan: {_heading(action.text)}"
        case PolicyEdit():
            return "change the policy"
        case UnknownAction():
            return f"use {shown(action.tool)}" if action.tool else "do something that is not known"
        case _:
            assert_never(action)


def _script(action: Command) -> str:
    text = action.script if isinstance(action.script, str) else " ".join(action.script)
    return f"run {shown(' '.join(text.split()))}"


def _imperative(what: str) -> str:
    """`deletes build, outside the workspace` as a title: `delete build`."""
    first, _, rest = what.partition(", ")[0].partition(" ")
    return f"{_IMPERATIVES[first]} {rest}" if first in _IMPERATIVES else f"run a script that {what}"


def _edit_title(action: FileEdit, facts: Facts) -> str:
    changes = action.changes
    if len(changes) != 1:
        return f"edit {_file(tuple(c.path for c in changes), action.cwd, facts)}"
    change = changes[0]
    name = _file((change.path,), action.cwd, facts)
    match change.kind:
        case EditKind.CREATE:
            return f"create {name} {_size(change.diff)}".rstrip()
        case EditKind.UPDATE:
            return f"edit {name} {_size(change.diff)}".rstrip()
        case EditKind.DELETE:
            return f"delete {name}"
        case EditKind.MOVE:
            target = _file((change.moved_to or "?",), action.cwd, facts)
            return f"move {name} to {target}"
        case _:
            assert_never(change.kind)


def _size(diff: str) -> str:
    """`+12 -3`, from a unified diff."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    counts = _count(lines, "+"), _count(lines, "-")
    return " ".join(f"{mark}{n}" for mark, n in zip("+-", counts, strict=True) if n)


def _count(lines: Iterable[str], mark: str) -> int:
    return sum(line.startswith(mark) for line in lines)


def _file(paths: tuple[str, ...], cwd: str, facts: Facts) -> str:
    if len(paths) != 1:
        return f"{len(paths)} files"
    path = join(cwd, paths[0])
    fact = facts.paths.get(path)
    return name_in(path if fact is None else fact.real, facts)


def _heading(text: str) -> str:
    lines = (line.strip().lstrip("#").strip() for line in text.splitlines())
    return shown(next((line for line in lines if line), "nothing written"))
