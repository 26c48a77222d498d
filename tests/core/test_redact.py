"""What looks like a secret does not reach the log or the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.redact import HIDDEN, redact
from assent.core.risk.edits import find_secrets


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
        pytest.param("k=sk_live_" + "a1B2c3" * 4, "a1B2c3a1B2c3", id="stripe"),
        pytest.param("AIza" + "Bc9_" * 8 + "Bc9", "Bc9_Bc9_", id="google"),
        pytest.param("curl -u ana:s3cr3tPa55 x", "s3cr3tPa55", id="curl"),
        pytest.param(
            "-----BEGIN EC " + "PRIVATE KEY-----\nMIIEpA", "MIIEpA", id="all-of-a-private-key"
        ),
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


@given(
    st.text(alphabet="ab1 =:'\"\n@/", max_size=30),
    st.sampled_from(
        (
            "AKIA" + "QWERTYUIOPASDFGH",
            "ghp_" + "a1B2" * 9,
            "sk_live_" + "a1B2c3" * 4,
            "npm_" + "a1B2" * 9,
            "api_key = 'k9fjw02xx'",
            "://u:pw12345678@h",
        )
    ),
    st.text(alphabet="ab1 =:'\"\n@/", max_size=30),
)
def test_nothing_that_risk_calls_a_secret_is_kept(before: str, secret: str, after: str) -> None:
    assert find_secrets(redact(f"{before} {secret} {after}")) == ()
