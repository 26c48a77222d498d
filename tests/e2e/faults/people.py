"""People at a real daemon: with a browser, the command line, keys; and agents that ask."""

import base64
import http.client
import json
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assent.core.canonical import digest_of
from assent.core.proof.dsse import Envelope, Signature, SignatureKind, envelope_bytes, pae
from assent.errors import AssentError, UnavailableError
from tests.e2e.faults.agents import CLAUDE
from tests.e2e.faults.house import House


@dataclass
class Person:
    """A person with a browser, or with the command line of the home."""

    house: House
    name: str
    cookie: str = ""

    def log_in(self) -> None:
        """By a one-time link, as in a browser."""
        said = self.house.assent("people", "link", self.name)
        assert said.returncode == 0, said.stderr
        token = said.stdout.rstrip().rpartition("/login/")[2].split()[0]
        status, headers, _ = self._http("POST", "/login", f"token={token}".encode(), form=True)
        assert status == 303, status
        self.cookie = headers["set-cookie"].partition(";")[0]

    def inbox(self) -> list[dict[str, Any]]:
        if not self.cookie:
            return self.house.inbox()
        status, _, body = self._http("GET", "/api/requests?limit=500")
        if status != 200:
            raise UnavailableError(f"HTTP {status}")
        found: list[dict[str, Any]] = json.loads(body)["requests"]
        return found

    def approve(self, number: int, version: int) -> bool:
        """Whether it was taken; False when somebody was first."""
        if not self.cookie:
            with suppress(AssentError):
                self.house.decide(number, version=version, keep=False)
                return True
            return False
        fields = json.dumps({"version": version, "keep": False}).encode()
        with suppress(OSError, http.client.HTTPException):
            return self._http("POST", f"/api/requests/{number}/approve", fields)[0] == 200
        return False

    def _http(
        self, method: str, path: str, body: bytes = b"", *, form: bool = False
    ) -> tuple[int, Mapping[str, str], bytes]:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        return self.send(method, path, body, {"Content-Type": kind})

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """What a browser sends from our own page, but for the `headers` that differ."""
        host = urlsplit(self.house.client.url).netloc
        connection = http.client.HTTPConnection(host, timeout=20)
        own = {"Origin": f"http://{host}", "Content-Type": "application/json"}
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        try:
            connection.request(
                method, path, body=body or None, headers={**own, **cookie, **(headers or {})}
            )
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()

    def says(self, number: int, verdict: str, **fields: object) -> tuple[int, dict[str, Any]]:
        """A decision by the API, as this browser: status and answer. Programs stay unknown."""
        body = json.dumps({"keep": False, **fields}).encode()
        status, _, said = self._http("POST", f"/api/requests/{number}/{verdict}", body)
        return status, json.loads(said)


@dataclass
class Key:
    """An SSH key of somebody's, without a passphrase."""

    path: Path

    @classmethod
    def made(cls, folder: Path, name: str) -> "Key":
        path = folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True
        )
        return cls(path)

    @property
    def public(self) -> Path:
        return self.path.with_suffix(".pub")

    def signed(self, payload: bytes, *, namespace: str = "assent.decision.v1") -> str:
        """The DSSE envelope of a statement."""
        armoured = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.path)],
            input=pae(payload),
            capture_output=True,
            check=True,
        ).stdout.decode()
        blob = base64.b64decode("".join(armoured.strip().splitlines()[1:-1]))
        listed = subprocess.run(
            ["ssh-keygen", "-l", "-f", str(self.public)], capture_output=True, check=True
        ).stdout.decode()
        signature = Signature(SignatureKind.SSHSIG, listed.split()[1], blob)
        return envelope_bytes(Envelope(payload, (signature,))).decode()


def statement(house: House, number: int, by: str, verdict: str, **fields: object) -> bytes:
    """What `by` would sign."""
    said = {"by": by, "verdict": verdict, "keep": False, **fields}
    found = house.client.post(f"/api/requests/{number}/statement", said)
    return base64.b64decode(found["payload"])


def joined(house: House, name: str, *words: str) -> Person:
    """A new person, logged in by a one-time link."""
    said = house.assent("people", "add", name, *words)
    assert said.returncode == 0, said.stderr
    person = Person(house, name)
    person.log_in()
    return person


def with_git(house: House) -> None:
    """Make the workspace a repository."""
    house.workspace.joinpath(".git").rmdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(house.workspace)], check=True)


def put_in_force(house: House, policy: str) -> None:
    folder = house.workspace / ".assent"
    folder.mkdir()
    (folder / "policy.toml").write_text(policy)
    fields = {"workspace": str(house.workspace), "digest": digest_of(policy.encode())}
    house.client.post("/api/policy/begin", fields)


def proposed(house: House, command: str, call: str) -> None:
    """What a relay sends that is killed before its answer: the request stays."""
    payload = CLAUDE.shell(command, cwd=str(house.workspace), session="s-1", call=call)
    records = [b"assent/1", CLAUDE.name.encode(), CLAUDE.before.encode()]
    framed = b"".join(len(each).to_bytes(4, "big") + each for each in records)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.connect(str(house.home.socket))
        agent.sendall(framed + (0).to_bytes(4, "big") + payload)
        agent.shutdown(socket.SHUT_WR)
        agent.recv(1)
