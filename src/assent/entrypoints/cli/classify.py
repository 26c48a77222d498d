"""`assent classify --jsonl`: grade cases from standard input, one a line. Nothing is run."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TextIO

import click

from assent.adapters.catalog import built_in_catalog
from assent.adapters.policy_file import PolicyFiles, starting_text
from assent.app.classify import Case, Classifier, Graded
from assent.core.risk import RiskClass

_WHY = 3
"""How many reasons are told of a case."""


@click.command()
@click.option("--jsonl", "as_jsonl", is_flag=True, required=True, help="One case a line, as JSON.")
@click.option(
    "--profile",
    type=click.Choice(["solo", "team", "strict"]),
    default="solo",
    show_default=True,
    help="The built-in policy that decides.",
)
@click.option("--program", "programs", multiple=True, help="A program that the projects use.")
@click.option(
    "--learn", is_flag=True, help="Ask about an unknown program once in each project, as people do."
)
def command(*, as_jsonl: bool, profile: str, programs: Sequence[str], learn: bool) -> None:
    """Grade cases from standard input, and print a line for each as it is read.

    A case has `id`, `kind` (shell, sql, edit, diff, tool) and `input`, and may have `input2` (the
    new text), `cwd` and `path`. The answer has `decision` (auto, gate, deny), `class`, `effects`,
    `factors`, `why` and `us`, the microseconds it took.
    """
    del as_jsonl
    policy = PolicyFiles(built_in_catalog()).parse(starting_text(profile))
    classifier = Classifier(policy, frozenset(programs), learns=learn)
    classify_lines(classifier, sys.stdin, sys.stdout)


def classify_lines(classifier: Classifier, source: TextIO, target: TextIO) -> None:
    """Answer each line of `source` with one line, at once."""
    for line in source:
        if line.strip():
            target.write(json.dumps(_answer(classifier, line)) + "\n")
            target.flush()


def _answer(classifier: Classifier, line: str) -> dict[str, object]:
    try:
        case = _case(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"this line is no case: {error}"
        return {"id": None, "decision": "gate", "class": RiskClass.HIGH.word, "why": [why]}
    started = time.perf_counter_ns()
    graded = classifier.grade(case)
    taken = (time.perf_counter_ns() - started) / 1_000
    return {"id": case.id, **_told(graded), "us": round(taken, 1)}


def _case(row: Mapping[str, object]) -> Case:
    def text(name: str, default: str = "") -> str:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            raise TypeError(f"`{name}` is not text")
        return default if value is None else value

    return Case(
        id=str(row["id"]),
        kind=text("kind", "shell"),
        input=str(row["input"]),
        input2=None if row.get("input2") is None else text("input2"),
        cwd=text("cwd"),
        path=text("path"),
    )


def _told(graded: Graded) -> dict[str, object]:
    found = graded.assessment
    factors = found.factors
    telling = [item for item in found.evidence if item.risk is found.risk][:_WHY]
    return {
        "decision": graded.decision,
        "class": found.risk.word,
        "effects": sorted(effect.value for effect in found.effects),
        "factors": {
            "reversibility": factors.reversibility.word,
            "reach": factors.reach.word,
            "cost": factors.cost.word,
            "sensitivity": factors.sensitivity.word,
            "precedent": factors.precedent.word,
        },
        "why": [f"{item.rule}: {item.what}" for item in telling],
        "rule": graded.route.rule,
    }
