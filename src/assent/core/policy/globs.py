"""Patterns for paths and for what outward effects are done to."""

import re
from functools import lru_cache

from assent.core.risk.model import Scope


def named_below(glob: str, path: str, root: str) -> bool:
    """Whether `path`, absolute and real, lies below `root` under a name that `glob` fits."""
    folder = root.rstrip("/") + "/"
    return path.startswith(folder) and fits(glob, path[len(folder) :])


def fits(glob: str, text: str) -> bool:
    """`**/` stands for any folders, `*` and `?` for anything within a name."""
    return _compiled(glob).fullmatch(text) is not None


def names_scope(pattern: str, scope: Scope | None) -> bool:
    """Whether `pattern`, an act and a glob of its target, covers `scope`.

    A target that only running can tell may be any.
    """
    if scope is None:
        return False
    act, _, target = pattern.partition(" ")
    return act == scope.act and (not scope.target or fits(target, scope.target))


@lru_cache(maxsize=4096)
def _compiled(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./"))
    meaning = {"**/": "(?:[^/]+/)*+", "**": ".*+", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)
