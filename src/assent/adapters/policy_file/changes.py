"""The table `[changes]` as the rules it says."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from assent.adapters.policy_file.tables import (
    ChangesTable,
    CheckTable,
    ModelTable,
    NeedsTable,
    SignTable,
)
from assent.adapters.policy_file.values import CLASSES
from assent.core.changes.model import Severity
from assent.core.people.groups import is_group
from assent.core.policy.changes import ChangeRules, CheckRule, ModelRule, Path
from assent.core.policy.model import Wanted
from assent.core.risk.factors import RiskClass

T = TypeVar("T")
REQUIRED = "required"


def change_rules(said: ChangesTable, profile: ChangeRules) -> ChangeRules:
    """What the file says, and for what it leaves open what the profile says."""
    paths = {CLASSES[word]: Path(path) for word, path in said.paths if path is not None}
    lines = {CLASSES[word]: limit for word, limit in said.lines if limit is not None}
    return ChangeRules(
        target=_or(said.target, profile.target),
        test=_or(said.test, profile.test),
        test_limit_ms=_or(said.test_timeout, profile.test_limit_ms),
        test_retries=_or(said.retries, profile.test_retries),
        sandbox=_or(said.sandbox, profile.sandbox),
        share=tuple(dict.fromkeys(_or(said.share, list(profile.share)))),
        paths=MappingProxyType({**profile.paths, **paths}),
        lines=MappingProxyType({**profile.lines, **lines}),
        reviewers=tuple(dict.fromkeys(_or(said.reviewers, list(profile.reviewers)))),
        quorum=_or(said.quorum, profile.quorum),
        needs=MappingProxyType({**profile.needs, **_needs(said.needs)}),
        separate=_or(said.separate, profile.separate),
        signed=_signed(said.sign, profile.signed),
        iterations=_or(said.iterations, profile.iterations),
        window=_or(said.window, profile.window),
        checks=(*profile.checks, *(_check(check) for check in said.check)),
        model=profile.model if said.model is None else _model(said.model),
        unexplained=_or(said.unexplained, profile.unexplained),
    )


def _or(said: T | None, otherwise: T) -> T:
    return otherwise if said is None else said


def _needs(said: list[Wanted] | NeedsTable) -> Mapping[RiskClass, tuple[Wanted, ...]]:
    if isinstance(said, NeedsTable):
        return {CLASSES[word]: tuple(needs) for word, needs in said if needs is not None}
    return dict.fromkeys(RiskClass, tuple(said))


def _signed(said: str | SignTable, profile: frozenset[RiskClass]) -> frozenset[RiskClass]:
    """The classes that are accepted by a signature only."""
    if not isinstance(said, SignTable):
        return frozenset(RiskClass) if said == REQUIRED else frozenset()
    words = {CLASSES[word]: value for word, value in said if value is not None}
    wanted = {risk for risk, value in words.items() if value == REQUIRED}
    return frozenset((profile - words.keys()) | wanted)


def _check(said: CheckTable) -> CheckRule:
    return CheckRule(
        name=said.name,
        command=said.command,
        form=said.format,
        severity=Severity(said.severity),
        fails=said.fails,
        paths=tuple(said.paths),
    )


def _model(said: ModelTable) -> ModelRule:
    return ModelRule(
        model=said.model,
        base_url=said.base_url or "",
        key_env=said.key_env or "",
        limit_ms=said.timeout,
        floor=said.floor,
    )


def clashes(said: ChangesTable) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What each key by itself allows, and all together do not."""
    seen: set[str] = set()
    for number, check in enumerate(said.check):
        if check.name in seen:
            yield (
                ("changes", "check", number, "name"),
                f"there are two checks named `{check.name}`",
            )
        seen.add(check.name)
    if said.quorum is not None and _too_few(said.reviewers or [], said.quorum):
        what = f"`quorum` wants {said.quorum} people, and `reviewers` names fewer"
        yield ("changes", "quorum"), what
    for needs in _needs(said.needs).values():
        for wanted in needs:
            if _too_few(wanted.who, wanted.count):
                what = f"`needs` wants {wanted.count} people, and names {len(wanted.who)}"
                yield ("changes", "needs"), what


def _too_few(people: Sequence[str], count: int) -> bool:
    """How many a group has is not known here."""
    return 0 < len(set(people)) < count and not any(is_group(name) for name in people)
