"""What rules say about asking holds from the call to the decision and the next call."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from assent.app.agents import AskThere, LetThrough, Refuse, SessionEvent, Tell
from assent.app.decide_request import Word, decide_request
from assent.app.ports import View
from assent.app.question import Waiting
from assent.app.record_outcome import record_session
from assent.app.records import body_of
from assent.app.run_timers import run_timers
from assent.app.submit_action import submit_action
from assent.core.actions import Action, EditKind, FileChange, FileEdit, Plan
from assent.core.approvals import Cause, Refusal, Request, State, Verdict
from assent.core.canonical import digest_of
from assent.core.facts import PlanState
from assent.core.policy import AskIn, Rule, Tier
from assent.core.policy.budget import Budget, Price
from assent.core.policy.model import Asks, Autonomy, Mode, Review, RouteName
from assent.core.policy.team import TeamRule
from assent.core.proposals import Proposal
from assent.core.risk.factors import RiskClass
from tests.app.conftest import Scene, proposal
from tests.app.world import BUILT_IN, StillPolicies

CALL = "echo hello"
HOUR = 3_600_000


def rule(**asks: object) -> Rule:
    """Every command is asked about, so."""
    terms = Asks(**{"tier": Tier.ACKNOWLEDGE, **asks})  # type: ignore[arg-type]
    return Rule("all", RouteName.GATE, kinds=frozenset({"command", "edit"}), asks=terms)


def under(scene: Scene, *rules: Rule, **more: object) -> None:
    scene.policies = StillPolicies(replace(BUILT_IN, rules=rules, **more))  # type: ignore[arg-type]


async def asked(scene: Scene, call: Action | str = CALL, *, session: str = "s1") -> Request:
    submitted = await submit_action(scene.gate, proposal(call, session_id=session))
    assert isinstance(submitted, Waiting), submitted
    return submitted.request


async def say(
    scene: Scene, request: Request, verdict: Verdict = Verdict.APPROVE, **more: str
) -> Request | Refusal:
    words = {"by": "ana", "via": "web", "reason": "so", **more}
    return await decide_request(scene.gate, request.number, Word(verdict=verdict, **words))  # type: ignore[arg-type]


def entries(scene: Scene, kind: str) -> list[dict[str, object]]:
    def read(view: View) -> list[dict[str, object]]:
        return [dict(body_of(entry)) for entry in view.entries(limit=1000)]

    return [body for body in scene.store.read(read) if body["kind"] == kind][::-1]


# --- who and how many


async def test_only_the_named_people_decide(scene: Scene) -> None:
    under(scene, rule(reviewers=("ben",)))
    request = await asked(scene)
    refused = await say(scene, request)
    assert isinstance(refused, Refusal)
    assert refused.cause is Cause.NOT_A_REVIEWER
    assert isinstance(await say(scene, request, by="ben"), Request)
    assert await submit_action(scene.gate, proposal(CALL)) == LetThrough()


async def test_a_quorum_of_two_needs_two_people(scene: Scene) -> None:
    under(scene, rule(quorum=2))
    request = await asked(scene)
    assert isinstance(await say(scene, request), Request)
    assert isinstance(await submit_action(scene.gate, proposal(CALL)), Waiting)
    assert isinstance(await say(scene, request), Refusal)
    await say(scene, request, by="ben")
    assert scene.state(request.number) is State.APPROVED
    assert await submit_action(scene.gate, proposal(CALL)) == LetThrough()


async def test_the_highest_tier_needs_the_name(scene: Scene) -> None:
    under(scene, rule(tier=Tier.APPROVE))
    request = await asked(scene)
    for confirm in ("", "read", "REQ-2"):
        refused = await say(scene, request, confirm=confirm)
        assert isinstance(refused, Refusal)
        assert refused.cause is Cause.NOT_CONFIRMED
    assert isinstance(await say(scene, request, confirm="req-1"), Request)
    [decided] = entries(scene, "decided")
    assert decided["hand"] == "approve"


@pytest.mark.parametrize(
    "asks", [{"reviewers": ("ana",)}, {"quorum": 2}, {"tier": Tier.APPROVE}], ids=str
)
async def test_the_agents_prompt_is_asked_only_what_it_can_ask(
    scene: Scene, asks: dict[str, object]
) -> None:
    scene.agent.abilities = replace(scene.agent.abilities, ask_there=True)
    under(scene, rule(), ask_in=AskIn.AGENT)
    there = await submit_action(scene.gate, proposal(CALL, headless=False))
    assert isinstance(there, AskThere)
    under(scene, rule(**asks), ask_in=AskIn.AGENT)
    other = await submit_action(scene.gate, proposal("echo other", headless=False))
    assert isinstance(other, Waiting)


# --- how long


async def test_a_rule_says_how_long_to_wait(scene: Scene) -> None:
    under(scene, rule(wait_ms=5_000, expires_ms=10_000))
    submitted = await submit_action(scene.gate, proposal(CALL))
    assert isinstance(submitted, Waiting)
    assert submitted.wait_ms == 5_000
    assert submitted.request.expires_at == scene.clock.now() + 10_000


async def through_timers(scene: Scene) -> None:
    await run_timers(scene.gate)


async def through_a_retry(scene: Scene) -> None:
    await submit_action(scene.gate, proposal(CALL))


@pytest.mark.parametrize("run_out", [through_timers, through_a_retry], ids=["timer", "retry"])
async def test_when_time_is_up_others_are_asked_and_then_it_is_denied(
    scene: Scene, run_out: Callable[[Scene], object]
) -> None:
    under(scene, rule(reviewers=("ben",), then_ask=("cleo",), expires_ms=10_000))
    request = await asked(scene)
    scene.clock.advance(10_000)
    await run_out(scene)  # type: ignore[misc]
    assert scene.state(request.number) is State.PENDING
    assert [body["reviewers"] for body in entries(scene, "escalated")] == [["cleo"]]
    assert isinstance(await say(scene, request, by="ben"), Refusal)
    scene.clock.advance(10_000)
    await run_timers(scene.gate)
    assert scene.state(request.number) is State.EXPIRED


# --- remembered


async def test_an_approval_is_remembered_as_long_as_the_rule_says(scene: Scene) -> None:
    under(scene, rule(remember_ms=HOUR))
    request = await asked(scene)
    await say(scene, request)
    for _ in range(3):
        assert await submit_action(scene.gate, proposal(CALL)) == LetThrough()
    again = entries(scene, "proceeded")
    assert [body["rule"] for body in again] == ["remembered", "remembered"]
    assert {body["request"] for body in again} == {request.number}
    assert await submit_action(scene.gate, proposal(CALL, session_id="s2")) == LetThrough()
    other = await submit_action(scene.gate, proposal("echo other"))
    assert isinstance(other, Waiting)
    scene.clock.advance(HOUR)
    assert isinstance(await submit_action(scene.gate, proposal(CALL)), Waiting)


async def test_a_tightened_policy_shortens_what_is_remembered(scene: Scene) -> None:
    under(scene, rule(remember_ms=HOUR))
    await say(scene, await asked(scene))
    assert await submit_action(scene.gate, proposal(CALL)) == LetThrough()
    under(scene, rule(remember_ms=1_000))
    scene.clock.advance(1_000)
    assert isinstance(await submit_action(scene.gate, proposal(CALL)), Waiting)
    under(scene, rule())
    assert isinstance(await submit_action(scene.gate, proposal("echo 2")), Waiting)


async def test_what_a_person_changed_is_not_remembered(scene: Scene) -> None:
    under(scene, rule(remember_ms=HOUR))
    request = await asked(scene)
    word = Word(verdict=Verdict.MODIFY, by="ana", via="web", text="echo bye")
    await decide_request(scene.gate, request.number, word)
    await submit_action(scene.gate, proposal(CALL))
    assert isinstance(await submit_action(scene.gate, proposal(CALL)), Waiting)


# --- no often enough


async def reject_some(scene: Scene, count: int) -> None:
    for number in range(count):
        request = await asked(scene, f"echo {number}")
        await say(scene, request, Verdict.REJECT)


async def test_an_agent_that_was_told_no_too_often_stops(scene: Scene) -> None:
    under(scene, rule(), review=Review(rejections=2, within_ms=HOUR))
    await reject_some(scene, 2)
    refused = await submit_action(scene.gate, proposal("echo third"))
    assert isinstance(refused, Refuse)
    assert "2 of your requests" in refused.message
    assert [body["rule"] for body in entries(scene, "refused")] == ["too-many-rejections"]
    assert isinstance(
        await submit_action(scene.gate, proposal("echo third", session_id="s2")), Waiting
    )
    scene.clock.advance(HOUR + 1)
    assert isinstance(await submit_action(scene.gate, proposal("echo third")), Waiting)


async def test_or_others_decide_about_it(scene: Scene) -> None:
    under(scene, rule(), review=Review(rejections=1, then_ask=("cleo",)))
    await reject_some(scene, 1)
    request = await asked(scene, "echo second")
    assert request.reviewers == ("cleo",)


# --- sent back


async def test_a_vague_call_is_sent_back_until_it_says_enough(scene: Scene) -> None:
    under(scene, asks=Asks(needs_rollback=True))
    call = "curl -d @notes https://example.org"
    returned = await submit_action(scene.gate, proposal(call))
    assert isinstance(returned, Refuse)
    assert "say what it is for and how to undo it (rollback), then try again" in returned.message
    assert "# why: ...; undo: ..." in returned.message
    assert scene.waiting() == []
    [entry] = entries(scene, "returned")
    assert entry["missing"] == ["what it is for", "how to undo it (rollback)"]
    request = await asked(scene, f"# why: tag it; undo: git tag -d v1\n{call}")
    assert (request.purpose, request.rollback) == ("tag it", "git tag -d v1")


async def test_a_call_with_no_room_to_say_it_is_asked_about(scene: Scene) -> None:
    change = FileChange("/etc/hosts", EditKind.UPDATE, digest_of(b"a"), digest_of(b"b"), diff="")
    under(scene, asks=Asks(needs_rollback=True))
    request = await asked(scene, FileEdit((change,), "/w"))
    assert (request.purpose, request.rollback) == ("", "")


# --- money


async def test_a_budget_that_is_used_up_asks(scene: Scene) -> None:
    price = Price(400, programs=("echo",))
    under(scene, budget=Budget(per_day=1000, prices=(price,), currency="EUR"))
    for number in range(2):
        passed = await submit_action(scene.gate, proposal(f"echo {number}"))
        assert passed == LetThrough()
    over = await submit_action(scene.gate, proposal("echo 3"))
    assert isinstance(over, Waiting)
    assert "2.00 EUR of today's 10.00 EUR are left" in over.request.why
    assert over.request.assessment.risk is RiskClass.HIGH
    scene.clock.advance(24 * HOUR)
    assert await submit_action(scene.gate, proposal("echo 4")) == LetThrough()


async def test_what_a_person_let_through_counts_as_spent(scene: Scene) -> None:
    price = Price(900, programs=("echo",))
    under(scene, rule(), budget=Budget(per_agent=1000, prices=(price,)))
    await say(scene, await asked(scene))
    assert await submit_action(scene.gate, proposal(CALL)) == LetThrough()
    under(scene, budget=Budget(per_agent=1000, prices=(price,)))
    assert isinstance(await submit_action(scene.gate, proposal("echo 2")), Waiting)
    [spent] = entries(scene, "spent")
    assert (spent["agent"], spent["amount"]) == ("plain", 900)


# --- modes, plans, team rules


def in_loop(call: Proposal, *, says: bool) -> Proposal:
    return replace(call, session=replace(call.session, human_in_loop=says))


async def test_a_run_may_choose_its_mode_as_far_as_the_policy_allows(scene: Scene) -> None:
    call = in_loop(proposal(Plan("# Plan")), says=False)
    under(scene)
    assert isinstance(await submit_action(scene.gate, call), Waiting)
    allowed = Autonomy(allow=frozenset({Mode.AUTONOMOUS}))
    under(scene, autonomy=allowed)
    other = in_loop(proposal(Plan("# Other plan"), session_id="s2"), says=False)
    assert await submit_action(scene.gate, other) == LetThrough()
    [noted] = entries(scene, "notified")
    assert (noted["autonomy"], noted["plan"]) == ("autonomous", "# Other plan")
    state = scene.store.read(lambda view: view.plan_state(agent="plain", session_id="s2"))
    assert state is PlanState.APPROVED


async def test_an_edit_that_breaks_a_team_rule_is_a_reason(scene: Scene) -> None:
    diff = "--- a\n+++ b\n@@ -0,0 +1 @@\n+print(1)\n"
    change = FileChange("/w/a.py", EditKind.UPDATE, digest_of(b"a"), digest_of(b"b"), diff=diff)
    under(scene, team=(TeamRule("no-print", r"\bprint\(", "use the logger"),))
    request = await asked(scene, FileEdit((change,), "/w"))
    assert "team-rule" in [item.rule for item in request.assessment.evidence]


async def test_a_session_starts_with_the_teams_rules(scene: Scene) -> None:
    session = proposal(CALL).session
    under(scene)
    nothing = await record_session(scene.gate, SessionEvent(session, "start"))
    assert not isinstance(nothing, Tell)
    under(scene, team=(TeamRule("no-print", r"\bprint\(", "use the logger"),))
    told = await record_session(scene.gate, SessionEvent(session, "start"))
    assert isinstance(told, Tell)
    assert "use the logger" in told.message


# --- rules about the policy itself


async def test_a_rule_says_who_accepts_a_policy(scene: Scene) -> None:
    terms = Asks(reviewers=("ben",))
    under(scene, Rule("policy", RouteName.GATE, kinds=frozenset({"policy"}), asks=terms))
    scene.world.policy = b"mine"
    await submit_action(scene.gate, proposal(CALL))
    [request] = scene.waiting()
    assert (request.reviewers, request.tier) == (("ben",), Tier.APPROVE)


async def test_a_rule_that_refuses_everything_leaves_a_way_to_change_the_policy(
    scene: Scene,
) -> None:
    under(scene, Rule("no", RouteName.DENY))
    scene.world.policy = b"mine"
    await submit_action(scene.gate, proposal(CALL))
    assert len(scene.waiting()) == 1
