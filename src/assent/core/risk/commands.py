"""What a command would do, as far as its text and the catalog tell: one finding after another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import assert_never

from assent.core.actions import Command
from assent.core.risk.arguments import Arguments, Value, take_apart
from assent.core.risk.catalog import CODE, FILE_USES, NOTHING_KNOWN, TAILS, Catalog, Program
from assent.core.risk.edits import find_secrets
from assent.core.risk.environment import check_variables
from assent.core.risk.factors import Factors, Sensitivity
from assent.core.risk.findings import (
    Finding,
    Pushes,
    Repository,
    Rewrites,
    Runs,
    RunsTask,
    RunsText,
    Span,
    Touch,
    Use,
    at,
    span_of,
)
from assent.core.risk.languages import read_code
from assent.core.risk.look import UNKNOWN_PROGRAM, UNREADABLE, InnerCode, InnerCommand, Look
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.names import names
from assent.core.risk.order import in_order
from assent.core.risk.paths import is_secret, shown
from assent.core.risk.readers import READERS
from assent.core.risk.shell import Simple, Word, hides, join, read_script

MAX_DEPTH = 8
"""Commands within commands that are followed: `env nice bash -c '…'` has three."""

_SYSTEM_FOLDERS = (
    "/bin/",
    "/usr/bin/",
    "/usr/local/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/opt/homebrew/bin/",
)
_PROJECT_FOLDERS = ("node_modules/.bin/", ".venv/bin/", "venv/bin/", "vendor/bin/")
_QUESTIONS = names("--version -V --help -h version help -version -help")
_UNKNOWN = MEANINGS["unknown"].factors
_HIGH = MEANINGS["code"].factors
_HELD_SECRET = Factors(sensitivity=Sensitivity.SENSITIVE)
"""The agent knows it already; a person should know that, and where it goes."""


def inspect_command(action: Command, catalog: Catalog | None) -> tuple[Finding, ...]:
    """All findings about a command; never empty."""
    catalog = catalog or NOTHING_KNOWN
    script = action.script
    found: list[Finding] = []
    if isinstance(script, tuple):
        found += _unmarked(_inspect_words(script, action.cwd, catalog))
    else:
        found += inspect_script(script, action.cwd, catalog)
    found += _secrets(script)
    if action.interactive:
        what = "opens a terminal into which more can be typed without asking again"
        found.append(Evidence("interactive", Effect.INTERACTIVE, _HIGH, what))
    found += check_variables(((name, Word(0, 0, text=value)) for name, value in action.env), None)
    if not found:
        found.append(Evidence("inert", Effect.NONE, MEANINGS["inert"].factors, "does nothing"))
    return tuple(found)


@lru_cache(maxsize=1024)
def inspect_script(
    text: str, cwd: str, catalog: Catalog = NOTHING_KNOWN, depth: int = 0
) -> tuple[Finding, ...]:
    """Findings about a shell script that starts in `cwd`; spans are places in `text`."""
    script = read_script(text, cwd)
    found: list[Finding] = [
        Evidence(UNREADABLE, Effect.UNKNOWN, _HIGH, p.what, (p.start, p.end))
        for p in script.problems
    ]
    for command in script.commands:
        found += _inspect_simple(command, catalog, depth)
    found = list(in_order(found))
    return tuple(found) if text.isascii() else tuple(_in_characters(found, text))


def inspect_code(
    language: str, text: str, cwd: str, catalog: Catalog = NOTHING_KNOWN
) -> tuple[Finding, ...]:
    """Findings about a piece of code that runs in `cwd`."""
    look = Look((Word(0, 0, text=language),), (cwd,), catalog=catalog)
    _inspect_code(look, InnerCode(language, look.words[0], text))
    return tuple(look.found)


def _inspect_words(words: tuple[str, ...], cwd: str, catalog: Catalog) -> list[Finding]:
    if not words or any(hides(word) for word in words):
        what = "holds invisible or control characters" if words else "names no program"
        return [Evidence(UNREADABLE, Effect.UNKNOWN, _HIGH, what)]
    read = tuple(Word(0, 0, text=f"./{w}" if w.startswith("~") else w, bare=True) for w in words)
    return _inspect_simple(Simple(words=read, folders=(cwd,), start=0, end=0), catalog, 0)


def _secrets(script: str | tuple[str, ...]) -> Iterator[Evidence]:
    """Secrets that are written out in the command itself."""
    text = script if isinstance(script, str) else "\n".join(script)
    for secret in find_secrets(text):
        span = (secret.start, secret.end) if isinstance(script, str) else None
        what = f"holds {secret.kind}, written out"
        yield Evidence("secret-in-text", Effect.CREDENTIAL, _HELD_SECRET, what, span)


# --- one simple command


def _inspect_simple(command: Simple, catalog: Catalog, depth: int) -> list[Finding]:
    span = (command.start, command.end)
    values = dict(command.env)
    unknown = Word(command.start, command.end)
    assigned = ((name, values.get(name, unknown)) for name in command.assigned)
    found: list[Finding] = [*check_variables(assigned, span, command.words)]
    look = Look(
        command.words,
        command.folders,
        catalog=catalog,
        piped=command.piped,
        stdin=command.stdin,
        depth=depth,
    )
    for redirect in command.redirects:
        if redirect.target.glob:
            look.never_safe(redirect.target, "writes to a file that is known only when it runs")
        before = len(look.found)
        look.touch(redirect.target, Use.WRITE if redirect.writes else Use.READ)
        if not redirect.appends:
            look.found[before:] = [_with_text(item, command) for item in look.found[before:]]
    if command.words and not (command.inlined and _is_read_well(command)):
        inspect_program(look)
    return [*found, *look.found]


def _is_read_well(command: Simple) -> bool:
    """Whether the text of an `eval` or a `trap`, whose commands were followed in their place, has
    no problem of its own."""
    texts = [word.text for word in command.words[1:]]
    known = [text for text in texts if text is not None]
    return len(known) == len(texts) and not read_script(" ".join(known), "/").problems


def _with_text(item: Finding, command: Simple) -> Finding:
    """A write with its text: `cat > x <<EOF`, `echo … > x`."""
    texts = [word.text for word in command.words]
    if not isinstance(item, Touch) or item.use is not Use.WRITE or not texts:
        return item
    if texts == ["cat"]:
        return replace(item, text=command.stdin)
    said = [text for text in texts[1:] if text is not None]
    plain = texts[0] == "echo" and len(said) == len(texts) - 1
    flagged = bool(said) and said[0].startswith("-")
    return replace(item, text=" ".join(said) + "\n") if plain and not flagged else item


def inspect_program(look: Look) -> None:
    """Find what the program that `look.words` begin with does with the words after it."""
    _inspect_program(look)
    called = look.called()
    look.found[:] = (_called_by(item, called) for item in look.found)


def _called_by(item: Finding, called: tuple[tuple[str, ...], ...]) -> Finding:
    """What an inner command did keeps the inner command's name."""
    match item:
        case Runs() | RunsTask() | Pushes() | Rewrites():
            known = item.evidence
            return item if known.called else replace(item, evidence=replace(known, called=called))
        case Evidence() | Touch():
            return item if item.called else replace(item, called=called)
        case RunsText() | Repository():
            return item
        case _:
            assert_never(item)


