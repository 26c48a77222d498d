"""Commands of the shell itself, which change where it stands."""

import re
from collections.abc import Callable
from dataclasses import replace

from assent.core.risk.names import names
from assent.core.risk.shell.context import Call, Context, Outcome, Trap, stays, value_of
from assent.core.risk.shell.folders import entered
from assent.core.risk.shell.model import REPOSITORY_ROOT, UNKNOWN_FOLDER, Folders, Word
from assent.core.risk.shell.parser import DECLARERS
from assent.core.risk.shell.state import State, Variable
from assent.core.risk.shell.values import EMPTY, NUMBER, PRINTED, Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNSET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[A-Za-z0-9_@*. -]*\])?")
_TABLES = names("BASH_CMDS BASH_ALIASES commands aliases galiases saliases functions")
"""Variables through which shells let scripts say what a name of a command means."""
_REBINDS = re.compile(r"-[a-z]*p|[^-].*=")
_READ_VALUED = "dinNptukK"
_CD_FLAGS = names("-- -P -L -q -e -n")
_WRAPPERS = names("command builtin")


def is_table(name: str) -> bool:
    return name in _TABLES


def without_wrappers(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words after `command` and `builtin`, which run what comes after them."""
    while len(words) > 1 and words[0].text in _WRAPPERS:
        rest = words[1:]
        while len(rest) > 1 and rest[0].text in ("-p", "--"):
            rest = rest[1:]
        if rest[0].text is None or rest[0].text.startswith("-"):
            return words
        words = rest
    return words


def apply(context: Context, call: Call) -> tuple[Outcome, tuple[str, ...], bool]:
    """What a command does to the shell, which variables it sets, and whether its text was read."""
    words = without_wrappers(call.words)
    name = words[0].text or ""
    call = replace(call, words=words)
    if name in DECLARERS or name not in _EFFECTS:
        return stays(call.state), (), False
    before = call.state
    outcome, inlined = _EFFECTS[name](context, call)
    after = outcome.either
    changed = () if after is None else _changed(before, after)
    return outcome, changed if name not in ("eval", "trap") else (), inlined


def _changed(before: State, after: State) -> tuple[str, ...]:
    if before.variables is after.variables:
        return ()
    return tuple(n for n, v in after.variables.items() if before.variables.get(n) is not v)


_OTHER = Variable((PRINTED,))
"""What a function's own variable is to a trap that runs after it: another one."""

_Effect = tuple[Outcome, bool]


def _simply(state: State | None) -> _Effect:
    return stays(state), False


# --- folders


def _cd(_: Context, call: Call) -> _Effect:
    state = call.state
    rest = [
        word for word in call.words[1:] if word.text not in ("--", "-P", "-L", "-q", "-e", "-n")
    ]
    if call.words[0].text == "pushd" and not rest:
        return _simply(replace(state, folders=(UNKNOWN_FOLDER,), stack=None))
    folders = _target(state, rest)
    there = state.moved(folders)
    if call.words[0].text == "pushd":
        stack = None if state.stack is None else (*state.stack, state.folders)
        there = replace(there, stack=stack)
    return Outcome(there, state), False


def _target(state: State, rest: list[Word]) -> Folders:
    target = rest[0] if rest else Word(0, 0, text="~")
    text = target.text
    if text == "-" and len(rest) == 1:
        return state.previous
    if not rest and "HOME" in state.variables:
        return (UNKNOWN_FOLDER,)
    if target.root and text is None:
        if not target.suffix.startswith("/"):
            return (REPOSITORY_ROOT,) if not target.suffix else (UNKNOWN_FOLDER,)
        return entered((REPOSITORY_ROOT,), target.suffix.strip("/") or ".")
    if text is None or len(rest) > 1 or target.glob or not text or text[0] in "-+":
        return (UNKNOWN_FOLDER,)
    if (
        "CDPATH" in state.variables
        and state.value("CDPATH").text != ""
        and not text.startswith(("/", ".", "~"))
    ):
        return (UNKNOWN_FOLDER,)
    return entered(state.folders, text)


def _popd(_: Context, call: Call) -> _Effect:
    state = call.state
    if not state.stack or len(call.words) > 1:
        return _simply(replace(state, folders=(UNKNOWN_FOLDER,), stack=None))
    back = replace(state.moved(state.stack[-1]), stack=state.stack[:-1])
    return Outcome(back, state), False


# --- variables


def _read(context: Context, call: Call) -> _Effect:
    state = call.state
    operands = _operands(call.words[1:], _READ_VALUED)
    lists = any(
        (word.text or "").startswith("-") and "a" in (word.text or "") for word in call.words
    )
    for word in operands or ([] if lists else [Word(0, 0, text="REPLY")]):
        if word.text is None or not _NAME.fullmatch(word.text):
            context.complain("sets a variable that is known only when it runs", call)
        else:
            variable = Variable((PRINTED,), None, lists)
            state = context.assign(state, word.text, variable)
    return _simply(state)


def _operands(words: tuple[Word, ...], valued: str) -> list[Word]:
    """The words that are no flags or their values; a list's name after `-a` is one of them."""
    operands: list[Word] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        text = word.text or ""
        if operands or not text.startswith("-") or text == "-":
            operands.append(word)
        elif text == "--":
            return [*operands, *rest]
        elif any(flag in valued for flag in text[1:]):
            place = min(text.index(flag) for flag in valued if flag in text[1:])
            if place == len(text) - 1 and rest:
                rest.pop(0)
    return operands


def _mapfile(context: Context, call: Call) -> _Effect:
    state = call.state
    operands = _operands(call.words[1:], "dnOsuCc")
    if any((word.text or "-C").startswith("-C") for word in call.words[1:]):
        context.complain("runs a command for each line", call)
    for word in operands or [Word(0, 0, text="MAPFILE")]:
        if word.text is None or not _NAME.fullmatch(word.text):
            context.complain("sets a variable that is known only when it runs", call)
        else:
            state = context.assign(state, word.text, Variable((PRINTED,), None, listed=True))
    return _simply(state)


def _getopts(context: Context, call: Call) -> _Effect:
    state = call.state
    word = call.words[2] if len(call.words) > 2 else Word(0, 0)
    if word.text is None or not _NAME.fullmatch(word.text):
        context.complain("sets a variable that is known only when it runs", call)
        return _simply(state)
    for name in (word.text, "OPTARG"):
        state = context.assign(state, name, Variable((Value(),)))
    return _simply(context.assign(state, "OPTIND", Variable((NUMBER,))))


def _printf(context: Context, call: Call) -> _Effect:
    state, words = call.state, call.words
    if len(words) < 2 or words[1].text is None or not words[1].text.startswith("-v"):
        return _simply(state)
    name = words[1].text[2:] or (words[2].text if len(words) > 2 else "") or ""
    if not _NAME.fullmatch(name):
        context.complain("sets a variable that is known only when it runs", call)
        return _simply(state)
    holds = frozenset(held for word in words for held in word.holds)
    outputs = any(word.outputs for word in words)
    value = Value(holds=holds, outputs=outputs)
    return _simply(context.assign(state, name, Variable((value,))))


def _unset(context: Context, call: Call) -> _Effect:
    state = call.state
    flags = "".join(w.text or "" for w in call.words[1:] if (w.text or "").startswith("-"))
    for word in call.words[1:]:
        text = word.text
        if text is None or not (_UNSET.fullmatch(text) or text.startswith("-") or "f" in flags):
            context.complain("sets a variable that is known only when it runs", call)
        elif text.startswith("-"):
            continue
        elif "f" not in flags and text in state.variables:
            state = context.assign(state, text.partition("[")[0], Variable((EMPTY,)))
        elif "f" not in flags:
            state = context.assign(state, text.partition("[")[0], Variable((Value(),)))
        if text is not None and "v" not in flags and text in state.functions:
            several = (*state.functions[text], None) if "f" not in flags else (None,)
            state = replace(state, functions={**state.functions, text: several})
    return _simply(state)


def _let(context: Context, call: Call) -> _Effect:
    state = call.state
    for word in call.words[1:]:
        name = _NAME.match(word.text or "")
        if word.text is None or re.search(r"[\[$`'\"\\]", word.text):
            context.complain("computes with a text that may run commands", call)
        elif name is not None:
            state = context.assign(state, name[0], Variable((NUMBER,)))
    return _simply(state)


# --- positional parameters


def _set(context: Context, call: Call) -> _Effect:
    state, rest = call.state, call.words[1:]
    place = 0
    while place < len(rest):
        text = rest[place].text
        if text is None or text in ("--", "-"):
            break
        if not text.startswith(("-", "+")):
            break
        if "k" in text and not text.startswith("--"):
            context.complain("makes the shell take words for variables", call)
        place += 2 if text[-1:] == "o" and len(rest) > place + 1 else 1
    if place >= len(rest):
        return _simply(state)
    operands = rest[place + 1 :] if rest[place].text in ("--", "-") else rest[place:]
    known = all(word.single and not word.glob for word in operands)
    arguments = tuple(value_of(word) for word in operands) if known else None
    return _simply(replace(state, arguments=arguments))


def _shift(_: Context, call: Call) -> _Effect:
    state = call.state
    count = call.words[1].text if len(call.words) > 1 else "1"
    if state.arguments is None:
        return _simply(state)
    if count is None or not re.fullmatch(r"\d{1,4}", count):
        return _simply(replace(state, arguments=None))
    shifted = replace(state, arguments=state.arguments[int(count) :])
    return (stays(shifted), False) if int(count) <= len(state.arguments) else _simply(state)


# --- code that the shell itself reads


def _eval(context: Context, call: Call) -> _Effect:
    texts = [word.text for word in call.words[1:]]
    if any(text is None for text in texts) or any(word.glob for word in call.words):
        return _simply(_forgetting(call.state))
    text = " ".join(_as_written(each or "") for each in texts)
    return context.run_text(text, call), True


def _as_written(text: str) -> str:
    return text[2:] if text.startswith("./~") else text


def _source(_: Context, call: Call) -> _Effect:
    """The file is looked at by itself; that it changes folder is not expected."""
    file = call.words[1].text if len(call.words) > 1 else None
    if file is not None and file.endswith("/bin/activate"):
        return _simply(call.state)
    folders = call.state.folders
    return _simply(replace(_forgetting(call.state), folders=folders))


def _forgetting(state: State) -> State:
    """Code that was not read has run: any variable may have any value."""
    return replace(
        state,
        variables={},
        forgotten=True,
        arguments=None,
        folders=(*state.folders, UNKNOWN_FOLDER),
        stack=None,
    )


def _trap(context: Context, call: Call) -> _Effect:
    rest = [word for word in call.words[1:] if word.text != "--"]
    text = rest[0].text if rest else "-"
    if text is None or (rest[0:1] and rest[0].glob):
        return _simply(call.state)
    if text not in ("-", "", "-l", "-p") and not text.isdigit():
        own = dict.fromkeys((name for names in context.locals for name in names), _OTHER)
        context.traps.append(Trap(_as_written(text), call, own))
    return stays(call.state), True


def _alias(context: Context, call: Call) -> _Effect:
    if any(word.text is None or "=" in word.text for word in call.words[1:]):
        context.complain("gives a name another meaning", call)
    return _simply(call.state)


def _hash(context: Context, call: Call) -> _Effect:
    if any(
        word.text is None or re.match(r"-[a-z]*p|[^-].*=", word.text) for word in call.words[1:]
    ):
        context.complain("gives a name another meaning", call)
    return _simply(call.state)


# --- leaving


def _exit(_: Context, __: Call) -> _Effect:
    return stays(None), False


def _return(context: Context, call: Call) -> _Effect:
    context.leave(call.state)
    return stays(None if context.active else call.state), False


def _break(context: Context, call: Call) -> _Effect:
    context.leave(call.state)
    return stays(None if context.loops else call.state), False


_EFFECTS: dict[str, Callable[[Context, Call], _Effect]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _cd,
    "popd": _popd,
    "read": _read,
    "mapfile": _mapfile,
    "readarray": _mapfile,
    "getopts": _getopts,
    "printf": _printf,
    "unset": _unset,
    "let": _let,
    "set": _set,
    "shift": _shift,
    "eval": _eval,
    "source": _source,
    ".": _source,
    "trap": _trap,
    "alias": _alias,
    "hash": _hash,
    "exit": _exit,
    "logout": _exit,
    "return": _return,
    "break": _break,
    "continue": _break,
}
