"""Files of the user: installed into once, given back to the byte, never half written."""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from assent.adapters.agents import hook_groups, json_text, settings_file
from assent.adapters.agents.settings_file import ManagedFile
from assent.core.canonical import Json
from assent.errors import IntegrityError, UnavailableError
from tests.adapters.agents.conftest import tree

OURS: dict[str, Json] = {
    "Pre": {"hooks": [{"command": "/bin/assent-relay /run/hook.sock exit2 an-agent Pre"}]}
}


def managed(path: Path) -> ManagedFile:
    return settings_file.json_file(
        path,
        what="adds a hook",
        merge=lambda text: hook_groups.with_groups(text, OURS, agent="an-agent"),
        without=lambda text: hook_groups.without_groups(text, agent="an-agent"),
    )


class Place:
    """A settings file in a folder of its own, and the backups beside it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.path = self.home / "config" / "settings.json"
        self.backups = folder / "assent" / "backups" / "an-agent"
        self.files = [managed(self.path)]

    def put(self, content: bytes) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(content)

    def install(self) -> None:
        settings_file.install(self.files, self.backups)

    def uninstall(self) -> None:
        settings_file.uninstall(self.files, self.backups)

    def state(self) -> str:
        return settings_file.state_of(self.files)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def fresh_place() -> Iterator[Place]:
    """A place for one example of a property."""
    folder = Path(tempfile.mkdtemp())
    try:
        yield Place(folder)
    finally:
        shutil.rmtree(folder)


names = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
settings = st.dictionaries(names.filter(lambda name: name != "hooks"), values, max_size=4)
texts = st.builds(
    lambda value, indent, end, ascii_only: (
        json.dumps(value, indent=indent, ensure_ascii=ascii_only) + end
    ).encode(),
    settings,
    st.sampled_from([None, 0, 2, 4, "\t"]),
    st.sampled_from(["", "\n", " \n\n", "\r\n"]),
    st.booleans(),
)


@examples(max_examples=50)
@given(texts)
def test_uninstalling_gives_back_the_very_bytes(content: bytes) -> None:
    with fresh_place() as place:
        place.put(content)
        place.install()
        assert place.state() == "installed"
        installed = place.path.read_bytes()
        place.install()
        assert place.path.read_bytes() == installed
        place.uninstall()
        assert place.path.read_bytes() == content
        assert place.state() == "absent"
        assert not place.backups.exists()


@examples(max_examples=50)
@given(texts, names, values)
def test_what_the_user_edits_in_between_stays(content: bytes, name: str, value: Json) -> None:
    with fresh_place() as place:
        place.put(content)
        place.install()
        edited = json_text.put(place.path.read_text("utf-8"), ("user", name), value)
        place.path.write_bytes(edited.encode())
        place.install()
        place.uninstall()
        left = json_text.parse(place.path.read_text("utf-8"))
        expected = json.loads(content) | {"user": {name: value}}
        kept = json.loads(content).get("user")
        if isinstance(kept, dict):
            expected["user"] = {**kept, name: value}
        assert left == expected
        assert place.state() == "absent"


def test_a_new_file_goes_again_with_the_folders_made_for_it(place: Place) -> None:
    before = tree(place.home)
    place.install()
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    place.uninstall()
    assert tree(place.home) == before
    assert not place.path.parent.exists()


def test_a_folder_with_something_else_in_it_stays(place: Place) -> None:
    place.install()
    (place.path.parent / "mine").write_text("x")
    place.uninstall()
    assert [path.name for path in place.path.parent.iterdir()] == ["mine"]


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"{ }\n"])
def test_a_file_that_was_empty_is_empty_again(place: Place, content: bytes) -> None:
    place.put(content)
    place.install()
    place.uninstall()
    assert place.path.read_bytes() == content


def test_an_emptied_file_of_the_user_is_not_removed(place: Place) -> None:
    place.put(b'{"mine": 1}')
    place.install()
    place.path.write_text(json_text.drop(place.path.read_text(), ("mine",)))
    place.uninstall()
    assert json.loads(place.path.read_bytes()) == {}


def test_mode_and_symlink_are_kept(place: Place) -> None:
    place.put(b"{}")
    target = place.home / "dotfiles.json"
    place.path.rename(target)
    target.chmod(0o640)
    place.path.symlink_to("../dotfiles.json")
    place.install()
    assert place.path.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert b"assent-relay" in target.read_bytes()
    place.uninstall()
    assert place.path.is_symlink()
    assert target.read_bytes() == b"{}"


def test_a_symlink_to_a_missing_file_is_followed(place: Place) -> None:
    place.path.parent.mkdir()
    place.path.symlink_to("later.json")
    place.install()
    assert place.path.is_symlink()
    assert place.path.resolve().name == "later.json"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"a": 1} // why', id="comment"),
        pytest.param(b'{"a": 1,}', id="trailing-comma"),
        pytest.param(b"nonsense", id="no-json"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'{"a": "\xff"}', id="not-utf-8"),
        pytest.param(b'{"hooks": {"Pre": 5}}', id="hooks-of-another-form"),
    ],
)
def test_a_file_out_of_form_is_not_touched(place: Place, content: bytes) -> None:
    other = place.home / "other.json"
    place.files.insert(0, managed(other))
    place.put(content)
    with pytest.raises(UnavailableError, match=r"settings\.json cannot be changed safely") as fault:
        place.install()
    assert "\n" not in str(fault.value)
    assert place.path.read_bytes() == content
    assert not other.exists()
    assert not place.backups.exists()


@pytest.mark.parametrize(
    ("content", "state"),
    [
        pytest.param(b"// mine", "absent", id="without-us"),
        pytest.param(b"// assent-relay", "altered", id="with-us"),
    ],
)
def test_how_a_file_out_of_form_stands(place: Place, content: bytes, state: str) -> None:
    place.put(content)
    assert place.state() == state


def test_a_folder_in_the_way_is_reported(place: Place) -> None:
    place.path.mkdir(parents=True)
    with pytest.raises(UnavailableError, match="cannot be read"):
        place.install()


def test_a_folder_that_cannot_be_made_is_reported(place: Place) -> None:
    (place.home / "config").write_text("a file")
    with pytest.raises(UnavailableError):
        place.install()


def test_a_change_at_the_same_time_is_not_written_over(place: Place) -> None:
    place.put(b"{}")
    with pytest.raises(UnavailableError, match="changed while"):
        settings_file.write(place.path, b"ours", expected=b"{ }")
    assert place.path.read_bytes() == b"{}"
    assert [path.name for path in place.path.parent.iterdir()] == ["settings.json"]


def test_a_crash_after_the_record_and_before_the_file_is_harmless(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.put(b'{"mine": 1}')
    whole = settings_file.write

    def crash_at_settings(path: Path, content: bytes, *, expected: bytes | None) -> None:
        if path == place.path:
            raise KeyboardInterrupt
        whole(path, content, expected=expected)

    monkeypatch.setattr(settings_file, "write", crash_at_settings)
    with pytest.raises(KeyboardInterrupt):
        place.install()
    monkeypatch.undo()
    place.uninstall()
    assert place.path.read_bytes() == b'{"mine": 1}'
    assert not place.backups.exists()


def test_a_damaged_backup_is_not_restored(place: Place) -> None:
    place.put(b'{"mine": 1}')
    place.install()
    (backup,) = place.backups.glob("*.bak")
    backup.write_bytes(b"something else")
    with pytest.raises(IntegrityError, match="missing or altered"):
        place.uninstall()
    assert b"assent-relay" in place.path.read_bytes()


def test_without_a_manifest_only_our_entries_go(place: Place) -> None:
    place.put(b'{"mine": 1}')
    place.install()
    shutil.rmtree(place.backups)
    place.uninstall()
    assert json.loads(place.path.read_bytes()) == {"mine": 1}


def test_a_manifest_that_is_not_ours_is_reported(place: Place) -> None:
    place.put(b"{}")
    place.install()
    (place.backups / "manifest.json").write_text('{"files": 5}')
    with pytest.raises(IntegrityError, match="not a manifest"):
        place.uninstall()


def test_a_file_that_is_gone_stays_gone(place: Place) -> None:
    place.put(b"{}")
    place.install()
    place.path.unlink()
    assert place.state() == "absent"
    place.uninstall()
    assert not place.path.exists()


def test_entries_that_were_altered_are_seen_and_mended(place: Place) -> None:
    place.put(b'{"mine": 1}')
    place.install()
    good = place.path.read_bytes()
    place.path.write_bytes(good.replace(b"/run/hook.sock", b"/else/hook.sock"))
    assert place.state() == "altered"
    assert [change.path for change in settings_file.pending(place.files)] == [place.path]
    place.install()
    assert place.path.read_bytes() == good
    assert settings_file.pending(place.files) == ()


def test_a_file_of_our_own_over_one_of_the_user(tmp_path: Path) -> None:
    path, backups = tmp_path / "plugin.js", tmp_path / "backups"
    own = settings_file.own_file(path, what="adds", content=b"// assent v2", mark=b"// assent")
    path.write_bytes(b"mine")
    assert settings_file.state_of([own]) == "absent"
    settings_file.install([own], backups)
    assert path.read_bytes() == b"// assent v2"
    path.write_bytes(b"// assent v2 and more")
    assert settings_file.state_of([own]) == "altered"
    settings_file.uninstall([own], backups)
    assert path.read_bytes() == b"mine"


def test_a_file_of_our_own_in_a_new_place_goes(tmp_path: Path) -> None:
    path, backups = tmp_path / "deep" / "plugin.js", tmp_path / "backups"
    own = settings_file.own_file(path, what="adds", content=b"// assent v2", mark=b"// assent")
    settings_file.install([own], backups)
    settings_file.uninstall([own], backups)
    assert os.listdir(tmp_path) == []
