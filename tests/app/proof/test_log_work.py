"""What is decided gets into the repository's log: once, in order, whatever happens in between."""

import asyncio
import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.git.clones import Clone
from assent.adapters.git.log import GitLogs
from assent.adapters.identity.many import ManySignatures
from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.changes.decide import accept
from assent.app.changes.saying import Voice
from assent.app.gatehouse import Gatehouse
from assent.app.people.records import keep_person
from assent.app.people.rules import Speaker
from assent.app.ports import Outgoing, PolicyVersion, Sending, Tx
from assent.app.proof.log import LogWork
from assent.app.proof.ports import ProofPorts
from assent.app.proof.record import policy_accepted, record_entry
from assent.app.proof.verify_range import Question, RangeVerification, verify_range
from assent.core.canonical import Digest, Json, digest_of
from assent.core.changes import landing
from assent.core.changes.model import Change
from assent.core.people.model import Person
from assent.core.proof.answers import How
from assent.core.proof.dsse import Envelope
from assent.core.proof.evidence import Piece
from assent.core.proof.log import NewEntry, read_log
from assent.core.proof.statement import DECISION, Statement, Subject, statement_bytes
from assent.errors import UnavailableError
from tests.adapters.git.executor_scene import User
from tests.app.changes.merging_scene import Merging, merging

ANA = Person(name="ana", added_at=0, added_by="", roles=("admin",))
BY = Speaker("ana", "cli")


@dataclass
class House:
    """One Assent with a user's repository."""

    merging: Merging
    gate: Gatehouse
    work: LogWork

    @property
    def user(self) -> User:
        return self.merging.user

    @property
    def place(self) -> str:
        return str(self.user.folder)

    async def write(self, work: Any) -> None:
        await self.gate.store.write(work, durable=True)

    async def note(self, name: str, *, at: int = 5, place: str | None = None) -> bytes:
        """Something that ana decided is noted for the log."""
        said: dict[str, Json] = {"decision": "approve", "by": "ana", "request": name, "at": at}
        subject = Subject(name, {"sha256": "0" * 64})
        payload = statement_bytes(Statement(DECISION, (subject,), said))
        where = self.place if place is None else place
        await self.write(lambda tx: record_entry(tx, where, payload, ids=self.gate.ids, now=at))
        return payload

    def rows(self, state: Sending) -> list[Outgoing]:
        return list(self.gate.store.read(lambda view: view.outgoing_in(state, limit=99)))

    def requests(self) -> list[str]:
        """Names in the log, in its order."""
        clone = Clone(self.user.folder)
        head = clone.log_head()
        if not head:
            return []
        log = read_log(clone.log(head))
        assert not log.troubles
        return [
            entry.statement.subjects[0].name
            for entry in log.entries
            if entry.statement.kind == DECISION
        ]

    def verify(self, given: str = "main", folder: Path | None = None) -> RangeVerification:
        question = Question(given=given, ref="refs/heads/main")
        return verify_range(Clone(folder or self.user.folder), ManySignatures(), question)


async def make_house(folder: Path, *, key: Path | None = None) -> House:
    made = merging(folder)
    logs = GitLogs()
    server = ServerKeyFile(key or folder / "server.key")
    proof = ProofPorts(CheckedSignatures(), server, logs.head, logs)
    gate = replace(made.gate, proof=proof)
    house = House(made, gate, LogWork(gate))
    made.gate = gate
    made.queue = type(made.queue)(gate)
    await house.write(lambda tx: keep_person(tx, ANA, "person-added", by=BY, at=1, ids=gate.ids))
    return house


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return await make_house(tmp_path)


