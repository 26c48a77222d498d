"""Print `known.txt`: the rows that are answered otherwise than they say, by what differs.

python -m tests.corpus.known > tests/corpus/known.txt
"""

import sys
from collections import defaultdict

from assent.core.risk import Effect, RiskClass
from tests.corpus.rows import Row, graded, load

CLASSES = {risk.word: risk for risk in RiskClass}
HEAD = """# Rows that are answered otherwise than they say: see docs/reference/corpus.md.
# Written by `python -m tests.corpus.known`, and checked to be exact.
"""


def faults(row: Row) -> list[str]:
    """In what the answer differs from what the row says."""
    answer = graded(row)
    named = answer.assessment.effects
    found = []
    decision = "auto" if answer.decision == "auto" else "gate"
    if row.kind == "diff":
        decision = "auto" if answer.assessment.risk is RiskClass.TRIVIAL else "gate"
    if decision != row.expect:
        found.append("asks" if row.expect == "auto" else "proceeds")
    found += [
        f"does not name {effects}"
        for effects in row.effects
        if named.isdisjoint(Effect(word) for word in effects.split("|"))
    ]
    if not CLASSES[row.least] <= answer.assessment.risk <= CLASSES[row.most]:
        found.append(f"is {answer.assessment.risk.word}")
    return found


def main() -> None:
    by_fault: dict[str, list[Row]] = defaultdict(list)
    for name in ("shell", "cases", "day"):
        for row in load(name):
            for fault in faults(row)[:1]:
                by_fault[fault].append(row)
    sys.stdout.write(HEAD)
    for fault, rows in sorted(by_fault.items()):
        sys.stdout.write(f"\n# {fault}: {len(rows)}\n")
        for row in rows:
            what = graded(row).assessment.evidence[0].what
            said = f"{row.input[:60]} ({what[:80]})".encode("unicode_escape").decode()
            sys.stdout.write(f"{row.id} {said}\n")


if __name__ == "__main__":
    main()
