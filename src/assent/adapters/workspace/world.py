"""What can be seen of the machine before an action touches it."""

import os
import stat
from dataclasses import replace

from assent.adapters.workspace.files import read_regular, real_path
from assent.adapters.workspace.git_config import GitConfigs
from assent.app.agents import UnreadableFile
from assent.core.actions import Action, Command, FileEdit, FileRead
from assent.core.facts import Facts, PathFact, PlanState
from assent.core.proposals import AgentSession
from assent.core.risk import lies_in, paths_of, repositories_of
from assent.core.risk.catalog import Catalog

POLICY_FILE = ".assent/policy.toml"
MAX_POLICY = 256 * 1024

_PLAN_FOLDERS = {"claude-code": ("~/.claude/plans",)}
_PLAN_FOLDER_BELOW = {"gemini": "~/.gemini/tmp"}
"""Gemini keeps plans in `tmp/<project>/<session>/plans`, older versions in `tmp/<project>/plans`.
The session's folder appears with its first plan."""


class LocalWorld:
    """The machine's file system, and the git configuration of the repositories on it."""

    def __init__(self, *, home: str, assent_home: str) -> None:
        self._home = real_path(home)
        self._assent_home = real_path(assent_home)
        self._configs = GitConfigs()

    def facts(
        self, action: Action, session: AgentSession, plan: PlanState, catalog: Catalog
    ) -> Facts:
        """Never raises: what cannot be seen is missing, and what is missing waits for a person."""
        cwd = _cwd_of(action, session)
        workspace = session.workspace
        known = Facts(workspace, self._home, self._assent_home, catalog=catalog)
        paths = (path for path in paths_of(action, known, cwd=cwd) if path.startswith(("/", "~")))
        return replace(
            known,
            paths={path: self._path(path, workspace) for path in paths},
            git_exec_keys=self._exec_keys(repositories_of(action, known, cwd=cwd)),
            plan=plan,
            plan_paths=self._plan_paths(session),
        )

    def policy_file(self, workspace: str) -> bytes | None:
        """The workspace's policy file; None when it has none that can be read."""
        try:
            return read_regular(os.path.join(workspace, POLICY_FILE), limit=MAX_POLICY)
        except UnreadableFile:
            return None

    def _path(self, path: str, workspace: str) -> PathFact:
        real = real_path(self._expand(path))
        mode = _mode(real)
        return PathFact(
            real=real,
            inside=_is_inside(real, workspace, self._home),
            exists=mode is not None,
            is_dir=mode is not None and stat.S_ISDIR(mode),
        )

    def _expand(self, path: str) -> str:
        return self._home + path[1:] if path == "~" or path.startswith("~/") else path

    def _exec_keys(self, folders: tuple[str, ...]) -> tuple[str, ...]:
        keys = (key for f in folders for key in self._configs.exec_keys(self._expand(f)))
        return tuple(dict.fromkeys(keys))

    def _plan_paths(self, session: AgentSession) -> tuple[str, ...]:
        folders = [self._expand(folder) for folder in _PLAN_FOLDERS.get(session.agent, ())]
        below = _PLAN_FOLDER_BELOW.get(session.agent)
        if below is not None:
            folders += _plan_folders(self._expand(below), session.session_id)
        return tuple(real_path(folder) for folder in folders)


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