async def merged(house: House, branch: str, **files: str) -> Change:
    """Ana accepts a change, and it lands."""
    house.user.on_branch(branch, **files)
    change = await house.merging.submit(branch)
    after = await accept(
        house.gate, change.number, Voice(by="ana", via="cli"), confirm=change.name, reason="fine"
    )
    assert isinstance(after, Change), after
    await house.work.settle()
    queued = landing.queued(after, at=house.gate.clock.now())
    assert isinstance(queued, Change), queued
    await house.write(lambda tx: tx.save_change(queued))
    assert await house.merging.queue.settle()
    await house.work.settle()
    return house.merging.now(change)


async def test_from_a_decision_to_its_proof_in_a_fresh_clone(house: House, tmp_path: Path) -> None:
    change = await merged(house, "topic", **{"b.txt": "b\n"})
    clone = tmp_path / "clone"
    house.user.git("clone", "-q", str(house.user.folder), str(clone))
    house.user.git("fetch", "-q", "origin", "refs/assent/log:refs/assent/log", cwd=clone)
    found = house.verify(folder=clone)
    [answer] = found.answers
    assert not found.troubles
    assert (answer.how, answer.change, answer.owner) == (How.MERGE, change.name, "ana")
    assert [(voice.by, voice.text("reason")) for voice in answer.voices] == [("ana", "fine")]
    assert answer.tests is not None
    assert answer.tests["outcome"] == "passed"
    assert answer.voices[0].evidence
    assert all(digest in found.evidence for _, digest in answer.voices[0].evidence)


async def test_the_branch_and_its_entry_move_together(house: House) -> None:
    change = await merged(house, "topic", **{"b.txt": "b\n"})
    head = house.user.git("rev-parse", "refs/assent/log")
    assert house.user.git("log", "-1", "--format=%s", head) == f"merge {change.name}"
    message = house.user.git("log", "-1", "--format=%B", "main")
    before = house.user.git("rev-parse", f"{head}~1")
    assert f"Assent-Log: {before}" in message


async def test_nothing_of_the_users_is_touched(house: House) -> None:
    house.user.write("draft.txt", "not committed\n")
    house.user.git("add", "draft.txt")
    index = (house.user.folder / ".git" / "index").read_bytes()
    hook = house.user.folder / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    await house.note("REQ-1")
    await house.work.settle()
    assert house.requests() == ["REQ-1"]
    assert (house.user.folder / ".git" / "index").read_bytes() == index
    assert not (house.user.folder / "ran").exists()
    assert not (house.user.folder / ".git" / "ran").exists()


async def test_all_that_waits_goes_in_its_order(house: House) -> None:
    names = [f"REQ-{number}" for number in range(1, 30)]
    for name in names:
        await house.note(name)
    await house.work.settle()
    assert house.requests() == names
    assert not house.rows(Sending.NEW)


async def test_done_again_after_a_kill_it_is_there_once(house: House) -> None:
    await house.note("REQ-1")
    claimed = house.rows(Sending.NEW)
    await house.work.append(claimed)
    await house.write(lambda tx: [tx.save_outgoing(each) for each in claimed])
    await house.note("REQ-2")
    await LogWork(house.gate).append(house.rows(Sending.NEW)[:1])
    assert house.requests() == ["REQ-1", "REQ-2"]


async def test_several_at_one_repository(house: House) -> None:
    for number in range(1, 20):
        await house.note(f"REQ-{number}")
    rows = house.rows(Sending.NEW)
    workers = [LogWork(house.gate) for _ in range(3)]
    await asyncio.gather(*(worker.append(rows[at : at + 5]) for at, worker in enumerate(workers)))
    assert sorted(house.requests()) == sorted(f"REQ-{number}" for number in range(1, 20))


