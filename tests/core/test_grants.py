"""What people allowed for longer than one call, and what that answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Command, EditKind, FileChange, FileEdit
from assent.core.grants import (
    GRANTED,
    OUT_OF_PLAN,
    Grant,
    GrantKind,
    answers,
    apply_grants,
    covers,
    grant_bytes,
    mark_out_of_plan,
    named_in_plan,
    read_grant,
    read_scope,
    vouches_of,
)
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.model import Assessment, Effect, Evidence, Scope
from tests.core.strategies import NASTY, assessments, texts, times

SESSION = AgentSession("a", "s", "/w", "/w")


def evidence(
    rule: str = "push",
    risk: RiskClass = RiskClass.MEDIUM,
    *,
    program: tuple[str, ...] = (),
    scope: Scope | None = None,
) -> Evidence:
    return Evidence(rule, Effect.EXTERNAL, typical(risk), "does it", program=program, scope=scope)


def assessment(*items: Evidence) -> Assessment:
    ordered = tuple(sorted(items, key=lambda item: -item.risk))
    effects = frozenset(item.effect for item in ordered)
    return Assessment(ordered[0].risk, effects, ordered, "do it", "none")


def grant(kind: GrantKind, *what: str) -> Grant:
    return Grant("g1", "/w", kind, what, by="ana", request=7, created_at=1_000)


def command(script: str) -> Proposal:
    return Proposal(SESSION, "c", "sh", Command(script, "/w"), b"")


def unknown(name: str, *more: str) -> Evidence:
    return evidence("unknown-program", program=(name, *more))


# --- programs


@pytest.mark.parametrize(
    ("items", "names"),
    [
        pytest.param([unknown("bd", "list")], ("bd",), id="one"),
        pytest.param([unknown("bd"), unknown("rtk"), unknown("bd")], ("bd", "rtk"), id="several"),
        pytest.param([unknown("bd"), evidence("delete", RiskClass.HIGH)], (), id="and-worse"),
        pytest.param([unknown("bd"), evidence("read", RiskClass.LOW)], ("bd",), id="and-low"),
        pytest.param([evidence("unknown-program")], (), id="outside-the-workspace"),
        pytest.param([evidence("push")], (), id="something-else"),
        pytest.param([unknown("b\u202ed")], (), id="hidden-characters"),
        pytest.param([unknown("x" * 300)], (), id="too-long"),
    ],
)
def test_an_approval_vouches_only_for_programs_that_were_all_it_was_about(
    items: list[Evidence], names: tuple[str, ...]
) -> None:
    assert vouches_of(assessment(*items)) == names


# --- scopes


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        pytest.param("push origin/agent/*", "push origin/agent/*", id="plain"),
        pytest.param("  comment   repo#12 ", "comment repo#12", id="spaces"),
        pytest.param("push", None, id="no-target"),
        pytest.param("push *", None, id="everything"),
        pytest.param("push **", None, id="everything-deep"),
        pytest.param("PUSH origin/x", None, id="no-act"),
        pytest.param(f"push {NASTY}", None, id="hidden-characters"),
        pytest.param("push " + "x" * 400, None, id="too-long"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_scope_is_an_act_and_a_target_with_a_plain_beginning(
    text: str, pattern: str | None
) -> None:
    assert read_scope(text) == pattern


@pytest.mark.parametrize(
    ("pattern", "act", "target", "covered"),
    [
        pytest.param("push origin/agent/*", "push", "origin/agent/x", True, id="within"),
        pytest.param("push origin/agent/*", "push", "origin/agent/x/y", False, id="deeper"),
        pytest.param("push origin/agent/**", "push", "origin/agent/x/y", True, id="deep"),
        pytest.param("push origin/agent/*", "push", "upstream/agent/x", False, id="remote"),
        pytest.param("push origin/agent/*", "comment", "origin/agent/x", False, id="act"),
        pytest.param("push origin/*", "push", "origin/main", False, id="protected-by-pattern"),
        pytest.param("push origin/**", "push", "origin/release/1", False, id="protected-deep"),
        pytest.param("push origin/main", "push", "origin/main", True, id="protected-by-name"),
        pytest.param("push origin/*", "push", "origin/topic", True, id="not-protected"),
        pytest.param("comment repo#12", "comment", "repo#123", False, id="no-prefix"),
        pytest.param("push origin/x", "push", "", False, id="only-running-can-tell"),
    ],
)
def test_what_a_scope_covers(pattern: str, act: str, target: str, covered: bool) -> None:
    assert covers(pattern, evidence(scope=Scope(act, target))) is covered


def test_no_grant_answers_what_cannot_be_taken_back() -> None:
    final = evidence(risk=RiskClass.IRREVERSIBLE, scope=Scope("push", "origin/x"))
    named = replace(final, rule="unknown-program", program=("bd",))
    plan = grant(GrantKind.PLAN, "run git push")
    assert not answers(grant(GrantKind.SCOPE, "push origin/x"), final, Command("", "/w"))
    assert not answers(grant(GrantKind.PROGRAM, "bd"), named, Command("", "/w"))
    assert not answers(plan, final, Command("git push", "/w"))


# --- plans

PLAN = """
# Add a cache
Edit `src/cache.py` and `tests/`, then `/w/docs/cache.md`. Use the `Cache` class.
Run `npm run test:unit`.

