"""Task runners: which task is run, and what holds when no manifest tells what it does."""

from dataclasses import replace

import pytest

from assent.core.actions import Command
from assent.core.facts import Task
from assent.core.risk import RiskClass, assess
from assent.core.risk.commands import inspect_command
from assent.core.risk.findings import RunsTask
from assent.core.risk.readers.tasks import word_for
from tests.core.risk.stage import CATALOG, WORKSPACE, assess_script, facts_for


@pytest.mark.parametrize(
    ("task", "word"),
    [
        pytest.param("build", "project-run", id="ordinary"),
        pytest.param("test:e2e", "project-run", id="parts"),
        pytest.param("clean", "project-run", id="clean"),
        pytest.param("build:prod", "project-run", id="builds-for-production"),
        pytest.param("assembleRelease", "project-run", id="assembles-a-release"),
        pytest.param("release:dry-run", "project-run", id="only-tries"),
        pytest.param("publishToMavenLocal", "project-run", id="publishes-here"),
        pytest.param("db:migrate:status", "project-run", id="asks-for-migrations"),
        pytest.param("deploy", "external", id="deploy"),
        pytest.param("deployToProd", "external", id="camel-case"),
        pytest.param("web_deploy", "external", id="underscore"),
        pytest.param("DEPLOY", "external", id="capitals"),
        pytest.param("release", "external", id="release"),
        pytest.param("seed.prod", "external", id="production"),
        pytest.param("send-email", "external", id="sends"),
        pytest.param("db:drop", "external-final", id="drop"),
        pytest.param("db-reset", "external-final", id="reset"),
        pytest.param("db:schema:load", "external-final", id="drops-all-tables"),
        pytest.param("migrate:down", "external-final", id="migrates-backwards"),
        pytest.param("flywayClean", "external-final", id="drops-the-schema"),
        pytest.param("db:migrate", "external-easy", id="migrate"),
    ],
)
def test_what_a_name_gives_away(task: str, word: str) -> None:
    assert word_for(task) == word


@pytest.mark.parametrize(
    ("script", "tasks"),
    [
        pytest.param("npm run lint", {("npm", "lint")}, id="npm-run"),
        pytest.param("npm t -- --watch", {("npm", "test")}, id="npm-alias"),
        pytest.param("npm run lint --silent", {("npm", "lint")}, id="flag-of-the-runner"),
        pytest.param("pnpm -F web lint --fix", {("pnpm", "lint")}, id="pnpm"),
        pytest.param("yarn workspace web lint", {("yarn", "lint")}, id="yarn-workspace"),
        pytest.param("bun run lint", {("bun", "lint")}, id="bun"),
        pytest.param("make -C sub a b V=1", {("make", "a"), ("make", "b")}, id="make"),
        pytest.param("gmake a", {("make", "a")}, id="make-by-another-name"),
        pytest.param("just a", {("just", "a")}, id="just"),
        pytest.param("task a b", {("task", "a"), ("task", "b")}, id="task"),
        pytest.param("mise run a ::: b", {("mise", "a"), ("mise", "b")}, id="mise"),
        pytest.param("rtx run a", {("mise", "a")}, id="mise-by-its-old-name"),
        pytest.param("mise a", {("mise", "a")}, id="mise-without-run"),
        pytest.param("poe a", {("poe", "a")}, id="poe"),
        pytest.param("deno task a", {("deno", "a")}, id="deno"),
        pytest.param("pdm run a-b", {("pdm", "a-b")}, id="pdm"),
        pytest.param("composer run-script a", {("composer", "a")}, id="composer"),
        pytest.param("nx run web:a", {("npm", "a")}, id="nx"),
        pytest.param("turbo run a web#b", {("npm", "a"), ("npm", "b")}, id="turbo"),
        pytest.param("run-p a b", {("npm", "a"), ("npm", "b")}, id="npm-run-all"),
        pytest.param("concurrently npm:a 'yarn b'", {("npm", "a"), ("yarn", "b")}, id="several"),
        pytest.param("npm ls", set(), id="no-task"),
        pytest.param("make", set(), id="first-target"),
    ],
)
def test_which_tasks_run(script: str, tasks: set[tuple[str, str]]) -> None:
    found = inspect_command(Command(script=script, cwd=WORKSPACE), CATALOG)
    assert {(item.runner, item.task) for item in found if isinstance(item, RunsTask)} == tasks


