"""Who is on call, from the file in Assent's own folder."""

from dataclasses import replace

import pytest

from assent.app.agents import UnreadableFile
from assent.app.people.oncall import on_call
from assent.app.people.zones import zone_named
from tests.app.conftest import Scene

FILE = "/h/assent/oncall.txt"


@pytest.mark.parametrize(
    ("content", "names", "fault"),
    [
        pytest.param(b"mon-sun 00:00-24:00 ana, ben", ("ana", "ben"), "", id="two"),
        pytest.param(b"\xef\xbb\xbfmon-sun 00:00-24:00 ana", ("ana",), "", id="byte-order-mark"),
        pytest.param(b"# nobody yet", (), "", id="nobody"),
        pytest.param(b"mon 9-17 ana", (), f"{FILE} line 1: ", id="faulty"),
        pytest.param(b"\xff", (), f"{FILE} is no text in UTF-8", id="not-a-text"),
        pytest.param(None, (), f"there is no schedule of who is on call: write {FILE}", id="none"),
    ],
)
def test_who_is_on_call(
    scene: Scene, content: bytes | None, names: tuple[str, ...], fault: str
) -> None:
    scene.world.contents = {} if content is None else {FILE: content}
    found = on_call(replace(scene.gate, oncall_file=FILE), scene.clock.now())
    assert found.names == names
    assert "".join(found.faults).startswith(fault)
    assert bool(found.faults) == bool(fault)


def test_a_file_that_cannot_be_read_names_nobody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> bytes | None:
        raise UnreadableFile(f"{path}: permission denied")

    monkeypatch.setattr(scene.world, "read", refuse)
    found = on_call(replace(scene.gate, oncall_file=FILE), scene.clock.now())
    assert found.names == ()
    assert "permission denied" in found.faults[0]


@pytest.mark.parametrize("name", ["Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_zones_are_known_by_name(name: str) -> None:
    assert str(zone_named(name)) == name


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "/etc/passwd", ""])
def test_other_names_are_no_zones(name: str) -> None:
    assert zone_named(name) is None
