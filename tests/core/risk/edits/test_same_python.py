"""Python that means the same is recognised; Python that does not is never taken for it."""

import ast
import random
import tokenize
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.edits.same_python import same_python


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = f(a,b)", "x = f(\n    a,\n    b,\n)\n", id="line-breaks"),
        pytest.param("x = 'a'", 'x = "a"', id="quotes"),
        pytest.param("x = u'a'", "x = 'a'", id="u-prefix"),
        pytest.param("x = 0XFF", "x = 0xff", id="number-case"),
        pytest.param("del (a, b)", "del a, b", id="del"),
        pytest.param("return_ = (1)", "return_ = 1", id="parentheses"),
        pytest.param("a = 1;b = 2", "a = 1\nb = 2", id="semicolon"),
        pytest.param("a = 1  # old words", "a = 1  # new words", id="comment"),
        pytest.param("a = 1 #noqa", "a = 1  # noqa", id="directive-spacing"),
        pytest.param(
            'def f():\n  """One.\n\n  Two.  \n  """',
            'def f():\n    """One.\n\n    Two.\n    """',
            id="docstring-indentation",
        ),
        pytest.param("def f[T,](a): pass", "def f[T](\n    a,\n):\n    pass", id="newer-generics"),
        pytest.param("type  A = int|str", "type A = int | str  # either", id="newer-alias"),
        pytest.param("x = t'hi {name}'", 'x = t"hi {name}"', id="newer-template"),
    ],
)
def test_the_same_program_is_recognised(before: str, after: str) -> None:
    assert same_python(before, after)
    assert same_python(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = (a,)", "x = (a)", id="tuple"),
        pytest.param("x = a[b,]", "x = a[b]", id="subscript"),
        pytest.param("x = 1", "x = True", id="one-and-true"),
        pytest.param("x = 1", "x = 1.0", id="one-and-float"),
        pytest.param("x = 'a'", "x = b'a'", id="bytes"),
        pytest.param("x = 'a '", "x = 'a'", id="space-in-string"),
        pytest.param("x = 1", "x = 1  # type: ignore", id="directive-added"),
        pytest.param("x = 1  # noqa\ny = 2", "x = 1\ny = 2  # noqa", id="directive-moved"),
        pytest.param("x = 1  # noqa: E501", "x = 1  # noqa", id="directive-changed"),
        pytest.param("# coding: latin-1\nx = 1", "x = 1", id="coding-cookie"),
        pytest.param("#!/bin/a\nx = 1", "#!/bin/b\nx = 1", id="interpreter"),
        pytest.param(
            "# /// script\n# dependencies = ['a']\n# ///\nx = 1",
            "# /// script\n# dependencies = ['b']\n# ///\nx = 1",
            id="script-metadata",
        ),
        pytest.param("if a:\n  b\n  c", "if a:\n  b\nc", id="indentation"),
        pytest.param("def f(a): ...", "def f(a, b): ...", id="parameter"),
        pytest.param("type A = int", "type A = str", id="newer-alias"),
        pytest.param("def f[T](a): (a,)", "def f[T](a): (a)", id="newer-tuple"),
        pytest.param("def f[T](a): a[b,]", "def f[T](a): a[b]", id="newer-subscript"),
        pytest.param("x = t'{a[\"b c\"]}'", "x = t'{a[\"b  c\"]}'", id="newer-template-quotes"),
        pytest.param('x = t"{a["b c"]}"', 'x = t"{a["b  c"]}"', id="newer-template-nested"),
        pytest.param("x = rt'\\x41'", "x = rt'A'", id="newer-raw-template"),
        pytest.param(
            "type A = int # a\rtype B = int", "type A = int # b", id="line-end-in-comment"
        ),
        pytest.param("x = (", "x = ( ", id="not-python"),
        pytest.param("no python at all", "no  python at all", id="words"),
        pytest.param(
            'def f():\n  """\n  >>> a  \n  """', 'def f():\n  """\n  >>> a\n  """', id="doctest"
        ),
    ],
)
def test_another_program_is_not_taken_for_the_same(before: str, after: str) -> None:
    assert same_python(before, after) == ""


# --- properties, over programs of a small grammar

