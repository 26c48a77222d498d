"""What each kind of manifest names, read from real files."""

import json
from pathlib import Path

import pytest

from assent.adapters.project import LocalProject
from assent.core.project import FILE, ProjectPrograms


def write(root: Path, name: str, text: str, *, executable: bool = False) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755 if executable else 0o644)


def found(root: Path) -> ProjectPrograms:
    return LocalProject().programs(str(root))


def text(root: Path, runner: str, name: str) -> str:
    [task] = [task for task in found(root).tasks if (task.runner, task.name) == (runner, name)]
    return task.text


def test_package_json(tmp_path: Path) -> None:
    scripts = {"pretest": "tsc --noEmit", "test": "vitest run", "deploy": "aws s3 sync . s3://x"}
    dependencies = {"eslint": "9", "@scope/tool": "1", "with-bin": "1"}
    manifest = {"name": "app", "scripts": scripts, "devDependencies": dependencies}
    write(tmp_path, "package.json", json.dumps(manifest))
    bins = json.dumps({"name": "with-bin", "bin": {"wb": "x.js", "rm": "y.js"}})
    write(tmp_path, "node_modules/with-bin/package.json", bins)
    assert text(tmp_path, "npm", "test") == "tsc --noEmit\nvitest run"
    assert text(tmp_path, "yarn", "deploy") == "aws s3 sync . s3://x"
    programs = found(tmp_path).programs
    assert programs >= {"tsc", "vitest", "eslint", "tool", "wb"}
    assert programs.isdisjoint({"aws", "rm", "with-bin"})


def test_pyproject(tmp_path: Path) -> None:
    write(
        tmp_path,
        "pyproject.toml",
        """
        [project]
        scripts = {own = "own:main"}
        dependencies = ["Alembic>=1", "awscli; python_version > '3'"]
        [dependency-groups]
        dev = ["pre-commit", {include-group = "x"}]
        [tool.ruff]
        [tool.poe.tasks]
        lint = "ruff check ."
        types = {cmd = "mypy src"}
        check = ["lint", "types"]
        ship = {sequence = ["check"], deps = ["lint"]}
        [tool.hatch.envs.default.scripts]
        cov = ["coverage run -m pytest", "coverage report"]
        """,
    )
    write(tmp_path, ".venv/bin/lint-imports", "", executable=True)
    write(tmp_path, ".venv/bin/python3.12", "", executable=True)
    assert "lint-imports" in found(tmp_path).programs
    assert "python3.12" not in found(tmp_path).programs
    assert found(tmp_path).programs >= {"own", "alembic", "pre-commit", "ruff", "mypy", "coverage"}
    assert "ruff check ." in text(tmp_path, "poe", "check")
    assert "mypy src" in text(tmp_path, "poe", "check")
    assert "ruff check ." in text(tmp_path, "poe", "ship")
    assert text(tmp_path, "hatch", "cov") == "coverage run -m pytest\ncoverage report"


def test_makefile(tmp_path: Path) -> None:
    write(
        tmp_path,
        "Makefile",
        "GO ?= go\nBIN := bin/app\nFLAGS = -v \\\n\t-race\n.PHONY: all test\n"
        "all: test $(BIN)\n"
        "test: fmt\n\t@$(GO) test $(FLAGS) ./...\n"
        "fmt:\n\t-gofmt -w . # tidy\n"
        "clean: ; rm -rf $(OUT)\n"
        "deploy:\n\tcurl -d @$< $${URL} && $(shell git describe)\n"
        "%.o: %.c\n\tcc -c $<\n",
    )
    assert text(tmp_path, "make", "test").splitlines()[1].split() == [
        "go",
        "test",
        "-v",
        "-race",
        "./...",
    ]
    assert text(tmp_path, "make", "all").splitlines()[0] == "gofmt -w . # tidy"
    assert text(tmp_path, "make", "clean").strip() == 'rm -rf "$OUT"'
    assert text(tmp_path, "gmake", "deploy").strip() == (
        'curl -d @"$make_input" ${URL} && $(git describe)'
    )
    assert "%.o" not in {task.name for task in found(tmp_path).tasks}


def test_justfile(tmp_path: Path) -> None:
    write(
        tmp_path,
        "justfile",
        "tool := 'ruff'\ndefault: check\n\n"
        "check target='.': (fmt 'x')\n    @{{tool}} check {{target}}\n"
        "fmt what:\n    {{tool}} format\n\nseed:\n    #!/usr/bin/env python3\n    print(1)\n",
    )
    assert text(tmp_path, "just", "check").splitlines() == [
        "ruff format",
        'ruff check "$just_value"',
    ]
    assert text(tmp_path, "just", "default") == text(tmp_path, "just", "check")
    assert text(tmp_path, "just", "seed").startswith(
        "python3 <<'ASSENT_END'\n#!/usr/bin/env python3"
    )


