"""What looks like a secret does not reach the log or the ledger."""

import pytest

from assent.core.redact import HIDDEN, redact


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        pytest.param("curl -H 'Authorization: Bearer abcd1234efgh'", "abcd1234efgh", id="bearer"),
        pytest.param("export API_KEY=abcd1234", "abcd1234", id="variable"),
        pytest.param("mysql --password hunter22", "hunter22", id="flag"),
        pytest.param("git clone https://ana:s3cretpw@example.org/x", "s3cretpw", id="address"),
        pytest.param("redis://:s3cretpw@example.org", "s3cretpw", id="address-without-user"),
        pytest.param("use ghp_abcdefghij0123456789", "ghp_abcdefghij0123456789", id="github"),
        pytest.param("AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP", id="aws"),
    ],
)
def test_a_secret_is_hidden(text: str, hidden: str) -> None:
    shown = redact(text)
    assert hidden not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("delete build", id="words"),
        pytest.param("http://127.0.0.1:7422/requests/1", id="port"),
        pytest.param("git commit -m 'fix: session'", id="colon"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text