def test_a_task_runs_in_the_folder_that_a_flag_names() -> None:
    action = Command(script="npm --prefix web run lint", cwd=WORKSPACE)
    found = [item for item in inspect_command(action, CATALOG) if isinstance(item, RunsTask)]
    assert [item.folders for item in found] == [(f"{WORKSPACE}/web",)]


@pytest.mark.parametrize(
    ("script", "text", "risk"),
    [
        pytest.param("npm run deploy", "vite build", RiskClass.LOW, id="harmless-text"),
        pytest.param("npm run build", "rm -rf src", RiskClass.HIGH, id="harmful-text"),
        pytest.param("pnpm eslint", "npm publish", RiskClass.IRREVERSIBLE, id="named-like-a-tool"),
        pytest.param("npm run go -- 'rm -rf src'", "tsc", RiskClass.LOW, id="arguments"),
    ],
)
def test_the_text_of_a_task_counts_more_than_its_name(
    script: str, text: str, risk: RiskClass
) -> None:
    action = Command(script=script, cwd=WORKSPACE)
    runner, name = script.split()[0], script.split("run ")[-1].split()[0].removeprefix("pnpm ")
    known = Task(text, WORKSPACE)
    tasks = {(runner, name): known, ("pnpm", "eslint"): known}
    facts = replace(facts_for(action), tasks=tasks)
    if "rm" in text:
        facts = replace(facts_for(Command(script=f"{script}; {text}", cwd=WORKSPACE)), tasks=tasks)
    assert assess(action, facts).risk is risk


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("npm run $TASK", id="npm"),
        pytest.param("make $TARGET", id="make"),
        pytest.param('just "$RECIPE"', id="just"),
    ],
)
def test_a_task_that_is_not_known_waits(script: str) -> None:
    assert assess_script(script).risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    ("script", "risk"),
    [
        pytest.param("parallel -j4 gzip -k ::: a.txt b.txt", RiskClass.LOW, id="command"),
        pytest.param("ls | parallel 'cat {} | wc -l'", RiskClass.TRIVIAL, id="shell-text"),
        pytest.param("parallel ::: ls pwd", RiskClass.TRIVIAL, id="arguments-are-commands"),
        pytest.param("parallel --dry-run rm ::: a", RiskClass.TRIVIAL, id="only-tries"),
        pytest.param("parallel rm -r ::: src lib", RiskClass.HIGH, id="argument-at-the-end"),
        pytest.param("parallel 'rm -r {}' ::: src", RiskClass.HIGH, id="argument-in-the-text"),
        pytest.param("parallel ::: ls 'rm -r src'", RiskClass.HIGH, id="one-of-several-commands"),
        pytest.param("ls | parallel rm {}", RiskClass.HIGH, id="arguments-that-are-not-known"),
        pytest.param("cat a.txt | parallel", RiskClass.HIGH, id="commands-that-are-not-known"),
        pytest.param("parallel -S other ls ::: a", RiskClass.HIGH, id="on-other-machines"),
    ],
)
def test_a_command_for_each_argument(script: str, risk: RiskClass) -> None:
    assert assess_script(script).risk is risk


def test_flags_of_npm_count_after_the_task_too() -> None:
    assert assess_script("npm run build --script-shell=/tmp/x").risk is RiskClass.HIGH
    assert assess_script("npm run build -- --script-shell=/tmp/x").risk is RiskClass.LOW


def test_code_that_a_task_runner_is_given_runs() -> None:
    assert assess_script("rake -e 'system(1)'").risk is RiskClass.HIGH


def test_make_that_only_tries_runs_no_task() -> None:
    assert assess_script("make --dry-run deploy").risk is RiskClass.LOW
    assert assess_script("make deploy").risk is RiskClass.HIGH
