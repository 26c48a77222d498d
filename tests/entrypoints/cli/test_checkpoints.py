"""`assent checkpoints` and `assent undo`: what they say where there is nothing to undo."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run


@pytest.fixture
def here(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house, with its project as the current folder."""
    monkeypatch.chdir(house.workspace)
    return house


@pytest.mark.network
def test_there_may_be_no_checkpoints(here: House, run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    (empty / ".git").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(empty)
        assert run("checkpoints").out == f"No checkpoints of {empty} yet.\n"
        nothing = run("undo", "--yes")
    assert nothing.code == 1
    assert "nothing to undo" in nothing.err


@pytest.mark.network
@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["undo", "nonsense"], 1, id="no-name"),
        pytest.param(["undo", "CP-99999"], 1, id="unknown"),
        pytest.param(["undo", "--path", "/elsewhere/x"], 2, id="outside"),
        pytest.param(["checkpoints", "--limit", "0"], 2, id="limit"),
    ],
)
def test_what_makes_no_sense_undoes_nothing(
    here: House, run: Run, words: Sequence[str], code: int
) -> None:
    assert run(*words).code == code


@pytest.mark.network
def test_a_file_is_brought_back_from_any_folder_of_the_project(
    here: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = here.workspace / "src"
    folder.mkdir()
    file = folder / "a.py"
    file.write_text("one\n")
    arguments = {"file_path": str(file), "content": "two\n"}
    payload = CLAUDE.call("Write", arguments, cwd=str(here.workspace))
    assert here.ask(CLAUDE, payload).said().passed
    file.write_text("two\n")
    after = {**json.loads(payload), "hook_event_name": CLAUDE.after}
    here.ask(CLAUDE, json.dumps(after).encode(), event=CLAUDE.after).said()
    monkeypatch.chdir(folder)
    listed = run("checkpoints").out
    assert "(1 file changed since)" in listed
    assert "write   src/a.py" in run("undo", "--dry-run").out
    assert file.read_text() == "two\n"
    done = run("undo", "--path", "a.py", "--yes")
    assert done.code == 0, done.err
    assert "To take this back: assent undo CP-" in done.out
    assert file.read_text() == "one\n"


@pytest.mark.parametrize("words", [["checkpoints"], ["undo", "--yes"]], ids=lambda words: words[0])
def test_without_a_daemon_nothing_is_told_or_undone(
    nowhere: Path, run: Run, words: Sequence[str]
) -> None:
    ended = run(*words)
    assert ended.code == 3
    assert "assent up" in ended.err
