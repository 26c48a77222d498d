"""What cannot be read is said, where it stands; what can be read is told all the same."""

import pytest

from assent.core.risk.shell import hides, read_script
from tests.core.risk.shell.reading import commands, problems, read


@pytest.mark.parametrize(
    ("script", "what"),
    [
        pytest.param("echo 'a", "has a quote that is not closed", id="quote"),
        pytest.param('echo "a', "has a quote that is not closed", id="double-quote"),
        pytest.param("echo `a", "has a backtick that is not closed", id="backtick"),
        pytest.param("echo $(a", "has a parenthesis that is not closed", id="parenthesis"),
        pytest.param("echo ${X", "uses a form of `${…}` that is not understood", id="brace"),
        pytest.param("echo ${X@P}", "uses a form of `${…}` that is not understood", id="prompt"),
        pytest.param(
            "echo ${(e)X}", "uses a form of `${…}` that is not understood", id="zsh-flags"
        ),
        pytest.param(
            "echo ${ a; }", "uses a form of `${…}` that is not understood", id="command-in-braces"
        ),
        pytest.param(
            "echo ${!X}", "names a variable that is known only when it runs", id="reference"
        ),
        pytest.param("a )", "is not a script that can be read", id="closing"),
        pytest.param("if a; then b", "is not a script that can be read", id="no-end"),
        pytest.param("a ;; b", "is not a script that can be read", id="operators"),
        pytest.param("a (b)", "is not a script that can be read", id="words-and-parentheses"),
        pytest.param("a <<E\nb", "has a here-document without an end", id="here-document"),
        pytest.param("a <<$E\nb\n$E", "has a here-document that is not understood", id="delimiter"),
        pytest.param("a <", "redirects to nothing", id="redirect"),
        pytest.param(
            "a >! b", "redirects to a file that shells do not agree on", id="zsh-redirect"
        ),
        pytest.param(
            "a =ls", "uses characters that the shell may read in another way", id="zsh-path"
        ),
        pytest.param("a &\\\n& b", "has an operator over two lines", id="split-operator"),
        pytest.param("a *(e:'b':)", "has a pattern that is not understood", id="zsh-qualifier"),
        pytest.param("f() { f; }; f", "calls a function within itself", id="recursion"),
        pytest.param("alias ls=rm", "gives a name another meaning", id="alias"),
        pytest.param("hash -p /x ls", "gives a name another meaning", id="hash"),
        pytest.param("BASH_CMDS[ls]=/x", "gives a name another meaning", id="table"),
        pytest.param("declare -n X=Y", "gives a variable another name", id="nameref"),
        pytest.param("read $X", "sets a variable that is known only when it runs", id="read"),
        pytest.param(
            "export $(cat x)", "sets a variable that is known only when it runs", id="export"
        ),
        pytest.param(
            "unset 'a[$(b)]'", "sets a variable that is known only when it runs", id="unset"
        ),
        pytest.param(
            "X='a[$(b)]'; echo $((X))", "computes with a text that may run commands", id="sum"
        ),
        pytest.param(
            "X='a[$(b)]'; Y=X; [[ $Y -eq 1 ]]",
            "computes with a text that may run commands",
            id="test",
        ),
        pytest.param(
            "declare -i X; X='a[$(b)]'", "computes with a text that may run commands", id="integer"
        ),
        pytest.param("let 'X=a[$(b)]'", "computes with a text that may run commands", id="let"),
        pytest.param(
            "[[ -v 'a[$(b)]' ]]", "tests variables in a way that is not understood", id="-v"
        ),
        pytest.param("mapfile -C a x", "runs a command for each line", id="mapfile"),
        pytest.param("set -k", "makes the shell take words for variables", id="keywords"),
        pytest.param("a\x00b", "holds invisible or control characters", id="control"),
        pytest.param("\ufeffls", "holds invisible or control characters", id="byte-order-mark"),
        pytest.param("a \u202eb", "holds invisible or control characters", id="bidi"),
        pytest.param("g\u0456t status", "holds letters that look like others", id="cyrillic"),
        pytest.param("\uff52\uff4d x", "holds letters that look like others", id="fullwidth"),
        pytest.param(
            "\U0001d5cb\U0001d5c6 x", "holds letters that look like others", id="mathematical"
        ),
        pytest.param("rm \u2013rf x", "holds letters that look like others", id="dash"),
        pytest.param("rm -r\uff46 x", "holds letters that look like others", id="flag"),
        pytest.param(
            "curl https://g\u043e\u043egle.com", "holds letters that look like others", id="host"
        ),
        pytest.param("rm -rf\u00a0x", "holds letters that look like others", id="space"),
    ],
)
def test_what_gates(script: str, what: str) -> None:
    assert what in problems(script)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            "echo 'caf\u00e9' na\u00efve \u65e5\u672c\u8a9e \u0440\u0443\u0441",
            id="languages",
        ),
        pytest.param(
            "echo \u2192 \u2713 \u2500\u2500 \U0001f680 \U0001f468\u200d\U0001f4bb 1\ufe0f\u20e3",
            id="signs",
        ),
        pytest.param(
            "git commit -m 'fix\u00a0: l\u2019acc\u00e8s \u2014 \u00ab vite \u00bb'",
            id="typography",
        ),
        pytest.param("# \u00e9t\u00e9\nls", id="comment"),
        pytest.param("cat <<E\n\u2550\u2550 \u03b1\u03b2\u03b3\nE", id="here-document"),
        pytest.param("./\u00fcbersetzen", id="program"),
    ],
)
def test_plain_text_of_any_language_is_read(script: str) -> None:
    assert problems(script) == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("a; b 'c", ["a", "b"], id="same-line"),
        pytest.param("a\nb 'c", ["a", "b"], id="line-before"),
        pytest.param("a (b); c\nd", ["a", "d"], id="goes-on-with-the-next-line"),
        pytest.param("if a; then b", ["a", "b"], id="no-end"),
        pytest.param("a && b && (", ["a", "b"], id="chain"),
        pytest.param("a; } b", ["a", "b"], id="closing"),
    ],
)
def test_what_can_be_read_is_told(script: str, found: list[str]) -> None:
    assert problems(script)
    assert commands(script) == found


