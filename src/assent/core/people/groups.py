"""Whom the words of a policy mean: `ana`, `@payments`, `@security`, `@oncall`, `@owners`.

`@name` is the team of that name in the policy, else whoever has the role. `@admin` is always the
role, and `@oncall` and `@owners` are what they say: a policy cannot call a team so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assent.core.people.apart import handle, handles_of
from assent.core.people.model import ADMIN, Need, Person
from assent.core.people.owners import CodeOwners, Owned, owners_of, policy_owners_of
from assent.core.policy.model import PathOwner, Wanted

ON_CALL = "oncall"
OWNERS = "owners"
RESERVED = frozenset({ADMIN, ON_CALL, OWNERS})
"""What no team of a policy can be called."""
LISTED = 3
"""Paths that the name of a group of owners lists."""


@dataclass(frozen=True, slots=True)
class OwnedPath:
    """A path of the workspace, and who has to agree to a change of it."""

    path: str
    owned: tuple[Owned, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """Whom the words of a policy can mean at one moment, for one action."""

    people: tuple[Person, ...] = ()
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_call: tuple[str, ...] = ()
    owned: tuple[OwnedPath, ...] = ()
    """The action's paths that have owners."""
    why_no_owners: str = ""
    """Why it cannot be told who owns them; empty when it can."""


def owned_paths(
    paths: Iterable[str],
    codeowners: CodeOwners,
    owners: Iterable[PathOwner],
    *,
    below: str = "",
) -> tuple[OwnedPath, ...]:
    """Those of `paths` that have owners, by the repository's CODEOWNERS or the policy's own.

    Where both name somebody for a path, both have to agree. `below` is where the workspace lies in
    the repository, with a slash at its end; empty: at its root.
    """
    rules = tuple(owners)
    found = (
        OwnedPath(path, (*owners_of(f"{below}{path}", codeowners), *policy_owners_of(path, rules)))
        for path in paths
    )
    return tuple(each for each in found if each.owned)


def is_group(word: str) -> bool:
    return word.startswith("@")


def names_in(word: str, roster: Roster) -> tuple[str, ...]:
    """The people whom `word` means; nobody for a group that nobody is in.

    A name is taken as it is, also of somebody who is not known here.
    """
    if not is_group(word):
        return (word,)
    name = word[1:]
    if name == ON_CALL:
        return roster.on_call
    if name == OWNERS:
        owned = (each for path in roster.owned for each in path.owned)
        return _once(name for each in owned for name in owners_in(each, roster))
    if name in roster.teams and name not in RESERVED:
        return roster.teams[name]
    return tuple(person.name for person in roster.people if person.active and name in person.roles)


def reviewers_in(words: Iterable[str], roster: Roster) -> tuple[str, ...]:
    """The people whom `words` mean together; the word itself for a group that nobody is in.

    No person has a name that begins with `@`, so such a word lets nobody decide, and shows who is
    missing.
    """
    return _once(name for word in words for name in names_in(word, roster) or (word,))


def needs_in(wanted: Iterable[Wanted], roster: Roster) -> tuple[Need, ...]:
    """What a policy wants as needs of people. Of `@owners` each path has its own."""
    found: list[Need] = []
    for each in wanted:
        if f"@{OWNERS}" in each.who:
            found += _owners_needs(each, roster)
        else:
            found.append(Need(", ".join(each.who), _people_in(each.who, roster), each.count))
    return tuple(dict.fromkeys(found))


def _people_in(words: Iterable[str], roster: Roster) -> tuple[str, ...]:
    return _once(name for word in words for name in names_in(word, roster))


def _owners_needs(wanted: Wanted, roster: Roster) -> list[Need]:
    """One for each set of owners; others that are named beside `@owners` stand in for any."""
    if roster.why_no_owners:
        return [Need(f"@{OWNERS} ({roster.why_no_owners})", (), wanted.count)]
    beside = _people_in((word for word in wanted.who if word != f"@{OWNERS}"), roster)
    paths: dict[tuple[Owned, tuple[str, ...]], list[str]] = {}
    for each in roster.owned:
        for owned in each.owned:
            people = _once((*owners_in(owned, roster), *beside))
            paths.setdefault((owned, people), []).append(each.path)
    return [
        Need(_owners_name(owned, of), people, max(wanted.count, owned.count))
        for (owned, people), of in paths.items()
    ]


def _owners_name(owned: Owned, paths: list[str]) -> str:
    more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
    return f"owners of {', '.join(paths[:LISTED])}{more}: {', '.join(owned.owners)}"


def owners_in(owned: Owned, roster: Roster) -> tuple[str, ...]:
    """The people here whom a line of CODEOWNERS or `[[owners]]` names; of nobody here, nobody."""
    return _once(name for owner in owned.owners for name in _owner_in(owner, roster))


def _owner_in(owner: str, roster: Roster) -> tuple[str, ...]:
    """`@org/team` is the policy's team of that name; anything else one person by any handle."""
    known = tuple(each.name for each in roster.people if handle(owner) in handles_of(each))
    if known:
        return known[:1] if len(known) == 1 else ()
    team = owner.rpartition("/")[2] if "/" in owner else owner.removeprefix("@")
    if owner.startswith("@") and team not in RESERVED:
        return roster.teams.get(team, ()) or _with_role(team, owner, roster)
    return ()


def _with_role(name: str, owner: str, roster: Roster) -> tuple[str, ...]:
    """Only `@name` means a role here: what a forge calls a team of another group does not."""
    if "/" in owner:
        return ()
    return tuple(person.name for person in roster.people if person.active and name in person.roles)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
