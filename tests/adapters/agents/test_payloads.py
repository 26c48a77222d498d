"""Reading payloads: the value that is there, or one typed fault, whatever the bytes are."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents.payloads import (
    MAX_DEPTH,
    MAX_PAYLOAD,
    Fields,
    UnreadablePayload,
    absolute,
    changed,
    read_json,
    read_object,
)
from assent.core.canonical import Json

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"not json", "not JSON", id="text"),
        pytest.param(b"[]", "an array", id="array"),
        pytest.param(b"null", "null", id="null"),
        pytest.param(b'"x"', "text", id="string"),
        pytest.param(b'{"a": 1} x', "not JSON", id="trailing-bytes"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8 at byte 7", id="invalid-utf-8"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', "not JSON", id="byte-order-mark"),
        pytest.param(b'{"a": NaN}', "NaN is not a JSON number", id="nan"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is not a JSON number", id="infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="overflowing-number"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "not JSON", id="endless-number"),
        pytest.param(b'{"a": 1, "a": 2}', "twice", id="duplicate-key"),
        pytest.param(b'{"b": {"a": 1, "a": 2}}', "twice", id="duplicate-key-inside"),
        pytest.param(b'{"a": ' + b"[" * 100_000, "nested too deeply", id="open-brackets"),
        pytest.param(
            b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
            "nested too deeply",
            id="deep-nesting",
        ),
        pytest.param(b" " * (MAX_PAYLOAD + 1), "larger than", id="too-large"),
    ],
)
def test_unreadable_payloads(payload: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePayload, match=reason):
        read_object(payload)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_fault(payload: bytes) -> None:
    try:
        fields = read_object(payload)
    except UnreadablePayload:
        return
    assert isinstance(fields, Fields)


@given(json_values)
def test_json_is_read_as_it_is(value: Json) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("member", "value"),
    [
        pytest.param("text", 1, id="number-for-text"),
        pytest.param("text", None, id="null-for-text"),
        pytest.param("text", "\ud800", id="lone-surrogate"),
        pytest.param("flag", "true", id="text-for-flag"),
        pytest.param("flag", 1, id="number-for-flag"),
        pytest.param("number", True, id="flag-for-number"),
        pytest.param("number", 1.5, id="fraction-for-number"),
        pytest.param("object", [], id="array-for-object"),
        pytest.param("array", "abc", id="text-for-array"),
        pytest.param("array", {}, id="object-for-array"),
        pytest.param("texts", ["a", 1], id="number-among-texts"),
        pytest.param("objects", [{}, []], id="array-among-objects"),
    ],
)
def test_a_member_of_another_type_is_a_fault(member: str, value: Json) -> None:
    fields = Fields({"it": value}, where="tool_input")
    with pytest.raises(UnreadablePayload, match=r"tool_input\.it"):
        getattr(fields, member)("it")
    with pytest.raises(UnreadablePayload, match=r"tool_input\.other is missing"):
        getattr(fields, member)("other")


def test_defaults_stand_for_missing_and_null_only() -> None:
    fields = Fields({"null": None, "wrong": 5})
    assert fields.text("missing", default="x") == fields.text("null", default="x") == "x"
    assert fields.flag("missing", default=True) is True
    assert fields.number("missing", default=3) == 3
    with pytest.raises(UnreadablePayload):
        fields.text("wrong", default="x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/etc/hosts", "/etc/hosts", id="absolute"),
        pytest.param("a/../b", "/repo/a/../b", id="relative-as-written"),
        pytest.param("~/x", "/repo/~/x", id="tilde-is-a-name"),
    ],
)
def test_paths_are_joined_and_not_resolved(path: str, expected: str) -> None:
    assert absolute(path, cwd="/repo") == expected


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_names_no_file_is_a_fault(path: str) -> None:
    with pytest.raises(UnreadablePayload):
        absolute(path, cwd="/repo")


def test_a_relative_path_without_a_folder_is_a_fault() -> None:
    with pytest.raises(UnreadablePayload):
        absolute("a", cwd="")


@given(st.dictionaries(st.text(), json_values, max_size=3), st.text(), json_values)
def test_a_changed_payload_differs_only_there(
    members: dict[str, Json], name: str, value: Json
) -> None:
    payload: dict[str, Json] = {**members, "tool_input": {"kept": 1, name: "old"}}
    again = json.loads(changed(payload, ("tool_input", name), value))
    assert again == {**members, "tool_input": {"kept": 1, name: value}}


def test_arguments_are_canonical() -> None:
    fields = read_object(b'{"b": 1.0, "a": "\\ud83d\\ude00", "c": {"z": 1, "y": [true]}}')
    assert fields.canonical() == '{"a":"\\ud83d\\ude00","b":1.0,"c":{"y":[true],"z":1}}'
    assert math.isclose(float(json.loads(fields.canonical())["b"]), 1.0)
