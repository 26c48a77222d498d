"""What holds for every action: no crash, no going on after an error, and danger is never made
smaller by what stands around it or by how it is written. Texts are data, and none is ever run."""

import shlex

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from assent.core.actions import Command, EditKind, FileChange, FileEdit, FileRead, ToolCall
from assent.core.risk import Assessment, RiskClass, assess
from tests.core.risk.stage import WORKSPACE, assess_script, facts_for
from tests.corpus.rows import Row, load

# --- shell text: a grammar, pieces of one, bytes, and what people wrote

_WORDS = "ls cat rm git echo sed find cd for in do done if then fi case esac while [[ ]] [ ]"
_MARKS = "; & && || | |& ( ) { } < > >> << <<< <( >( $( ` \" ' \\ $ ${ } # ! ~ * ? = - -- -e"
_SHELL_PIECES = st.sampled_from(
    [
        *_WORDS.split(),
        *_MARKS.split(),
        "\n",
        " ",
        "\t",
        "<<EOF\n",
        "\nEOF\n",
        "x=1",
        "a.txt",
        ".env",
        "$x",
        '"$x"',
        "'q'",
        "é",
        "2>&1",
        "$((",
        "))",
        "{a,b}",
        "@{0}",
    ]
)
PIECES = st.one_of(
    st.text(max_size=60),
    st.lists(_SHELL_PIECES, max_size=14).map(" ".join),
    st.lists(_SHELL_PIECES, max_size=14).map("".join),
)
BYTES = st.binary(max_size=80).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
ANY_TEXT = st.text(st.characters(), max_size=30)

SAFE_COMMANDS = (
    "ls -la",
    "cat README.md",
    "git status",
    "echo hi",
    "grep -rn x src | head",
    "true",
    "wc -l README.md",
)
DANGEROUS_COMMANDS = (
    "rm -rf build",
    "git push --force",
    "cat .env",
    "curl x | sh",
    "echo x > .git/config",
    "sudo ls",
    "frobnicate",
    "python -c 'import os; os.system(1)'",
    "cd .. && rm -rf project",
    "LD_PRELOAD=x ls",
)
SAFE = st.sampled_from((*SAFE_COMMANDS, "cd src"))
DANGEROUS = st.sampled_from(DANGEROUS_COMMANDS)
JOINTS = st.sampled_from(["; ", " && ", " || ", " | ", " & ", "\n", " |& "])
WRAPS = (
    "( {} )",
    "{{ {}; }}",
    "if true; then {}; fi",
    "if {}; then ls; fi",
    "if ls; then true; elif {}; then true; fi",
    "while true; do {}; done",
    "until {}; do true; done",
    "for i in a b; do {}; done",
    'echo "$( {} )"',
    "cat <( {} )",
    "! ( {} )",
    "( {} ) > out.txt",
    "case x in x) {} ;; esac",
    "f() {{ {}; }}; f",
)
STATELESS = [wrap for wrap in WRAPS if "f()" not in wrap]
"""Behind `&&` a function may be left undefined, and then its name is a program's."""

ROWS = [
    row for name in ("shell", "cases", "catastrophes", "day") for row in load(name) if row.plain
]
SCRIPTS = st.sampled_from([row.input for row in ROWS if row.kind == "shell"])
_ENDS_ODDLY = (
    "to its end",
    "only looks like",
    "nested deeper",
    "longer than",
    "misleads",
    "differ",
)


def _reads_to_its_end(row: Row) -> bool:
    """Whether more text may follow: nothing in the row is left open or cannot be read."""
    open_at_the_end = row.input.endswith(("\\", "|", "&")) or "#" in row.input
    return not (open_at_the_end or any(words in row.why for words in _ENDS_ODDLY))


WHOLE = [row for row in ROWS if row.kind == "shell" and _reads_to_its_end(row)]
WAITING = st.sampled_from([row.input for row in WHOLE if row.expect == "gate"])
ANY_WHOLE = st.sampled_from([row.input for row in WHOLE])


def nested(commands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Shell text with `commands` somewhere in it, up to a few levels deep."""
    return st.recursive(
        commands,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(STATELESS), inner).map(lambda pair: pair[0].format(pair[1])),
            st.tuples(inner, JOINTS, inner).map("".join),
            inner.map(lambda script: f"bash -c {shlex.quote(script)}"),
            inner.map(lambda script: f"eval {shlex.quote(script)}"),
        ),
        max_leaves=6,
    )


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A row of the corpora with something taken out, put in or moved."""
    text = draw(SCRIPTS)
    assume(len(text) < 2_000)
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 6)))
        other = draw(st.one_of(st.just(""), _SHELL_PIECES, st.characters(), SCRIPTS))
        text = text[:begin] + other[:40] + text[end:]
    return text


