"""What calls of Python's own library, and of other packages, do."""

import ast
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TypeAlias

from assent.core.risk.findings import Span, Use
from assent.core.risk.languages import python_names as known
from assent.core.risk.languages.python_values import (
    DATA,
    MAX_VALUES,
    Const,
    Data,
    Database,
    Environ,
    Mod,
    Path,
    Plain,
    Ref,
    Seq,
    Text,
    Third,
    Value,
    Values,
    constant,
    joined_path,
    matching,
    part_of_path,
    sequence,
    texts,
)
from assent.core.risk.languages.reading import Act, Reading
from assent.core.risk.languages.sql import read_sql
from assent.core.risk.names import names
from assent.core.risk.paths import shown

_OPENERS: Mapping[str, int] = {
    "builtins.open": 1,
    "io.open": 1,
    "codecs.open": 1,
    "gzip.open": 1,
    "bz2.open": 1,
    "lzma.open": 1,
    "zipfile.ZipFile": 1,
    "tarfile.open": 1,
    "tarfile.TarFile": 1,
}
"""Functions that open their first argument, with the place of the mode."""
_SHOWING = names(
    "builtins.print builtins.repr builtins.str builtins.type builtins.id builtins.dir"
    " builtins.hasattr builtins.isinstance builtins.bool builtins.help builtins.issubclass"
    " builtins.callable inspect.getsource inspect.getfile inspect.signature inspect.getdoc"
    " inspect.isfunction inspect.isclass inspect.ismodule inspect.getsourcefile"
)
"""These look at what they are given, and never call it."""
_RUN_OPTIONS = names(
    "capture_output text stdout stderr check timeout universal_newlines encoding errors env cwd"
    " shell stdin input bufsize close_fds start_new_session"
)
_SAME_PATH = names(
    "os.path.expanduser os.path.abspath os.path.realpath os.path.normpath os.fspath"
    " os.path.expandvars builtins.str"
)
_WRITES_SQL = ("external", "external-final")
_LOCAL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?:[:/?#].*)?", re.DOTALL
)
_METADATA = re.compile(
    r"https?://(?:169\.254\.169\.254|100\.100\.100\.200|metadata\.google\.internal)", re.IGNORECASE
)
_MODE = re.compile(r"(?=.*[wax+])[rwaxbt+U]{1,4}")


@dataclass(frozen=True, slots=True)
class Args:
    """The arguments of a call."""

    positional: tuple[Values, ...]
    keywords: Mapping[str, Values]
    starred: bool
    """Whether there may be more, by `*` or `**`."""

    def get(self, place: int, name: str) -> Values | None:
        """The argument that is called `name` or stands at `place`; None when it is not given."""
        if name in self.keywords:
            return self.keywords[name]
        if place < len(self.positional):
            return self.positional[place]
        return DATA if self.starred else None

    @property
    def every(self) -> tuple[Values, ...]:
        return (*self.positional, *self.keywords.values())


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something of Python's own library, by its dotted name."""

    name: str
    args: Args
    node: ast.AST


