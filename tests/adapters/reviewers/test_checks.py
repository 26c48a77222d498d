"""The project's own linters as reviewers: what their output amounts to."""

import json
from collections.abc import Mapping

import pytest

from assent.adapters.policy_file import PolicyFiles
from assent.adapters.reviewers.static.checks import MOST_WORDS, CheckReviewer, commands
from assent.app.changes.ports import Ran
from assent.core.changes.model import Opinion, Severity, Verdict
from assent.core.policy.changes import ChangeRules, CheckRule
from assent.core.risk.catalog import NOTHING_KNOWN
from assent.errors import UnavailableError
from tests.adapters.reviewers.subjects import (
    BASE,
    COMMIT,
    Clock,
    PaperCheckouts,
    Texts,
    patches,
    subject,
)

E, W, I = Severity.ERROR, Severity.WARNING, Severity.INFO  # noqa: E741
LINT = CheckRule("lint", "lint {paths}")
BEFORE: Texts = {"src/a.py": "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"}
AFTER: Texts = {"src/a.py": "one\nTWO\nthree\nfour\nfive\nsix\nseven\neight\n"}


def ran(output: str = "", code: int | None = 0) -> Ran:
    return Ran(code=code, output=output.encode(), sandbox="bubblewrap", roots=("/files",))


def checked(*results: Mapping[str, object]) -> str:
    return json.dumps({"version": "2.1.0", "runs": [{"results": results}]})


async def verdict_on(
    rule: CheckRule, at_commit: Ran, at_base: Ran | None = None
) -> tuple[Verdict, PaperCheckouts]:
    checkouts = PaperCheckouts({COMMIT: at_commit} | ({BASE: at_base} if at_base else {}))
    reviewer = CheckReviewer(rule, checkouts=checkouts, clock=Clock())
    return await reviewer.review(subject(patches(BEFORE, AFTER))), checkouts


async def test_findings_have_their_place_and_who_made_them() -> None:
    said = "src/a.py:2:1: error: wrong [E1]\n/files/src/a.py:8:1: error: old [E2]\n"
    verdict, checkouts = await verdict_on(LINT, ran(said, 1))
    assert [(i.rule, i.severity, i.line, i.in_diff) for i in verdict.findings] == [
        ("E1", E, 2, True),
        ("E2", I, 8, False),
    ]
    assert (verdict.reviewer, verdict.opinion) == ("check:lint", Opinion.CHANGES)
    assert verdict.made_with == "`lint {paths}`, bubblewrap"
    assert checkouts.asked == [(COMMIT, "lint src/a.py")]


@pytest.mark.parametrize(
    ("rule", "result", "opinion", "rules"),
    [
        pytest.param(LINT, ran("All fine\n"), Opinion.APPROVE, [], id="nothing-found"),
        pytest.param(
            LINT, ran("src/a.py:2: W1 so-so\n", 1), Opinion.CHANGES, ["W1"], id="fails-on-a-warning"
        ),
        pytest.param(
            LINT, ran("src/a.py:2: W1 so-so\n", 0), Opinion.APPROVE, ["W1"], id="only-warns"
        ),
        pytest.param(
            LINT, ran("src/a.py:8: W1 so-so\n", 1), Opinion.APPROVE, ["W1"], id="was-there-before"
        ),
        pytest.param(
            LINT, ran("Traceback\nKeyError\n", 2), Opinion.CHANGES, ["exit-2"], id="fails-unread"
        ),
        pytest.param(
            CheckRule("lint", "lint {paths}", fails=False),
            ran("src/a.py:2: error: E1 wrong\n", 1),
            Opinion.APPROVE,
            ["E1"],
            id="does-not-count",
        ),
        pytest.param(LINT, ran("", None), Opinion.INCONCLUSIVE, [], id="late"),
        pytest.param(
            LINT, ran("sh: lint: not found", 127), Opinion.INCONCLUSIVE, [], id="not-installed"
        ),
        pytest.param(
            CheckRule("lint", "lint", form="sarif"),
            ran("oops", 2),
            Opinion.INCONCLUSIVE,
            [],
            id="no-sarif",
        ),
        pytest.param(
            CheckRule("lint", "lint", form="sarif"),
            ran(checked({"ruleId": "R", "level": "error", "message": {"text": "wrong"}}), 1),
            Opinion.CHANGES,
            ["R"],
            id="sarif",
        ),
    ],
)
async def test_what_a_run_amounts_to(
    rule: CheckRule, result: Ran, opinion: Opinion, rules: list[str]
) -> None:
    verdict, _ = await verdict_on(rule, result)
    assert (verdict.opinion, [item.rule for item in verdict.findings]) == (opinion, rules)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        pytest.param(ran("", None), "took longer than 300 s", id="late"),
        pytest.param(ran("sh: lint: not found", 127), "install it", id="not-installed"),
    ],
)
async def test_what_could_not_look_says_what_to_do(result: Ran, words: str) -> None:
    verdict, _ = await verdict_on(LINT, result)
    assert words in verdict.summary


