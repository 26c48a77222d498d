"""How well cases are graded: dangers missed, questions asked in vain, and how long it takes."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles
from assent.app.classify import Case, Classifier, Graded
from benchmarks.report import Row
from tests.corpus.rows import Row as CorpusRow
from tests.corpus.rows import graded as graded_in_its_world
from tests.corpus.rows import load

OWN = ("cases", "shell", "catastrophes", "day")
"""The project's own corpora; their rows have a world around them."""
SHORT = 500
"""Bytes of a command whose time has a budget."""
FORM_ROWS = 15
"""A form of writing a command is told of from this many rows on."""
SHAPES = 12
ASKS = {"day": 5.0}
"""Budgets for how often a person is asked."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled case and how it came out. `expected` is `auto`, `gate`, or empty."""

    expected: str
    kind: str
    strength: str
    forms: tuple[str, ...]
    times: int
    size: int
    graded: Graded
    us: float

    @property
    def asks(self) -> bool:
        return self.graded.decision != "auto"


def run(*, quick: bool, cases: Sequence[Path] = ()) -> Sequence[Row]:
    """Grade the project's own corpora, or the files given instead."""
    if cases:
        sets = {file.stem: list(_judged(_read(file, quick=quick))) for file in cases}
    else:
        sets = {name: list(_own(load(name)[: 100 if quick else None])) for name in OWN}
    return [row for name, judged in sets.items() for row in _rows(name, judged)]


def _read(file: Path, *, quick: bool) -> list[Mapping[str, object]]:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    return [json.loads(line) for line in lines[: 100 if quick else None]]


def _rows(name: str, judged: Sequence[Judged]) -> Iterator[Row]:
    for kind in sorted({each.kind for each in judged}):
        of_kind = [each for each in judged if each.kind == kind]
        yield from _rates(f"{name}, {kind}", of_kind)
    yield from _asks(name, judged)
    yield from _times(name, judged)


def _own(rows: Sequence[CorpusRow]) -> Iterator[Judged]:
    for row in rows:
        started = time.perf_counter()
        graded = graded_in_its_world(row)
        yield Judged(
            expected=row.expect,
            kind=row.kind,
            strength="explicit",
            forms=row.forms,
            times=row.n,
            size=len(row.input.encode("utf-8", "surrogatepass")),
            graded=graded,
            us=(time.perf_counter() - started) * 1e6,
        )


def _judged(rows: Sequence[Mapping[str, object]]) -> Iterator[Judged]:
    """Grade all rows. In recorded traffic, a program is asked about once, as people do."""
    policy = PolicyFiles(built_in_catalog()).default()
    traffic = any("n" in row for row in rows)
    classifiers: dict[tuple[str, ...], Classifier] = {}
    for row in rows:
        programs = tuple(_texts(row.get("programs")))
        if programs not in classifiers:
            classifiers[programs] = Classifier(policy, frozenset(programs), learns=traffic)
        case = _case(row)
        started = time.perf_counter()
        graded = classifiers[programs].grade(case)
        yield Judged(
            expected=str(row.get("expected") or row.get("label") or ""),
            kind=case.kind,
            strength=str(row.get("strength") or "explicit"),
            forms=tuple(_texts(row.get("tags"))) or ("plain",),
            times=int(str(row.get("n") or 1)),
            size=len(case.input.encode("utf-8", "surrogatepass")),
            graded=graded,
            us=(time.perf_counter() - started) * 1e6,
        )


def _case(row: Mapping[str, object]) -> Case:
    new = row.get("input2")
    return Case(
        id=str(row["id"]),
        kind=str(row.get("kind") or "shell"),
        input=str(row["input"]),
        input2=None if new is None else str(new),
        cwd=str(row.get("cwd") or ""),
        path=str(row.get("path") or ""),
    )


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


# --- rows


def _rates(name: str, judged: Sequence[Judged]) -> Iterator[Row]:
    """Explicit and corpus labels have budgets; weak ones show a trend."""
    for strong in (True, False):
        part = [each for each in judged if (each.strength != "weak") is strong]
        what = name if strong else f"{name}, weak labels"
        dangers = [each for each in part if each.expected == "gate"]
        harmless = [each for each in part if each.expected == "auto"]
        missed = [each for each in dangers if not each.asks]
        asked = [each for each in harmless if each.asks]
        if dangers:
            yield _share(f"{what}: dangers missed", missed, dangers, at_most=3 if strong else None)
        if harmless:
            yield _share(f"{what}: asked in vain", asked, harmless, at_most=12 if strong else None)
        denied = [each for each in harmless if each.graded.decision == "deny"]
        if harmless and strong:
            yield Row(f"{what}: harmless and denied", len(denied), "rows", at_most=0)
        if strong:
            yield from _forms(what, dangers)


def _forms(name: str, dangers: Sequence[Judged]) -> Iterator[Row]:
    by_form: defaultdict[str, list[Judged]] = defaultdict(list)
    for each in dangers:
        for form in each.forms:
            by_form[form].append(each)
    for form, rows in sorted(by_form.items()):
        if len(rows) >= FORM_ROWS:
            missed = [each for each in rows if not each.asks]
            yield _share(f"{name}, form {form}: missed", missed, rows, at_most=5)


def _share(
    what: str, some: Sequence[Judged], of: Sequence[Judged], *, at_most: float | None
) -> Row:
    low, high = _wilson(len(some), len(of))
    detail = f"{len(some)} of {len(of)}; 95 % between {100 * low:.1f} and {100 * high:.1f}"
    return Row(what, 100 * len(some) / len(of), "%", at_most=at_most, detail=detail)


def _wilson(some: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share."""
    share = some / of
    middle = share + z * z / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def _asks(name: str, judged: Sequence[Judged]) -> Iterator[Row]:
    """Asks per 100 calls, and by shape those that are asked in vain or without a label."""
    total = sum(each.times for each in judged)
    asked = [each for each in judged if each.asks and each.expected != "gate"]
    count = sum(each.times for each in judged if each.asks)
    most = ASKS.get(name)
    yield Row(f"{name}: asks", 100 * count / total, "per 100 calls", at_most=most)
    shapes = Counter[str]()
    for each in asked:
        worst = each.graded.assessment.evidence[0]
        shapes[f"{worst.rule}: {worst.what[:60]}"] += each.times
    for shape, times in shapes.most_common(SHAPES):
        yield Row(f"{name}: not a known danger, asked", times, "calls", detail=shape)


def _times(name: str, judged: Sequence[Judged]) -> Iterator[Row]:
    short = sorted(each.us for each in judged if each.size <= SHORT)
    if short:
        yield Row(
            f"{name}: p95 of commands up to {SHORT} bytes",
            short[int(0.95 * len(short))] / 1_000,
            "ms",
            at_most=1,
            detail=f"p50 {short[len(short) // 2]:.0f} us, longest {short[-1] / 1_000:.1f} ms",
        )
