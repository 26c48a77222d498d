"""A world on paper: facts about what an action touches, without a disk."""

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from assent.adapters.catalog import built_in_catalog
from assent.core.actions import Action, Command
from assent.core.facts import Facts, PathFact, PlanState
from assent.core.risk import Assessment, assess, lies_in, paths_of

WORKSPACE = "/w/project"
HOME = "/home/u"
ASSENT_HOME = "/home/u/.local/share/assent"
CATALOG = built_in_catalog()
"""Read here, before the core is watched for reading files."""


def facts_for(
    action: Action,
    *,
    workspace: str = WORKSPACE,
    links: Mapping[str, str] | None = None,
    git_exec_keys: tuple[str, ...] = (),
    plan: PlanState = PlanState.NONE,
    plan_paths: tuple[str, ...] = (),
) -> Facts:
    """Facts in which every path exists. `links` says where paths lead, by the path as written."""
    known = Facts(workspace, HOME, ASSENT_HOME, catalog=CATALOG)
    paths = {}
    for path in paths_of(action, known, cwd=workspace):
        written = HOME + path[1:] if path.startswith("~") else path
        real = (links or {}).get(path, "/" + posixpath.normpath(written).lstrip("/"))
        paths[path] = PathFact(real=real, inside=lies_in(real, workspace))
    return replace(
        known,
        paths=paths,
        git_exec_keys=git_exec_keys,
        plan=plan,
        plan_paths=plan_paths,
    )


def assess_script(script: str, *, workspace: str = WORKSPACE) -> Assessment:
    """Assess a shell script that starts in the workspace."""
    action = Command(script=script, cwd=workspace)
    return assess(action, facts_for(action, workspace=workspace))
