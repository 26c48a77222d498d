"""One byte string for each action, and back: what is approved is exactly what was read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Action, Command, Plan, ToolCall, unknown_action
from assent.core.canonical import Digest, Json, canonical, digest_of, digest_text
from assent.core.encoding import action_digest, canonical_bytes, from_json, kind_of, to_json
from tests.core.strategies import NASTY, actions, texts

values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(values)
def test_canonical_bytes_are_read_back_as_the_value(value: Json) -> None:
    assert json.loads(canonical(value)) == value


@given(values)
def test_canonical_bytes_are_printable_ascii(value: Json) -> None:
    assert all(0x20 <= byte < 0x7F for byte in canonical(value))


@given(st.dictionaries(texts, st.integers(), max_size=5))
def test_the_order_of_fields_makes_no_difference(fields: dict[str, int]) -> None:
    assert canonical(fields) == canonical(dict(reversed(fields.items())))


@given(values, values)
def test_canonical_bytes_differ_where_the_values_do(one: Json, other: Json) -> None:
    # `==` takes 1, 1.0 and True for the same; their JSON does not.
    assert (canonical(one) == canonical(other)) == (repr_of(one) == repr_of(other))


def repr_of(value: Any) -> str:
    """Equal only for values that are alike in type as well."""
    if isinstance(value, dict):
        return f"{{{sorted((repr(name), repr_of(item)) for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{[repr_of(item) for item in value]}]"
    return repr(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_word_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"cost": value})


def test_a_split_surrogate_pair_is_the_character_it_spells() -> None:
    # As in every JSON reader and in JavaScript: agents cannot tell the two apart either.
    assert canonical("\ud83d\ude00") == canonical("\U0001f600")
    assert canonical("\ud83d") != canonical("\ude00")


@given(actions)
def test_an_action_is_read_back(action: Action) -> None:
    assert from_json(json.loads(canonical(to_json(action)))) == action


@given(actions, actions)
def test_digests_are_equal_only_for_equal_actions(one: Action, other: Action) -> None:
    assert (action_digest(one) == action_digest(other)) == (one == other)


@given(actions)
def test_the_digest_is_of_the_bytes_that_name_their_format(action: Action) -> None:
    data = canonical_bytes(action)
    assert action_digest(action) == digest_of(data)
    assert json.loads(data)["assent"] == "action/1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Command("ls -l", "/"), Command(("ls", "-l"), "/"), id="script-or-arguments"),
        pytest.param(Command(("a b",), "/"), Command(("a", "b"), "/"), id="split-of-arguments"),
        pytest.param(Command("ls", "/"), Command("ls", "/x"), id="folder"),
        pytest.param(Command("ls", "/"), Command("ls", "/", (("A", "1"),)), id="environment"),
        pytest.param(Command("a\r\n", "/"), Command("a\n", "/"), id="line-ends"),
        pytest.param(Command("a\udc80", "/"), Command("a\udc81", "/"), id="undecodable-byte"),
        pytest.param(Command("a\udc80", "/"), Command("a\\udc80", "/"), id="escape-or-byte"),
        pytest.param(Plan("x"), Plan("x", ""), id="no-path-or-empty"),
        pytest.param(
            ToolCall("s", "t", "{}"), ToolCall("s", "t", "{}", Digest("x")), id="changed-tool"
        ),
    ],
)
def test_what_would_run_differently_has_another_digest(one: Action, other: Action) -> None:
    assert action_digest(one) != action_digest(other)


fields = st.fixed_dictionaries(
    {"kind": st.sampled_from(("command", "edit", "read", "tool", "plan", "policy", "unknown"))},
    optional=dict.fromkeys(
        ("script", "cwd", "env", "interactive", "changes", "paths", "server", "text"), values
    ),
)


@given(values | fields)
def test_reading_anything_else_ends_in_an_error_or_an_action(value: Any) -> None:
    try:
        action = from_json(value)
    except (ValueError, TypeError, KeyError):
        return
    assert kind_of(action) == value["kind"]


@given(st.binary(max_size=30))
def test_an_unreadable_payload_keeps_its_bytes(payload: bytes) -> None:
    action = unknown_action("agent", tool="t", payload=payload, reason="not JSON")
    assert action.raw.encode("utf-8", "surrogateescape") == payload
    assert action.raw_digest == digest_of(payload)
    assert from_json(to_json(action)) == action


@given(texts, texts)
def test_text_digests_are_equal_only_for_equal_texts(one: str, other: str) -> None:
    assert (digest_text(one) == digest_text(other)) == (one == other)


def test_any_text_has_a_digest() -> None:
    assert digest_text(NASTY) == digest_of(NASTY.encode("utf-8", "surrogatepass"))
