"""Faults to plant in a program, and edits that change nothing: what reviewers are calibrated with.

A fault is one small edit of the kind that gets past people: a turned comparison, a limit off by
one, a guard that is gone. Of Python the syntax tree says where; of other languages, patterns. Which
of them are faults at all, the project's own tests say.
"""

import ast
import re
import symtable
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from assent.core.risk.edits import PathClass, classes_of

SIZE = 200_000
"""Characters of a file that is worked on."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One file with one edit."""

    path: str
    kind: str
    """`turned-comparison`, `lost-guard`, `docstring`: what was done."""
    line: int
    """Where, in the new file, counted from one; of lines that went, the one in their place."""
    end_line: int
    text: str
    """The new file."""
    scope: str = ""
    """The function it lies in; empty outside of any."""


@dataclass(frozen=True, slots=True)
class _Swap:
    """`new` in the place of what stands from `start` to `end`, in characters."""

    kind: str
    start: int
    end: int
    new: str


_OTHERS = (
    *(".c", ".cc", ".cpp", ".cs", ".dart", ".go", ".java", ".js", ".jsx", ".kt", ".mjs"),
    *(".php", ".rs", ".scala", ".swift", ".ts", ".tsx"),
)


def is_program(path: str) -> bool:
    """Whether faults are planted there: in code, and not in what tests it."""
    if not path.endswith((".py", *_OTHERS)):
        return False
    name = path.rpartition("/")[2]
    return PathClass.TESTS not in classes_of(path) and not name.startswith(("test_", "conftest"))


def faults(path: str, text: str) -> tuple[Edit, ...]:
    """All the faults that can be planted in a file, in order of place; see `reads`."""
    if len(text) > SIZE or not is_program(path):
        return ()
    return _python(path, text) if path.endswith(".py") else _other(path, text)


def clean_edits(path: str, text: str) -> tuple[Edit, ...]:
    """Edits that change nothing that the program does, in order of place; see `reads`."""
    if len(text) > SIZE or not is_program(path):
        return ()
    return _clean_python(path, text) if path.endswith(".py") else _clean_other(path, text)


def reads(edit: Edit) -> bool:
    """Whether the new file still reads as Python, if it is any: few edits do not."""
    return not edit.path.endswith(".py") or _parsed(edit.text) is not None


