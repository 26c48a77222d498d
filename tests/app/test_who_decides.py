"""A policy's words become people when a request is opened, and only people decide it then."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from assent.adapters.policy_file import PolicyFiles
from assent.app import records
from assent.app.decide_request import Word, decide_request
from assent.app.gatehouse import Gatehouse
from assent.app.grants import Allowance
from assent.app.ports import Opened, OwnersText, PolicyVersion, Tx, View
from assent.app.question import Waiting
from assent.app.submit_action import submit_action
from assent.core.actions import EditKind, FileChange, FileEdit
from assent.core.approvals import Cause, Refusal, Request, State, Verdict
from assent.core.canonical import digest_of
from assent.core.people.model import Delegation, Factor, Need, Passkey, Person, Rung
from assent.core.policy.model import AskIn
from assent.core.risk.factors import RiskClass
from assent.errors import UnavailableError, UsageError
from tests.app.conftest import Scene, proposal

DAY = 86_400_000
KEY = Passkey("id", "key", "phone", 0)
PEOPLE = (
    Person("ana", 0, "ana", roles=("admin",)),
    Person("ben", 0, "ana", roles=("security",), aliases=("@ben-gh",)),
    Person("cleo", 0, "ana", roles=("security",)),
    Person("dan", 0, "ana"),
    Person("kim", 0, "ana", roles=("security",), passkeys=(KEY,)),
    Person("gus", 0, "ana", roles=("security",), active=False),
)


@dataclass
class Owners:
    """Implements OwnersFile; `text` None: there is no file, an error: it cannot be read."""

    text: str | UnavailableError | None = None
    below: str = ""
    asked: int = 0

    def codeowners(self, workspace: str, target: str) -> OwnersText | None:
        self.asked += 1
        if isinstance(self.text, UnavailableError):
            raise self.text
        return None if self.text is None else OwnersText(self.text, self.below)


class Countless:
    """A view at which nobody may look at people."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __getattr__(self, name: str) -> Any:
        assert name not in ("people", "person", "delegations"), f"{name} was looked at"
        return getattr(self._view, name)


@dataclass
class House:
    scene: Scene
    gate: Gatehouse
    owners: Owners

    async def accept(self, text: str) -> None:
        data = text.encode()
        made = PolicyVersion("/w", digest_of(data), data, "ana", self.gate.clock.now())
        self.scene.world.policy = data
        await self.write(lambda tx: tx.accept_policy(made))

    async def write(self, work: Any) -> None:
        await self.gate.store.write(work, durable=True)

    async def ask(self, *paths: str, person: str = "") -> Request:
        """A call that waits: an edit of `paths`, or without them a command."""
        call = proposal(edit(*paths) if paths else "rm -rf /w/build")
        call = replace(call, session=replace(call.session, person=person))
        answer = await submit_action(self.gate, call)
        assert isinstance(answer, Waiting), answer
        return answer.request

    async def say(
        self, asked: Request, by: str, verdict: Verdict = Verdict.APPROVE, **more: Any
    ) -> Request | Refusal:
        fields = {"via": "cli", "reason": "so", "confirm": asked.name, **more}
        word = Word(verdict=verdict, by=by, **fields)
        return await decide_request(self.gate, asked.number, word)

    async def cause(self, asked: Request, by: str, **more: Any) -> Cause:
        outcome = await self.say(asked, by, **more)
        assert isinstance(outcome, Refusal), outcome
        return outcome.cause

    async def state(self, asked: Request, by: str, **more: Any) -> State:
        outcome = await self.say(asked, by, **more)
        assert isinstance(outcome, Request), outcome
        return outcome.state

    def newest(self, kind: str) -> dict[str, Any]:
        entries = self.gate.store.read(lambda view: list(view.entries(limit=20)))
        bodies = (dict(records.body_of(entry)) for entry in entries)
        return next(body for body in bodies if body.get("kind") == kind)


def edit(*paths: str) -> FileEdit:
    digest = digest_of(b"x")
    return FileEdit(
        tuple(
            FileChange(path, EditKind.UPDATE, before=digest, after=digest, diff="+ x")
            for path in paths
        ),
        "/w",
    )


