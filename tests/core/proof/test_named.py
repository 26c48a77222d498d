"""What a log says of one request or change, by its name."""

import pytest

from assent.core.canonical import Json
from assent.core.people.model import Factor
from assent.core.proof.answers import Verdict, Wanted
from assent.core.proof.checking import Checked
from assent.core.proof.dsse import Envelope
from assent.core.proof.key_history import Vouch
from assent.core.proof.levels import Level
from assent.core.proof.log import Log, LogEntry
from assent.core.proof.named import accounts
from assent.core.proof.statement import DECISION, Statement, Subject
from assent.core.proof.voices import Voice

TWO: Json = [{"group": "@leads", "people": ["ana", "ben", "eve"], "count": 2}]


def said(
    position: int,
    by: str,
    decision: str = "approve",
    *,
    about: str = "REQ-7",
    digest: str = "a" * 64,
    needs: Json = TWO,
    factor: Factor = Factor.PASSKEY,
) -> Voice:
    """A word that counts, as checking the log leaves it."""
    predicate: dict[str, Json] = {
        "request": about,
        "by": by,
        "decision": decision,
        "at": position,
        "needs": needs,
    }
    statement = Statement(DECISION, (Subject(about, {"sha256": digest}),), predicate)
    entry = LogEntry(f"e{position}", position, f"c{position}", statement, Envelope(b"", ()))
    vouched = None if factor is Factor.NONE else Vouch.ROOT
    return Voice(entry, factor, vouched)


def checked(*voices: Voice) -> Checked:
    return Checked(
        log=Log("head", {}, tuple(each.entry for each in voices), {}, {}, ()),
        voices={each.entry.id: each for each in voices},
        merges={},
        policies=(),
        root="root",
        servers_only=(),
        troubles=(),
        void={},
    )


@pytest.mark.parametrize(
    ("voices", "wanted", "verdict", "why"),
    [
        pytest.param(
            (said(1, "ana"), said(2, "ben")), Wanted.ANY, Verdict.APPROVED, "approved", id="two"
        ),
        pytest.param((said(1, "ana"),), Wanted.ANY, Verdict.NOT_APPROVED, "1 more", id="one"),
        pytest.param(
            (said(1, "ana"), said(2, "ana")), Wanted.ANY, Verdict.NOT_APPROVED, "1 more", id="twice"
        ),
        pytest.param(
            (said(1, "ana"), said(2, "ben"), said(3, "eve", "reject")),
            Wanted.ANY,
            Verdict.NOT_APPROVED,
            "eve said no",
            id="rejected",
        ),
        pytest.param(
            (said(1, "ana"), said(2, "ben", factor=Factor.KEY)),
            Wanted.PRESENT,
            Verdict.NOT_APPROVED,
            "1 more",
            id="not both present",
        ),
        pytest.param(
            (said(1, "ana"), said(2, "ben", factor=Factor.NONE)),
            Wanted.SIGNED,
            Verdict.NOT_APPROVED,
            "1 more",
            id="not both signed",
        ),
        pytest.param(
            (said(1, "ana"), said(2, "eve", needs=[], factor=Factor.NONE)),
            Wanted.SIGNED,
            Verdict.NOT_APPROVED,
            "1 more",
            id="a later word of the server's lowers nothing",
        ),
        pytest.param(
            (said(1, "ana", "delay"),), Wanted.ANY, Verdict.NOT_APPROVED, "anybody", id="put off"
        ),
    ],
)
def test_a_request(voices: tuple[Voice, ...], wanted: Wanted, verdict: Verdict, why: str) -> None:
    [found] = accounts(checked(*voices), "REQ-7", wanted)
    assert found.verdict is verdict
    assert why in found.why
    assert found.voices == voices


def test_the_level_is_that_of_all_who_had_to() -> None:
    [both] = accounts(checked(said(1, "ana"), said(2, "ben")), "REQ-7", Wanted.ANY)
    assert both.level is Level.PRESENT
    clicked = said(2, "ben", factor=Factor.NONE)
    [one] = accounts(checked(said(1, "ana"), clicked), "REQ-7", Wanted.ANY)
    assert (one.verdict, one.level) == (Verdict.APPROVED, Level.ADVISORY)


def test_two_homes_may_have_the_same_name_for_two_things() -> None:
    mine, other = said(1, "ana"), said(2, "ben", digest="b" * 64)
    found = accounts(checked(mine, other), "REQ-7", Wanted.ANY)
    assert [each.voices for each in found] == [(mine,), (other,)]
    assert all(each.verdict is Verdict.NOT_APPROVED for each in found)


def test_what_the_log_does_not_know() -> None:
    assert accounts(checked(said(1, "ana")), "REQ-8", Wanted.ANY) == ()
