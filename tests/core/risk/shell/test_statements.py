"""Every command that a script may run is found, and where it reads from."""

import pytest

from tests.core.risk.shell.reading import commands, last, problems, read, texts


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("a; b\nc & d && e || f | g |& h", "a b c d e f g h", id="lists"),
        pytest.param("if a; then b; elif c; then d; else e; fi", "a b c d e", id="if"),
        pytest.param("while a; do b; done; until c\ndo d\ndone", "a b c d", id="while"),
        pytest.param("case $X in a|b) c;; (d) e;& *) f; esac", "c e f", id="case"),
        pytest.param("select x in a; do b; done", "b", id="select"),
        pytest.param("for ((i=0; i<$(a); i++)); do b; done", "a b", id="counting"),
        pytest.param("for x; do a; done; for x in a; { b; }", "a b", id="other-loops"),
        pytest.param("( a; b ) > c; { d; }", "a b d", id="groups"),
        pytest.param("! a; time b; coproc c; coproc N { d; }", "a b c d", id="prefixes"),
        pytest.param("f() { a $1; }; f x; f y", "a a", id="function"),
        pytest.param("function f { a; }\nb", "b", id="never-called"),
        pytest.param("function f() ( a ); f | b", "a b", id="function-in-a-pipe"),
        pytest.param("ls() { a $1; }; ls x; 'ls' y", "a a", id="shadowed"),
        pytest.param("if a; then ls() { b; }; fi; ls", "a b ls", id="perhaps-shadowed"),
        pytest.param("ls() { command ls; }; ls", "command", id="not-itself"),
        pytest.param("command_not_found_handle() { a; }; b", "a b", id="called-by-the-shell"),
        pytest.param(
            'a $(b `c`) "$(d)" <(e) >(f) $((1+$(g)))', "b c d e f g a", id="substitutions"
        ),
        pytest.param("x=$(a) y=$(b) c; z=(`d`)", "a b c d", id="in-assignments"),
        pytest.param("a <<E\n$(b) `c`\nE\nd", "b c a d", id="in-here-documents"),
        pytest.param("a <<'E'\n$(b)\nE\nd", "a d", id="not-in-quoted-ones"),
        pytest.param("a <<E | b <<-F && c\nx\nE\n\ty\n\tF\nd", "a b c d", id="two-here-documents"),
        pytest.param("a > $(b) < $(c)", "b c a", id="in-redirects"),
        pytest.param("[[ $(a) == b && -f $(c) ]] || d", "a c d", id="in-tests"),
        pytest.param('${X:-$(a)} ${Y/$(b)/$(c)} "${Z:+$(d)}"', "a b c d ?", id="in-defaults"),
        pytest.param("trap 'a; b' EXIT; c", "trap c a b", id="trap"),
        pytest.param("trap 'a $X' EXIT; X=y; X=z", "trap a a a", id="trap-with-variables"),
        pytest.param("eval a b; eval 'c; d'", "eval a eval c d", id="eval"),
        pytest.param("exec a; b", "exec b", id="exec"),
        pytest.param("if true; then\n # x\n a # y\nfi # z", "true a", id="comments"),
        pytest.param("{fd}>a b 3<c >|d", "b", id="descriptors"),
        pytest.param("a\\\n && b", "a b", id="continued"),
        pytest.param("case x in esac; a", "a", id="empty-case"),
        pytest.param("a &&\n\n# x\nb", "a b", id="continued-behind-a-joint"),
    ],
)
def test_every_command_is_found(script: str, found: str) -> None:
    assert problems(script) == []
    names = [texts(command)[0] for command in read(script).commands if command.words]
    assert sorted(names) == sorted(found.split())


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param("for f in a b; do rm $f.x; done", ["rm a.x", "rm b.x"], id="words"),
        pytest.param('for f in *.py; do rm "$f" ${f%.py}.o; done', ["rm *.py *.o"], id="names"),
        pytest.param("for f in src/*.c; do a ${f##*/} ${f%/*}; done", ["a *.c src"], id="parts"),
        pytest.param("for f in a_*; do a ${f%_*}; done", ["a ?"], id="unclear-parts"),
        pytest.param("for f in $(a); do rm $f; done", ["a", "rm ?"], id="output"),
        pytest.param('for f in "$@"; do rm $f; done', ["rm ?"], id="arguments"),
        pytest.param("for f in x; do :; done; rm $f", [": ", "rm x"], id="afterwards"),
        pytest.param("for f in {1..3}; do a $f; done", ["a 1", "a 2", "a 3"], id="numbers"),
        pytest.param(
            "for f in {1..60}; do a $f; done", [f"a {n}" for n in range(1, 61)], id="many"
        ),
        pytest.param("x=a; while b; do $x; x=c; done", ["b", "a", "c"], id="turns"),
        pytest.param('while read -r l; do rm "$l"; done < x', ["read -r l", "rm ?"], id="lines"),
    ],
)
def test_loops(script: str, found: list[str]) -> None:
    assert problems(script) == []
    assert sorted({c.strip() for c in commands(script)}) == sorted({f.strip() for f in found})


def test_a_loop_over_names_keeps_that_they_are_names() -> None:
    command = last('for f in *.py; do cat "$f"; done')
    assert [(word.text, word.glob) for word in command.words] == [("cat", False), ("*.py", True)]


