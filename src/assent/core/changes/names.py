"""Which names and files a hunk's lines bring in, take away and use: told by the lines alone.

Only a hunk is seen, not its file, so this is a heuristic: Python is parsed where its lines parse,
everything else is read by patterns that hold in most languages.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, normpath
from textwrap import dedent

from assent.core.changes.hunks import SYMLINK, FilePatch, Hunk

FAMILIES = {
    **dict.fromkeys(("py", "pyi"), "python"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "vue", "svelte"), "javascript"),
    **dict.fromkeys(("c", "h", "cc", "cpp", "cxx", "hpp", "hh", "m"), "c"),
    **dict.fromkeys(("java", "kt", "kts", "scala", "groovy"), "java"),
    **dict.fromkeys(("sh", "bash", "zsh"), "shell"),
    **{name: name for name in ("go", "rs", "rb", "php", "cs", "swift", "lua", "dart", "ex", "zig")},
}
"""Languages whose names are read, by the ends of files; names are only known within one."""

COMMON = frozenset(
    {
        *dir(builtins),
        *(name for kind in (str, bytes, list, dict, set, tuple, int) for name in dir(kind)),
        *("self", "this", "cls", "main", "run", "new", "init", "start", "stop", "close", "open"),
        *("name", "value", "data", "path", "read", "write", "send", "load", "save", "test"),
    }
)
"""Names that say too little about what they mean."""

SHORTEST = 3
PARSED = 200_000
"""Bytes of a hunk up to which it is parsed."""
LONGEST = 1000
"""Bytes of a line up to which it is read: longer ones are not written by hand."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the lines of one hunk name."""

    defines: frozenset[str] = frozenset()
    """New in it: functions, classes, constants."""
    drops: frozenset[str] = frozenset()
    """Defined by its old lines and not by its new ones."""
    imports: frozenset[str] = frozenset()
    """Names that it brings into its own file."""
    signs: frozenset[str] = frozenset()
    """Functions of which it changes what they take."""
    recalls: frozenset[str] = frozenset()
    """Functions of which it changes calls."""
    uses: frozenset[str] = frozenset()
    """Names in its new lines that are in none of its old ones or its context."""
    leaves: frozenset[str] = frozenset()
    """Names in its old lines that are in none of its new ones or its context."""
    known: frozenset[str] = frozenset()
    """Names in its old lines and its context: they were there before."""
    files: frozenset[str] = frozenset()
    """Paths that its new lines may mean, without their ends; see `keys`."""
    left_files: frozenset[str] = frozenset()
    """The same of its old lines."""


