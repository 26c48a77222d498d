"""The rows that benchmarks give, as a table for people and as JSON."""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measured quantity, beside its budget where it has one."""

    what: str
    value: float
    unit: str
    """`x` for a ratio."""
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool | None:
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    @property
    def budget(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g} {self.unit}"
        if self.at_least is not None:
            return f">= {self.at_least:g} {self.unit}"
        return ""


Table = dict[str, Sequence[Row]]
"""Rows by the name of their benchmark."""

_VERDICTS = {True: "met", False: "MISSED", None: ""}


def as_text(rows: Sequence[Row]) -> str:
    """The rows as aligned columns."""
    cells = [
        (row.what, f"{row.value:.3g} {row.unit}", row.budget, _VERDICTS[row.met], row.detail)
        for row in rows
    ]
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    return "\n".join(
        "  "
        + "  ".join(
            (
                f"{what:{widths[0]}}",
                f"{value:>{widths[1]}}",
                f"{budget:{widths[2]}}",
                f"{verdict:{widths[3]}}",
                detail,
            )
        ).rstrip()
        for what, value, budget, verdict, detail in cells
    )


def write_json(table: Table, target: Path, *, quick: bool) -> None:
    """Everything that the table shows, for programs. A quick run says so: it measures little."""
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
        },
        "benchmarks": {name: [_fields(row) for row in rows] for name, rows in table.items()},
    }
    target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _fields(row: Row) -> dict[str, object]:
    return {
        "what": row.what,
        "value": row.value,
        "unit": row.unit,
        "at_most": row.at_most,
        "at_least": row.at_least,
        "met": row.met,
        "detail": row.detail,
    }
