"""Runs benchmarks by name and prints their rows."""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Row, Table, as_text, write_json

NAMES = {
    "hook": "a hook call that proceeds, against starting a process",
    "closed": "calls let through by a gate that is down",
    "risk": "how well cases are graded",
    "decision": "what is computed for one call",
    "ledger": "durable appends, against write and fdatasync",
    "approval": "from a call to its approval to its answer",
    "watchers": "an event to 100 and 1,000 open pages",
    "waiting": "100,000 waiting requests",
    "page": "the review of a large change in a browser, against diff2html",
    "checkpoint": "a checkpoint of 5,000 and 50,000 files, against git status",
    "queue": "merges against an ideal line of changes",
    "proof": "the log of decisions: appending, and verifying commits",
    "rest": "the daemon when nothing happens",
}


def main() -> int:
    options = _options()
    table: Table = {}
    started = time.monotonic()
    for name in options.names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"{name}: {NAMES[name]}", flush=True)
        more = {"cases": options.cases} if name == "risk" else {}
        rows: Sequence[Row] = module.run(quick=options.quick, **more)
        table[name] = rows
        print(as_text(rows) + "\n", flush=True)
    rows = [row for found in table.values() for row in found]
    met, missed = (sum(row.met is verdict for row in rows) for verdict in (True, False))
    print(f"{met} budgets met, {missed} missed, {time.monotonic() - started:.0f} s")
    if options.quick:
        print("A quick run shows that everything works; it measures too little to mean anything.")
    if options.json is not None:
        write_json(table, options.json, quick=options.quick)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="; ".join(f"{name}: {what}" for name, what in NAMES.items()),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *NAMES])
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    parser.add_argument(
        "--cases",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="for risk: labelled cases, one a line, instead of the project's own",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rows as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
