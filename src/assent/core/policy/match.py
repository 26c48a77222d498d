"""Whether a rule fits an action, and the reasons for which the action would wait."""

from assent.core.actions import ToolCall
from assent.core.encoding import kind_of
from assent.core.facts import Facts
from assent.core.grants import covers
from assent.core.policy import globs
from assent.core.policy.model import Mode, Policy, Rule
from assent.core.proposals import Proposal
from assent.core.risk.edits.classes import classes_of
from assent.core.risk.model import Assessment, Effect, Evidence

HARMLESS = frozenset({Effect.NONE, Effect.READ})
_VOUCHABLE = frozenset({"unknown-program", "unknown-call"})
"""Evidence that says no more than that a program runs, or a call of one, that nobody knows."""


def mode_of(policy: Policy, proposal: Proposal) -> Mode:
    """How much the run may do by itself."""
    session = proposal.session
    return policy.autonomy.mode(session.agent, human_in_loop=session.human_in_loop)


def fits_action(rule: Rule, assessment: Assessment, proposal: Proposal) -> bool:
    """Whether the conditions about the action hold."""
    action = proposal.action
    if rule.kinds and kind_of(action) not in rule.kinds:
        return False
    if rule.agents and proposal.session.agent not in rule.agents:
        return False
    if rule.classes and assessment.risk not in rule.classes:
        return False
    if rule.at_least is not None and assessment.risk < rule.at_least:
        return False
    if not rule.tools:
        return True
    return isinstance(action, ToolCall) and any(_names_tool(t, action) for t in rule.tools)


def fits_moment(rule: Rule, policy: Policy, *, mode: Mode, facts: Facts) -> bool:
    """Whether the conditions about mode, branch and time hold.

    Where branch or time is not known, a rule that makes wait or refuses fits, and no other.
    """
    if rule.modes and mode not in rule.modes:
        return False
    if rule.branches and not _on_branch(rule, facts):
        return False
    if not rule.hours:
        return True
    if facts.now is None:
        return not rule.loosens
    return any(hours.holds(facts.now, policy.zone) for hours in rule.hours)


def _on_branch(rule: Rule, facts: Facts) -> bool:
    if facts.branch is None:
        return not rule.loosens
    branch = facts.branch
    return any(glob in ("*", "**") or globs.fits(glob, branch) for glob in rule.branches if branch)


def fits_reason(rule: Rule, item: Evidence, facts: Facts) -> bool:
    """Whether the conditions about one reason hold for it."""
    if rule.effects and item.effect not in rule.effects:
        return False
    if rule.cost_over is not None and item.amount <= rule.cost_over:
        return False
    if rule.paths and not any(globs.named_below(g, item.path, facts.workspace) for g in rule.paths):
        return False
    if rule.path_classes and not _is_of_class(rule, item, facts):
        return False
    if rule.scopes and not any(_names_scope(rule, scope, item) for scope in rule.scopes):
        return False
    if not rule.programs:
        return True
    vouches = rule.loosens and not rule.effects
    if vouches and item.rule not in _VOUCHABLE:
        return False
    called = (item.program,) if vouches else (item.program, *item.called)
    return any(_names(words, program, facts) for words in called for program in rule.programs)


def _is_of_class(rule: Rule, item: Evidence, facts: Facts) -> bool:
    root = facts.workspace.rstrip("/") + "/"
    if not item.path.startswith(root):
        return False
    return not rule.path_classes.isdisjoint(classes_of(item.path[len(root) :]))


def _names_scope(rule: Rule, scope: str, item: Evidence) -> bool:
    """What lets through covers exactly what a person's grant of the same words would."""
    return covers(scope, item) if rule.loosens else globs.names_scope(scope, item.scope)


def _names_tool(pattern: str, call: ToolCall) -> bool:
    server, _, tool = pattern.partition("/")
    return server in ("*", call.server) and tool in ("*", call.tool)


def _names(called: tuple[str, ...], program: str, facts: Facts) -> bool:
    """Whether the first words are those of `program`; a path in it starts at the workspace."""
    first, *rest = program.split()
    words = called[: 1 + len(rest)]
    if not words or list(words[1:]) != rest:
        return False
    if "/" not in first or first.startswith("/"):
        return words[0] == first
    known = facts.paths.get(words[0])
    wanted = f"{facts.workspace.rstrip('/')}/{first.removeprefix('./')}"
    return known is not None and known.real == wanted
