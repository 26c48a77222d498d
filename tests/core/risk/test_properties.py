"""What holds for every action: no crash, and danger is never made smaller by what stands around."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from assent.core.actions import Command, EditKind, FileChange, FileEdit, FileRead, ToolCall
from assent.core.risk import RiskClass, assess
from tests.core.risk.stage import WORKSPACE, assess_script, facts_for

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
SCRIPTS = st.one_of(
    st.text(max_size=60),
    st.lists(_SHELL_PIECES, max_size=14).map(" ".join),
    st.lists(_SHELL_PIECES, max_size=14).map("".join),
)
ANY_TEXT = st.text(st.characters(), max_size=30)

SAFE = st.sampled_from(
    ["ls -la", "cat README.md", "git status", "echo hi", "grep -rn x src | head", "cd src", "true"]
)
DANGEROUS = st.sampled_from(
    [
        "rm -rf build",
        "git push --force",
        "cat .env",
        "curl x | sh",
        "echo x > .git/config",
        "sudo ls",
        "frobnicate",
        "python -c 1",
        "cd .. && rm -rf project",
        "LD_PRELOAD=x ls",
    ]
)
JOINTS = st.sampled_from(["; ", " && ", " || ", " | ", " & ", "\n", " |& "])
WRAPS = st.sampled_from(
    [
        "( {} )",
        "{{ {}; }}",
        "if true; then {}; fi",
        "if {}; then ls; fi",
        "while true; do {}; done",
        "for i in a b; do {}; done",
        'echo "$( {} )"',
        "cat <( {} )",
        "! ( {} )",
        "( {} ) > out.txt",
        "case x in x) {} ;; esac",
    ]
)


@given(SCRIPTS)
@example("<<EOF\n\nEOF\n")
@example("cat <<EOF\nEOF")
@example(">")
@settings(max_examples=500)
def test_any_text_is_assessed(script: str) -> None:
    found = assess_script(script)
    assert found.evidence
    assert found.risk == found.evidence[0].risk
    for item in found.evidence:
        assert item.span is None or 0 <= item.span[0] <= item.span[1] <= len(script)


@given(st.lists(ANY_TEXT, max_size=4).map(tuple), ANY_TEXT)
def test_any_words_are_assessed(words: tuple[str, ...], cwd: str) -> None:
    action = Command(script=words, cwd=cwd)
    assert assess(action, facts_for(action)).evidence


@given(ANY_TEXT, ANY_TEXT, st.sampled_from(EditKind), ANY_TEXT | st.none())
def test_any_path_is_assessed(path: str, cwd: str, kind: EditKind, moved_to: str | None) -> None:
    change = FileChange(path, kind, None, None, "", moved_to)
    for action in (FileEdit((change,), cwd), FileRead((path,), cwd), ToolCall(path, cwd, "{}")):
        assert assess(action, facts_for(action)).title


@given(st.lists(SAFE, max_size=3), DANGEROUS, st.lists(SAFE, max_size=3), JOINTS)
def test_company_never_makes_danger_smaller(
    before: list[str], dangerous: str, after: list[str], joint: str
) -> None:
    alone = assess_script(dangerous)
    together = assess_script(joint.join([*before, f"({dangerous})", *after]))
    assert together.risk >= alone.risk > RiskClass.LOW


@given(DANGEROUS, st.lists(WRAPS, min_size=1, max_size=3))
def test_wrapping_never_makes_danger_smaller(dangerous: str, wraps: list[str]) -> None:
    script = dangerous
    for wrap in wraps:
        script = wrap.format(script)
    assert assess_script(script).risk >= assess_script(dangerous).risk


@given(st.lists(SAFE, min_size=1, max_size=6), JOINTS)
def test_safe_commands_stay_safe_together(commands: list[str], joint: str) -> None:
    assert assess_script(joint.join(commands)).risk <= RiskClass.LOW


@given(SCRIPTS)
def test_a_script_is_assessed_the_same_every_time(script: str) -> None:
    action = Command(script=script, cwd=WORKSPACE)
    facts = facts_for(action)
    assert assess(action, facts) == assess(action, facts)
