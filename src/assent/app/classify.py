"""Grade cases from a file, in a world on paper: nothing is run and no disk is looked at."""

import posixpath
import re
from dataclasses import dataclass, field, replace

from assent.core.actions import Action, Command
from assent.core.facts import Facts, Kept, PathFact
from assent.core.policy import Deny, Gate, Notify, Policy, Proceed, Route, route
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import Assessment, assess, lies_in, paths_of
from assent.core.risk.shell import read_script

WORKSPACE = "/workspace/project"
HOME = "/home/user"
_HOME = re.compile(r"/(?:Users|home)/[^/]+|/root")
_TEMPORARY = ("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/var/folders", "/dev/shm")


@dataclass(frozen=True, slots=True)
class Case:
    """A thing that an agent might do. `cwd` empty: where it says itself that it goes first."""

    id: str
    kind: str
    """`shell`, `sql`, `edit`, `diff` or `tool`."""
    input: str
    input2: str | None = None
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all cases of a run."""

    policy: Policy
    programs: frozenset[str] = field(default_factory=frozenset)
    """Programs that the projects use."""


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


def classify(case: Case, setting: Setting) -> Graded:
    """Grade one case as the gate would, for a person working alone."""
    workspace, cwd = place_of(case)
    action = Command(script=case.input, cwd=cwd)
    facts = facts_on_paper(action, workspace=workspace, setting=setting)
    assessment = assess(action, facts)
    proposal = _proposal(action, workspace, cwd)
    chosen = route(assessment, setting.policy, proposal=proposal, facts=facts)
    return Graded(assessment, chosen)


def _proposal(action: Action, workspace: str, cwd: str) -> Proposal:
    session = AgentSession(agent="classify", session_id="", workspace=workspace, cwd=cwd)
    return Proposal(session=session, call_id="", tool="", action=action, payload=b"")


def place_of(case: Case) -> tuple[str, str]:
    """The workspace and the folder in which the case starts."""
    cwd = case.cwd
    if not cwd and case.kind == "shell":
        commands = read_script(case.input, "/").commands
        words = [w.text for w in commands[0].words] if commands else []
        if len(words) == 2 and words[0] == "cd" and _is_project(words[1] or ""):
            cwd = words[1] or ""
    cwd = posixpath.normpath(cwd) if cwd else WORKSPACE
    return _project(cwd), cwd


def _is_project(path: str) -> bool:
    found = _HOME.match(path)
    below = path[found.end() :].strip("/").split("/") if found else []
    return len(below) >= 2 and not below[0].startswith(".")


def _project(cwd: str) -> str:
    """Below a home a project is two folders deep; elsewhere it is where the case starts."""
    if not _is_project(cwd):
        return cwd
    found = _HOME.match(cwd)
    home = found.group() if found else HOME
    return "/".join([home, *cwd[len(home) :].strip("/").split("/")[:2]])


def facts_on_paper(action: Action, *, workspace: str, setting: Setting) -> Facts:
    """Facts in which every path exists, leads where it says, and is kept by nothing."""
    found = _HOME.match(workspace)
    home = found.group() if found else HOME
    known = Facts(
        workspace=workspace,
        home=home,
        assent_home=f"{home}/.local/share/assent",
        catalog=setting.policy.catalog,
        programs=setting.programs,
    )
    cwd = action.cwd if isinstance(action, Command) else workspace
    paths = {
        path: _fact(home + path[1:] if path.startswith("~") else path, workspace)
        for path in paths_of(action, known, cwd=cwd)
    }
    return replace(known, paths=paths)


def _fact(path: str, workspace: str) -> PathFact:
    real = "/" + posixpath.normpath(path).lstrip("/")
    inside = lies_in(real, workspace) and workspace != "/"
    temporary = not inside and any(lies_in(real, folder) for folder in _TEMPORARY)
    return PathFact(real=real, inside=inside, temporary=temporary, kept=Kept.NOWHERE)