def test_mise(tmp_path: Path) -> None:
    write(
        tmp_path,
        "mise.toml",
        """
        [tools]
        go = "1.24"
        "npm:prettier" = "3"
        "aqua:golangci/golangci-lint" = "2"
        [tasks.lint]
        run = "golangci-lint run {{arg(name='x')}}"
        [tasks.ci]
        depends = ["lint"]
        run = ["go test ./...", "go vet ./..."]
        [tasks]
        fmt = "gofmt -w ."
        """,
    )
    write(tmp_path, "mise-tasks/db/migrate.sh", "#!/bin/bash\ndbmate up\n", executable=True)
    assert found(tmp_path).programs >= {"go", "prettier", "golangci-lint", "dbmate"}
    assert text(tmp_path, "mise", "ci").splitlines() == [
        'golangci-lint run "$task_value"',
        "go test ./...",
        "go vet ./...",
    ]
    assert text(tmp_path, "mise", "fmt") == "gofmt -w ."
    assert text(tmp_path, "mise", "db:migrate") == "#!/bin/bash\ndbmate up\n"


def test_taskfile(tmp_path: Path) -> None:
    write(
        tmp_path,
        "Taskfile.yml",
        "version: '3'\ntasks:\n  lint:\n    cmds:\n      - golangci-lint run\n"
        "  test:\n    desc: all of it\n    deps: [lint]\n    cmds:\n      - task: gen\n"
        "      - cmd: go test {{.PKG}}\n      - |\n        echo a\n        dbmate up\n"
        "  gen: sqlc generate\n",
    )
    assert text(tmp_path, "task", "test").splitlines() == [
        "golangci-lint run",
        "sqlc generate",
        'go test "$task_value"',
        "echo a",
        "dbmate up",
    ]


def test_compiled_languages(tmp_path: Path) -> None:
    write(tmp_path, "Cargo.toml", '[package]\nname = "app"\n[[bin]]\nname = "tool"\n')
    write(tmp_path, "src/bin/extra.rs", "")
    write(tmp_path, ".cargo/config.toml", '[alias]\nxtask = "run -p xtask --"\n')
    write(
        tmp_path,
        "cli/go.mod",
        "module example.org/x/entire/v2\ntool golang.org/x/tools/cmd/stringer\n"
        "tool (\n\tgithub.com/a/b // why\n)\n",
    )
    write(tmp_path, "cli/cmd/serve/main.go", "")
    programs = found(tmp_path).programs
    assert programs >= {"app", "tool", "extra", "target/debug/app", "entire", "serve", "stringer"}
    assert programs >= {"cli/entire", "cli/bin/serve", "b"}
    assert text(tmp_path, "cargo", "xtask") == "cargo run -p xtask --"


def test_ci_and_hooks(tmp_path: Path) -> None:
    write(
        tmp_path,
        ".github/workflows/ci.yml",
        "jobs:\n  a:\n    steps:\n      - uses: x/y@v1\n"
        "      - run: shellcheck x.sh | curl -d @- y\n"
        "      - name: more\n        run: |\n          actionlint\n          hadolint Dockerfile\n",
    )
    write(
        tmp_path,
        ".gitlab-ci.yml",
        'test:\n  image: x\n  script:\n    - tflint --init\n    - "yamllint ."\n',
    )
    write(
        tmp_path,
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n  - id: codespell\n    entry: typos --x\n",
    )
    programs = found(tmp_path).programs
    assert programs >= {"shellcheck", "actionlint", "hadolint", "tflint", "yamllint"}
    assert programs >= {"pre-commit", "codespell", "typos"}
    assert "curl" not in programs


def test_other_runners(tmp_path: Path) -> None:
    write(
        tmp_path, "tox.ini", "[testenv]\ncommands = pytest\n[testenv:lint]\ncommands =\n  flake8\n"
    )
    write(
        tmp_path, "noxfile.py", "import nox\n\n@nox.session(name='unit')\ndef tests(s):\n  pass\n"
    )
    write(tmp_path, "deno.json", '{"tasks": {"dev": "vite"}}')
    composer = {"scripts": {"lint": ["phpcs", "@php x"]}, "require": {"a/phpstan": "1", "php": "8"}}
    write(tmp_path, "composer.json", json.dumps(composer))
    write(tmp_path, "Gemfile", "source 'x'\ngem 'rubocop', '1'\n")
    write(tmp_path, ".tool-versions", "# x\nterragrunt 1\n")
    names = {(task.runner, task.name) for task in found(tmp_path).tasks}
    assert names >= {("tox", "py"), ("tox", "lint"), ("nox", "unit"), ("deno", "dev")}
    assert names >= {("composer", "lint")}
    assert found(tmp_path).programs >= {
        "flake8",
        "vite",
        "phpcs",
        "phpstan",
        "rubocop",
        "terragrunt",
    }