def test_a_problem_says_where_it_is() -> None:
    script = "ls '\u00fc' \u202e"
    (problem,) = read(script).problems
    assert script.encode()[problem.start : problem.end].decode() == "\u202e"
    script = "echo '\u00fc'; echo ${X@P}; ls"
    (problem,) = read(script).problems
    assert script.encode()[problem.start : problem.end].decode() == "${X@P}; ls"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("<" * 60_000, id="operators"),
        pytest.param("ls;" * 5_000, id="commands"),
        pytest.param("ls && " * 2_000 + "ls", id="chain"),
        pytest.param("ls " + "a " * 20_000, id="words"),
        pytest.param("$(" * 3_000, id="open"),
        pytest.param("$((" * 3_000, id="open-sums"),
        pytest.param("${X:-" * 3_000, id="open-braces"),
        pytest.param('echo "$(' * 60 + "ls" + ')"' * 60, id="nested"),
        pytest.param("for i in a b c d e f g h; do " * 6 + "ls;" + " done;" * 6, id="loops"),
        pytest.param("while a; do " * 30 + "x=$x$y;" + " done;" * 30, id="endless-loops"),
        pytest.param(
            "f() { a; };"
            + "".join(
                f"f{n}() {{ f{n - 1 if n else ''}; f{n - 1 if n else ''}; }};" for n in range(20)
            )
            + "f19",
            id="functions",
        ),
        pytest.param("cat a " + "x" * 70_000, id="long"),
        pytest.param("(" * 2_000, id="parentheses"),
        pytest.param("if " * 2_000, id="ifs"),
        pytest.param("trap a EXIT;" * 20, id="traps"),
    ],
)
def test_a_script_that_would_take_too_long_has_a_problem(script: str) -> None:
    assert problems(script)


def test_the_work_for_a_script_grows_with_its_length_only() -> None:
    """Scripts of the longest kind that are read end far below the limit of steps."""
    script = 'x=1\nif [ -f "a$x" ]; then\n  cp "$x" b/ # why\nfi\n'
    assert read_script(script * 60, "/w").problems == ()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        pytest.param("plain text\n\twith tabs", False, id="plain"),
        pytest.param("\r", True, id="carriage-return"),
        pytest.param("a\u200bb", True, id="zero-width"),
        pytest.param("r\u200dm", True, id="joiner-in-letters"),
        pytest.param("\U0001f468\u200d\U0001f4bb \u2764\ufe0f", False, id="emoji"),
        pytest.param("\U0001fa77", False, id="new-emoji"),
        pytest.param("a\ufe0f", True, id="selector-behind-a-letter"),
        pytest.param("\U000e0041", True, id="tags"),
        pytest.param("a\U000e0101", True, id="other-selectors"),
        pytest.param("\u3164", True, id="filler"),
        pytest.param("\ud800", True, id="surrogate"),
    ],
)
def test_hidden_characters(text: str, hidden: bool) -> None:
    assert hides(text) is hidden
