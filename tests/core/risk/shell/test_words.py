"""Words are what a command is given, however they are written."""

import pytest

from tests.core.risk.shell.reading import last, problems, text, texts


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("ls -la src", ["ls", "-la", "src"], id="plain"),
        pytest.param("r''m x", ["rm", "x"], id="empty-quotes"),
        pytest.param("r\\m x", ["rm", "x"], id="backslash"),
        pytest.param("$'\\x72\\155' x", ["rm", "x"], id="ansi-escapes"),
        pytest.param('"rm" "-rf" x', ["rm", "-rf", "x"], id="quoted-name"),
        pytest.param("\\\nls", ["ls"], id="starts-with-continuation"),
        pytest.param("l\\\ns a\\\n b", ["ls", "a", "b"], id="continuations"),
        pytest.param("#!/bin/sh\nls # not this", ["ls"], id="comments"),
        pytest.param("ls a#b '#c'", ["ls", "a#b", "#c"], id="no-comments"),
        pytest.param('echo "a\\"b\\$c\\d"', ["echo", 'a"b$c\\d'], id="double-quotes"),
        pytest.param(
            "echo $'a\\tb\\u00e9' $\"c\"", ["echo", "a\tb\u00e9", "c"], id="dollar-quotes"
        ),
        pytest.param("echo {a,b}{1..3}", ["echo", "a1", "a2", "a3", "b1", "b2", "b3"], id="braces"),
        pytest.param(
            "echo {a,{b,c}}d x{,y} {01..03}",
            ["echo", "ad", "bd", "cd", "x", "xy", "01", "02", "03"],
            id="nest",
        ),
        pytest.param(
            "echo {} {a} @{0} '{a,b}'", ["echo", "{}", "{a}", "@{0}", "{a,b}"], id="no-braces"
        ),
        pytest.param("echo ~ ~/x '~' a~", ["echo", "~", "~/x", "./~", "a~"], id="home"),
        pytest.param('cat "$HOME/x" --a=$HOME/y', ["cat", "~/x", "--a=~/y"], id="home-variable"),
        pytest.param("cat $PWD/a $(pwd)/b", ["cat", "/w/a", "/w/b"], id="here"),
        pytest.param("echo $((3 * (4+1))) $[2+2]", ["echo", "15", "4"], id="sums"),
        pytest.param(
            "echo $(echo a b) \"$(printf '%s,' a b)\"", ["echo", "a", "b", "a,b,"], id="printed"
        ),
        pytest.param("echo \"$(cat <<'E'\n`x` $(y)\nE\n)\"", ["echo", "`x` $(y)"], id="heredoc"),
        pytest.param("echo `echo \\`echo x\\``", ["echo", "x"], id="backticks"),
        pytest.param("$(which python3) a.py", ["python3", "a.py"], id="which"),
        pytest.param("P=$(command -v node)\n$P a.js", ["node", "a.js"], id="command-v"),
        pytest.param(
            "cat $(dirname a/b/c)/x $(basename a/b.py .py)", ["cat", "a/b/x", "b"], id="path-parts"
        ),
        pytest.param('T="$(mktemp -d)"; ls "$T/x"', ["ls", "/tmp/tmp.XXXXXXXXXX/x"], id="mktemp"),
        pytest.param("echo a >b c 2>&1 d", ["echo", "a", "c", "d"], id="redirects-between"),
        pytest.param("echo <(ls)", ["echo", "/dev/fd/63"], id="process-substitution"),
        pytest.param(
            "echo \u65e5\u672c \u2192 \u2713 'caf\u00e9' \u2014",
            ["echo", "\u65e5\u672c", "\u2192", "\u2713", "caf\u00e9", "\u2014"],
            id="any-script",
        ),
        pytest.param("time -p ls", ["ls"], id="time"),
        pytest.param("! ls a", ["ls", "a"], id="negated"),
        pytest.param("A=b C='d e' env", ["env"], id="assignments"),
    ],
)
def test_words(script: str, words: list[str]) -> None:
    assert problems(script) == []
    assert texts(last(script)) == words


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("cat $X", {"text": None, "single": False, "holds": {"X"}}, id="environment"),
        pytest.param('cat "$X"', {"text": None, "single": True, "holds": {"X"}}, id="quoted"),
        pytest.param(
            'cat "a/$X/b$Y.c"', {"prefix": "a/", "suffix": ".c", "holds": {"X", "Y"}}, id="ends"
        ),
        pytest.param('cat "$(ls)"', {"text": None, "outputs": True, "holds": set()}, id="output"),
        pytest.param(
            'cat "$(echo $X | tr a b)"', {"outputs": True, "holds": {"X"}}, id="output-of-echo"
        ),
        pytest.param(
            'cat "$(cat <<E\n$X\nE\n)"', {"outputs": True, "holds": {"X"}}, id="output-of-cat"
        ),
        pytest.param(
            'cat "$(git rev-parse --show-toplevel)/a"',
            {"text": None, "root": True, "suffix": "/a"},
            id="root",
        ),
        pytest.param(
            "cd x && cat $(git rev-parse --show-toplevel)/a",
            {"text": None, "root": False},
            id="root-of-another",
        ),
        pytest.param('cat "$1"', {"text": None, "holds": {"1"}}, id="argument"),
        pytest.param('cat "$@"', {"text": None, "single": False}, id="arguments"),
        pytest.param("cat a$?b", {"text": None, "number": True, "single": True}, id="number"),
        pytest.param(
            "cat $(wc -l < x)", {"text": None, "number": True, "outputs": True}, id="count"
        ),
        pytest.param(
            'cat "a$?,$#b"',
            {"prefix": "a", "suffix": "b", "number": True},
            id="numbers-with-signs-between",
        ),
        pytest.param('cat "a$? b$#c"', {"number": False}, id="numbers-with-text-between"),
        pytest.param('X="a $#"; cat $X', {"number": True, "single": False}, id="number-split"),
        pytest.param("cat ~other/x", {"text": None}, id="other-home"),
        pytest.param("cat a$HOME", {"text": None, "prefix": "a"}, id="home-inside"),
        pytest.param("cat ${X:-y}", {"text": None, "holds": {"X"}}, id="default"),
        pytest.param("cat *.py", {"text": "*.py", "glob": True, "bare": True}, id="pattern"),
        pytest.param(
            "cat '*'.py", {"text": "*.py", "glob": False, "bare": False}, id="quoted-pattern"
        ),
        pytest.param("cat [a]", {"glob": True}, id="class"),
        pytest.param("[ a", {"text": "a", "glob": False}, id="bracket"),
        pytest.param("cat @(a|b)", {"text": None, "single": False}, id="extended-pattern"),
        pytest.param("cat {1..1000000000}", {"text": None, "single": False}, id="too-many"),
        pytest.param("X=a; cat $X{b,c}", {"text": None, "single": False}, id="braces-make-names"),
        pytest.param("X=a; cat $X{.b,.c}", {"text": "a.c"}, id="braces-make-no-names"),
        pytest.param("cat $X[1]", {"text": None}, id="zsh-subscript"),
        pytest.param("X=/a; cat $X:h", {"text": None}, id="zsh-modifier"),
    ],
)
def test_what_is_known_of_a_word(script: str, told: dict[str, object]) -> None:
    assert problems(script) == []
    word = last(script).words[-1]
    assert {name: getattr(word, name) for name in told} == told


def test_a_word_says_where_it_stands_in_bytes() -> None:
    script = "echo '\u00fcn\u00ef' \"$X\" b"
    source = script.encode()
    found = [source[word.start : word.end].decode() for word in last(script).words]
    assert found == ["echo", "'\u00fcn\u00ef'", '"$X"', "b"]


def test_shown_words_hold_no_secret() -> None:
    words = last('echo "$USER" "$TOKEN" "$(ls)" x').words
    assert [(text(word), word.shown) for word in words] == [
        ("echo", True),
        ("?", True),
        ("?", False),
        ("?", True),
        ("x", True),
    ]
