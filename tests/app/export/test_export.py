"""What an export holds, and that a changed one is told from a whole one."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.decide_request import Word, decide_request
from assent.app.export.files import EXPORT, cell
from assent.app.export.tables import Period, tables
from assent.app.gatehouse import Gatehouse
from assent.app.people.rules import Speaker
from assent.app.proof.ports import ProofPorts
from assent.app.requests import open_request
from assent.core.approvals import Refusal, Request, Verdict
from assent.core.canonical import Digest
from assent.core.changes.acceptance import BY_POLICY
from assent.core.people.model import Need
from assent.core.proof.keys import ServerPublicKey
from assent.core.proof.statement import read_statement
from assent.core.risk.factors import RiskClass
from assent.core.risk.model import Assessment
from assent.entrypoints.exports import check_export, period_of, table_named, write_export
from assent.errors import UsageError
from tests.app.conftest import Scene, proposal
from tests.signing import SshSigner, person

CHECKS = CheckedSignatures()
DAY = 86_400_000
ALL = Period(0, 10**15)


@pytest.fixture
def proof(tmp_path: Path) -> ProofPorts:
    return ProofPorts(CHECKS, ServerKeyFile(tmp_path / "server.key"))


@pytest.fixture
def gate(scene: Scene, proof: ProofPorts) -> Gatehouse:
    return replace(scene.gate, proof=proof)


async def ask(gate: Gatehouse, title: str = "delete build", **more: Any) -> Request:
    now = gate.clock.now()
    graded = Assessment(RiskClass.MEDIUM, frozenset(), (), title=title, undo="none")

    def work(tx: Any) -> Request:
        made = Request(
            id=gate.ids.new(),
            number=tx.next_number(),
            proposal=proposal(f"make {title}"),
            assessment=graded,
            rule="r",
            why="w",
            policy=Digest("sha256:" + "b" * 64),
            created_at=now,
            expires_at=now + DAY,
            **more,
        )
        open_request(tx, made, now)
        return made

    return await gate.store.write(work, durable=True)


async def say(gate: Gatehouse, asked: Request, by: str, **more: Any) -> None:
    fields: dict[str, Any] = {"verdict": Verdict.APPROVE, "via": "cli", **more}
    outcome = await decide_request(gate, asked.number, Word(by=by, **fields))
    assert not isinstance(outcome, Refusal), outcome


async def people(gate: Gatehouse, *names: str) -> None:
    def work(tx: Any) -> None:
        for name in names:
            tx.save_person(person(name))

    await gate.store.write(work, durable=True)


def written(gate: Gatehouse, path: Path, *, period: Period = ALL, as_csv: bool = False) -> Path:
    proof = gate.proof
    assert proof is not None
    with path.open("wb") as out:
        gate.store.read(
            lambda view: write_export(view, period, out, as_csv=as_csv, proof=proof, now=7)
        )
    return path


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    document = json.loads(path.read_bytes())
    return [each for each in document["rows"] if each["table"] == table]


async def test_a_decision_says_who_was_apart_from_whom(gate: Gatehouse, tmp_path: Path) -> None:
    await people(gate, "ana", "ben", "eva")
    need = Need("@security", ("eva",), 1)
    asked = await ask(gate, asker="ana", reviewers=("ana", "ben"), also=(need,))
    await say(gate, asked, "ben", reason="checked")
    await say(gate, asked, "eva")
    first, second = rows(written(gate, tmp_path / "e.json"), "decisions")
    assert (first["about"], first["by"], first["asker"]) == ("REQ-1", "ben", "ana")
    assert (first["apart"], first["reason"], first["signed_by"]) == (True, "checked", "server")
    assert first["needs"] == ["1 of anybody", "1 of @security"] or len(first["needs"]) == 2
    assert second["approvers"] == ["ben", "eva"]
    assert second["met"] == ["1 of 1", "1 of 1"]
    [request] = rows(tmp_path / "e.json", "requests")
    assert (request["title"], request["asker"]) == ("delete build", "ana")


async def test_a_self_approval_is_not_apart(gate: Gatehouse, tmp_path: Path) -> None:
    await people(gate, "ana")
    await say(gate, await ask(gate, asker="ana"), "ana")
    [decision] = rows(written(gate, tmp_path / "e.json"), "decisions")
    assert decision["apart"] is False


async def test_whom_nobody_knows_is_not_said_to_be_apart(gate: Gatehouse, tmp_path: Path) -> None:
    await people(gate, "ana")
    await say(gate, await ask(gate), "ana")
    [decision] = rows(written(gate, tmp_path / "e.json"), "decisions")
    assert decision["apart"] is None


async def test_a_signed_decision_names_its_statement(gate: Gatehouse, tmp_path: Path) -> None:
    from assent.app.proof.statements import Prepared, statement_of_request  # noqa: PLC0415

    signer = SshSigner("sk-ssh-ed25519@openssh.com")
    await gate.store.write(lambda tx: tx.save_person(person("ana", signer)), durable=True)
    asked = await ask(gate)
    word = Word(verdict=Verdict.APPROVE, by="ana", via="cli")
    ready = await statement_of_request(gate, asked.number, word)
    assert isinstance(ready, Prepared)
    await say(gate, asked, "ana", envelope=signer.envelope(ready.payload))
    [decision] = rows(written(gate, tmp_path / "e.json"), "decisions")
    assert (decision["signed_by"], decision["statement"]) == ("person", ready.digest)
    assert (decision["factor"], decision["level"]) == ("touch", "present")


async def test_only_the_period_is_exported(gate: Gatehouse, scene: Scene, tmp_path: Path) -> None:
    for title in ("first", "second", "third"):
        await ask(gate, title)
        scene.clock.at += DAY
    start = 1_000_000
    period = Period(start + DAY, start + 2 * DAY)
    path = written(gate, tmp_path / "e.json", period=period)
    assert [each["title"] for each in rows(path, "requests")] == ["second"]
    assert rows(path, "heads")


async def test_what_went_another_way_is_listed(
    gate: Gatehouse, scene: Scene, tmp_path: Path
) -> None:
    from assent.app.people.records import note  # noqa: PLC0415
    from assent.app.run_timers import run_timers  # noqa: PLC0415

    await ask(gate)
    scene.clock.at += 2 * DAY
    await run_timers(gate)
    by = Speaker("ana", "cli")

    def recovered(tx: Any) -> None:
        note(tx, "ben", "recovered", by=by, at=scene.clock.at)

    await gate.store.write(recovered, durable=True)
    found = [
        (each["what"], each["about"]) for each in rows(written(gate, tmp_path / "e"), "overrides")
    ]
    assert found == [
        ("nobody decided in time", "REQ-1"),
        ("somebody's keys were dropped at the terminal, to begin anew", "ben"),
    ]
    [person_row] = rows(tmp_path / "e", "people")
    assert (person_row["kind"], person_row["person"]) == ("recovered", "ben")


async def test_acceptances_that_stand_out(gate: Gatehouse, tmp_path: Path) -> None:
    said: tuple[dict[str, Any], ...] = (
        {"by": "ana", "envelope": "sha256:1", "errors": 0, "reason": "fine", "via": "web"},
        {"by": "ana", "envelope": "", "errors": 2, "reason": "hurry", "via": "web"},
        {"by": "ben", "envelope": "", "errors": 0, "reason": "", "via": "web"},
        {"by": "ana", "envelope": "", "errors": 0, "reason": "", "via": BY_POLICY},
    )

    def accept(tx: Any) -> None:
        for number, fields in enumerate(said, 1):
            tx.append(f"change/{number}", "accepted", at=1, fields={**fields, "change": number})

    await gate.store.write(accept, durable=True)
    found = rows(written(gate, tmp_path / "e"), "overrides")
    assert [(each["what"], each["about"], each["reason"]) for each in found] == [
        ("accepted despite errors that reviewers found", "CH-2", "hurry"),
        ("said without a signature by somebody who had signed before", "CH-2", "hurry"),
    ]
    signed = [each["signed_by"] for each in rows(tmp_path / "e", "decisions")]
    assert signed == ["person", "server", "server", None]


async def test_policies_in_force_as_the_period_begins(gate: Gatehouse, tmp_path: Path) -> None:
    def accept(tx: Any) -> None:
        for at, place in ((1, "/a"), (2, "/a"), (3, "/b"), (6, "/a")):
            said = {"policy": f"sha256:{at}", "before": "", "by": "ana", "request": at}
            tx.append(f"policy/{place}", "policy-accepted", at=at, fields=said)

    await gate.store.write(accept, durable=True)

    def found(since: int, until: int) -> list[tuple[str, str, str]]:
        path = written(gate, tmp_path / "e", period=Period(since, until))
        return [(r["workspace"], r["policy"], r["in_force"]) for r in rows(path, "policies")]

    start, then = "as the period begins", "from then on"
    assert found(5, 9) == [
        ("/a", "sha256:2", start),
        ("/b", "sha256:3", start),
        ("/a", "sha256:6", then),
    ]
    assert found(2, 3) == [("/a", "sha256:1", start), ("/a", "sha256:2", then)]
    assert found(7, 9) == [("/a", "sha256:6", start), ("/b", "sha256:3", start)]


# Files


async def example(gate: Gatehouse) -> None:
    await people(gate, "ana")
    await ask(gate, "=1+1")
    await say(gate, await ask(gate), "ana", reason='line\nbreak, "quoted"')
    await gate.store.write(lambda tx: tx.seal(5), durable=True)


@pytest.mark.parametrize("as_csv", [False, True], ids=["json", "csv"])
async def test_a_whole_export_checks(
    gate: Gatehouse, proof: ProofPorts, tmp_path: Path, *, as_csv: bool
) -> None:
    await example(gate)
    path = written(gate, tmp_path / "e", as_csv=as_csv)
    found = check_export(path, signatures=CHECKS, key=proof.server.public)
    last = gate.store.read(lambda view: view.last_checkpoint())
    assert last is not None
    assert (found.counts["requests"], found.counts["decisions"]) == (2, 1)
    assert (found.checkpoint, found.at) == (last.hash, 7)


@pytest.mark.parametrize("as_csv", [False, True], ids=["json", "csv"])
async def test_any_changed_byte_shows(
    gate: Gatehouse, proof: ProofPorts, tmp_path: Path, *, as_csv: bool
) -> None:
    await example(gate)
    path = written(gate, tmp_path / "e", as_csv=as_csv)
    data = path.read_bytes()
    for at in range(0, len(data), 1 if len(data) < 3000 else len(data) // 700):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            found = check_export(path, signatures=CHECKS, key=proof.server.public)
        except ValueError:
            continue
        # Dates and attributes in an archive's own directory are nobody's rows.
        assert as_csv, at
        assert found.counts["requests"] == 2


async def test_a_dropped_row_shows(gate: Gatehouse, proof: ProofPorts, tmp_path: Path) -> None:
    await example(gate)
    path = written(gate, tmp_path / "e.json")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(ValueError, match="changed since"):
        check_export(path, signatures=CHECKS, key=proof.server.public)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(ValueError, match="no signature"):
        check_export(path, signatures=CHECKS, key=None)
    path.write_bytes(b"".join([*lines, b"{}\n"]))
    with pytest.raises(ValueError, match="follows the signature"):
        check_export(path, signatures=CHECKS, key=None)


async def test_another_servers_export_shows(gate: Gatehouse, tmp_path: Path) -> None:
    path = written(gate, tmp_path / "e.json")
    other = ServerKeyFile(tmp_path / "other.key").public
    with pytest.raises(ValueError, match="another server signed it"):
        check_export(path, signatures=CHECKS, key=other)
    assert isinstance(check_export(path, signatures=CHECKS, key=None).server, ServerPublicKey)


async def test_an_archive_holds_no_file_beside(
    gate: Gatehouse, proof: ProofPorts, tmp_path: Path
) -> None:
    path = written(gate, tmp_path / "e.zip", as_csv=True)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", "a,b\n")
    with pytest.raises(ValueError, match=r"more\.csv"):
        check_export(path, signatures=CHECKS, key=proof.server.public)


async def test_tables_are_read_by_other_programs(gate: Gatehouse, tmp_path: Path) -> None:
    await example(gate)
    path = written(gate, tmp_path / "e.zip", as_csv=True)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [*(f"{each.name}.csv" for each in tables()), "signed.json"]
        requests = list(csv.DictReader(io.TextIOWrapper(archive.open("requests.csv"), "utf-8")))
        decisions = list(csv.DictReader(io.TextIOWrapper(archive.open("decisions.csv"), "utf-8")))
        signed = json.loads(archive.read("signed.json"))
    assert [each["title"] for each in requests] == ["'=1+1", "delete build"]
    assert [each["reason"] for each in decisions] == ['line\nbreak, "quoted"']
    import base64  # noqa: PLC0415

    assert read_statement(base64.b64decode(signed["payload"])).kind == EXPORT


@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    made = cell(text)
    assert made.lstrip(" ")[:1] not in {*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"}
    assert made.removeprefix("'") == text.removeprefix("'") or made == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (-3, "-3"), (["a", "b"], "a; b"), ({"a": 1}, '{"a":1}')],
    ids=["nothing", "yes", "number", "list", "object"],
)
def test_cells(value: Any, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("since", "until"),
    [("yesterday", ""), ("2026-11-02", "2026-11-01"), ("", ""), ("99999-01-01", "")],
)
def test_what_is_no_period(since: str, until: str) -> None:
    with pytest.raises(UsageError):
        period_of(since, until, now=0, zone=None)


def test_what_is_no_table() -> None:
    with pytest.raises(UsageError, match="no table"):
        table_named("secrets")


@given(st.binary(max_size=400))
def test_what_is_no_export_is_said(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        check_export(path, signatures=CHECKS, key=None)
