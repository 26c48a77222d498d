"""Clouds and services that speak in nouns and verbs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk import RiskClass
from assent.core.risk.readers.services import VERBS, verb
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("algolia indices list", id="list"),
        pytest.param("ldcli flags get --project p --flag f", id="get"),
        pytest.param("pd incident list --status open", id="flag-with-value"),
        pytest.param("fly logs -a app", id="logs"),
        pytest.param("heroku apps", id="listed-call"),
        pytest.param("doctl compute droplet list", id="verb-after-groups"),
        pytest.param("az tag list", id="group-named-like-a-verb"),
        pytest.param("wrangler deploy --help", id="help"),
        pytest.param("aws ec2 describe-instances", id="aws"),
        pytest.param("aws --profile dev s3 ls", id="aws-profile"),
        pytest.param("aws s3 cp s3://bucket/a ./a", id="download"),
        pytest.param("aws ec2 run-instances --dry-run", id="dry-run"),
        pytest.param("gcloud beta run services list", id="stage"),
        pytest.param("vault -namespace=a status", id="vault"),
    ],
)
def test_asking_proceeds(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        pytest.param("algolia indices delete a", "external-final", id="delete"),
        pytest.param("algolia monitors delete 1", "external-final", id="verb-after-listed-group"),
        pytest.param("ldcli flags update a", "external", id="update"),
        pytest.param("ldcli list delete a", "external-final", id="worst-verb-counts"),
        pytest.param("ldcli frobnicate", "unknown-call", id="unknown-verb"),
        pytest.param('ldcli "$ACT" list', "unknown-call", id="unknown-word"),
        pytest.param("fly secrets get a", "secret", id="secret"),
        pytest.param("heroku config", "secret", id="listed-secret"),
        pytest.param("heroku apps:destroy", "external-final", id="colon"),
        pytest.param("heroku run bash --help", "interactive", id="help-of-something-else"),
        pytest.param("aws s3 rm s3://bucket/a", "external-final", id="aws-delete"),
        pytest.param("aws s3 cp .env s3://bucket/a", "secret", id="aws-upload-secret"),
        pytest.param("aws s3 sync . s3://bucket --delete", "external-final", id="aws-sync"),
        pytest.param("aws frobnicate it", "external", id="aws-unknown"),
        pytest.param("aws secretsmanager get-secret-value --secret-id a", "secret", id="aws-get"),
        pytest.param("aws ssm get-parameter --name a --with-decryption", "secret", id="aws-ssm"),
        pytest.param("gcloud beta compute instances delete a", "external-final", id="stage"),
        pytest.param("az rest --method delete --url https://a.b/c", "external-final", id="az-rest"),
        pytest.param("vault kv get secret/a", "secret", id="vault"),
    ],
)
def test_the_rest_asks(script: str, rule: str) -> None:
    found = assess_script(script)
    assert found.risk >= RiskClass.MEDIUM
    assert rule in {evidence.rule for evidence in found.evidence}


@given(st.text())
def test_any_word_is_a_known_verb_or_none(text: str) -> None:
    assert verb(text) in {None, *VERBS.values()}


@given(
    st.lists(st.sampled_from([word for word, means in VERBS.items() if means != "network-read"]))
    .filter(bool)
    .map(" ".join)
)
def test_a_call_that_changes_never_proceeds(words: str) -> None:
    """However many changing verbs stand in a row, none of them hides the others."""
    assert assess_script(f"ldcli {words}").risk >= RiskClass.MEDIUM
