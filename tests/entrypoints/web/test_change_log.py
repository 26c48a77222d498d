"""Who accepts a change, and its decision log: on the page, as JSON, and what proves it."""

import base64
import html
import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.changes import decide
from assent.app.changes.saying import Voice
from assent.app.gatehouse import Gatehouse
from assent.app.ports import Opened
from assent.app.proof.ports import ProofPorts
from assent.core.changes.model import Change, ChangeState
from assent.core.policy.changes import ChangeRules
from assent.core.policy.model import Wanted
from assent.core.proof.dsse import read_envelope
from assent.core.proof.statement import read_statement
from assent.core.risk.factors import RiskClass
from assent.testing import MemoryStore
from tests.app.world import BUILT_IN, StillPolicies
from tests.entrypoints.web.change_desk import ChangeDesk, open_full
from tests.entrypoints.web.desk import ANA
from tests.signing import SshSigner, person

TOUCH = SshSigner("sk-ssh-ed25519@openssh.com")
TWO = ChangeRules(
    test="make test",
    separate=True,
    needs=dict.fromkeys(RiskClass, (Wanted(("@security",), 2),)),
)
HERE = {"HX-Request": "true"}


class Desk(ChangeDesk):
    """One where two of three security people accept, and the server signs."""

    rules = TWO

    @cached_property
    def proof(self) -> ProofPorts:
        return ProofPorts(CheckedSignatures(), ServerKeyFile(Path(mkdtemp()) / "server.key"))

    @property
    def gate(self) -> Gatehouse:
        policies = StillPolicies(replace(BUILT_IN, changes=self.rules))
        return replace(super().gate, policies=policies, proof=self.proof)


@pytest.fixture
def desk() -> Desk:
    others = [person(name, roles=("security",)) for name in ("ben", "cyd")]
    return Desk(store=MemoryStore([ANA, *others, person("dan", TOUCH, roles=("security",))]))


async def accepted_by(desk: Desk, made: Change, by: str) -> Change:
    hunks = [hunk.id for hunk in made.newest.hunks]
    outcome = await decide.accept(
        desk.gate, made.number, Voice(by=by, via="web"), hunks=hunks, reason="false alarms"
    )
    assert isinstance(outcome, Change), outcome
    return outcome


