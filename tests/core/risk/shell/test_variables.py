"""Variables are followed to every text that they may have."""

import pytest

from tests.core.risk.shell.reading import commands, last, problems, read, texts


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("x=rm; $x a", "rm a", id="program"),
        pytest.param("x='rm -f'; $x a", "rm -f a", id="split"),
        pytest.param('x="a b"; ls "$x"', "ls a b", id="not-split"),
        pytest.param("x=a; x+=b; ls ${x}c", "ls abc", id="appended"),
        pytest.param("a=x b=y; ls $a$b", "ls xy", id="several"),
        pytest.param("export A=b C=d; ls $A $C", "ls b d", id="export"),
        pytest.param("export 'A=b c'; ls \"$A\"", "ls b c", id="export-quoted"),
        pytest.param("readonly A=b; ls $A", "ls b", id="readonly"),
        pytest.param("A=b cmd; ls $A", "ls ?", id="only-for-the-command"),
        pytest.param("A=; ls $A b", "ls b", id="empty"),
        pytest.param("A=x; unset A; ls $A b", "ls b", id="unset"),
        pytest.param("ls ${A:=x} $A", "ls ? ?", id="assigned-when-needed"),
        pytest.param("A=; ls ${A:-x} ${A:+y} z", "ls x z", id="default"),
        pytest.param("A=a; ls ${A:-x} ${A:+y} ${B:?}", "ls a y ?", id="alternatives"),
        pytest.param(
            "A=a.b.c; ls ${A%.*} ${A%%.*} ${A#*.} ${A##*.}", "ls a.b a b.c c", id="stripped"
        ),
        pytest.param(
            "A=a/b/c; ls ${A//\\//-} ${A/b/x} ${A/#a/x} ${A/%c/x}",
            "ls a-b-c a/x/c x/b/c a/b/x",
            id="replaced",
        ),
        pytest.param("A=abc; ls ${#A} ${A:1} ${A:0:2} ${A: -1}", "ls 3 bc ab c", id="cut"),
        pytest.param("A=aBc; ls ${A^^} ${A,,} ${A^}", "ls ABC abc ABc", id="cases"),
        pytest.param("A=B; B=x; ls ${!A}", "ls x", id="reference"),
        pytest.param('a=(x "y z"); a+=(w); ls "${a[@]}" ${#a[@]}', "ls x y z w 3", id="list"),
        pytest.param("a=(x); ls $a ${a[0]}", "ls x x", id="list-of-one"),
        pytest.param('set -- x y; shift; ls $1 $# "$@"', "ls y 1 y", id="arguments"),
        pytest.param("printf -v A %s x; ls $A", "ls ?", id="printf"),
        pytest.param("read A <<< x; ls $A", "ls ?", id="read"),
        pytest.param("A=x; source f; ls $A", "ls ?", id="after-source"),
        pytest.param("A=x; source venv/bin/activate; ls $A", "ls x", id="after-activate"),
        pytest.param('A=x; eval "$B"; ls $A', "ls ?", id="after-eval"),
        pytest.param("eval 'A=x'; ls $A", "ls x", id="through-eval"),
        pytest.param("(A=x); ls $A", "ls ?", id="subshell"),
        pytest.param("A=x & ls $A", "ls ?", id="background"),
        pytest.param("IFS=,; A=a,b; ls $A", "ls ?", id="other-separators"),
        pytest.param("declare -l A; A=X; ls $A", "ls ?", id="converted"),
        pytest.param("readonly A=x\nA=y\nls $A", "ls ?", id="read-only"),
        pytest.param("A=~/x; ls $A '$A'", "ls ~/x $A", id="home"),
        pytest.param("P=$(pwd); cd x; ls $P", "ls /w", id="folder-kept"),
    ],
)
def test_values(script: str, words: str) -> None:
    assert problems(script) == []
    assert " ".join(texts(last(script))) == words


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("if a; then X=b; else X=c; fi; ls $X", ["a", "ls b", "ls c"], id="branches"),
        pytest.param("X=b; if a; then X=c; fi; ls $X", ["a", "ls c", "ls b"], id="perhaps"),
        pytest.param("a && X=b; ls $X", ["a", "ls b", "ls ?"], id="perhaps-never"),
        pytest.param(
            "case $1 in x) X=a;; y) X=b;; *) exit;; esac; ls $X",
            ["exit", "ls a", "ls b"],
            id="case",
        ),
        pytest.param("X=a; exit; X=b; ls $X", ["exit", "ls b"], id="behind-an-end"),
        pytest.param("a || { X=b; exit 1; }; ls $X", ["a", "exit 1", "ls ?"], id="left"),
        pytest.param("f() { X=b; return; X=c; }; f; ls $X", ["return", "ls b"], id="returned"),
        pytest.param(
            "for i in 1 2; do X=a; break; X=b; done; ls $X", ["break", "break", "ls a"], id="broken"
        ),
        pytest.param("X=rm; f() { local X=ls; }; f; $X a", ["local X=ls", "rm a"], id="local"),
        pytest.param("f() { $1 \"$2\"; }; f rm 'a b'", ["rm a b"], id="arguments"),
        pytest.param(
            "X=rm f; f() { $X a; }; X=ls f; $X b", ["f", "ls a", "? b"], id="for-a-function"
        ),
        pytest.param(
            "if a; then X=1 Y=1; elif b; then X=2 Y=2; else X=3 Y=3; fi; ls $X$Y",
            ["a", "b", "ls 1?", "ls 2?", "ls 3?"],
            id="too-many-combinations",
        ),
        pytest.param(
            "X=a; f() { X=b; local X=c; }; f; ls $X", ["local X=c", "ls b"], id="local-later"
        ),
        pytest.param(
            "X=a; f() { if t; then local X; fi; X=b; }; f; ls $X",
            ["t", "local X", "ls a", "ls b"],
            id="perhaps-local",
        ),
        pytest.param("unset X; ls ${X+a} ${X-b}", ["unset X", "ls ? ?"], id="set-or-empty"),
        pytest.param(
            "W=b; f() { local W=c; trap 'a $W' EXIT; }; f",
            ["local W=c", "trap a $W EXIT", "a ?", "a c"],
            id="local-in-a-trap",
        ),
        pytest.param("while a; do X=x$X; done; ls $X", ["a", "ls ?", "ls x?"], id="grown"),
    ],
)
def test_all_values(script: str, found: list[str]) -> None:
    assert problems(script) == []
    assert sorted(set(commands(script))) == sorted(set(found))


