"""The reader and a real shell agree on what harmless scripts of our own run.

The shell has no programs at all: for every command that is no builtin it calls a function that
prints the words it was given. The scripts are written here, of the words `p`, `q`, `f` and
`takes`, and builtins that only compute.
"""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.core.risk.shell import Simple, read_script

BASH = shutil.which("bash")
HOME = "/home/somebody"
_STUB = r"""
ulimit -t 5
command_not_found_handle() {
  local stdin= IFS=$'\x1e'
  [ "$1" = takes ] && IFS= read -r -d '' stdin
  printf '\x1d%s\x1f%s' "$*" "$stdin" >&9
}
exec 9>&1 2>/dev/null
"""

_NAMES = ("V", "W", "X")
_LETTERS = ("a", "b.c", "d/e", "x", "1", "-f", "%s", "a,b", "é", "~", "@", "a=b", "*b", "[a]")
_QUOTED = ("a b", "$V", "*", "", "x", "{a,b}", "a\tb", "\\n", "#", "; p", "~/x", "\\$V", "\\\\")
_OPERATORS = "-d :-d :+d +d %b* %%b* #a ##*/ %/* /a/z //a/z ^^ ,, ^ :0:1 :1 [0] :-$W %$W"
_QUOTED_OPERATORS = ':-"$W" /#a/z /%b/z //[ab]/- :=n =n %. %.* //\\//- #*[a-c]'
_EXPANSIONS = (
    *("$((1+2*3))", "$(echo hi there)", "$(printf '%s-' a b)", "${A[@]}", "${A[1]}", "$@", "$1"),
    *(
        "$#",
        "${#A[@]}",
        "$*",
        "${A[*]}",
        "`echo t`",
        "${!V}",
        "$V",
        "$W",
        "${X}",
        "${#V}",
        "$((V))",
    ),
    *("${A[@]%b}", "${@:2}", "$(echo $V)", "$(takes <<< $V)", "${V:-$(echo q)}"),
)
_ODD = (
    *("{a,b}", "{1..3}", "{a,{b,c}}", "{}", "\\ ", "\\$V", "\\\n", "$'\\t'", "{c..a}"),
    *("{x,\\,}", "$'x\\x61'"),
)


