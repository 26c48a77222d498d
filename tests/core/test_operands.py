"""Which files a command would run."""

import pytest

from assent.core.actions import Command, FileRead
from assent.core.canonical import digest_of
from assent.core.encoding import action_digest
from assent.core.facts import Facts, ScriptFact
from assent.core.operands import bind_operands, operands_of
from assent.core.proposals import AgentSession, Proposal


@pytest.mark.parametrize(
    ("script", "operands"),
    [
        pytest.param("bash deploy.sh --now", ["/w/deploy.sh"], id="shell"),
        pytest.param("./run.sh && echo ok", ["/w/./run.sh"], id="by-path"),
        pytest.param("cd sub && python tools/x.py", ["/w/sub/tools/x.py"], id="folder"),
        pytest.param("source env.sh", ["/w/env.sh"], id="source"),
        pytest.param(". ./env.sh", ["/w/./env.sh"], id="dot"),
        pytest.param("timeout 30 ./run.sh", ["/w/./run.sh"], id="wrapped"),
        pytest.param("sudo bash /opt/x.sh", ["/opt/x.sh"], id="sudo"),
        pytest.param("python -W ignore x.py a.csv", ["/w/x.py"], id="option-value"),
        pytest.param("psql -d app -f drop.sql", ["/w/drop.sql"], id="file-flag"),
        pytest.param("bash < setup.sh", ["/w/setup.sh"], id="fed"),
        pytest.param("uv run tools/x.py", ["/w/tools/x.py"], id="uv-run"),
        pytest.param("python -m pytest tests/a.py", [], id="module"),
        pytest.param("python -c 'print(1)' x.py", [], id="code"),
        pytest.param("git status", [], id="nothing"),
        pytest.param("cat ./notes.txt", [], id="only-read"),
    ],
)
def test_files_that_run(script: str, operands: list[str]) -> None:
    """A word that may be the value of an option counts, too: there is no such file."""
    found = operands_of(Command(script, "/w"))
    assert set(operands) <= set(found)
    assert bool(found) == bool(operands)


@pytest.mark.parametrize(
    ("words", "operands"),
    [
        pytest.param(("bash", "-lc", "sh x.sh"), ("/w/x.sh",), id="shell-text"),
        pytest.param(("node", "x.js"), ("/w/x.js",), id="no-shell"),
        pytest.param((), (), id="empty"),
    ],
)
def test_argument_vectors(words: tuple[str, ...], operands: tuple[str, ...]) -> None:
    assert operands_of(Command(words, "/w")) == operands


def test_a_command_with_another_script_is_another_action() -> None:
    asked = Proposal(AgentSession("a", "s", "/w", "/w"), "c", "sh", Command("bash x.sh", "/w"), b"")

    def with_script(content: bytes) -> Proposal:
        scripts = {"/w/x.sh": ScriptFact(digest_of(content))}
        return bind_operands(asked, Facts("/w", "/h", "/a", scripts=scripts))

    assert bind_operands(asked, Facts("/w", "/h", "/a")) == asked
    assert with_script(b"one").subject == with_script(b"one").subject
    assert len({asked.subject, with_script(b"one").subject, with_script(b"two").subject}) == 3


def test_other_actions_have_no_operands() -> None:
    assert operands_of(FileRead(("x.sh",), "/w")) == ()


def test_a_command_without_operands_has_the_digest_it_always_had() -> None:
    assert action_digest(Command("make", "/w")) == (
        "sha256:9bb0bbfbc2097ee0670f9d14aee38b3f16feadddc03d5c08c5c4d947e566c9cc"
    )
