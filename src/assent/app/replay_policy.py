"""What a draft of a policy would have said about the calls that are on record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assent.app.records import body_of
from assent.core.actions import (
    Action,
    Command,
    FileEdit,
    FileRead,
    Plan,
    PolicyEdit,
    ToolCall,
    unknown_action,
)
from assent.core.canonical import Digest, Json
from assent.core.facts import Facts, PathFact, PlanState
from assent.core.ledger import Entry
from assent.core.policy import Policy, choose
from assent.core.policy.model import STRICTNESS, Autonomy, Mode, RouteName, route_name
from assent.core.proposals import AgentSession, Proposal
from assent.core.risk.factors import (
    Cost,
    Factors,
    Precedent,
    Reach,
    Reversibility,
    RiskClass,
    Sensitivity,
)
from assent.core.risk.model import Assessment, Effect, Evidence, Scope

KINDS: Mapping[str, RouteName] = {
    "proceeded": RouteName.PROCEED,
    "notified": RouteName.NOTIFY,
    "asked": RouteName.GATE,
    "refused": RouteName.DENY,
}
"""Kinds of entries that hold a decision of the policy."""
DECIDED = "decided"
SHOWN = 50
"""Changed decisions that are listed."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A call that the draft would have routed in another way."""

    at: int
    title: str
    agent: str
    risk: str
    before: RouteName
    after: RouteName
    rule: str
    """The draft's rule."""
    person: str = ""
    """What a person said about it, if one was asked: `approve`, `reject`."""


@dataclass(slots=True)
class Replay:
    """The counts, and some of what they stand for."""

    calls: int = 0
    """On record in the workspace."""
    lacking: int = 0
    """Of these: recorded without what is needed to route them again."""
    asked_before: int = 0
    asked_after: int = 0
    saved: int = 0
    """Asked then, and not by the draft."""
    added: int = 0
    """Asked by the draft, and not then."""
    released: int = 0
    """Rejected by a person then, and let through by the draft."""
    refused: int = 0
    """Let through or asked about then, and refused by the draft."""
    changed: list[Changed] = field(default_factory=list)
    """The first of them; released ones first."""


_OWN = ("policy", "unexplained")
"""Kinds of what Assent asks about by itself, under no rule."""


def replay(entries: Sequence[Entry], policy: Policy, *, workspace: str) -> Replay:
    """Route the recorded calls of a workspace again, under `policy`."""
    bodies = [body_of(entry) for entry in entries]
    said = {
        body.get("request"): str(body.get("verdict"))
        for body in bodies
        if body.get("kind") == DECIDED and body.get("verdict") in ("approve", "modify", "reject")
    }
    found = Replay()
    for body in bodies:
        here = body.get("workspace") == workspace and body.get("action_kind") not in _OWN
        if here and body.get("kind") in KINDS:
            _count(found, body, policy, said)
    found.changed.sort(key=lambda each: (each.person != "reject", each.at))
    del found.changed[SHOWN:]
    return found


def _count(
    found: Replay, body: Mapping[str, Json], policy: Policy, said: Mapping[Json, str]
) -> None:
    found.calls += 1
    before = KINDS[_text(body["kind"])]
    found.asked_before += before is RouteName.GATE
    try:
        after, rule = _routed(body, policy)
    except (KeyError, ValueError, TypeError, IndexError):
        found.lacking += 1
        found.asked_after += before is RouteName.GATE
        return
    if after is RouteName.GATE and _let_through_otherwise(body, before):
        after = before
    found.asked_after += after is RouteName.GATE
    if after is before:
        return
    person = said.get(body.get("request"), "") if before is RouteName.GATE else ""
    found.saved += before is RouteName.GATE
    found.added += after is RouteName.GATE
    found.refused += after is RouteName.DENY
    found.released += person == "reject" and STRICTNESS[after] < STRICTNESS[RouteName.GATE]
    found.changed.append(
        Changed(
            at=_number(body["at"]),
            title=str(body.get("title")),
            agent=str(body.get("agent")),
            risk=str(body.get("class")),
            before=before,
            after=after,
            rule=rule,
            person=person,
        )
    )


def _let_through_otherwise(body: Mapping[str, Json], before: RouteName) -> bool:
    """By a grant or an earlier approval, which would have held under the draft as well."""
    rule = str(body.get("rule"))
    return before is RouteName.PROCEED and (rule.startswith("grant ") or rule == "remembered")


