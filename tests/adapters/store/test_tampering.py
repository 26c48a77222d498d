"""A SQLite file that somebody edits is found out, and the place is named."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from assent.adapters.store import open_reader, open_store
from assent.app.verify_ledger import verify_ledger
from assent.core.canonical import canonical, digest_of
from assent.core.ledger import Break, Head, link
from assent.errors import IntegrityError

Raw = sqlite3.Connection


@pytest.fixture
async def ledger(sqlite_url: str, tmp_path: Path) -> Path:
    """Streams `a` and `b` of three entries each, a checkpoint, and one more entry in `a`."""
    store = open_store(sqlite_url)

    async def append(stream: str, at: int) -> None:
        await store.write(
            lambda tx: tx.append(stream, "noted", at=at, fields={"x": at}), durable=True
        )

    for at in (1, 2, 3):
        await append("a", at)
        await append("b", at)
        await store.write(lambda tx: tx.seal(10), durable=True)
    await append("a", 4)
    await store.close()
    return tmp_path / "control.db"


def breaks_after(file: Path, edit: Callable[[Raw], object]) -> list[Break]:
    with sqlite3.connect(file) as raw:
        edit(raw)
    raw.close()
    with open_reader(f"sqlite:///{file}") as reader:
        return list(reader.read(verify_ledger).breaks)


def sql(*statements: str) -> Callable[[Raw], None]:
    def edit(raw: Raw) -> None:
        for statement in statements:
            raw.execute(statement)

    return edit


def test_an_untouched_ledger_holds(ledger: Path) -> None:
    assert breaks_after(ledger, sql()) == []


def swap(raw: Raw) -> None:
    """Exchange two whole entries of one stream, hashes included."""
    sql(
        "UPDATE audit SET seq = 99 WHERE stream = 'a' AND seq = 1",
        "UPDATE audit SET seq = 1 WHERE stream = 'a' AND seq = 2",
        "UPDATE audit SET seq = 2 WHERE stream = 'a' AND seq = 99",
    )(raw)


def rewrite_tail(raw: Raw) -> None:
    """Replace the last entry that a checkpoint saw and everything after it by a sound chain."""
    (before,) = raw.execute("SELECT hash FROM audit WHERE stream = 'b' AND seq = 2").fetchone()
    forged = link("b", Head("b", 2, before), canonical({"kind": "noted", "at": 3, "x": 7}))
    raw.execute(
        "UPDATE audit SET hash = ?, body = ? WHERE stream = 'b' AND seq = 3",
        (forged.hash, forged.body),
    )
    raw.execute("UPDATE audit_head SET hash = ? WHERE stream = 'b'", (forged.hash,))


def rehash_checkpoint(raw: Raw) -> None:
    """Take stream `b` out of the second checkpoint, and give that a hash that fits."""
    body = canonical({"number": 2, "prev": "sha256:" + "0" * 64, "at": 10, "heads": []})
    raw.execute(
        "UPDATE checkpoint SET body = ?, hash = ? WHERE number = 2", (body, digest_of(body))
    )


@pytest.mark.parametrize(
    ("edit", "where", "what"),
    [
        pytest.param(
            sql("UPDATE audit SET body = '{}' WHERE stream = 'a' AND seq = 2"),
            "a#2",
            "was edited",
            id="edited-entry",
        ),
        pytest.param(
            sql("UPDATE audit SET body = CAST(replace(body, '2', '7') AS BLOB) WHERE seq = 2"),
            "b#2",
            "was edited",
            id="edited-bytes",
        ),
        pytest.param(
            sql("DELETE FROM audit WHERE stream = 'a' AND seq = 2"),
            "a#3",
            "entries are missing",
            id="dropped-entry",
        ),
        pytest.param(swap, "a#1", "does not follow", id="swapped-entries"),
        pytest.param(
            sql("UPDATE audit SET stream = 'c' WHERE stream = 'b' AND seq = 3"),
            "b#3",
            "its tail was dropped",
            id="moved-to-another-stream",
        ),
        pytest.param(
            sql("DELETE FROM audit WHERE stream = 'a' AND seq = 4"),
            "a#4",
            "its tail was dropped",
            id="dropped-tail",
        ),
        pytest.param(
            sql(
                "DELETE FROM audit WHERE stream = 'a' AND seq > 2",
                "UPDATE audit_head SET seq = 2, hash ="
                " (SELECT hash FROM audit WHERE stream = 'a' AND seq = 2) WHERE stream = 'a'",
            ),
            "a#3",
            "replaced or dropped",
            id="dropped-tail-and-head-after-a-checkpoint",
        ),
        pytest.param(
            sql(
                "DELETE FROM audit WHERE stream = 'b'", "DELETE FROM audit_head WHERE stream = 'b'"
            ),
            "b#3",
            "replaced or dropped",
            id="dropped-stream",
        ),
        pytest.param(
            sql("DELETE FROM audit_head WHERE stream = 'b'"), "b", "no head", id="dropped-head"
        ),
        pytest.param(
            sql("UPDATE audit_head SET hash = 'sha256:x' WHERE stream = 'a'"),
            "a#4",
            "not the recorded head",
            id="edited-head",
        ),
        pytest.param(rewrite_tail, "b#3", "replaced or dropped", id="rewritten-tail"),
        pytest.param(
            sql("UPDATE checkpoint SET body = replace(body, '\"a\"', '\"c\"') WHERE number = 2"),
            "checkpoint#2",
            "was edited",
            id="edited-checkpoint",
        ),
        pytest.param(
            rehash_checkpoint, "checkpoint#3", "does not follow", id="rehashed-checkpoint"
        ),
        pytest.param(
            sql("DELETE FROM checkpoint WHERE number = 1"),
            "checkpoint#2",
            "does not follow",
            id="dropped-checkpoint",
        ),
        pytest.param(
            sql("UPDATE audit SET seq = 'x' WHERE stream = 'a' AND seq = 2"),
            "a#-1",
            "entries are missing",
            id="number-of-another-type",
        ),
        pytest.param(
            sql("UPDATE audit SET prev = x'ff', hash = 7 WHERE stream = 'a' AND seq = 2"),
            "a#2",
            "does not follow",
            id="hash-of-another-type",
        ),
    ],
)
def test_an_edit_is_named_with_its_place(
    ledger: Path, edit: Callable[[Raw], object], where: str, what: str
) -> None:
    found = breaks_after(ledger, edit)
    assert any(each.where == where and what in each.what for each in found), found


def test_a_name_that_was_never_written_is_an_integrity_error(ledger: Path) -> None:
    with pytest.raises(IntegrityError, match="did not write"):
        breaks_after(ledger, sql("UPDATE audit_head SET stream = '\"' WHERE stream = 'a'"))
