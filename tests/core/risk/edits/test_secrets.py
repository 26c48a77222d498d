"""Secrets in text are found, and placeholders are not taken for secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.edits import find_secrets

# Assembled here, so that this file holds nothing that looks like a key.
AWS = "AKIA" + "QWERTYUIOPASDFGH"
GITHUB = "ghp_" + "a1B2" * 9
WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjMifQ" + ".c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f'key = "{AWS}"', "an AWS access key", AWS),
        (f"export TOKEN={GITHUB}", "a GitHub token", GITHUB),
        ("github_pat_" + "A1b2C3d4" * 4, "a GitHub token", "github_pat_" + "A1b2C3d4" * 4),
        ("glpat-" + "a1B2c3D4e5" * 2, "a GitLab token", "glpat-" + "a1B2c3D4e5" * 2),
        ("x = 'xoxb-" + "1234567890-abcdefghij'", "a Slack token", "xoxb-1234567890-abcdefghij"),
        ("sk_live_" + "a1B2c3" * 4, "a Stripe key", "sk_live_" + "a1B2c3" * 4),
        ("sk-ant-" + "api03-abcdefghijklmnop", "an Anthropic key", "sk-ant-api03-abcdefghijklmnop"),
        (
            "AIza" + "B" * 10 + "c9" * 12 + "_",
            "a Google API key",
            "AIza" + "B" * 10 + "c9" * 12 + "_",
        ),
        (f"jwt: {WEB_TOKEN}", "a JSON web token", WEB_TOKEN),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key", "BEGIN RSA PRIVATE KEY"),
        ("postgres://app:pw1234@db/app", "a password in an address", "pw1234"),
        ('password = "k9!fjw02"', "a password or key", "k9!fjw02"),
        ("db_password: 'S3cure-Pa55'", "a password or key", "S3cure-Pa55"),
        ("API_KEY=abcd1234efgh", "a password or key", "abcd1234efgh"),
        ('client_secret => "9f8e7d6c5b"', "a password or key", "9f8e7d6c5b"),
        ("mysql --password s3cr3tPa55 db", "a password or key", "s3cr3tPa55"),
        ("curl -u ana:s3cr3tPa55 https://x", "a password of curl's", "s3cr3tPa55"),
    ],
)
def test_a_secret_is_found_where_it_stands(text: str, kind: str, value: str) -> None:
    (found,) = find_secrets(f"first line\n{text}\n")
    whole = f"first line\n{text}\n"
    assert (found.kind, found.line, whole[found.start : found.end]) == (kind, 2, value)


@pytest.mark.parametrize(
    "text",
    [
        'password = "changeme"',
        'password = "your-password-here1"',
        "password = os.environ['PASSWORD']",
        "password=get_password(user, 12)",
        "API_KEY=${API_KEY:-none}",
        'token: "${{ secrets.GITHUB_TOKEN }}"',
        "def login(password: str, secret: bytes) -> Token:",
        'secretName: "my-service-secret"',
        "password: {type: string, minLength: 8}",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "https://example.org/a@b",
        "https://user:${PASSWORD}@example.org",
        "see the section on api keys: they rotate",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "PGPASSWORD=postgres psql",
        'PASSWORD_HASHER = "argon2id-v19"',
        'secretName: "db-credentials-v2"',
        'access_token_url = "https-is-2-long"',
        "postgres://postgres:postgres@localhost/app",
        "",
    ],
)
def test_what_is_no_secret_is_not_found(text: str) -> None:
    assert find_secrets(text) == ()


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for found in find_secrets(text):
        assert 0 <= found.start < found.end <= len(text)


@given(st.text(alphabet="abc =\n\"'", max_size=60), st.text(alphabet="abc =\n\"'", max_size=60))
def test_what_stands_around_a_key_does_not_hide_it(before: str, after: str) -> None:
    text = f"{before} {AWS} {after}"
    assert any(text[found.start : found.end] == AWS for found in find_secrets(text))
