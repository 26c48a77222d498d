"""What people have allowed for longer than one call, and what that answers.

A grant never covers what cannot be taken back: that is asked about one by one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from assent.core.actions import Action, Command, FileEdit
from assent.core.canonical import Json, canonical
from assent.core.facts import PROTECTED_BRANCHES, is_branch_in
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import PLAIN, Factors, Precedent, RiskClass, typical, worst_of
from assent.core.risk.model import Assessment, Effect, Evidence
from assent.core.risk.paths import lies_in
from assent.core.risk.shell import hides

UNKNOWN_PROGRAM = "unknown-program"
"""The rule of evidence that says no more than that a program is not known."""
OUT_OF_PLAN = "out-of-plan"
GRANTED = "granted"
NAME_LENGTH = 200
"""Characters of the longest program that can be vouched for."""
PLAN_GRANT_MS = 8 * 3_600_000
"""How long a plan covers what it names, if its run does not end before: eight hours."""
SCOPE_GRANT_MS = 8 * 3_600_000
"""How long an outward effect is allowed when the person does not say: eight hours."""
MAX_SCOPE = 300
MAX_PLAN_ITEMS = 200

_SCOPE = re.compile(r"(?P<act>[a-z][a-z-]*) +(?P<target>\S(?:.*\S)?)")
_PATH = re.compile(r"(?:\./)?[\w@.+-][\w@.+/-]*")
_ENDING = re.compile(r"\.\w{1,10}$")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$")
_TICKED = re.compile(r"(?<!`)`([^`\n]{1,500})`(?!`)")
_SHELL_FENCES = frozenset({"sh", "bash", "shell", "zsh", "console", "shell-session"})
_COMMAND = re.compile(r"[\w./-]+( +\S+)+")


class GrantKind(StrEnum):
    PROGRAM = "program"
    """A program that was not known may run in the workspace."""
    SCOPE = "scope"
    """An outward effect, such as `push origin/agent/*`."""
    PLAN = "plan"
    """What an approved plan names, in the run that showed it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A standing allowance, given with the approval of a request."""

    id: str
    workspace: str
    kind: GrantKind
    what: tuple[str, ...]
    """The program; the scope; or for a plan `edit PATH` and `run COMMAND`, one each."""
    by: str
    request: int
    """Number of the request with whose approval it was given."""
    created_at: int
    until: int | None = None
    """End, in ms since the epoch; None: until it is revoked."""
    agent: str = ""
    """The agent it is for; empty for any."""
    session: str = ""
    """The run it is for; empty for any."""

    def holds(self, session: AgentSession, now: int) -> bool:
        """Whether it is in force for a call of `session` at `now`."""
        return (
            self.workspace == session.workspace
            and self.agent in ("", session.agent)
            and self.session in ("", session.session_id)
            and (self.until is None or now < self.until)
        )


# --- programs


def vouches_of(assessment: Assessment) -> tuple[str, ...]:
    """The programs that an approval would make known here; none when there is more to agree to."""
    reasons = [item for item in assessment.evidence if item.risk > RiskClass.LOW]
    names = [item.program[0] for item in reasons if item.rule == UNKNOWN_PROGRAM and item.program]
    plain = all(_can_be_named(name) for name in names)
    return tuple(dict.fromkeys(names)) if plain and len(names) == len(reasons) else ()


def _can_be_named(name: str) -> bool:
    return 0 < len(name) <= NAME_LENGTH and not hides(name) and not name.startswith("-")


# --- outward effects


def read_scope(text: str) -> str | None:
    """`text` as the pattern of a scope, `push origin/agent/*`; None when it is none.

    The target needs a plain beginning: nobody allows everything in one word.
    """
    match = _SCOPE.fullmatch(text.strip())
    if match is None or len(text) > MAX_SCOPE or hides(text) or match["target"][0] in "*?":
        return None
    return f"{match['act']} {match['target']}"


def covers(pattern: str, evidence: Evidence) -> bool:
    """Whether the scope `pattern` allows the outward effect of `evidence`.

    `*` stands for anything but `/`, `**` for anything. A protected branch has to be named.
    """
    scope = evidence.scope
    if scope is None or not scope.target or evidence.risk is RiskClass.IRREVERSIBLE:
        return False
    act, _, target = pattern.partition(" ")
    if act != scope.act or _glob(target).fullmatch(scope.target) is None:
        return False
    branch = scope.target.partition("/")[2]
    is_open = act == "push" and target != scope.target
    return not (is_open and is_branch_in(branch, PROTECTED_BRANCHES))


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    meaning = {"**": ".*+", "*": "[^/]*"}
    parts = re.split(r"(\*\*|\*)", pattern)
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)


# --- plans


def named_in_plan(text: str, workspace: str) -> tuple[str, ...]:
    """What a plan names exactly: `edit PATH` (a path from the workspace) and `run COMMAND`.

    Paths stand in backticks, commands in backticks or in blocks of shell code.
    """
    found: list[str] = []
    for language, block in _blocks(text):
        if language is None:
            found += _ticked(block, workspace)
        elif language in _SHELL_FENCES:
            found += [f"run {line}" for line in _command_lines(block)]
    return tuple(dict.fromkeys(found))[:MAX_PLAN_ITEMS]


def _blocks(text: str) -> Iterator[tuple[str | None, str]]:
    """Prose (None) and fenced blocks with the language they name."""
    lines: list[str] = []
    fence, language = "", ""
    for line in text.splitlines():
        match = _FENCE.match(line)
        if not fence and match is not None:
            yield None, "\n".join(lines)
            fence, language, lines = match[1], match[2].lower(), []
        elif fence and line.strip() == fence:
            yield language, "\n".join(lines)
            fence, lines = "", []
        else:
            lines.append(line)
    if not fence:
        yield None, "\n".join(lines)


def _ticked(prose: str, workspace: str) -> Iterator[str]:
    for match in _TICKED.finditer(prose):
        words = match[1].strip()
        if hides(words):
            continue
        path = _plan_path(words, workspace)
        if path:
            yield f"edit {path}"
        elif _COMMAND.fullmatch(words):
            yield f"run {words}"


def _plan_path(word: str, workspace: str) -> str:
    """`word` as a path from the workspace; empty when it does not look like one in there."""
    root = workspace.rstrip("/") + "/"
    path = word.removeprefix(root) if root != "/" else word
    if _PATH.fullmatch(path) is None or ".." in path.split("/"):
        return ""
    looks = "/" in path.strip("/") or path.endswith("/") or _ENDING.search(path) is not None
    return path.removeprefix("./") if looks else ""


def _command_lines(block: str) -> Iterator[str]:
    for line in block.replace("\\\n", " ").splitlines():
        command = line.strip().removeprefix("$ ").strip()
        if command and not command.startswith("#") and not hides(command):
            yield command


def is_in_plan(action: Action, plan: Grant) -> bool:
    """Whether the plan names this very command, or each of the files that are edited."""
    match action:
        case Command(script=script, env=(), interactive=False):
            text = script if isinstance(script, str) else " ".join(script)
            return f"run {text.strip()}" in plan.what
        case FileEdit(changes=changes) if changes:
            paths = [p for c in changes for p in (c.path, c.moved_to) if p is not None]
            return all(_is_named(path, action.cwd, plan) for path in paths)
        case _:
            return False


def _is_named(path: str, cwd: str, plan: Grant) -> bool:
    root = plan.workspace.rstrip("/")
    full = path if path.startswith("/") else f"{cwd.rstrip('/')}/{path}"
    if ".." in full.split("/"):
        return False
    named = [item.removeprefix("edit ") for item in plan.what if item.startswith("edit ")]
    return any(
        lies_in(full, f"{root}/{name}") if name.endswith("/") else full == f"{root}/{name}"
        for name in named
    )


def mark_out_of_plan(assessment: Assessment, action: Action, plans: Sequence[Grant]) -> Assessment:
    """What lies outside of every plan in force counts as a first time: medium becomes high.

    A plan that names no command says nothing about commands, one that names no file nothing about
    edits. What is trivial stays as it is, and what is low is only told.
    """
    telling = [plan for plan in plans if _tells_of(action, plan)]
    if assessment.risk < RiskClass.LOW or not telling:
        return assessment
    if any(is_in_plan(action, plan) for plan in telling):
        return assessment
    raised = [
        replace(item, factors=replace(item.factors, precedent=Precedent.FIRST))
        if item.risk > RiskClass.LOW
        else item
        for item in assessment.evidence
    ]
    what = "is not in the plan that was approved: out of plan"
    note = Evidence(OUT_OF_PLAN, Effect.PLAN, typical(RiskClass.LOW), what)
    return _with_evidence(assessment, [*raised, note])


def _tells_of(action: Action, plan: Grant) -> bool:
    word = {Command: "run ", FileEdit: "edit "}.get(type(action))
    return word is not None and any(item.startswith(word) for item in plan.what)


# --- what a grant answers


def answers(grant: Grant, evidence: Evidence, action: Action) -> bool:
    """Whether a grant that holds takes away this reason to ask. Never for the irreversible."""
    if evidence.risk is RiskClass.IRREVERSIBLE:
        return False
    match grant.kind:
        case GrantKind.PROGRAM:
            return evidence.rule == UNKNOWN_PROGRAM and evidence.program[:1] == grant.what
        case GrantKind.SCOPE:
            return any(covers(pattern, evidence) for pattern in grant.what)
        case GrantKind.PLAN:
            return is_in_plan(action, grant)


@dataclass(frozen=True, slots=True)
class Granted:
    """What is left to ask about, and which grants answered the rest."""

    assessment: Assessment
    by: tuple[Grant, ...]


def apply_grants(
    assessment: Assessment, proposal: Proposal, grants: Iterable[Grant], now: int
) -> Granted | None:
    """The assessment without the reasons that grants answer; None when they answer none."""
    held = [grant for grant in grants if grant.holds(proposal.session, now)]
    left: list[Evidence] = []
    used: dict[str, Grant] = {}
    for item in assessment.evidence:
        found = _answer(item, proposal.action, held)
        if found is None:
            left.append(item)
        else:
            used[found.id] = found
    if not used:
        return None
    by = tuple(used.values())
    names = ", ".join(dict.fromkeys(grant.by for grant in by))
    note = Evidence(GRANTED, Effect.NONE, PLAIN, f"does what {names} allowed")
    return Granted(_with_evidence(assessment, [*left, note]), by)


def _answer(item: Evidence, action: Action, held: Sequence[Grant]) -> Grant | None:
    if item.risk <= RiskClass.LOW:
        return None
    return next((grant for grant in held if answers(grant, item, action)), None)


def _with_evidence(assessment: Assessment, evidence: Sequence[Evidence]) -> Assessment:
    """The same action with other reasons, the worst first."""
    ordered = tuple(sorted(evidence, key=lambda item: -item.risk))
    factors: Factors = worst_of(tuple(item.factors for item in ordered))
    return replace(
        assessment,
        risk=ordered[0].risk,
        effects=frozenset(item.effect for item in ordered),
        evidence=ordered,
        factors=factors,
    )


# --- as bytes


def grant_bytes(grant: Grant) -> bytes:
    """The stored form; `read_grant` is its inverse."""
    return canonical(
        {
            "id": grant.id,
            "workspace": grant.workspace,
            "kind": grant.kind.value,
            "what": list(grant.what),
            "by": grant.by,
            "request": grant.request,
            "created_at": grant.created_at,
            "until": grant.until,
            "agent": grant.agent,
            "session": grant.session,
        }
    )


def read_grant(data: bytes) -> Grant:
    """Raises ValueError, TypeError or KeyError for what `grant_bytes` does not write."""
    fields = json.loads(data)
    return Grant(
        id=_text(fields["id"]),
        workspace=_text(fields["workspace"]),
        kind=GrantKind(_text(fields["kind"])),
        what=tuple(_text(item) for item in fields["what"]),
        by=_text(fields["by"]),
        request=_number(fields["request"]),
        created_at=_number(fields["created_at"]),
        until=None if fields["until"] is None else _number(fields["until"]),
        agent=_text(fields["agent"]),
        session=_text(fields["session"]),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _number(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("expected a whole number")
    return value
