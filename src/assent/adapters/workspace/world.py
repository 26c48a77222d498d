"""What can be seen of the machine before an action touches it."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.adapters.workspace.branch import branch_of
from assent.adapters.workspace.files import read_regular, real_path
from assent.adapters.workspace.git_config import GitConfigs
from assent.adapters.workspace.kept import GitKeeps
from assent.adapters.workspace.repositories import Repositories
from assent.adapters.workspace.scripts import ScriptFiles
from assent.app.agents import UnreadableFile
from assent.core.actions import Action, Command, FileEdit, FileRead
from assent.core.facts import Facts, Kept, PathFact, RepositoryFact, ScriptFact
from assent.core.proposals import AgentSession
from assent.core.risk import Use, lies_in, repositories_of, uses_of
from assent.core.risk.shell import REPOSITORY_ROOT

_LOSES = frozenset({Use.DELETE, Use.DISCARD})
POLICY_FILE = ".assent/policy.toml"
MAX_POLICY = 256 * 1024

_PLAN_FOLDERS = {"claude-code": ("~/.claude/plans",)}
_PLAN_FOLDER_BELOW = {"gemini": "~/.gemini/tmp"}
"""Gemini keeps plans in `tmp/<project>/<session>/plans`, older versions in `tmp/<project>/plans`.
The session's folder appears with its first plan."""


MAX_ROUNDS = 4
"""Scripts that run scripts: how many steps are followed."""


