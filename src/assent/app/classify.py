"""Grade cases from a file, in a world on paper: nothing is run and no disk is looked at."""

import difflib
import json
import posixpath
import re
from dataclasses import dataclass, field, replace

from assent.core.actions import (
    Action,
    Command,
    EditKind,
    FileChange,
    FileEdit,
    ToolCall,
    unknown_action,
)
from assent.core.canonical import digest_text
from assent.core.facts import Facts, Kept, PathFact
from assent.core.grants import vouches_of
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, Route, route
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Assessment, Use, assess, assess_findings, lies_in, uses_of
from assent.core.risk.commands import inspect_code
from assent.core.risk.edits import FileVersion, inspect_change
from assent.core.risk.shell import REPOSITORY_ROOT

KINDS = ("shell", "sql", "edit", "diff", "tool")
WORKSPACE = "/workspace/project"
HOME = "/home/user"
FILE = "module.py"
"""The file that a change or an edit is of, when the case does not say."""
_HOME = re.compile(r"/(?:Users|home)/[A-Za-z0-9._-]+|/root(?![A-Za-z0-9])")
_FIRST_CD = re.compile(r"\s*cd\s+(?P<folder>\"[^\"$`]*\"|'[^']*'|[\w~./@-]+)\s*(?:&&|;|\n|$)")
_SOURCE = re.compile(
    r"\.(?:py|go|ts|tsx|js|jsx|mjs|cjs|rs|java|kt|c|h|cc|cpp|hpp|rb|php|swift|scala|cs|sh|css|scss"
    r"|html|vue|svelte|md|rst|ya?ml|toml|proto)$"
)
_TOLD = re.compile(
    r"/\.claude/projects/-(Users|home)-([A-Za-z0-9.]+)-([A-Za-z0-9.]+)-([A-Za-z0-9.]+)"
)
"""Where Claude Code keeps what was said in a project: the folder is named after the project's."""
_NAMED = re.compile(r"/(?:Users|home)/[\w.-]+/(?!Downloads/)\w[\w.-]*/\w[\w-]*(?![\w.])[\w./-]*")
_TEMPORARY = ("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/var/folders", "/dev/shm")
_DATABASE = ToolCall(server="database", tool="query", arguments="{}")


@dataclass(frozen=True, slots=True)
class Case:
    """A thing that an agent might do. `cwd` empty: where it says itself that it goes first."""

    id: str
    kind: str
    """One of `KINDS`; anything else is not known and waits."""
    input: str
    """The script, the statements, the old text, or for a tool `server/tool` and its arguments."""
    input2: str | None = None
    """The new text of an edit or a change; of an edit without it, `input` is the new text."""
    cwd: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Graded:
    """How a case came out."""

    assessment: Assessment
    route: Route

    @property
    def decision(self) -> str:
        """`auto`, `gate` or `deny`."""
        match self.route:
            case Proceed() | Notify():
                return "auto"
            case Gate():
                return "gate"
            case Deny():
                return "deny"


@dataclass(slots=True)
class Classifier:
    """Grades cases one after the other, as the gate would with `policy` in force."""

    policy: Policy
    programs: frozenset[str] = frozenset()
    """Programs that every project uses."""
    learns: bool = False
    """A program that was asked about is known in its project from then on, as after a yes."""
    _learned: dict[str, frozenset[str]] = field(default_factory=dict)

    def grade(self, case: Case) -> Graded:
        """Never raises for any case; what cannot be read waits."""
        workspace, cwd = place_of(case)
        facts = self._facts(workspace, home_of(case, workspace))
        if case.kind == "diff":
            return self._change(case, facts)
        if case.kind == "sql":
            found = inspect_code("sql", case.input, cwd, self.policy.catalog)
            return self._route(_DATABASE, assess_findings(found, facts), facts, cwd)
        action = _action(case, cwd)
        known = with_paths(action, facts, cwd=cwd)
        graded = self._route(action, assess(action, known), known, cwd)
        if self.learns and graded.decision == "gate":
            learned = self._learned.get(workspace, frozenset())
            self._learned[workspace] = learned.union(vouches_of(graded.assessment))
        return graded

    def _facts(self, workspace: str, home: str) -> Facts:
        return Facts(
            workspace=workspace,
            home=home,
            assent_home=f"{home}/.local/share/assent",
            catalog=self.policy.catalog,
            programs=self.programs | self._learned.get(workspace, frozenset()),
        )

    def _change(self, case: Case, facts: Facts) -> Graded:
        """A whole change goes in by itself only when it is proven to change nothing."""
        version = FileVersion(case.path or FILE, case.input, case.input2 or "")
        reading = inspect_change((version,))
        assessment = assess_findings(reading.evidence, facts)
        if reading.trivial:
            return Graded(replace(assessment, title=reading.trivial), Proceed("trivial-change"))
        return Graded(assessment, Gate("change", "a change that is not proven to be trivial"))

    def _route(self, action: Action, assessment: Assessment, facts: Facts, cwd: str) -> Graded:
        session = AgentSession("classify", session_id="", workspace=facts.workspace, cwd=cwd)
        proposal = Proposal(session=session, call_id="", tool="", action=action, payload=b"")
        chosen = route(assessment, self.policy, proposal=proposal, facts=facts)
        return Graded(assessment, chosen)