@pytest.mark.parametrize(
    ("script", "env"),
    [
        pytest.param("PATH=/x:$PATH", [("PATH", None)], id="plain"),
        pytest.param("A=b C=d cmd", [("A", "b"), ("C", "d")], id="for-a-command"),
        pytest.param("export A=b", [("A", "b")], id="export"),
        pytest.param('export "LD_PRELOAD=x"', [("LD_PRELOAD", "x")], id="export-quoted"),
        pytest.param("command export A=b", [("A", "b")], id="through-command"),
        pytest.param("declare -x A=b", [("A", "b")], id="declare"),
        pytest.param("export A={b,c}", [("A", "b"), ("A", "c")], id="braces"),
        pytest.param("a=(x y)", [("a", "x y")], id="list"),
    ],
)
def test_values_that_are_given(script: str, env: list[tuple[str, str | None]]) -> None:
    command = read(script).commands[-1]
    assert [(name, word.text) for name, word in command.env] == env
    assert command.assigned == tuple(dict.fromkeys(name for name, _ in env))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("read PATH", id="read"),
        pytest.param("for PATH in a; do :; done", id="for"),
        pytest.param("printf -v PATH %s x", id="printf"),
        pytest.param("mapfile PATH", id="mapfile"),
        pytest.param("(( PATH = 1 ))", id="sum"),
        pytest.param("echo ${PATH:=x}", id="default"),
        pytest.param("[[ $((PATH=1)) ]]", id="test"),
        pytest.param("getopts a PATH", id="getopts"),
        pytest.param("unset PATH", id="unset"),
        pytest.param("let PATH=1", id="let"),
        pytest.param("PATH=x f; f() { :; }; PATH=x f", id="for-a-function"),
        pytest.param("export PATH=$X", id="export"),
    ],
)
def test_variables_are_told_however_they_are_set(script: str) -> None:
    assert any("PATH" in command.assigned for command in read(script).commands)
