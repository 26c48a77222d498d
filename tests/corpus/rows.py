"""Rows of the corpora, and how the gate would answer each. See `docs/reference/corpus.md`."""

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.app.classify import HOME, WORKSPACE, Case, Classifier, Graded, with_paths
from assent.core.actions import Action, Command, EditKind, FileChange, FileEdit, ToolCall
from assent.core.canonical import digest_text
from assent.core.facts import Facts, Kept, PathFact, PinnedTool, RepositoryFact, ScriptFact, Task
from assent.core.policy import Policy, route
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk import assess, lies_in

HERE = Path(__file__).parent
_SCHEMA = digest_text("{}")
_LANGUAGES = {".py": "python", ".js": "javascript"}


@dataclass(frozen=True)
class World:
    """What holds around a row: paths are from the workspace, or absolute."""

    links: Mapping[str, str] = field(default_factory=dict)
    """Where a path really leads."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """What keeps a path: a word of `Kept`."""
    made: tuple[str, ...] = ()
    """Paths that the agent made in this run."""
    git_exec_keys: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    tasks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Texts by runner and name."""
    accepted: bool = True
    """Whether a person accepted the tasks with these texts."""
    scripts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """`text`, and `tracked` or `written`, by path."""
    branch: str = ""
    upstream: str = ""
    pushed: bool | None = None
    pinned: str = ""
    """`read`: a person agreed to the tool as one that reads; `changed`: and its schema changed."""


@dataclass(frozen=True)
class Row:
    id: str
    kind: str
    family: str
    input: str
    expect: str
    """`auto` or `gate`."""
    why: str
    effects: tuple[str, ...] = ()
    """Each must be named; `a|b` is either of two."""
    forms: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    input2: str | None = None
    path: str = ""
    dialect: str = ""
    least: str = "trivial"
    most: str = "irreversible"
    """The class lies between these."""
    cwd: str = ""
    workspace: str = ""
    project: str = ""
    """A project of `projects.json`."""
    facts: World | None = None
    n: int = 1
    """How often a day has it."""

    @property
    def plain(self) -> bool:
        """Whether nothing is known about the world around it."""
        return not (self.facts or self.project or self.workspace)


def load(name: str) -> tuple[Row, ...]:
    """The rows of one file, in its order."""
    lines = (HERE / f"{name}.jsonl").read_text("utf-8").split("\n")
    return tuple(row_of(json.loads(line)) for line in lines if line)


def row_of(table: dict[str, object]) -> Row:
    """A row as it stands in its file. A text may be cut in parts, so that no scanner takes a made
    up secret for a real one."""
    values = {key: _frozen(value) for key, value in table.items()}
    for key in ("input", "input2"):
        if isinstance(values.get(key), tuple):
            values[key] = "".join(map(str, table[key]))  # type: ignore[call-overload]
    if isinstance(table.get("facts"), dict):
        values["facts"] = world_of(table["facts"])  # type: ignore[arg-type]
    return Row(**values)  # type: ignore[arg-type]


def world_of(table: dict[str, object]) -> World:
    return World(**{key: _frozen(value) for key, value in table.items()})  # type: ignore[arg-type]


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


@cache
def projects() -> Mapping[str, World]:
    """What each sample project uses by itself."""
    tables = json.loads((HERE / "projects.json").read_text("utf-8"))
    return {name: world_of(table) for name, table in tables.items()}


@cache
def policy() -> Policy:
    """The policy that `assent init` writes, with the catalog that is shipped."""
    return PolicyFiles(built_in_catalog()).default()


# --- how the gate answers


def graded(row: Row) -> Graded:
    """As `assent classify` grades it; with the row's world around it, if it has one."""
    case = Case(row.id, row.kind, row.input, input2=row.input2, cwd=row.cwd, path=row.path)
    if row.plain:
        return Classifier(policy()).grade(case)
    workspace = row.workspace or WORKSPACE
    action = _action(row, row.cwd or workspace)
    facts = facts_of(row, action, workspace=workspace)
    assessment = assess(action, facts)
    session = AgentSession("corpus", session_id="", workspace=workspace, cwd=row.cwd or workspace)
    proposal = Proposal(session=session, call_id="", tool="", action=action, payload=b"")
    return Graded(assessment, route(assessment, policy(), proposal=proposal, facts=facts))