def _action(case: Case, cwd: str) -> Action:
    match case.kind:
        case "shell":
            return Command(script=case.input, cwd=cwd)
        case "edit":
            return _edit(case, cwd)
        case "tool":
            return _tool(case)
        case _:
            reason = f"is of the kind {case.kind}, which is not known"
            return unknown_action("classify", tool="", payload=case.input.encode(), reason=reason)


def _edit(case: Case, cwd: str) -> FileEdit:
    before, after = (None, case.input) if case.input2 is None else (case.input, case.input2)
    path = case.path or FILE
    lines = ((before or "").splitlines(keepends=True), after.splitlines(keepends=True))
    change = FileChange(
        path=path,
        kind=EditKind.CREATE if before is None else EditKind.UPDATE,
        before=None if before is None else digest_text(before),
        after=digest_text(after),
        diff="".join(difflib.unified_diff(*lines, path, path)),
    )
    return FileEdit((change,), cwd)


def _tool(case: Case) -> Action:
    """`server/tool {"argument": …}`, or one JSON object with `server`, `tool` and `arguments`."""
    name, _, arguments = case.input.partition(" ")
    try:
        table = json.loads(case.input) if case.input.startswith("{") else {}
        name = f"{table['server']}/{table['tool']}" if table else name
        arguments = json.dumps(
            table.get("arguments", {}) if table else json.loads(arguments or "{}")
        )
    except (ValueError, KeyError, AttributeError, RecursionError):
        reason = "is not a call of a tool that can be read"
        return unknown_action("classify", tool="", payload=case.input.encode(), reason=reason)
    server, _, tool = name.partition("/")
    return ToolCall(server=server, tool=tool, arguments=arguments)


# --- a world on paper


def place_of(case: Case) -> tuple[str, str]:
    """The workspace and the folder in which the case starts."""
    cwd = case.cwd or (_starts_in(case.input) if case.kind == "shell" else "")
    cwd = posixpath.normpath(cwd) if cwd else WORKSPACE
    return _project(cwd), cwd


def _starts_in(script: str) -> str:
    """The project to which a script goes first, or else the only one that it names."""
    first = _FIRST_CD.match(script)
    folder = re.sub(r"^~(?=/)", HOME, first["folder"].strip("'\"")) if first else ""
    if is_project(folder):
        return folder
    named = {_project(found.group()) for found in _NAMED.finditer(script)}
    named |= {f"/{'/'.join(found.groups())}" for found in _TOLD.finditer(script)}
    named = {folder for folder in named if is_project(folder)}
    return named.pop() if len(named) == 1 else ""


def home_of(case: Case, workspace: str) -> str:
    """The home of the user: of the workspace, or the first that the case names."""
    found = _HOME.match(workspace) or _HOME.search(case.input)
    return found.group() if found else HOME


def is_project(path: str) -> bool:
    """Whether a folder lies two or more below a home, where projects are kept."""
    found = _HOME.match(path)
    below = path[found.end() :].strip("/").split("/") if found else []
    return len(below) >= 2 and not below[0].startswith(".")


def _project(cwd: str) -> str:
    """Below a home a project is two folders deep; elsewhere it is where the case starts."""
    found = _HOME.match(cwd)
    if found is None or not is_project(cwd):
        return cwd
    home = found.group()
    return "/".join([home, *cwd[len(home) :].strip("/").split("/")[:2]])


def with_paths(action: Action, facts: Facts, *, cwd: str) -> Facts:
    """`facts` in which every path exists, leads where it says, and nothing keeps folders.

    A single source file is committed and unchanged.
    """
    paths = {
        path: _fact(facts.home + path[1:] if path.startswith("~") else path, facts, uses)
        for path, uses in uses_of(action, facts, cwd=cwd).items()
    }
    return replace(facts, paths=paths)


def _fact(path: str, facts: Facts, uses: frozenset[Use]) -> PathFact:
    workspace = facts.workspace
    if lies_in(path, REPOSITORY_ROOT):
        path = workspace + path[len(REPOSITORY_ROOT) :]
    real = "/" + posixpath.normpath(path).lstrip("/")
    inside = lies_in(real, workspace) and workspace != "/"
    temporary = not inside and any(lies_in(real, folder) for folder in _TEMPORARY)
    committed = inside and Use.DISCARD not in uses and bool(_SOURCE.search(path))
    kept = Kept.GIT if committed else Kept.NOWHERE
    return PathFact(real=real, inside=inside, temporary=temporary, kept=kept)
