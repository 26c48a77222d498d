"""Who has a part in a change: by what is stored of it, and by what its commits say."""

from dataclasses import replace

import pytest

from assent.core.changes.makers import makers, names_of
from assent.core.people.model import Person
from tests.core.changes.changes import change, revision

ANA = Person(
    "ana", 0, "t", full_name="Ana Lima", email="ana@example.com", aliases=("@analima", "a@old.org")
)
BEN = Person("ben", 0, "t", login="bw")


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Ana Lima <ana@example.com>", {"ana lima", "ana@example.com"}),
        (" <ana@example.com>", {"ana@example.com"}),
        ("Ana <>", {"ana"}),
        ("nothing of the kind", {"nothing of the kind"}),
        ("", set()),
    ],
)
def test_what_an_author_is_called(author: str, names: set[str]) -> None:
    assert names_of(author) == names


@pytest.mark.parametrize(
    ("author", "who"),
    [
        ("X <ANA@example.com>", {"ana"}),
        ("ana lima <x@y>", {"ana"}),
        ("analima <x@y>", {"ana"}),
        ("X <a@old.org>", {"ana"}),
        ("bw <x@y>", {"ben"}),
        ("Someone <some@one>", set()),
    ],
)
def test_authors_are_people_by_any_of_their_names(author: str, who: set[str]) -> None:
    made = change(replace(revision(), authors=(author,)))
    found = makers(replace(made, owner="zoe"), [ANA, BEN])
    assert set(found) - {"zoe"} == who


def test_who_handed_it_in_or_runs_the_agent_of_any_revision_has_a_part() -> None:
    first = replace(revision(), submitter="ben", person="ana")
    made = replace(change(first, revision(number=2)), owner="zoe")
    found = makers(made, [ANA, BEN])
    assert found == {
        "ben": "handed it in",
        "ana": "runs codex, which made it",
        "zoe": "answers for it",
    }