def _routed(body: Mapping[str, Json], policy: Policy) -> tuple[RouteName, str]:
    if "evidence" not in body or "evidence_cut" in body:
        raise KeyError("evidence")
    workspace = _text(body["workspace"])
    paths: dict[str, PathFact] = {}
    reasons = tuple(_reasons(body, workspace, paths))
    assessment = Assessment(
        risk=RiskClass[_text(body["class"]).upper()],
        effects=frozenset(Effect(_text(word)) for word in _items(body["effects"])),
        evidence=reasons,
        title=_text(body["title"]),
        undo="",
    )
    session = AgentSession(
        agent=_text(body["agent"]), session_id="", workspace=workspace, cwd=workspace
    )
    branch = body.get("branch")
    facts = Facts(
        workspace=workspace,
        home="",
        assent_home="",
        paths=paths,
        plan=PlanState(_text(body["plan_state"])),
        now=_number(body["at"]),
        branch=branch if isinstance(branch, str) else None,
    )
    proposal = Proposal(
        session=session,
        call_id="",
        tool=_text(body["tool"]),
        action=_action(body, workspace),
        payload=b"",
    )
    as_run = _in_recorded_mode(policy, session.agent, _text(body["autonomy"]))
    chosen = choose(assessment, as_run, proposal=proposal, facts=facts)
    return route_name(chosen.route), chosen.route.rule


def _in_recorded_mode(policy: Policy, agent: str, mode: str) -> Policy:
    """The mode that a run chose by its environment holds again, if the draft allows it."""
    autonomy = policy.autonomy
    own, recorded = autonomy.agents.get(agent, autonomy.default), Mode(mode)
    chose = recorded is Mode.AUTONOMOUS and Mode.AUTONOMOUS in autonomy.allow
    if own is recorded or not chose:
        return policy
    return replace(policy, autonomy=Autonomy(recorded))


def _reasons(
    body: Mapping[str, Json], workspace: str, paths: dict[str, PathFact]
) -> Iterator[Evidence]:
    """What `records.judged_fields` wrote; where programs lead is put into `paths`."""
    for item in _items(body["evidence"]):
        given = [*_items(item)]
        filled: list[Json] = [*given, *_NOTHING[len(given) :]]
        rule, effect, digits, path, program, leads, scope, amount, called = filled
        words = tuple(_text(word) for word in _items(program or []))
        if words and leads:
            paths[words[0]] = PathFact(real=_absolute(_text(leads), workspace), inside=True)
        act, _, target = _text(scope).partition(" ")
        yield Evidence(
            rule=_text(rule),
            effect=Effect(_text(effect)),
            factors=_factors(_text(digits)),
            what=_text(body["title"]),
            path=_absolute(_text(path), workspace),
            program=words,
            scope=Scope(act, target) if act else None,
            called=tuple(tuple(_text(word) for word in _items(other)) for other in _items(called)),
            amount=_number(amount),
        )


_NOTHING: tuple[Json, ...] = ("", Effect.NONE.value, "00000", "", [], "", "", 0, [])


def _absolute(path: str, workspace: str) -> str:
    return path if path.startswith("/") or not path else f"{workspace.rstrip('/')}/{path}"


def _factors(digits: str) -> Factors:
    reversibility, reach, cost, sensitivity, precedent = (int(digit) for digit in digits)
    return Factors(
        Reversibility(reversibility),
        Reach(reach),
        Cost(cost),
        Sensitivity(sensitivity),
        Precedent(precedent),
    )


def _action(body: Mapping[str, Json], workspace: str) -> Action:
    """An action of the recorded kind: no rule looks at more of it than its tool."""
    nothing = Digest("")
    match body["action_kind"]:
        case "command":
            return Command("", workspace)
        case "edit":
            return FileEdit((), workspace)
        case "read":
            return FileRead((), workspace)
        case "tool":
            return ToolCall(_text(body["server"]), _text(body["called"]), "{}")
        case "plan":
            return Plan("")
        case "policy":
            return PolicyEdit(workspace, nothing, nothing, "")
        case _:
            return unknown_action("", tool="", payload=b"", reason="")


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("expected a number")
    return value


def _items(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise TypeError("expected a list")
    return value


# --- as data


def replay_fields(found: Replay) -> dict[str, Json]:
    changed: list[Json] = [
        {
            "at": each.at,
            "title": each.title,
            "agent": each.agent,
            "class": each.risk,
            "before": each.before.value,
            "after": each.after.value,
            "rule": each.rule,
            "person": each.person,
        }
        for each in found.changed
    ]
    return {
        "calls": found.calls,
        "lacking": found.lacking,
        "asked_before": found.asked_before,
        "asked_after": found.asked_after,
        "saved": found.saved,
        "added": found.added,
        "released": found.released,
        "refused": found.refused,
        "changed": changed,
    }
