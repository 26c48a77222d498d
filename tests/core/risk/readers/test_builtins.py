"""What the shell itself does: variables that are shown, files that are loaded, terminals."""

import pytest

from assent.core.risk import Effect, RiskClass
from tests.core.risk.stage import assess_script


@pytest.mark.parametrize(
    "script",
    [
        "printenv",
        "printenv API_TOKEN",
        "printenv HOME DB_PASSWORD",
        "declare -p",
        "declare -x",
        "declare -p API_TOKEN",
        "export -p",
        "set",
        "compgen -v",
        "env | grep PATH",
        ". ./.env",
        "source .env && go test ./...",
    ],
)
def test_secrets_are_shown(script: str) -> None:
    assessment = assess_script(script)
    assert Effect.CREDENTIAL in assessment.effects
    assert assessment.risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    "script",
    [
        "printenv HOME",
        "printenv PATH",
        "declare -A m",
        "declare -p HOME",
        "set -euo pipefail",
        "export A=b",
        "compgen -c",
        ". scripts/env.sh",
        "env -i PATH=/usr/bin:/bin ls",
        "script -qc 'ls lib' /dev/null",
    ],
)
def test_nothing_is_told(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        pytest.param("script out.txt", "interactive", id="terminal"),
        pytest.param("script -qc 'rm -r data' /dev/null", "delete", id="text-in-a-terminal"),
        pytest.param("env PATH=/tmp/x:/bin ls", "code-exec", id="path"),
        pytest.param("bash -c '~/bin/x'", "code-exec", id="home-in-a-text"),
        pytest.param("source", "unknown", id="nothing-to-load"),
    ],
)
def test_more_than_it_looks(script: str, effect: str) -> None:
    assessment = assess_script(script)
    assert Effect(effect) in assessment.effects
    assert assessment.risk >= RiskClass.MEDIUM
