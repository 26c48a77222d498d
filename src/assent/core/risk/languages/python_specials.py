"""Functions of Python's own library for which one word does not say what they do."""

from collections.abc import Mapping
from dataclasses import replace

from assent.core.risk.findings import Use
from assent.core.risk.languages import python_names as known
from assent.core.risk.languages.python_calls import HERE, Call, Calls, Special, is_hidden
from assent.core.risk.languages.python_values import (
    DATA,
    Const,
    Data,
    Database,
    Environ,
    Mod,
    Path,
    Plain,
    Ref,
    Seq,
    Third,
    Value,
    Values,
    constant,
    items,
    joined_path,
    matching,
    part_of_path,
    sequence,
    texts,
)
from assent.core.risk.names import names

_RUNNERS = names(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen"
)
_SHELLS = names("os.system os.popen subprocess.getoutput subprocess.getstatusoutput")
_PATH_MAKERS = names(
    "pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath"
)


def _run(calls: Calls, call: Call) -> Values:
    if call.name in _SHELLS:
        for text in texts(call.args.get(0, "command") or DATA):
            if text is None:
                calls.note("code", "runs a shell script, not known which", call.node)
            else:
                calls.shells[text] = None
    else:
        calls.run(call.args, call.node)
    return DATA


def _path(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    if call.args.starred:
        return frozenset({Path(None)})
    return joined_path(
        call.args.positional[0] if call.args.positional else HERE, call.args.positional[1:]
    )


def _known_path(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    return frozenset({Path("~" if call.name.endswith("home") else ".")})


def _join(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    if call.args.starred or not call.args.positional:
        return DATA
    whole = joined_path(call.args.positional[0], call.args.positional[1:])
    return frozenset(Const(text) if text is not None else Data() for text in texts(whole))


def _dirname(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    part = {"os.path.dirname": "parent", "os.path.basename": "name"}[call.name]
    found = [part_of_path(text, part) for text in texts(call.args.get(0, "p") or DATA)]
    whole = [text for values in found for text in texts(values)]
    return frozenset(Const(text) if text is not None else Data() for text in whole)


def _getenv(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    calls.variable(call.args.get(0, "key") or DATA, call.node)
    return DATA


def _connect(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    found: list[Database] = []
    for text in texts(call.args.get(0, "database") or DATA):
        path = (text or "").removeprefix("file:").partition("?")[0]
        if path not in ("", ":memory:"):
            calls.files[path, Use.READ] = None
        found.append(Database(path))
    return frozenset(found)


def _chdir(calls: Calls, call: Call) -> Values:
    for text in texts(call.args.get(0, "path") or DATA):
        calls.folders[text] = None
    return DATA


def _import(calls: Calls, call: Call) -> Values:
    found = []
    for text in texts(call.args.get(0, "name") or DATA):
        if text is None:
            calls.note("code", "imports a module, not known which", call.node)
        else:
            found.append(calls.imported(text.lstrip("."), call.node))
    return frozenset(found) or DATA


def _getattr(calls: Calls, call: Call) -> Values:
    target = call.args.get(0, "") or DATA
    found: set[Value] = set()
    for attribute in texts(call.args.get(1, "") or DATA):
        if attribute is None:
            calls.note("code", "gets an attribute, not known which", call.node)
            found.add(Data())
            continue
        if attribute in known.METHODS or attribute in known.ACTING_METHODS:
            calls.note("code", f"gets the method {attribute}", call.node)
        for value in target:
            found |= calls.attribute(value, attribute, call.node)
    return frozenset(found) | (call.args.get(2, "") or frozenset())


def _setattr(calls: Calls, call: Call) -> Values:
    plain = all(
        text is not None and not is_hidden(text) for text in texts(call.args.get(1, "") or DATA)
    )
    if not plain or any(
        isinstance(each, Mod | Ref | Third) for each in call.args.get(0, "") or DATA
    ):
        calls.note("code", "sets an attribute by its name", call.node)
    calls.escape_all(call.args, call.node)
    return DATA


def _vars(calls: Calls, call: Call) -> Values:
    given = call.args.get(0, "")
    if given is None or not all(isinstance(each, Data | Plain | Const) for each in given):
        calls.note("code", "reaches attributes by their names", call.node)
    return DATA


def _urlopen(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    if len(call.args.positional) > 1 and call.name.endswith("urlopen"):
        calls.note("external", "sends a request with data", call.node)
    elif len(call.args.positional) > 2:
        calls.note("external", "sends a request with more than is known", call.node)
    calls.get(call.args.get(0, "url") or DATA, replace(call.args, positional=()), call.node)
    if call.name.endswith("urlretrieve"):
        calls.touch(call.args.get(1, "filename") or DATA, Use.WRITE, call.node)
    return DATA


def _request(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    url = call.args.get(0, "url") or DATA
    return url if len(call.args.every) == 1 and not call.args.starred else DATA


def _dict(calls: Calls, call: Call) -> Values:
    if call.args.positional and call.args.positional[0] == frozenset({Environ()}):
        for key in call.args.keywords:
            calls.set_variable(constant(key), call.node)
        return call.args.positional[0]
    calls.escape_all(call.args, call.node)
    return DATA


def _same_items(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    first = call.args.get(0, "iterable") or DATA
    if call.name == "builtins.enumerate":
        return sequence((sequence((DATA, items(first))),))
    return first if all(isinstance(each, Seq) for each in first) else DATA


def _same(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    return call.args.get(0, "thing") or DATA


def _glob(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    folder = call.args.keywords.get("root_dir", frozenset({Const(".")}))
    pattern = call.args.get(0, "pathname") or DATA
    absolute = any(text is None or text.startswith(("/", "~")) for text in texts(pattern))
    return matching(frozenset({Const("")}) if absolute else folder, pattern)


def _logs(calls: Calls, call: Call) -> Values:
    calls.escape_all(call.args, call.node)
    if "filename" in call.args.keywords:
        calls.touch(call.args.keywords["filename"], Use.WRITE, call.node)
    return DATA


SPECIALS: Mapping[str, Special] = {
    **dict.fromkeys(_RUNNERS | _SHELLS, _run),
    **dict.fromkeys(_PATH_MAKERS, _path),
    "pathlib.Path.home": _known_path,
    "pathlib.Path.cwd": _known_path,
    "os.path.join": _join,
    "os.path.dirname": _dirname,
    "os.path.basename": _dirname,
    "os.getenv": _getenv,
    "sqlite3.connect": _connect,
    "os.chdir": _chdir,
    "builtins.__import__": _import,
    "importlib.import_module": _import,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.vars": _vars,
    "builtins.dict": _dict,
    "builtins.list": _same_items,
    "builtins.tuple": _same_items,
    "builtins.sorted": _same_items,
    "builtins.reversed": _same_items,
    "builtins.enumerate": _same_items,
    "contextlib.closing": _same,
    "urllib.request.urlopen": _urlopen,
    "urllib.request.urlretrieve": _urlopen,
    "urllib.request.Request": _request,
    "logging.basicConfig": _logs,
    "glob.glob": _glob,
    "glob.iglob": _glob,
}