@pytest.fixture
async def house(scene: Scene) -> House:
    owners = Owners()
    gate = replace(scene.gate, policies=PolicyFiles(), owners=owners, oncall_file="/h/oncall")

    def fill(tx: Tx) -> None:
        for person in PEOPLE:
            tx.save_person(person)

    made = House(scene, gate, owners)
    await made.write(fill)
    return made


GATE = '[[rule]]\nname = "r"\nroute = "gate"\nkinds = ["command", "edit"]\ntier = "acknowledge"\n'


# --- names, when it is opened


async def test_groups_become_names_and_the_rest_is_kept(house: House) -> None:
    house.scene.world.contents["/h/oncall"] = b"mon-sun 00:00-24:00 dan\n"
    await house.accept(
        GATE
        + 'reviewers = ["@payments", "dan", "@nobody"]\nquorum = 2\n'
        + 'needs = ["2 of @security", "@oncall", "@nobody"]\nseparate = true\nsign = "required"\n'
        + 'remind = "30m"\nladder = ["1h @oncall"]\nadvice = "Go on."\non_timeout = "ask:@admin"\n'
        + '[teams]\npayments = ["ana", "zoe"]\n'
    )
    asked = await house.ask(person="cleo")
    assert asked.reviewers == ("ana", "zoe", "dan", "@nobody")
    assert asked.also == (
        Need("@nobody", ()),
        Need("@oncall", ("dan",)),
        Need("@security", ("ben", "cleo", "kim"), 2),
    )
    assert (asked.quorum, asked.asker, asked.separate, asked.signed) == (2, "cleo", True, True)
    assert (asked.remind_ms, asked.ladder) == (1_800_000, (Rung(3_600_000, ("@oncall",)),))
    assert (asked.advice, asked.then_ask) == ("Go on.", ("@admin",))
    body = house.newest("asked")
    assert (body["asker"], body["separate"], body["signed"]) == ("cleo", True, True)
    assert [need["group"] for need in body["needs"]] == ["@nobody", "@oncall", "@security"]


async def test_what_needs_more_than_one_word_is_not_asked_at_the_prompt(house: House) -> None:
    for line in ('needs = ["ana"]', "separate = true", 'sign = "required"'):
        await house.accept(f'{GATE}{line}\n[ask]\nin = "agent"\n')
        call = proposal(f"rm -rf /w/{len(line)}", headless=False)
        answer = await submit_action(house.gate, call)
        assert isinstance(answer, Waiting), line
        assert answer.request.asked_in is AskIn.INBOX


async def test_owners_of_the_files_have_to_agree(house: House) -> None:
    house.owners.text = "* @ben-gh\n/src/pay/ @acme/payments\n/docs/\n/odd/ @stranger\n"
    await house.accept(
        GATE
        + 'needs = ["@owners"]\n[teams]\npayments = ["ana", "cleo"]\n'
        + '[[owners]]\npaths = ["docs/**"]\npeople = ["dan"]\n'
    )
    asked = await house.ask("src/pay/a.py", "docs/x.md", "odd/y", "z.py")
    assert [(need.people, need.count) for need in asked.also] == [
        (("ana", "cleo"), 1),
        (("dan",), 1),
        ((), 1),
        (("ben",), 1),
    ]
    assert asked.also[2].group == "owners of odd/y: @stranger"


async def test_owners_are_those_of_the_repository_that_the_workspace_lies_in(house: House) -> None:
    house.owners.text, house.owners.below = (
        "/packages/w/a.py @ben-gh\n/a.py @stranger\n",
        "packages/w/",
    )
    await house.accept(f'{GATE}needs = ["@owners"]\n')
    assert [need.people for need in (await house.ask("a.py")).also] == [("ben",)]


async def test_without_codeowners_the_policys_own_are_left(house: House) -> None:
    house.owners.text = "* @ben-gh\n"
    await house.accept(f'codeowners = false\n{GATE}needs = ["@owners"]\n')
    assert (await house.ask("a.py")).also == ()
    assert house.owners.asked == 0


