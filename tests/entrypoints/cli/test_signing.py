"""Signing by the command line, with OpenSSH's own programs: `ssh-keygen` and `ssh-agent`."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.identity.ssh_agent import key_at
from assent.adapters.store import open_store
from assent.app.people.records import keep_person
from assent.app.people.rules import Speaker
from assent.core.people.model import Person
from assent.core.proof.dsse import NAMESPACE, pae, read_envelope
from assent.core.proof.sshsig import armored
from assent.entrypoints.home import read_config
from assent.entrypoints.wiring import Uuid7, database_url
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House, house_in
from tests.entrypoints.cli.conftest import Run

pytestmark = pytest.mark.network

numbers = itertools.count()


def run_program(*words: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        words,
        check=True,
        capture_output=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    return done.stdout.decode()


@dataclass(frozen=True)
class Keys:
    """Private keys by the name of their person; nobody registered that of `mallory`."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    def public(self, name: str) -> Path:
        return self.folder / f"{name}.pub"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ana", "ben", "mallory"):
        path = str(folder / name)
        run_program("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path)
    return Keys(folder)


@pytest.fixture(scope="module")
def agent(keys: Keys) -> Iterator[str]:
    """A real ssh-agent that holds Ana's key and one that nobody registered."""
    with tempfile.TemporaryDirectory(prefix="agent-") as folder:
        socket = f"{folder}/s"
        said = run_program("ssh-agent", "-s", "-a", socket)
        pid = int(said.partition("SSH_AGENT_PID=")[2].partition(";")[0])
        try:
            for name in ("mallory", "ana"):
                run_program("ssh-add", "-q", str(keys.path(name)), env={"SSH_AUTH_SOCK": socket})
            yield socket
        finally:
            os.kill(pid, signal.SIGTERM)


@pytest.fixture
def people(house: House, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Ana and Ben with their keys, while the test runs."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    for name in ("ana", "ben"):
        key = key_at(keys.path(name))
        assert key is not None
        save(house, name, replace(person(name), keys=(key,)))
    yield house
    for name in ("ana", "ben"):
        save(house, name, person(name))


def person(name: str) -> Person:
    return Person(name, added_at=1, added_by="test", roles=("admin",))


def save(house: House, name: str, made: Person) -> None:
    async def work() -> None:
        store = open_store(database_url(house.home, read_config(house.home)))

        def step(tx: Any) -> None:
            known = tx.person(name)
            now = replace(made, version=1 if known is None else known.version + 1)
            keep_person(tx, now, "changed", by=Speaker("test", "cli"), at=1, ids=Uuid7())

        try:
            await store.write(step, durable=True)
        finally:
            await store.close()

    asyncio.run(work())


def asked(house: House) -> dict[str, Any]:
    house.shell(CLAUDE, f"signed-{next(numbers)} --all")
    [request] = house.waiting()
    return request


def test_ana_signs_with_a_file(people: House, run: Run, keys: Keys, tmp_path: Path) -> None:
    request = asked(people)
    done = run("approve", request["name"], "--sign", str(keys.path("ana")), "--reason", "fine")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{request['name']}: approved by ana")
    assert f"To be signed: ana: approve {request['name']}" in done.err
    assert "because: fine" in done.err
    shown = run("show", request["name"]).out
    assert "approve by ana (cli, signed with a key): fine" in shown
    [said] = people.request(request["number"])["decisions"]
    stream = f"request/{request['number']}"
    [kept] = people.read(lambda view: view.envelopes(stream))
    envelope = read_envelope(kept)
    assert json.loads(envelope.payload)["predicate"]["by"] == said["by"] == "ana"
    # OpenSSH says so, too.
    allowed, sig = tmp_path / "allowed", tmp_path / "sig"
    public = keys.public("ana").read_text()
    allowed.write_text(f'ana namespaces="{NAMESPACE}" {public}')
    sig.write_text(armored(envelope.signatures[0].sig))
    words = ("-Y", "verify", "-f", str(allowed), "-I", "ana", "-n", NAMESPACE, "-s", str(sig))
    checked = subprocess.run(
        ["ssh-keygen", *words], input=pae(envelope.payload), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_ana_signs_by_the_public_key_beside(people: House, run: Run, keys: Keys) -> None:
    request = asked(people)
    done = run("approve", request["name"], "--sign", str(keys.public("ana")))
    assert done.code == 0, done.err


def test_ana_signs_by_her_agent(
    people: House, run: Run, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    request = asked(people)
    done = run("approve", request["name"], "--sign")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{request['name']}: approved by ana")


def test_ben_signs_at_anas_terminal(people: House, run: Run, keys: Keys) -> None:
    request = asked(people)
    words = ("--as", "ben", "--sign", str(keys.path("ben")))
    done = run("reject", request["name"], "--reason", "not now", *words)
    assert done.code == 0, done.err
    assert "rejected by ben" in done.out


def test_what_nobody_signed_the_server_says(house: House, run: Run) -> None:
    request = asked(house)
    assert run("reject", request["name"], "--reason", "no").code == 0
    assert "reject by ana (cli, the server says so): no" in run("show", request["name"]).out


def test_a_modification_is_signed(people: House, run: Run, keys: Keys) -> None:
    request = asked(people)
    words = ("--with", "-", "--sign", str(keys.path("ana")))
    done = run("modify", request["name"], *words, stdin=b"echo safe\n")
    assert done.code == 0, done.err
    [kept] = people.read(lambda view: view.envelopes(f"request/{request['number']}"))
    assert json.loads(read_envelope(kept).payload)["predicate"]["runs"].startswith("sha256:")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--sign", "{mallory}"], "This is no key of ana", id="not-registered"),
        pytest.param(["--sign", "{ben}"], "This is no key of ana", id="another-persons"),
        pytest.param(["--sign", "{nothing}"], "There is no key at", id="not-there"),
        pytest.param(["--sign"], "ssh-agent holds no key of ana", id="no-agent"),
        pytest.param(["--as", "ben"], "ssh-agent holds no key of ben", id="as-without-key"),
        pytest.param(
            ["--as", "mallory", "--sign", "{mallory}"], "nobody who may decide", id="nobody"
        ),
    ],
)
def test_what_is_not_signed_is_not_decided(
    people: House, run: Run, keys: Keys, words: list[str], said: str
) -> None:
    names = {name: str(keys.path(name)) for name in ("ana", "ben", "mallory", "nothing")}
    request = asked(people)
    done = run("approve", request["name"], *(word.format(**names) for word in words))
    assert done.code == 2, done.err
    assert said in done.err
    assert people.request(request["number"])["state"] == "pending"


def test_whoever_has_a_key_does_not_just_click(people: House, run: Run) -> None:
    request = asked(people)
    done = run("approve", request["name"], "--confirm", request["name"])
    assert done.code == 1
    assert people.request(request["number"])["state"] == "pending"


def test_without_openssh_it_is_said(
    people: House, run: Run, keys: Keys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = asked(people)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("approve", request["name"], "--sign", str(keys.path("ana")))
    assert done.code == 3
    assert "ssh-keygen is not there. Install OpenSSH." in done.err


def test_the_record_agrees_with_what_was_signed(people: House, run: Run, keys: Keys) -> None:
    signed = asked(people)
    assert run("approve", signed["name"], "--sign", str(keys.path("ana"))).code == 0
    said = asked(people)
    assert run("reject", said["name"], "--reason", "no").code == 0
    done = run("verify")
    assert done.code == 0, done.err


def test_a_referral_is_signed(people: House, run: Run, keys: Keys) -> None:
    request = asked(people)
    done = run("refer", request["name"], "--to", "ben", "--sign", str(keys.path("ana")))
    assert done.code == 0, done.err
    [kept] = people.read(lambda view: view.envelopes(f"request/{request['number']}"))
    assert json.loads(read_envelope(kept).payload)["predicate"]["to"] == ["ben"]


def test_as_the_guide_says(
    tmp_path: Path, run: Run, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/how-to/sign-decisions.md, from registering a key to another person's word."""
    with house_in(tmp_path / "house") as house:
        house.start()
        monkeypatch.setenv("ASSENT_HOME", str(house.home.root))
        assert run("people", "add", "ben").code == 0
        for name in ("ben", "ana"):
            done = run("people", "keys", "add", name, str(keys.public(name)))
            assert done.code == 0, done.err
        first = asked(house)
        assert run("approve", first["name"], "--confirm", first["name"]).code == 1
        done = run("approve", first["name"], "--sign", str(keys.public("ana")))
        assert done.out.startswith(f"{first['name']}: approved by ana"), done.err
        second = asked(house)
        done = run("approve", second["name"], "--as", "ben", "--sign", str(keys.path("ben")))
        assert done.out.startswith(f"{second['name']}: approved by ben"), done.err
        assert run("verify").code == 0


def test_a_delegation_is_signed_by_whoever_has_a_key(people: House, run: Run, keys: Keys) -> None:
    words = ("delegate", "--to", "ben", "--for", "8h", "--path", "src/**")
    refused = run(*words)
    assert (refused.code, "passkey or a key" in refused.err) == (1, True)
    given = run(*words, "--sign", str(keys.path("ana")))
    assert given.code == 0, given.err
    assert "To be signed: ana: delegate to ben (high)" in given.err
    assert "  paths src/**" in given.err
    assert "ben decides for ana, up to high, about src/**" in given.out
    assert given.out.strip().endswith("signed (key)")
    back = run("delegate", "--to", "ana", "--as", "ben", "--sign", str(keys.path("ben")))
    assert "ana decides for ben" in back.out
    for line in run("delegate", "list").out.splitlines():
        assert run("delegate", "revoke", line.split()[0]).code == 0
