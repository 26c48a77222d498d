"""What the commands of one script do to each other's files, in the order in which they run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname, normpath

from assent.core.risk.findings import Finding, RunsText, Touch, Use
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence

_LANGUAGES = {"sh": "shell", "bash": "shell", "zsh": "shell", "": "shell", "py": "python"}
"""By the ending of a file; other languages are not read."""


@dataclass(slots=True)
class _Made:
    """The files that the script has made so far, by their paths."""

    texts: dict[str, str | None] = field(default_factory=dict)
    """What was written, or None where that is not known."""
    built: set[str] = field(default_factory=set)
    fetched: set[str] = field(default_factory=set)


def in_order(found: Sequence[Finding]) -> Iterator[Finding]:
    """The findings of a script, where what it made earlier changes what a later use amounts to.

    What it wrote anew it may delete: what was there is gone with the write. What it built may run
    as the project's own code, and what it wrote is read before it runs. What came from the network
    must not run unseen.
    """
    networked = any(isinstance(item, Evidence) and item.effect is Effect.NETWORK for item in found)
    made = _Made()
    for item in found:
        if not isinstance(item, Touch) or item.pattern:
            yield item
            continue
        if item.use is Use.WRITE and not any(words[:1] == ("chmod",) for words in item.called):
            made.texts[normpath(item.path)] = item.text
            if item.built:
                made.built.add(normpath(item.path))
            elif networked and item.text is None:
                made.fetched.add(normpath(item.path))
        yield _in_its_place(item, made)


def _lies_below(path: str, built: str) -> bool:
    """Whether `path` was built, or lies in a folder into which was built and nothing else."""
    return path == built or (built.count("/") > 1 and path.startswith(f"{built}/"))


def _in_its_place(touch: Touch, made: _Made) -> Finding:
    path = normpath(touch.path)
    if touch.use is Use.DELETE and (made.texts.get(path) is not None or path in made.built):
        return replace(touch, use=Use.WRITE)
    if touch.use is not Use.RUN:
        return touch
    if any(path == built or path.startswith(f"{built}/") for built in made.built):
        return replace(touch, built=True)
    if not made.fetched.isdisjoint((path, dirname(path))):
        return _code(touch, "runs-fetched", "which may be what was just fetched")
    return _written(touch, made) if path in made.texts else touch


def _written(touch: Touch, made: _Made) -> Finding:
    """A script that is written and run at once: its text is all that there is to go by."""
    text, name = made.texts[normpath(touch.path)], touch.path.rsplit("/", 1)[-1]
    language = _LANGUAGES.get(name.rpartition(".")[2] if "." in name else "")
    if language is None:
        return replace(touch, built=True)
    if text is None:
        return _code(touch, "runs-written", "which was just written, from what is not known")
    return RunsText(language, text, dirname(touch.path) or "/", touch.span)


def _code(touch: Touch, rule: str, why: str) -> Evidence:
    meaning = MEANINGS["code"]
    what = f"runs {touch.path.rsplit('/', 1)[-1]}, {why}"
    return Evidence(rule, meaning.effect, meaning.factors, what, touch.span)
