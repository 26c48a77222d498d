"""Whatever is done to a log of decisions is found, and called by its name."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.core.proof.answers import Verdict
from assent.core.proof.dsse import Signature, SignatureKind
from assent.core.proof.log import NewEntry, Touched, hexdigest
from tests.adapters.git.log_scene import EVIDENCE, LogHouse, person
from tests.signing import SshSigner

STRANGER = SshSigner()


@pytest.fixture
def house(tmp_path: Path) -> LogHouse:
    made = LogHouse.make(tmp_path)
    made.merged("b.txt")
    made.merged("c.txt")
    return made


def kinds(house: LogHouse) -> set[Touched]:
    return {each.kind for each in house.verify("main").troubles}


def newest(house: LogHouse, wanted: str = "") -> tuple[str, bytes]:
    """Path and content of the newest entry whose content holds `wanted`."""
    listed = house.user.git("log", "--format=", "--name-only", "refs/assent/log").splitlines()
    for path in listed:
        if path.startswith(("by-tree/", "entries/")):
            content = house.user.git("show", f"refs/assent/log:{path}").encode()
            if wanted in _payload(content):
                return path, content
    raise AssertionError("no such entry")


def _payload(content: bytes) -> str:
    return base64.b64decode(json.loads(content)["payload"]).decode()


def _with_payload(content: bytes, before: str, after: str) -> bytes:
    fields = json.loads(content)
    text = base64.b64decode(fields["payload"]).decode().replace(before, after)
    fields["payload"] = base64.b64encode(text.encode()).decode()
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


# --- what is there was changed


def edit_in_place(house: LogHouse) -> None:
    path, content = newest(house, "looks right")
    house.raw_commit({path: _with_payload(content, "looks right", "looks wrong")})


def edit_and_rewrite(house: LogHouse) -> None:
    path, content = newest(house, "looks right")
    at = len(house.user.git("rev-list", "refs/assent/log").split()) - 2
    house.rewrite(at, {path: _with_payload(content, "looks right", "looks wrong")})


def edit_and_rename(house: LogHouse) -> None:
    path, content = newest(house, "looks right")
    edited = _with_payload(content, "looks right", "looks wrong")
    name = hexdigest(_payload(edited).encode())
    folder = path.rsplit("/", 1)[0]
    at = len(house.user.git("rev-list", "refs/assent/log").split()) - 2
    house.rewrite(at, {path: None, f"{folder}/{name}.json": edited})


def remove_an_entry(house: LogHouse) -> None:
    path, _ = newest(house, "looks right")
    house.raw_commit({path: None})


def wrong_name(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made)
    house.raw_commit({f"entries/00/{'0' * 64}.json": entry.files()[entry.path]})


def two_in_one_commit(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    one, two = house.decision(base, made), house.decision(base, made, by="ben")
    house.raw_commit({**one.files(), **two.files()})


def no_entry(house: LogHouse) -> None:
    house.raw_commit({f"evidence/{hexdigest(b'x')[:2]}/{hexdigest(b'x')}": b"x"})


def not_linear(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made)
    house.raw_commit(dict(entry.files()), parents=[house.head, house.user.git("rev-parse", "main")])


def unreadable(house: LogHouse) -> None:
    house.raw_commit({f"entries/00/{'0' * 64}.json": b"{}"})


def wrong_payload_type(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made)
    content = json.loads(entry.files()[entry.path])
    content["payloadType"] = "application/json"
    house.raw_commit({entry.path: json.dumps(content).encode()})


def second_time(house: LogHouse) -> None:
    path, content = newest(house, "looks right")
    house.raw_commit({path: None})
    house.raw_commit({path: content})


def evidence_altered(house: LogHouse) -> None:
    digest = hexdigest(EVIDENCE)
    house.rewrite(1, {f"evidence/{digest[:2]}/{digest}": b"something else"})


def evidence_taken_out(house: LogHouse) -> None:
    digest = hexdigest(EVIDENCE)
    house.rewrite(1, {f"evidence/{digest[:2]}/{digest}": None})


def keys_swapped(house: LogHouse) -> None:
    keys = json.loads(house.user.git("show", "refs/assent/log:keys.json"))
    house.raw_commit({"keys.json": json.dumps(keys).encode() + b"\n"})


def tail_dropped(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    house.append(house.decision(base, made, by="ben", decision="reject"))
    seen = house.head
    house.point(house.user.git("rev-parse", "refs/assent/log~1"))
    house.append(house.decision(base, made, seenLogHead=seen))


def tail_dropped_after_a_merge(house: LogHouse) -> None:
    house.point(house.user.git("rev-parse", "refs/assent/log~3"))
    base, made = house.change("d.txt")
    house.append(house.decision(base, made))


def forked(house: LogHouse) -> None:
    before = house.head
    base, made = house.change("d.txt")
    house.append(house.decision(base, made))
    other = house.head
    house.point(before)
    house.append(house.decision(base, made, by="ben", seenLogHead=other))


def reordered(house: LogHouse) -> None:
    """ben's word is put before the one that ana gave, after ana saw the log as it was."""
    base, made = house.change("d.txt")
    first = house.decision(base, made, seenLogHead="")
    second = house.decision(base, made, by="ben", seenLogHead="")
    start = house.head
    house.append(first, second)
    last = house.decision(base, made, seenLogHead=house.head)
    house.point(start)
    house.append(second, first, last)