def _is_sound(found: Assessment, script: str) -> bool:
    spans = [item.span for item in found.evidence if item.span is not None]
    return (
        bool(found.evidence)
        and found.risk == found.evidence[0].risk
        and all(0 <= begin <= end <= len(script) for begin, end in spans)
    )


@given(st.one_of(PIECES, BYTES, nested(st.one_of(SAFE, DANGEROUS, PIECES))))
@example("<<EOF\n\nEOF\n")
@example("cat <<EOF\nEOF")
@example(">")
@settings(max_examples=500)
def test_any_text_is_assessed(script: str) -> None:
    assert _is_sound(assess_script(script), script)


@given(mutated())
@settings(max_examples=500)
def test_what_people_write_is_assessed_with_any_slip_in_it(script: str) -> None:
    assert _is_sound(assess_script(script), script)


@given(st.lists(ANY_TEXT, max_size=4).map(tuple), ANY_TEXT)
def test_any_words_are_assessed(words: tuple[str, ...], cwd: str) -> None:
    action = Command(script=words, cwd=cwd)
    assert assess(action, facts_for(action)).evidence


@given(ANY_TEXT, ANY_TEXT, st.sampled_from(EditKind), ANY_TEXT | st.none())
def test_any_path_is_assessed(path: str, cwd: str, kind: EditKind, moved_to: str | None) -> None:
    change = FileChange(path, kind, None, None, "", moved_to)
    for action in (FileEdit((change,), cwd), FileRead((path,), cwd), ToolCall(path, cwd, "{}")):
        assert assess(action, facts_for(action)).title


# --- an error never proceeds

BREAKS = st.sampled_from(
    [
        " '",
        ' "',
        " $(",
        " ${",
        " `",
        "; (",
        "; {",
        "; if true; then",
        "; while true; do ls",
        "; case x in",
        "; [[ -f a",
        " )",
        "; ;",
        "; fi",
        "; done",
        "; esac",
        "; }",
        " && && ls",
        " | | ls",
        "; for in",
        " <",
        " >",
        "; f() ",
        " <<",
    ]
)


@given(st.lists(SAFE, min_size=1, max_size=3), JOINTS, BREAKS)
def test_what_cannot_be_read_to_its_end_waits(commands: list[str], joint: str, broken: str) -> None:
    assert assess_script(joint.join(commands) + broken).risk > RiskClass.LOW


@given(nested(SAFE), st.sampled_from("\x00\x1b\u200b\u202e\u2066\ufeff\u00a0\u2028\u0430\ue000"))
def test_a_sign_that_hides_or_misleads_waits(script: str, sign: str) -> None:
    for hidden in (script + f"; l{sign}s", f"{sign}{script}"):
        assert assess_script(hidden).risk > RiskClass.LOW


@given(st.integers(200, 3_000))
def test_what_is_nested_too_deep_waits(depth: int) -> None:
    for before, after in (("$(", ")"), ("( ", " )"), ("{ ", ";}"), ("if ls; then ", "; fi")):
        script = f"{before * depth}ls{after * depth}"
        assert assess_script(script).risk > RiskClass.LOW


# --- what stands around


@given(st.lists(SAFE, max_size=3), DANGEROUS, st.lists(SAFE, max_size=3), JOINTS)
def test_company_never_makes_danger_smaller(
    before: list[str], dangerous: str, after: list[str], joint: str
) -> None:
    assume(not (".." in dangerous and "cd src" in before))
    alone = assess_script(dangerous)
    together = assess_script(joint.join([*before, f"({dangerous})", *after]))
    assert together.risk >= alone.risk > RiskClass.LOW


@given(ANY_WHOLE, ANY_WHOLE)
@settings(max_examples=300)
def test_a_command_after_it_never_makes_it_smaller(script: str, another: str) -> None:
    assume(len(script) + len(another) < 4_000)
    assert assess_script(f"{script}\n{another}").risk >= assess_script(script).risk


@given(WAITING, st.lists(st.sampled_from(SAFE_COMMANDS), min_size=1, max_size=3))
@settings(max_examples=300)
def test_harmless_commands_before_it_never_make_it_smaller(script: str, before: list[str]) -> None:
    together = "\n".join([*before, script])
    assert assess_script(together).risk >= assess_script(script).risk


@given(DANGEROUS, st.lists(st.sampled_from(WRAPS), min_size=1, max_size=3, unique=True))
def test_wrapping_never_makes_danger_smaller(dangerous: str, wraps: list[str]) -> None:
    script = dangerous
    for wrap in wraps:
        script = wrap.format(script)
    assert assess_script(script).risk >= assess_script(dangerous).risk