def _action(row: Row, cwd: str) -> Action:
    if row.kind == "shell":
        return Command(script=row.input, cwd=cwd)
    if row.kind == "tool":
        call = json.loads(row.input)
        arguments = json.dumps(call["arguments"])
        return ToolCall(call["server"], call["tool"], arguments, schema_hash=_SCHEMA)
    assert row.kind == "edit"
    change = FileChange(
        path=row.path,
        kind=EditKind.UPDATE,
        before=digest_text(row.input),
        after=digest_text(row.input2 or ""),
        diff="",
    )
    return FileEdit((change,), cwd)


def facts_of(row: Row, action: Action, *, workspace: str) -> Facts:
    """The world on paper of `assent classify`, with what the row says about it."""
    given = row.facts or World()
    project = projects()[row.project] if row.project else World()
    places = {workspace: _repository(given, workspace)}
    facts = Facts(
        workspace=workspace,
        home=HOME,
        assent_home=f"{HOME}/.local/share/assent",
        catalog=policy().catalog,
        git_exec_keys=given.git_exec_keys,
        programs=frozenset((*given.programs, *project.programs)),
        tasks={**_tasks(project, workspace), **_tasks(given, workspace)},
        scripts={
            _absolute(written, workspace): _script(path, script)
            for path, script in {**project.scripts, **given.scripts}.items()
            for written in (path, f"./{path}")
        },
        repositories=places,
        branch=given.branch or None,
        pinned_tools=_pinned(given, action),
    )
    seen = with_paths(action, facts, cwd=row.cwd or workspace)
    paths = {path: _placed(path, fact, given, facts) for path, fact in seen.paths.items()}
    return replace(seen, paths=paths)


def _pinned(world: World, action: Action) -> dict[tuple[str, str], PinnedTool]:
    if not world.pinned or not isinstance(action, ToolCall):
        return {}
    schema = _SCHEMA if world.pinned == "read" else digest_text("[]")
    return {(action.server, action.tool): PinnedTool(schema, read_only=True, by="ana")}


def _absolute(path: str, workspace: str) -> str:
    return posixpath.join(workspace, path)


def _placed(path: str, fact: PathFact, world: World, facts: Facts) -> PathFact:
    """`fact` with what the row says about the path as written, or about a folder above it."""
    for written, real in world.links.items():
        absolute = _absolute(written, facts.workspace)
        if lies_in(path, absolute):
            led = real + path[len(absolute) :]
            fact = replace(fact, real=led, inside=lies_in(led, facts.workspace), temporary=False)
    for kept, word in world.kept.items():
        if lies_in(fact.real, _absolute(kept, facts.workspace)):
            fact = replace(fact, kept=Kept(word))
    made = any(lies_in(fact.real, _absolute(each, facts.workspace)) for each in world.made)
    return replace(fact, made=made, written=made)


def _tasks(world: World, workspace: str) -> dict[tuple[str, str], Task]:
    return {
        (runner, name): Task(text, folder=workspace, accepted=world.accepted)
        for runner, texts in world.tasks.items()
        for name, text in texts.items()
    }


def _script(path: str, script: Mapping[str, object]) -> ScriptFact:
    text = str(script["text"])
    return ScriptFact(
        digest=digest_text(text),
        text=text,
        language=_LANGUAGES.get(posixpath.splitext(path)[1], "shell"),
        tracked=bool(script.get("tracked")),
        written=bool(script.get("written")),
    )


def _repository(world: World, workspace: str) -> RepositoryFact:
    remote, _, branch = world.upstream.partition("/")
    return RepositoryFact(
        root=workspace,
        branch=world.branch,
        upstream_remote=remote,
        upstream_branch=branch,
        remotes={"origin": "code.example"},
        default_branch="main",
        pushed=world.pushed,
    )
