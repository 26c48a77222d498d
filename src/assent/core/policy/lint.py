"""What is wrong with a policy, proven from its conditions: nothing is guessed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import combinations
from typing import TypeVar

from assent.core.policy import globs
from assent.core.policy.changes import Path
from assent.core.policy.complaints import Complaint, Known, Problem
from assent.core.policy.lint_people import about_people
from assent.core.policy.model import NOTHING_SAID, STRICTNESS, Asks, Mode, Policy, Rule
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect

T = TypeVar("T")

UNCLEAR = frozenset({"policy", "unknown"})
"""Kinds of action that no rule lets through."""


def lint(policy: Policy, known: Known | None = None) -> tuple[Complaint, ...]:
    """All complaints, in the policy's order of rules. Names are checked only against `known`."""
    own = [rule for rule in policy.rules if not rule.general]
    found = [complaint for rule in own for complaint in _about(rule, policy, known)]
    for alike in _by_specificity(own):
        found += [complaint for pair in combinations(alike, 2) for complaint in _between(*pair)]
    found += [*_about_changes(policy), *_about_agents(policy, known)]
    found += about_people(policy, known)
    places = {rule.name: place for place, rule in enumerate(own)}
    return tuple(sorted(found, key=lambda each: places.get(each.rule, len(places))))


def _by_specificity(rules: Sequence[Rule]) -> Iterable[Sequence[Rule]]:
    alike: defaultdict[tuple[bool, int], list[Rule]] = defaultdict(list)
    for rule in rules:
        alike[rule.specificity].append(rule)
    return alike.values()


def _about(rule: Rule, policy: Policy, known: Known | None) -> Iterator[Complaint]:
    why = contradiction(rule, policy)
    if why:
        yield Complaint(Problem.UNREACHABLE, rule.name, why)
        return
    for other in policy.rules:
        if other is not rule and _shadows(other, rule):
            what = f"`{other.name}` fits whatever it fits, and always goes before it"
            yield Complaint(Problem.UNREACHABLE, rule.name, what, other.name)
            break
    if _leaves_commands_out(rule):
        what = (
            "it guards these paths from edits, and a command may write to them all the same: "
            "leave `kinds` out"
        )
        yield Complaint(Problem.GAP, rule.name, what)
    if rule.asks.then_ask and rule.asks.reviewers:
        same = set(rule.asks.then_ask) <= set(rule.asks.reviewers)
        if same:
            what = "`on_timeout` asks nobody who was not asked before"
            yield Complaint(Problem.GAP, rule.name, what)
    if known is not None:
        yield from _unknown(rule, known)


def _unknown(rule: Rule, known: Known) -> Iterator[Complaint]:
    for agent in sorted(rule.agents - known.agents):
        what = f"there is no agent `{agent}`; known are {', '.join(sorted(known.agents))}"
        yield Complaint(Problem.UNKNOWN, rule.name, what)
    for program in rule.programs:
        if program.split()[0] not in known.programs:
            what = f"`{program.split()[0]}` is no program here, and none that Assent knows"
            yield Complaint(Problem.UNKNOWN, rule.name, what)


def _about_changes(policy: Policy) -> Iterator[Complaint]:
    """Classes of change that merge without anybody having to look at them."""
    for risk in (RiskClass.HIGH, RiskClass.IRREVERSIBLE):
        path = policy.changes.paths[risk]
        if path.strictness < Path.PERSON.strictness:
            what = (
                f'`{risk.word} = "{path.value}"` lets a change that is {risk.word} merge without '
                "a person"
            )
            yield Complaint(Problem.GAP, "[changes.paths]", what)


def _about_agents(policy: Policy, known: Known | None) -> Iterator[Complaint]:
    if known is None:
        return
    for agent in sorted(set(policy.autonomy.agents) - known.agents):
        what = f"there is no agent `{agent}`; known are {', '.join(sorted(known.agents))}"
        yield Complaint(Problem.UNKNOWN, "[autonomy]", what)


# --- rules that fit nothing


def contradiction(rule: Rule, policy: Policy) -> str:
    """Why no action can be decided by `rule`, whatever other rules there are; empty when one can.

    Sound, not complete: what it says is true.
    """
    if rule.at_least is not None and rule.classes and max(rule.classes) < rule.at_least:
        return "none of its `classes` is at least what `at_least` says"
    if rule.tools and rule.kinds and "tool" not in rule.kinds:
        return "`tools` are of kind `tool`, which its `kinds` leave out"
    if rule.modes and not rule.modes & _modes(policy):
        return "no agent is ever in this mode: see `[autonomy]`"
    return _never_lets_through(rule) if rule.loosens else ""


