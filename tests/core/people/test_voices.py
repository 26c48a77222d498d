"""Who counts for what. Nobody counts twice, and no order of voices matters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.people.model import Factor, Need, Passkey, Person
from assent.core.people.voices import Ballot, Bars, Voice, active_names, is_proven

NAMES = ("ana", "ben", "cleo", "dan", "eve")
ANYBODY = Need("")
SECURITY = Need("@security", ("ana", "ben", "cleo"), 2)

names = st.sampled_from(NAMES)
voices = st.builds(Voice, by=names, in_name_of=st.just("") | names)
needs = st.builds(
    Need,
    group=st.just("@group"),
    people=st.lists(names, unique=True).map(tuple),
    count=st.integers(1, 3),
) | st.builds(Need, group=st.just(""), people=st.just(()), count=st.integers(1, 3))
bars = st.builds(
    Bars,
    asker=st.just("") | names,
    separate=st.booleans(),
    active=st.none() | st.frozensets(names),
)
ballots = st.builds(
    Ballot,
    needs=st.lists(needs, min_size=1, max_size=3).map(tuple),
    voices=st.lists(voices, max_size=5).map(tuple),
    bars=bars,
)


def heard(need: Need, *said: str, **barred: object) -> Ballot:
    """Voices written as `ben` or `ben for ana`."""
    spoken = (Voice(by, giver) for by, _, giver in (each.partition(" for ") for each in said))
    return Ballot((need,), tuple(spoken), Bars(**barred))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("need", "said", "missing"),
    [
        pytest.param(SECURITY, (), 2, id="nobody-yet"),
        pytest.param(SECURITY, ("ana", "ben"), 0, id="two-of-them"),
        pytest.param(SECURITY, ("ana", "ana"), 1, id="one-twice"),
        pytest.param(SECURITY, ("ana", "dan"), 1, id="somebody-else"),
        pytest.param(SECURITY, ("ana", "dan for ben"), 0, id="for-another"),
        pytest.param(SECURITY, ("ana", "dan for ana"), 1, id="beside-the-giver"),
        pytest.param(SECURITY, ("dan for ana", "ana"), 1, id="before-the-giver"),
        pytest.param(SECURITY, ("dan for ana", "dan for ben"), 1, id="for-two"),
        pytest.param(SECURITY, ("dan for ana", "eve for ana"), 1, id="two-for-one"),
        pytest.param(SECURITY, ("ana", "ana for ben"), 1, id="own-and-for-another"),
        pytest.param(SECURITY, ("ana for ben", "ben for ana"), 0, id="each-for-the-other"),
        pytest.param(SECURITY, ("ana for ben",), 1, id="a-loop-is-no-second-voice"),
        pytest.param(SECURITY, ("dan for eve",), 2, id="handed-on-by-nobody-here"),
        pytest.param(
            SECURITY,
            ("dan for ana", "dan for ben", "eve for ana"),
            0,
            id="places-are-found-for-all",
        ),
        pytest.param(Need("@empty", ()), ("ana", "ben"), 1, id="a-group-with-nobody"),
        pytest.param(ANYBODY, ("eve",), 0, id="anybody"),
        pytest.param(Need("", (), 2), ("eve", "eve for ana"), 1, id="anybody-twice"),
    ],
)
def test_voices_meet_needs(need: Need, said: tuple[str, ...], missing: int) -> None:
    ballot = heard(need, *said)
    assert ballot.progress[0].missing == missing
    assert ballot.is_met == (missing == 0)


@pytest.mark.parametrize(
    ("said", "barred"),
    [
        pytest.param(("ana",), {"asker": "ana", "separate": True}, id="asker"),
        pytest.param(("dan for ana",), {"asker": "ana", "separate": True}, id="for-the-asker"),
        pytest.param(("dan for ana",), {"asker": "dan", "separate": True}, id="by-the-asker"),
        pytest.param(("ana",), {"active": frozenset({"ben"})}, id="inactive"),
        pytest.param(("dan for ana",), {"active": frozenset({"dan"})}, id="for-somebody-inactive"),
        pytest.param(("dan for ana",), {"active": frozenset({"ana"})}, id="by-somebody-inactive"),
    ],
)
def test_who_is_barred_does_not_count(said: tuple[str, ...], barred: dict[str, object]) -> None:
    assert heard(SECURITY, *said).progress[0].missing == 1
    assert heard(SECURITY, *said, **barred).progress[0].missing == 2


def test_without_separation_whoever_asks_counts() -> None:
    assert heard(SECURITY, "ana", asker="ana").progress[0].missing == 1


def test_every_need_has_to_be_met() -> None:
    owners = Need("@owners", ("dan",))
    one = Ballot((SECURITY, owners), (Voice("ana"), Voice("ben")))
    assert not one.is_met
    assert one.hears(Voice("dan")).is_met
    assert not Ballot((), (Voice("ana"),)).is_met


def test_one_voice_may_count_for_several_needs() -> None:
    both = Ballot((Need("@a", ("ana",)), Need("@b", ("ana", "ben"))), (Voice("ana"),))
    assert both.is_met


@pytest.mark.parametrize(
    ("need", "said", "words"),
    [
        pytest.param(SECURITY, (), "2 of @security (ana or ben or cleo)", id="nobody-yet"),
        pytest.param(SECURITY, ("ana",), "1 more of @security (ben or cleo)", id="one-more"),
        pytest.param(Need("ana, ben", ("ana", "ben")), (), "1 of ana, ben", id="by-name"),
        pytest.param(
            Need("@empty"), (), "1 of @empty, and there are not enough people who could", id="empty"
        ),
        pytest.param(Need("", (), 2), (), "2 people", id="anybody"),
        pytest.param(Need("", (), 2), ("ana",), "1 more person", id="anybody-more"),
    ],
)
def test_what_is_missing_is_said(need: Need, said: tuple[str, ...], words: str) -> None:
    assert heard(need, *said).missing == (words,)


@pytest.mark.parametrize(
    ("said", "next_", "brings"),
    [
        pytest.param((), Voice("ana"), True, id="first"),
        pytest.param(("ana",), Voice("ana"), False, id="again"),
        pytest.param(("ana",), Voice("ana", "ben"), False, id="a-member-for-another"),
        pytest.param((), Voice("dan"), False, id="not-theirs"),
        pytest.param((), Voice("dan", "ana"), True, id="for-another"),
        pytest.param(("ana",), Voice("dan", "ana"), False, id="the-giver-spoke"),
        pytest.param(("dan for ana",), Voice("ana"), True, id="the-giver-speaks-too"),
        pytest.param(("dan for ana",), Voice("dan", "ben"), True, id="for-a-second-one"),
    ],
)
def test_a_voice_that_says_nothing_new_is_known(
    said: tuple[str, ...], next_: Voice, brings: bool
) -> None:
    assert heard(SECURITY, *said).brings(next_) is brings


@pytest.mark.parametrize(
    ("said", "by", "givers", "name"),
    [
        pytest.param((), "dan", ("ana", "ben"), "ana", id="for-the-first"),
        pytest.param(("ana",), "dan", ("ana", "ben"), "ben", id="for-who-has-not-spoken"),
        pytest.param((), "ana", ("ben",), "", id="in-their-own"),
        pytest.param(("ana",), "dan", ("ana",), "ana", id="for-who-has-spoken"),
        pytest.param((), "dan", (), "", id="nobody-let-them"),
        pytest.param((), "dan", ("eve",), "", id="let-by-nobody-needed"),
    ],
)
def test_one_speaks_for_whom_it_counts_most(
    said: tuple[str, ...], by: str, givers: tuple[str, ...], name: str
) -> None:
    assert heard(SECURITY, *said).best_name(by, givers) == name


def test_one_speaks_for_another_also_where_an_own_voice_counts_elsewhere() -> None:
    ballot = Ballot((Need("@a", ("dan",)), Need("@b", ("ana",))))
    assert ballot.best_name("dan", ("ana",)) == "ana"
    assert ballot.hears(Voice("dan", "ana")).is_met


# --- whatever people say


@given(ballots)
def test_no_need_is_met_by_fewer_people_than_it_names(ballot: Ballot) -> None:
    for each in ballot.progress:
        speakers = {voice.by for voice in each.counted}
        places = {voice.in_name_of or voice.by for voice in each.counted}
        assert len(speakers) == len(places) == len(each.counted)
        assert speakers <= {voice.by for voice in ballot.voices}
        if each.need.people or each.need.group:
            assert places <= set(each.need.people)


@given(ballots, st.data())
def test_the_order_of_voices_does_not_matter(ballot: Ballot, data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(ballot.voices))
    other = Ballot(ballot.needs, tuple(mixed), ballot.bars)
    assert [len(each.counted) for each in other.progress] == [
        len(each.counted) for each in ballot.progress
    ]
    assert other.is_met == ballot.is_met


@given(ballots, voices)
def test_another_voice_takes_nothing_away(ballot: Ballot, voice: Voice) -> None:
    before, after = ballot.progress, ballot.hears(voice).progress
    assert all(len(was.counted) <= len(now.counted) for was, now in zip(before, after, strict=True))


@given(ballots)
def test_whoever_asks_or_is_inactive_never_counts(ballot: Ballot) -> None:
    barred = ballot.bars
    for voice in (voice for each in ballot.progress for voice in each.counted):
        for name in (voice.by, voice.in_name_of or voice.by):
            assert barred.active is None or name in barred.active
            assert not barred.separate or name != barred.asker


@given(ballots)
def test_as_many_count_as_can(ballot: Ballot) -> None:
    """Against trying out every way in which places could be given away."""
    for each in ballot.progress:
        wishes = {
            by: sorted({_place(voice, each.need, ballot.bars) for voice in said} - {""})
            for by, said in _by_speaker(ballot.voices).items()
        }
        assert len(each.counted) == _greedily(list(wishes.items()))


def _by_speaker(said: tuple[Voice, ...]) -> dict[str, list[Voice]]:
    return {voice.by: [each for each in said if each.by == voice.by] for voice in said}


def _place(voice: Voice, need: Need, barred: Bars) -> str:
    own = voice.by in need.people or need == Need("", (), need.count)
    place = voice.by if own else voice.in_name_of
    is_there = own or place in need.people
    return place if is_there and barred.lets(voice.by) and barred.lets(place) else ""


def _greedily(wishes: list[tuple[str, list[str]]]) -> int:
    """The most places that are taken, whichever of their places each takes."""
    if not wishes:
        return 0
    (_, places), *rest = wishes
    options = [
        1 + _greedily([(by, [p for p in others if p != place]) for by, others in rest])
        for place in places
    ]
    return max([_greedily(rest), *options])


# --- people


def test_whoever_has_a_key_is_heard_by_it() -> None:
    plain = Person("ana", 0, "ana")
    keyed = Person("ben", 0, "ana", passkeys=(Passkey("id", "key", "phone", 0),))
    assert is_proven(plain, Factor.NONE)
    assert not is_proven(keyed, Factor.NONE)
    assert is_proven(keyed, Factor.KEY)


def test_before_anybody_is_added_every_name_counts() -> None:
    assert active_names(()) is None
    gone = Person("ana", 0, "ana", active=False)
    assert active_names((gone,)) == frozenset()
