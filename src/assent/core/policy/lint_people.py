"""What is wrong with whom a policy names: groups with nobody in them, needs that cannot be met."""

from collections.abc import Iterator, Sequence

from assent.core.people.groups import ON_CALL, OWNERS, RESERVED, Roster, is_group, names_in
from assent.core.policy.complaints import Complaint, Known, Problem
from assent.core.policy.globs import fits
from assent.core.policy.model import Asks, Policy, RouteName, Wanted

ASK = "[ask]"
_LATER = frozenset({f"@{ON_CALL}", f"@{OWNERS}"})
"""Groups that are known only when somebody is asked."""


def about_people(policy: Policy, known: Known | None) -> Iterator[Complaint]:
    """All complaints about people. Who is there is checked only where somebody is `known`."""
    yield from _about_teams(policy)
    if known is not None and known.files is not None:
        yield from _about_owners(policy, known.files)
    roster = Roster(people=() if known is None else known.people, teams=policy.teams)
    yield from _about_being_alone(policy, roster)
    for place, asks in _asking(policy):
        yield from _about_ladder(place, asks, policy)
        if roster.people:
            yield from _about_names(place, asks, roster)
            yield from _about_needs(place, asks, roster, policy)


def _asking(policy: Policy) -> Iterator[tuple[str, Asks]]:
    yield ASK, policy.asks
    for rule in policy.rules:
        if rule.route is RouteName.GATE and not rule.general:
            yield rule.name, rule.asks


def _about_teams(policy: Policy) -> Iterator[Complaint]:
    for name in sorted(RESERVED & set(policy.teams)):
        what = f"`@{name}` has a meaning of its own, so this team is never asked: rename it"
        yield Complaint(Problem.UNREACHABLE, "[teams]", what)


def _about_owners(policy: Policy, files: Sequence[str]) -> Iterator[Complaint]:
    for owner in policy.owners:
        for glob in owner.paths:
            if not any(fits(glob, path) for path in files):
                what = f"`{glob}` fits no file of the repository"
                yield Complaint(Problem.UNKNOWN, "[[owners]]", what)


def _about_being_alone(policy: Policy, roster: Roster) -> Iterator[Complaint]:
    active = [person.name for person in roster.people if person.active]
    if policy.asks.separate and len(active) == 1:
        what = (
            f"{active[0]} is alone here, and nobody approves what their own agent asks: add people "
            "with `assent people add`, or say `separate = false`"
        )
        yield Complaint(Problem.GAP, ASK, what)


def _about_ladder(place: str, asks: Asks, policy: Policy) -> Iterator[Complaint]:
    expires = asks.expires_ms or policy.asks.expires_ms or policy.expires_ms
    for rung in asks.ladder or ():
        if rung.after_ms >= expires:
            what = f"{', '.join(rung.ask)} would be asked after the request has expired"
            yield Complaint(Problem.UNREACHABLE, place, what)


def _about_names(place: str, asks: Asks, roster: Roster) -> Iterator[Complaint]:
    known = {person.name for person in roster.people if person.active}
    for word in dict.fromkeys(_words(asks)):
        if word in _LATER:
            continue
        if not is_group(word) and word not in known:
            what = f"there is no active person `{word}` here"
            yield Complaint(Problem.UNKNOWN, place, what)
        elif is_group(word) and not known & set(names_in(word, roster)):
            what = f"nobody is in `{word}`, so whatever needs it cannot be approved"
            yield Complaint(Problem.GAP, place, what)


def _words(asks: Asks) -> Iterator[str]:
    yield from asks.reviewers or ()
    yield from asks.then_ask or ()
    for wanted in asks.needs or ():
        yield from wanted.who
    for rung in asks.ladder or ():
        yield from rung.ask


def _about_needs(place: str, asks: Asks, roster: Roster, policy: Policy) -> Iterator[Complaint]:
    known = {person.name for person in roster.people if person.active}
    is_apart = policy.asks.separate if asks.separate is None else asks.separate
    for wanted in _wanted(asks, policy):
        if _LATER & set(wanted.who):
            continue
        people = known & {name for word in wanted.who for name in names_in(word, roster)}
        group = ", ".join(wanted.who)
        if 0 < len(people) < wanted.count:
            what = f"it needs {wanted.count} of {group}, and only {len(people)} can be asked"
            yield Complaint(Problem.GAP, place, what)
        elif people and is_apart and len(people) - 1 < wanted.count:
            what = (
                f"when an agent of {' or '.join(sorted(people))} asks, nobody is left who could "
                f"approve for {group}: name more people"
            )
            yield Complaint(Problem.GAP, place, what)


def _wanted(asks: Asks, policy: Policy) -> Iterator[Wanted]:
    if asks.reviewers:
        yield Wanted(asks.reviewers, asks.quorum or policy.asks.quorum or 1)
    yield from asks.needs or ()
