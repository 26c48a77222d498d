"""An export says of a change who made it, and who accepted it apart from them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.adapters.identity.server_key import ServerKeyFile
from assent.adapters.identity.signatures import CheckedSignatures
from assent.app.changes import decide
from assent.app.changes.saying import Voice
from assent.app.export.tables import Period
from assent.app.proof.ports import ProofPorts
from assent.entrypoints.exports import write_export
from tests.app.changes.scene import Stage, done, stage
from tests.app.conftest import Scene
from tests.signing import person


@pytest.fixture
async def on(tmp_path: Path) -> Stage:
    made = stage(tmp_path, Scene())
    proof = ProofPorts(CheckedSignatures(), ServerKeyFile(tmp_path / "server.key"))
    made.gate = replace(made.gate, proof=proof)

    def people(tx: Any) -> None:
        for name in ("ana", "ben"):
            tx.save_person(person(name))

    await made.gate.store.write(people, durable=True)
    return made


def rows(on: Stage, table: str) -> list[dict[str, Any]]:
    proof, path = on.gate.proof, on.folder.parent / "export.json"
    assert proof is not None
    with path.open("wb") as out:
        on.gate.store.read(
            lambda view: write_export(
                view, Period(0, 10**15), out, as_csv=False, proof=proof, now=1
            )
        )
    return [each for each in json.loads(path.read_bytes())["rows"] if each["table"] == table]


@pytest.mark.parametrize(("by", "apart"), [("ben", True), ("ana", False)])
async def test_whoever_answers_for_it_is_not_apart(on: Stage, by: str, *, apart: bool) -> None:
    on.write(numbers__txt=(on.folder / "numbers.txt").read_text().replace("25", "250"))
    change = await on.submit(uncommitted=True)
    done(await decide.accept(on.gate, change.number, Voice(by=by, via="cli"), reason="fine"))
    [decision] = rows(on, "decisions")
    assert (decision["about"], decision["verdict"]) == ("CH-1", "accepted")
    assert (decision["by"], decision["signed_by"], decision["reason"]) == (by, "server", "fine")
    assert "ana" in decision["author"]
    assert decision["apart"] is apart
    [handed_in] = rows(on, "changes")
    assert (handed_in["change"], handed_in["owner"]) == (1, "ana")
