"""Groups of hooks: ours go in and out, the user's stay."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.agents import hook_groups, json_text
from assent.adapters.agents.json_text import NotPlainJson
from assent.core.canonical import Json

OURS = "'/opt/as sent/bin/assent-relay' /run/hook.sock exit2 some-agent Pre"
WANTED: dict[str, Json] = {
    "Pre": {"matcher": "*", "hooks": [{"type": "command", "command": OURS}]},
    "Post": {"hooks": [{"type": "command", "command": OURS.replace("exit2", "observe")}]},
}

theirs = st.sampled_from(["echo hi", "assent-relay", "other-relay /s exit2 some-agent Pre", "it's"])
groups: st.SearchStrategy[Json] = st.builds(
    lambda commands: {"hooks": [{"type": "command", "command": each} for each in commands]},
    st.lists(theirs, max_size=2),
)
settings = st.fixed_dictionaries(
    {},
    optional={
        "model": st.just("x"),
        "hooks": st.dictionaries(
            st.sampled_from(["Pre", "Post", "Stop"]), st.lists(groups, min_size=1, max_size=2)
        ),
    },
)


def with_ours(text: str) -> str:
    return hook_groups.with_groups(text, WANTED, agent="some-agent")


def without_ours(text: str) -> str:
    return hook_groups.without_groups(text, agent="some-agent")


@given(settings, st.sampled_from([None, 2, "\t"]))
def test_in_and_out_leaves_what_the_user_has(found: Json, indent: int | str | None) -> None:
    text = json.dumps(found, indent=indent)
    installed = with_ours(text)
    assert with_ours(installed) == installed
    assert hook_groups.our_groups(installed, agent="some-agent") == {
        event: [group] for event, group in WANTED.items()
    }
    left = json_text.parse(without_ours(installed))
    expected = dict(json_text.parse(text))
    if not expected.get("hooks"):
        left.pop("hooks", None)
        expected.pop("hooks", None)
    assert left == expected


@given(settings)
def test_a_file_without_ours_is_left_alone(found: Json) -> None:
    text = json.dumps(found, indent=3)
    assert without_ours(text) == text


def test_ours_come_last() -> None:
    """An agent may number its hooks, and know the user's by their numbers."""
    text = with_ours('{"hooks": {"Pre": [{"hooks": [{"command": "a"}]}]}}')
    assert hook_groups.place_of_ours(text, "Pre", agent="some-agent") == (1, 0)
    assert hook_groups.place_of_ours(text, "Stop", agent="some-agent") is None


def test_a_group_shared_with_the_user_loses_only_our_handler() -> None:
    shared = {"hooks": {"Pre": [{"hooks": [{"command": "a"}, {"command": OURS}]}]}}
    left = json_text.parse(without_ours(json.dumps(shared)))
    assert left == {"hooks": {"Pre": [{"hooks": [{"command": "a"}]}]}}


def test_an_altered_entry_is_replaced() -> None:
    altered = with_ours("{}").replace('"*"', '"Bash"')
    assert json_text.parse(with_ours(altered)) == json_text.parse(with_ours("{}"))


def test_an_event_no_longer_wanted_goes() -> None:
    old = hook_groups.with_groups("{}", {**WANTED, "Old": WANTED["Post"]}, agent="some-agent")
    assert json_text.parse(with_ours(old)) == json_text.parse(with_ours("{}"))


@pytest.mark.parametrize(
    ("command", "ours"),
    [
        pytest.param(OURS, True, id="compiled"),
        pytest.param(
            "/usr/bin/python3 -I -S -E /a/relay.py /s observe some-agent Post", True, id="python"
        ),
        pytest.param(OURS.replace("some-agent", "other"), False, id="other-agent"),
        pytest.param("echo assent-relay /s exit2", False, id="too-short"),
        pytest.param("relay.py a b c d", False, id="somebody-elses-relay"),
        pytest.param("it's broken", False, id="no-words"),
    ],
)
def test_what_is_ours(command: str, ours: bool) -> None:
    assert hook_groups.starts_relay(command, "some-agent") is ours


@pytest.mark.parametrize("text", ['{"hooks": []}', '{"hooks": {"Pre": {}}}', '{"hooks": 1}'])
def test_hooks_of_another_form_are_not_written_over(text: str) -> None:
    with pytest.raises(NotPlainJson):
        with_ours(text)
    assert without_ours(text) == text


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("relay", "code", "stdout", "stderr"),
    [
        pytest.param("echo '{}'", 0, b"{}\n", b"", id="answers"),
        pytest.param("echo no >&2; exit 2", 2, b"", b"no\n", id="refuses"),
        pytest.param("exit 1", 2, b"", b"hook failed", id="crashes"),
        pytest.param("kill -9 $$", 2, b"", b"hook failed", id="is-killed"),
        pytest.param(None, 2, b"", b"hook failed", id="is-missing"),
    ],
)
def test_a_closed_command_refuses_whatever_happens_to_the_relay(
    tmp_path: Path, shell: str, relay: str | None, code: int, stdout: bytes, stderr: bytes
) -> None:
    program = tmp_path / "as sent's relay"
    if relay is not None:
        program.write_text(f"#!/bin/sh\n{relay}\n")
        program.chmod(0o755)
    command = hook_groups.closed((str(program), "/s", "exit2", "an-agent", "Pre"))
    done = subprocess.run([shell, "-c", command], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (code, stdout)
    assert stderr in done.stderr


def test_a_closed_command_is_ours() -> None:
    argv = ("/a/assent-relay", "/s", "exit2", "some-agent", "Pre")
    assert hook_groups.starts_relay(hook_groups.closed(argv), "some-agent")
