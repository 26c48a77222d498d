"""Which command is taken to run a project's tests."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.adapters.project import find_test_command

NPM = json.dumps({"scripts": {"test": "vitest run"}})
NPM_STUB = json.dumps({"scripts": {"test": 'echo "Error: no test specified" && exit 1'}})
PYTEST = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param({}, "", id="nothing tells"),
        pytest.param({"package.json": NPM}, "npm test", id="npm"),
        pytest.param(
            {"package.json": NPM, "pnpm-lock.yaml": ""}, "pnpm test", id="pnpm, by its lock"
        ),
        pytest.param({"package.json": NPM, "yarn.lock": ""}, "yarn test", id="yarn, by its lock"),
        pytest.param({"package.json": NPM_STUB}, "", id="what npm writes where there are no tests"),
        pytest.param({"packages/a/package.json": NPM}, "", id="only a package has tests"),
        pytest.param({"Makefile": "test:\n\tpytest -q\n"}, "make test", id="make"),
        pytest.param({"justfile": "test:\n  cargo test\n"}, "just test", id="just"),
        pytest.param({"Cargo.toml": '[package]\nname = "a"\n'}, "cargo test", id="cargo"),
        pytest.param({"go.mod": "module a\n"}, "go test ./...", id="go"),
        pytest.param(
            {"pyproject.toml": PYTEST, "tests/test_a.py": ""}, "python3 -m pytest", id="pytest"
        ),
        pytest.param({"test_a.py": ""}, "python3 -m unittest", id="unittest"),
        pytest.param(
            {"tests/test_a.py": ""}, "python3 -m unittest discover -s tests -t .", id="a folder"
        ),
        pytest.param(
            {"Makefile": "test:\n\tx\n", "go.mod": ""}, "make test", id="the project's own word"
        ),
    ],
)
def test_found(tmp_path: Path, files: Mapping[str, str], command: str) -> None:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert find_test_command(str(tmp_path)) == command
