"""Finds the rules that may fit an action, so that a long policy costs little more than a short one.

Each rule stands under the values of its most telling condition. Whatever is found here is still
matched in full; a rule that is not found cannot fit.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from assent.core.actions import ToolCall
from assent.core.encoding import kind_of
from assent.core.proposals import Proposal
from assent.core.risk.edits.classes import classes_of
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment

if TYPE_CHECKING:
    from assent.core.policy.model import Rule

Key: TypeAlias = tuple[str, object]

ALWAYS: Key = ("always", "")
OPEN = ""
"""Stands for a value that is no plain word: a wildcard, or a program in the workspace."""


class RuleIndex:
    """The rules of one policy, by what they are about."""

    def __init__(self, rules: Sequence["Rule"]) -> None:
        self._rules = rules
        self._places: defaultdict[Key, list[int]] = defaultdict(list)
        for place, rule in enumerate(rules):
            for key in set(_keys(rule)):
                self._places[key].append(place)

    def candidates(
        self, assessment: Assessment, proposal: Proposal, *, workspace: str
    ) -> Sequence["Rule"]:
        """The rules that may fit the action and one of its reasons, in the policy's order."""
        places: set[int] = set()
        for key in set(_asked(assessment, proposal, workspace)):
            places.update(self._places.get(key, ()))
        return [self._rules[place] for place in sorted(places)]


def _keys(rule: "Rule") -> Iterator[Key]:
    if rule.tools:
        yield from (("tool", _or_open(tool.partition("/")[0])) for tool in rule.tools)
    elif rule.programs:
        yield from (("program", _program(program)) for program in rule.programs)
    elif rule.paths:
        yield from (("path", _folder(path.removeprefix("./"))) for path in rule.paths)
    elif rule.path_classes:
        yield from (("path class", each) for each in rule.path_classes)
    elif rule.scopes:
        yield from (("act", scope.partition(" ")[0]) for scope in rule.scopes)
    elif rule.agents:
        yield from (("agent", agent) for agent in rule.agents)
    elif rule.effects:
        yield from (("effect", effect) for effect in rule.effects)
    elif rule.classes:
        yield from (("class", risk) for risk in rule.classes)
    elif rule.at_least is not None:
        yield from (("class", risk) for risk in RiskClass if risk >= rule.at_least)
    elif rule.kinds:
        yield from (("kind", kind) for kind in rule.kinds)
    else:
        yield ALWAYS


def _asked(assessment: Assessment, proposal: Proposal, workspace: str) -> Iterator[Key]:
    """Every key under which a rule for this action can stand."""
    action = proposal.action
    yield from (ALWAYS, ("agent", proposal.session.agent), ("class", assessment.risk))
    yield ("kind", kind_of(action))
    if isinstance(action, ToolCall):
        yield from (("tool", action.server), ("tool", OPEN))
    root = workspace.rstrip("/") + "/"
    for item in assessment.evidence:
        yield ("effect", item.effect)
        for words in (item.program, *item.called):
            if words:
                yield from (("program", words[0]), ("program", OPEN))
        if item.scope is not None:
            yield ("act", item.scope.act)
        if item.path.startswith(root):
            folder = item.path[len(root) :].partition("/")[0]
            yield from (("path", folder), ("path", OPEN))
            yield from (("path class", each) for each in classes_of(item.path[len(root) :]))


def _or_open(word: str) -> str:
    return OPEN if "*" in word or "?" in word else word


def _program(program: str) -> str:
    first = program.split()[0]
    return OPEN if "/" in first and not first.startswith("/") else first


def _folder(glob: str) -> str:
    return _or_open(glob.partition("/")[0])