def _inspect_program(look: Look) -> None:
    first = look.words[0]
    if look.depth > MAX_DEPTH:
        look.never_safe(first, "runs commands within commands, too many to follow")
        return
    if first.text is None or first.glob or not first.text:
        look.never_safe(first, "runs a program that is known only when it runs")
        return
    look.name = _base(first.text)
    program = _known(look, look.name)
    if program is not None:
        _inspect_call(look, program)
    elif "/" in look.name:
        _run_file(look, first)
    elif len(look.words) == 2 and look.words[1].text in _QUESTIONS:
        look.means(MEANINGS["project-run"], rule="asks-program")
    else:
        what = f"runs {shown(first.text)}, a program that is not known here"
        look.runs(UNKNOWN_PROGRAM, what, words=[first])


def _known(look: Look, name: str) -> Program | None:
    return look.catalog[name] or look.catalog[name.lower()]


def _base(name: str) -> str:
    for folder in _SYSTEM_FOLDERS:
        if name.startswith(folder) and "/" not in name[len(folder) :]:
            return name[len(folder) :]
    return name


def _run_file(look: Look, first: Word) -> None:
    """A program by its path: one that is named like a known one may be that one."""
    path, base = first.text or "", look.name.rsplit("/", 1)[-1]
    program = _known(look, base)
    if program is not None:
        _inspect_call(look, program)
    if program is None or not path.removeprefix("./").startswith(_PROJECT_FOLDERS):
        look.touch(first, Use.RUN)


