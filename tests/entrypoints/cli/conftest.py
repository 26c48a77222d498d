"""The `assent` command, run in this process as the shell would run it."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assent.entrypoints.cli.main import main
from tests.e2e.faults.house import House, house_in


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_in(tmp_path_factory.mktemp("running") / "house") as house:
        house.start()
        yield house


@pytest.fixture
def house(running: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A running daemon with an empty inbox; `run` talks to it."""
    monkeypatch.setenv("ASSENT_HOME", str(running.home.root))
    yield running
    for request in running.inbox():
        running.decide(request["number"], "withdraw")
    for hook in running.hooks:
        hook.said()
    running.hooks.clear()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing runs, nor ever did."""
    home = tmp_path / "nowhere"
    monkeypatch.setenv("ASSENT_HOME", str(home))
    return home


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_once(*words: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["assent", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        assert isinstance(code, int)
        return Ran(code, said.out, said.err)

    return run_once
