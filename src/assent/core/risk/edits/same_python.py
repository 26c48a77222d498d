"""Whether two Python texts are the same program: proven by Python's own rules, or not at all.

Equal syntax trees are the proof. Three differences between trees are known to mean nothing: how a
docstring is indented, parentheses around what `del` deletes, and the `u` before a string. Comments
that tools read (directives) count as code: they must be the same and stand at the same place. Where
this Python cannot read the text because its syntax is newer, equal tokens are the proof.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from typing import TypeVar

from assent.core.risk.edits.python_tokens import NO_FILE, UNREADABLE, code_of, directives_of

LIMIT = 200_000
"""Characters of a text; nothing is claimed of longer ones."""

_NEWER = re.compile(
    r"""^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[|^\s*type\s+\w+\s*[\[=]|\b(?:t|rt|tr)['"]"""
    r"""|^\s*except\*?\s[^(:\n]+,""",
    re.MULTILINE | re.IGNORECASE,
)
"""Syntax that came after the oldest Python that Assent runs on. Another text that cannot be read is
no Python at all, and of that equal tokens prove nothing."""


def same_python(before: str, after: str) -> str:
    """How it is proven that both texts are the same program; empty when it is not."""
    if len(before) > LIMIT or len(after) > LIMIT:
        return ""
    trees = _tree(before), _tree(after)
    if trees[0] is not None and trees[1] is not None:
        dumped = _dump(trees[0])
        same = dumped != "" and dumped == _dump(trees[1])
        directives = directives_of(before) if same else None
        if directives is not None and directives == directives_of(after):
            return "formatting and comments only: the syntax trees are equal"
    if trees[0] is None and trees[1] is None and _NEWER.search(before):
        tokens = code_of(before)
        if tokens is not None and tokens == code_of(after):
            return "formatting and comments only: the tokens are equal"
    return ""


# --- syntax trees


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, NO_FILE)
    except UNREADABLE:
        return None


class _Plain(ast.NodeTransformer):
    """Takes out of a tree what means nothing."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        node.kind = None
        return node

    def visit_Delete(self, node: ast.Delete) -> ast.Delete:
        self.generic_visit(node)
        node.targets = list(_flat(node.targets))
        return node

    def visit_Module(self, node: ast.Module) -> ast.Module:
        return self._documented(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return self._documented(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._documented(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._documented(node)

    def _documented(self, node: "_Documented") -> "_Documented":
        self.generic_visit(node)
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            text = first.value.value
            first.value.value = _documentation(text) if isinstance(text, str) else text
        return node


_Documented = TypeVar(
    "_Documented", ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef
)


def _documentation(text: str) -> str:
    """A docstring as it is shown. Examples in it are compared to the last space."""
    clean = cleandoc(text)
    if ">>>" in clean:
        return clean
    return "\n".join(line.rstrip() for line in clean.split("\n")).strip()


def _flat(targets: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        if isinstance(target, ast.Tuple):
            yield from _flat(target.elts)
        else:
            yield target


def _dump(tree: ast.Module) -> str:
    """The tree as text; empty when it is too deep or too large to tell."""
    try:
        return ast.dump(_Plain().visit(tree))
    except UNREADABLE:
        return ""