def seen_before_it_was_there(house: LogHouse) -> None:
    house.raw_commit({})
    head = house.head
    house.point(house.user.git("rev-parse", "refs/assent/log~1"))
    base, made = house.change("d.txt")
    house.append(house.decision(base, made, seenLogHead=head))


def whole_log_replaced(house: LogHouse) -> None:
    house.user.git("update-ref", "-d", "refs/assent/log")
    house.user.git("update-ref", "-d", "refs/assent/kept")
    house.last_keys = ""
    house.keys()


# --- who signed


def signed(house: LogHouse, **how: Any) -> None:
    base, made = house.change("d.txt")
    house.append(house.decision(base, made, **how))


def nobody(house: LogHouse) -> None:
    signed(house, signers=[], server=False)


def unknown_key(house: LogHouse) -> None:
    signed(house, signers=[STRANGER])


def anothers_key(house: LogHouse) -> None:
    signed(house, signers=[house.ben])


def revoked_key(house: LogHouse) -> None:
    house.people[1] = person("ben")
    house.keys()
    signed(house, by="ben", signers=[house.ben])


def disabled_person(house: LogHouse) -> None:
    house.people[1] = person("ben", active=False)
    house.keys()
    signed(house, by="ben", signers=[])


def an_agent(house: LogHouse) -> None:
    signed(house, by="claude-code", signers=[])


def unknown_server(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made, signers=[])
    other = replace(entry.envelope.signatures[0], keyid="SHA256:other")
    house.append(NewEntry(replace(entry.envelope, signatures=(other,)), entry.evidence))


def server_as_person(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made, signers=[])
    own = entry.envelope.signatures[0]
    passed_off = replace(own, kind=SignatureKind.SSHSIG)
    house.append(NewEntry(replace(entry.envelope, signatures=(passed_off,)), entry.evidence))


