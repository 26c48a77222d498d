"""Cases beside a policy: what it must say about calls that the team cares about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assent.app.explain_policy import explain_call
from assent.app.gatehouse import Gatehouse
from assent.core.canonical import Json
from assent.core.policy import Policy
from assent.core.policy.model import route_name
from assent.core.proposals import Proposal


@dataclass(frozen=True, slots=True)
class Case:
    """A call, and what must become of it. An expectation that is empty is not checked."""

    name: str
    proposal: Proposal
    route: str = ""
    risk: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a case came out. It holds when `wrong` is empty."""

    name: str
    route: str
    risk: str
    rule: str
    wrong: tuple[str, ...]
    """Sentence parts: `route is proceed, not gate`."""


def try_policy(gate: Gatehouse, policy: Policy, cases: Sequence[Case]) -> Iterator[Tried]:
    """Judge each case under `policy`, in the world as it is. Nothing is run or recorded."""
    for case in cases:
        explained = explain_call(gate, case.proposal, policy)
        found = {
            "route": route_name(explained.route).value,
            "class": explained.assessment.risk.word,
            "rule": explained.route.rule,
        }
        wanted = {"route": case.route, "class": case.risk, "rule": case.rule}
        wrong = tuple(
            f"{what} is {found[what]}, not {value}"
            for what, value in wanted.items()
            if value and value != found[what]
        )
        yield Tried(case.name, found["route"], found["class"], found["rule"], wrong)


def tried_fields(tried: Tried) -> dict[str, Json]:
    return {
        "name": tried.name,
        "passed": not tried.wrong,
        "route": tried.route,
        "class": tried.risk,
        "rule": tried.rule,
        "wrong": list(tried.wrong),
    }
