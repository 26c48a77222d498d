"""What the commands of one script do to each other's files, in the order in which they run."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from posixpath import dirname

from assent.core.risk.findings import Finding, Touch, Use
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence

_CODE = MEANINGS["code"]


def in_order(found: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, where what a script made earlier changes what a later use amounts to.

    What it wrote it may delete again: what was there is gone with the write. What it built may run
    as the project's own code. What came from the network must not run unseen.
    """
    written: set[str] = set()
    built: set[str] = set()
    fetched: set[str] = set()
    networked = False
    for item in found:
        networked = networked or (isinstance(item, Evidence) and item.effect is Effect.NETWORK)
        if not isinstance(item, Touch) or item.pattern:
            yield item
            continue
        if item.use is Use.WRITE:
            written.add(item.path)
            (built if item.built else fetched if networked else written).add(item.path)
        yield _in_its_place(item, written=written, built=built, fetched=fetched)


def _in_its_place(
    touch: Touch, *, written: set[str], built: set[str], fetched: set[str]
) -> Finding:
    if touch.use is Use.DELETE and touch.path in written:
        return replace(touch, use=Use.WRITE)
    if touch.use is Use.RUN and touch.path in built:
        return replace(touch, built=True)
    if touch.use is Use.RUN and not fetched.isdisjoint((touch.path, dirname(touch.path))):
        what = f"runs {touch.path.rsplit('/', 1)[-1]}, which may be what was just fetched"
        return Evidence("runs-fetched", _CODE.effect, _CODE.factors, what, touch.span)
    return touch
