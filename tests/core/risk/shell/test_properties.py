"""What holds for every script: quoting is no disguise, company hides nothing, nothing raises."""

import string
from collections.abc import Callable
from typing import TypeAlias

from hypothesis import example, given, settings
from hypothesis import strategies as st

from assent.core.risk.shell import Script, Simple, read_script
from tests.core.risk.shell.reading import CWD, commands, problems, read

_CHARACTERS = "a ls rm $ ` ' \" \\ { } ( ) [ ] < > & | ; # ! ~ * ? = - , . é 1"
_WORDS = "if then else elif fi for in do done while until case esac select function"
_MARKS = "[[ ]] (( )) $(( $( ${ <( >( << <<- <<< >> >& &> ;; ;& |& || && += ${x:- ${x/ $'"
_COMMANDS = "time coproc local export eval trap read shift set return break cd x=1 f() @("
_PIECES = st.sampled_from(
    [
        *_CHARACTERS.split(),
        *_WORDS.split(),
        *_MARKS.split(),
        *_COMMANDS.split(),
        " ",
        "\n",
        "\t",
        "\\\n",
        "<<E\n",
        "\nE\n",
        "\u202e",
        "\x00",
        "\U0001f680",
    ]
)
_SCRIPTS = st.one_of(
    st.text(st.characters(), max_size=60),
    st.lists(_PIECES, max_size=24).map("".join),
    st.lists(_PIECES, max_size=24).map(" ".join),
)
_STATEMENTS = st.sampled_from(
    [
        "rm -rf build",
        "cd src && ls",
        "x=a; cat $x",
        "for i in a b; do rm $i; done",
        "if [ -f a ]; then rm a; else touch a; fi",
        "echo hi | sh",
        "f() { rm $1; }; f a",
        "cat <<E\n$X\nE",
        'git commit -m "$(date)"',
        "while read l; do echo $l; done < x",
    ]
)
_ARGUMENTS = st.text(string.ascii_letters + "-./=%é 'x\"$`\\*{},~#!&|;<>()[]\t", max_size=12)


@given(_SCRIPTS)
@example("<<E\n\nE\n")
@example("$((" * 20)
@example("a <<E $(b\nc)\nE\n")
@example("${x:-`a\n")
@settings(max_examples=600)
def test_every_text_is_read_or_has_a_problem(script: str) -> None:
    found = read_script(script, CWD)
    size = len(script.encode("utf-8", "surrogatepass"))
    spans = [(p.start, p.end) for p in found.problems]
    for command in found.commands:
        spans += [(command.start, command.end), *((w.start, w.end) for w in command.words)]
        assert command.folders
    assert all(0 <= start <= end <= size for start, end in spans)


@given(_STATEMENTS, st.data())
@settings(max_examples=300)
def test_a_script_that_was_tampered_with_is_read_or_has_a_problem(
    script: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(script)))
    length = data.draw(st.integers(0, 3))
    piece = data.draw(_PIECES)
    found = read_script(script[:place] + piece + script[place + length :], CWD)
    assert found == read_script.__wrapped__(script[:place] + piece + script[place + length :], CWD)


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _double(text: str) -> str:
    return '"' + "".join(f"\\{c}" if c in '$`"\\' else c for c in text) + '"'


def _escaped(text: str) -> str:
    return "".join(c if c.isalnum() else f"\\{c}" for c in text) or "''"


def _ansi(text: str) -> str:
    return "$'" + "".join(f"\\u{ord(c):04x}" for c in text) + "'"


def _in_pieces(text: str) -> str:
    return "".join(_single(c) if n % 2 else _double(c) for n, c in enumerate(text)) or '""'


def _from_variable(text: str) -> str:
    return f'"$(printf %s {_single(text)})"' if text.strip("~ \t") == text else _single(text)


_Quote: TypeAlias = Callable[[str], str]
_QUOTINGS = st.sampled_from([_single, _double, _escaped, _ansi, _in_pieces, _from_variable])


def _told(script: str) -> list[list[str | None]]:
    assert problems(script) == []
    return [[word.text for word in command.words] for command in read(script).commands]


@given(st.lists(st.tuples(_ARGUMENTS, _QUOTINGS, _QUOTINGS), min_size=1, max_size=4))
def test_equal_words_are_equal_however_they_are_quoted(
    words: list[tuple[str, _Quote, _Quote]],
) -> None:
    one = " ".join(["rm", *(quote(text) for text, quote, _ in words)])
    other = " ".join(["'rm'", *(quote(text) for text, _, quote in words)])
    expected = ["rm", *(f"./{text}" if text.startswith("~") else text for text, _, _ in words)]
    assert _told(one) == _told(other) == [expected]


@given(_ARGUMENTS, _QUOTINGS)
def test_a_variable_is_the_text_it_was_given(text: str, quote: _Quote) -> None:
    quoted = quote(text)
    assert _told(f'x={quoted}; rm "$x"')[-1] == _told(f"rm {quoted}")[-1]


@given(
    st.lists(_STATEMENTS, max_size=2),
    _STATEMENTS,
    st.sampled_from(["{};\n", "({}\n)\n", "{{ {}\n}}\n", "if a; then {}\nfi\n", "x=$({}\n)\n"]),
)
def test_company_hides_no_command(before: list[str], script: str, around: str) -> None:
    alone = {command.split()[0] for command in commands(script)}
    together = commands("".join(f"{each}\n" for each in before) + around.format(script))
    assert alone <= {command.split()[0] for command in together}


def _shape(script: Script) -> list[tuple[object, ...]]:
    def of(command: Simple) -> tuple[object, ...]:
        texts = tuple(word.text for word in command.words)
        return texts, command.folders, command.piped, command.stdin, command.assigned

    return [of(command) for command in script.commands]


@given(st.lists(_STATEMENTS, min_size=1, max_size=3), st.sampled_from([";\n", "\n", "\n# x\n\n"]))
def test_layout_means_nothing(statements: list[str], joint: str) -> None:
    plain = read("\n".join(statements))
    assert _shape(read("\n\n" + joint.join(f" {each}\n" for each in statements))) == _shape(plain)
