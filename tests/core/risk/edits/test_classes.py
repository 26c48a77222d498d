"""What a file is for, told from its path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.edits import PathClass, classes_of

C = PathClass


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        ("src/auth/login.py", {C.SENSITIVE}),
        ("src/userAuth/index.ts", {C.SENSITIVE}),
        ("app/OAuth2Client.java", {C.SENSITIVE}),
        ("lib/JWTHelper.kt", {C.SENSITIVE}),
        ("PAYMENTS/charge.rb", {C.SENSITIVE}),
        ("src/\uff41\uff55\uff54\uff48.py", {C.SENSITIVE}),
        ("tests/test_auth.py", {C.TESTS}),
        ("docs/auth.md", {C.DOCS}),
        ("UserServiceTest.java", {C.TESTS}),
        ("web/cart.spec.ts", {C.TESTS}),
        ("pkg/store_test.go", {C.TESTS}),
        ("db/migrations/0001_first.py", {C.MIGRATION}),
        ("alembic/versions/1f_x.py", {C.MIGRATION}),
        ("V2_1__users.sql", {C.MIGRATION}),
        ("k8s/web.yaml", {C.INFRA}),
        ("Dockerfile.prod", {C.INFRA}),
        ("main.tf", {C.INFRA}),
        ("compose.yml", {C.INFRA}),
        (".github/workflows/test.yml", {C.CI}),
        ("CODEOWNERS", {C.CI}),
        ("Jenkinsfile", {C.CI}),
        ("uv.lock", {C.LOCKFILE}),
        ("web/package-lock.json", {C.LOCKFILE}),
        ("pyproject.toml", {C.MANIFEST}),
        ("requirements-dev.txt", {C.MANIFEST}),
        ("docs/requirements.txt", {C.MANIFEST}),
        ("vendor/lib/x.go", {C.VENDORED}),
        ("api/user_pb2.py", {C.GENERATED}),
        ("static/app.min.js", {C.GENERATED}),
        ("AGENTS.md", {C.DOCS, C.INSTRUCTIONS}),
        (".github/copilot-instructions.md", {C.CI, C.DOCS, C.INSTRUCTIONS}),
        (".assent/policy.toml", {C.POLICY}),
        (".claude/settings.json", {C.POLICY}),
        ("LICENSE", {C.DOCS}),
    ],
)
def test_a_path_is_of_its_classes(path: str, classes: set[PathClass]) -> None:
    assert classes_of(path) == classes


@pytest.mark.parametrize(
    "path",
    [
        "author.py",
        "src/authors/list.py",
        "src/tokenizer.py",
        "src/latest.py",
        "contest.py",
        "src/tapestry.go",
        "possession.py",
        "docs/conf.py",
        "infra/main.py",
        "src/migrate_button.ts",
        "",
        "/",
    ],
)
def test_an_ordinary_path_is_of_none(path: str) -> None:
    assert classes_of(path) == frozenset()


@given(st.text(max_size=60))
def test_any_text_is_a_path(path: str) -> None:
    assert classes_of(path) <= frozenset(PathClass)
