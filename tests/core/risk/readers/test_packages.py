"""Package managers: what is new to the project, and what is fetched in order to be run."""

from dataclasses import replace

import pytest

from assent.core.actions import Command
from assent.core.risk import RiskClass, assess
from tests.core.risk.stage import WORKSPACE, assess_script, facts_for


@pytest.mark.parametrize(
    ("script", "tool"),
    [
        pytest.param("npx eslint@8 --fix src", "eslint --fix src", id="version"),
        pytest.param("npx @biomejs/biome check .", "biome check .", id="scope"),
        pytest.param("npx @biomejs/biome@1.9 check .", "biome check .", id="scope-and-version"),
        pytest.param("npx -y -p typescript@5 tsc -p .", "tsc -p .", id="package"),
        pytest.param("npx prisma migrate reset", "prisma migrate reset", id="dangerous"),
        pytest.param("pnpm dlx rimraf src", "rimraf src", id="pnpm"),
        pytest.param("bunx rimraf src", "rimraf src", id="bun"),
        pytest.param("npm exec -- rimraf src", "rimraf src", id="npm"),
        pytest.param("uvx ruff@0.5 check .", "ruff check .", id="uvx"),
        pytest.param("uvx --from 'ruff==0.5' ruff check .", "ruff check .", id="uvx-from"),
        pytest.param("pipx run twine upload dist/*", "twine upload dist/*", id="pipx"),
        pytest.param("deno run -A npm:eslint .", "eslint .", id="deno"),
        pytest.param(
            "go run golang.org/x/tools/cmd/goimports@latest -w a.go", "goimports -w a.go", id="go"
        ),
        pytest.param(
            "go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2 run",
            "golangci-lint run",
            id="go-major-version",
        ),
    ],
)
def test_a_known_tool_is_that_tool(script: str, tool: str) -> None:
    fetched, own = assess_script(script), assess_script(tool)
    assert (fetched.risk, fetched.evidence[0].rule) == (own.risk, own.evidence[0].rule)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("npx some-tool", id="unknown"),
        pytest.param("npx ls", id="named-like-a-program-of-the-system"),
        pytest.param("npx git status", id="named-like-git"),
        pytest.param("uvx eslint .", id="of-another-registry"),
        pytest.param("npx github:a/b", id="repository"),
        pytest.param("npx https://example.com/a.tgz", id="address"),
        pytest.param("npx -p some-package tsc", id="package-that-brings-a-known-name"),
        pytest.param("uvx --with some-package ruff check .", id="beside-a-known-tool"),
        pytest.param("npx $TOOL", id="known-only-when-it-runs"),
        pytest.param("npx -c 'rm -rf src'", id="shell-text"),
        pytest.param("go run example.com/x@latest", id="go-module"),
        pytest.param("uv run https://example.com/a.py", id="script-from-elsewhere"),
    ],
)
def test_another_is_fetched_and_waits(script: str) -> None:
    assert assess_script(script).risk >= RiskClass.MEDIUM


def test_a_tool_that_the_project_uses_runs() -> None:
    action = Command(script="npx some-tool --fix", cwd=WORKSPACE)
    facts = replace(facts_for(action), programs=frozenset({"some-tool"}))
    assert assess(action, facts).risk is RiskClass.LOW
    newer = Command(script="npx some-tool@latest --fix", cwd=WORKSPACE)
    facts = replace(facts_for(newer), programs=frozenset({"some-tool"}))
    assert assess(newer, facts).risk is RiskClass.MEDIUM


@pytest.mark.parametrize(
    ("script", "new"),
    [
        pytest.param("npm install", False, id="npm"),
        pytest.param("npm install left-pad", True, id="npm-name"),
        pytest.param("npm install ./packages/a", False, id="npm-folder"),
        pytest.param("npm install github:a/b", True, id="npm-repository"),
        pytest.param("npm i -g ./packages/a", True, id="npm-for-all"),
        pytest.param("pnpm add a@workspace:*", False, id="pnpm-workspace"),
        pytest.param("pip install -r requirements.txt", False, id="pip-file"),
        pytest.param(
            "pip install -r https://example.com/r.txt", True, id="pip-file-from-elsewhere"
        ),
        pytest.param("pip install -e .", False, id="pip-editable"),
        pytest.param("pip install '.[dev]'", False, id="pip-extras"),
        pytest.param("pip install -e git+https://example.com/a", True, id="pip-repository"),
        pytest.param("pip install dist/a-1.0-py3-none-any.whl", False, id="pip-wheel"),
        pytest.param("pip install --upgrade pip", False, id="pip-itself"),
        pytest.param("pip install --upgrade requests", True, id="pip-newer"),
        pytest.param("pip install -r /tmp/r.txt", True, id="pip-file-that-nobody-keeps"),
        pytest.param("pip install $NAME", True, id="pip-known-only-when-it-runs"),
        pytest.param("pip install -r a.txt --index-url https://example.com", True, id="pip-index"),
        pytest.param("go get ./...", False, id="go-here"),
        pytest.param("go get example.com/x", True, id="go-module"),
        pytest.param("bun install", False, id="bun"),
        pytest.param("bun add x", True, id="bun-name"),
    ],
)
def test_what_is_new_waits(script: str, new: bool) -> None:
    found = assess_script(script)
    assert (found.risk >= RiskClass.MEDIUM) is new
    assert ("install" in {item.rule for item in found.evidence}) is new