```sh
# first
$ mkdir -p src/cache
go test ./... \\
  -count=1
```
```python
import os
```
Never `../../etc/passwd` nor `/etc/passwd`.
"""


def test_a_plan_names_paths_and_commands() -> None:
    assert named_in_plan(PLAN, "/w") == (
        "edit src/cache.py",
        "edit tests/",
        "edit docs/cache.md",
        "run npm run test:unit",
        "run mkdir -p src/cache",
        "run go test ./...    -count=1",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Do `it` with `Foo` and `x`.", id="single-words"),
        pytest.param("```\nrm -rf build\n```", id="block-of-no-language"),
        pytest.param("```sh\nmake test", id="block-without-end"),
        pytest.param("`src/\u202ea.py`", id="hidden-characters"),
    ],
)
def test_what_is_not_named_exactly_is_not_named(text: str) -> None:
    assert named_in_plan(text, "/w") == ()


@given(st.text(alphabet="`~ \nab/.$#sh*", max_size=200))
def test_reading_a_plan_never_fails(text: str) -> None:
    for item in named_in_plan(text, "/w"):
        assert item.startswith(("edit ", "run "))
        assert ".." not in item.removeprefix("edit ").split("/") or item.startswith("run ")


def edit(*paths: str) -> FileEdit:
    changes = tuple(FileChange(path, EditKind.UPDATE, None, None, "") for path in paths)
    return FileEdit(changes, "/w")


@pytest.mark.parametrize(
    ("action", "answered"),
    [
        pytest.param(Command("make test", "/w"), True, id="command"),
        pytest.param(Command(" make test\n", "/w"), True, id="command-with-space-around"),
        pytest.param(Command("make test x", "/w"), False, id="longer-command"),
        pytest.param(Command("make test", "/w", env=(("A", "b"),)), False, id="environment"),
        pytest.param(Command("make test", "/w", interactive=True), False, id="terminal"),
        pytest.param(edit("src/a.py", "/w/tests/deep/b.py"), True, id="edits"),
        pytest.param(edit("src/a.py", "src/b.py"), False, id="one-edit-outside"),
        pytest.param(edit("tests/../src/b.py"), False, id="dots"),
        pytest.param(edit(), False, id="no-file"),
    ],
)
def test_a_plan_answers_what_it_names(action: Command | FileEdit, answered: bool) -> None:
    plan = grant(GrantKind.PLAN, "run make test", "edit src/a.py", "edit tests/")
    assert answers(plan, evidence(risk=RiskClass.HIGH), action) is answered


def test_what_is_out_of_plan_is_told_and_medium_becomes_high() -> None:
    plan = grant(GrantKind.PLAN, "run make test")
    medium = assessment(evidence("unknown-call"))
    marked = mark_out_of_plan(medium, Command("make other", "/w"), [plan])
    assert marked.risk is RiskClass.HIGH
    assert OUT_OF_PLAN in {item.rule for item in marked.evidence}
    low = assessment(evidence("work", RiskClass.LOW))
    assert mark_out_of_plan(low, Command("make other", "/w"), [plan]).risk is RiskClass.LOW
    trivial = assessment(evidence("read", RiskClass.TRIVIAL))
    assert mark_out_of_plan(trivial, Command("make other", "/w"), [plan]) == trivial


@pytest.mark.parametrize(
    ("what", "action"),
    [
        pytest.param("run make test", Command("make test", "/w"), id="in-plan"),
        pytest.param("edit src/", Command("make test", "/w"), id="names-no-command"),
        pytest.param("run make test", edit("src/a.py"), id="names-no-file"),
    ],
)
def test_a_plan_says_nothing_about_what_it_does_not_speak_of(
    what: str, action: Command | FileEdit
) -> None:
    medium = assessment(evidence("unknown-call"))
    assert mark_out_of_plan(medium, action, [grant(GrantKind.PLAN, what)]) == medium


@given(assessments.filter(lambda found: found.evidence), texts)
def test_out_of_plan_never_lowers(found: Assessment, script: str) -> None:
    ordered = replace(found, risk=max(item.risk for item in found.evidence))
    plan = grant(GrantKind.PLAN, "run make test")
    marked = mark_out_of_plan(ordered, Command(script, "/w"), [plan])
    assert marked.risk >= ordered.risk or ordered.risk < RiskClass.LOW


# --- applied

HELD = grant(GrantKind.SCOPE, "push origin/agent/*")


def test_a_grant_takes_its_reason_away_and_leaves_the_others() -> None:
    push = evidence(scope=Scope("push", "origin/agent/x"))
    delete = evidence("delete", RiskClass.HIGH)
    left = apply_grants(assessment(push, delete), command("git push"), [HELD], 2_000)
    assert left is not None
    assert left.by == (HELD,)
    assert [item.rule for item in left.assessment.evidence] == ["delete", GRANTED]
    alone = apply_grants(assessment(push), command("git push"), [HELD], 2_000)
    assert alone is not None
    assert alone.assessment.risk is RiskClass.TRIVIAL


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(replace(HELD, until=2_000), id="ended"),
        pytest.param(replace(HELD, agent="b"), id="other-agent"),
        pytest.param(replace(HELD, session="t"), id="other-run"),
        pytest.param(replace(HELD, workspace="/v"), id="other-workspace"),
    ],
)
def test_a_grant_that_does_not_hold_answers_nothing(held: Grant) -> None:
    push = assessment(evidence(scope=Scope("push", "origin/agent/x")))
    assert apply_grants(push, command("git push"), [held], 2_000) is None


@given(
    st.builds(
        Grant,
        id=texts,
        workspace=texts,
        kind=st.sampled_from(GrantKind),
        what=st.lists(texts, max_size=3).map(tuple),
        by=texts,
        request=times,
        created_at=times,
        until=st.none() | times,
        agent=texts,
        session=texts,
    )
)
def test_round_trip(of: Grant) -> None:
    assert read_grant(grant_bytes(of)) == of