class Writer:
    """Writes scripts; `pick` decides between what could come next."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.pick = random.choice
        self.loops = 0

    def expansion(self) -> str:
        if self.random.random() < 0.4:
            operators = [*_OPERATORS.split(), *_QUOTED_OPERATORS.split()]
            return f"${{{self.pick(_NAMES)}{self.pick(operators)}}}"
        return self.pick(_EXPANSIONS)

    def piece(self) -> str:
        match self.random.randrange(8):
            case 0 | 1:
                return self.pick(_LETTERS)
            case 2:
                return "'" + self.pick(_QUOTED) + "'"
            case 3:
                return '"' + self.pick(_QUOTED) + '"'
            case 4:
                return self.expansion()
            case 5:
                return f'"{self.expansion()}"'
            case 6:
                return f'"a{self.expansion()} b"'
            case _:
                return self.pick(_ODD)

    def word(self, least: int = 1) -> str:
        return "".join(self.piece() for _ in range(self.random.randint(least, 3)))

    def words(self) -> str:
        return " ".join(self.word() for _ in range(self.random.randint(0, 3)))

    def statement(self, depth: int) -> str:
        if depth and self.random.random() < 0.35:
            return self.compound(depth - 1)
        return self.simple()

    def body(self, depth: int) -> str:
        return "\n".join(self.statement(depth) for _ in range(self.random.randint(1, 4)))

    def simple(self) -> str:
        name, word, words = self.pick(_NAMES), self.word, self.words
        return self.pick(
            (
                lambda: f"p {words()}",
                lambda: f"p {words()}",
                lambda: f"'q' {word()} r",
                lambda: f"{name}={word(0)}",
                lambda: f"{name}={word(0)}",
                lambda: f"{name}+={word(0)}",
                lambda: f"export {name}={word(0)}",
                lambda: f"declare {name}={word(0)} {self.pick(_NAMES)}=k",
                lambda: f"A=({words()})",
                lambda: f"A+=({words()})",
                lambda: f"A[1]={word(0)}",
                lambda: f"set -- {words()}",
                lambda: f"unset {name}",
                lambda: f"read -r {name} <<< {word()}",
                lambda: f"printf -v {name} %s {word()}",
                lambda: f'takes <<< "{self.expansion()}"',
                lambda: f"takes {word()} <<E\n{self.expansion()}\n$V \\$W ${{X:-d}} 'q' \"\nE\n",
                lambda: f"takes <<-'EOF'\n\t{self.expansion()}\n\tEOF\n",
                lambda: f"printf '%s\\n' {word()} | takes {word()}",
                lambda: f"echo {words()} | takes",
                lambda: f"{name}=e p {words()}",
                lambda: f"{name}=e f {words()}",
                lambda: f"eval '{name}=1; p ${name}'",
                lambda: "shift",
                lambda: f"f {words()}",
                lambda: f"((V=3)); p {words()}",
                lambda: f"[[ {word()} == *b* ]] && p {word()}",
                lambda: f"[[ -n ${name} ]] || return",
                lambda: f"p {words()} || {name}=z",
                lambda: f"true {word()} && p {word()}; local {name}={word(0)}",
                lambda: f"! p; p ${name} # {word()}",
                lambda: "break",
                lambda: "continue",
                lambda: f"$({self.pick(('echo', 'p'))} p) ${name}",
                lambda: f"trap 'p ${name}' EXIT",
            )
        )()

    def compound(self, depth: int) -> str:
        name, word, words = self.pick(_NAMES), self.word, self.words

        def body() -> str:
            return f"\n{self.body(depth)}\n"

        self.loops += 1
        n = f"n{self.loops}"

        return self.pick(
            (
                lambda: f"if true\nthen{body()}else{body()}fi",
                lambda: f"if false; then{body()}elif p; then{body()}else{body()}fi",
                lambda: f"for {name} in {words()}\ndo{body()}done",
                lambda: f"for {name}; do{body()}done",
                lambda: f'{n}=\nuntil [ "${n}" = ii ]\ndo\n{n}+=i{body()}done',
                lambda: f'{n}=\nwhile [ "${n}" != ii ]; do {n}+=i{body()}[ "${n}" ] && break\ndone',
                lambda: f"case {word()} in\na*){body()};&\n(b|*) p{body()};;\nesac",
                lambda: f"case {word()} in\n*a*){body()};;\n?){body()};;\nesac",
                lambda: f"({body()})",
                lambda: f"{{{body()}}}",
                lambda: f"f() {{{body().replace('f ', 'p ')}}}",
                lambda: f"g() {{\nlocal {name}=l{body().replace('g ', 'p ')}return\n}}\ng a 'b c'",
                lambda: f"{{{body()}}} && {{{body()}}}",
                lambda: f"false || {{{body()}}}",
                lambda: f'p "$({body()})"',
                lambda: f"{{{body()}}} | {{{body()}}}",
                lambda: f"for (({n}=0;{n}<2;{n}++))\ndo\np ${n}{body()}done",
            )
        )()


def run_in_bash(script: str, folder: Path) -> list[tuple[list[str], str]]:
    """The words and inputs of all commands that bash looks for and does not find."""
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--norc", "--noprofile", "-c", f"{_STUB}\n{script}"],
        cwd=folder,
        env={"PATH": "/nonexistent", "LC_ALL": "C.UTF-8", "HOME": HOME},
        capture_output=True,
        timeout=20,
        check=False,
    )
    calls = []
    for call in done.stdout.decode("utf-8", "replace").split("\x1d")[1:]:
        words, _, stdin = call.partition("\x1f")
        calls.append((words.split("\x1e"), stdin))
    return calls


def could_be(command: Simple, words: list[str], stdin: str) -> bool:
    """Whether `command` may be what ran with these words."""
    if words[:1] == ["takes"] and command.stdin not in (None, stdin):
        return False
    return _fits([(word.text, word.single) for word in command.words], words)


def _fits(read: list[tuple[str | None, bool]], words: list[str]) -> bool:
    if not read:
        return not words
    (text, single), *rest = read
    if text is None and not single:
        return any(_fits(rest, words[n:]) for n in range(len(words) + 1))
    if not words or not (text is None or words[0] in _meant(text)):
        return False
    return _fits(rest, words[1:])


def _meant(text: str) -> tuple[str, ...]:
    return text, text.removeprefix("./"), text.replace("~", HOME)


@pytest.mark.skipif(BASH is None, reason="there is no bash to compare with")
@given(random=st.randoms(use_true_random=False), depth=st.integers(0, 2))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_whatever_bash_runs_is_read(random: Random, depth: int, tmp_path: Path) -> None:
    script = Writer(random).body(depth)
    found = read_script(script, "/w")
    if found.problems:
        return
    for words, stdin in run_in_bash(script, tmp_path):
        assert any(could_be(each, words, stdin) for each in found.commands), (script, words, stdin)
