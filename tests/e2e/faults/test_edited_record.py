"""Somebody edits the database while the daemon is down: reported with its place."""

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House

pytestmark = pytest.mark.soak

EDITS = [
    pytest.param(
        "UPDATE audit SET body = replace(body, 'reject', 'accept') WHERE stream = 'request/1'",
        "request/1#2: its content does not match its hash",
        id="verdict-edited",
    ),
    pytest.param(
        "UPDATE audit SET body = 'no json' WHERE stream = 'request/1' AND seq = 1",
        "request/1#1: its content does not match its hash",
        id="body-garbled",
    ),
    pytest.param(
        'UPDATE audit SET body = \'{"kind":"asked","at":1e400,"request":[]}\''
        " WHERE stream = 'request/1' AND seq = 1",
        "request/1#1: its content does not match its hash",
        id="body-of-other-types",
    ),
    pytest.param(
        "UPDATE audit SET body = x'fffe' WHERE stream = 'request/1' AND seq = 1",
        "request/1#1",
        id="body-not-text",
    ),
    pytest.param(
        "DELETE FROM audit WHERE stream = 'request/1' AND seq = 2",
        "request/1#2: the stream ends at entry 1",
        id="tail-dropped",
    ),
    pytest.param(
        "DELETE FROM audit WHERE stream = 'request/1' AND seq = 1",
        "request/1#2: expected entry 1 here",
        id="start-dropped",
    ),
    pytest.param(
        "DELETE FROM audit_head WHERE stream = 'request/1'",
        "request/1: has entries but no head",
        id="head-dropped",
    ),
    pytest.param(
        "UPDATE audit SET hash = 'sha256:' || hex(zeroblob(32)) WHERE stream = 'request/1'",
        "request/1#1: its content does not match its hash",
        id="hashes-replaced",
    ),
]


@pytest.fixture
def house(house: House) -> House:
    """A record with a rejected request, and no daemon any more."""
    hook = house.shell(CLAUDE, "make release")
    [request] = house.waiting()
    house.decide(request["number"], "reject", reason="not now")
    hook.said()
    assert house.stop() == 0
    return house


def edit(house: House, statement: str) -> None:
    with closing(sqlite3.connect(house.home.database)) as database, database:
        changed = database.execute(statement).rowcount
    assert changed > 0


def test_an_untouched_record_is_whole(house: House) -> None:
    done = house.assent("verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Intact: ")


@pytest.mark.parametrize(("statement", "place"), EDITS)
def test_an_edited_record_is_reported_with_its_place(
    house: House, statement: str, place: str
) -> None:
    edit(house, statement)
    verify = house.assent("verify")
    assert verify.returncode == 4
    assert place in verify.stdout
    assert verify.stderr.startswith("assent: The record contradicts itself in ")
    log = house.assent("log")
    assert log.returncode == 0, log.stderr


def test_with_an_edited_record_calls_go_on_and_the_break_stays(house: House) -> None:
    edit(house, "UPDATE audit SET body = 'no json' WHERE stream = 'request/1' AND seq = 1")
    house.start()
    assert house.shell(CLAUDE, "ls").said().passed
    assert "request/1#1" in house.assent("verify").stdout


def test_a_stream_renamed_to_hide_is_named_as_an_edit(house: House) -> None:
    edit(house, "UPDATE audit SET stream = char(27) || '[2J' || stream WHERE seq = 1")
    for command in ("verify", "log"):
        done = house.assent(command)
        assert done.returncode == 4
        assert "Somebody edited the store" in done.stderr
        assert "\x1b" not in done.stdout + done.stderr


def test_a_request_approved_behind_our_back_is_not_taken_for_approved(house: House) -> None:
    """The row is what lets a call run; a row that cannot be read lets nothing run."""
    edit(house, "UPDATE approval SET state = 'approved'")
    house.start()
    hook = house.shell(CLAUDE, "make release")
    assert not hook.said().passed
