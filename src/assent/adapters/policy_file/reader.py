"""Read a policy file. The same bytes always give the same policy, or the same error."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from assent.adapters.policy_file.changes import change_rules, clashes
from assent.adapters.policy_file.faults import Source
from assent.adapters.policy_file.tables import (
    Asking,
    BudgetTable,
    File,
    ReviewTable,
    RuleTable,
    TeamTable,
)
from assent.adapters.policy_file.values import CLASSES
from assent.core.canonical import digest_of
from assent.core.people.groups import is_group
from assent.core.policy.budget import Budget, Price
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import (
    AskIn,
    Asks,
    Autonomy,
    Handing,
    Mode,
    PathOwner,
    Policy,
    Review,
    RouteName,
    Rule,
    Tier,
)
from assent.core.policy.team import TeamRule
from assent.core.risk.catalog import NOTHING_KNOWN, Catalog, Program, catalog_of
from assent.core.risk.edits.classes import PathClass
from assent.core.risk.model import Effect

_HERE = Path(__file__).parent
BUILT_IN = (_HERE / "default.toml").read_bytes()
"""The policy of a workspace without one; also what a new workspace's file begins as."""

_NO_TEST = b'\n# test = "npm test"\n'
_FOR_GATES = (
    *("tier", "reviewers", "quorum", "wait", "expires", "on_timeout", "remember", "rollback"),
    *("needs", "separate", "sign", "remind", "ladder", "advice"),
)


ReadPrograms = Callable[[Mapping[str, object]], tuple[tuple[str, Program], ...]]
"""Reads the tables of `[program]`: programs by their names. Raises UsageError."""


class PolicyFiles:
    """Reads policy files. `catalog` is what is known about programs before any policy."""

    def __init__(
        self, catalog: Catalog = NOTHING_KNOWN, read_programs: ReadPrograms | None = None
    ) -> None:
        self._catalog = catalog
        self._read_programs = read_programs
        self._known = lru_cache(maxsize=64)(self._with_catalog)

    def _with_catalog(self, text: bytes) -> Policy:
        """What the file says about a program holds before what is built in."""
        policy = parse_policy(text)
        tables = _read(text)[1].program
        if not tables or self._read_programs is None:
            return replace(policy, catalog=self._catalog)
        own = self._read_programs(tables)
        built_in = self._catalog.programs.items()
        return replace(policy, catalog=catalog_of((*own, *built_in)))

    def default(self) -> Policy:
        """The policy of a workspace that has accepted none."""
        return self._known(BUILT_IN)

    def default_text(self) -> bytes:
        """The file that says it."""
        return BUILT_IN

    def parse(self, text: bytes) -> Policy:
        """Raises UsageError with the line and the reason when `text` is not a policy."""
        return self._known(text)


def default_policy() -> Policy:
    """The built-in policy."""
    return parse_policy(BUILT_IN)


def starting_text(profile: str, *, test: str = "") -> bytes:
    """The file that a new workspace begins with: under `profile`, and with its tests' command."""
    text = BUILT_IN.replace(b'profile = "solo"', f'profile = "{profile}"'.encode(), 1)
    if not test:
        return text
    return text.replace(_NO_TEST, f"\ntest = {json.dumps(test, ensure_ascii=False)}\n".encode(), 1)