async def test_where_owners_cannot_be_told_nobody_can_approve(house: House) -> None:
    house.owners.text = UnavailableError("git is late.")
    await house.accept(f'{GATE}needs = ["@owners"]\n')
    asked = await house.ask("a.py")
    [need] = asked.also
    assert need.people == ()
    assert "git is late" in need.group
    assert await house.cause(asked, "ana") is Cause.NOT_A_REVIEWER


async def test_calls_that_proceed_look_at_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.accept(f"{GATE.replace('gate', 'proceed').replace('tier', '# tier')}")
    store = house.gate.store
    read, write = store.read, store.write
    monkeypatch.setattr(store, "read", lambda query: read(lambda view: query(Countless(view))))
    monkeypatch.setattr(
        store,
        "write",
        lambda work, *, durable: write(lambda tx: work(Countless(tx)), durable=durable),
    )
    assert not isinstance(await submit_action(house.gate, proposal("make")), Waiting)
    assert house.owners.asked == 0


async def test_a_changed_policy_is_for_those_whom_the_policy_in_force_names(house: House) -> None:
    await house.accept('[ask]\nreviewers = ["@security"]\nneeds = ["@admin"]\n')
    house.scene.world.policy = b'[ask]\nreviewers = ["dan"]\n'
    await submit_action(house.gate, proposal("ls"))
    [asked] = [each for each in house.scene.waiting() if each.rule == "policy-edit"]
    assert asked.reviewers == ("ben", "cleo", "kim")
    assert asked.also == (Need("@admin", ("ana",)),)


@pytest.mark.parametrize(
    ("terms", "quorum"),
    [
        pytest.param("separate = true", 2, id="apart"),
        pytest.param("separate = false", 1, id="not-apart"),
        pytest.param('separate = true\nreviewers = ["@security"]\nquorum = 3', 3, id="more"),
        pytest.param('separate = true\nreviewers = ["ana", "gus"]', 1, id="only-one-could"),
    ],
)
async def test_nobody_accepts_alone_what_nobody_knows_who_changed(
    house: House, terms: str, quorum: int
) -> None:
    await house.accept(f"[ask]\n{terms}\n")
    house.scene.world.policy = b'[ask]\nreviewers = ["dan"]\n'
    await submit_action(house.gate, proposal("ls"))
    [asked] = [each for each in house.scene.waiting() if each.rule == "policy-edit"]
    assert asked.quorum == quorum


async def test_an_agent_of_nobody_known_is_answered_by_two(house: House) -> None:
    await house.accept(f"{GATE}separate = true\n")
    asked = await house.ask()
    assert (asked.asker, asked.quorum) == ("", 2)
    assert await house.state(asked, "ana") is State.PENDING
    assert await house.state(asked, "ben") is State.APPROVED


# --- deciding it


async def test_two_of_a_group_and_the_asker_apart(house: House) -> None:
    await house.accept(f'{GATE}reviewers = ["@security"]\nquorum = 2\nseparate = true\n')
    asked = await house.ask(person="ben")
    assert await house.cause(asked, "ben") is Cause.ASKED_IT
    assert await house.cause(asked, "dan") is Cause.NOT_A_REVIEWER
    assert await house.cause(asked, "gus") is Cause.NOT_ACTIVE
    assert await house.state(asked, "cleo") is State.PENDING
    assert await house.cause(asked, "cleo") is Cause.SAME_PERSON_TWICE
    assert await house.state(asked, "kim", factor=Factor.PASSKEY) is State.APPROVED
    body = house.newest("decided")
    assert body["needs"] == [
        {
            "group": "ben, cleo, kim",
            "count": 2,
            "by": ["cleo", "kim"],
            "in_name_of": ["", ""],
        }
    ]


