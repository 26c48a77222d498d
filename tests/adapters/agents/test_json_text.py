"""Changing one place of a JSON text: the value is as wanted, every other byte as before."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents import json_text
from assent.adapters.agents.json_text import NotPlainJson
from assent.core.canonical import Json

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
names = st.text(max_size=4)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=4)
styles = st.sampled_from([None, 0, 1, 2, 4, "\t"])


def written(value: Json, indent: int | str | None, *, crlf: bool = False) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    return text.replace("\n", "\r\n") if crlf else text


@given(objects, styles, st.booleans(), values)
def test_put_and_drop_are_inverse(
    settings: dict[str, Json], indent: int | str | None, crlf: bool, value: Json
) -> None:
    text = written(settings, indent, crlf=crlf)
    put = json_text.put(text, ("ours", "deep"), value)
    assert json_text.parse(put) == {**settings, "ours": {"deep": value}}
    dropped = json_text.drop(put, ("ours",))
    assert json_text.parse(dropped) == settings
    if settings:
        assert dropped == text


@given(st.lists(values, max_size=4), styles, values)
def test_append_and_drop_are_inverse(
    items: list[Json], indent: int | str | None, value: Json
) -> None:
    text = written({"list": items, "other": 1}, indent)
    appended = json_text.append(text, ("list",), value)
    assert json_text.parse(appended) == {"list": [*items, value], "other": 1}
    dropped = json_text.drop(appended, ("list", len(items)))
    assert json_text.parse(dropped) == {"list": items, "other": 1}
    if items:
        assert dropped == text


@given(st.lists(values, min_size=1, max_size=5), st.integers(0, 4), styles)
def test_any_item_can_be_dropped(items: list[Json], at: int, indent: int | str | None) -> None:
    at %= len(items)
    left = json_text.drop(written({"list": items}, indent), ("list", at))
    assert json_text.parse(left) == {"list": [*items[:at], *items[at + 1 :]]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n', id="empty-file"),
        pytest.param("{}", '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}', id="empty-object"),
        pytest.param('{"x": 1}', '{"x": 1,"a": {"b": [1]}}', id="one-line"),
        pytest.param(
            '{\n\t"x": 1\n}',
            '{\n\t"x": 1,\n\t"a": {\n\t\t"b": [\n\t\t\t1\n\t\t]\n\t}\n}',
            id="tabs",
        ),
        pytest.param('{"a": {"b": [0]}, "x": 1e5}', '{"a": {"b": [0,1]}, "x": 1e5}', id="existing"),
        pytest.param(
            '{"a": {"b": []},\n "x" : 1}', '{"a": {"b": [1]},\n "x" : 1}', id="odd-spacing"
        ),
    ],
)
def test_new_entries_are_written_in_the_manner_of_the_file(before: str, after: str) -> None:
    assert json_text.append(before, ("a", "b"), 1) == after


def test_a_value_is_replaced_in_its_place() -> None:
    text = '{\n  "a": [1,\n2],\n  "b": true\n}'
    assert json_text.put(text, ("b",), {"c": 1}) == (
        '{\n  "a": [1,\n2],\n  "b": {\n    "c": 1\n  }\n}'
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"a": 1} // comment', id="comment"),
        pytest.param('{"a": 1,}', id="trailing-comma"),
        pytest.param('{"a": 1, "a": 2}', id="duplicate-key"),
        pytest.param('{"a": NaN}', id="nan"),
        pytest.param("[1]", id="array"),
        pytest.param("nonsense", id="no-json"),
        pytest.param('{"a": ' + "[" * 100_000, id="deep"),
    ],
)
def test_other_texts_are_not_plain_json(text: str) -> None:
    with pytest.raises(NotPlainJson):
        json_text.parse(text)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        pytest.param(("a", "b"), '{"a": 1}', id="put-into-a-number"),
        pytest.param(("a", "b"), '{"a": [1]}', id="put-into-an-array"),
    ],
)
def test_a_place_of_another_kind_is_not_written_over(place: Sequence[str], text: str) -> None:
    with pytest.raises(NotPlainJson):
        json_text.put(text, place, 1)
    with pytest.raises(NotPlainJson):
        json_text.append('{"a": {}}', ("a",), 1)
    with pytest.raises(NotPlainJson):
        json_text.drop(text, place)