async def test_a_secret_in_the_output_is_hidden() -> None:
    verdict, _ = await verdict_on(LINT, ran("failed: password=correct-horse-7-battery\n", 3))
    assert "correct-horse" not in repr(verdict)


CALLER = "src/b.py:7: error: too few arguments [call-arg]\n"


@pytest.mark.parametrize(
    ("at_base", "opinion", "told"),
    [
        pytest.param(ran(), Opinion.CHANGES, 1, id="new"),
        pytest.param(ran(CALLER, 1), Opinion.APPROVE, 0, id="was-there-before"),
        pytest.param(
            ran(CALLER.replace(":7", ":9"), 1), Opinion.APPROVE, 0, id="was-there-elsewhere"
        ),
    ],
)
async def test_what_a_change_breaks_in_other_files(
    at_base: Ran, opinion: Opinion, told: int
) -> None:
    verdict, checkouts = await verdict_on(LINT, ran(CALLER, 1), at_base)
    assert (verdict.opinion, len(verdict.findings)) == (opinion, told)
    assert [commit for commit, _ in checkouts.asked] == [COMMIT, BASE]
    if told:
        assert "src/b.py:7: too few arguments" in verdict.findings[0].message
    else:
        assert "1 in files that the change does not touch" in verdict.summary


@pytest.mark.parametrize("at_base", [ran("", None), ran("", 127)], ids=["late", "missing"])
async def test_what_cannot_be_held_against_the_base_is_no_approval(at_base: Ran) -> None:
    verdict, _ = await verdict_on(LINT, ran(CALLER, 1), at_base)
    assert verdict.opinion is Opinion.INCONCLUSIVE
    assert "on the base" in verdict.summary


@pytest.mark.parametrize("sandbox", [False, True])
async def test_checks_run_in_a_sandbox_where_the_policy_wants_one(sandbox: bool) -> None:
    checkouts = PaperCheckouts({COMMIT: ran()})
    reviewer = CheckReviewer(LINT, checkouts=checkouts, clock=Clock())
    rules = ChangeRules(sandbox=sandbox)
    await reviewer.review(subject(patches(BEFORE, AFTER), rules=rules))
    assert checkouts.confined is sandbox


async def test_files_are_chosen_by_the_rule() -> None:
    rule = CheckRule("lint", "lint {paths}", paths=("**/*.py",))
    before = {"a.py": "1\n", "gone.py": "1\n", "b.js": "1\n"}
    after = {"a.py": "2\n", "b.js": "2\n", "it's new.py": "3\n", "-x.py": "4\n"}
    checkouts = PaperCheckouts({COMMIT: ran()})
    reviewer = CheckReviewer(rule, checkouts=checkouts, clock=Clock())
    await reviewer.review(subject(patches(before, after)))
    [(_, command)] = checkouts.asked
    assert command == """lint ./-x.py a.py 'it'"'"'s new.py'"""


async def test_checks_get_the_folders_that_the_policy_shares() -> None:
    checkouts = PaperCheckouts({COMMIT: ran()})
    reviewer = CheckReviewer(LINT, checkouts=checkouts, clock=Clock())
    rules = ChangeRules(share=(".venv", "web/node_modules"))
    await reviewer.review(subject(patches(BEFORE, AFTER), rules=rules))
    assert checkouts.shared == {
        ".venv": "/repo/.venv",
        "web/node_modules": "/repo/web/node_modules",
    }


async def test_without_a_file_to_look_at_nothing_runs() -> None:
    rule = CheckRule("lint", "lint {paths}", paths=("**/*.js",))
    verdict, checkouts = await verdict_on(rule, ran())
    assert (verdict.opinion, checkouts.asked) == (Opinion.APPROVE, [])
    assert "no file" in verdict.summary


async def test_a_place_that_cannot_be_had_is_inconclusive() -> None:
    class Away:
        async def run_check(
            self,
            repository: str,
            commit: str,
            command: str,
            *,
            limit_s: float,
            shared: Mapping[str, str] | None = None,
            must_confine: bool = False,
        ) -> Ran:
            raise UnavailableError("There is no room.", hint="Make some.")

    reviewer = CheckReviewer(LINT, checkouts=Away(), clock=Clock())
    verdict = await reviewer.review(subject(patches(BEFORE, AFTER)))
    assert (verdict.opinion, verdict.summary) == (
        Opinion.INCONCLUSIVE,
        "There is no room. Make some.",
    )


def test_too_many_paths_are_several_calls() -> None:
    paths = [f"{'x' * 100}/{n}.py" for n in range(2_000)]
    calls = list(commands("lint {paths} --end", paths))
    assert len(calls) > 1
    assert all(len(call) < MOST_WORDS + 100 for call in calls)
    assert [word for call in calls for word in call.split()[1:-1]] == paths


def test_the_policy_file_names_the_files_of_a_check() -> None:
    text = b'[[changes.check]]\nname = "ruff"\ncommand = "ruff check"\npaths = ["**/*.py"]\n'
    [rule] = PolicyFiles(NOTHING_KNOWN).parse(text).changes.checks
    assert rule.paths == ("**/*.py",)
