"""What stands behind a name: the text of the project's tasks, and of scripts that are run.

What a project runs as its own is trusted to be code, as every test is; what is looked for in its
text is what reaches beyond that: others, secrets, other rights, what nothing keeps.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from assent.core.facts import Facts, ScriptFact
from assent.core.risk.catalog import NOTHING_KNOWN
from assent.core.risk.commands import inspect_code, inspect_script
from assent.core.risk.factors import RiskClass
from assent.core.risk.findings import Finding, Pushes, Runs, RunsTask, Touch, Use
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
    return _placed(_beyond_own_code(found), item.evidence.span)


def _of_script(touch: Touch, script: ScriptFact, facts: Facts) -> Iterator[Finding]:
    if script.text is None:
        return iter(())
    catalog = facts.catalog or NOTHING_KNOWN
    folder = touch.path.rsplit("/", 1)[0] or "/"
    if script.language == "shell":
        found = inspect_script(script.text, folder, catalog)
    else:
        found = inspect_code(script.language, script.text, folder, catalog)
    fact = facts.paths.get(touch.path)
    own = script.tracked or (fact is not None and fact.inside)
    return _placed(_beyond_own_code(found) if own else iter(found), touch.span)


def _beyond_own_code(found: Iterable[Finding]) -> Iterator[Finding]:
    """Without what is no more than running code."""
    for item in found:
        reason = item.evidence if isinstance(item, Runs | Pushes) else item
        plain = isinstance(reason, Evidence) and (
            reason.effect in _OWN_CODE or reason.risk <= RiskClass.LOW
        )
        if not plain:
            yield item


def _placed(found: Iterable[Finding], span: tuple[int, int] | None) -> Iterator[Finding]:
    """With the place of the name: the text behind it stands elsewhere."""
    for item in found:
        if isinstance(item, Runs | RunsTask | Pushes):
            yield replace(item, evidence=replace(item.evidence, span=span))
        else:
            yield replace(item, span=span)
