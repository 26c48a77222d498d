"""`assent export`: files that were made by a real daemon's record, and checked without it."""

import csv
import io
import itertools
import json
from pathlib import Path

import pytest

from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House
from tests.entrypoints.cli.conftest import Run

pytestmark = pytest.mark.network

FROM = ("--from", "2020-01-01")
numbers = itertools.count()


@pytest.fixture
def decided(house: House) -> House:
    """A house in which something was rejected."""
    house.shell(CLAUDE, f"exported-{next(numbers)} --all")
    [request] = house.waiting()
    house.decide(request["number"], "reject", reason="=not now")
    return house


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_is_whole_and_says_by_whom(
    decided: House, run: Run, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "export"
    done = run("export", *FROM, "--format", form, "-o", str(path))
    assert done.code == 0, done.err
    checked = run("export", "--check", str(path))
    assert checked.code == 0, checked.err
    assert f"{path}: whole, signed by the server SHA256:" in checked.out
    assert [each.name for each in tmp_path.iterdir()] == ["export"]


def test_it_is_checked_where_no_assent_is(
    decided: House, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export.json"
    run("export", *FROM, "-o", str(path))
    monkeypatch.setenv("ASSENT_HOME", str(tmp_path / "elsewhere"))
    public = decided.home.root / "server.key.pub"
    named = run("export", "--check", str(path), "--key", str(public))
    assert "whole, signed by the server SHA256:" in named.out
    unnamed = run("export", "--check", str(path))
    assert "signed by a server that is not known here" in unnamed.out
    assert not (tmp_path / "elsewhere").exists()


def test_a_changed_export_ends_with_4(decided: House, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    run("export", *FROM, "-o", str(path))
    path.write_bytes(path.read_bytes().replace(b"not now", b"not not"))
    done = run("export", "--check", str(path))
    assert done.code == 4
    assert "changed since it was signed: rows" in done.err


def test_one_table_is_text(decided: House, run: Run) -> None:
    done = run("export", *FROM, "--table", "decisions")
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert rows[-1]["reason"] == "'=not now"
    assert rows[-1]["signed_by"] == "server"


def test_it_goes_to_standard_output(decided: House, run: Run) -> None:
    done = run("export", *FROM)
    assert json.loads(done.out)["format"] == "assent-export/1"


def test_the_api_gives_the_same(decided: House, tmp_path: Path, run: Run) -> None:
    client = decided.client
    text = client.text("/api/export?from=2020-01-01")
    path = tmp_path / "api.json"
    path.write_text(text)
    assert run("export", "--check", str(path)).code == 0
    table = client.text("/api/export?from=2020-01-01&table=decisions")
    assert table.startswith("at,about,verdict,by,")


@pytest.mark.parametrize(
    "words",
    [
        ["export"],
        ["export", "--from", "soon"],
        ["export", "--from", "2026-02-01", "--to", "2026-01-01"],
        ["export", "--from", "2026-01-01", "--table", "secrets"],
        ["export", "--from", "2026-01-01", "--format", "xml"],
        ["export", "--check", "/no/such/file"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_exported(house: House, run: Run, words: list[str]) -> None:
    assert run(*words).code == 2


def test_nothing_is_left_of_an_export_that_failed(run: Run, nowhere: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    done = run("export", *FROM, "-o", str(path))
    assert done.code == 3
    assert list(tmp_path.iterdir()) == []
