"""What a difference is judged to be."""

import pytest

from assent.app.changes.revisions import Made, read_revision
from assent.core.changes.hunks import Entry, FilePatch, read_patch
from assent.core.changes.model import TreePayload
from assent.core.risk.edits import FileVersion
from assent.core.risk.factors import RiskClass

BINARY = b"diff --git a/x b/x\nBinary files a/x and b/x differ\n"


def binary(path: str, *, goes: bool = False) -> FilePatch:
    new = (None, None) if goes else ("100644", "2" * 40)
    return read_patch(Entry(path, "100644", new[0], "1" * 40, new[1]), [BINARY], b"")


@pytest.mark.parametrize(
    ("patch", "version", "risk", "what"),
    [
        pytest.param(
            binary("logo.png"),
            FileVersion("logo.png", "", "", "binary"),
            RiskClass.MEDIUM,
            "is binary, so that nobody reads it",
            id="binary",
        ),
        pytest.param(
            binary("logo.png", goes=True),
            FileVersion("logo.png", "", None, "binary"),
            RiskClass.LOW,
            "",
            id="binary-deleted",
        ),
        pytest.param(
            binary("huge.txt"), None, RiskClass.HIGH, "is too large to be read", id="too-large"
        ),
    ],
)
def test_what_nobody_reads_is_not_low(
    patch: FilePatch, version: FileVersion | None, risk: RiskClass, what: str
) -> None:
    versions = [version] if version is not None else []
    made = Made(by="agent", at=0)
    payload = TreePayload("1" * 40, "2" * 40, "3" * 40)
    revision = read_revision(payload, [patch], versions, made, number=1)
    assert revision.risk is risk
    assert [(hunk.risk, hunk.what) for hunk in revision.hunks] == [(risk, what)]
    assert revision.trivial == ""