_WORD = re.compile(r"[A-Za-z_$][\w$]{2,}")
_STRING = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""")
_COMMENTS = {
    "python": re.compile(r"#.*"),
    "shell": re.compile(r"(?:^|\s)#.*", re.MULTILINE),
    "rb": re.compile(r"#.*"),
    "ex": re.compile(r"#.*"),
    "lua": re.compile(r"--.*"),
}
_SLASHES = re.compile(r"//.*|/\*.{0,500}?\*/|^[ \t]*\*.*", re.MULTILINE)

_PYTHON_DEFINES = re.compile(
    r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)"
    r"|^(?:[ ]{4}(?=\w+[ ]*:)(?![^\n]*,[ ]*$))?([A-Za-z_]\w*)[ ]*(?::[^=\n]+)?(?:=(?!=)|$)"
    r"|\bself\.(\w+)[ ]*(?::[^=\n]+)?=(?!=)",
    re.MULTILINE,
)
_PYTHON_IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(\([^)]*\)?|[^\n]+)", re.MULTILINE
)
_DEFINES = re.compile(
    r"\b(?:function\*?|func|fn|fun|class|struct|enum|interface|trait|module|def|namespace|record"
    r"|object|protocol|macro_rules!|type)[ \t]+(?:\([^)\n]{0,200}\)[ \t]*)?[*&]?([A-Za-z_$][\w$]*)"
    r"|^(?:export[ \t]+)?(?:default[ \t]+)?(?:pub[ \t]+)?(?:const|let|var|val)[ \t]+"
    r"([A-Za-z_$][\w$]*)"
    r"|^(?:pub[ \t]+)?static[ \t]+(?:mut[ \t]+)?(\w+)[ \t]*:"
    r"|^#[ \t]*define[ \t]+(\w+)"
    r"|^(?!return|else|if|for|while|switch)[A-Za-z_][\w:<>,*& \t]*[ \t*&](\w+)\([^;\n]*\)[ \t]*\{?$"
    r"|^(\w+)[ \t]*\(\)[ \t]*\{",
    re.MULTILINE,
)
_IMPORTS = re.compile(
    r"^[ \t]*+import[ \t]++(?:type[ \t]++)?([^'\";\n]+)(?<=[ \t}])from\b"
    r"|^[ \t]*(?:const|let|var)[ \t]+(\{[^}\n]*\}|\w+)[ \t]*=[ \t]*require\("
    r"|^[ \t]*use[ \t]+[\w:]+::(\{[^}\n]*\}|\w+)[ \t]*;"
    r"|^[ \t]*import[ \t]+(?:static[ \t]+)?[\w.]+\.(\w+)[ \t]*;",
    re.MULTILINE,
)
_SIGNATURE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?:pub[ \t]+)?(?:async[ \t]+)?(?:def|function|func|fn|fun)[ \t]+"
    r"(?:\([^)\n]{0,200}\)[ \t]*)?(\w+)[ \t]*(\([^\n]*)",
    re.MULTILINE,
)
_CALL = re.compile(r"(?<!def )(?<!function )(?<!func )(?<!fn )\b(\w{3,})(?=(\([^\n]{0,80}))")
_QUOTED = re.compile(r"""["'<(]((?:[\w@.-]+/)*[\w@.-]+)["'>)]""")
_PYTHON_MODULES = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)?|[^\n]+)"
    r"|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)


def family_of(path: str) -> str:
    """The language whose names a file's are; empty when names are not read in it."""
    return FAMILIES.get(path.rsplit(".", 1)[-1].lower(), "") if "." in path else ""


def names_of(patch: FilePatch, hunk: Hunk) -> Names:
    """What the lines of a hunk name. Links name the file they lead to."""
    new, old, both = (_text(hunk, sign) for sign in (b"+", b"-", b" "))
    if patch.new_mode == SYMLINK:
        return Names(files=frozenset(_resolved(patch.path, new)))
    files, left_files = (frozenset(_files(patch.path, text)) for text in (new, old))
    family = family_of(patch.path)
    if not family:
        return Names(files=files, left_files=left_files)
    bare_new, bare_old = _bare(new, family), _bare(old, family)
    words, old_words, kept = (_words(text) for text in (bare_new, bare_old, _bare(both, family)))
    defines, defined = _defined(bare_new, family), _defined(bare_old, family)
    imports, imported = _imported(bare_new, family), _imported(bare_old, family)
    return Names(
        defines=_telling(defines - defined - imports),
        drops=_telling((defined | imported) - defines - imports),
        imports=_telling(imports - imported),
        signs=_changed(_SIGNATURE, bare_old, bare_new),
        recalls=_changed(_CALL, bare_old, bare_new),
        uses=_telling(words - old_words - kept),
        leaves=_telling(old_words - words - kept),
        known=old_words | kept,
        files=files - left_files,
        left_files=left_files - files,
    )


def _text(hunk: Hunk, sign: bytes) -> str:
    lines = [line[1:] for line in hunk.lines if line[:1] == sign and len(line) <= LONGEST]
    return b"".join(lines).decode("utf-8", "replace")


def _bare(text: str, family: str) -> str:
    """Without strings and comments, as far as single lines tell."""
    if not text:
        return ""
    return _COMMENTS.get(family, _SLASHES).sub("", _STRING.sub("''", text))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _telling(names: frozenset[str]) -> frozenset[str]:
    rare = names - COMMON
    return frozenset([name for name in rare if len(name) >= SHORTEST and name[:2] != "__"])


