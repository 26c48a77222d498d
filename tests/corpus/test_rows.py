"""The corpora themselves: nothing is lost, nothing is weakened, and everything is represented."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from assent.core.risk import Effect, RiskClass
from tests.corpus.rows import Row, load, projects

FILES = ("shell", "cases", "catastrophes", "day")
LEAST = {
    "shell": {"auto": 269, "gate": 269},
    "cases": {"auto": 1250, "gate": 2014},
    "catastrophes": {"gate": 406},
    "day": {"auto": 286, "gate": 14},
}
"""Rows by file and expectation. Rows may be added; a number may only grow."""
BY_HAND = {Effect.PLAN: "plans are no rows: every one waits"}
FAMILIES = [
    "archivers",
    "clouds",
    "containers",
    "coreutils",
    "databases",
    "deployers",
    "diffs",
    "edits",
    "forge",
    "git",
    "guard",
    "infra",
    "interpreters",
    "mentions",
    "network",
    "packages",
    "paths",
    "shell",
    "system",
    "tests",
    "tools",
    "wrappers",
]
BOTH_WAYS = set(FAMILIES) - {"mentions"}
FORMS = [
    "background",
    "chain",
    "conditional",
    "encoded",
    "facts",
    "function",
    "git-global-options",
    "glob",
    "heredoc",
    "inline-code",
    "loop",
    "nested-shell",
    "non-ascii",
    "pipe",
    "pipe-to-interpreter",
    "plain",
    "quoting",
    "redirect",
    "substitution",
    "variable",
    "wrapper",
]
SAFE_TOO = set(FORMS) - {"pipe-to-interpreter"}
WRAPPERS = [
    "at",
    "bash -c",
    "builtin",
    "busybox",
    "caffeinate",
    "chronic",
    "chroot",
    "chrt",
    "command",
    "coproc",
    "crontab",
    "direnv",
    "doas",
    "docker compose run",
    "docker exec",
    "docker run",
    "entr",
    "env",
    "eval",
    "exec",
    "expect",
    "fd",
    "find -exec",
    "flock",
    "gosu",
    "ionice",
    "kubectl exec",
    "ltrace",
    "mise exec",
    "nice",
    "noglob",
    "nohup",
    "npx",
    "nsenter",
    "numactl",
    "parallel",
    "pkexec",
    "proxychains",
    "rtk",
    "runuser",
    "screen",
    "script",
    "setpriv",
    "setsid",
    "source",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "tmux",
    "toybox",
    "trap",
    "unbuffer",
    "unshare",
    "uv run",
    "watch",
    "xargs",
]
LOOKED_THROUGH = [
    "bash -c",
    "builtin",
    "command",
    "coproc",
    "docker exec",
    "env",
    "eval",
    "exec",
    "fd",
    "find -exec",
    "flock",
    "ionice",
    "kubectl exec",
    "nice",
    "nohup",
    "npx",
    "parallel",
    "script",
    "setsid",
    "source",
    "stdbuf",
    "time",
    "timeout",
    "uv run",
    "watch",
    "xargs",
]
KINDS = {"shell": 2500, "sql": 110, "edit": 60, "diff": 50, "tool": 20}
ALL = [row for name in FILES for row in load(name)]
CASES = [*load("shell"), *load("cases")]


@pytest.mark.parametrize("name", FILES)
def test_no_row_is_lost_or_weakened(name: str) -> None:
    counts = Counter(row.expect for row in load(name))
    assert {expect: min(counts[expect], least) for expect, least in LEAST[name].items()} == (
        LEAST[name]
    )
    assert set(counts) <= set(LEAST[name])


def test_every_row_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(row.id for row in ALL).items() if times > 1] == []


def test_no_row_is_there_twice() -> None:
    for name in FILES:
        same = Counter(
            (row.kind, row.input, row.input2, row.path, row.dialect, row.project, repr(row.facts))
            for row in load(name)
        )
        assert [row for row, times in same.items() if times > 1] == []


@pytest.mark.parametrize("name", FILES)
def test_every_row_says_why(name: str) -> None:
    for row in load(name):
        assert re.fullmatch(r"[A-Z].*\.", row.why), row.id
        assert row.forms, row.id


def test_every_word_of_a_row_is_known() -> None:
    classes = {risk.word for risk in RiskClass}
    for row in ALL:
        assert {row.least, row.most} <= classes, row.id
        assert set(row.forms) <= set(FORMS), row.id
        assert set(row.wrappers) <= set(WRAPPERS), row.id
        assert not row.project or row.project in projects(), row.id
        for named in row.effects:
            for word in named.split("|"):
                assert Effect(word), row.id


@pytest.mark.parametrize("effect", [effect for effect in Effect if effect not in BY_HAND])
def test_every_effect_is_represented(effect: Effect) -> None:
    harmless = effect in (Effect.NONE, Effect.READ)
    named = [row for row in CASES if any(effect in each.split("|") for each in row.effects)]
    if harmless:
        named = [row for row in CASES if row.expect == "auto" and not row.effects]
    assert len(named) >= 10


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_represented(family: str) -> None:
    assert _expectations(row for row in CASES if row.family == family) >= (
        {"auto", "gate"} if family in BOTH_WAYS else {"auto"}
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_represented(form: str) -> None:
    rows = [row for row in CASES if form in row.forms]
    assert len(rows) >= 10
    assert _expectations(rows) >= ({"auto", "gate"} if form in SAFE_TOO else {"gate"})


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_wrapper_is_represented(wrapper: str) -> None:
    rows = [row for row in CASES if wrapper in row.wrappers]
    assert _expectations(rows) >= ({"auto", "gate"} if wrapper in LOOKED_THROUGH else {"gate"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_represented(kind: str) -> None:
    rows = [row for row in CASES if row.kind == kind]
    assert len(rows) >= KINDS[kind]
    assert _expectations(rows) == {"auto", "gate"}


def test_a_day_asks_for_at_most_five_of_a_hundred() -> None:
    day = load("day")
    asked = sum(row.n for row in day if row.expect == "gate")
    assert len(day) >= 300
    assert asked <= 0.05 * sum(row.n for row in day)


def _expectations(rows: Iterable[Row]) -> set[str]:
    return {row.expect for row in rows}
