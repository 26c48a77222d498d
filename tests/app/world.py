"""A world that stands still: nothing on disk, one workspace, policies that are their own text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.adapters.catalog import built_in_catalog
from assent.core.actions import Action
from assent.core.canonical import Digest, digest_of
from assent.core.facts import Facts, PathFact, ScriptFact
from assent.core.policy import Policy
from assent.core.project import ProjectPrograms, ProjectTask
from assent.core.proposals import AgentSession
from assent.core.risk import paths_of
from assent.errors import UsageError

WORKSPACE = "/w"


@dataclass
class StillWorld:
    """Implements World, Files and Project. `policy` is what the workspace's policy file holds."""

    policy: bytes | None = None
    checked_out: str = "main"
    plan_paths: tuple[str, ...] = ()
    found: ProjectPrograms = field(default_factory=ProjectPrograms)
    scripts: dict[str, ScriptFact] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def facts(self, action: Action, session: AgentSession, known: Facts) -> Facts:
        before = replace(known, home="/h", assent_home="/h/assent", scripts=self.scripts)
        paths = paths_of(action, before, cwd=session.cwd)
        return replace(
            before,
            paths={path: PathFact(real=path, inside=path.startswith("/w")) for path in paths},
            plan_paths=self.plan_paths,
        )

    def programs(self, workspace: str) -> ProjectPrograms:
        return self.found

    def tasks_near(
        self, workspace: str, folders: Sequence[str], *, everywhere: bool
    ) -> Mapping[tuple[str, str], Sequence[ProjectTask]]:
        return {(task.runner, task.name): [task] for task in self.found.tasks}

    def branch(self, workspace: str) -> str:
        return self.checked_out

    def policy_file(self, workspace: str) -> bytes | None:
        return self.policy

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)

    def workspace_of(self, cwd: str) -> str:
        return WORKSPACE


BUILT_IN = Policy(digest=Digest("sha256:built-in"), catalog=built_in_catalog())


@dataclass(frozen=True)
class StillPolicies:
    """A PolicyReader for which any text but `broken` is the built-in policy under its digest."""

    built_in: Policy = BUILT_IN

    def default(self) -> Policy:
        return self.built_in

    def default_text(self) -> bytes:
        return b"one\ntwo\n"

    def parse(self, text: bytes) -> Policy:
        if text == b"broken":
            raise UsageError("policy.toml line 1: not a policy.")
        return replace(self.built_in, digest=digest_of(text))
