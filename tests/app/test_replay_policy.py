"""A draft of a policy, replayed over what is on record, tells what it would have changed."""

from dataclasses import replace

import pytest

from assent.app.decide_request import Word, decide_request
from assent.app.question import Waiting
from assent.app.records import body_of
from assent.app.replay_policy import Replay, replay
from assent.app.submit_action import submit_action
from assent.core.actions import ToolCall
from assent.core.approvals import Verdict
from assent.core.ledger import Entry
from assent.core.policy import Policy, Rule
from assent.core.policy.model import RouteName
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Effect
from assent.testing import MemoryStore
from tests.app.conftest import Scene, proposal
from tests.app.world import BUILT_IN

PUSH, READ, DELETE = "git push origin main", "ls src", "rm -r old"
CALLS = (PUSH, READ, DELETE, "frobnicate --all --token=abcdefgh12345", "echo x > src/a.txt")


def draft(*rules: Rule) -> Policy:
    return replace(BUILT_IN, rules=rules)


async def a_day(scene: Scene) -> None:
    for text in CALLS:
        submitted = await submit_action(scene.gate, proposal(text))
        verdict = Verdict.REJECT if text == PUSH else Verdict.APPROVE
        if isinstance(submitted, Waiting):
            word = Word(verdict=verdict, by="ana", via="cli", reason="so", confirm="read")
            await decide_request(scene.gate, submitted.request.number, word)
    await submit_action(scene.gate, proposal(ToolCall("lab", "poke", "{}")))


def replayed(scene: Scene, policy: Policy) -> Replay:
    entries = scene.store.read(lambda view: view.entries(limit=1000))
    return replay(entries, policy, workspace="/w")


async def test_the_same_policy_changes_nothing(scene: Scene) -> None:
    await a_day(scene)
    found = replayed(scene, BUILT_IN)
    assert found.calls == len(CALLS) + 1
    assert (found.lacking, found.saved, found.added, found.refused) == (0, 0, 0, 0)
    assert found.changed == []
    assert found.asked_before == found.asked_after > 1


@pytest.mark.parametrize(
    ("rule", "saved", "added", "refused", "released"),
    [
        pytest.param(Rule("all", RouteName.PROCEED), "all", 0, 0, 1, id="everything-proceeds"),
        pytest.param(
            Rule(
                "r",
                RouteName.GATE,
                effects=frozenset({Effect.READ}),
                classes=frozenset({RiskClass.TRIVIAL}),
            ),
            0,
            1,
            0,
            0,
            id="reading-is-asked",
        ),
        pytest.param(
            Rule("no", RouteName.DENY, programs=("git push",)), 1, 0, 1, 0, id="a-program-refused"
        ),
        pytest.param(
            Rule("out", RouteName.DENY, scopes=("push origin/main",)),
            1,
            0,
            1,
            0,
            id="a-scope-refused",
        ),
        pytest.param(
            Rule("lab", RouteName.PROCEED, tools=("lab/*",)), 1, 0, 0, 0, id="a-tool-let-through"
        ),
        pytest.param(
            Rule("old", RouteName.PROCEED, effects=frozenset({Effect.DELETE}), paths=("old",)),
            1,
            0,
            0,
            0,
            id="a-path-let-through",
        ),
    ],
)
async def test_what_a_draft_changes(
    scene: Scene, rule: Rule, saved: int | str, added: int, refused: int, released: int
) -> None:
    await a_day(scene)
    found = replayed(scene, draft(rule))
    assert found.saved == (found.asked_before if saved == "all" else saved)
    assert (found.added, found.refused, found.released) == (added, refused, released)
    assert len(found.changed) == found.saved + found.added


async def test_what_a_person_rejected_and_the_draft_lets_through_comes_first(scene: Scene) -> None:
    await a_day(scene)
    first = replayed(scene, draft(Rule("all", RouteName.PROCEED))).changed[0]
    assert (first.person, first.before, first.after) == (
        "reject",
        RouteName.GATE,
        RouteName.PROCEED,
    )
    assert first.title.startswith("push")


async def test_entries_of_older_versions_and_other_workspaces_are_told_apart(scene: Scene) -> None:
    await a_day(scene)
    store = MemoryStore()

    def older(tx: object) -> None:
        for number, entry in enumerate(kept):
            body = dict(body_of(entry))
            fields = {k: v for k, v in body.items() if k not in ("evidence", "kind", "at")}
            tx.append(f"s{number}", str(body["kind"]), at=1, fields=fields)  # type: ignore[attr-defined]

    kept: list[Entry] = list(scene.store.read(lambda view: view.entries(limit=1000)))
    await store.write(older, durable=True)
    entries = store.read(lambda view: view.entries(limit=1000))
    found = replay(entries, BUILT_IN, workspace="/w")
    assert found.lacking == found.calls == len(CALLS) + 1
    assert replay(entries, BUILT_IN, workspace="/elsewhere").calls == 0


async def test_the_record_holds_no_secret_and_little_else(scene: Scene) -> None:
    await a_day(scene)
    bodies = [entry.body for entry in scene.store.read(lambda view: view.entries(limit=1000))]
    assert not any(b"abcdefgh12345" in body for body in bodies)
    judged = [body_of(entry) for entry in scene.store.read(lambda view: view.entries(limit=1000))]
    assert all(len(body["evidence"]) <= 40 for body in judged if "evidence" in body)  # type: ignore[arg-type]