@pytest.mark.parametrize(
    ("tier", "cause"),
    [
        pytest.param("acknowledge", None, id="what only wants a click"),
        pytest.param("review", Cause.NOT_SIGNED, id="what is risky"),
        pytest.param("approve", Cause.NOT_SIGNED, id="what cannot be undone"),
    ],
)
async def test_a_session_alone_does_not_approve_what_is_grave(
    house: House, tier: str, cause: Cause | None
) -> None:
    """Its cookie can be copied, also one that a passkey opened."""
    await house.accept(GATE.replace("acknowledge", tier))
    asked = await house.ask()
    opened = Opened(asked.id, "kim", asked.version, 1, 1, read=True)
    await house.write(lambda tx: tx.note_opened(opened))
    outcome = await house.say(asked, "kim", via="web", factor=Factor.PASSKEY)
    assert (outcome.cause if isinstance(outcome, Refusal) else None) is cause


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="approves"),
        pytest.param({"verdict": Verdict.MODIFY, "text": "make"}, id="modifies"),
        pytest.param({"verdict": Verdict.REFER, "to": ("ana",)}, id="refers"),
    ],
)
async def test_whoever_has_a_key_is_heard_by_it(house: House, said: dict[str, Any]) -> None:
    await house.accept(GATE)
    asked = await house.ask()
    assert await house.cause(asked, "kim", **said) is Cause.NEEDS_FACTOR
    assert isinstance(await house.say(asked, "kim", factor=Factor.KEY, **said), Request)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.WITHDRAW, Verdict.DELAY])
async def test_to_say_no_it_takes_no_key(house: House, verdict: Verdict) -> None:
    await house.accept(GATE)
    asked = await house.ask()
    until = house.gate.clock.now() + DAY
    assert isinstance(await house.say(asked, "kim", verdict=verdict, until=until), Request)


async def test_a_referral_lets_others_decide(house: House) -> None:
    await house.accept(f'{GATE}reviewers = ["ana"]\n')
    asked = await house.ask()
    assert await house.state(asked, "ana", verdict=Verdict.REFER, to=("dan",)) is State.PENDING
    assert house.newest("decided")["to"] == ["dan"]
    assert await house.state(asked, "dan") is State.APPROVED


async def test_nobodys_agent_uses_what_they_approved_for_anothers(house: House) -> None:
    await house.accept(f"{GATE}separate = true\n")
    asked = await house.ask(person="ana")
    assert await house.state(asked, "ben") is State.APPROVED
    again = await house.ask(person="ben")
    assert (again.number, again.asker, again.state) == (2, "ben", State.PENDING)
    assert house.scene.state(asked.number) is State.SUPERSEDED
    assert await house.cause(again, "ben") is Cause.ASKED_IT


async def test_the_agents_of_others_use_it(house: House) -> None:
    await house.accept(f"{GATE}separate = true\n")
    asked = await house.ask(person="ana")
    assert await house.state(asked, "ben") is State.APPROVED
    call = proposal("rm -rf /w/build")
    same = replace(call, session=replace(call.session, person="ana"))
    assert not isinstance(await submit_action(house.gate, same), Waiting)
    assert house.scene.state(asked.number) is State.CONSUMED


@pytest.mark.parametrize(("person", "passes"), [("ana", True), ("ben", False), ("", False)])
async def test_what_is_remembered_holds_for_the_asker(
    house: House, person: str, passes: bool
) -> None:
    await house.accept(f'{GATE}separate = true\nremember = "1h"\n')
    asked = await house.ask(person="ana")
    await house.say(asked, "ben")
    call = proposal("rm -rf /w/build")
    answers = [
        await submit_action(house.gate, replace(call, session=replace(call.session, person=name)))
        for name in ("ana", person)
    ]
    assert isinstance(answers[-1], Waiting) != passes


@pytest.mark.parametrize("quorum", [1, 2])
async def test_what_several_agree_to_is_this_one_call(house: House, quorum: int) -> None:
    await house.accept(f"{GATE}quorum = {quorum}\n")
    answer = await submit_action(house.gate, proposal("frobnicate-it"))
    assert isinstance(answer, Waiting)
    for by in ("ana", "ben")[:quorum]:
        await house.say(answer.request, by, allowance=Allowance(keep=True))
    standing = house.gate.store.read(lambda view: view.standing("/w", now=0))
    assert bool(standing.grants) == (quorum == 1)


async def test_nobody_adds_a_grant_to_what_several_agree_to(house: House) -> None:
    await house.accept(f"{GATE}quorum = 2\n")
    asked = await house.ask()
    with pytest.raises(UsageError, match="needs more than one person"):
        await house.say(asked, "ana", allowance=Allowance(scope="push origin/x"))


