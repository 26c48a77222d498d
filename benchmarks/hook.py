"""A hook call that proceeds, decision recorded, against starting a process that does nothing."""

import shlex
from collections.abc import Sequence

from assent.entrypoints.hook.relay_build import base_interpreter
from benchmarks.house import SAFE, House, running_house
from benchmarks.measure import WARM_UP, Program, interleaved, nothing, program
from benchmarks.report import Row

ROUNDS, SLOW_ROUNDS = 1000, 150


def run(*, quick: bool) -> Sequence[Row]:
    """Every call is a real one: parsed, assessed, routed, written into the ledger, answered."""
    rounds, slow_rounds = (10, 3) if quick else (ROUNDS, SLOW_ROUNDS)
    with running_house() as (place, _client):
        rows = [*_native(place, rounds), *_python(place, slow_rounds)]
        expected = 2 * (rounds + WARM_UP) + slow_rounds + WARM_UP
        missing = expected - place.recorded()
        rows.append(Row("calls answered but not recorded", missing, "calls", at_most=0))
        return rows


def _native(place: House, rounds: int) -> Sequence[Row]:
    name = "native relay" if place.relay.compiled else "Python relay (no compiled one here)"
    call = place.hook(place.relay, place.payload(SAFE))
    shell = program("sh")
    line = Program((shell, "-c", shlex.join(call.argv)), call.payload)
    empty_line = Program((shell, "-c", "true"))
    base, hook, shell_base, shell_hook = interleaved(
        rounds, nothing().must_run, call.must_run, empty_line.must_run, line.must_run
    )
    detail = f"{hook}; /bin/true {base}"
    return [
        Row(f"{name} / true, p50", hook.p50 / base.p50, "x", at_most=3, detail=detail),
        Row(f"{name} / true, p99", hook.p99 / base.p99, "x", at_most=10),
        Row(
            f"sh -c {name} / sh -c true, p50",
            shell_hook.p50 / shell_base.p50,
            "x",
            detail=f"{shell_hook}; sh -c true {shell_base}",
        ),
    ]


def _python(place: House, rounds: int) -> Sequence[Row]:
    call = place.hook(place.script, place.payload(SAFE))
    bare = Program((base_interpreter(), "-I", "-S", "-c", "pass"))
    base, hook = interleaved(rounds, bare.must_run, call.must_run)
    detail = f"{hook}; python -I -S -c pass {base}"
    ratio = hook.p50 / base.p50
    return [Row("Python relay / python -I -S -c pass, p50", ratio, "x", at_most=1.2, detail=detail)]
