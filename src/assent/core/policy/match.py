"""Whether a rule fits an action, and the reasons for which the action would wait."""

import re
from functools import lru_cache

from assent.core.actions import ToolCall
from assent.core.encoding import kind_of
from assent.core.facts import Facts
from assent.core.policy.model import RouteName, Rule
from assent.core.proposals import Proposal
from assent.core.risk.model import Assessment, Effect, Evidence

HARMLESS = frozenset({Effect.NONE, Effect.READ})
LOOSENING = frozenset({RouteName.PROCEED, RouteName.NOTIFY})
_VOUCHABLE = frozenset({"unknown-program", "runs-code"})
"""Evidence that says no more than that a program runs which nobody vouched for."""


def fits_action(rule: Rule, assessment: Assessment, proposal: Proposal) -> bool:
    """Whether the conditions about the action hold."""
    action = proposal.action
    if rule.kinds and kind_of(action) not in rule.kinds:
        return False
    if rule.agents and proposal.session.agent not in rule.agents:
        return False
    if rule.classes and assessment.risk not in rule.classes:
        return False
    if not rule.tools:
        return True
    return isinstance(action, ToolCall) and any(_names_tool(t, action) for t in rule.tools)


def fits_reason(rule: Rule, item: Evidence, facts: Facts) -> bool:
    """Whether the conditions about effects, programs and paths hold for one reason."""
    if rule.effects and item.effect not in rule.effects:
        return False
    if rule.paths and not any(_names_path(glob, item.path, facts) for glob in rule.paths):
        return False
    if not rule.programs:
        return True
    plain = item.rule in _VOUCHABLE or bool(rule.effects) or rule.route not in LOOSENING
    return plain and any(_names_program(program, item, facts) for program in rule.programs)


def _names_tool(pattern: str, call: ToolCall) -> bool:
    server, _, tool = pattern.partition("/")
    return server in ("*", call.server) and tool in ("*", call.tool)


def _names_path(glob: str, path: str, facts: Facts) -> bool:
    root = facts.workspace.rstrip("/") + "/"
    return path.startswith(root) and _glob(glob).fullmatch(path[len(root) :]) is not None


@lru_cache(maxsize=4096)
def _glob(glob: str) -> re.Pattern[str]:
    """`**/` stands for any folders, `*` and `?` for anything within a name."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./"))
    meaning = {"**/": "(?:[^/]+/)*+", "**": ".*+", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _names_program(program: str, item: Evidence, facts: Facts) -> bool:
    """Whether the first words are those of `program`; a path in it starts at the workspace."""
    first, *rest = program.split()
    words = item.program[: 1 + len(rest)]
    if not words or list(words[1:]) != rest:
        return False
    if "/" not in first or first.startswith("/"):
        return words[0] == first
    known = facts.paths.get(words[0])
    wanted = f"{facts.workspace.rstrip('/')}/{first.removeprefix('./')}"
    return known is not None and known.real == wanted