# --- a call of a program that the catalog knows


def _inspect_call(look: Look, program: Program) -> None:
    """Find what one call of a known program does."""
    found = take_apart(program, look.words[1:])
    call = found.call
    look.subcommand = () if any("*" in word for word in call.name) else call.name
    if found.instead is not None and not found.raised:
        look.means(found.instead)
        return
    reader = READERS.get(call.reader)
    done = reader is not None and reader(look, found)
    if found.unknown is not None and call.means.word not in ("unknown",):
        look.not_known(found.unknown)
    if not done:
        _use_values(look, found)
        _use_operands(look, found)
        _use_tail(look, found)
        _amounts_to(look, found)
    _inspect_inner(look)
    for word, meaning in found.raised:
        look.act(meaning.word, f"{meaning.says} with `{shown(word.text or '')}`", words=[word])


def _amounts_to(look: Look, found: Arguments) -> None:
    """What the call means, unless that is told by the files it names."""
    call = found.call
    told = call.means.files in ("write", "delete") and found.operands
    if call.means.word == "unknown":
        look.not_known(None, f"with `{shown(' '.join(call.name) or look.said)}`")
    elif not told:
        look.means(call.means, scope=_scope(found), undo=call.undo)


def _scope(found: Arguments) -> Scope | None:
    if not found.call.scope:
        return None
    act, _, template = found.call.scope.partition(" ")
    target = template
    for place, word in enumerate(found.operands):
        target = target.replace(f"{{{place}}}", word.text or "\0")
    known = "{" not in target and "\0" not in target
    return Scope(act, target if known else "")


def _use_values(look: Look, found: Arguments) -> None:
    for value in found.values:
        if value.use == "folder" and value.text is not None:
            look.folders = tuple(join(folder, value.text) for folder in look.folders)
    for value in found.values:
        if value.use:
            _use_value(look, value, builds=found.call.means.word == "project-run")


def _use_value(look: Look, value: Value, *, builds: bool) -> None:
    """What the value of a flag does."""
    if value.use in FILE_USES:
        if value.use != "folder" and value.text != "-":
            use = Use(value.use)
            look.touch(value.word, use, value.text, built=builds and use is Use.WRITE)
        elif value.use == "folder":
            look.touch(value.word, Use.LIST, value.text if value.text is None else ".")
    elif value.use == "shell":
        look.inner.append(InnerCode("shell", value.word, value.text))
    elif value.use.startswith(CODE):
        look.inner.append(InnerCode(value.use.removeprefix(CODE), value.word, value.text))


def _use_operands(look: Look, found: Arguments) -> None:
    uses = found.call.uses(len(found.operands))
    for word, use in zip(found.operands, uses, strict=False):
        if use in FILE_USES and word.text != "-":
            look.touch(word, Use.LIST if use == "folder" else Use(use))
        elif use == "shell":
            look.inner.append(InnerCode("shell", word, word.text))
        elif use.startswith(CODE):
            look.inner.append(InnerCode(use.removeprefix(CODE), word, word.text))