def json_schema() -> dict[str, object]:
    """JSON Schema of a policy file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **File.model_json_schema(by_alias=True),
        "title": "Assent policy",
    }


@lru_cache(maxsize=64)
def parse_policy(text: bytes) -> Policy:
    """The policy that `text` says. Raises UsageError with the line and the reason."""
    source, file = _read(text)
    profile = _profile(file.profile)
    _refuse_what_cannot_be(source, file, profile)
    return _policy(text, file, profile)


def _read(text: bytes) -> tuple[Source, File]:
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise Source("").fault(line, "this is not UTF-8 text") from error
    source = Source(decoded)
    try:
        return source, File.model_validate(tomllib.loads(decoded))
    except tomllib.TOMLDecodeError as error:
        raise source.not_toml(error) from error
    except ValidationError as error:
        # A misspelt key tells more than the missing one it was to be.
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        raise source.not_a_policy(first) from error


@lru_cache(maxsize=8)
def _profile(name: str) -> Policy:
    """The rules and the asking of a profile."""
    _, file = _read((_HERE / "profiles" / f"{name}.toml").read_bytes())
    rules = tuple(replace(_rule(rule), general=True) for rule in file.rule)
    return Policy(
        digest=digest_of(b""),
        rules=rules,
        asks=_asks(file.ask),
        changes=change_rules(file.changes, ChangeRules()),
    )


def _policy(text: bytes, file: File, profile: Policy) -> Policy:
    ask = file.ask
    autonomy = file.autonomy
    return Policy(
        digest=digest_of(text),
        rules=(*(_rule(rule) for rule in file.rule), *profile.rules),
        wait_ms=ask.wait,
        headless_wait_ms=ask.wait if ask.headless_wait is None else ask.headless_wait,
        expires_ms=ask.expires,
        repeat_rejection_ms=ask.repeat_rejection,
        ask_in=AskIn(ask.in_),
        asks=_over(_asks(ask), profile.asks),
        autonomy=Autonomy(
            default=Mode(autonomy.default),
            agents={agent: Mode(mode) for agent, mode in autonomy.agents.items()},
            allow=frozenset(Mode(mode) for mode in autonomy.allow),
        ),
        review=_review(file.review),
        team=tuple(_team(rule) for rule in file.team),
        budget=_budget(file.budget),
        changes=change_rules(file.changes, profile.changes),
        zone=file.timezone,
        teams=MappingProxyType({name: _once(file.teams[name]) for name in file.teams}),
        owners=tuple(PathOwner(tuple(each.paths), _once(each.people)) for each in file.owners),
        codeowners=file.codeowners,
        handing=Handing(
            longest_ms=file.delegation.longest,
            worst=CLASSES[file.delegation.worst],
            allowed=file.delegation.allowed,
        ),
        profile=file.profile,
    )


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _over(said: Asks, otherwise: Asks) -> Asks:
    """`said`, and for what it leaves open `otherwise`."""
    values = {each.name: getattr(said, each.name) for each in fields(Asks)}
    return replace(otherwise, **{name: v for name, v in values.items() if v is not None})


def _asks(said: Asking) -> Asks:
    return Asks(
        reviewers=None if said.reviewers is None else tuple(dict.fromkeys(said.reviewers)),
        quorum=said.quorum,
        then_ask=said.on_timeout,
        remember_ms=said.remember,
        needs_rollback=None if said.rollback is None else said.rollback == "required",
        needs=None if said.needs is None else tuple(dict.fromkeys(said.needs)),
        separate=said.separate,
        signed=None if said.sign is None else said.sign == "required",
        remind_ms=said.remind,
        ladder=None if said.ladder is None else tuple(said.ladder),
        advice=said.advice,
    )


def _rule(rule: RuleTable) -> Rule:
    return Rule(
        name=rule.name,
        route=RouteName(rule.route),
        kinds=frozenset(rule.kinds),
        effects=frozenset(Effect(word) for word in rule.effects),
        classes=frozenset(CLASSES[word] for word in rule.classes),
        at_least=None if rule.at_least is None else CLASSES[rule.at_least],
        programs=tuple(rule.programs),
        tools=tuple(rule.tools),
        paths=tuple(rule.paths),
        path_classes=frozenset(PathClass(word) for word in rule.path_classes),
        scopes=tuple(rule.scopes),
        agents=frozenset(rule.agents),
        modes=frozenset(Mode(word) for word in rule.modes),
        branches=tuple(rule.branches),
        hours=tuple(rule.hours),
        cost_over=rule.cost_over,
        asks=replace(
            _asks(rule),
            tier=None if rule.tier is None else Tier(rule.tier),
            wait_ms=rule.wait,
            expires_ms=rule.expires,
        ),
    )


def _review(table: ReviewTable | None) -> Review:
    if table is None:
        return Review()
    return Review(table.rejections, table.within, table.then)


def _team(table: TeamTable) -> TeamRule:
    pattern = table.forbid or _as_word(table.instead_of or "")
    said = table.message or (
        f"use {table.use} instead of {table.instead_of}"
        if table.use
        else f"do not add lines like `{pattern}`"
    )
    return TeamRule(table.name, pattern, said, tuple(table.paths))


def _as_word(text: str) -> str:
    """A pattern for `text` that finds it only where no letter or digit goes on."""
    before = r"\b" if text[:1].isalnum() else ""
    after = r"\b" if text[-1:].isalnum() else ""
    return before + re.escape(text) + after


def _budget(table: BudgetTable) -> Budget:
    return Budget(
        per_day=table.per_day,
        per_agent=table.per_agent,
        currency=table.currency,
        prices=tuple(
            Price(price.amount, tuple(price.programs), tuple(price.tools)) for price in table.price
        ),
    )


# --- what each table by itself allows, and all together do not


def _refuse_what_cannot_be(source: Source, file: File, profile: Policy) -> None:
    for place, what in (*_name_clashes(file, profile), *_contradictions(file)):
        raise source.fault(source.line_of(place), what)


def _name_clashes(file: File, profile: Policy) -> Iterator[tuple[tuple[int | str, ...], str]]:
    seen = dict.fromkeys((rule.name for rule in profile.rules), "the profile has")
    for number, rule in enumerate(file.rule):
        if rule.name in seen:
            yield ("rule", number, "name"), _same_name(rule.name, seen[rule.name])
        seen[rule.name] = ""
    team: set[str] = set()
    for number, each in enumerate(file.team):
        if each.name in team:
            yield ("team", number, "name"), f"there are two team rules named `{each.name}`"
        team.add(each.name)


def _same_name(name: str, owner: str) -> str:
    return f"{owner} a rule named `{name}`" if owner else f"there are two rules named `{name}`"


def _contradictions(file: File) -> Iterator[tuple[tuple[int | str, ...], str]]:
    yield from (fault for number, rule in enumerate(file.rule) for fault in _in_rule(number, rule))
    yield from _in_asking(("ask",), file.ask)
    yield from clashes(file.changes)
    for number, team in enumerate(file.team):
        if (team.forbid is None) == (team.instead_of is None):
            what = "a team rule needs either `forbid`, or `instead_of` and `use`"
            yield ("team", number, "name"), what
        elif (team.use is None) != (team.instead_of is None):
            yield ("team", number, "name"), "`instead_of` and `use` belong together"
    for number, price in enumerate(file.budget.price):
        if not price.programs and not price.tools:
            yield ("budget", "price", number, "amount"), "a price needs `programs` or `tools`"


def _in_rule(number: int, rule: RuleTable) -> Iterator[tuple[tuple[int | str, ...], str]]:
    if rule.route != RouteName.GATE:
        for key in (key for key in _FOR_GATES if getattr(rule, key) is not None):
            yield ("rule", number, key), f'`{key}` is about asking, so it needs `route = "gate"`'
    yield from _in_asking(("rule", number), rule)


def _in_asking(
    place: tuple[int | str, ...], said: Asking
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    people = said.reviewers
    if people is not None and said.quorum is not None and _too_few(people, said.quorum):
        what = f"`quorum` wants {said.quorum} people, and `reviewers` names {len(set(people))}"
        yield (*place, "quorum"), what
    for wanted in said.needs or ():
        if _too_few(wanted.who, wanted.count):
            what = f"`needs` wants {wanted.count} people, and names {len(wanted.who)}"
            yield (*place, "needs"), what
    steps = [rung.after_ms for rung in said.ladder or ()]
    if steps != sorted(set(steps)):
        yield (*place, "ladder"), "each step of `ladder` comes later than the one before it"


def _too_few(people: Sequence[str], count: int) -> bool:
    """How many a group has is not known here."""
    return len(set(people)) < count and not any(is_group(name) for name in people)
