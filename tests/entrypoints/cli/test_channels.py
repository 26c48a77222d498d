"""`assent people channels`, with a real daemon, a real worker and a receiver on loopback."""

import json

import pytest

from tests.adapters.notify.receivers import web
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, until
from tests.entrypoints.cli.conftest import Run

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("house")]


def test_a_channel_from_its_address_to_its_end(run: Run) -> None:
    with web() as server:
        url = f"json://{server.place}/s3cret"
        added = run("people", "channels", "add", url, "--label", "phone", "--worst", "high")
        assert added.code == 0, added.err
        assert "phone  json://127.0.0.1/…  (from high on)" in added.out
        listed = run("people", "channels")
        assert listed.out == added.out
        assert run("people", "channels", "ana").out == added.out
        assert "s3cret" not in run("people", "channels", "list", "--json").out
        assert "Sent." in run("people", "channels", "test", "phone").out
        told = [posted.json["title"] for posted in server.posted]
        assert "Assent can tell you here" in told
        assert "(from high on; paused)" in run("people", "channels", "pause", "phone").out
        assert "(from high on)" in run("people", "channels", "resume", "phone").out
    failed = run("people", "channels", "test", "phone")
    assert (failed.code, failed.out) == (3, "")
    assert "Nothing was sent: the server cannot be reached" in failed.err
    assert "is told nowhere" in run("people", "channels", "remove", "phone").out


def test_an_address_is_read_from_standard_input(run: Run) -> None:
    """So that it stands in no history of the shell, and in no list of processes."""
    added = run("people", "channels", "add", "-", stdin=b"json://127.0.0.1:9/x\n")
    assert added.code == 0, added.err
    (known,) = json.loads(run("people", "channels", "list", "--json").out)
    assert known["label"] == "JSON"
    run("people", "channels", "remove", known["id"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(("add", "nonsense"), 2, "no address", id="no-address"),
        pytest.param(("add", "dbus"), 2, "no address", id="no-scheme"),
        pytest.param(("add", "file:///etc/passwd"), 2, "Nothing can be sent", id="no-service"),
        pytest.param(("add", "json://x/", "--worst", "awful"), 2, "awful", id="no-class"),
        pytest.param(("remove", "none"), 1, "no such channel", id="no-channel"),
        pytest.param(("list", "zoe"), 1, "There is no zoe", id="nobody"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, words: tuple[str, ...], code: int, says: str
) -> None:
    ran = run("people", "channels", *words)
    assert ran.code == code
    assert says in ran.err


def test_an_agent_changes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    ran = run("people", "channels", "add", "json://127.0.0.1:9/")
    assert ran.code == 2
    assert "Ask your person" in ran.err


def test_a_request_is_told(run: Run, house: House) -> None:
    with web() as server:
        run("people", "channels", "add", f"json://{server.place}/", "--label", "here")
        house.shell(CLAUDE, "make release-told")
        (asked,) = house.waiting()
        told = until(
            lambda: [
                posted.json for posted in server.posted if asked["name"] in posted.json["names"]
            ]
        )
    assert f"/requests/{asked['name']}" in told[0]["message"]
    assert "http://localhost:" in told[0]["message"]
    assert asked["title"] in told[0]["message"]
    until(lambda: "told" in house.steps(asked["number"]))
    run("people", "channels", "remove", "here")