def _use_tail(look: Look, found: Arguments) -> None:
    """The command that this one runs."""
    look.found += check_variables(map(_assignment, found.assigned), look.span, found.tail)
    if not found.tail:
        return
    use = next((slot.use for slot in found.call.operands or () if slot.use in TAILS), "command")
    if use == "script":
        look.inner.append(InnerCode("shell", found.tail[0], _joined(found.tail)))
    else:
        look.inner.append(InnerCommand(found.tail, elsewhere=use == "elsewhere"))


def _assignment(word: Word) -> tuple[str, Word]:
    """`NAME=value` as a word, parted."""
    name, _, value = (word.prefix if word.text is None else word.text).partition("=")
    if word.text is None:
        return name, replace(word, prefix=value)
    return name, replace(word, text=value)


def _joined(words: Sequence[Word]) -> str | None:
    """Words as one text, as `eval` reads them."""
    texts = [word.text for word in words if word.text is not None]
    return " ".join(texts) if len(texts) == len(words) else None


# --- what a call runs


def _inspect_inner(look: Look) -> None:
    for item in look.inner:
        inner = Look(
            item.words if isinstance(item, InnerCommand) else (item.word,),
            look.folders,
            catalog=look.catalog,
            piped=look.piped,
            stdin=look.stdin,
            depth=look.depth + 1,
        )
        match item:
            case InnerCommand():
                inspect_program(inner)
            case InnerCode(language="shell"):
                _inspect_shell(inner, item)
            case InnerCode():
                _inspect_code(inner, item)
            case _:
                assert_never(item)
        look.found += _of_another_place(inner.found) if item.elsewhere else inner.found


def _inspect_shell(look: Look, item: InnerCode) -> None:
    if item.text is None:
        look.act("code", "runs shell text that is known only when it runs")
        return
    text = item.text[2:] if item.text.startswith("./~") else item.text
    for folder in look.folders or ("/",):
        found = inspect_script(text, folder, look.catalog, look.depth)
        look.found += (at(each, look.span) for each in found)


def _inspect_code(look: Look, item: InnerCode) -> None:
    """Code in another language; what it runs is looked at in turn."""
    if item.text is None:
        look.act("code", f"runs {item.language} code that is known only when it runs")
        return
    reading = read_code(item.language, item.text)
    for act in reading.means:
        look.act(act.word, act.what)
    for path, use in reading.files:
        look.touch(item.word, use, path)
    span = item.word.start, item.word.end
    look.inner += (InnerCode("shell", item.word, script) for script in reading.shells)
    look.inner += (
        InnerCommand(tuple(Word(*span, text=text, bare=True) for text in command))
        for command in reading.commands
        if command
    )
    _inspect_inner(look)


def _of_another_place(found: list[Finding]) -> Iterator[Finding]:
    """What a command does in a container or on another machine: its files are not ours."""
    for item in found:
        match item:
            case Touch(use=Use.DELETE):
                what = f"deletes {shown(item.path)} there"
                yield Evidence("delete", Effect.DELETE, MEANINGS["delete"].factors, what, item.span)
            case Touch(use=Use.READ | Use.SEARCH) if is_secret(item.path):
                what = f"reads {shown(item.path)} there, which may hold secrets"
                secret = MEANINGS["secret"].factors
                yield Evidence("secret", Effect.CREDENTIAL, secret, what, item.span)
            case Touch() | Repository():
                pass
            case Runs():
                yield item.evidence
            case RunsTask() | RunsText() | Pushes() | Rewrites() | Evidence():
                yield item
            case _:
                assert_never(item)


# --- places in the text


def _unmarked(found: list[Finding] | tuple[Finding, ...]) -> Iterator[Finding]:
    """Without places: an argument vector has no text to point into."""
    return (at(item, None) for item in found)


def _in_characters(found: list[Finding], text: str) -> Iterator[Finding]:
    source = text.encode("utf-8", "surrogatepass")

    def place(span: Span) -> Span:
        if span is None:
            return None
        begin, end = (len(source[:n].decode("utf-8", "surrogatepass")) for n in span)
        return begin, end

    return (at(item, place(span_of(item))) for item in found)