def test_executable_files_are_known_with_what_they_hold(tmp_path: Path) -> None:
    write(tmp_path, "scripts/build.sh", "make\n", executable=True)
    write(tmp_path, "scripts/notes.md", "x")
    (tmp_path / "scripts/link").symlink_to("/bin/sh")
    before = found(tmp_path)
    assert [(t.runner, t.name) for t in before.tasks] == [(FILE, "scripts/build.sh")]
    write(tmp_path, "scripts/build.sh", "make all\n", executable=True)
    assert found(tmp_path).digest != before.digest


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("package.json", b"{", id="json"),
        pytest.param("package.json", b"[" * 100_000, id="deep-json"),
        pytest.param("package.json", b'{"scripts": 7, "bin": 8, "name": []}', id="json-types"),
        pytest.param("pyproject.toml", b"[[", id="toml"),
        pytest.param("pyproject.toml", b"tool = 7\nproject = []", id="toml-types"),
        pytest.param("mise.toml", b"tasks = 7\n[tools]\n", id="mise-types"),
        pytest.param("Makefile", b"\xff\xfe\0a: \n\tb $(((\n$(\n\t${", id="makefile"),
        pytest.param("Makefile", b"A = $(A)$(A)\na:\n\t$(A)\n", id="makefile-loop"),
        pytest.param("Makefile", b"a: b\nb: a\n", id="makefile-circle"),
        pytest.param("justfile", b"a:\n {{\nb: (((\n", id="justfile"),
        pytest.param("Taskfile.yml", b"tasks:\n- - :\n  : |\n", id="taskfile"),
        pytest.param("tox.ini", b"[", id="ini"),
        pytest.param("go.mod", b"module\ntool (\n", id="go"),
        pytest.param("package.json", b" " * 600_000, id="too-large"),
    ],
)
def test_what_cannot_be_read_names_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert all(task.name != "x" for task in found(tmp_path).tasks)
    assert len(found(tmp_path).programs) <= 1


def test_a_folder_that_is_not_there_names_nothing(tmp_path: Path) -> None:
    assert found(tmp_path / "missing") == ProjectPrograms()


def test_a_text_that_is_cut_says_so(tmp_path: Path) -> None:
    write(tmp_path, "package.json", json.dumps({"scripts": {"x": "echo a\n" * 5_000}}))
    assert text(tmp_path, "npm", "x").endswith("$assent_text_was_cut")


# --- where a runner finds its tasks


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    write(tmp_path, "package.json", json.dumps({"scripts": {"test": "root", "all": "turbo"}}))
    write(tmp_path, "packages/a/package.json", json.dumps({"scripts": {"test": "in-a"}}))
    write(tmp_path, "packages/b/package.json", json.dumps({"scripts": {"test": "in-b"}}))
    write(tmp_path, "node_modules/x/package.json", json.dumps({"scripts": {"test": "evil"}}))
    return tmp_path


@pytest.mark.parametrize(
    ("folders", "everywhere", "texts"),
    [
        pytest.param(["."], False, {"root"}, id="root"),
        pytest.param(["packages/a"], False, {"in-a"}, id="package"),
        pytest.param(["packages/a/src"], False, {"in-a"}, id="below-a-package"),
        pytest.param([".", "packages/b"], False, {"root", "in-b"}, id="two-folders"),
        pytest.param(["packages/a/../b"], False, {"in-b"}, id="dots"),
        pytest.param(["."], True, {"root", "in-a", "in-b"}, id="everywhere"),
        pytest.param(["/"], False, set(), id="outside"),
    ],
)
def test_the_nearest_manifest_tells(
    monorepo: Path, folders: list[str], everywhere: bool, texts: set[str]
) -> None:
    places = [str(monorepo / folder) for folder in folders]
    tasks = LocalProject().tasks_near(str(monorepo), places, everywhere=everywhere)
    assert {task.text for task in tasks.get(("npm", "test"), ())} == texts


def test_a_package_has_the_tasks_of_the_folders_above(monorepo: Path) -> None:
    places = [str(monorepo / "packages/a")]
    tasks = LocalProject().tasks_near(str(monorepo), places, everywhere=False)
    assert tasks["npm", "all"][0].text == "turbo"
    assert tasks["npm", "test"][0].folder == "packages/a"


def test_a_changed_manifest_is_read_again(monorepo: Path) -> None:
    project = LocalProject()
    before = project.programs(str(monorepo))
    assert project.programs(str(monorepo)) == before
    write(monorepo, "package.json", json.dumps({"scripts": {"test": "changed"}}))
    assert project.programs(str(monorepo)) != before


@pytest.mark.parametrize(
    ("workspace", "folder"),
    [
        pytest.param("/", "/", id="the-root"),
        pytest.param("/", "/usr", id="below-the-root"),
        pytest.param("/no/such", "/elsewhere", id="elsewhere"),
        pytest.param("", "/", id="nowhere"),
    ],
)
def test_going_up_from_a_folder_comes_to_an_end(workspace: str, folder: str) -> None:
    assert not LocalProject().tasks_near(workspace, [folder], everywhere=False)
