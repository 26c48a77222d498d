"""What a command would do, as far as its text tells: one finding after another."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import assert_never

from assent.core.actions import Command
from assent.core.risk.dangers import check_other
from assent.core.risk.factors import RiskClass, typical
from assent.core.risk.findings import Finding, Repository, Runs, Span, Touch, Use
from assent.core.risk.git import check_git
from assent.core.risk.look import Look
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.names import names
from assent.core.risk.safe import FORMS, check_form
from assent.core.risk.scripts import CHECKS
from assent.core.risk.shell import Simple, Word, hides, read_script

_HARMLESS_VARIABLES = names("LANG LANGUAGE TZ NO_COLOR FORCE_COLOR CI TERM COLUMNS LINES CLICOLOR")
_SHELLS = names("sh bash zsh dash /bin/sh /bin/bash /bin/zsh /usr/bin/bash /usr/bin/zsh")
_SCRIPT_FLAGS = names("-c -lc -cl")
_SYSTEM_FOLDERS = ("/bin/", "/usr/bin/")


def inspect_command(action: Command) -> tuple[Finding, ...]:
    """All findings about a command; never empty."""
    script = action.script
    found: list[Finding] = []
    if isinstance(script, tuple) and len(script) == 3 and _hands_to_shell(script):
        found += _unmarked(inspect_script(script[2], action.cwd))
    elif isinstance(script, tuple):
        found += _unmarked(_inspect_words(script, action.cwd))
    else:
        found += inspect_script(script, action.cwd)
    if action.interactive:
        what = "opens a terminal into which more can be typed without asking again"
        found.append(Evidence("interactive", Effect.INTERACTIVE, typical(RiskClass.HIGH), what))
    found += [_variable(name, None) for name, _ in action.env if not _is_harmless(name)]
    if not found:
        found.append(Evidence("inert", Effect.NONE, typical(RiskClass.TRIVIAL), "does nothing"))
    return tuple(found)


def _hands_to_shell(words: tuple[str, ...]) -> bool:
    """`bash -c TEXT` as an argument vector is the text itself."""
    return words[0] in _SHELLS and words[1] in _SCRIPT_FLAGS


@lru_cache(maxsize=512)
def inspect_script(text: str, cwd: str) -> tuple[Finding, ...]:
    """Findings about a shell script that starts in `cwd`."""
    script = read_script(text, cwd)
    found: list[Finding] = [
        Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), p.what, (p.start, p.end))
        for p in script.problems
    ]
    for command in script.commands:
        found += _inspect_simple(command)
    return tuple(found) if text.isascii() else tuple(_in_characters(found, text))


def _inspect_words(words: tuple[str, ...], cwd: str) -> list[Finding]:
    if not words or any(hides(word) for word in words):
        what = "holds invisible or control characters" if words else "names no program"
        return [Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what)]
    read = tuple(Word(0, 0, text=f"./{w}" if w.startswith("~") else w, bare=True) for w in words)
    return _inspect_simple(Simple(words=read, folders=(cwd,), start=0, end=0))


# --- one simple command


def _inspect_simple(command: Simple) -> list[Finding]:
    span = (command.start, command.end)
    found: list[Finding] = [
        _variable(name, span) for name in command.assigned if not _is_harmless(name)
    ]
    look = Look(command.words, command.folders, piped=command.piped)
    for redirect in command.redirects:
        if redirect.target.glob:
            look.never_safe(redirect.target, "writes to a file that is known only when it runs")
        look.touch(redirect.target, Use.WRITE if redirect.writes else Use.READ)
    if command.words:
        _inspect_program(look)
    return [*found, *look.found]


def _inspect_program(look: Look) -> None:
    _unwrap(look)
    first = look.words[0]
    if first.text is None or not first.bare or first.glob or not first.text:
        look.never_safe(first, "runs a program whose name is not plain to see")
        return
    look.name = _base(first.text)
    check = _check_of(look.name)
    check(look)


def _check_of(name: str) -> Callable[[Look], None]:
    if name == "git":
        return check_git
    if name in CHECKS:
        return CHECKS[name]
    if name in FORMS:
        return _check_safe
    return check_other


def _check_safe(look: Look) -> None:
    check_form(look, FORMS[look.name])


def _base(name: str) -> str:
    for folder in _SYSTEM_FOLDERS:
        if name.startswith(folder) and "/" not in name[len(folder) :]:
            return name[len(folder) :]
    return name


def _unwrap(look: Look) -> None:
    """Look through `time` and `timeout`, which run the words after them."""
    while len(look.words) > 1:
        texts = [word.text for word in look.words]
        if texts[0] == "time" and look.words[0].bare:
            look.words = look.words[2:] if texts[1] == "-p" else look.words[1:]
        elif texts[0] == "timeout" and len(texts) > 2 and _is_duration(texts[1]):
            look.words = look.words[2:]
        else:
            return


def _is_duration(text: str | None) -> bool:
    return text is not None and text.rstrip("smhd").replace(".", "", 1).isdigit()


def _is_harmless(name: str) -> bool:
    return name in _HARMLESS_VARIABLES or name.startswith("LC_")


def _variable(name: str, span: Span) -> Evidence:
    what = f"sets {name}, which may change what programs do"
    return Evidence("environment", Effect.UNKNOWN, typical(RiskClass.MEDIUM), what, span)


# --- places in the text


def _unmarked(found: list[Finding] | tuple[Finding, ...]) -> Iterator[Finding]:
    """Without places: an argument vector has no text to point into."""
    return (_moved(item, None) for item in found)


def _in_characters(found: list[Finding], text: str) -> Iterator[Finding]:
    source = text.encode("utf-8", "surrogatepass")

    def place(span: Span) -> Span:
        if span is None:
            return None
        begin, end = (len(source[:n].decode("utf-8", "surrogatepass")) for n in span)
        return begin, end

    for item in found:
        span = item.evidence.span if isinstance(item, Runs) else item.span
        yield _moved(item, place(span))


def _moved(item: Finding, span: Span) -> Finding:
    match item:
        case Evidence():
            return replace(item, span=span)
        case Runs():
            return replace(item, evidence=replace(item.evidence, span=span))
        case Touch():
            return replace(item, span=span)
        case Repository():
            return replace(item, span=span)
        case _:
            assert_never(item)
