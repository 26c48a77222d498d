"""git: whose history is made anew, what flags mean by where they stand, and what runs."""

from dataclasses import replace

import pytest

from assent.core.actions import Command
from assent.core.facts import RepositoryFact
from assent.core.risk import Effect, RiskClass, assess
from tests.core.risk.stage import WORKSPACE, assess_script, facts_for

FEATURE = RepositoryFact(WORKSPACE, branch="fix/port", default_branch="main")
PUSHED = replace(FEATURE, upstream_remote="origin", upstream_branch="fix/port", pushed=True)
AHEAD = replace(PUSHED, pushed=False)
MAIN = replace(FEATURE, branch="main", pushed=False)
DETACHED = replace(FEATURE, branch="")


def risk_in(repository: RepositoryFact | None, script: str) -> RiskClass:
    action = Command(script=script, cwd=WORKSPACE)
    known = {WORKSPACE: repository} if repository is not None else {}
    return assess(action, replace(facts_for(action), repositories=known)).risk


@pytest.mark.parametrize(
    ("repository", "rebase", "amend"),
    [
        pytest.param(FEATURE, RiskClass.LOW, RiskClass.LOW, id="own-and-nowhere-else"),
        pytest.param(AHEAD, RiskClass.LOW, RiskClass.LOW, id="own-and-ahead"),
        pytest.param(PUSHED, RiskClass.MEDIUM, RiskClass.MEDIUM, id="pushed"),
        pytest.param(MAIN, RiskClass.MEDIUM, RiskClass.LOW, id="branch-of-all"),
        pytest.param(DETACHED, RiskClass.MEDIUM, RiskClass.LOW, id="no-branch"),
        pytest.param(None, RiskClass.MEDIUM, RiskClass.LOW, id="nothing-known"),
    ],
)
def test_history_by_whose_it_is(
    repository: RepositoryFact | None, rebase: RiskClass, amend: RiskClass
) -> None:
    assert risk_in(repository, "git rebase main") is rebase
    assert risk_in(repository, "git commit --amend --no-edit") is amend
    assert risk_in(repository, "git reset --soft HEAD~1") is amend


@pytest.mark.parametrize(
    ("harmless", "dangerous"),
    [
        pytest.param("git switch -c a", "git -c core.pager=x log", id="c"),
        pytest.param("git switch -C a", "git -C /etc commit -m x", id="folder"),
        pytest.param("git commit -c HEAD", "git -c alias.x=!ls x", id="message-of-another"),
        pytest.param("git -C switch switch -c a", "git -c x.y=z switch -c a", id="both"),
        pytest.param("git --git-dir=.git log", "git --git-dir=/srv/x log", id="repository"),
    ],
)
def test_a_flag_is_gits_own_only_before_the_subcommand(harmless: str, dangerous: str) -> None:
    assert assess_script(harmless).risk <= RiskClass.LOW
    assert assess_script(dangerous).risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("git ls-remote --upload-pack='sh -c ls' origin", id="upload-pack"),
        pytest.param("git push --receive-pack=x origin a", id="receive-pack"),
        pytest.param("git clone 'ext::sh -c ls' a", id="helper"),
        pytest.param("git fetch fd::3", id="descriptor"),
        pytest.param("git archive --remote=a --exec=b HEAD", id="archive"),
        pytest.param("git cat-file --filters HEAD:a", id="filters"),
        pytest.param("git log --ext-diff", id="diff"),
    ],
)
def test_what_runs_a_program(script: str) -> None:
    assert Effect.CODE_EXEC in assess_script(script).effects
    assert assess_script(script).risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        pytest.param("git format-patch -o /srv/a HEAD~2", "outside-write", id="format-patch"),
        pytest.param("git archive -o /srv/a.tar HEAD", "outside-write", id="archive"),
        pytest.param("git bundle create /srv/a.bundle --all", "outside-write", id="bundle"),
        pytest.param("git log --output=/srv/a", "outside-write", id="log"),
        pytest.param("git read-tree --reset -u HEAD~1", "delete", id="read-tree"),
        pytest.param("git checkout-index -f -a", "delete", id="checkout-index"),
        pytest.param("git gc --prune=now", "delete", id="gc"),
        pytest.param("git grep -h x HEAD -- .env", "credential", id="grep"),
        pytest.param("git show HEAD:.env", "credential", id="show"),
        pytest.param("git show -c HEAD:.env", "credential", id="show-combined"),
        pytest.param("git blame -C .env", "credential", id="blame-copies"),
        pytest.param("git add .env", "credential", id="add"),
        pytest.param("git apply --include='.assent/*' a.patch", "policy-self", id="apply"),
        pytest.param("git config --unset core.hooksPath", "code-exec", id="unset"),
        pytest.param('git -C "$DIR" commit -m x', "unknown", id="unknown-repository"),
        pytest.param("git merge --no-verify main", "unknown", id="merge-without-hooks"),
        pytest.param("git push --no-verify origin a", "unknown", id="push-without-hooks"),
        pytest.param("HUSKY=0 git commit -m x", "unknown", id="husky"),
        pytest.param("env SKIP=mypy git commit -m x", "unknown", id="pre-commit"),
    ],
)
def test_more_than_it_looks(script: str, effect: str) -> None:
    assessment = assess_script(script)
    assert Effect(effect) in assessment.effects
    assert assessment.risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("git check-ignore .env", id="check-ignore"),
        pytest.param("git range-diff main a b", id="range-diff"),
        pytest.param("git ls-remote -h origin", id="heads"),
        pytest.param("git format-patch -o patches HEAD~2", id="format-patch"),
        pytest.param("git apply --check a.patch", id="apply-check"),
        pytest.param("git config --local pull.ff only", id="config"),
        pytest.param("git config get user.name", id="config-get"),
        pytest.param('git -C "$DIR" status', id="status-elsewhere"),
        pytest.param('git -C "$(git rev-parse --show-toplevel)" add -A', id="root"),
        pytest.param("git add . && git commit -m 'a: b'", id="commit"),
        pytest.param("HUSKY=0 npm ci", id="no-commit"),
        pytest.param("git rev-parse --git-dir", id="rev-parse"),
        pytest.param("ls $(git rev-parse --git-dir)", id="folder-of-git"),
        pytest.param("git gc", id="gc"),
    ],
)
def test_what_a_day_has(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW
