"""Whose a passkey is, who may add or take one away, and that a challenge is answered once."""

import json
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.identity.passkeys import WebauthnCeremonies
from assent.app.gatehouse import Gatehouse
from assent.app.people import passkeys
from assent.app.people.passkeys import (
    CHALLENGE_LIFETIME,
    OPEN_CHALLENGES,
    Challenges,
    Party,
    PasskeyPorts,
    Purpose,
    is_ahead,
)
from assent.app.ports import WebSession
from assent.core.canonical import digest_text
from assent.core.people.model import Factor, Passkey, Person
from assent.errors import ForbiddenError, NotFoundError, UsageError
from tests.app.conftest import Scene
from tests.passkey_device import Device
from tests.signing import SshSigner, person

HERE = Party("localhost", "http://localhost:7422")


@dataclass
class House:
    scene: Scene
    ports: PasskeyPorts = field(default_factory=lambda: PasskeyPorts(WebauthnCeremonies()))

    @property
    def gate(self) -> Gatehouse:
        return self.scene.gate

    async def add(self, one: Person) -> None:
        await self.scene.store.write(lambda tx: tx.save_person(one), durable=True)

    async def session(self, name: str, factor: Factor, *, nth: int = 0) -> WebSession:
        made = WebSession(
            token_hash=digest_text(f"{name} {factor} {nth}"),
            person=name,
            created_at=0,
            expires_at=10**12,
            factor=factor,
        )
        await self.scene.store.write(lambda tx: tx.add_web_session(made), durable=True)
        return made

    async def register(
        self,
        device: Device,
        session: WebSession,
        *,
        label: str = "laptop",
        proven_by: Device | None = None,
    ) -> Passkey:
        proof = "" if proven_by is None else await self.prove(proven_by, session)
        asked = await passkeys.begin_registration(self.gate, self.ports, HERE, session, proof=proof)
        answer = device.register(asked)
        return await passkeys.finish_registration(
            self.gate, self.ports, HERE, session, answer=answer, label=label
        )

    async def prove(self, device: Device, session: WebSession) -> str:
        asked = await passkeys.begin_proof(self.gate, self.ports, HERE, session)
        return device.use(asked)

    async def log_in(self, device: Device) -> Person:
        asked = await passkeys.begin_login(self.gate, self.ports, HERE)
        return await passkeys.finish_login(self.gate, self.ports, HERE, device.use(asked))

    def person(self, name: str = "ana") -> Person:
        found = self.scene.store.read(lambda view: view.person(name))
        assert found is not None
        return found

    def recorded(self) -> list[str]:
        chain = self.scene.store.read(lambda view: list(view.chain("people")))
        return [json.loads(entry.body)["kind"] for entry in chain]


@pytest.fixture
async def house() -> House:
    made = House(Scene())
    await made.add(Person("ana", added_at=0, added_by="daemon", roles=("admin",)))
    return made


async def test_the_first_passkey_comes_after_a_link(house: House) -> None:
    device = Device()
    made = await house.register(device, await house.session("ana", Factor.NONE))
    assert house.person().passkeys == (made,)
    assert house.person().version == 2
    assert (made.id, made.label, made.rp_id) == (device.id, "laptop", "localhost")
    assert house.recorded() == ["passkey-added"]
    events = house.scene.store.read(lambda view: view.events(after=0, limit=10))
    assert ("people", "ana") in {(event.topic, event.subject) for event in events}


async def test_a_further_one_takes_more_than_a_link(house: House) -> None:
    by_link, mine = await house.session("ana", Factor.NONE), Device()
    await house.register(mine, by_link)
    with pytest.raises(ForbiddenError, match="registered a passkey"):
        await house.register(Device(), by_link)
    session = await house.session("ana", Factor.PASSKEY)
    await house.register(Device(), session, proven_by=mine)
    assert len(house.person().passkeys) == 2
    assert house.recorded() == ["passkey-added", "proved", "passkey-added"]


async def test_a_copied_cookie_of_a_passkeys_session_adds_nothing(house: House) -> None:
    mine = Device()
    await house.register(mine, await house.session("ana", Factor.NONE))
    session = await house.session("ana", Factor.PASSKEY)
    with pytest.raises(ForbiddenError, match="takes one of your passkeys"):
        await house.register(Device(), session)
    with pytest.raises(ForbiddenError, match="not known here"):
        await house.register(Device(), session, proven_by=Device())
    login = await passkeys.begin_login(house.gate, house.ports, HERE)
    used_before = mine.use(login)
    with pytest.raises(ForbiddenError, match="answered already"):
        await passkeys.begin_registration(house.gate, house.ports, HERE, session, proof=used_before)
    assert len(house.person().passkeys) == 1


async def test_a_proof_is_for_its_session_and_once(house: House) -> None:
    mine = Device()
    await house.register(mine, await house.session("ana", Factor.NONE))
    session = await house.session("ana", Factor.PASSKEY)
    copied = await house.session("ana", Factor.PASSKEY, nth=1)
    for first, second in ((copied, session), (session, session)):
        proof = await house.prove(mine, session)
        if first is session:
            await passkeys.check_proof(house.gate, house.ports, HERE, session, proof=proof)
        else:
            with pytest.raises(ForbiddenError, match="answered already"):
                await passkeys.check_proof(house.gate, house.ports, HERE, first, proof=proof)
        with pytest.raises(ForbiddenError, match="answered already"):
            await passkeys.check_proof(house.gate, house.ports, HERE, second, proof=proof)


async def test_nobody_proves_with_somebody_elses_passkey(house: House) -> None:
    await house.add(Person("ben", added_at=0, added_by="ana"))
    mine, bens = Device(), Device()
    await house.register(mine, await house.session("ana", Factor.NONE))
    await house.register(bens, await house.session("ben", Factor.NONE))
    session = await house.session("ana", Factor.PASSKEY)
    with pytest.raises(ForbiddenError, match="ben's, and ana is logged in"):
        await house.register(Device(), session, proven_by=bens)


async def test_a_link_that_waited_for_its_answer_adds_nothing_to_a_first_one(
    house: House,
) -> None:
    by_link = await house.session("ana", Factor.NONE)
    asked = await passkeys.begin_registration(house.gate, house.ports, HERE, by_link)
    await house.register(Device(), by_link)
    with pytest.raises(ForbiddenError, match="registered a passkey"):
        await passkeys.finish_registration(
            house.gate, house.ports, HERE, by_link, answer=Device().register(asked), label="x"
        )


async def test_whoever_has_a_key_adds_a_passkey_only_with_a_factor(house: House) -> None:
    await house.add(person("ben", SshSigner()))
    with pytest.raises(ForbiddenError):
        await house.register(Device(), await house.session("ben", Factor.NONE))


async def test_nobody_registers_for_somebody_who_may_not_act(house: House) -> None:
    await house.add(Person("eva", added_at=0, added_by="ana", active=False))
    for name in ("eva", "nobody"):
        with pytest.raises(ForbiddenError, match="nobody who may act"):
            await house.register(Device(), await house.session(name, Factor.NONE))


async def test_a_passkey_is_one_persons(house: House) -> None:
    await house.add(Person("ben", added_at=0, added_by="ana"))
    device = Device()
    await house.register(device, await house.session("ana", Factor.NONE))
    with pytest.raises(UsageError, match="registered already"):
        await house.register(device, await house.session("ben", Factor.NONE))


@pytest.mark.parametrize("label", ["", "  ", "x" * 61, "a\u202eb", "\x1b[31m"])
async def test_a_passkey_has_a_plain_name(house: House, label: str) -> None:
    with pytest.raises(UsageError, match="needs a name"):
        await house.register(Device(), await house.session("ana", Factor.NONE), label=label)


async def test_a_challenge_is_answered_by_its_own_session_only(house: House) -> None:
    mine = await house.session("ana", Factor.NONE)
    other = await house.session("ana", Factor.NONE, nth=1)
    asked = await passkeys.begin_registration(house.gate, house.ports, HERE, mine)
    answer = Device().register(asked)
    for session in (other, mine):
        with pytest.raises(UsageError, match="answered already"):
            await passkeys.finish_registration(
                house.gate, house.ports, HERE, session, answer=answer, label="x"
            )


async def test_a_challenge_for_a_login_registers_nothing(house: House) -> None:
    session = await house.session("ana", Factor.NONE)
    asked = await passkeys.begin_login(house.gate, house.ports, HERE)
    with pytest.raises(UsageError, match="answered already"):
        await passkeys.finish_registration(
            house.gate, house.ports, HERE, session, answer=Device().register(asked), label="x"
        )


async def test_a_login_finds_whose_passkey_it_is(house: House) -> None:
    device = Device(count=4)
    await house.register(device, await house.session("ana", Factor.NONE))
    assert (await house.log_in(device)).name == "ana"
    assert house.person().passkeys[0].sign_count == 5
    assert house.recorded() == ["passkey-added", "logged-in"]


async def test_a_login_is_not_said_twice(house: House) -> None:
    device = Device()
    await house.register(device, await house.session("ana", Factor.NONE))
    asked = await passkeys.begin_login(house.gate, house.ports, HERE)
    answer = device.use(asked)
    await passkeys.finish_login(house.gate, house.ports, HERE, answer)
    with pytest.raises(ForbiddenError, match="answered already"):
        await passkeys.finish_login(house.gate, house.ports, HERE, answer)


async def test_a_challenge_is_void_after_five_minutes(house: House) -> None:
    device = Device()
    await house.register(device, await house.session("ana", Factor.NONE))
    asked = await passkeys.begin_login(house.gate, house.ports, HERE)
    house.scene.clock.advance(CHALLENGE_LIFETIME)
    with pytest.raises(ForbiddenError, match="longer than five minutes"):
        await passkeys.finish_login(house.gate, house.ports, HERE, device.use(asked))


async def test_strangers_and_the_disabled_do_not_log_in(house: House) -> None:
    device = Device()
    with pytest.raises(ForbiddenError, match="not known here"):
        await house.log_in(device)
    await house.register(device, await house.session("ana", Factor.NONE))
    now = house.person()
    await house.add(replace(now, active=False, version=now.version + 1))
    with pytest.raises(ForbiddenError, match="not known here"):
        await house.log_in(device)


async def test_a_device_that_does_not_know_who_holds_it_logs_nobody_in(house: House) -> None:
    device = Device()
    await house.register(device, await house.session("ana", Factor.NONE))
    device.flags = 0x01
    with pytest.raises(ForbiddenError, match="did not check who"):
        await house.log_in(device)


@pytest.mark.parametrize("count", [8, 9])
async def test_a_count_that_does_not_grow_is_refused_and_recorded(house: House, count: int) -> None:
    device = Device(count=9)
    await house.register(device, await house.session("ana", Factor.NONE))
    device.count = count - 1
    with pytest.raises(ForbiddenError, match="counts backwards"):
        await house.log_in(device)
    assert house.recorded() == ["passkey-added", "passkey-refused"]
    assert house.person().passkeys[0].sign_count == 9


async def test_a_passkey_that_never_counts_changes_nobody(house: House) -> None:
    device = Device(count=0)
    await house.register(device, await house.session("ana", Factor.NONE))
    device.count = -1
    await house.log_in(device)
    assert house.person().version == 2


async def test_the_last_thing_to_sign_with_stays(house: House) -> None:
    await house.register(Device(), await house.session("ana", Factor.NONE))
    with pytest.raises(ForbiddenError, match="last one"):
        await passkeys.remove_passkey(
            house.gate, await house.session("ana", Factor.PASSKEY), house.person().passkeys[0].id
        )
    assert len(house.person().passkeys) == 1


async def test_taking_one_away_logs_the_other_browsers_out(house: House) -> None:
    laptop = Device()
    await house.register(laptop, await house.session("ana", Factor.NONE))
    mine = await house.session("ana", Factor.PASSKEY)
    stolen = await house.session("ana", Factor.PASSKEY, nth=1)
    lost = await house.register(Device(), mine, label="lost phone", proven_by=laptop)
    by_link = await house.session("ana", Factor.NONE)
    with pytest.raises(ForbiddenError):
        await passkeys.remove_passkey(house.gate, by_link, lost.id)
    with pytest.raises(NotFoundError):
        await passkeys.remove_passkey(house.gate, mine, "no-such-passkey")
    await passkeys.remove_passkey(house.gate, mine, lost.id)
    assert [each.label for each in house.person().passkeys] == ["laptop"]
    kept = house.scene.store.read(
        lambda view: [view.web_session(each.token_hash) for each in (mine, stolen, by_link)]
    )
    assert kept == [mine, None, None]


def test_challenges_make_room_for_new_ones() -> None:
    challenges = Challenges()
    for number in range(OPEN_CHALLENGES + 1):
        challenges.add(b"%d" % number, Purpose.LOG_IN, "", now=0)
    assert not challenges.take(b"0", Purpose.LOG_IN, "", now=0)
    assert challenges.take(b"1", Purpose.LOG_IN, "", now=0)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([b"one", b"two"]),
            st.sampled_from(list(Purpose)),
            st.sampled_from(["", "session"]),
            st.integers(0, CHALLENGE_LIFETIME),
        )
    )
)
def test_each_challenge_is_taken_at_most_once_and_as_it_was_given(
    steps: list[tuple[bool, bytes, Purpose, str, int]],
) -> None:
    challenges, given_out, now = Challenges(), dict[bytes, tuple[Purpose, str, int]](), 0
    for gives, challenge, purpose, holder, passed in steps:
        now += passed
        if gives:
            challenges.add(challenge, purpose, holder, now=now)
            given_out[challenge] = (purpose, holder, now)
            continue
        taken = challenges.take(challenge, purpose, holder, now=now)
        known = given_out.pop(challenge, None)
        fits = known is not None and known[:2] == (purpose, holder)
        assert taken == (fits and known is not None and now - known[2] < CHALLENGE_LIFETIME)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_counts_only_grow_but_for_those_that_do_not_count(count: int, before: int) -> None:
    assert is_ahead(count, before) == (count > before or (count, before) == (0, 0))
