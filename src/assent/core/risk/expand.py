"""What stands behind a name: the text of the project's tasks, and of scripts that are run.

What a project runs as its own is trusted to be code, as every test is; what is looked for in its
text is what reaches beyond that: others, secrets, other rights, what nothing keeps.
"""

from collections.abc import Iterable, Iterator, Sequence

from assent.core.facts import Facts, ScriptFact
from assent.core.risk.catalog import NOTHING_KNOWN
from assent.core.risk.commands import inspect_code, inspect_script
from assent.core.risk.factors import RiskClass
from assent.core.risk.findings import (
    Finding,
    Pushes,
    Rewrites,
    Runs,
    RunsTask,
    RunsText,
    Touch,
    Use,
    at,
)
from assent.core.risk.model import Effect, Evidence

MAX_DEPTH = 4
"""Tasks that run tasks that run scripts: how many steps are followed."""
_OWN_CODE = frozenset({Effect.UNKNOWN, Effect.CODE_EXEC, Effect.INTERACTIVE})


def expanded(found: Iterable[Finding], facts: Facts, depth: int = 0) -> Iterator[Finding]:
    """The findings, each followed by what the task or script behind it does."""
    for item in found:
        yield item
        if depth >= MAX_DEPTH:
            continue
        match item:
            case RunsTask():
                inner = _of_task(item, facts)
            case RunsText():
                inner = _of_text(item, facts)
            case Touch(use=Use.RUN) if item.path in facts.scripts:
                inner = _of_script(item, facts.scripts[item.path], facts)
            case _:
                continue
        yield from expanded(inner, facts, depth + 1)


def _of_task(item: RunsTask, facts: Facts) -> Iterator[Finding]:
    task = facts.tasks.get((item.runner, item.task))
    if task is None or not task.text:
        return iter(())
    found = inspect_script(task.text, task.folder, facts.catalog or NOTHING_KNOWN)
    return (at(each, item.evidence.span) for each in _beyond_own_code(found))


def _of_text(item: RunsText, facts: Facts) -> Iterator[Finding]:
    catalog = facts.catalog or NOTHING_KNOWN
    if item.language == "shell":
        found = inspect_script(item.text, item.folder, catalog)
    else:
        found = inspect_code(item.language, item.text, item.folder, catalog)
    return (at(each, item.span) for each in found)


def _of_script(touch: Touch, script: ScriptFact, facts: Facts) -> Iterator[Finding]:
    if script.text is None:
        return iter(())
    catalog = facts.catalog or NOTHING_KNOWN
    folder = touch.folder or touch.path.rsplit("/", 1)[0] or "/"
    if script.language == "shell":
        found = inspect_script(script.text, folder, catalog)
    else:
        found = inspect_code(script.language, script.text, folder, catalog)
    fact = facts.paths.get(touch.path)
    own = script.tracked or (fact is not None and fact.inside)
    beyond = _beyond_own_code(found) if own else found
    return (at(each, touch.span) for each in beyond)


def _beyond_own_code(found: Sequence[Finding]) -> Iterator[Finding]:
    """Without what is no more than running code; what comes from the network is not one's own."""
    reasons = [item for item in found if isinstance(item, Evidence)]
    if any(reason.effect is Effect.NETWORK for reason in reasons):
        yield from (r for r in reasons if r.effect is Effect.CODE_EXEC and r.risk > RiskClass.LOW)
    for item in found:
        reason = item.evidence if isinstance(item, Runs | Pushes | Rewrites) else item
        plain = isinstance(reason, Evidence) and (
            reason.effect in _OWN_CODE or reason.risk <= RiskClass.LOW
        )
        if not plain:
            yield item
