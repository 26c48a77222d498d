"""sed, awk, jq and yq: what their scripts do besides printing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.actions import Command
from assent.core.risk import Effect, RiskClass
from assent.core.risk.commands import inspect_command
from assent.core.risk.findings import Touch, Use
from assent.core.risk.readers.text import awk_tokens, sed_readings
from tests.core.risk.stage import CATALOG, WORKSPACE, assess_script


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(r"s/a\/b/c/g;s|x|y|2I", id="substitutions"),
        pytest.param("s#[#]#x#", id="delimiter-in-brackets"),
        pytest.param("y/abc/xyz/", id="letters"),
        pytest.param(r":a;N;$!ba;s/\n/ /g", id="branches"),
        pytest.param("/a/,/b/{n;d;}", id="block"),
        pytest.param("1~2p;$!{h;G}", id="steps"),
        pytest.param(r"\%a/b%Id", id="address-with-a-mark-of-its-own"),
        pytest.param("1i\\\ntext; w x", id="text-in-its-own-line"),
        pytest.param("2a text; w x", id="text-to-the-end-of-the-line"),
        pytest.param("s/a/b/ # w x", id="comment"),
        pytest.param("5q", id="quits"),
    ],
)
def test_sed_that_only_prints(script: str) -> None:
    readings = sed_readings(script)
    assert readings
    assert not any(reading.files or reading.runs for reading in readings)


@pytest.mark.parametrize(
    ("script", "path", "use"),
    [
        pytest.param("w out", "out", Use.WRITE, id="w"),
        pytest.param("/a/W b c", "b c", Use.WRITE, id="first-line"),
        pytest.param("s/a/b/gw out", "out", Use.WRITE, id="flag"),
        pytest.param("r in", "in", Use.READ, id="r"),
        pytest.param("1a x\nw out", "out", Use.WRITE, id="after-a-text"),
        pytest.param("1a x\\\\\nw out", "out", Use.WRITE, id="backslash-that-is-escaped"),
        pytest.param("s/a/b/;\n$w out", "out", Use.WRITE, id="line"),
    ],
)
def test_files_of_sed(script: str, path: str, use: Use) -> None:
    assert sed_readings(script)[0].files == [(path, use)]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("1e id", id="e"),
        pytest.param("s/x/y/e", id="flag"),
        pytest.param("s/[/]/x/e;s/]/y/", id="as-another-sed-reads-it"),
    ],
)
def test_sed_that_runs(script: str) -> None:
    assert any(reading.runs for reading in sed_readings(script))
    assert Effect.CODE_EXEC in assess_script(f"sed '{script}' a.txt").effects


@pytest.mark.parametrize("script", ["s/a/b", "s/a/b/Z", "k", "y/a/", "w", "p p", "/a", "s"])
def test_sed_that_nobody_reads(script: str) -> None:
    assert not sed_readings(script)
    assert assess_script(f"sed '{script}' a.txt").risk >= RiskClass.MEDIUM


def test_what_is_too_long_is_not_read() -> None:
    assert assess_script("sed '" + "p;" * 10_000 + "' a.txt").risk >= RiskClass.MEDIUM
    assert assess_script("awk '{" + "print;" * 10_000 + "}' a.txt").risk >= RiskClass.MEDIUM


@given(st.text(alphabet="s/ab[]\\we{};\n1,$!pgi ", max_size=30))
def test_any_sed_script_is_read_to_an_end(script: str) -> None:
    for reading in sed_readings(script):
        assert reading.place == len(script)


@given(st.text(alphabet='print>|"/\\{}()$a; ', max_size=30))
def test_awk_is_taken_apart_without_losing_anything_but_space(program: str) -> None:
    rest = program
    for token in awk_tokens(program):
        before, found, rest = rest.partition(token)
        assert found
        assert not before.strip()


@pytest.mark.parametrize(
    ("script", "touched"),
    [
        pytest.param("awk '{print > \"out\"}' a", ("out", Use.WRITE), id="print"),
        pytest.param("awk '{print $1,\n$2 >> \"out\"}' a", ("out", Use.WRITE), id="next-line"),
        pytest.param("awk '{print ($1)>\"out\"}' a", ("out", Use.WRITE), id="parentheses"),
        pytest.param("awk 'BEGIN{getline x < \"in\"}'", ("in", Use.READ), id="getline"),
        pytest.param("awk -i inplace '{print}' a", ("a", Use.WRITE), id="in-place"),
        pytest.param("sed -i.bak 3d a", ("a", Use.WRITE), id="sed-backup"),
        pytest.param("sed -i '' 's/a/b/' a", ("a", Use.WRITE), id="sed-of-bsd"),
        pytest.param("yq -i '.a = 1' a", ("a", Use.WRITE), id="yq"),
        pytest.param("yq '. * load(\"in\")' a", ("in", Use.READ), id="yq-load"),
    ],
)
def test_files_that_are_named(script: str, touched: tuple[str, Use]) -> None:
    found = inspect_command(Command(script=script, cwd=WORKSPACE), CATALOG)
    uses = {(item.path, item.use) for item in found if isinstance(item, Touch)}
    assert (f"{WORKSPACE}/{touched[0]}", touched[1]) in uses
    assert assess_script(script).risk <= RiskClass.LOW


@pytest.mark.parametrize(
    ("script", "effect"),
    [
        pytest.param("awk 'BEGIN{system(\"ls\")}'", "code-exec", id="system"),
        pytest.param("awk '{print | \"sh\"}' a", "code-exec", id="pipe"),
        pytest.param("awk 'BEGIN{\"ls\" | getline x}'", "code-exec", id="pipe-in"),
        pytest.param("awk '{print > $1}' a", "unknown", id="file-that-is-not-known"),
        pytest.param("awk 'BEGIN{print ENVIRON[\"API_TOKEN\"]}'", "credential", id="environment"),
        pytest.param("jq --arg a 1 -n env.API_TOKEN", "credential", id="jq"),
        pytest.param("yq -n 'load_str(\".env\")'", "credential", id="yq-load"),
        pytest.param("yq -n 'strenv(API_TOKEN)'", "credential", id="yq-environment"),
        pytest.param('sed "s/a/$B/" a', "unknown", id="script-that-is-not-known"),
    ],
)
def test_more_than_text(script: str, effect: str) -> None:
    assessment = assess_script(script)
    assert Effect(effect) in assessment.effects
    assert assessment.risk >= RiskClass.MEDIUM


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("awk '$1 > 5 || /a|b/ {print $2/2 \" > \" $3}' a", id="signs-in-strings"),
        pytest.param('awk \'{print ($1 > 2 ? "a" : "b")}\' a', id="comparison"),
        pytest.param("awk '{print > \"/dev/stderr\"}' a", id="device"),
        pytest.param("awk 'BEGIN{print ENVIRON[\"HOME\"]}'", id="home"),
        pytest.param("jq '.scripts.env' a.json", id="key-named-env"),
        pytest.param("yq -n 'env(HOME)'", id="variable"),
        pytest.param("sed --version", id="version"),
    ],
)
def test_text_alone(script: str) -> None:
    assert assess_script(script).risk <= RiskClass.LOW
