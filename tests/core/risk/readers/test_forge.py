"""Forges: reading proceeds, and what others see says where it goes."""

import pytest

from assent.core.risk import RiskClass
from assent.core.risk.model import Scope
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("gh pr view 12 --json title --jq .title", id="view"),
        pytest.param("gh -R o/r pr list", id="repo-before-the-call"),
        pytest.param("gh run view 1 --log-failed 2>&1 | tail", id="log"),
        pytest.param("gh pr checkout 12", id="checkout"),
        pytest.param("gh release download v1 -D dist", id="download"),
        pytest.param("gh pr create --help", id="help"),
        pytest.param("gh api repos/o/r/pulls/1/comments --paginate", id="api-get"),
        pytest.param("gh api -X GET search/issues -f q=a", id="api-get-with-fields"),
        pytest.param("gh api graphql -f query='query { viewer { login } }'", id="graphql-query"),
        pytest.param("gh api graphql -f query='{ viewer { login } }' -F n=1", id="graphql-short"),
        pytest.param("glab mr view 3", id="glab"),
        pytest.param("glab api projects/1", id="glab-api"),
    ],
)
def test_reading_proceeds(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "risk"),
    [
        pytest.param("gh repo delete o/r --yes", RiskClass.IRREVERSIBLE, id="delete"),
        pytest.param("gh auth token", RiskClass.HIGH, id="token"),
        pytest.param("gh auth status --show-token", RiskClass.HIGH, id="shown-token"),
        pytest.param("gh pr list --jq env", RiskClass.HIGH, id="filter-shows-environment"),
        pytest.param("gh pr frobnicate", RiskClass.MEDIUM, id="unknown-call"),
        pytest.param("gh alias set a '!id'", RiskClass.HIGH, id="alias"),
        pytest.param("gh api repos/o/r/issues -f title=a", RiskClass.HIGH, id="field-is-post"),
        pytest.param("gh api -X DELETE repos/o/r", RiskClass.IRREVERSIBLE, id="api-delete"),
        pytest.param("gh api repos/o/r/pulls/1/merge -X PUT", RiskClass.IRREVERSIBLE, id="merge"),
        pytest.param('gh api "repos/$A" -X "$M"', RiskClass.HIGH, id="unknown-method"),
        pytest.param("gh api graphql -f query='mutation { a }'", RiskClass.HIGH, id="mutation"),
        pytest.param('gh api graphql -f query="$QUERY"', RiskClass.HIGH, id="unknown-query"),
        pytest.param("gh api graphql --input q.json", RiskClass.HIGH, id="query-from-file"),
        pytest.param("gh pr comment 1 --body-file .env", RiskClass.HIGH, id="secret-file"),
        pytest.param("glab mr merge 3", RiskClass.IRREVERSIBLE, id="glab-merge"),
    ],
)
def test_changing_asks(script: str, risk: RiskClass) -> None:
    assert assess_script(script).risk >= risk


@pytest.mark.parametrize(
    ("script", "scope"),
    [
        pytest.param("gh pr comment 12 -b hi", Scope("comment", "pr 12"), id="comment"),
        pytest.param("gh pr merge 7 --squash", Scope("merge", "pr 7"), id="merge"),
        pytest.param("gh pr create -t a -b b", Scope("open-change", "pr"), id="open"),
        pytest.param("gh workflow run ci.yml", Scope("run-workflow", "ci.yml"), id="workflow"),
        pytest.param("gh pr comment 12 -R o/r -b hi", Scope("comment", "o/r#12"), id="elsewhere"),
        pytest.param('gh pr comment "$N" -b hi', Scope("comment", ""), id="unknown-number"),
        pytest.param(
            "gh api repos/o/r/pulls/7/comments/9/replies -f body=a",
            Scope("comment", "o/r#7"),
            id="api-reply",
        ),
        pytest.param(
            "gh api repos/{owner}/{repo}/issues/7/comments -f body=a",
            Scope("comment", "issue 7"),
            id="api-here",
        ),
        pytest.param("gh api repos/o/r/hooks -f a=b", None, id="api-no-thread"),
    ],
)
def test_outward_effects_say_where(script: str, scope: Scope | None) -> None:
    assert assess_script(script).evidence[0].scope == scope