def _defined(text: str, family: str) -> frozenset[str]:
    if not text:
        return frozenset()
    pattern = _PYTHON_DEFINES if family == "python" else _DEFINES
    return frozenset(name for found in pattern.findall(text) for name in found if name)


def _imported(text: str, family: str) -> frozenset[str]:
    if not text:
        return frozenset()
    if family == "python":
        listed = _PYTHON_IMPORTS.findall(text)
    else:
        listed = [name for found in _IMPORTS.findall(text) for name in found if name]
    return frozenset(name for each in listed for name in _bound(each))


def _bound(listed: str) -> Iterator[str]:
    """The names that a list of imports binds: of `a.b as c, d` these are `c` and `d`."""
    for item in listed.strip("(){} \t").split(","):
        words = item.replace("{", " ").replace("}", " ").split()
        if words:
            yield words[-1].split(".")[0]


def _changed(pattern: re.Pattern[str], old: str, new: str) -> frozenset[str]:
    """Names that stand on both sides with something else behind them."""
    if not old or not new:
        return frozenset()
    before, after = (dict(pattern.findall(text)) for text in (old, new))
    return _telling(
        frozenset(name for name in before if name in after and before[name] != after[name])
    )


# Files


def keys(path: str) -> Iterator[str]:
    """What a file is called by those who use it: its path without its end, a package by its folder,
    a Python module also by its name from any folder above it."""
    stem = _stem(path)
    yield path
    yield stem
    if stem.endswith(("/index", "/__init__")):
        yield dirname(path)
    if path.endswith((".py", ".pyi")):
        dotted = stem.removesuffix("/__init__").split("/")
        for at in range(len(dotted)):
            if len(dotted) - at > 1 or at == 0 or dotted[at - 1] in ("src", "lib"):
                yield "." + ".".join(dotted[at:])


def _stem(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.rsplit('.', 1)[0] or name}"


def _files(path: str, text: str) -> Iterator[str]:
    if not text:
        return
    if family_of(path) == "python":
        yield from _modules(path, text)
    for name in dict.fromkeys(_QUOTED.findall(text)):
        if "/" in name or "." in name:
            yield from _resolved(path, name)


def _resolved(path: str, name: str) -> Iterator[str]:
    """A file named in another: from that one's folder, or from the root."""
    for found in (normpath(f"{dirname(path)}/{name}").lstrip("/"), normpath(name)):
        yield found
        yield _stem(found)


def _modules(path: str, text: str) -> Iterator[str]:
    for module, names, plain in _PYTHON_MODULES.findall(text):
        for item in plain.split(","):
            words = item.split()
            if words:
                yield "." + words[0]
        if not names:
            continue
        yield from _module(path, module)
        listed = (item.split() for item in names.strip("() \t").split(","))
        for words in listed:
            if words:
                yield from _module(path, module + ("" if module.endswith(".") else ".") + words[0])


def _module(path: str, module: str) -> Iterator[str]:
    """A dotted name as keys: relative ones from the folder of `path`."""
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        yield "." + module
        return
    folder = dirname(path)
    for _ in range(dots - 1):
        folder = dirname(folder)
    rest = module[dots:].replace(".", "/")
    yield f"{folder}/{rest}".strip("/") if rest else folder


# Python


def python_names(hunk: Hunk) -> frozenset[str] | None:
    """The names that a hunk's new lines use as code without binding them, or import; None where
    they do not parse by themselves."""
    kept = [line for line in hunk.lines if not line.startswith(b"-")]
    text = b"".join(line[1:] for line in kept).decode("utf-8", "replace")
    if len(text) > PARSED:
        return None
    added = {at for at, line in enumerate(kept, start=1) if line.startswith(b"+")}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(dedent(text), "/dev/null/source.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    nodes = list(ast.walk(tree))
    bound = {name for node in nodes for name in _bound_by(node)}
    used = [node for node in nodes if getattr(node, "lineno", None) in added]
    return frozenset(
        {name for node in used for name in _names_in(node) if name not in bound}
        | {name for node in used for name in _known_from_outside(node)}
    )


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case _:
            pass


def _names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id


def _known_from_outside(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            for alias in names:
                yield from alias.name.split(".")
        case _:
            pass
