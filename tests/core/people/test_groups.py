"""Whom the words of a policy mean. A group with nobody in it never becomes anybody."""

import pytest

from assent.core.people.groups import (
    OwnedPath,
    Roster,
    names_in,
    needs_in,
    owned_paths,
    owners_in,
    reviewers_in,
)
from assent.core.people.model import Need, Person
from assent.core.people.owners import CodeOwners, Owned, read_codeowners
from assent.core.policy.model import PathOwner, Wanted

ANA = Person("ana", 0, "ana", email="ana@example.com", aliases=("@Ana-L",), roles=("admin",))
BEN = Person("ben", 0, "ana", roles=("security", "payments"))
CLEO = Person("cleo", 0, "ana", roles=("security",))
GUS = Person("gus", 0, "ana", roles=("security", "ops"), active=False)
ROSTER = Roster(
    people=(ANA, BEN, CLEO, GUS),
    teams={"payments": ("ana", "zoe"), "admin": ("ben",), "empty": ()},
    on_call=("cleo",),
    owned=(
        OwnedPath("src/pay/a.py", (Owned(("@acme/payments",)),)),
        OwnedPath("src/pay/b.py", (Owned(("@acme/payments",)),)),
        OwnedPath("docs/x.md", (Owned(("ben", "@nobody"), 2), Owned(("@stranger",)))),
    ),
)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        pytest.param("ana", ("ana",), id="a-person"),
        pytest.param("zoe", ("zoe",), id="nobody-here"),
        pytest.param("@payments", ("ana", "zoe"), id="a-team-before-a-role"),
        pytest.param("@security", ("ben", "cleo"), id="a-role-of-the-active"),
        pytest.param("@ops", (), id="a-role-of-nobody-active"),
        pytest.param("@empty", (), id="an-empty-team"),
        pytest.param("@unknown", (), id="unknown"),
        pytest.param("@admin", ("ana",), id="admin-is-never-a-team"),
        pytest.param("@oncall", ("cleo",), id="on-call"),
        pytest.param("@owners", ("ana", "zoe", "ben"), id="owners"),
    ],
)
def test_a_word_means_people(word: str, names: tuple[str, ...]) -> None:
    assert names_in(word, ROSTER) == names


def test_a_group_of_nobody_stays_a_word_that_no_person_has() -> None:
    assert reviewers_in(("ben", "@security", "@ops"), ROSTER) == ("ben", "cleo", "@ops")


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        pytest.param("@ana-l", ("ana",), id="alias-in-other-letters"),
        pytest.param("ANA@example.com", ("ana",), id="e-mail"),
        pytest.param("@ben", ("ben",), id="name"),
        pytest.param("ben", ("ben",), id="as-policies-name-people"),
        pytest.param("@acme/payments", ("ana", "zoe"), id="team-of-a-forge"),
        pytest.param("@payments", ("ana", "zoe"), id="team"),
        pytest.param("@security", ("ben", "cleo"), id="role"),
        pytest.param("@acme/security", (), id="a-forge-has-no-roles-here"),
        pytest.param("@acme/admin", (), id="never-the-administrators"),
        pytest.param("@stranger", (), id="nobody-here"),
        pytest.param("x@example.com", (), id="unknown-address"),
    ],
)
def test_owners_are_people_by_what_they_are_called(owner: str, names: tuple[str, ...]) -> None:
    assert owners_in(Owned((owner,)), ROSTER) == names


def test_a_handle_of_two_people_is_nobodys() -> None:
    twice = Roster(people=(ANA, Person("eve", 0, "ana", aliases=("ana-l",))))
    assert owners_in(Owned(("@ana-l",)), twice) == ()


def test_needs_name_their_groups() -> None:
    wanted = (Wanted(("@security",), 2), Wanted(("ana", "@ops")), Wanted(("@ops",)))
    assert needs_in(wanted, ROSTER) == (
        Need("@security", ("ben", "cleo"), 2),
        Need("ana, @ops", ("ana",)),
        Need("@ops", ()),
    )


def test_each_set_of_owners_is_needed_and_unknown_ones_cannot_agree() -> None:
    assert needs_in((Wanted(("@owners",)),), ROSTER) == (
        Need("owners of src/pay/a.py, src/pay/b.py: @acme/payments", ("ana", "zoe"), 1),
        Need("owners of docs/x.md: ben, @nobody", ("ben",), 2),
        Need("owners of docs/x.md: @stranger", (), 1),
    )


def test_others_may_stand_in_for_owners_where_the_policy_says_so() -> None:
    found = needs_in((Wanted(("@owners", "@admin")),), ROSTER)
    assert [need.people for need in found] == [("ana", "zoe"), ("ben", "ana"), ("ana",)]


def test_files_of_nobody_need_nobody_and_a_doubt_needs_somebody() -> None:
    assert needs_in((Wanted(("@owners",)),), Roster()) == ()
    [need] = needs_in((Wanted(("@owners",), 2),), Roster(why_no_owners="git is late"))
    assert (need.people, need.count) == ((), 2)
    assert "git is late" in need.group


def test_many_paths_of_one_owner_are_not_all_listed() -> None:
    paths = tuple(OwnedPath(f"src/{n}.py", (Owned(("@ben",)),)) for n in range(9))
    [need] = needs_in((Wanted(("@owners",)),), Roster(people=(BEN,), owned=paths))
    assert need.group == "owners of src/0.py, src/1.py, src/2.py and 6 more: @ben"


def test_the_repository_and_the_policy_both_name_owners() -> None:
    rules = (PathOwner(("src/**",), ("@payments",)), PathOwner(("src/pay/**",), ("ana",)))
    code = read_codeowners("* @ben\n/free/\n")
    assert owned_paths(("src/pay/a.py", "x", "free/y"), code, rules) == (
        OwnedPath("src/pay/a.py", (Owned(("@ben",)), Owned(("ana",)))),
        OwnedPath("x", (Owned(("@ben",)),)),
    )
    assert owned_paths(("x",), CodeOwners(), rules) == ()
