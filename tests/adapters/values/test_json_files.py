"""Values in files: found by pointer, replaced only when they are what they were, all else kept."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assent.adapters.values import JsonFiles
from assent.adapters.values.json_files import _changed
from assent.adapters.values.spans import Found, find
from assent.errors import UsageError

SETTINGS = '{\n\t"a": [1, 2 , {"b~/c": "x"}],\n\t"é": 1.50,  "z": {}\n}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "settings.json"
    made.write_text(SETTINGS)
    return made


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", SETTINGS),
        ("/a", '[1, 2 , {"b~/c": "x"}]'),
        ("/a/2/b~0~1c", '"x"'),
        ("/a/1", "2"),
        ("/é", "1.50"),
        ("/z", "{}"),
        ("/missing", None),
        ("/a/3", None),
        ("/a/-", None),
    ],
)
def test_read(file: Path, pointer: str, value: str | None) -> None:
    assert JsonFiles().read(str(file), pointer) == value


@pytest.mark.parametrize(
    ("pointer", "before", "after", "expected"),
    [
        ("/a/1", "2", "22", SETTINGS.replace("2 ,", "22 ,")),
        ("/é", "1.5", "[]", SETTINGS.replace("1.50", "[]")),
        ("/z/new", None, "true", SETTINGS.replace("{}", '{"new": true}')),
        ("/new", None, "null", SETTINGS.replace("{}", '{}, "new": null')),
        ("/a/-", None, "3", SETTINGS.replace('"x"}]', '"x"}, 3]')),
        ("/a/0", "1", None, SETTINGS.replace("[1, 2", "[ 2")),
        ("/a/2", '{"b~/c":"x"}', None, SETTINGS.replace(', {"b~/c": "x"}', "")),
        ("/z", "{}", None, SETTINGS.replace(',  "z": {}', "")),
    ],
)
def test_replace_changes_nothing_else(
    file: Path, pointer: str, before: str | None, after: str | None, expected: str
) -> None:
    assert JsonFiles().replace(str(file), pointer, before=before, after=after)
    assert file.read_text() == expected


def test_done_again_it_is_there_already(file: Path) -> None:
    for _ in range(2):
        assert JsonFiles().replace(str(file), "/z", before="{}", after="[1]")
    assert json.loads(file.read_text())["z"] == [1]


def test_a_value_that_somebody_changed_stays(file: Path) -> None:
    assert not JsonFiles().replace(str(file), "/z", before="[]", after="3")
    assert not JsonFiles().replace(str(file), "/z", before=None, after="3")
    assert not JsonFiles().replace(str(file), "", before="other", after="3")
    assert file.read_text() == SETTINGS


def test_a_whole_file_comes_changes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "memory.md"
    values = JsonFiles()
    assert values.read(str(file), "") is None
    assert values.replace(str(file), "", before=None, after="one\r\n")
    file.chmod(0o600)
    assert values.replace(str(file), "", before="one\r\n", after="two\n")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two\n", 0o600)
    assert values.replace(str(file), "", before="two\n", after=None)
    assert not file.exists()


def test_a_link_leads_to_the_file(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(file)
    assert JsonFiles().replace(str(link), "/z", before="{}", after="1")
    assert link.is_symlink()
    assert json.loads(file.read_text())["z"] == 1


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        pytest.param("{bad", "/a", id="not JSON"),
        pytest.param('{"a": 1, "a": 2}', "/a", id="a name that stands there twice"),
        pytest.param('{"a": 1}', "/a/b", id="something without parts"),
        pytest.param('{"a": []}', "/a/x", id="not an index"),
        pytest.param('{"a": [1]}', "/a/00", id="an index with a leading zero"),
        pytest.param("{}", "/a/b", id="through what is not there"),
        pytest.param("{}", "a", id="no pointer"),
        pytest.param("[" * 100_000, "/0", id="too deep"),
    ],
)
def test_what_cannot_be_found(tmp_path: Path, content: str, pointer: str) -> None:
    file = tmp_path / "f.json"
    file.write_text(content)
    with pytest.raises(UsageError):
        JsonFiles().read(str(file), pointer)


def test_what_is_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "bin").write_bytes(b"\xff\xfe")
    for name in ("bin", ".", "missing/../bin"):
        with pytest.raises(UsageError):
            JsonFiles().read(str(tmp_path / name), "/a" if name == "missing/../bin" else "")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if not isinstance(value, (dict, list)):
        return [at]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(each for key, part in inner for each in places(part, (*at, key)))]


@given(values, st.data(), st.sampled_from([None, 0, 1]), values)
def test_like_changing_the_value_itself(
    whole: Any, data: st.DataObject, indent: int | None, fresh: Any
) -> None:
    path = data.draw(st.sampled_from(places(whole)))
    assume(path)
    text = json.dumps(whole, indent=indent, ensure_ascii=False)
    pointer = "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in path)
    place = find(text, pointer)
    assert isinstance(place, Found)
    replaced, removed = copy.deepcopy(whole), copy.deepcopy(whole)
    for value, act in ((replaced, "put"), (removed, "del")):
        for key in path[:-1]:
            value = value[key]  # noqa: PLW2901
        if act == "put":
            value[path[-1]] = fresh
        else:
            del value[path[-1]]
    assert json.loads(_changed(text, place, json.dumps(fresh))) == replaced
    assert json.loads(_changed(text, place, None)) == removed