NAMES = ("alpha", "beta", "gamma")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0:
        leaves = (*NAMES, "1", "0x2f", "2.5", "'text'", '"a b"', "b'x'", "None", "True")
        return draw(st.sampled_from(leaves))
    inner = expressions(depth=depth - 1)
    left, right = draw(inner), draw(inner)
    shape = draw(
        st.sampled_from(
            (
                "{0} + {1}",
                "{0} and {1}",
                "{0} if alpha else {1}",
                "f({0}, {1})",
                "[{0}, {1}]",
                "({0}, {1})",
                "{{{0}: {1}}}",
                "alpha[{0}]",
                "lambda: {0}",
                "({0},)",
            )
        )
    )
    return f"({shape.format(left, right)})"


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        value = draw(expressions())
        kind = draw(st.integers(0, 3))
        if kind == 0:
            lines.append(f"{draw(st.sampled_from(NAMES))} = {value}")
        elif kind == 1:
            lines += [f"if {value}:", f"    f({draw(expressions(depth=1))})", "else:", "    pass"]
        elif kind == 2:
            lines += ["def f(alpha, beta=1):", '    """Words."""', f"    return {value}"]
        else:
            lines += ["class A(B):", f"    gamma: int = {value}"]
    return "\n".join(lines) + "\n"


def reformatted(text: str, choices: random.Random) -> str:
    """Other spaces, line breaks, blank lines and comments, as a formatter might set them."""
    out: list[str] = []
    depth = 0
    end = (1, 0)
    indents = [""]
    for token in tokenize.generate_tokens(iter([*text.splitlines(keepends=True), ""]).__next__):
        if token.type == tokenize.INDENT:
            indents.append(indents[-1] + " " * choices.randint(1, 5))
            continue
        if token.type == tokenize.DEDENT:
            indents.pop()
            continue
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            out.append(choices.choice(("\n", "  # a remark\n", " \n\n")))
            end = (token.start[0] + 1, 0)
            continue
        if token.start[0] > end[0] or token.start[1] == 0 or end[1] == 0:
            out.append(indents[-1])
        elif token.start > end or depth:
            choice = choices.choice((" ", "   ", "\n", " # aside\n") if depth else (" ", "  "))
            out.append(choice)
        out.append(token.string)
        depth += (token.string in "([{" and token.string != "") - (
            token.string in ")]}" and token.string != ""
        )
        end = token.end
    return "".join(out)


@given(programs(), st.integers(0, 10_000))
def test_reformatting_is_recognised(text: str, seed: int) -> None:
    other = reformatted(text, random.Random(seed))
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(other))
    assert same_python(text, other)


def mutations(tree: ast.Module) -> Iterator[None]:
    """Change the tree in one place after the other; each change is taken back by the next step."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            kept = node.id
            node.id = kept + "_"
            yield
            node.id = kept
        elif isinstance(node, ast.Constant) and not _is_docstring(node, tree):
            value = node.value
            node.value = "other" if value != "other" else "another"
            yield
            node.value = value
        elif isinstance(node, ast.BinOp):
            operator = node.op
            node.op = ast.Sub()
            yield
            node.op = operator
        elif isinstance(node, ast.BoolOp):
            boolean = node.op
            node.op = ast.Or()
            yield
            node.op = boolean


def _is_docstring(node: ast.Constant, tree: ast.Module) -> bool:
    return any(isinstance(each, ast.Expr) and each.value is node for each in ast.walk(tree))


@given(programs(), st.data())
def test_a_changed_name_operator_or_literal_is_never_formatting(
    text: str, data: st.DataObject
) -> None:
    tree = ast.parse(text)
    count = sum(1 for _ in mutations(tree))
    if count == 0:
        return
    chosen = data.draw(st.integers(0, count - 1))
    for index, _ in enumerate(mutations(tree)):
        if index == chosen:
            assert same_python(text, ast.unparse(tree)) == ""


@given(programs(), st.data())
def test_a_changed_token_is_never_formatting_in_newer_syntax(
    text: str, data: st.DataObject
) -> None:
    """The same, where only tokens can be compared: a type alias makes this Python give up."""
    newer = f"type Alias = int | [(\n{text}"
    assert same_python(newer, newer) == ""
    readable = f"def generic[T](): pass\n{text}"
    tree = ast.parse(text)
    count = sum(1 for _ in mutations(tree))
    if count == 0:
        return
    chosen = data.draw(st.integers(0, count - 1))
    for index, _ in enumerate(mutations(tree)):
        if index == chosen:
            other = f"def generic[T](): pass\n{ast.unparse(tree)}"
            assert same_python(readable, other) == ""


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_are_compared(before: str, after: str) -> None:
    if same_python(before, after):
        assert same_python(after, before)


def test_depth_and_size_prove_nothing() -> None:
    deep = "x = " + "-" * 20_000 + "1"
    assert same_python(deep, deep + "  ") == ""
    long = "x = 1\n" * 40_000
    assert same_python(long, long + "\n") == ""