def hands(giver: str = "ben", taker: str = "dan", **limits: Any) -> Delegation:
    made = Delegation(f"{giver}>{taker}", giver, taker, 0, 9 * DAY)
    return replace(made, **limits)


async def test_a_delegation_is_used_where_it_counts_and_recorded(house: House) -> None:
    await house.accept(f'{GATE}reviewers = ["ben", "ana"]\nquorum = 2\n')
    await house.write(lambda tx: tx.add_delegation(hands("ben", "dan")))
    asked = await house.ask()
    assert await house.state(asked, "dan") is State.PENDING
    assert house.newest("decided")["in_name_of"] == "ben"
    assert await house.cause(asked, "dan") is Cause.SAME_PERSON_TWICE
    assert await house.state(asked, "ana") is State.APPROVED


@pytest.mark.parametrize(
    ("policy", "limits"),
    [
        pytest.param("[delegation]\nallowed = false\n", {}, id="not-allowed"),
        pytest.param('[delegation]\nworst = "low"\n', {}, id="up-to-a-class"),
        pytest.param('[delegation]\nlongest = "1s"\n', {}, id="for-a-time"),
        pytest.param("", {"workspace": "/v"}, id="elsewhere"),
        pytest.param("", {"worst": RiskClass.LOW}, id="own-limit"),
        pytest.param("", {"giver": "gus"}, id="of-somebody-inactive"),
    ],
)
async def test_the_policy_in_force_limits_delegations(
    house: House, policy: str, limits: dict[str, Any]
) -> None:
    await house.accept(f'{GATE}reviewers = ["ben", "gus"]\n{policy}')
    await house.write(lambda tx: tx.add_delegation(hands(**{"giver": "ben", **limits})))
    asked = await house.ask()
    assert await house.cause(asked, "dan") is Cause.NOT_A_REVIEWER
    assert await house.cause(asked, "dan", in_name_of="ben") is Cause.NOT_DELEGATED


async def test_a_revoked_delegation_is_over_at_once(house: House) -> None:
    await house.accept(f'{GATE}reviewers = ["ben"]\n')
    await house.write(lambda tx: tx.add_delegation(hands("ben", "dan")))
    await house.write(lambda tx: tx.revoke_delegation("ben>dan", at=house.gate.clock.now()))
    assert await house.cause(await house.ask(), "dan") is Cause.NOT_A_REVIEWER


# --- what was read


REVIEW = GATE.replace("acknowledge", "review")


@pytest.mark.parametrize(
    ("via", "read", "is_taken"),
    [
        pytest.param("web", None, False, id="never-opened"),
        pytest.param("web", False, False, id="not-to-its-end"),
        pytest.param("web", True, True, id="to-its-end"),
        pytest.param("cli", None, True, id="the-command-line-shows-all"),
    ],
)
async def test_on_the_page_reading_is_what_was_seen(
    house: House, via: str, read: bool | None, is_taken: bool
) -> None:
    await house.accept(REVIEW)
    asked = await house.ask()
    if read is not None:
        opened = Opened(asked.id, "ana", asked.version, at=1, shown_ms=4_000, read=read)
        await house.write(lambda tx: tx.note_opened(opened))
    said = {"via": via, "confirm": "read"}
    if not is_taken:
        assert await house.cause(asked, "ana", **said) is Cause.NOT_CONFIRMED
        return
    assert await house.state(asked, "ana", **said) is State.APPROVED
    body = house.newest("decided")
    assert (body["shown_ms"], body["read"]) == ((4_000, True) if read else (0, False))


async def test_what_was_read_stays_read_when_others_spoke_since(house: House) -> None:
    await house.accept(f"{REVIEW}quorum = 2\n")
    asked = await house.ask()
    opened = Opened(asked.id, "ana", asked.version, at=1, shown_ms=10, read=True)
    await house.write(lambda tx: tx.note_opened(opened))
    await house.say(asked, "ben", confirm="read")
    assert await house.state(asked, "ana", via="web", confirm="read") is State.APPROVED
    assert await house.cause(await house.ask("x"), "cleo", via="web", confirm="read") is (
        Cause.NOT_CONFIRMED
    )