async def test_a_work_tree_without_git_has_no_log(house: House, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    await house.note("REQ-1", place=str(plain))
    await house.work.settle()
    assert not house.rows(Sending.NEW)
    assert not house.rows(Sending.DEAD)


async def test_a_linked_work_tree_and_a_bare_repository(house: House, tmp_path: Path) -> None:
    linked, bare = tmp_path / "linked", tmp_path / "bare.git"
    house.user.git("worktree", "add", "-q", str(linked), "-b", "other")
    house.user.git("clone", "-q", "--bare", str(house.user.folder), str(bare))
    await house.note("REQ-1", place=str(linked))
    await house.note("REQ-2", place=str(bare))
    await house.work.settle()
    assert house.requests() == ["REQ-1"]
    assert house.user.git("rev-parse", "refs/assent/log", cwd=bare)


async def test_git_that_fails_is_tried_again(house: House, monkeypatch: Any) -> None:
    await house.note("REQ-1")

    def fail(*_: object, **__: object) -> None:
        raise UnavailableError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(GitLogs, "append", fail)
        await house.work.settle()
    [row] = house.rows(Sending.NEW)
    assert "disk is full" in row.fault
    house.merging.scene.clock.advance(3_600_000)
    await house.work.settle()
    assert house.requests() == ["REQ-1"]


async def test_what_cannot_be_read_keeps_nothing_back(house: House) -> None:
    await house.note("REQ-1")

    def break_it(tx: Tx) -> None:
        [row] = tx.outgoing_in(Sending.NEW, limit=1)
        tx.save_outgoing(replace(row, body=b"{}"))

    await house.write(break_it)
    await house.note("REQ-2")
    await house.work.settle()
    assert house.requests() == ["REQ-2"]
    assert [row.fault for row in house.rows(Sending.DEAD)] == [
        "what was noted for the log cannot be read"
    ]


async def test_keys_that_change_are_in_the_log(house: House) -> None:
    await house.note("REQ-1")
    eva = Person(name="eva", added_at=2, added_by="ana")
    await house.write(
        lambda tx: keep_person(tx, eva, "person-added", by=BY, at=9, ids=house.gate.ids)
    )
    await house.work.settle()
    assert '"eva"' in _keys(house)
    assert not house.verify("main").troubles


def _keys(house: House) -> str:
    text = house.user.git("show", "refs/assent/log:keys.json")
    return base64.b64decode(json.loads(text)["payload"]).decode()


async def test_a_policy_is_in_the_log_with_its_bytes(house: House) -> None:
    text = b"[policy]\n"
    version = PolicyVersion(house.place, digest_of(text), text, "ana", 7)
    await house.write(
        lambda tx: policy_accepted(
            tx, version, before=Digest("sha256:" + "0" * 64), ids=house.gate.ids
        )
    )
    await house.work.settle()
    name = version.digest.removeprefix("sha256:")
    assert house.user.git("show", f"refs/assent/log:policy/{name}.toml") == "[policy]"
    assert not house.verify("main").troubles


async def test_what_held_before_the_log_began_stands_at_its_beginning(house: House) -> None:
    text = b"[policy]\n"
    version = PolicyVersion(house.place, digest_of(text), text, "ana", 2)
    await house.write(lambda tx: tx.accept_policy(version))
    await house.note("REQ-1")
    await house.work.settle()
    kinds = house.user.git("log", "--reverse", "--format=%s", "refs/assent/log").splitlines()
    assert kinds == ["keys keys", "policy policy", "decision REQ-1"]


async def test_evidence_is_kept_under_its_digest(house: House) -> None:
    piece = Piece("risk", b"why it was asked")
    payload = statement_bytes(Statement(DECISION, (), {"by": "ana", "at": 1}))
    await house.write(
        lambda tx: record_entry(
            tx, house.place, payload, ids=house.gate.ids, now=1, evidence=[piece]
        )
    )
    await house.work.settle()
    path = f"evidence/{piece.digest[:2]}/{piece.digest}"
    assert house.user.git("show", f"refs/assent/log:{path}") == "why it was asked"


# Several clones


async def test_a_plain_fetch_brings_the_log(house: House, tmp_path: Path) -> None:
    await house.note("REQ-1")
    await house.work.settle()
    other = tmp_path / "other"
    house.user.git("clone", "-q", str(house.user.folder), str(other))
    GitLogs().append(str(other / ".git"), [], after=GitLogs().state(str(other / ".git")), at=1)
    house.user.git("fetch", "-q", cwd=other)
    head = house.user.git("rev-parse", "refs/assent/log")
    tracked = "refs/assent/remotes/origin/log"
    assert house.user.git("rev-parse", tracked, cwd=other) == head
    assert not house.verify("main", folder=other).troubles


async def test_remotes_are_set_up_once(house: House) -> None:
    house.user.git("remote", "add", "origin", "/nowhere")
    for number in (1, 2):
        await house.note(f"REQ-{number}")
        await house.work.settle()
    house.user.git("remote", "add", "backup", "/nowhere")
    await house.note("REQ-3")
    await LogWork(house.gate).settle()
    for name in ("origin", "backup"):
        listed = house.user.git("config", "--get-all", f"remote.{name}.fetch").splitlines()
        assert len([each for each in listed if "assent" in each]) == 1


async def test_a_remote_without_a_log_can_be_fetched(house: House, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    house.user.git("clone", "-q", "--bare", str(house.user.folder), str(bare))
    house.user.git("remote", "add", "origin", str(bare))
    await house.note("REQ-1")
    await house.work.settle()
    house.user.git("fetch", "-q", "--prune")
    assert house.requests() == ["REQ-1"]


@pytest.mark.parametrize("replaced", [False, True], ids=["tracked", "replaced-by-hand"])
async def test_two_places_that_appended_come_together(
    house: House, tmp_path: Path, replaced: bool
) -> None:
    bare, other = tmp_path / "bare.git", tmp_path / "other"
    house.user.git("clone", "-q", "--bare", str(house.user.folder), str(bare))
    house.user.git("remote", "add", "origin", str(bare))
    await house.note("REQ-1")
    await house.work.settle()
    log = "refs/assent/log"
    house.user.git("push", "-q", "origin", log)
    house.user.git("clone", "-q", str(bare), str(other))
    house.user.git("fetch", "-q", "origin", f"{log}:{log}", cwd=other)
    await house.note("REQ-2", at=20)
    await house.work.settle()
    await house.note("REQ-3", at=30, place=str(other))
    await house.work.settle()
    house.user.git("push", "-q", "origin", log, cwd=other)
    house.user.git("fetch", "-q", "origin", *([f"+{log}:{log}"] if replaced else []))

    await house.note("REQ-4", at=40)
    await house.work.settle()

    assert sorted(house.requests()) == ["REQ-1", "REQ-2", "REQ-3", "REQ-4"]
    found = house.verify("main")
    assert not found.troubles
    assert any("appended again" in note for note in found.notes)
    house.user.git("push", "-q", "origin", log)


async def test_a_log_that_was_deleted_comes_back(house: House) -> None:
    await house.note("REQ-1")
    await house.work.settle()
    house.user.git("update-ref", "-d", "refs/assent/log")
    await house.note("REQ-2")
    await house.work.settle()
    assert house.requests() == ["REQ-1", "REQ-2"]


async def test_the_log_of_another_assent_takes_only_what_people_signed(
    house: House, tmp_path: Path
) -> None:
    await house.note("REQ-1")
    await house.work.settle()
    proof = house.gate.proof
    assert proof is not None
    stranger = replace(proof, server=ServerKeyFile(tmp_path / "other.key"))
    await house.note("REQ-2")
    await LogWork(replace(house.gate, proof=stranger)).settle()
    assert house.requests() == ["REQ-1"]
    [row] = house.rows(Sending.DEAD)
    assert "belongs to another Assent" in row.fault


def test_an_entry_has_a_place_and_a_title() -> None:
    payload = statement_bytes(
        Statement(DECISION, (Subject("refs/heads/main", {"gitTree": "ab" * 20}),), {})
    )
    entry = NewEntry(Envelope(payload, ()))
    assert entry.path == f"by-tree/ab/{'ab' * 20}/{entry.id}.json"
    assert entry.title == "decision refs/heads/main"