def _never_lets_through(rule: Rule) -> str:
    if rule.kinds and rule.kinds <= UNCLEAR:
        return "no rule lets a policy edit or an action that cannot be read through"
    if rule.effects and rule.effects <= {Effect.POLICY_SELF}:
        return "no rule lets through what guards the agents"
    if rule.modes and rule.modes <= {Mode.PAIR}:
        return "in pair mode no rule lets anything through"
    return ""


def _modes(policy: Policy) -> frozenset[Mode]:
    autonomy = policy.autonomy
    own = {autonomy.default, *autonomy.agents.values()}
    by_environment = autonomy.allow & {Mode.AUTONOMOUS}
    tightened = {Mode.SUPERVISED} if Mode.AUTONOMOUS in own else set()
    return frozenset(own | by_environment | tightened)


# --- rules that others always go before


def _shadows(other: Rule, rule: Rule) -> bool:
    """Whether `rule` never decides, since `other` fits all that it fits and goes before it."""
    if not _goes_before(other, rule) or not _covers(other, rule):
        return False
    # What guards the agents is never decided by a rule that lets through, and a strict rule still
    # lends what it says about asking to another one that decides.
    return rule.loosens or (not other.loosens and _says_as_much(other.asks, rule.asks))


def _goes_before(other: Rule, rule: Rule) -> bool:
    if other.specificity != rule.specificity:
        return other.specificity > rule.specificity
    return STRICTNESS[other.route] > STRICTNESS[rule.route]


def _says_as_much(other: Asks, asks: Asks) -> bool:
    return all(
        getattr(asks, each.name) is None or getattr(other, each.name) is not None
        for each in fields(Asks)
    )


def _covers(other: Rule, rule: Rule) -> bool:
    """Whether `other` fits every action and every reason that `rule` fits.

    With equal words a strict rule fits whatever one that lets through does, and more.
    """
    return _covers_action(other, rule) and _covers_reason(other, rule)


def _covers_action(other: Rule, rule: Rule) -> bool:
    kinds = rule.kinds or (frozenset({"tool"}) if rule.tools else rule.kinds)
    return (
        _holds(other.kinds, kinds)
        and _classes(rule) <= _classes(other)
        and _all_below(other.tools, rule.tools, _is_tool_below)
        and _holds(other.agents, rule.agents)
        and _holds(other.modes, rule.modes)
        and _holds(frozenset(other.branches), frozenset(rule.branches))
        and (not other.hours or (bool(rule.hours) and _minutes(rule) <= _minutes(other)))
    )


def _covers_reason(other: Rule, rule: Rule) -> bool:
    dearer = rule.cost_over is not None and rule.cost_over >= (other.cost_over or 0)
    return (
        _holds(other.effects, rule.effects)
        and _all_below(other.programs, rule.programs, _is_program_below)
        and (not _vouches(other) or _vouches(rule))
        and _all_below(other.paths, rule.paths, _is_path_below)
        and _holds(other.path_classes, rule.path_classes)
        and _holds(frozenset(other.scopes), frozenset(rule.scopes))
        and (other.cost_over is None or dearer)
    )


def _vouches(rule: Rule) -> bool:
    """Whether its programs answer only for programs that nothing worse is known about."""
    return bool(rule.programs) and rule.loosens and not rule.effects


def _classes(rule: Rule) -> frozenset[RiskClass]:
    named = rule.classes or frozenset(RiskClass)
    least = rule.at_least or RiskClass.TRIVIAL
    return frozenset(risk for risk in named if risk >= least)


def _holds(other: frozenset[T], own: frozenset[T]) -> bool:
    """Whether a condition of `other` is met by whatever meets `own`."""
    return not other or (bool(own) and own <= other)


def _all_below(
    other: Sequence[str], own: Sequence[str], is_below: Callable[[str, str], bool]
) -> bool:
    if not other:
        return True
    return bool(own) and all(any(is_below(each, above) for above in other) for each in own)


def _is_program_below(program: str, above: str) -> bool:
    words = above.split()
    return program.split()[: len(words)] == words


def _is_path_below(glob: str, above: str) -> bool:
    return above in ("**", glob)


def _is_tool_below(tool: str, above: str) -> bool:
    parts = zip(tool.split("/", 1), above.split("/", 1), strict=True)
    return all(wider in ("*", part) for part, wider in parts)


