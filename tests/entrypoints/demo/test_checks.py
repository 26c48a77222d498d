"""The demo's checks notice when a promise was not kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assent.app.verify_ledger import Verification
from assent.core.approvals import Verdict
from assent.core.ledger import Break
from assent.entrypoints.demo.checks import Outcome, Record, check_all
from assent.entrypoints.demo.play import Played
from assent.entrypoints.demo.sample import KEPT, PACKAGE, SECRET, STALE, Sample, make_sample
from assent.entrypoints.demo.script import BEFORE, FIXED, Expected, last_try, steps


def bodies_of(played: Sequence[Played]) -> list[dict[str, Any]]:
    """What the ledger holds when all went well."""
    found: list[dict[str, Any]] = []
    for done in played:
        name = done.step.name
        match done.step.expected:
            case Expected.AT_ONCE:
                found.append({"kind": "proceeded", "call": name})
            case Expected.REFUSED:
                found.append({"kind": "refused", "call": name})
            case Expected.ASKED:
                found.append({"kind": "asked", "call": name, "request": done.asked})
                state = "approved" if done.ran else "rejected"
                found.append({"kind": "decided", "request": done.asked, "state": state})
        if done.ran and done.asked:
            found.append({"kind": "let-through", "call": name, "request": done.asked})
        if done.ran:
            found.append({"kind": "finished", "call": name})
    return found


@pytest.fixture
def good(tmp_path: Path) -> Outcome:
    """A run in which every promise was kept."""
    home = tmp_path / "home"
    home.mkdir()
    sample = make_sample(tmp_path, home)
    _act(sample)
    played = []
    for number, step in enumerate(steps(sample.repo), start=1):
        text = step.reply.text if step.reply and step.reply.verdict is Verdict.MODIFY else None
        arguments = {**step.arguments, **({"command": text} if text else {})}
        asked = number if step.expected is Expected.ASKED else None
        played.append(
            Played(step, asked, step.should_run, is_changed=text is not None, arguments=arguments)
        )
    record = Record(bodies_of(played), Verification(1, 1, 1, ()))
    unguarded = Played(last_try(), None, ran=False, reason="Start it: assent up")
    return Outcome(sample, played, unguarded, record, log="")


def _act(sample: Sample) -> None:
    package = sample.repo / PACKAGE
    package.write_text(package.read_text().replace(BEFORE, FIXED))
    for path in (sample.repo / STALE).iterdir():
        path.unlink()
    (sample.repo / STALE).rmdir()
    sample.git("commit", "-q", "-a", "-m", "Greet people who gave no name")
    sample.deploys.write_text("{}\n")


def broken(outcome: Outcome) -> set[str]:
    return {check.promise for check in check_all(outcome) if not check.holds}


def test_all_hold(good: Outcome) -> None:
    assert broken(good) == set()


def _pushed(good: Outcome) -> Outcome:
    good.sample.git("push", "-q", "origin", "main")
    return good


def _all_deleted(good: Outcome) -> Outcome:
    for path in (good.sample.repo / KEPT).iterdir():
        path.unlink()
    return good


def _released_twice(good: Outcome) -> Outcome:
    good.sample.deploys.write_text("{}\n{}\n")
    return good


def _ran_although_rejected(good: Outcome) -> Outcome:
    played = [replace(done, ran=True) if done.step.name == "push" else done for done in good.played]
    return replace(good, played=played)


def _read_the_secret(good: Outcome) -> Outcome:
    first, *others = good.played
    return replace(good, played=[replace(first, output=SECRET), *others])


def _recorded(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Outcome], Outcome]:
    def changed(good: Outcome) -> Outcome:
        bodies = json.loads(json.dumps(good.record.bodies))
        change(bodies)
        return replace(good, record=replace(good.record, bodies=bodies))

    return changed


def _ran_after_the_end(good: Outcome) -> Outcome:
    return replace(good, unguarded=replace(good.unguarded, ran=True))


def _chain_broken(good: Outcome) -> Outcome:
    verification = Verification(1, 1, 1, (Break("request/1#1", "was edited"),))
    return replace(good, record=replace(good.record, verification=verification))


@pytest.mark.parametrize(
    ("spoil", "promise"),
    [
        pytest.param(_pushed, "Nothing was pushed", id="pushed"),
        pytest.param(_all_deleted, "The changed call ran as it was changed", id="deleted-all"),
        pytest.param(_released_twice, "The release happened once", id="released-twice"),
        pytest.param(
            _ran_although_rejected,
            "Each asked call ran if it was approved, and only then",
            id="ran-although-rejected",
        ),
        pytest.param(_read_the_secret, "The agent never saw the secret", id="secret-read"),
        pytest.param(
            _recorded(lambda bodies: bodies.append({"kind": "finished", "call": "other"})),
            "Nothing ran undecided",
            id="ran-undecided",
        ),
        pytest.param(
            _recorded(lambda bodies: bodies.append({"kind": "asked", "call": "look"})),
            "Safe calls ran at once, risky ones asked first",
            id="safe-call-asked",
        ),
        pytest.param(
            _recorded(
                lambda bodies: bodies.append(
                    next(body for body in bodies if body["kind"] == "let-through")
                )
            ),
            "Each approval was used once",
            id="approval-used-twice",
        ),
        pytest.param(_ran_after_the_end, "With Assent stopped, nothing ran", id="ran-unguarded"),
        pytest.param(_chain_broken, "The record is intact", id="chain-broken"),
    ],
)
def test_notices(good: Outcome, spoil: Callable[[Outcome], Outcome], promise: str) -> None:
    assert promise in broken(spoil(good))
