"""What a call of a tool amounts to: how far the tool is known, and what its arguments say.

A tool of a server is known by its schema: a person agreed to it as it was then, and a tool that
changed is a new one. What a server says of its own tool (`readOnlyHint`) counts only for a tool
that was agreed to. Names and arguments can raise the class and never lower it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from shlex import join as quoted
from typing import assert_never

from assent.core.actions import ToolCall, Vouched
from assent.core.facts import Facts
from assent.core.risk.edits.hidden import Hiding, hiding_in
from assent.core.risk.edits.secrets import find_secrets
from assent.core.risk.factors import Factors, Reach, Reversibility, RiskClass, typical
from assent.core.risk.findings import Finding, Touch, Use, at
from assent.core.risk.languages import LANGUAGES, read_code, read_sql
from assent.core.risk.languages.reading import Reading
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence, Scope
from assent.core.risk.names import names
from assent.core.risk.paths import shown
from assent.core.risk.shell import join

MOST_VALUES = 1_000
"""Values of the arguments that are looked at; a call with more is not understood."""

ReadShell = Callable[[str, str], tuple[Finding, ...]]
"""What a shell script amounts to, when it starts in a folder."""

_READS = names(
    "get read fetch list ls search find query show view describe lookup check count head tail cat"
    " browse inspect status diff explain validate stat glob grep resolve preview ping whoami help"
)
_LISTS = names("list ls glob stat tree")
_SEARCHES = names("search find grep query")
_WRITES = names(
    "write create edit update set put patch add insert append save rename move copy replace modify"
    " upload apply sync import mkdir touch new generate configure enable disable assign comment"
    " reply post open close"
)
_FINAL = names(
    "delete remove drop destroy purge truncate erase wipe clear reset uninstall revoke terminate"
    " kill unpublish rm"
)
_OUTWARD = names(
    "send email mail publish deploy release push merge pay charge transfer refund purchase buy"
    " order tweet broadcast invite share grant shutdown reboot"
)
_SHELL_KEYS = names(
    "command commands cmd cmds script shell shell_command bash bash_command command_line"
    " commandline"
)
_SQL_KEYS = names("sql query queries statement statements sql_query raw_sql")
_CODE_KEYS = names("code source_code python javascript js function expression snippet")
_PATH_KEYS = names(
    "path paths file files filepath filepaths file_path file_paths filename filenames file_name"
    " absolute_path relative_path notebook_path dir directory folder root cwd workdir"
    " working_directory target_file target_path source source_path src input_path input_file"
)
_TARGET_KEYS = names(
    "destination destination_path dest dest_path target to output output_path output_file new_path"
    " save_path save_to"
)
_WHERE_KEYS = names("cwd workdir working_directory")
_EDITOR_WORDS = names("view create insert str_replace undo_edit")
_SQL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(?\s*(?:select|with|insert|update|delete|drop|alter|create"
    r"|truncate|grant|revoke|merge|call|exec|execute|copy|vacuum|replace|begin|do|set|attach|pragma)\b",
    re.IGNORECASE | re.DOTALL,
)
_MUTATION = re.compile(r"^\s*(?:#[^\n]*\n\s*)*mutation\b|\}\s*mutation\b", re.IGNORECASE)
_CODE = re.compile(r"[(;=\n]|=>|\bimport\b")
_PATH = re.compile(r"[^\n\0]{1,4096}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_METADATA = re.compile(
    r"(?i)https?://(?:[^/\s@]*@)?(?:169\.254\.169\.254|\[fd00:ec2::254\]|metadata\.google\.internal"
    r"|100\.100\.100\.200|metadata\.azure\.com)"
)
_PIECES = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class _Value:
    key: str
    """The nearest name above it, in lower case; a list's values have the list's name."""
    text: str


def inspect_tool(
    call: ToolCall, facts: Facts, *, cwd: str, read_shell: ReadShell
) -> tuple[Finding, ...]:
    """Everything that speaks for the class of a call: the tool itself, and its arguments."""
    return (grade_tool(call, facts), *inspect_arguments(call, cwd=cwd, read_shell=read_shell))


def grade_tool(call: ToolCall, facts: Facts) -> Evidence:
    """How far the tool is known, without its arguments."""
    name = shown(f"{call.server}/{call.tool}")
    match call.vouched:
        case Vouched.INERT:
            return Evidence("inert", Effect.NONE, typical(RiskClass.TRIVIAL), f"calls {name}")
        case Vouched.READ:
            return Evidence("read", Effect.READ, typical(RiskClass.TRIVIAL), f"reads with {name}")
        case Vouched.NETWORK_READ:
            factors = MEANINGS["network-read"].factors
            what = f"fetches from the network with {name}"
            return Evidence("network-read", Effect.NETWORK, factors, what)
        case Vouched.NOTHING:
            return _of_server(call, facts, name)
        case _:
            assert_never(call.vouched)


def _of_server(call: ToolCall, facts: Facts, name: str) -> Evidence:
    """A tool that nobody vouches for: agreed to, changed since, or new."""
    pin = facts.pinned_tools.get((call.server, call.tool))
    scope = Scope("tool", name)
    unknown = MEANINGS["unknown"]
    if pin is None:
        what = f"calls {name}, and what that does is not known"
        return Evidence("unknown-tool", unknown.effect, unknown.factors, what, scope=scope)
    if pin.schema_hash != call.schema_hash:
        what = f"calls {name}, which changed since {shown(pin.by)} agreed to it"
        if call.schema_hash is None:
            what = f"calls {name}, and whether it is as {shown(pin.by)} agreed to is not shown"
        return Evidence("changed-tool", unknown.effect, unknown.factors, what)
    if pin.read_only:
        meaning = MEANINGS["network-read"]
        what = f"reads with {name}, which {shown(pin.by)} agreed to"
        return Evidence("pinned-tool", meaning.effect, meaning.factors, what)
    meaning = MEANINGS["external-easy"]
    what = f"calls {name}, which {shown(pin.by)} agreed to and which may change things"
    return Evidence("pinned-tool", meaning.effect, meaning.factors, what, scope=scope)


def inspect_arguments(call: ToolCall, *, cwd: str, read_shell: ReadShell) -> tuple[Finding, ...]:
    """What the tool's name and its arguments say, whatever is known of the tool."""
    if call.vouched in (Vouched.INERT, Vouched.READ):
        return ()
    values = _values(call.arguments)
    name = shown(f"{call.server}/{call.tool}")
    if values is None:
        what = f"calls {name} with arguments that cannot be read"
        return (Evidence("unreadable", Effect.UNKNOWN, typical(RiskClass.HIGH), what),)
    found: list[Finding] = [*_marked(call.arguments, values, name)]
    if call.vouched is Vouched.NOTHING:
        verbs = _verbs(call.tool)
        found.extend(_named(verbs, name))
        where = next((v.text for v in values if v.key in _WHERE_KEYS and _is_path(v.text)), "")
        start = join(cwd, where) if where else cwd
        language = next((v.text.lower() for v in values if v.key in ("language", "lang")), "")
        for value in values:
            if value.key in _WHERE_KEYS and _is_path(value.text):
                found.append(Touch(join(cwd, value.text), Use.LIST))
            elif value.key in _CODE_KEYS and _CODE.search(value.text):
                spoken = _language(value.key, verbs, language)
                found.extend(_code(value.text, spoken, start, read_shell=read_shell))
            else:
                found.extend(_said(value, verbs, start, read_shell=read_shell))
    return tuple(dict.fromkeys(found))


