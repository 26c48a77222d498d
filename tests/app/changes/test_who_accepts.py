"""Who accepts a change, by what they are known, in whose name, and what is kept of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.changes import decide
from assent.app.changes.grounds import grounds_of
from assent.app.changes.saying import Voice
from assent.app.changes.statements import statement_of_change
from assent.app.notifications.items import Occasion
from assent.app.ports import Opened, Sending
from assent.app.proof.ports import ProofPorts
from assent.app.proof.statements import Prepared
from assent.app.records import body_of
from assent.core.changes.lifecycle import Cause, Refusal
from assent.core.changes.model import Change, ChangeState, Stance
from assent.core.people.model import Channel, Delegation, Factor, Passkey, Person
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import PathOwner, Wanted
from assent.core.proof.statement import read_statement
from assent.core.risk.factors import RiskClass
from assent.errors import ConflictError
from tests.app.changes.scene import Stage, done, git, stage
from tests.app.conftest import Scene
from tests.app.world import BUILT_IN, StillPolicies
from tests.signing import PasskeySigner, SshSigner, person

TOUCH, KEY, EVA = SshSigner("sk-ssh-ed25519@openssh.com"), SshSigner(), PasskeySigner()


def needing(*wanted: Wanted, **more: Any) -> ChangeRules:
    return ChangeRules(needs=dict.fromkeys(RiskClass, wanted), **more)


TWO = needing(Wanted(("@security",), 2))
SIGNED = needing(signed=frozenset(RiskClass))


async def house(on: Stage, rules: ChangeRules, *people: Person, **policy: Any) -> Stage:
    """The stage under these rules, with these people, and somebody who signs for the server."""
    folder = on.folder.parent
    ports = ProofPorts(CheckedSignatures(), ServerKeyFile(folder / "server.key"))
    on.scene.policies = StillPolicies(replace(BUILT_IN, changes=rules, **policy))
    on.gate = replace(on.scene.gate, changes=on.gate.changes, proof=ports)
    for each in people:
        await on.gate.store.write(lambda tx, made=each: tx.save_person(made), durable=True)  # type: ignore[misc]
    return on


@pytest.fixture
def on(tmp_path: Path) -> Stage:
    return stage(tmp_path, Scene())


async def submitted(on: Stage, **said: Any) -> Change:
    text = (on.folder / "numbers.txt").read_text()
    on.commit(numbers__txt=text.replace("line 2 = 2", "line 2 = 200").replace("25", "250"))
    return await on.submit(**said)


def cause(outcome: Change | Refusal) -> Cause:
    assert isinstance(outcome, Refusal), outcome
    return outcome.cause


def voice(by: str, **more: Any) -> Voice:
    return Voice(by=by, via=more.pop("via", "cli"), **more)


async def signed(
    on: Stage, by: str, signer: SshSigner | PasskeySigner, **more: Any
) -> Change | Refusal:
    """`by` accepts CH-1 by a signature; `more` are what is said."""
    via = "web" if isinstance(signer, PasskeySigner) else "cli"
    ready = await statement_of_change(on.gate, 1, voice(by, via=via), "accept", **more)
    if isinstance(ready, Refusal):
        return ready
    envelope = signer.envelope(ready.payload)
    return await decide.accept(on.gate, 1, voice(by, via=via, envelope=envelope), **more)


# Needs


async def test_it_is_accepted_when_all_who_have_to_did(on: Stage) -> None:
    people = [person(name, roles=("security",)) for name in ("ben", "cyd")]
    await house(on, TWO, person("ana"), *people)
    made = await submitted(on)
    assert done(await decide.accept(on.gate, 1, voice("ben"))).state is ChangeState.IN_REVIEW
    assert on.now(made).awaited == ("cyd",)
    assert done(await decide.accept(on.gate, 1, voice("ana"))).state is ChangeState.IN_REVIEW
    assert done(await decide.accept(on.gate, 1, voice("cyd"))).state is ChangeState.APPROVED
    assert on.entries(made) == ["submitted", "accepted", "accepted", "accepted"]


async def test_who_is_not_known_or_left_accepts_nothing(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana"), person("ben", active=False))
    await submitted(on)
    for name in ("zoe", "ben"):
        assert cause(await decide.accept(on.gate, 1, voice(name))) is Cause.NOT_A_REVIEWER


async def test_owners_are_those_of_the_branch_it_goes_to(on: Stage) -> None:
    """Never those that the change itself names."""
    git(on.folder, "checkout", "-q", "main")
    on.commit(CODEOWNERS="numbers.txt @ben\n")
    git(on.folder, "checkout", "-q", "work")
    git(on.folder, "rebase", "-q", "main")
    await house(on, needing(Wanted(("@owners",))), person("ana"), person("ben"))
    on.commit(CODEOWNERS="numbers.txt @ana\nCODEOWNERS @ana\n")
    await submitted(on)
    assert done(await decide.accept(on.gate, 1, voice("ana"))).state is ChangeState.IN_REVIEW
    assert done(await decide.accept(on.gate, 1, voice("ben"))).state is ChangeState.APPROVED


async def test_owners_are_those_of_the_accepted_paths(on: Stage) -> None:
    owners = (PathOwner(("notes.md",), ("cyd",)), PathOwner(("numbers.txt",), ("ben",)))
    people = [person(name) for name in ("ana", "ben", "cyd")]
    await house(on, needing(Wanted(("@owners",))), *people, owners=owners)
    on.write(notes__md="# More\n")
    made = await submitted(on)
    taken = done(await decide.accept(on.gate, 1, voice("ben"), hunks=["numbers.txt"]))
    assert taken.state is ChangeState.PARTLY_APPROVED
    ground = (await grounds_of(on.gate, made)).of([hunk.id for hunk in made.newest.hunks])
    assert {need.people for need in ground.needs} == {(), ("ben",), ("cyd",)}


# Who made it


@pytest.mark.parametrize(
    ("said", "who"),
    [
        pytest.param({"owner": "ben", "submitter": "ana"}, "ana", id="handed it in"),
        pytest.param({"owner": "ana"}, "ana", id="answers for it"),
        pytest.param({"owner": "ben", "submitter": "ben"}, "dan", id="wrote a commit"),
    ],
)
async def test_who_made_it_does_not_accept_it(on: Stage, said: dict[str, Any], who: str) -> None:
    people = [person(name) for name in ("ana", "ben", "cyd")]
    dan = person("dan", email="t@localhost")
    await house(on, ChangeRules(separate=True), *people, dan)
    made = await submitted(on, **said)
    assert made.newest.authors == ("t <t@localhost>",)
    assert cause(await decide.accept(on.gate, 1, voice(who))) is Cause.APART
    taken = await decide.set_stances(
        on.gate, 1, voice(who), hunks=["numbers.txt"], stance=Stance.ACCEPT
    )
    assert cause(taken) is Cause.APART
    assert done(await decide.accept(on.gate, 1, voice("cyd"))).state is ChangeState.APPROVED


async def test_without_separation_who_made_it_accepts_it(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana", email="t@localhost"))
    await submitted(on)
    assert done(await decide.accept(on.gate, 1, voice("ana"))).state is ChangeState.APPROVED


# Delegation


def lent(**more: Any) -> Delegation:
    fields: dict[str, Any] = {"created_at": 0, "until": 10**15, "worst": RiskClass.HIGH, **more}
    return Delegation("d1", "ben", "eve", **fields)


async def lending(on: Stage, given: Delegation) -> None:
    await house(on, TWO, person("ana"), person("eve"))
    for name in ("ben", "cyd"):
        made = person(name, roles=("security",))
        await on.gate.store.write(lambda tx, each=made: tx.save_person(each), durable=True)  # type: ignore[misc]
    now = on.gate.clock.now()
    fitting = replace(given, created_at=now - 1000, until=now + 1_000_000)
    await on.gate.store.write(lambda tx: tx.add_delegation(fitting), durable=True)
    await submitted(on)


async def test_a_voice_in_the_name_of_another(on: Stage) -> None:
    await lending(on, lent())
    taken = done(await decide.accept(on.gate, 1, voice("eve", in_name_of="ben")))
    assert taken.acceptances[-1].in_name_of == "ben"
    assert taken.acceptances[-1].delegation == "d1"
    assert taken.awaited == ("cyd",)
    assert done(await decide.accept(on.gate, 1, voice("cyd"))).state is ChangeState.APPROVED


@pytest.mark.parametrize(
    "given", [lent(paths=("docs/**",)), lent(worst=RiskClass.TRIVIAL)], ids=["paths", "class"]
)
async def test_a_delegation_within_its_limits(on: Stage, given: Delegation) -> None:
    await lending(on, given)
    assert cause(await decide.accept(on.gate, 1, voice("eve", in_name_of="ben"))) is (
        Cause.NOT_HANDED
    )


# Factors and signatures


async def test_who_registered_a_key_accepts_with_it_alone(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana", TOUCH))
    await submitted(on)
    assert cause(await decide.accept(on.gate, 1, voice("ana"))) is Cause.NEEDS_FACTOR
    stance = await decide.set_stances(
        on.gate, 1, voice("ana"), hunks=["numbers.txt"], stance=Stance.ACCEPT
    )
    assert cause(stance) is Cause.NEEDS_FACTOR
    session = voice("ana", via="web", factor=Factor.PASSKEY)
    assert done(await decide.accept(on.gate, 1, session)).state is ChangeState.APPROVED


async def test_a_session_alone_accepts_nothing_for_who_has_a_passkey(on: Stage) -> None:
    """Its cookie can be copied, also one that a passkey opened."""
    passkey = Passkey("id", "key", "phone", 0)
    await house(on, ChangeRules(), replace(person("ana"), passkeys=(passkey,)))
    await submitted(on)
    session = voice("ana", via="web", factor=Factor.PASSKEY)
    assert cause(await decide.accept(on.gate, 1, session)) is Cause.NOT_SIGNED


async def test_sending_back_takes_no_factor(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana", TOUCH))
    await submitted(on)
    back = done(await decide.send_back(on.gate, 1, voice("ana"), reason="shorter"))
    assert back.state is ChangeState.CHANGES_REQUESTED


@pytest.mark.parametrize(
    ("by", "signer", "factor"),
    [("ana", TOUCH, Factor.TOUCH), ("eva", EVA, Factor.PASSKEY)],
    ids=["touch", "passkey"],
)
async def test_a_signature_accepts(
    on: Stage, by: str, signer: SshSigner | PasskeySigner, factor: Factor
) -> None:
    await house(on, SIGNED, person("ana", TOUCH), person("eva", EVA), person("ben", KEY))
    made = await submitted(on)
    taken = done(await signed(on, by, signer, reason="read it all"))
    given = taken.acceptances[-1]
    assert (taken.state, given.by, given.factor) == (ChangeState.APPROVED, by, factor)
    body = on.gate.store.read(lambda view: view.envelope(given.envelope))  # type: ignore[arg-type]
    assert body is not None
    [entry] = [
        each
        for each in on.gate.store.read(lambda view: list(view.chain("change/1")))
        if body_of(each)["kind"] == "accepted"
    ]
    assert body_of(entry)["level"] == "present"
    assert on.entries(made)[-1] == "accepted"


async def test_a_key_without_a_touch_is_not_enough_where_it_has_to_be_signed(on: Stage) -> None:
    await house(on, SIGNED, person("ben", KEY))
    await submitted(on)
    assert cause(await signed(on, "ben", KEY)) is Cause.NOT_SIGNED


async def test_what_is_signed_names_all_that_it_depends_on(on: Stage) -> None:
    await house(on, TWO, person("ana", TOUCH), person("ben", roles=("security",)))
    made = await submitted(on, plan="count on", report="done")
    opened = Opened(made.id, "ana", 1, at=1, shown_ms=9000, read=True)
    await on.gate.store.write(lambda tx: tx.note_opened(opened), durable=True)
    ready = await statement_of_change(on.gate, 1, voice("ana"), "accept", reason="fine")
    assert isinstance(ready, Prepared)
    said = read_statement(ready.payload)
    predicate = dict(said.predicate)
    payload: Any = made.newest.payload
    assert [each.name for each in said.subjects] == ["refs/heads/main", "CH-1"]
    assert said.subjects[0].digest == {"gitTree": payload.tree}
    assert (predicate["base"], predicate["tree"]) == (payload.base, payload.tree)
    assert predicate["hunks"] == [hunk.id for hunk in made.newest.hunks]
    assert predicate["shown"] == {"ms": 9000, "read": True}
    assert predicate["reason"] == "fine"
    evidence: Any = predicate["evidence"]
    assert {each["name"] for each in evidence} >= {"risk", "plan", "report"}
    wanted: Any = predicate["needs"]
    assert [each["group"] for each in wanted] == ["", "@security"]


OTHERWISE: Sequence[tuple[str, dict[str, Any]]] = [
    ("reason", {"reason": "another"}),
    ("hunks", {"hunks": ["notes.md"]}),
]


@pytest.mark.parametrize("said", [each[1] for each in OTHERWISE], ids=[e[0] for e in OTHERWISE])
async def test_a_signature_accepts_nothing_else(on: Stage, said: dict[str, Any]) -> None:
    await house(on, ChangeRules(), person("ana", TOUCH))
    on.write(notes__md="# More\n")
    made = await submitted(on)
    ready = await statement_of_change(on.gate, 1, voice("ana"), "accept", reason="fine")
    assert isinstance(ready, Prepared)
    speaks = voice("ana", envelope=TOUCH.envelope(ready.payload))
    assert cause(await decide.accept(on.gate, 1, speaks, **{"reason": "fine", **said})) is (
        Cause.NOT_PROVEN
    )
    assert on.now(made).acceptances == ()


async def test_a_signature_fits_no_other_step_and_no_other_revision(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana", TOUCH))
    await submitted(on)
    ready = await statement_of_change(on.gate, 1, voice("ana"), "accept", reason="fine")
    assert isinstance(ready, Prepared)
    speaks = voice("ana", envelope=TOUCH.envelope(ready.payload))
    back = await decide.send_back(on.gate, 1, speaks, reason="fine")
    assert cause(back) is Cause.NOT_PROVEN
    on.commit(more__txt="more\n")
    await on.submit(change=1)
    assert cause(await decide.accept(on.gate, 1, speaks, reason="fine")) is Cause.NOT_PROVEN


async def test_a_signature_is_used_once(on: Stage) -> None:
    await house(on, needing(Wanted(("@security",), 2)), person("ana", TOUCH))
    await submitted(on)
    ready = await statement_of_change(on.gate, 1, voice("ana"), "reject", reason="no")
    assert isinstance(ready, Prepared)
    envelope = TOUCH.envelope(ready.payload)
    done(await decide.send_back(on.gate, 1, voice("ana", envelope=envelope), reason="no"))
    again = await _again(on, envelope)
    assert isinstance(again, Refusal | ConflictError)


async def _again(on: Stage, envelope: bytes) -> object:
    try:
        return await decide.send_back(on.gate, 1, voice("ana", envelope=envelope), reason="no")
    except ConflictError as error:
        return error


async def test_a_signed_return_is_kept(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana", TOUCH))
    await submitted(on)
    ready = await statement_of_change(on.gate, 1, voice("ana"), "reject", reason="no")
    assert isinstance(ready, Prepared)
    envelope = TOUCH.envelope(ready.payload)
    back = done(await decide.send_back(on.gate, 1, voice("ana", envelope=envelope), reason="no"))
    [said] = back.verdicts
    assert (said.factor, said.envelope) == (Factor.TOUCH, ready.digest)


async def test_anothers_key_speaks_for_the_other_at_the_terminal(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana"), person("ben", TOUCH))
    await submitted(on)
    ready = await statement_of_change(on.gate, 1, voice("ben"), "accept")
    assert isinstance(ready, Prepared)
    taken = await decide.accept(on.gate, 1, voice("ana", envelope=TOUCH.envelope(ready.payload)))
    assert done(taken).acceptances[-1].by == "ben"


async def test_what_nobody_signed_the_server_says(on: Stage) -> None:
    await house(on, ChangeRules(), person("ana"))
    await submitted(on)
    given = done(await decide.accept(on.gate, 1, voice("ana"))).acceptances[-1]
    assert (given.envelope, given.factor) == ("", Factor.NONE)
    body = on.gate.store.read(lambda view: view.envelope(given.entry))  # type: ignore[arg-type]
    assert body is not None
    kinds = [each["kind"] for each in json.loads(body)["signatures"]]
    assert kinds == ["server"]
    [row] = on.gate.store.read(lambda view: view.outgoing_in(Sending.NEW, limit=9, kind="log"))
    assert row.place == on.now(on.numbered(1)).repository


# Telling people


def told(on: Stage) -> list[tuple[str, str]]:
    """Who is told of what."""
    rows = on.gate.store.read(lambda view: view.outgoing_in(Sending.NEW, limit=99, kind="notify"))
    return sorted((each.place, json.loads(each.body)["occasion"]) for each in rows)


def reachable(name: str, **more: Any) -> Person:
    channel = Channel(f"c-{name}", "json://localhost", "web", 0)
    return person(name, channels=(channel,), **more)


async def test_those_who_are_missing_are_told(on: Stage) -> None:
    people = [reachable(name, roles=("security",)) for name in ("ben", "cyd")]
    await house(on, TWO, reachable("ana"), *people)
    made = await on.see_to(await submitted(on))
    assert made.awaited == ("ben", "cyd")
    waits = Occasion.CHANGE_WAITS.value
    assert told(on) == [("ben", waits), ("cyd", waits)]
    done(await decide.accept(on.gate, 1, voice("ben")))
    assert told(on) == [("ben", waits), ("cyd", waits), ("cyd", waits)]


async def test_who_answers_for_it_is_told_that_it_came_back(on: Stage) -> None:
    await house(on, ChangeRules(), reachable("ana"), reachable("ben"))
    await submitted(on)
    done(await decide.send_back(on.gate, 1, voice("ben"), reason="no"))
    assert told(on) == [("ana", Occasion.CHANGE_RETURNED.value)]