@dataclass(slots=True)
class Calls:
    """What a program was found to do so far."""

    spans: Callable[[ast.AST], Span]
    specials: Mapping[str, "Special"]
    """Functions of the library for which a word is not enough."""
    acts: dict[Act, None] = field(default_factory=dict)
    files: dict[tuple[str, Use], None] = field(default_factory=dict)
    shells: dict[str, None] = field(default_factory=dict)
    commands: dict[tuple[str, ...], None] = field(default_factory=dict)
    folders: dict[str | None, None] = field(default_factory=dict)
    """Where it changes to; None for a folder that is not known."""

    def note(self, word: str, what: str, node: ast.AST) -> None:
        self.acts[Act(word, what, self.spans(node))] = None

    def touch(self, values: Values, use: Use, node: ast.AST) -> None:
        """The files that `values` name are used. Reading one that is not known shows it to nobody
        else: what is sent to others is asked about anyway.
        """
        for text in texts(values):
            if text is not None:
                self.files[text, use] = None
            elif use in (Use.WRITE, Use.DELETE):
                verb = "deletes" if use is Use.DELETE else "writes"
                self.note("unknown", f"{verb} a file, not known which", node)

    def reading(self, whole: ast.AST) -> Reading:
        """All of it, relative paths seen from every folder in which it may be."""
        files = dict(self.files)
        for path, use in self.files:
            moved = self.folders if not path.startswith(("/", "~")) else {}
            for folder in moved:
                if folder is not None:
                    files[f"{folder.rstrip('/')}/{path}", use] = None
                elif use in (Use.WRITE, Use.DELETE):
                    self.note("unknown", "changes files in a folder that is not known", whole)
        if self.folders and (self.shells or self.commands or len(self.folders) > 1):
            self.note("unknown", "changes the folder in which it acts", whole)
        return Reading(
            means=tuple(self.acts),
            files=tuple(files),
            shells=tuple(self.shells),
            commands=tuple(self.commands),
        )

    # --- handing over

    def escape(self, values: Values, node: ast.AST) -> None:
        """`values` go where they are no longer followed: they may be called there."""
        for value in values:
            if isinstance(value, Mod):
                self.note("code", f"hands over the module {value.name}", node)
            elif isinstance(value, Environ):
                self.note("secret", "shows the environment, which may hold secrets", node)
            elif isinstance(value, Ref) and not self.is_harmless(value.name):
                self.note("code", f"hands over {value.name}, to be called later", node)
            elif isinstance(value, Seq):
                for item in value.items:
                    self.escape(item, node)

    def is_harmless(self, name: str) -> bool:
        """Whether calling this, with whatever arguments, only computes."""
        acts = name in known.ACTING or name in known.FILES or name in _OPENERS
        plain = name not in self.specials or name in known.HARMLESS_SPECIAL
        return not acts and plain and name not in known.GUARDED

    def imported(self, name: str, node: ast.AST) -> Value:
        """The module that importing `name` gives."""
        root = name.split(".", 1)[0]
        if name in known.PURE_MODULES:
            return Mod(name)
        private = root.startswith("__") or root in known.STDLIB
        if private and root not in known.SERVICES:
            self.note("code", f"uses the module {shown(name)}", node)
            return Third(name)
        if root in known.LOADERS:
            self.note(*known.LOADERS[root], node)
        elif root in known.SERVICES:
            self.note("external", f"acts on other systems with {root}", node)
        elif root not in known.HTTP:
            self.note("project-run", f"runs the package {shown(root)}", node)
        return Third(name)

    def attribute(self, value: Value, name: str, node: ast.AST) -> Values:
        """`value.name`, not called yet."""
        if is_hidden(name):
            self.note("code", f"reaches for {name}", node)
            return DATA
        match value:
            case Mod(module):
                return frozenset({self._of_module(module, name, node)})
            case Third(dotted):
                reached = Mod(name) if name in known.CAPABLE else Third(f"{_root(dotted)}.{name}")
                return frozenset({reached})
            case Ref("pathlib.Path") if name in ("home", "cwd"):
                return frozenset({Ref(f"pathlib.Path.{name}")})
            case Path(text):
                return part_of_path(text, name)
            case Ref():
                self.escape(frozenset({value}), node)
            case _:
                pass
        return DATA | {Mod(name)} if name in known.CAPABLE else DATA

    def _of_module(self, module: str, name: str, node: ast.AST) -> Value:
        dotted = f"{module}.{name}"
        if dotted == "sys.executable":
            return Const("python3")
        if dotted == "os.environ":
            return Environ()
        listed = dotted in self.specials or dotted in known.ACTING or dotted in known.FILES
        if listed or dotted in known.HARMLESS or dotted in _OPENERS:
            return Mod(dotted) if dotted in known.PURE_MODULES else Ref(dotted)
        if dotted in known.PURE_MODULES:
            return Mod(dotted)
        hides = name in known.STDLIB and name != module.rsplit(".", 1)[-1]
        guarded = module in known.GUARDED and module != "builtins"
        if guarded or name.startswith("_") or hides:
            self.note("code", f"uses {dotted}", node)
            return Data()
        return Ref(dotted)

    # --- calling

    def call(self, value: Value, args: Args, node: ast.AST) -> Values:
        """`value` is called; what that gives."""
        match value:
            case Ref(name):
                return self._call_known(name, args, node)
            case Third(name):
                return self._call_third(name, args, node)
            case _:
                pass
        self.escape_all(args, node)
        return DATA

    def escape_all(self, args: Args, node: ast.AST) -> None:
        for values in args.every:
            self.escape(values, node)
        if "eval_str" in args.keywords:
            self.note("code", "runs text as code", node)

    def _call_known(self, name: str, args: Args, node: ast.AST) -> Values:
        special = self.specials.get(name)
        if special is not None:
            return special(self, Call(name, args, node))
        if name in _OPENERS:
            return self._open(args, _OPENERS[name], node)
        if name not in _SHOWING:
            self.escape_all(args, node)
        elif any(isinstance(v, Environ) for values in args.every for v in values):
            self.note("secret", "shows the environment, which may hold secrets", node)
        if name in known.ACTING:
            self.note(*known.ACTING[name], node)
        for place, keyword, use in known.FILES.get(name, ()):
            self.touch(args.get(place, keyword) or HERE, use, node)
        if name == "os.makedirs" or name not in _SAME_PATH:
            return DATA
        return self._same_path(args)

    def _same_path(self, args: Args) -> Values:
        return frozenset(
            Const(text) if text is not None else Data()
            for text in texts(args.get(0, "path") or DATA)
        )

    def _open(self, args: Args, place: int, node: ast.AST) -> Values:
        file = args.get(0, "file") or DATA
        modes = args.get(place, "mode") or constant("r")
        if "opener" in args.keywords:
            self.note("code", "opens files in its own way", node)
        self.escape_all(args, node)
        for mode in texts(modes):
            if mode is None:
                self.note("unknown", "opens a file, not known whether to write", node)
            elif set("wax+").isdisjoint(mode):
                self._read(file, node)
            else:
                self.touch(file, Use.WRITE, node)
        return DATA

    def _read(self, file: Values, node: ast.AST) -> None:
        if not all(isinstance(value, Const) and value.value in (0, "") for value in file):
            self.touch(file, Use.READ, node)

    # --- methods

    def method(self, value: Value, name: str, args: Args, node: ast.AST) -> Values:
        """`value.name(...)` of something that is no module."""
        if is_hidden(name):
            self.note("code", f"calls {name}", node)
        if isinstance(value, Environ):
            return self._of_environ(name, args, node)
        if isinstance(value, Ref):
            self.escape(frozenset({value}), node)
        if name == "backup":
            self._backup(args)
        if name in ("execute", "executemany", "executescript"):
            return self._execute(value, name, args, node)
        if name in known.METHODS:
            self._use_path(value, known.METHODS[name], node)
        elif name in known.ACTING_METHODS:
            self.note(*known.ACTING_METHODS[name], node)
        elif isinstance(value, Path):
            return self._of_path(value, name, args, node)
        elif isinstance(value, Data):
            self._like_path(name, args, node)
        self.escape_all(args, node)
        return frozenset({value}) if isinstance(value, Database) else _kept(value, name, args)

    def _backup(self, args: Args) -> None:
        for values in args.every:
            for value in values:
                if isinstance(value, Database) and value.path:
                    self.files[value.path, Use.WRITE] = None

    def _use_path(self, value: Value, use: Use, node: ast.AST) -> None:
        path = value if isinstance(value, Path | Const) else Data()
        self.touch(frozenset({path}), use, node)

    def _like_path(self, name: str, args: Args, node: ast.AST) -> None:
        """It may be a path: a text is replaced by two, and has nothing that opens or renames."""
        moves = name == "rename" or (name == "replace" and len(args.positional) == 1)
        opening = args.every[:2] if name == "open" else ()
        modes = [mode for values in opening for mode in texts(values)]
        if moves and not (args.keywords and not args.positional):
            self.note("unknown", "renames a file, not known which", node)
        if any(mode is not None and _MODE.fullmatch(mode) for mode in modes):
            self.note("unknown", "writes a file, not known which", node)

    def _of_path(self, value: Path, name: str, args: Args, node: ast.AST) -> Values:
        here: Values = frozenset({value})
        if name == "open":
            return self._open(Args((here, *args.positional), args.keywords, args.starred), 1, node)
        if name in ("rename", "replace"):
            self.touch(here, Use.WRITE, node)
            self.touch(args.get(0, "target") or DATA, Use.WRITE, node)
        self.escape_all(args, node)
        if name in ("resolve", "absolute", "expanduser"):
            return here
        if name in ("glob", "rglob"):
            deep = name == "rglob" and value.text is not None
            below = joined_path(here, (constant("**"),)) if deep else here
            return matching(below, args.get(0, "pattern") or DATA)
        if name == "iterdir":
            return frozenset({Path(None)})
        if name == "joinpath":
            return joined_path(here, args.positional)
        if name in ("as_posix", "__str__"):
            return frozenset({Const(value.text)}) if value.text is not None else DATA
        with_ = name.startswith("with_") or name == "relative_to"
        return frozenset({Path(None)}) if with_ else DATA

    def _of_environ(self, name: str, args: Args, node: ast.AST) -> Values:
        if name in ("get", "setdefault", "pop", "__getitem__"):
            self.variable(args.get(0, "key") or DATA, node)
            return DATA
        if name == "copy":
            return frozenset({Environ()})
        if name == "update":
            for key in args.keywords:
                self.set_variable(constant(key), node)
            if args.positional or args.starred:
                self.set_variable(DATA, node)
            return DATA
        self.note("secret", "shows the environment, which may hold secrets", node)
        return DATA

    def variable(self, name: Values, node: ast.AST) -> None:
        """A variable of the environment is read."""
        for text in texts(name):
            if text is None or known.SECRET_VARIABLE.search(text):
                what = "not known which" if text is None else shown(text)
                self.note("secret", f"reads a variable of the environment, {what}", node)

    def set_variable(self, name: Values, node: ast.AST) -> None:
        for text in texts(name):
            if text is None or known.STEERING_VARIABLE.fullmatch(text):
                self.note("code", "changes a variable that steers other programs", node)

    # --- databases

    def _execute(self, value: Value, name: str, args: Args, node: ast.AST) -> Values:
        self.escape_all(args, node)
        sqlite = isinstance(value, Database)
        kept: Values = frozenset({value}) if sqlite else DATA
        for text in args.get(0, "sql") or DATA:
            if isinstance(text, Const) and isinstance(text.value, str):
                self._run_sql(text.value, value, node)
            elif sqlite and name == "execute" and _is_select(text):
                continue
            else:
                self.note("unknown", "runs SQL, not known which", node)
        return kept

    def _run_sql(self, sql: str, value: Value, node: ast.AST) -> None:
        found = read_sql(sql, "sqlite" if isinstance(value, Database) else "")
        for act in found.means:
            if not isinstance(value, Database) or act.word not in _WRITES_SQL:
                if act.word != "read":
                    self.note(act.word, act.what, node)
            elif value.path == "":
                self.note("unknown", f"{act.what}, in a database that is not known", node)
            elif value.path != ":memory:":
                self.files[value.path, Use.WRITE] = None
                if act.word == "external-final":
                    self.note("discard", act.what, node)

    # --- other packages

    def _call_third(self, name: str, args: Args, node: ast.AST) -> Values:
        root, _, rest = name.partition(".")
        last = rest.rsplit(".", 1)[-1]
        if last in ("execute", "executemany"):
            return self._execute(Third(name), last, args, node)
        self.escape_all(args, node)
        result: Values = frozenset({Third(_root(name))})
        if root in known.HTTP:
            self._request(last, args, node)
        elif last in known.METHODS:
            self.touch(DATA, known.METHODS[last], node)
        elif last in known.ACTING_METHODS:
            self.note(*known.ACTING_METHODS[last], node)
        elif last in known.THIRD_METHODS or (last == "drop" and not args.every):
            self.note("unknown", f"calls {shown(last)} of the package {shown(root)}", node)
        elif last.startswith("to_") and args.positional and last not in ("to_dict", "to_list"):
            self._saved(args.positional[0])
        return result

    def _saved(self, target: Values) -> None:
        for text in texts(target):
            if text is not None and ("/" in text or "." in text):
                self.files[text, Use.WRITE] = None

    def _request(self, verb: str, args: Args, node: ast.AST) -> None:
        if verb.lower() in known.READING_VERBS:
            self.get(args.get(0, "url") or DATA, args, node)
        elif verb in ("post", "put", "patch", "delete", "request", "send", "urlopen"):
            url = args.get(0, "url") or DATA
            here = verb not in ("request", "send", "urlopen") and all(map(_is_local, url))
            if not here:
                self.note("external", f"sends a request ({verb})", node)
            elif verb == "delete":
                self.note("discard", "deletes in a service of this machine", node)
            else:
                self.note("local-service", "sends to a service of this machine", node)

    def get(self, url: Values, args: Args, node: ast.AST) -> None:
        """An address is asked; with anything in it that is not known, that may send data."""
        rest = [*args.positional[1:]]
        rest += [v for k, v in args.keywords.items() if k not in ("url", "timeout", "verify")]
        plain = all(_is_plain(each) for values in rest for each in values) and not args.starred
        if all(map(_is_local, url)):
            self.note("network-read", "asks a service of this machine", node)
            return
        for text in texts(url):
            if text is None or not plain or "data" in args.keywords:
                self.note("external", "sends a request that is not known", node)
            elif _METADATA.match(text):
                self.note("secret", f"asks {shown(text)} for credentials", node)
            elif text.lower().startswith(("http://", "https://")):
                self.note("network-read", f"asks {shown(text)}", node)
            else:
                self.note("unknown", f"opens {shown(text)}", node)

    # --- programs

    def run(self, args: Args, node: ast.AST) -> None:
        """A program or a shell script is run."""
        options = {key: value for key, value in args.keywords.items() if key != "args"}
        unknown = options.keys() - _RUN_OPTIONS or args.starred or len(args.positional) > 1
        fed = any(key in options for key in ("input",)) or not _is_quiet(options.get("stdin"))
        if unknown or fed or not _is_environ(options.get("env")):
            self.note("code", "runs a program in a way that is not known", node)
            return
        folder = self._folder(options.get("cwd"), node)
        shell = options.get("shell", constant(None))
        for value in args.get(0, "args") or DATA:
            self._run_one(value, shell, folder, node)

    def _folder(self, folder: Values | None, node: ast.AST) -> str:
        """Shell words that change to the folder; empty for none."""
        if folder is None or folder == constant(None):
            return ""
        where = texts(folder)
        if len(where) == 1 and where[0] is not None:
            return f"cd {shlex.quote(where[0])} && "
        self.note("code", "runs a program in a folder that is not known", node)
        return ""

    def _run_one(self, value: Value, shell: Values, folder: str, node: ast.AST) -> None:
        vectors = _vectors(value)
        if not vectors or not all(isinstance(each, Const) for each in shell) or len(shell) > 1:
            self.note("code", "runs a program, not known which", node)
        elif any(isinstance(each, Const) and each.value for each in shell):
            if isinstance(value, Const):
                self.shells[folder + vectors[0][0]] = None
            else:
                self.note("code", "runs a shell script with arguments", node)
        elif folder:
            self.shells |= {folder + shlex.join(words): None for words in vectors}
        else:
            self.commands |= dict.fromkeys(vectors)