async def text_of(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


async def test_the_page_says_who_can_who_has_and_who_is_missing(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    await accepted_by(desk, await open_full(desk), "ben")
    page = await text_of(ana, "/changes/CH-1")
    for part in (
        "2 of @security",
        "accepted ben",
        "missing 1 more of @security (cyd or dan)",
        "ben accepted all of it",
        "clicked or typed, on web, advisory",
        "You cannot accept it: ana cannot accept CH-1: ana answers for it",
    ):
        assert part in page
    assert "Send back" in page


async def test_the_record_says_it_as_well(desk: Desk, cli: httpx2.AsyncClient) -> None:
    made = await accepted_by(desk, await open_full(desk), "ben")
    record = (await cli.get("/api/changes/CH-1")).json()
    found = record["agreement"]
    assert [need["group"] for need in found["needs"]] == ["anybody", "2 of @security"]
    assert found["needs"][1]["have"] == [{"by": "ben", "in_name_of": ""}]
    assert found["awaited"] == record["awaited"] == ["cyd", "dan"]
    assert found["apart"] == {"ana": "answers for it"}
    assert (found["met"], found["signed"]) == (False, False)
    assert [each["by"] for each in found["voices"]] == ["ben"]
    assert record["acceptances"][0]["entry"] == made.acceptances[0].entry


async def test_the_log_reads_from_who_asked_to_what_became_of_it(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    made = await open_full(desk)
    opened = Opened(made.id, "ben", 2, at=1, shown_ms=200_000, read=True)
    await desk.store.write(lambda tx: tx.note_opened(opened), durable=True)
    await accepted_by(desk, made, "ben")
    page = await text_of(ana, "/changes/CH-1/log")
    parts = [
        "Decision log of CH-1: Allow a grace period for sessions",
        "claude-code for ana asked for it to be merged",
        "revision 2: 67 lines in 6 files, 8 hunks, class high",
        "2 of @security (ben, cyd, dan)",
        "ana does not count: answers for it",
        "ben had revision 2 on show for 3 min, all of its files, to the end",
        "secrets (static) has no objection to revision 2",
        "ben accepted all 8 hunks of revision 2",
        "3 min on show, to the end",
        "as 2 of @security",
        "because: false alarms",
        "said by the server, with the key SHA256:",
        "`make test` failed",
        "It is not merged.",
        "Everything, in order",
    ]
    assert [part for part in parts if part not in page] == []
    assert [page.index(part) for part in parts] == sorted(page.index(part) for part in parts)


async def test_each_line_of_the_log_leads_to_its_proof(desk: Desk, cli: httpx2.AsyncClient) -> None:
    made = await accepted_by(desk, await open_full(desk), "ben")
    log = (await cli.get("/api/changes/CH-1/log")).json()
    sections = {each["id"]: each for each in log["sections"]}
    [decided] = sections["decided"]["lines"]
    proofs = {each["kind"]: each["value"] for each in decided["proofs"]}
    entries = desk.store.read(lambda view: list(view.chain("change/1")))
    assert proofs["ledger"] == entries[-1].hash
    assert proofs["hunks"] == made.acceptances[0].digest
    assert {"evidence plan", "evidence report", "evidence reviews"} <= proofs.keys()
    answer = await cli.get(f"/api/changes/CH-1/statements/{proofs['statement']}")
    said = read_statement(read_envelope(answer.content).payload)
    assert (said.predicate["by"], said.predicate["decision"]) == ("ben", "accept")
    assert [each["proofs"][0]["value"] for each in sections["record"]["lines"]] == [
        each.hash for each in entries
    ]


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "x"])
async def test_what_is_no_statement_of_it_is_not_found(
    desk: Desk, cli: httpx2.AsyncClient, digest: str
) -> None:
    await open_full(desk)
    answer = await cli.get(f"/api/changes/CH-1/statements/{digest}")
    assert answer.status_code in (404, 422)


async def test_what_others_wrote_is_text_in_the_log(desk: Desk, ana: httpx2.AsyncClient) -> None:
    await open_full(desk, title="<script>alert(1)</script>\u202eevil")
    answer = await ana.get("/changes/CH-1/log")
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text


# Signed, by the API


async def test_a_statement_is_signed_and_sent_with_the_word(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    made = await open_full(desk)
    said: dict[str, Any] = {
        "version": made.version,
        "revision": 2,
        "reason": "false alarms",
        "hunks": [hunk.id for hunk in made.newest.hunks],
    }
    asked = await cli.post(
        "/api/changes/CH-1/statement", json={**said, "verdict": "accept", "by": "dan"}
    )
    assert asked.status_code == 200, asked.text
    ready = asked.json()
    assert ready["by"] == "dan"
    assert ready["keys"][0]["fingerprint"] == TOUCH.key.fingerprint
    envelope = TOUCH.envelope(base64.b64decode(ready["payload"])).decode()
    answer = await cli.post("/api/changes/CH-1/accept", json={**said, "envelope": envelope})
    assert answer.status_code == 200, answer.text
    [given] = answer.json()["acceptances"]
    assert (given["by"], given["factor"], given["envelope"]) == ("dan", "touch", ready["digest"])
    again = await cli.post("/api/changes/CH-1/accept", json={**said, "envelope": envelope})
    assert again.status_code == 409


async def test_what_would_not_be_taken_is_not_made_to_be_signed(
    desk: Desk, cli: httpx2.AsyncClient
) -> None:
    made = await open_full(desk)
    await desk.put(made, state=ChangeState.MERGED)
    answer = await cli.post(
        "/api/changes/CH-1/statement", json={"verdict": "accept", "by": "dan", "reason": "x"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "wrong-state")


# What was read


async def test_what_a_page_tells_of_the_reading_is_kept(
    desk: Desk, ana: httpx2.AsyncClient
) -> None:
    made = await open_full(desk)
    first = await ana.post("/changes/CH-1/opened", data={"revision": "2"}, headers=HERE)
    assert first.json() == {"shown_ms": 0, "read": False}
    told = {"revision": "2", "shown_ms": "4000", "read": "yes"}
    answer = await ana.post("/changes/CH-1/opened", data=told, headers=HERE)
    assert answer.json()["read"] is True
    kept = desk.store.read(lambda view: view.opened(made.id, "ana", 2))
    assert kept is not None
    assert kept.read
    none = await ana.post("/changes/CH-1/opened", data={"revision": "9"}, headers=HERE)
    assert none.status_code == 400