class LocalWorld:
    """The machine's file system, and the git repositories on it."""

    def __init__(self, *, home: str, assent_home: str, temporary: Sequence[str] = ()) -> None:
        self._home = real_path(home)
        self._assent_home = real_path(assent_home)
        self._temporary = tuple(dict.fromkeys(real_path(folder) for folder in temporary))
        self._configs = GitConfigs()
        self._repositories = Repositories()
        self._scripts = ScriptFiles()
        self._git = GitKeeps(lambda folder: bool(self._configs.exec_keys(folder)))

    def facts(self, action: Action, session: AgentSession, known: Facts) -> Facts:
        """Never raises: what cannot be seen is missing, and what is missing waits for a person."""
        cwd = _cwd_of(action, session)
        before = replace(known, home=self._home, assent_home=self._assent_home)
        uses, scripts = self._uses(action, before, cwd)
        facts = replace(before, scripts=scripts)
        paths = {path: self._path(path, known.workspace) for path in uses}
        folders = repositories_of(action, facts, cwd=cwd)
        return replace(
            facts,
            scripts=self._tracked(scripts, paths),
            paths=paths if isinstance(action, FileEdit) else self._kept(paths, uses),
            git_exec_keys=self._exec_keys(folders, known.workspace),
            repositories=self._repository_facts(folders, known.workspace),
            plan_paths=self._plan_paths(session),
        )

    def _uses(
        self, action: Action, known: Facts, cwd: str
    ) -> tuple[Mapping[str, frozenset[Use]], Mapping[str, ScriptFact]]:
        """The paths that are used, and what is in those that are run; these may use others."""
        scripts: dict[str, ScriptFact] = {}
        uses: dict[str, frozenset[Use]] = {}
        for _ in range(MAX_ROUNDS):
            uses = _seen(
                uses_of(action, replace(known, scripts=scripts) if scripts else known, cwd=cwd)
            )
            new = [p for p, use in uses.items() if Use.RUN in use and p not in scripts]
            found = {
                path: self._scripts.fact(real_path(self._expand(path, known.workspace)))
                for path in new
            }
            read = {path: fact for path, fact in found.items() if fact is not None}
            if not read:
                break
            scripts |= read
        return uses, scripts

    def _tracked(
        self, scripts: Mapping[str, ScriptFact], paths: Mapping[str, PathFact]
    ) -> Mapping[str, ScriptFact]:
        """With whether git keeps those that lie outside of the workspace."""
        reals = {path: paths[path].real for path in scripts if not paths[path].inside}
        if not reals:
            return scripts
        keeping = self._git.look(list(reals.values()))
        kept = {path for path, real in reals.items() if keeping[real].kept is Kept.GIT}
        return {path: replace(f, tracked=path in kept) for path, f in scripts.items()}

    def _kept(
        self, paths: Mapping[str, PathFact], uses: Mapping[str, frozenset[Use]]
    ) -> Mapping[str, PathFact]:
        """With what git keeps of those that a command deletes. Asking git takes milliseconds."""
        lost = {
            path: fact
            for path, fact in paths.items()
            if fact.exists and fact.inside and not _LOSES.isdisjoint(uses[path])
        }
        if not lost:
            return paths
        keeping = self._git.look([fact.real for fact in lost.values()])
        found = dict(paths)
        for path, fact in lost.items():
            kept = keeping[fact.real]
            found[path] = replace(fact, kept=kept.kept, unkept=kept.unkept, unkept_files=kept.files)
        return found

    def _repository_facts(
        self, folders: Sequence[str], workspace: str
    ) -> Mapping[str, RepositoryFact]:
        found = {
            folder: self._repositories.fact(self._expand(folder, workspace)) for folder in folders
        }
        return {folder: fact for folder, fact in found.items() if fact is not None}

    def policy_file(self, workspace: str) -> bytes | None:
        """The workspace's policy file; None when it has none that can be read."""
        try:
            return read_regular(os.path.join(workspace, POLICY_FILE), limit=MAX_POLICY)
        except UnreadableFile:
            return None

    def branch(self, workspace: str) -> str:
        """The branch that is checked out there; empty for none."""
        return branch_of(workspace)

    def _path(self, path: str, workspace: str) -> PathFact:
        real = real_path(self._expand(path, workspace))
        mode = _mode(real)
        inside = _is_inside(real, workspace, self._home)
        return PathFact(
            real=real,
            inside=inside,
            exists=mode is not None,
            is_dir=mode is not None and stat.S_ISDIR(mode),
            temporary=not inside and self._is_temporary(real, workspace),
        )

    def _is_temporary(self, real: str, workspace: str) -> bool:
        """Below a folder for temporary files, and no part or parent of what is not temporary."""
        mine = (self._home, self._assent_home, workspace)
        return any(lies_in(real, folder) and real != folder for folder in self._temporary) and not (
            any(lies_in(real, place) or lies_in(place, real) for place in mine)
        )

    def _expand(self, path: str, workspace: str) -> str:
        """The path on this machine: its home, and the work tree that a script asked git for."""
        if lies_in(path, REPOSITORY_ROOT):
            return workspace + path[len(REPOSITORY_ROOT) :]
        return self._home + path[1:] if path == "~" or path.startswith("~/") else path

    def _exec_keys(self, folders: tuple[str, ...], workspace: str) -> tuple[str, ...]:
        keys = (key for f in folders for key in self._configs.exec_keys(self._expand(f, workspace)))
        return tuple(dict.fromkeys(keys))

    def _plan_paths(self, session: AgentSession) -> tuple[str, ...]:
        folders = [
            self._expand(folder, session.workspace)
            for folder in _PLAN_FOLDERS.get(session.agent, ())
        ]
        below = _PLAN_FOLDER_BELOW.get(session.agent)
        if below is not None:
            folders += _plan_folders(self._expand(below, session.workspace), session.session_id)
        return tuple(real_path(folder) for folder in folders)


def _seen(uses: Mapping[str, frozenset[Use]]) -> dict[str, frozenset[Use]]:
    """Without paths that begin nowhere."""
    return {path: use for path, use in uses.items() if path.startswith(("/", "~"))}


def _cwd_of(action: Action, session: AgentSession) -> str:
    return action.cwd if isinstance(action, Command | FileEdit | FileRead) else session.cwd


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return None


def _is_inside(real: str, workspace: str, home: str) -> bool:
    """A folder that holds the user's home is no project: nothing in it counts as inside."""
    holds_home = lies_in(home, workspace) and home != workspace
    return workspace != "/" and not holds_home and lies_in(real, workspace)


def _plan_folders(root: str, session_id: str) -> list[str]:
    plain = session_id not in (".", "..") and "/" not in session_id
    sessions = ("", session_id) if session_id and plain else ("",)
    folders = [os.path.join(p, session, "plans") for p in _folders_in(root) for session in sessions]
    # A symlink must not make another place the folder of plans.
    return [folder for folder in folders if lies_in(real_path(folder), real_path(root))]


def _folders_in(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
