"""Policies from TOML, and errors that say where and what to do."""

import pytest

from assent.adapters.policy_file import BUILT_IN, PolicyFiles, default_policy, parse_policy
from assent.core.canonical import digest_of
from assent.core.policy import AskIn, Rule
from assent.core.policy.model import RouteName
from assent.core.risk import Effect, RiskClass
from assent.errors import UsageError

FULL = b"""
[ask]
wait = "5m"
expires = "2d"
repeat_rejection = "30s"
in = "agent"

[[rule]]
name = "our-tools"
route = "proceed"
kinds = ["command"]
effects = ["code-exec", "unknown"]
classes = ["medium"]
programs = ["npm test", "./run.sh"]
agents = ["codex"]

[[rule]]
name = "tools"
route = "deny"
tools = ["github/*", "*/delete"]
paths = ["src/**"]
"""


def test_everything_a_file_can_say() -> None:
    policy = parse_policy(FULL)
    assert policy.digest == digest_of(FULL)
    assert (policy.wait_ms, policy.headless_wait_ms) == (300_000, 300_000)
    assert (policy.expires_ms, policy.repeat_rejection_ms) == (172_800_000, 30_000)
    assert policy.ask_in is AskIn.AGENT
    assert tuple(rule for rule in policy.rules if not rule.general) == (
        Rule(
            name="our-tools",
            route=RouteName.PROCEED,
            kinds=frozenset({"command"}),
            effects=frozenset({Effect.CODE_EXEC, Effect.UNKNOWN}),
            classes=frozenset({RiskClass.MEDIUM}),
            programs=("npm test", "./run.sh"),
            agents=frozenset({"codex"}),
        ),
        Rule(
            name="tools",
            route=RouteName.DENY,
            tools=("github/*", "*/delete"),
            paths=("src/**",),
        ),
    )


def test_the_built_in_policy_is_what_an_empty_one_would_be() -> None:
    empty = parse_policy(b"")
    built_in = default_policy()
    assert built_in.digest == digest_of(BUILT_IN)
    assert built_in.rules == empty.rules
    assert [rule.name for rule in built_in.rules] == ["solo-edits"]
    assert built_in.wait_ms == empty.wait_ms == 600_000
    assert built_in.expires_ms == empty.expires_ms
    assert built_in.ask_in is empty.ask_in is AskIn.INBOX


def test_the_examples_in_the_built_in_text_can_be_used() -> None:
    text = b"\n".join(
        line.removeprefix(b"#").strip()
        for line in BUILT_IN.splitlines()
        if line.startswith((b"# [[", b"# name", b"# route", b"# programs", b"# kinds", b"# paths"))
    )
    own = [rule.name for rule in parse_policy(text).rules if not rule.general]
    assert own == ["our-tests", "migrations"]


def test_the_reader_is_what_the_use_cases_want() -> None:
    assert PolicyFiles().default() == default_policy()
    assert PolicyFiles().parse(FULL) == parse_policy(FULL)


RULE = '[[rule]]\nname = "r"\nroute = "gate"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("x =", "line 1: this is not TOML: Invalid value.", id="toml"),
        pytest.param(
            "\n\nrules = []", "line 3: unknown key `rules`. Did you mean `rule`?", id="table"
        ),
        pytest.param(
            '[ask]\nwiat = "1m"', "line 2: unknown key `wiat`. Did you mean `wait`?", id="key"
        ),
        pytest.param("ask = 3", "line 1: `ask` wants a table.", id="not-a-table"),
        pytest.param("rule = 3", "line 1: `rule` wants a list in brackets.", id="not-a-list"),
        pytest.param(
            "[ask]\nwait = 10",
            "line 2: `wait`: write a duration such as `30s`, `10m`, `2h` or `7d`.",
            id="duration",
        ),
        pytest.param(
            '[ask]\nwait = "0s"',
            "line 2: `wait`: a duration is between `1s` and `366d`.",
            id="zero",
        ),
        pytest.param(
            '[ask]\nin = "box"',
            "line 2: unknown value of `in` `box`. Did you mean `inbox`?",
            id="where",
        ),
        pytest.param(
            RULE + RULE.replace('"r"', '"s"') + 'effects = [\n  "read",\n  "delte",\n]',
            "line 9: unknown effect `delte`. Did you mean `delete`?",
            id="effect",
        ),
        pytest.param(
            RULE + 'kinds = ["edits"]',
            "line 4: unknown kind `edits`. Did you mean `edit`?",
            id="kind",
        ),
        pytest.param(
            RULE + 'classes = ["top"]',
            "line 4: unknown class `top`. Known are: trivial, low, medium, high, irreversible.",
            id="class",
        ),
        pytest.param(
            '[[rule]]\nname = "r"\nroute = "allow"',
            "line 3: unknown route `allow`. Known are: proceed, notify, gate, deny.",
            id="route",
        ),
        pytest.param('[[rule]]\nroute = "gate"', "line 1: a rule needs a `name`.", id="no-name"),
        pytest.param(
            '[[rule]]\nname = "A b"\nroute = "gate"',
            "line 2: a name has small letters, digits and `-`, at most 64.",
            id="name",
        ),
        pytest.param(RULE + RULE, "line 5: there are two rules named `r`.", id="same-name"),
        pytest.param(
            RULE + "paths = []",
            "line 4: `paths` is empty; leave it out if it does not matter.",
            id="empty",
        ),
        pytest.param(
            RULE + 'agents = "codex"', "line 4: `agents` wants a list in brackets.", id="list"
        ),
        pytest.param(RULE + "agents = [1]", "line 4: `agents` wants text in quotes.", id="text"),
        pytest.param(
            RULE + 'tools = ["git*/x"]',
            "line 4: `tools`: write `server/tool`, with `*` for the whole of either.",
            id="tool",
        ),
        pytest.param(
            RULE + 'paths = ["../x"]',
            "line 4: `paths`: write a path inside the workspace, "
            "with `*`, `?` and `**` as wildcards.",
            id="path",
        ),
        pytest.param(
            RULE + 'programs = ["npm  test"]',
            "line 4: `programs`: write words parted by single spaces.",
            id="program",
        ),
    ],
)
def test_errors_name_the_place_and_the_way_out(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_policy(text.encode())
    assert error.value.message == f"policy.toml {message}"
    assert error.value.hint


def test_bytes_that_are_not_text() -> None:
    with pytest.raises(UsageError, match="line 2: this is not UTF-8 text"):
        parse_policy(b"\n\xff")