HERE: Values = frozenset({Const(".")})


def _root(dotted: str) -> str:
    return dotted.partition(".")[0]


def _is_local(url: Value) -> bool:
    """Whether the address is on this machine, whatever is not known of it."""
    text = url.prefix if isinstance(url, Text) else url.value if isinstance(url, Const) else None
    ends = isinstance(url, Const) or (isinstance(text, str) and text.count("/") > 2)
    return ends and isinstance(text, str) and _LOCAL.fullmatch(text) is not None


def _is_plain(value: Value) -> bool:
    if isinstance(value, Seq):
        return all(_is_plain(each) for item in value.items for each in item)
    return isinstance(value, Const | Plain)


def is_hidden(name: str) -> bool:
    if name in known.HIDDEN_ATTRIBUTES:
        return True
    return name.startswith("__") and name not in known.ALLOWED_DUNDERS


def _is_select(text: Value) -> bool:
    return isinstance(text, Text) and text.prefix.lstrip()[:7].upper() in ("SELECT ", "SELECT\n")


def _kept(value: Value, name: str, args: Args) -> Values:
    """The texts that methods of known texts give."""
    if isinstance(value, Const) and isinstance(value.value, str):
        if name == "split" and not args.every:
            return sequence(tuple(constant(part) for part in value.value.split()))
        if name in ("format", "format_map"):
            return frozenset({Text(value.value.split("{", 1)[0])})
        if name in ("strip", "encode", "decode") and not args.every:
            return constant(value.value.strip() if name == "strip" else value.value)
    return DATA


def _vectors(value: Value) -> list[tuple[str, ...]]:
    """The argument vectors that it can be; none when one is not known."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return [(value.value,)]
    if not isinstance(value, Seq) or not value.items:
        return []
    words = [texts(item) for item in value.items]
    if prod(map(len, words)) > MAX_VALUES:
        return []
    vectors = [tuple(word for word in each if word is not None) for each in product(*words)]
    return vectors if all(len(each) == len(words) for each in vectors) else []


def _is_quiet(stdin: Values | None) -> bool:
    return stdin is None or all(
        value in (Ref("subprocess.DEVNULL"), Const(None)) for value in stdin
    )


def _is_environ(env: Values | None) -> bool:
    return env is None or all(value in (Environ(), Const(None)) for value in env)


Special: TypeAlias = Callable[[Calls, Call], Values]
