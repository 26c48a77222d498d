"""A whole change: what it is proven to be, and what stands out in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.edits import FileVersion, inspect_change
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect

AWS = "AKIA" + "QWERTYUIOPASDFGH"
WORKFLOW = ".github/workflows/test.yml"


def rules(*files: FileVersion) -> set[str]:
    return {item.rule for item in inspect_change(files).evidence}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "x=1", "x = 1\n"),
        ("", "x=1", "x = 1\n"),
        ("src/auth/a.py", "x=1", "x = 1  # why\n"),
        ("package.json", '{"a": [1, 2]}', '{\n  "a": [1, 2]\n}\n'),
        ("pyproject.toml", "a = 1\n", "# why\na    = 1\n"),
        ("a.go", "x := 1\n", "x := 1 // why\n"),
        ("README.md", "Some words.", "Other words."),
        ("docs/guide.rst", "Some words.", "Other words."),
        ("a.py", "same", "same"),
    ],
)
def test_what_is_trivial_is_proven(path: str, before: str, after: str) -> None:
    reading = inspect_change([FileVersion(path, before, after)])
    assert reading.trivial
    assert reading.risk is RiskClass.TRIVIAL


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(FileVersion("a.py", "x = 1", "x = 2"), id="code"),
        pytest.param(FileVersion("AGENTS.md", "Some words.", "Other words."), id="instructions"),
        pytest.param(FileVersion("skills/x/SKILL.md", "a", "b"), id="skill"),
        pytest.param(FileVersion(".cursor/rules/x.mdc", "a", "b"), id="cursor-rules"),
        pytest.param(FileVersion("docs/a.mdx", "a", "b"), id="mdx"),
        pytest.param(FileVersion("docs/conf.py", "a = 1", "a = 2"), id="docs-code"),
        pytest.param(FileVersion("docs/requirements.txt", "a", "b"), id="docs-requirements"),
        pytest.param(FileVersion("LICENSE", "a", "b"), id="licence"),
        pytest.param(FileVersion("README.md", "a", "x <script>f()</script>"), id="script"),
        pytest.param(FileVersion("README.md", "a", "x {{ f() }}"), id="template"),
        pytest.param(FileVersion("README.md", "a", ">>> f()\n1"), id="doctest"),
        pytest.param(FileVersion("README.md", "a", "```{code-cell}\nf()\n```"), id="cell"),
        pytest.param(FileVersion("README.md", "a", f"key {AWS}"), id="secret-in-docs"),
        pytest.param(FileVersion("a.py", "x = 1", "x = 1  # \u202e"), id="bidi-in-comment"),
        pytest.param(FileVersion("a.py", "x = 1", f"x = 1  # {AWS}"), id="secret-in-comment"),
        pytest.param(FileVersion("a.py", "x=1", "x = 1", also="mode"), id="mode"),
        pytest.param(FileVersion("b.py", "x = 1", "x = 1", also="rename"), id="rename"),
        pytest.param(FileVersion("a.py", None, ""), id="new"),
        pytest.param(FileVersion("a.py", "", None), id="deleted"),
        pytest.param(FileVersion("a.json", '{"a": 1}', '{"a": 1.0}'), id="json-number"),
        pytest.param(FileVersion("a.json", '{"a": 1, "a": 2}', '{"a": 2}'), id="json-double"),
        pytest.param(FileVersion("a.toml", "a = 1", 'a = "1"'), id="toml-type"),
        pytest.param(FileVersion("a.yaml", "a: 1", "a:  1"), id="yaml"),
        pytest.param(FileVersion("Makefile", "a:\n\tb", "a:\n\tb "), id="makefile"),
    ],
)
def test_what_is_not_proven_is_not_trivial(file: FileVersion) -> None:
    assert inspect_change([file]).trivial == ""


def test_one_file_that_is_not_trivial_makes_the_change_so() -> None:
    formatted = FileVersion("a.py", "x=1", "x = 1\n")
    assert inspect_change([formatted]).trivial
    assert inspect_change([formatted, FileVersion("b.py", "x = 1", "x = 2")]).trivial == ""
    assert inspect_change([]).trivial == ""


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("def f(a): ...", "def f(): ...", "removes the parameter a of f"),
        ("def f(a): ...", "def f(a, b): ...", "adds the required parameter b to f"),
        ("def f(a, b=1): ...", "def f(a, b): ...", "makes the parameter b of f required"),
        ("def f(): ...", "", "removes f, which is public"),
        ("class A:\n  def m(self): ...", "class A: ...", "removes A.m, which is public"),
        ("class A(B): ...", "class A: ...", "removes a base class of A"),
    ],
)
def test_a_broken_interface_is_told_and_never_trivial(before: str, after: str, says: str) -> None:
    reading = inspect_change([FileVersion("src/lib.py", before, after)])
    assert reading.trivial == ""
    assert any(
        item.rule == "public-interface" and item.what.startswith(says) for item in reading.evidence
    )
    assert reading.risk >= RiskClass.MEDIUM


def test_a_private_or_widened_interface_is_not_broken() -> None:
    assert "public-interface" not in rules(FileVersion("a.py", "def _f(a): ...", "def _f(): ..."))
    assert "public-interface" not in rules(
        FileVersion("a.py", "def f(a): ...", "def f(a, b=1): ...")
    )
    assert "public-interface" not in rules(
        FileVersion("tests/test_a.py", "def f(a): ...", "def f(): ...")
    )


@pytest.mark.parametrize(
    ("path", "before", "after", "rule"),
    [
        ("src/auth/a.py", "x = 1", "x = 2", "sensitive-path"),
        ("main.tf", "a", "b", "infrastructure"),
        ("Dockerfile", "FROM a", "FROM b", "infrastructure"),
        ("db/migrations/1.sql", None, "create table a (b int);", "migration"),
        ("uv.lock", "a", "b", "lockfile"),
        ("vendor/a.go", "a", "b", "vendored"),
        ("AGENTS.md", "a", "b", "agent-instructions"),
        (".claude/settings.json", "{}", '{"a": 1}', "policy-self"),
        (WORKFLOW, "run: pytest", "run: pytest || true", "check-weakened"),
        (WORKFLOW, "run: pytest\nrun: x", "run: x", "check-weakened"),
        (WORKFLOW, "- run: a", "- run: a\n  continue-on-error: true", "check-weakened"),
        ("pyproject.toml", "fail_under = 90", "fail_under = 60", "check-weakened"),
        ("a.py", "x = 1", "x = 1  # type: ignore", "check-suppressed"),
        ("a.py", "x = eval(a)", "x = eval(a)  # nosec", "check-silenced"),
        ("a.py", "x = 1", f"x = '{AWS}'", "secret-added"),
        ("a.py", "x = 1", "x = '\u202e'", "hidden-text"),
        ("a.py", "x = 1", "x = 'a\u200bb'", "hidden-text"),
        ("package.json", "{}", '{"scripts": {"postinstall": "x"}}', "lifecycle-script"),
        ("package.json", "{}", '{"devDependencies": {"left-pad": "^1"}}', "new-dependency"),
        ("requirements.txt", "a==1\n", "a==1\nb>=2\n", "new-dependency"),
        ("go.mod", "module a\n", "module a\nrequire example.org/b v1.2.3\n", "new-dependency"),
        ("Cargo.toml", "[dependencies]\n", '[dependencies]\nserde = "1"\n', "new-dependency"),
        ("Gemfile", "", "gem 'rails'\n", "new-dependency"),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["a"]',
            '[project]\ndependencies = ["a", "b>=1"]',
            "new-dependency",
        ),
        (
            "alembic/versions/1.py",
            None,
            "def upgrade():\n    op.drop_table('users')\n",
            "destructive-migration",
        ),
        ("db/migrations/2.sql", None, "ALTER TABLE a DROP COLUMN b;", "destructive-migration"),
        ("a.py", "x\n", "x\n" * 900, "large-edit"),
    ],
)
def test_what_stands_out_is_told(path: str, before: str | None, after: str, rule: str) -> None:
    assert rule in rules(FileVersion(path, before, after))


@pytest.mark.parametrize(
    ("path", "before", "after", "rule"),
    [
        (
            "pyproject.toml",
            '[project]\nversion = "1"',
            '[project]\nversion = "2"',
            "new-dependency",
        ),
        (
            "package.json",
            '{"dependencies": {"a": "1"}}',
            '{"dependencies": {"a": "2"}}',
            "new-dependency",
        ),
        ("package.json", '{"version": "1.0.0"}', '{"version": "1.0.1"}', "new-dependency"),
        ("package.json", "{}", '{"scripts": {"test": "jest"}}', "lifecycle-script"),
        ("src/author.py", "x = 1", "x = 2", "sensitive-path"),
        (
            "alembic/versions/1.py",
            None,
            "def upgrade():\n    op.create_table('a')\ndef downgrade():\n    op.drop_table('a')\n",
            "destructive-migration",
        ),
        ("a.py", f"x = '{AWS}'\n", f"x = '{AWS}'\ny = 1\n", "secret-added"),
        ("a.py", "x = 1  # noqa", "y = 1  # noqa", "check-suppressed"),
        ("a.py", "x = 1", "x = '👩\u200d💻'", "hidden-text"),
        ("a.txt", "x", "\ufeffx", "hidden-text"),
        (WORKFLOW, "run: pytest", "run: pytest -q", "check-weakened"),
    ],
)
def test_what_does_not_stand_out_is_not_told(
    path: str, before: str | None, after: str, rule: str
) -> None:
    assert rule not in rules(FileVersion(path, before, after))


def test_a_secret_is_named_and_never_shown() -> None:
    reading = inspect_change([FileVersion("config.py", "a = 1\n", f"a = 1\nkey = '{AWS}'\n")])
    (found,) = (item for item in reading.evidence if item.effect is Effect.CREDENTIAL)
    assert found.what == "adds an AWS access key to config.py, line 2"
    assert found.risk is RiskClass.HIGH
    assert all(AWS not in item.what for item in reading.evidence)


def test_each_hunk_has_its_place_and_its_evidence() -> None:
    lines = [f"x{n} = {n}" for n in range(40)]
    changed = [*lines]
    changed[3] = f"key = '{AWS}'"
    changed[30] = "x30 = 31"
    file = FileVersion("a.py", "\n".join(lines), "\n".join(changed))
    first, second = inspect_change([file]).hunks
    assert (first.file, first.before_start, first.after_start) == ("a.py", 4, 4)
    assert first.risk is RiskClass.HIGH
    assert (second.before_start, second.after_start) == (31, 31)
    assert second.risk is RiskClass.LOW
    assert second.evidence == ()


def test_the_worst_comes_first() -> None:
    reading = inspect_change(
        [
            FileVersion("src/auth/a.py", "x = 1", f"x = '{AWS}'"),
            FileVersion("b.py", "x = 1", "x = 2"),
        ]
    )
    classes = [item.risk for item in reading.evidence]
    assert classes == sorted(classes, reverse=True)
    assert reading.risk is classes[0]


texts = st.none() | st.text(max_size=60)
paths = st.sampled_from(
    (
        "a.py",
        "",
        "tests/test_a.py",
        "package.json",
        "pyproject.toml",
        WORKFLOW,
        "a.js",
        "x.toml",
        "db/migrations/1.sql",
        "README.md",
        "requirements.txt",
        "go.mod",
    )
)


@given(st.lists(st.builds(FileVersion, paths, texts, texts), max_size=3))
def test_any_change_is_read(files: list[FileVersion]) -> None:
    reading = inspect_change(files)
    assert bool(reading.evidence) == bool(files)
    assert not reading.trivial or reading.risk is RiskClass.TRIVIAL