def wrong_namespace(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    entry = house.decision(base, made, signers=[])
    forged = house.ana.signature(entry.envelope.payload, namespace="git")
    house.append(_signed_by(entry, forged))


def replayed_signature(house: LogHouse) -> None:
    """ana's signature under something else that she decided."""
    base, made = house.change("d.txt")
    entry, other = house.decision(base, made, signers=[]), house.decision(base, made)
    house.append(_signed_by(entry, other.envelope.signatures[0]))


def _signed_by(entry: NewEntry, signature: Signature) -> NewEntry:
    signatures = (signature, *entry.envelope.signatures)
    return NewEntry(replace(entry.envelope, signatures=signatures), entry.evidence)


def self_approval(house: LogHouse) -> None:
    signed(house, asker="ana", separate=True)


def self_approval_in_anothers_name(house: LogHouse) -> None:
    signed(house, asker="ana", separate=True, by="ben", inNameOf="ana")


def own_agent(house: LogHouse) -> None:
    signed(house, separate=True, agent={"agent": "claude-code", "person": "ana"})


def has_a_part_in_it(house: LogHouse) -> None:
    signed(house, apart=["ana"])


def evidence_missing(house: LogHouse) -> None:
    signed(house, evidence=[{"name": "plan", "digest": f"sha256:{hexdigest(b'gone')}"}])


# --- keys and policies


def keys_by_a_person_who_may_not(house: LogHouse) -> None:
    house.people.append(person("mallory", STRANGER, roles=("admin",)))
    house.keys(signers=[house.ben], server=False)


def keys_signed_by_themselves(house: LogHouse) -> None:
    house.people.append(person("mallory", STRANGER, roles=("admin",)))
    house.keys(signers=[STRANGER], server=False)


def keys_out_of_order(house: LogHouse) -> None:
    house.keys(prev="0" * 64)


def policy_by_nobody(house: LogHouse) -> None:
    house.append(house.policy(), house.policy(b"[policy]\nlax = 1\n"))


def policy_by_a_request_nobody_approved(house: LogHouse) -> None:
    more = house.policy(b"[policy]\nlax = 1\n", request="REQ-7", action=f"sha256:{'1' * 64}")
    house.append(house.policy(), more)


def policy_missing(house: LogHouse) -> None:
    house.append(replace(house.policy(), policy=None))


def policy_swapped(house: LogHouse) -> None:
    entry = house.policy()
    files = dict(entry.files())
    path = next(each for each in files if each.startswith("policy/"))
    house.raw_commit({**files, path: b"another"})


TAMPERINGS = [
    (edit_in_place, Touched.EDITED),
    (edit_and_rewrite, Touched.WRONG_NAME),
    (edit_and_rename, Touched.BAD_SIGNATURE),
    (remove_an_entry, Touched.EDITED),
    (wrong_name, Touched.WRONG_NAME),
    (two_in_one_commit, Touched.TWO_ENTRIES),
    (no_entry, Touched.NO_ENTRY),
    (not_linear, Touched.NOT_LINEAR),
    (unreadable, Touched.UNREADABLE),
    (wrong_payload_type, Touched.WRONG_TYPE),
    (second_time, Touched.DOUBLED),
    (evidence_altered, Touched.EVIDENCE_ALTERED),
    (evidence_taken_out, Touched.EVIDENCE_MISSING),
    (keys_swapped, Touched.KEYS_SWAPPED),
    (tail_dropped, Touched.TAIL_DROPPED),
    (tail_dropped_after_a_merge, Touched.TAIL_DROPPED),
    (forked, Touched.TAIL_DROPPED),
    (reordered, Touched.TAIL_DROPPED),
    (seen_before_it_was_there, Touched.TAIL_DROPPED),
    (whole_log_replaced, Touched.TAIL_DROPPED),
    (nobody, Touched.NOT_SIGNED),
    (unknown_key, Touched.UNKNOWN_KEY),
    (anothers_key, Touched.OTHERS_KEY),
    (revoked_key, Touched.REVOKED_KEY),
    (disabled_person, Touched.NOT_A_PERSON),
    (an_agent, Touched.NOT_A_PERSON),
    (unknown_server, Touched.UNKNOWN_KEY),
    (server_as_person, Touched.SERVER_AS_PERSON),
    (wrong_namespace, Touched.WRONG_NAMESPACE),
    (replayed_signature, Touched.BAD_SIGNATURE),
    (self_approval, Touched.SELF_APPROVAL),
    (self_approval_in_anothers_name, Touched.SELF_APPROVAL),
    (own_agent, Touched.SELF_APPROVAL),
    (has_a_part_in_it, Touched.SELF_APPROVAL),
    (evidence_missing, Touched.EVIDENCE_MISSING),
    (keys_by_a_person_who_may_not, Touched.KEYS_BY_STRANGER),
    (keys_signed_by_themselves, Touched.UNKNOWN_KEY),
    (keys_out_of_order, Touched.KEYS_BY_STRANGER),
    (policy_by_nobody, Touched.POLICY_BY_STRANGER),
    (policy_by_a_request_nobody_approved, Touched.POLICY_BY_STRANGER),
    (policy_missing, Touched.POLICY_MISSING),
    (policy_swapped, Touched.POLICY_ALTERED),
]


@pytest.mark.parametrize(
    ("tamper", "found"), [pytest.param(how, what, id=how.__name__) for how, what in TAMPERINGS]
)
def test_it_is_found_and_named(
    house: LogHouse, tamper: Callable[[LogHouse], None], found: Touched
) -> None:
    assert not kinds(house)
    tamper(house)
    assert found in kinds(house)


def test_an_order_that_no_clock_gives_is_told(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    early = house.decision(base, made, seenLogHead="", at=house.at - 2 * 3_600_000)
    house.append(house.decision(base, made, by="ben", seenLogHead=""), early)
    found = house.verify("main")
    assert not found.troubles, "a clock that was set back is no tampering"
    assert any("reordered" in note for note in found.notes)


def test_an_entry_that_does_not_hold_covers_nothing(house: LogHouse) -> None:
    house.merged("d.txt", signers=[STRANGER])
    answer = house.verify("main").answers[0]
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "no person's" in answer.why


def test_a_replaced_log_covers_nothing(house: LogHouse) -> None:
    whole_log_replaced(house)
    assert house.verify("main").answers[0].verdict is Verdict.NOT_APPROVED


def test_keys_of_a_stranger_are_not_in_force(house: LogHouse) -> None:
    keys_by_a_person_who_may_not(house)
    base, made = house.change("d.txt")
    house.append(house.decision(base, made, by="mallory", signers=[STRANGER], server=False))
    house.merge(made)
    answer = house.verify("main").answers[0]
    assert answer.verdict is Verdict.NOT_APPROVED


def test_an_entry_of_another_merge_covers_nothing(house: LogHouse) -> None:
    base, made = house.change("d.txt")
    said = house.decision(base, made)
    house.append(said)
    before, after = house.merge(made)
    house.append(house.merge_entry(base, after, said, before=f"{before[:-1]}0"))
    answer = house.verify("main").answers[0]
    assert answer.verdict is Verdict.NOT_APPROVED
    assert "stood elsewhere before" in answer.why