def _values(arguments: str) -> tuple[_Value, ...] | None:
    """The texts in the arguments, with their names; None when they are not told in full."""
    if not arguments.strip():
        return ()
    try:
        read: object = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    values = tuple(islice(_walk(read), MOST_VALUES + 1))
    return None if len(values) > MOST_VALUES else values


def _walk(read: object) -> Iterator[_Value]:
    """Every text below `read`; what is empty and what is a number counts as nothing to read."""
    waiting: list[tuple[str, object]] = [("", read)]
    while waiting:
        key, item = waiting.pop()
        if isinstance(item, str):
            yield _Value(key, item)
        elif isinstance(item, dict):
            waiting.extend((_folded(str(name)), value) for name, value in item.items())
        elif isinstance(item, list) and item:
            if key in _SHELL_KEYS and all(isinstance(each, str) for each in item):
                yield _Value(key, _as_script(key, [str(each) for each in item]))
            else:
                waiting.extend((key, each) for each in reversed(item))


def _as_script(key: str, words: list[str]) -> str:
    """A list under `commands` is several scripts, under `command` the words of one."""
    return "\n".join(words) if key in ("commands", "cmds") else quoted(words)


def _folded(key: str) -> str:
    """`filePath` and `file-path` as `file_path`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", key).lower()


# --- what it is called


def _verbs(tool: str) -> frozenset[str]:
    return frozenset(piece.lower() for piece in _PIECES.findall(tool))


def _named(verbs: frozenset[str], name: str) -> Iterator[Evidence]:
    """A name can only warn: what is called harmless need not be."""
    scope = Scope("tool", name)
    factors = Factors(Reversibility.EFFORT, Reach.OTHERS)
    if verbs & _FINAL:
        what = f"calls {name}, which is named like something that deletes"
        yield Evidence("tool-name", Effect.DELETE, factors, what, scope=scope)
    elif verbs & _OUTWARD and not verbs & _READS:
        what = f"calls {name}, which is named like something that acts on others"
        yield Evidence("tool-name", Effect.EXTERNAL, factors, what, scope=scope)


def _use(verbs: frozenset[str]) -> Use:
    """What happens to a path, as the tool's name has it; the worst of several, and a write when
    it tells nothing."""
    if verbs & _FINAL:
        return Use.DELETE
    if verbs & (_WRITES | _OUTWARD) or not verbs & _READS:
        return Use.WRITE
    if verbs & _SEARCHES:
        return Use.SEARCH
    return Use.LIST if verbs & _LISTS else Use.READ


# --- what its arguments say


def _marked(arguments: str, values: Iterable[_Value], name: str) -> Iterator[Evidence]:
    """What is wrong with any text, whatever it is for."""
    secret = MEANINGS["secret"]
    # The JSON text writes some characters as escapes, so each value is looked at by itself.
    texts = [value.text for value in values]
    kinds = dict.fromkeys(found.kind for text in texts for found in find_secrets(text))
    kinds.update(dict.fromkeys(found.kind for found in find_secrets(arguments)))
    for kind in kinds:
        what = f"passes {kind} to {name}"
        yield Evidence("secret", secret.effect, secret.factors, what)
    if any(_METADATA.match(text) for text in texts):
        what = f"asks {name} for the credentials of this machine in its cloud"
        yield Evidence("secret", secret.effect, secret.factors, what)
    if any(hiding_in(text) is Hiding.DECEIVING for text in texts):
        what = f"passes text to {name} that reads otherwise than it looks"
        yield Evidence("hidden-text", Effect.UNKNOWN, typical(RiskClass.HIGH), what)


def _said(
    value: _Value, verbs: frozenset[str], cwd: str, *, read_shell: ReadShell
) -> Iterator[Finding]:
    """What one value says by the name it is passed under."""
    key, text = value.key, value.text
    if key in _SHELL_KEYS and text not in _EDITOR_WORDS:
        yield from (at(item, None) for item in read_shell(text, cwd))
    elif key in _SQL_KEYS:
        yield from _query(key, text, cwd)
    elif text.lower().startswith("file://"):
        yield Touch(join(cwd, text[7:] or "/"), _use(verbs))
    elif key in _TARGET_KEYS and _looks_like_path(text):
        yield Touch(join(cwd, text), Use.DELETE if verbs & _FINAL else Use.WRITE)
    elif key in _PATH_KEYS and _is_path(text):
        yield Touch(join(cwd, text), _use(verbs))


def _language(key: str, verbs: frozenset[str], told: str) -> str:
    """The language of code, as far as the call tells it."""
    names = (told, key, *verbs)
    return next((name for name in names if name in LANGUAGES), "")


def _code(text: str, language: str, cwd: str, *, read_shell: ReadShell) -> Iterator[Finding]:
    if language:
        yield from _read(read_code(language, text), cwd, read_shell=read_shell)
    else:
        meaning = MEANINGS["code"]
        what = "runs code that stands in its arguments"
        yield Evidence("code", meaning.effect, meaning.factors, what)


def _query(key: str, text: str, cwd: str) -> Iterator[Finding]:
    if _MUTATION.search(text):
        meaning = MEANINGS["external"]
        yield Evidence("mutation", meaning.effect, meaning.factors, "sends a GraphQL mutation")
    elif _SQL.match(text) or "sql" in key or key.startswith("statement"):
        yield from _read(read_sql(text), cwd, read_shell=None)


def _read(reading: Reading, cwd: str, *, read_shell: ReadShell | None) -> Iterator[Finding]:
    """What code in the arguments does. Positions in it say nothing about the call."""
    for act in reading.means:
        meaning = MEANINGS[act.word]
        yield Evidence(act.word, meaning.effect, meaning.factors, act.what, undo=meaning.undo)
    for path, use in reading.files:
        yield Touch(join(cwd, path), use)
    if read_shell is not None:
        scripts = (*reading.shells, *(quoted(words) for words in reading.commands))
        for script in scripts:
            yield from (at(item, None) for item in read_shell(script, cwd))


def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None and not _ADDRESS.match(text)


def _looks_like_path(text: str) -> bool:
    """For names that are as often given to other things, such as `to`."""
    return _is_path(text) and ("/" in text or text.startswith("~")) and " " not in text