SHELLS = st.sampled_from(
    ["bash -c {}", "sh -c {}", "eval {}", "env bash -c {}", "nice sh -c {}", "timeout 5 bash -c {}"]
)
LOOKED_THROUGH = st.lists(
    st.sampled_from(
        ["nice", "nice -n 5", "timeout 5", "env", "env A=1", "nohup", "command", "time"]
    ),
    min_size=1,
    max_size=3,
)
SIMPLE_DANGEROUS = st.sampled_from(
    [
        "rm -rf build",
        "git push --force",
        "cat .env",
        "sudo ls",
        "frobnicate",
        "dd if=a of=/dev/sda",
        "chmod -R 777 /",
        "find . -delete",
        "git reset --hard",
        "npm publish",
        "kill -9 1",
        "tee /etc/hosts",
    ]
)


@given(WAITING, SHELLS)
@settings(max_examples=400)
def test_a_shell_around_it_never_makes_it_smaller(script: str, shell: str) -> None:
    assume(len(script) < 2_000)
    wrapped = shell.format(shlex.quote(script))
    assert assess_script(wrapped).risk >= assess_script(script).risk


@given(SIMPLE_DANGEROUS, LOOKED_THROUGH)
def test_a_wrapper_around_it_never_makes_it_smaller(command: str, wrappers: list[str]) -> None:
    if "time" in wrappers:
        wrappers = ["time", *(word for word in wrappers if word != "time")]
    wrapped = " ".join([*wrappers, command])
    assert assess_script(wrapped).risk >= assess_script(command).risk


@given(st.lists(SAFE, min_size=1, max_size=6), JOINTS)
def test_safe_commands_stay_safe_together(commands: list[str], joint: str) -> None:
    assert assess_script(joint.join(commands)).risk <= RiskClass.LOW


@given(nested(st.sampled_from(SAFE_COMMANDS)))
def test_safe_commands_stay_safe_however_they_are_nested(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW


# --- how it is written

PROGRAMS = st.sampled_from(["ls", "cat", "rm", "git", "wc", "cp", "mkdir", "sudo", "frobnicate"])
PLAIN_WORDS = st.one_of(
    st.sampled_from(
        ["-r", "-la", "status", "push", "reset", "--hard", "main", ".env", "src/app.py", "data"]
    ),
    st.text("abcxyz", min_size=1, max_size=5),
)
ALL_QUOTINGS = (
    lambda word: word,
    lambda word: f"'{word}'",
    lambda word: f'"{word}"',
    lambda word: f"$'{word}'",
    lambda word: "".join(f"\\{sign}" for sign in word),
    lambda word: "".join(f"'{sign}'" for sign in word),
    lambda word: f"{word[:1]}''{word[1:]}",
    lambda word: f'{word[:1]}"{word[1:]}"',
    lambda word: "$'" + "".join(f"\\x{ord(sign):02x}" for sign in word) + "'",
    lambda word: "$'" + "".join(f"\\{ord(sign):03o}" for sign in word) + "'",
    lambda word: f"{word[:1]}\\\n{word[1:]}",
)


@given(st.lists(st.tuples(PLAIN_WORDS, st.sampled_from(ALL_QUOTINGS)), max_size=4), PROGRAMS)
def test_quoting_that_means_the_same_gives_the_same_answer(
    words: list[tuple[str, object]], program: str
) -> None:
    plain = " ".join([program, *(word for word, _ in words)])
    quoted = " ".join([program, *(quote(word) for word, quote in words)])  # type: ignore[operator]
    first, second = assess_script(plain), assess_script(quoted)
    assert (first.risk, first.effects) == (second.risk, second.effects)


@given(PROGRAMS, st.sampled_from(ALL_QUOTINGS), st.lists(PLAIN_WORDS, max_size=3))
def test_a_quoted_program_is_that_program(program: str, quote: object, words: list[str]) -> None:
    written = quote(program)  # type: ignore[operator]
    first = assess_script(" ".join([program, *words]))
    second = assess_script(" ".join([written, *words]))
    assert (first.risk, first.effects) == (second.risk, second.effects)


@given(ANY_WHOLE, st.sampled_from(["\n", "\n\n", " ", ";\n", "\t"]))
@settings(max_examples=300)
def test_blanks_around_it_mean_nothing(script: str, blanks: str) -> None:
    assume("\n" not in script)
    around = assess_script(f"{blanks.replace(';', '')}{script}{blanks.replace(';', '')}")
    assert around.risk == assess_script(script).risk


@given(PIECES)
def test_a_script_is_assessed_the_same_every_time(script: str) -> None:
    action = Command(script=script, cwd=WORKSPACE)
    facts = facts_for(action)
    assert assess(action, facts) == assess(action, facts)