@pytest.mark.parametrize(
    ("script", "piped", "stdin"),
    [
        pytest.param("sh", False, None, id="nothing"),
        pytest.param("curl x | sh", True, None, id="download"),
        pytest.param("echo 'a; b' | sh", True, "a; b\n", id="echo"),
        pytest.param("printf '%s\\n' a b | sh", True, "a\nb\n", id="printf"),
        pytest.param("echo -n a | sh", True, "a", id="echo-without-an-end"),
        pytest.param("echo 'a\\nb' | sh", True, None, id="shells-do-not-agree"),
        pytest.param("echo $X | sh", True, None, id="unknown"),
        pytest.param("X=a; echo $X | sh", True, "a\n", id="variable"),
        pytest.param("cat <<'E' | sh\na $x\nE", True, "a $x\n", id="cat"),
        pytest.param("X=b; sh <<E\na $X\nE", True, "a b\n", id="here-document"),
        pytest.param("sh <<-E\n\ta\n\tE", True, "a\n", id="tabs"),
        pytest.param("sh <<E\n$X\nE", True, None, id="unknown-here-document"),
        pytest.param("sh <<< a", True, "a\n", id="here-string"),
        pytest.param("sh <<< ~/a", True, None, id="home"),
        pytest.param("sh < <(curl x)", True, None, id="process-substitution"),
        pytest.param("echo a | cat | sh", True, "a\n", id="through-cat"),
        pytest.param("echo a | tee b | sh", True, None, id="through-tee"),
        pytest.param("{ echo a; echo b; } | sh", True, None, id="group"),
        pytest.param("echo a | { sh; }", True, "a\n", id="into-one"),
        pytest.param("echo a | { read x; sh; }", True, None, id="into-several"),
        pytest.param("f() { sh; }; echo a | f", True, "a\n", id="into-a-function"),
        pytest.param("f() { read x; sh; }; f <<< a", True, None, id="into-a-longer-function"),
        pytest.param("for i in 1; do sh; done <<< a", True, None, id="into-a-loop"),
        pytest.param("tee >(sh)", True, None, id="from-tee"),
        pytest.param("exec < x; sh", True, None, id="exec"),
        pytest.param("echo a > x | sh", True, None, id="printed-elsewhere"),
    ],
)
def test_where_a_command_reads_from(script: str, piped: bool, stdin: str | None) -> None:
    found = next(c for c in read(script).commands if texts(c) == ["sh"])
    assert (found.piped, found.stdin) == (piped, stdin)


@pytest.mark.parametrize(
    ("script", "source"),
    [
        pytest.param("a | sh", ["a"], id="pipe"),
        pytest.param("{ a; b $(c); } | sh", ["a", "b ?"], id="group"),
        pytest.param("a && b | sh", ["b"], id="chain"),
        pytest.param("if a; then b; else c; fi | sh", ["a", "b", "c"], id="branches"),
        pytest.param("sh < <(a | b)", ["b"], id="process-substitution"),
        pytest.param("f() { a; }; f | sh", ["a"], id="function"),
        pytest.param("sh <<< a", [], id="text"),
    ],
)
def test_the_commands_that_feed_a_command(script: str, source: list[str]) -> None:
    found = next(c for c in read(script).commands if texts(c) == ["sh"])
    assert [" ".join(texts(command)) for command in found.source] == source


def test_what_a_here_document_holds_is_told() -> None:
    found = last("curl -d @- x <<E\na $TOKEN\nE")
    assert found.input is not None
    assert (found.input.text, found.input.prefix) == (None, "a ")
    assert found.input.holds == {"TOKEN"}


@pytest.mark.parametrize(
    ("script", "redirects"),
    [
        pytest.param("a > b", [("b", True, False)], id="write"),
        pytest.param("a >> b", [("b", True, True)], id="append"),
        pytest.param("a < b", [("b", False, False)], id="read"),
        pytest.param("a <> b", [("b", True, False)], id="both"),
        pytest.param("a &> b >| c", [("b", True, False), ("c", True, False)], id="other-writes"),
        pytest.param("a >& b 2>&1 >&2 <&- 3>&-", [("b", True, False)], id="descriptors"),
        pytest.param("{ a; } > b", [("b", True, False)], id="group"),
        pytest.param("> b", [("b", True, False)], id="alone"),
        pytest.param("x=b; a > $x.c", [("b.c", True, False)], id="variable"),
        pytest.param("a > $X", [("?", True, False)], id="unknown"),
        pytest.param("f() { a; }; f > b", [("b", True, False)], id="function"),
        pytest.param("while a; do :; done < b", [("b", False, False)], id="loop"),
    ],
)
def test_redirects(script: str, redirects: list[tuple[str, bool, bool]]) -> None:
    found = [
        (r.target.text or "?", r.writes, r.appends)
        for command in read(script).commands
        for r in command.redirects
    ]
    assert found == redirects


def test_text_that_the_shell_runs_itself_is_marked() -> None:
    found = {c.words[0].text: c.inlined for c in read("eval a; trap b EXIT; eval $X").commands}
    assert found == {"eval": False, "a": False, "trap": True, "b": False}
    assert read("eval a").commands[0].inlined