def _minutes(rule: Rule) -> frozenset[int]:
    return frozenset(minute for hours in rule.hours for minute in hours.minutes())


# --- rules that contradict each other


def _between(first: Rule, second: Rule) -> Iterator[Complaint]:
    if first.route is second.route and NOTHING_SAID in (first.asks, second.asks):
        return
    if not _meet(first, second):
        return
    if first.route is not second.route:
        strict, loose = sorted(
            (first, second), key=lambda rule: STRICTNESS[rule.route], reverse=True
        )
        what = (
            f"`{strict.name}` says {strict.route.value} about some of the same actions, and of two "
            "rules with as many conditions the stricter holds: give one of them another condition"
        )
        yield Complaint(Problem.CONFLICT, loose.name, what, strict.name)
        return
    for name, word in (("reviewers", "reviewers"), ("then_ask", "on_timeout")):
        mine, theirs = (getattr(rule.asks, name) for rule in (first, second))
        if mine is not None and theirs is not None and set(mine) != set(theirs):
            what = (
                f"`{first.name}` names other `{word}` for some of the same actions: give one of "
                "them another condition"
            )
            yield Complaint(Problem.CONFLICT, second.name, what, first.name)


def _meet(first: Rule, second: Rule) -> bool:
    """Whether there is an action and a reason that both fit. True only with a witness."""
    return _meet_in_action(first, second) and _meet_in_reason(first, second)


def _meet_in_action(first: Rule, second: Rule) -> bool:
    return (
        _share(_kinds(first), _kinds(second))
        and _share(first.kinds, _kinds(second))
        and _share(_kinds(first), second.kinds)
        and bool(_classes(first) & _classes(second))
        and _share(first.agents, second.agents)
        and _share(first.modes, second.modes)
        and (not first.hours or not second.hours or bool(_minutes(first) & _minutes(second)))
        and _any_below(first.tools, second.tools, _is_tool_below)
        and _any_below(first.branches, second.branches, _has_witness)
    )


def _kinds(rule: Rule) -> frozenset[str]:
    """Kinds of action that the rule is known to fit; empty for any."""
    if rule.tools:
        return frozenset({"tool"})
    if rule.programs or rule.scopes:
        return frozenset({"command"})
    return rule.kinds


def _meet_in_reason(first: Rule, second: Rule) -> bool:
    if _about_what(first) and _about_what(second) and _about_what(first) != _about_what(second):
        return False
    effects = [
        rule.effects or (_VOUCHED if _vouches(rule) else frozenset()) for rule in (first, second)
    ]
    return (
        _share(*effects)
        and _share(first.path_classes, second.path_classes)
        and _any_below(first.programs, second.programs, _is_program_below)
        and _any_below(first.paths, second.paths, _has_witness)
        and _any_below(first.scopes, second.scopes, _has_scope_witness)
    )


_VOUCHED = frozenset({Effect.UNKNOWN, Effect.CODE_EXEC})


def _about_what(rule: Rule) -> tuple[bool, ...]:
    """Which of the things that one reason may name and another may not."""
    named = (rule.programs, rule.paths, rule.path_classes, rule.scopes, rule.cost_over)
    found = tuple(bool(each) for each in named)
    return found if any(found) else ()


def _share(first: frozenset[T], second: frozenset[T]) -> bool:
    return not first or not second or bool(first & second)


def _any_below(
    first: Sequence[str], second: Sequence[str], is_below: Callable[[str, str], bool]
) -> bool:
    """Whether one of each is below one of the other; of a condition that is not there, any is."""
    if not first or not second:
        return True
    return any(is_below(one, other) or is_below(other, one) for one in first for other in second)


def _has_witness(glob: str, other: str) -> bool:
    """Whether a name that `glob` fits also fits `other`."""
    plain = glob.removeprefix("./")
    samples = (
        plain.replace("**/", "").replace("**", "a").replace("*", "a").replace("?", "a"),
        plain.replace("**/", "a/").replace("**", "a/a").replace("*", "a").replace("?", "a"),
    )
    return any(globs.fits(glob, each) and globs.fits(other, each) for each in samples)


def _has_scope_witness(scope: str, other: str) -> bool:
    act, _, target = scope.partition(" ")
    other_act, _, other_target = other.partition(" ")
    return act == other_act and _has_witness(target, other_target)


# --- what a rule leaves out


def _leaves_commands_out(rule: Rule) -> bool:
    return (
        not rule.loosens
        and rule.kinds == frozenset({"edit"})
        and bool(rule.paths or rule.path_classes)
    )
