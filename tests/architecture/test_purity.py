"""The rules about the core are real: violations planted on purpose are found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

# Modules to plant, and what import-linter must say about each.
PLANTED_IMPORTS = {
    "core/planted_sqlite.py": ("import sqlite3", "assent.core.planted_sqlite -> sqlite3"),
    "core/risk/planted_os.py": ("import os", "assent.core.risk.planted_os -> os"),
    "core/planted_library.py": ("import sqlalchemy", "assent.core.planted_library -> sqlalchemy"),
    "core/planted_layer.py": ("import assent.app", "assent.core.planted_layer -> assent.app"),
    "app/planted_layer.py": (
        "import assent.adapters",
        "assent.app.planted_layer -> assent.adapters",
    ),
    "app/planted_socket.py": ("import socket", "assent.app.planted_socket -> socket"),
    "adapters/planted_one/__init__.py": (
        "import assent.adapters.planted_two",
        "assent.adapters.planted_one -> assent.adapters.planted_two",
    ),
    "adapters/planted_two/__init__.py": ("", ""),
}


@pytest.fixture(scope="module")
def import_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter prints about a copy of the package with the planted modules in it."""
    copy = tmp_path_factory.mktemp("planted")
    for source in (ROOT / "src" / "assent").rglob("*.py"):
        target = copy / source.relative_to(ROOT / "src")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for name, (source_text, _) in PLANTED_IMPORTS.items():
        target = copy / "assent" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source_text)
    result = subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "expected", [pytest.param(line, id=line) for _, line in PLANTED_IMPORTS.values() if line]
)
def test_import_rules_find_a_planted_import(import_report: str, expected: str) -> None:
    assert expected in import_report


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        pytest.param(
            "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n", "TID251", id="clock"
        ),
        pytest.param("from datetime import date\n\nTODAY = date.today()\n", "TID251", id="date"),
        pytest.param("from uuid import uuid4\n\nID = uuid4()\n", "TID251", id="random-id"),
        pytest.param("import uuid\n\nID = uuid.uuid4()\n", "TID251", id="random-id-by-module"),
        pytest.param("from pathlib import Path\n\nHERE = Path()\n", "TID251", id="path"),
        pytest.param("print()\n", "T201", id="print"),
        pytest.param(
            "def f() -> None:\n    import json\n\n    json.dumps(1)\n",
            "PLC0415",
            id="import-in-function",
        ),
    ],
)
def test_lint_finds_a_planted_source_of_chance(source: str, rule: str) -> None:
    assert rule in lint(source, "src/assent/core/planted.py")


def test_lint_finds_a_planted_tangle() -> None:
    branches = "".join(f"    if n == {number}:\n        n += {number}\n" for number in range(13))
    assert "C901" in lint(
        f"def tangle(n: int) -> int:\n{branches}    return n\n", "src/assent/x.py"
    )


def lint(source: str, name: str) -> str:
    result = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--output-format=concise", "--stdin-filename", name],
        cwd=ROOT,
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout
