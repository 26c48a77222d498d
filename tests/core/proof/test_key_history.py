"""How a key got into the log tells what it proves."""

import pytest

from assent.core.people.model import SshKey
from assent.core.proof.key_history import (
    EMPTY,
    KeyBook,
    KeyChange,
    KnownPerson,
    Vouch,
    next_book,
)

ROOT, NEW, OTHER = (
    SshKey("ssh-ed25519", blob, label="", added_at=0) for blob in ("AAAA", "BBBB", "CCCC")
)


def person(name: str, *keys: SshKey, admin: bool = False, active: bool = True) -> KnownPerson:
    roles = ("admin",) if admin else ()
    return KnownPerson(name, roles, (), active, keys)


def change(*people: KnownPerson, recovery: bool = False) -> KeyChange:
    return KeyChange("next", "first", people, (), is_recovery=recovery)


ANA = person("ana", ROOT, admin=True)
BEGUN = next_book(
    EMPTY, KeyChange("first", "", (ANA, person("ben")), (), is_recovery=False), signed_by=""
)


def vouched(book: KeyBook, key: SshKey) -> Vouch:
    return book.held[key.fingerprint].vouched


def test_the_first_keys_are_believed() -> None:
    assert vouched(BEGUN, ROOT) is Vouch.ROOT


@pytest.mark.parametrize(
    ("people", "by", "recovery", "expected"),
    [
        pytest.param((ANA, person("ben", NEW)), "", False, Vouch.FIRST, id="the-first-of-a-person"),
        pytest.param((ANA, person("ben", NEW)), "", True, Vouch.SERVER, id="by-recovery"),
        pytest.param((ANA, person("ben", NEW)), "ana", False, Vouch.SIGNED, id="signed-by-admin"),
        pytest.param(
            (person("ana", ROOT, NEW, admin=True), person("ben")),
            "",
            False,
            Vouch.SERVER,
            id="a-second-one",
        ),
        pytest.param(
            (person("ana", NEW, admin=True), person("ben")), "", False, Vouch.SERVER, id="replaced"
        ),
        pytest.param(
            (person("ana", ROOT, NEW, admin=True), person("ben")),
            "ana",
            False,
            Vouch.SIGNED,
            id="signed-by-its-person",
        ),
        pytest.param((ANA, person("eva", NEW)), "", False, Vouch.FIRST, id="somebody-new"),
    ],
)
def test_what_vouches_for_a_later_key(
    people: tuple[KnownPerson, ...], by: str, recovery: bool, expected: Vouch
) -> None:
    book = next_book(BEGUN, change(*people, recovery=recovery), signed_by=by)
    assert vouched(book, NEW) is expected


def test_a_key_keeps_what_vouched_for_it() -> None:
    book = next_book(BEGUN, change(ANA, person("ben", NEW)), signed_by="")
    assert vouched(book, ROOT) is Vouch.ROOT


def test_a_key_that_comes_back_is_the_servers_word() -> None:
    gone = next_book(BEGUN, change(person("ana", admin=True), person("ben")), signed_by="")
    assert gone.gone == {ROOT.fingerprint: "ana"}
    back = next_book(gone, change(ANA, person("ben")), signed_by="")
    assert vouched(back, ROOT) is Vouch.SERVER
    assert not back.gone


def test_who_is_not_active_has_no_key() -> None:
    book = next_book(
        BEGUN, change(person("ana", ROOT, admin=True, active=False), person("ben")), signed_by=""
    )
    assert not book.held
    assert not book.is_admin("ana")


def test_one_key_is_one_persons() -> None:
    with pytest.raises(ValueError, match="two people"):
        next_book(BEGUN, change(ANA, person("ben", ROOT)), signed_by="")


def test_a_key_that_moves_to_somebody_else_is_the_servers_word() -> None:
    book = next_book(BEGUN, change(person("ana", admin=True), person("ben", ROOT)), signed_by="")
    assert book.held[ROOT.fingerprint].person == "ben"
    assert vouched(book, ROOT) is not Vouch.ROOT