def in_turn(edits: Iterable[Edit], seed: str) -> tuple[Edit, ...]:
    """Mixed by `seed`, kinds and files taking turns, so that a few of them are of many sorts."""

    def draw(edit: Edit) -> str:
        return sha256(
            f"{seed}\0{edit.path}\0{edit.line}\0{edit.kind}\0{edit.text}".encode(
                "utf-8", "surrogatepass"
            )
        ).hexdigest()

    rows: dict[str, list[tuple[str, Edit]]] = {}
    for mark, edit in sorted(((draw(edit), edit) for edit in edits), key=lambda each: each[0]):
        rows.setdefault(edit.kind, []).append((mark, edit))
    kinds = sorted(rows, key=lambda kind: rows[kind][0][0])
    turns: list[tuple[int, int, int, Edit]] = []
    seen: dict[str, int] = {}
    for place, kind in enumerate(kinds):
        for turn, (_, edit) in enumerate(rows[kind]):
            seen[edit.path] = seen.get(edit.path, 0) + 1
            turns.append((turn, seen[edit.path] // 4, place, edit))
    return tuple(each[3] for each in sorted(turns, key=lambda each: each[:3]))


# Python


class _Source:
    """A text with the places that a syntax tree names."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [f"{line}\n" for line in text.split("\n")]
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._place(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._place(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.expr | ast.stmt) -> str:
        return self.text[self.start(node) : self.end(node)]

    def line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def line_end(self, place: int) -> int:
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def _place(self, line: int, column: int) -> int:
        """The tree counts columns in UTF-8 bytes."""
        text = self._lines[line - 1]
        before = text.encode("utf-8")[:column].decode("utf-8", "ignore")
        return self._starts[line - 1] + len(before)


_TURNED: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", ">="),
    ast.Gt: (">", "<="),
    ast.LtE: ("<=", ">"),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
_SHIFTED: Mapping[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.Gt: (">", ">="),
    ast.LtE: ("<=", "<"),
    ast.GtE: (">=", ">"),
}
_AUTH = re.compile(
    r"auth|permi|allow|forbid|token|admin|owner|login|role|secret|sign|verif|valid|trust|access",
    re.IGNORECASE,
)


def _python(path: str, text: str) -> tuple[Edit, ...]:
    tree = _parsed(text)
    if tree is None:
        return ()
    source = _Source(text)
    swaps = [swap for node in ast.walk(tree) for plant in _PLANTS for swap in plant(source, node)]
    scopes = _scopes(tree)
    made = (_edit(path, text, swap, scopes) for swap in swaps)
    return tuple(sorted(made, key=lambda each: each.line))


def _parsed(text: str) -> ast.Module | None:
    # With other line ends the places of the tree are not those of the text.
    if "\r" in text or "\f" in text:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _edit(path: str, text: str, swap: _Swap, scopes: "Sequence[_Scope]") -> Edit:
    new = text[: swap.start] + swap.new + text[swap.end :]
    line = text.count("\n", 0, swap.start) + 1
    scope = next((each.name for each in scopes if each.first <= line <= each.last), "")
    last = line + swap.new.rstrip("\n").count("\n")
    return Edit(path, swap.kind, line, last, new, scope)


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    first: int
    last: int


def _scopes(tree: ast.Module) -> Sequence[_Scope]:
    """The functions, the inner ones first."""
    found = [
        _Scope(node.name, node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, key=lambda each: each.last - each.first)


def _comparison(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return
    start, end = source.end(node.left), source.start(node.comparators[0])
    for kind, table in (("turned-comparison", _TURNED), ("off-by-one", _SHIFTED)):
        words = table.get(type(node.ops[0]))
        if words is not None and source.text[start:end].strip() == words[0]:
            yield _Swap(kind, start, end, f" {words[1]} ")


def _condition(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
        test = source.of(node.test)
        new = test[4:] if test.startswith("not ") and "\n" not in test else f"not ({test})"
        yield _Swap("negated-condition", source.start(node.test), source.end(node.test), new)


def _guard(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    """An `if` whose body only leaves is taken away."""
    if not isinstance(node, ast.If) or node.orelse or not _leaves(node.body[-1]):
        return
    start, end = source.line_start(source.start(node)), source.line_end(source.end(node))
    if source.text[start : source.start(node)].strip():
        return
    auth = _AUTH.search(source.of(node.test)) is not None
    yield _Swap("lost-auth-check" if auth else "lost-guard", start, end, "")


def _leaves(node: ast.stmt) -> bool:
    return isinstance(node, ast.Raise | ast.Return | ast.Continue | ast.Break)


def _leaving(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if isinstance(node, ast.Raise):
        yield _Swap("lost-raise", source.start(node), source.end(node), "pass")
    elif isinstance(node, ast.Return) and source.of(node) not in ("return", "return None"):
        yield _Swap("lost-result", source.start(node), source.end(node), "return None")


def _arguments(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return
    one, two = node.args[:2]
    first, second = source.of(one), source.of(two)
    if first != second and not isinstance(one, ast.Starred) and not isinstance(two, ast.Starred):
        between = source.text[source.end(one) : source.start(two)]
        yield _Swap(
            "swapped-arguments", source.start(one), source.end(two), second + between + first
        )


def _await(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if isinstance(node, ast.Await):
        yield _Swap("lost-await", source.start(node), source.end(node), source.of(node.value))


def _operator(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if isinstance(node, ast.BoolOp):
        start, end = source.end(node.values[0]), source.start(node.values[1])
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        if source.text[start:end].strip() == old:
            yield _Swap("and-or", start, end, f" {new} ")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        start, end = source.end(node.left), source.start(node.right)
        old, new = ("+", "-") if isinstance(node.op, ast.Add) else ("-", "+")
        if source.text[start:end].strip() == old:
            yield _Swap("wrong-operator", start, end, f" {new} ")


def _constant(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield _Swap("changed-constant", source.start(node), source.end(node), str(not node.value))
    elif isinstance(node.value, int) and source.of(node) == str(node.value):
        yield _Swap("changed-constant", source.start(node), source.end(node), str(node.value + 1))


_PLANTS: Sequence[Callable[[_Source, ast.AST], Iterator[_Swap]]] = (
    *(_comparison, _condition, _guard, _leaving),
    *(_arguments, _await, _operator, _constant),
)


# Python: what changes nothing


def _clean_python(path: str, text: str) -> tuple[Edit, ...]:
    tree = _parsed(text)
    if tree is None:
        return ()
    source = _Source(text)
    swaps = [swap for node in ast.walk(tree) for swap in _docstring(source, node)]
    scopes = _scopes(tree)
    edits = [_edit(path, text, swap, scopes) for swap in swaps]
    edits += _renamed(path, source, tree)
    return tuple(sorted(edits, key=lambda each: each.line))


def _docstring(source: _Source, node: ast.AST) -> Iterator[_Swap]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    first = node.body[0]
    start = source.line_start(source.start(first))
    indent = source.text[start : source.start(first)]
    if indent.strip() or first.lineno == node.lineno:
        return
    words = node.name.strip("_").replace("_", " ")
    if ast.get_docstring(node) is None:
        yield _Swap("docstring", start, start, f'{indent}"""{words.capitalize()}."""\n')
    else:
        after = source.line_end(source.end(first))
        if len(node.body) > 1:
            yield _Swap("comment", after, after, f"{indent}# The steps of {words}.\n")


def _renamed(path: str, source: _Source, tree: ast.Module) -> Iterator[Edit]:
    """Local variables under another name, in functions that hold no other scope."""
    locals_of = _locals(source.text)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _has_scopes(node):
            continue
        for name in sorted(locals_of.get((node.name, node.lineno), ())):
            yield from _with_name(path, source, node, name)


def _has_scopes(node: ast.AST) -> bool:
    """Whether names could mean something else in it, or stand where the tree does not say."""
    unclear = (
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
        *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
        *(ast.JoinedStr, ast.ExceptHandler, ast.Match, ast.Import, ast.ImportFrom),
        *(ast.Global, ast.Nonlocal),
    )
    calls = {"locals", "vars", "eval", "exec", "dir"}
    return any(
        (isinstance(each, unclear) and each is not node)
        or (isinstance(each, ast.Name) and each.id in calls)
        for each in ast.walk(node)
    )


def _locals(text: str) -> Mapping[tuple[str, int], frozenset[str]]:
    """Variables of each function that are its own and are no parameters."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    tables = [symtable.symtable(text, "file", "exec")]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        if isinstance(table, symtable.Function):
            own = {
                each.get_name()
                for each in table.get_symbols()
                if each.is_local() and each.is_assigned() and not each.is_parameter()
            }
            found[table.get_name(), table.get_lineno()] = frozenset(own)
    return found


def _with_name(
    path: str, source: _Source, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[Edit]:
    new = f"{name}_value"
    if new in source.text or name.startswith("_"):
        return
    uses = [each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == name]
    text = source.text
    for each in sorted(uses, key=source.start, reverse=True):
        text = text[: source.start(each)] + new + text[source.end(each) :]
    lines = [each.lineno for each in uses]
    if lines:
        yield Edit(path, "new-name", min(lines), max(lines), text, node.name)


# Other languages

_COMMENT = re.compile(r"^\s*(?://|/\*|\*|#)")
_QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`\n]*`|//[^\n]*")

_PATTERNS: Sequence[tuple[str, re.Pattern[str], str]] = (
    ("turned-comparison", re.compile(r"(?<=\s)===(?=\s)"), "!=="),
    ("turned-comparison", re.compile(r"(?<=\s)!==(?=\s)"), "==="),
    ("turned-comparison", re.compile(r"(?<=\s)==(?=\s)"), "!="),
    ("turned-comparison", re.compile(r"(?<=\s)!=(?=\s)"), "=="),
    ("turned-comparison", re.compile(r"(?<=\s)<(?=\s)"), ">="),
    ("turned-comparison", re.compile(r"(?<=\s)>(?=\s)"), "<="),
    ("off-by-one", re.compile(r"(?<=\s)<(?=\s)"), "<="),
    ("off-by-one", re.compile(r"(?<=\s)>(?=\s)"), ">="),
    ("off-by-one", re.compile(r"(?<=\s)<=(?=\s)"), "<"),
    ("off-by-one", re.compile(r"(?<=\s)>=(?=\s)"), ">"),
    ("and-or", re.compile(r"(?<=\s)&&(?=\s)"), "||"),
    ("and-or", re.compile(r"(?<=\s)\|\|(?=\s)"), "&&"),
    ("changed-constant", re.compile(r"\btrue\b"), "false"),
    ("changed-constant", re.compile(r"\bfalse\b"), "true"),
    ("wrong-operator", re.compile(r"(?<=\w\s)\+(?=\s\d)"), "-"),
    ("wrong-operator", re.compile(r"(?<=\w\s)-(?=\s\d)"), "+"),
    ("lost-await", re.compile(r"\bawait\s+"), ""),
    ("negated-condition", re.compile(r"(?<=if \()!(?=\w)"), ""),
    ("negated-condition", re.compile(r"(?<=if )!(?=\w)"), ""),
)


def _other(path: str, text: str) -> tuple[Edit, ...]:
    edits: list[Edit] = []
    at = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not _COMMENT.match(line):
            plain = _QUOTED.sub(lambda found: "\0" * len(found.group()), line)
            edits += [
                Edit(path, kind, number, number, text[: at + start] + new + text[at + end :])
                for kind, pattern, new in _PATTERNS
                for start, end in (match.span() for match in pattern.finditer(plain))
            ]
        at += len(line) + 1
    return tuple(edits)


_FUNCTION = re.compile(
    r"^(?P<indent>[ \t]*)(?:(?:export|default|public|private|protected|static|async|pub)\s+)*"
    r"(?:function|func|fn|fun|def)\s+(?P<name>\w+)"
)


def _clean_other(path: str, text: str) -> tuple[Edit, ...]:
    """A comment above a function."""
    edits: list[Edit] = []
    at = 0
    for number, line in enumerate(text.split("\n"), start=1):
        found = _FUNCTION.match(line)
        if found:
            said = f"{found['indent']}// The steps of {found['name']}.\n"
            new = text[:at] + said + text[at:]
            edits.append(Edit(path, "comment", number, number, new, found["name"]))
        at += len(line) + 1
    return tuple(edits)
