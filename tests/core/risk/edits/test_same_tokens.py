"""Programs in C-like languages: only spaces and comments may differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.risk.edits.same_tokens import same_tokens

ENDS = (".go", ".java", ".c", ".js", ".ts", ".rs", ".css")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("a.go", "x := 1 // old\n", "x := 1 // new words\n", id="go-comment"),
        pytest.param("a.go", "x:=1\n", "x := 1\n\n", id="go-spaces"),
        pytest.param("a.js", "f( a,b )\n", "f(a, b)\n", id="js-spaces"),
        pytest.param("a.js", "a = `x ${y} z` /* one */\n", "a = `x ${y} z`\n", id="js-template"),
        pytest.param("a.ts", "// why\nlet a = 1;\n", "let a = 1;\n", id="ts-comment-line"),
        pytest.param("A.java", "int a=1;/* x */int b;", "int a = 1;\n/* y */\nint b;", id="java"),
        pytest.param("a.c", "int a;  // old\n", "int a;  // fresh words\n", id="c"),
        pytest.param("a.rs", "fn a() { b('\"') } // x", "fn a() {\n    b('\"')\n}", id="rust"),
        pytest.param("a.css", "a { b: c } /* x */", "a { b: c } /* y */", id="css"),
    ],
)
def test_spaces_and_comments_are_recognised(name: str, before: str, after: str) -> None:
    assert same_tokens(name, before, after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("a.go", "//go:build linux\n", "//go:build darwin\n", id="go-build"),
        pytest.param("a.go", "// +build a\nx\n", "x\n", id="go-old-build"),
        pytest.param("a.go", "x //nolint:errcheck\n", "x\n", id="go-nolint"),
        pytest.param("a.go", '// int f();\nimport "C"\n', 'import "C"\n', id="cgo"),
        pytest.param("a.go", "return\nx\n", "return x\n", id="go-line-end"),
        pytest.param("a.go", "// Output: 1\n", "// Output: 2\n", id="go-example"),
        pytest.param("a.js", "return a\n", "return\na\n", id="js-line-end"),
        pytest.param("a.js", "a = /x y/\n", "a = /x  y/\n", id="js-regex"),
        pytest.param("a.js", 'a = "x y"\n', 'a = "x  y"\n', id="js-string"),
        pytest.param("a.js", "a = `x y`\n", "a = `x  y`\n", id="js-template"),
        pytest.param("a.js", "a + +b\n", "a ++b\n", id="js-plus"),
        pytest.param("a.js", "a$ b\n", "a $b\n", id="js-dollar"),
        pytest.param("a.js", "<a>http://x</a>\n", "<a>http://y</a>\n", id="jsx-text"),
        pytest.param("a.js", "/** @type {A} */ a\n", "/** @type {B} */ a\n", id="js-type"),
        pytest.param("a.ts", "// @ts-ignore\na\n", "a\n", id="ts-ignore"),
        pytest.param("a.js", "// eslint-disable-next-line\na\n", "a\n", id="eslint"),
        pytest.param("a.js", "a // x\u2028evil()\n", "a // y\n", id="js-line-separator"),
        pytest.param("A.java", "// \\u000a f();\n", "// g\n", id="java-escape"),
        pytest.param("a.c", "#define F(x) x\n", "#define F (x) x\n", id="c-macro"),
        pytest.param("a.c", "// x \\\nf();\n", "// y\n", id="c-continued-comment"),
        pytest.param("a.c", "a = b //*c*/ d\n;", "a = b / d\n;", id="c-comment-or-division"),
        pytest.param("a.rs", "/// one\nfn a() {}", "/// two\nfn a() {}", id="rust-doc"),
        pytest.param("a.rs", "/* /* */ x */ y", "/* z */ y", id="rust-nested"),
        pytest.param("a.css", "a :hover {}", "a:hover {}", id="css-space"),
        pytest.param("a.rb", "a # x\n", "a # y\n", id="other-language"),
        pytest.param("Makefile", "a:\n\tb", "a:\n  b", id="makefile"),
        pytest.param("a.yaml", "a: # x\n", "a: # y\n", id="yaml"),
    ],
)
def test_what_may_mean_something_else_is_not_claimed(name: str, before: str, after: str) -> None:
    assert same_tokens(name, before, after) == ""


PIECES = st.sampled_from(
    ("a", "b1", "(", ")", "{", "}", ";", ",", "+", "-", '"s t"', "'c'", "1", ".", "=", "<", ">")
)


@given(st.lists(PIECES, min_size=1, max_size=12), st.integers(0, 11), PIECES, st.sampled_from(ENDS))
def test_another_token_is_never_formatting(
    pieces: list[str], at: int, other: str, end: str
) -> None:
    at %= len(pieces)
    if pieces[at] == other:
        return
    changed = [*pieces[:at], other, *pieces[at + 1 :]]
    assert same_tokens(f"x{end}", " ".join(pieces), " ".join(changed)) == ""


@given(
    st.lists(PIECES, min_size=1, max_size=12),
    st.lists(st.sampled_from((" ", "  ", "\t", " /* aside */ ")), min_size=12, max_size=12),
    st.sampled_from(ENDS),
)
def test_wider_spaces_and_remarks_are_formatting(
    pieces: list[str], gaps: list[str], end: str
) -> None:
    wide = "".join(piece + gap for piece, gap in zip(pieces, gaps, strict=False))
    assert same_tokens(f"x{end}", " ".join(pieces), wide)


@given(
    st.text(alphabet="ab'\"`/*\\\n #${}<>=", max_size=30),
    st.text(alphabet="ab'\"`/*\\\n #${}<>=", max_size=30),
    st.sampled_from(ENDS),
)
def test_without_comments_only_spaces_may_differ(before: str, after: str, end: str) -> None:
    has_comments = "//" in before + after or "/*" in before + after
    if same_tokens(f"x{end}", before, after) and not has_comments:
        assert "".join(before.split()) == "".join(after.split())


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(ENDS))
def test_any_two_texts_are_compared(before: str, after: str, end: str) -> None:
    assert bool(same_tokens(f"x{end}", before, after)) == bool(
        same_tokens(f"x{end}", after, before)
    )
