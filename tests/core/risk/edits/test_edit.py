"""An edit that an agent asks for: evidence from its diff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import EditKind, FileChange, FileEdit
from assent.core.facts import Facts, PathFact
from assent.core.risk.edits import hunks_of_edit, inspect_edit
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect, Evidence

WORKSPACE = "/w/project"
AWS = "AKIA" + "QWERTYUIOPASDFGH"


def edit(
    path: str, diff: str, kind: EditKind = EditKind.UPDATE, moved_to: str | None = None
) -> FileEdit:
    return FileEdit((FileChange(path, kind, None, None, diff, moved_to),), WORKSPACE)


def inspect(action: FileEdit, links: dict[str, str] | None = None) -> tuple[Evidence, ...]:
    paths = {path: PathFact(real, inside=True) for path, real in (links or {}).items()}
    return inspect_edit(action, Facts(WORKSPACE, "/home/u", "/home/u/.assent", paths=paths))


@pytest.mark.parametrize(
    ("path", "diff", "rule", "risk"),
    [
        ("src/auth/a.py", "@@ -1 +1 @@\n-a\n+b\n", "sensitive-path", RiskClass.MEDIUM),
        ("main.tf", "@@ -1 +1 @@\n-a\n+b\n", "infrastructure", RiskClass.MEDIUM),
        ("AGENTS.md", "@@ -1 +1 @@\n-a\n+b\n", "agent-instructions", RiskClass.MEDIUM),
        ("a.py", f"@@ -1 +1 @@\n-a\n+k = '{AWS}'\n", "secret-added", RiskClass.HIGH),
        ("a.py", "@@ -1 +1 @@\n-a\n+b = '\u202e'\n", "hidden-text", RiskClass.HIGH),
        ("a.py", "@@ -1 +1 @@\n-a\n+b = 'x\u200by'\n", "hidden-text", RiskClass.MEDIUM),
        ("a.py", "@@ -1 +1 @@\n-a\n+b = 1  # noqa\n", "check-suppressed", RiskClass.LOW),
        (
            "tests/test_a.py",
            "@@ -1 +1 @@\n-    assert a\n+    a\n",
            "test-weakened",
            RiskClass.MEDIUM,
        ),
        (
            "tests/test_a.py",
            "@@ -1 +0,0 @@\n-def test_a(): f()\n",
            "test-removed",
            RiskClass.MEDIUM,
        ),
        (
            "package.json",
            '@@ -3 +3,2 @@\n   "dependencies": {\n+    "left-pad": "^1.3.0",\n',
            "new-dependency",
            RiskClass.MEDIUM,
        ),
        (
            "package.json",
            '@@ -1 +1 @@\n-{"dependencies": {}}\n+{"dependencies": {"left-pad": "^1.3.0"}}\n',
            "new-dependency",
            RiskClass.MEDIUM,
        ),
        (
            "package.json",
            '@@ -3 +3,2 @@\n   "scripts": {\n+    "postinstall": "node x.js",\n',
            "lifecycle-script",
            RiskClass.HIGH,
        ),
        (
            "pyproject.toml",
            '@@ -3 +3,2 @@\n dependencies = [\n+    "httpx>=0.27",\n',
            "new-dependency",
            RiskClass.MEDIUM,
        ),
        (
            "Cargo.toml",
            '@@ -3 +3,2 @@\n [dependencies]\n+serde = { version = "1" }\n',
            "new-dependency",
            RiskClass.MEDIUM,
        ),
        (
            "requirements.txt",
            "@@ -1 +1,2 @@\n a\n+git+https://example.org/x\n",
            "new-dependency",
            RiskClass.MEDIUM,
        ),
        ("a.py", "@@ -1 +1 @@\n" + "+x\n" * 801, "large-edit", RiskClass.MEDIUM),
    ],
)
def test_what_stands_out_is_told(path: str, diff: str, rule: str, risk: RiskClass) -> None:
    found = {item.rule: item for item in inspect(edit(path, diff))}
    assert found[rule].risk is risk
    assert found[rule].span is None


@pytest.mark.parametrize(
    ("path", "diff"),
    [
        ("src/app.py", "@@ -1 +1 @@\n-a = 1\n+a = 2\n"),
        ("tests/test_a.py", "@@ -1 +1,2 @@\n def test_a():\n+    assert b\n"),
        ("README.md", "@@ -1 +1 @@\n-a\n+b\n"),
        ("src/app.py", f"@@ -1,2 +1,2 @@\n k = '{AWS}'\n-a = 1\n+a = 2\n"),
        ("src/app.py", f"@@ -1 +0,0 @@\n-k = '{AWS}'\n"),
        ("package.json", '@@ -1 +1 @@\n-    "test": "jest"\n+    "test": "jest --ci"\n'),
        ("package.json", '@@ -1 +1 @@\n-    "a": "^1.0.0"\n+    "a": "^2.0.0"\n'),
        ("pyproject.toml", '@@ -1 +1 @@\n-version = "1.0"\n+version = "1.1"\n'),
    ],
)
def test_an_ordinary_edit_has_nothing_to_tell(path: str, diff: str) -> None:
    assert inspect(edit(path, diff)) == ()


def test_the_file_is_the_one_that_the_path_leads_to() -> None:
    action = edit("notes.txt", "@@ -1 +1 @@\n-a\n+b\n")
    (found,) = inspect(action, {f"{WORKSPACE}/notes.txt": f"{WORKSPACE}/src/auth/a.py"})
    assert (found.rule, found.path) == ("sensitive-path", f"{WORKSPACE}/src/auth/a.py")


def test_a_secret_is_told_with_its_line_and_without_its_value() -> None:
    diff = f"@@ -10,3 +10,4 @@\n a\n b\n+key = '{AWS}'\n c\n"
    (found,) = inspect(edit("config.py", diff))
    assert found.what == "adds an AWS access key to config.py, line 12"
    assert found.effect is Effect.CREDENTIAL


@pytest.mark.parametrize("path", ["tests/test_a.py", "README.md", ".env.example"])
def test_passwords_are_made_up_in_tests_and_examples(path: str) -> None:
    made_up = edit(path, "@@ -1 +1 @@\n-a\n+password = 'k9!fjw02'\n")
    assert max(item.risk for item in inspect(made_up)) is RiskClass.MEDIUM
    real = edit(path, f"@@ -1 +1 @@\n-a\n+password = '{AWS}'\n")
    assert max(item.risk for item in inspect(real)) is RiskClass.HIGH


def test_a_new_manifest_is_read_as_a_whole() -> None:
    diff = (
        '@@ -0,0 +1,3 @@\n+[project]\n+dependencies = ["httpx", "rich>=14"]\n+classifiers = ["x"]\n'
    )
    (found,) = inspect(edit("pyproject.toml", diff, EditKind.CREATE))
    assert found.what == "adds the dependency httpx, rich to pyproject.toml"


def test_deleted_tests_and_moves_are_told() -> None:
    (deleted,) = inspect(edit("tests/test_a.py", "@@ -1 +0,0 @@\n-x\n", EditKind.DELETE))
    assert deleted.rule == "test-removed"
    (moved,) = inspect(edit("a.py", "", EditKind.MOVE, "src/auth/a.py"))
    assert moved.rule == "sensitive-path"


def test_many_files_are_a_large_edit() -> None:
    changes = tuple(
        FileChange(f"src/a{n}.py", EditKind.UPDATE, None, None, "@@ -1 +1 @@\n-a\n+b\n")
        for n in range(21)
    )
    (found,) = inspect(FileEdit(changes, WORKSPACE))
    assert (found.rule, found.what) == ("large-edit", "changes 42 lines in 21 files")
    assert found.path.startswith(f"{WORKSPACE}/src/")


def test_each_hunk_is_read_by_itself() -> None:
    diff = f"@@ -1,2 +1,2 @@\n a\n-b\n+c\n@@ -30,2 +30,2 @@\n x\n-y\n+k = '{AWS}'\n"
    facts = Facts(WORKSPACE, "/home/u", "/home/u/.assent")
    first, second = hunks_of_edit(edit("a.py", diff), facts)
    assert (first.before_start, first.after_start, first.risk) == (2, 2, RiskClass.LOW)
    assert (second.before_start, second.after_start, second.risk) == (31, 31, RiskClass.HIGH)
    assert [item.rule for item in second.evidence] == ["secret-added"]


@given(
    st.sampled_from(("a.py", "tests/test_a.py", "package.json", "db/migrations/1.sql", "x.txt")),
    st.lists(st.sampled_from(("@@ -1 +1 @@", "-a", "+b", " c", "\\ No newline", "", "+++ x"))),
    st.text(max_size=30),
)
def test_any_diff_is_read(path: str, lines: list[str], rest: str) -> None:
    action = edit(path, "\n".join((*lines, rest)))
    assert all(item.span is None for item in inspect(action))
    hunks_of_edit(action, Facts(WORKSPACE, "", ""))
